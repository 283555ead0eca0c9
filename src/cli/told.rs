//! What a wipe, and a look at hosts, tells of what it saw besides: a report for an auditor, and what counts as nothing.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Stop};
use crate::report;

/// What is said of what was seen besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Told {
    /// Show what counts as nothing too: of our own wipe what hosts change by themselves, and the list by which it is no difference; of others'
    /// leftovers what is there and nobody called Kubernetes', and what no look at a host can tell.
    #[arg(long)]
    pub show_ignored: bool,
    /// Write what was found and done to FILE: as JSON (FILE ends with .json), as a page to hand on (.html), or both (FILE.json and FILE.html).
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

impl Told {
    /// Whether the report can be written, before there is anything to report: what was wiped is not wiped again to prove it.
    pub fn writable(&self) -> Result<(), Stop> {
        self.report.iter().flat_map(|name| report::report_files(name)).try_for_each(|(path, _)| {
            std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(&path)
                .map(drop)
                .map_err(|error| unwritable(&path, &error))
        })
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    Stop::new(
        Exit::Usage,
        format!(
            "the report `{}` cannot be written: {error}\n  fix: name a file in a directory that you may write to",
            path.display()
        ),
    )
}
