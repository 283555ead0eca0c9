//! How an invocation ends: the exit codes, and the errors that stop it before it has begun.

use std::process::ExitCode;

use crate::report;

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed part way; a second try goes on.
    Failed = 1,
    /// The command line or the file is wrong.
    Usage = 2,
    /// Preflight refused; nothing changed.
    Refused = 3,
    /// A host cannot be reached; nothing changed.
    Unreachable = 4,
    /// Another run holds a host.
    Locked = 5,
    /// Wiped, but something differs from before.
    Differs = 6,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why an invocation stops, in the operator's words.
#[derive(Debug)]
pub struct Stop {
    exit: Exit,
    message: String,
}

impl Stop {
    /// Stops with a message that needs no context: `cluster.yaml:3:1: ...`.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// Stops with an error and its sources.
    pub fn error(exit: Exit, error: &dyn std::error::Error, fix: &str) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            message = format!("{message}\n  because: {inner}");
            source = inner.source();
        }
        if !fix.is_empty() {
            message = format!("{message}\n  fix: {fix}");
        }
        Self { exit, message }
    }

    /// Stops after everything was said already.
    pub fn said(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// Says why, and gives the exit code.
    pub fn show(&self) -> Exit {
        if !self.message.is_empty() {
            report::err(&self.message);
        }
        self.exit
    }
}
