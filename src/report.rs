//! What the operator sees: events to a terminal, to JSON and to log files. Nothing else prints.
//!
//! - `reporter`: every event passes here once; chooses the display.
//! - `state`: events folded into what is true now. Pure.
//! - `live` draws `frame`; `plain` writes lines. `json` is for programs, `log` for afterwards.
//! - `findings`, `failure`, `diagnosis`, `closing`, `status`: the tables and blocks, as lines of text.
//! - `clean`: what comes from hosts, made safe to show. `words`, `line`, `style`: how things are said.
//! - `stream`: standard input, output and error, for everybody else.

use std::path::PathBuf;

use tokio::sync::mpsc;

use crate::event::Event;

mod audit;
mod clean;
mod closing;
mod comparison;
mod diagnosis;
mod failure;
mod findings;
mod frame;
mod json;
mod line;
mod live;
mod log;
mod plain;
mod reporter;
mod residue;
mod state;
mod status;
mod stream;
mod style;
pub mod words;

pub use audit::files as report_files;
pub use clean::bytes as clean_bytes;
pub use diagnosis::text as diagnosis_text;
pub use live::Live;
pub use log::files as log_files;
pub use plain::{Detail, Plain};
pub use reporter::{Display, Reporter};
pub use residue::{
    Looked, because as residue_because, ignored as residue_ignored, left as residue_left,
    text as residue_text,
};
pub use state::{Failure, Finding, Unchecked};
pub use status::text as status_text;
pub use stream::{ask, ask_secret, err, is_terminal, out, pipes, styled};
pub use style::Style;
pub use style::lines as table;

/// Where a run's logs go unless the operator says otherwise.
pub fn log_directory(run: &str) -> Option<PathBuf> {
    log::default_directory(run, &|name| std::env::var(name).ok())
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Output {
    /// Nothing but a verb's own result.
    #[default]
    Text,
    /// One JSON object for each event.
    Json,
}

/// How a run is to be shown.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line, or of a verb"
)]
pub struct Settings {
    /// What goes to standard output.
    pub output: Output,
    /// Say only what went wrong.
    pub quiet: bool,
    /// Say everything, the output of the steps included.
    pub verbose: bool,
    /// Say what of a comparison is hidden as noise, and by which list.
    pub show_ignored: bool,
    /// Where a wipe's proof is written: [`report_files`] says which files that are.
    pub report: Option<PathBuf>,
    /// Hosts are looked at for what any Kubernetes left: there is no baseline to compare them with, and no cluster of a name.
    pub by_proof: bool,
    /// The verb tells what was found, and how it ended, as its own result: no text is said here but
    /// trouble with the logs.
    pub has_own_words: bool,
    /// The directory for this run's logs; `None` for
    /// `${XDG_STATE_HOME:-~/.local/state}/bivouac/<run_id>/`.
    pub log_dir: Option<PathBuf>,
    /// Who runs this, and where: `ops@laptop`.
    pub who: String,
    /// Names the run, in JSON and in the log directory.
    pub run_id: String,
    /// What to type to go on after a failure: `bivouac init -f cluster.yaml`.
    pub resume_command: String,
}

/// What the command line needs for its exit code.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Why the proof that was asked for is not written.
    pub unwritten: Option<String>,
    /// Whether everything that was asked for is done. False for a run that was cut off.
    pub ok: bool,
    /// How long the run took; 0 for a run that was cut off.
    pub seconds: f64,
    /// A wipe's differences over all hosts; `None` for other verbs.
    pub differences: Option<usize>,
    /// The steps that did not end well.
    pub failures: Vec<Failure>,
    /// The preflight results.
    pub findings: Vec<Finding>,
}

/// Shows events until nobody can send any more; returns what the command line needs for its exit
/// code. It works on a thread of its own, so that a terminal stopped with Ctrl-S, or a slow disk
/// under the logs, holds up no host.
pub async fn run(settings: Settings, events: mpsc::UnboundedReceiver<Event>) -> Summary {
    let runtime = tokio::runtime::Handle::current();
    let work = move || runtime.block_on(Reporter::new(settings).consume(events));
    match tokio::task::spawn_blocking(work).await {
        Ok(summary) => summary,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going away, and this future with it.
            Err(_) => Summary::default(),
        },
    }
}
