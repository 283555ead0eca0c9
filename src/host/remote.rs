//! A host that can be read.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc;

use super::change::Change;
use crate::ssh::{self, Connection, Exit, HostKeys, Output, Request, Shell, Stdin, Target};

/// The shell half of the host floor: sent once a connection, as functions.
const PRELUDE: &[&str] = &[
    include_str!("journal.sh"),
    include_str!("baseline.sh"),
    include_str!("kind/file.sh"),
    include_str!("kind/artifact.sh"),
    include_str!("kind/tree.sh"),
    include_str!("kind/package.sh"),
    include_str!("kind/service.sh"),
    include_str!("kind/sysctl.sh"),
    include_str!("kind/module.sh"),
    include_str!("kind/kernel.sh"),
    include_str!("kind/kubeadm.sh"),
    include_str!("kind/image.sh"),
    include_str!("kind/command.sh"),
];

/// Where the lines of a script's output go as they come.
pub type Lines = mpsc::UnboundedSender<String>;

/// What went wrong on or on the way to a host.
#[derive(Debug, Error)]
pub enum Error {
    /// The connection, or the command as a whole.
    #[error(transparent)]
    Ssh(#[from] ssh::Error),
    /// A script ended with a status other than 0.
    #[error("{cause}")]
    Script { cause: String, answer: Answer },
    /// Another run holds the host.
    #[error("another run of bivouac holds this host: {holder}")]
    Locked { holder: String },
    /// The journal holds something that this version does not write.
    #[error("the journal's line `{line}` cannot be read")]
    Journal { line: String },
}

impl Error {
    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::Ssh(error) => error.fix(),
            Self::Script { .. } => {
                "mend the cause, then run the same command again: it goes on from here".to_owned()
            }
            Self::Locked { .. } => {
                "wait until that run has ended, then run the same command again".to_owned()
            }
            Self::Journal { .. } => "use the version of bivouac that wrote it".to_owned(),
        }
    }
}

/// What a script answered.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Its exit status; 128 + N when signal N killed it.
    pub status: i32,
    /// Standard output, as text; invalid UTF-8 is replaced.
    pub stdout: String,
    /// The end of standard error.
    pub stderr: String,
}

impl Answer {
    fn new(output: &Output) -> Self {
        Self {
            status: match output.exit {
                Exit::Code(code) => code,
                Exit::Signal(signal) => 128 + signal,
            },
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The answer of a script that had to end with status 0.
    pub(super) fn good(self) -> Result<Self, Error> {
        if self.status == 0 {
            return Ok(self);
        }
        let cause = first_cause(&self);
        Err(Error::Script { cause, answer: self })
    }
}

/// The first line that says why, not the last: tools go on complaining after the first trouble.
fn first_cause(answer: &Answer) -> String {
    let lines = || answer.stderr.lines().chain(answer.stdout.lines()).map(str::trim);
    // kubeadm's preflight says what is wrong in lines of their own, below one that only counts.
    let known = ["[ERROR ", "error execution phase", "E: ", "dpkg: error", "ctr: ", "Error: "]
        .iter()
        .find_map(|beginning| lines().find(|line| line.starts_with(beginning)));
    let plain = || answer.stderr.lines().map(str::trim).find(|line| !line.is_empty());
    match known.or_else(plain) {
        Some(line) => line.to_owned(),
        None if answer.status > 128 => format!("killed by signal {}", answer.status - 128),
        None => format!("ended with status {} and said nothing", answer.status),
    }
}

/// A connected host. It can be read; to change it, [open](super::Journal::open) its journal.
#[derive(Debug)]
pub struct Remote {
    pub(super) shell: Shell,
    connection: Connection,
    /// Who is running this, for the journal and for others who find the host locked.
    pub(super) run: String,
    /// A cut point is set for this host.
    #[cfg(debug_assertions)]
    cut: bool,
}

impl Remote {
    /// Connects, becomes root and defines the shell half.
    pub async fn connect(target: &Target, keys: Arc<HostKeys>, run: &str) -> Result<Self, Error> {
        let connection = Connection::open(target, keys).await?;
        let mut shell = connection.shell().await?;
        let mut prelude = PRELUDE.join("\n");
        // Tools that keep caches in a home directory, such as kubectl, keep them in ours.
        prelude.push_str("\numask 022\nexport HOME=\"$BV/home\"\nBV_RUN=");
        prelude.push_str(&ssh::quote(run));
        prelude.push('\n');
        #[cfg(debug_assertions)]
        let cut = cut_point(&target.name);
        #[cfg(debug_assertions)]
        if let Some(cut) = &cut {
            prelude.push_str("BV_CUT=");
            prelude.push_str(&ssh::quote(cut));
            prelude.push('\n');
        }
        shell.define(&prelude).await?;
        Ok(Self {
            shell,
            connection,
            run: run.to_owned(),
            #[cfg(debug_assertions)]
            cut: cut.is_some(),
        })
    }

    /// Runs a script that only reads, and insists on status 0.
    pub async fn read(&mut self, script: &str, limit: Duration) -> Result<Answer, Error> {
        self.ask(script, Stdin::Empty, limit, None, None).await?.good()
    }

    /// Runs a script that only reads, whatever its status.
    pub async fn try_read(&mut self, script: &str, limit: Duration) -> Result<Answer, Error> {
        self.ask(script, Stdin::Empty, limit, None, None).await
    }

    /// Whether the host is already as the change would make it.
    pub async fn is(&mut self, change: &Change, limit: Duration) -> Result<bool, Error> {
        let mut script = format!("bv_{}_is", change.kind());
        for word in change.arguments() {
            script.push(' ');
            script.push_str(&ssh::quote(&word));
        }
        Ok(self.try_read(&script, limit).await?.status == 0)
    }

    /// A file's content as text; nothing for a file that is not there.
    pub async fn content(&mut self, path: &str, limit: Duration) -> Result<String, Error> {
        let script = format!("cat -- {} 2>/dev/null", ssh::quote(path));
        Ok(self.try_read(&script, limit).await?.stdout)
    }

    /// Says goodbye to the host.
    pub async fn close(self) {
        drop(self.shell);
        self.connection.close().await;
    }

    pub(super) async fn ask(
        &mut self,
        script: &str,
        stdin: Stdin,
        limit: Duration,
        lines: Option<Lines>,
        progress: Option<mpsc::UnboundedSender<u64>>,
    ) -> Result<Answer, Error> {
        let request = Request { stdin, lines, progress, ..Request::new(script, limit) };
        let output = self.shell.run(request).await;
        // The operator's machine dies with the host, in the middle of everything.
        #[cfg(debug_assertions)]
        if self.cut && matches!(output, Err(ssh::Error::Killed { .. } | ssh::Error::Lost { .. })) {
            std::process::abort();
        }
        Ok(Answer::new(&output?))
    }
}

/// Test builds only: `BIVOUAC_CUT=HOST:ENTRY:POINT` makes that host die there (see `bv_cut`).
#[cfg(debug_assertions)]
fn cut_point(host: &str) -> Option<String> {
    let cut = std::env::var("BIVOUAC_CUT").ok()?;
    cut.strip_prefix(host)?.strip_prefix(':').map(str::to_owned)
}
