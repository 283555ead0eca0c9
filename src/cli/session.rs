//! What the verbs that talk to hosts have in common: a run with its events, and hosts that were
//! connected to and looked at.

use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::exit::{Exit, Stop};
use super::options::Options;
use super::signals;
use super::told::Told;
use crate::cluster::Cluster;
use crate::engine::Cancel;
use crate::event::{Event, EventKind, Events, seconds};
use crate::host::Run;
use crate::report;

/// Runs a verb on an async runtime of its own.
pub fn block_on<T>(verb: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
            Stop::error(Exit::Failed, &error, "free some of this machine's memory or threads")
        })?;
    let result = runtime.block_on(verb);
    // What still waits for a host must not hold up the end.
    runtime.shutdown_background();
    result
}

/// One invocation.
#[derive(Debug)]
pub struct Session {
    pub cluster: Cluster,
    /// The run, as hosts know it.
    pub run: Run,
    pub events: Events,
    pub cancel: Cancel,
    pub started: Instant,
    /// The engine ran, and has told how that ended.
    pub concluded: bool,
    /// What is said to the operator after a good end.
    pub after: Option<String>,
    receiver: Option<mpsc::UnboundedReceiver<Event>>,
    reporter: Option<JoinHandle<report::Summary>>,
    settings: report::Settings,
}

impl Session {
    /// Begins a run of `verb`.
    pub fn begin(options: &Options, verb: &str, cluster: Cluster) -> Self {
        let (events, receiver) = Events::channel();
        let run = named(verb);
        let cancel = Cancel::default();
        signals::listen(&cancel);
        events.run(EventKind::RunStarted {
            verb: verb.to_owned(),
            cluster: cluster.name.clone(),
            hosts: cluster.hosts.iter().map(|host| host.display.clone()).collect(),
        });
        let settings = report::Settings {
            output: options.output(),
            quiet: options.quiet,
            verbose: options.verbose,
            show_ignored: false,
            report: None,
            by_proof: false,
            has_own_words: ["status", "diagnose", "verify-clean"].contains(&verb),
            log_dir: options.log_dir.clone(),
            who: operator(),
            run_id: run.id.clone(),
            // Who only looks has nothing to go on with.
            resume_command: if verb == "plan" { String::new() } else { Options::resume() },
        };
        Self {
            cluster,
            run,
            events,
            cancel,
            started: Instant::now(),
            concluded: false,
            after: None,
            receiver: Some(receiver),
            reporter: None,
            settings,
        }
    }

    /// What a wipe, or a look, says of what it saw besides.
    pub fn proves(&mut self, told: &Told) {
        self.settings.show_ignored = told.show_ignored;
        self.settings.report.clone_from(&told.report);
    }

    /// The run looks for what any Kubernetes left, and has no baseline to compare with.
    pub fn by_proof(&mut self) {
        self.settings.by_proof = true;
    }

    /// Whether a report is wanted, which says of each host what it is.
    pub fn reports(&self) -> bool {
        self.settings.report.is_some()
    }

    /// What goes on after this run, where that is another command. To be said before anything is shown.
    pub fn goes_on_with(&mut self, command: String) {
        self.settings.resume_command = command;
    }

    /// Starts to show events. Until then questions can be asked without a display in the way.
    pub fn show(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            self.reporter = Some(tokio::spawn(report::run(self.settings.clone(), receiver)));
        }
    }

    /// Tells that the run is over, and whether what was asked for is done.
    pub fn conclude(&mut self, ok: bool) {
        self.concluded = true;
        self.events.run(EventKind::RunDone {
            ok,
            seconds: seconds(self.started.elapsed()),
            differences: None,
            critical_path: Vec::new(),
        });
    }

    /// Waits for this, unless the run is stopped before.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Stop> {
        tokio::select! {
            done = work => Ok(done),
            () = self.cancel.stopped() => Err(Stop::said(Exit::Interrupted)),
        }
    }

    /// Ends the run: everything is shown, and the exit code follows.
    pub async fn end(mut self, exit: Exit) -> Exit {
        if exit == Exit::Usage {
            // The same words would be as wrong.
            self.goes_on_with(String::new());
        }
        self.show();
        if !self.concluded {
            self.conclude(exit == Exit::Done);
        }
        let Self { events, reporter, cancel, after, settings, .. } = self;
        drop(events);
        let summary = match reporter {
            Some(reporter) => reporter.await.ok(),
            None => None,
        };
        let unwritten = summary.and_then(|summary| summary.unwritten);
        if let (Some(name), None, false) = (&settings.report, &unwritten, settings.quiet) {
            let files = report::report_files(name).into_iter();
            let files: Vec<String> = files.map(|(path, _)| path.display().to_string()).collect();
            report::err(&format!("report: {}", files.join(", ")));
        }
        let exit = match unwritten {
            Some(cause) => {
                report::err(&cause);
                // What was asked for is not done.
                if exit == Exit::Done { Exit::Failed } else { exit }
            }
            None => exit,
        };
        if cancel.is_stopped() && exit != Exit::Done {
            report::err("interrupted");
            return Exit::Interrupted;
        }
        if let Some(after) = after.filter(|_| exit == Exit::Done && !settings.quiet) {
            report::err(&after);
        }
        exit
    }
}

/// A new run, of this verb.
pub fn named(verb: &str) -> Run {
    Run { id: run_id(), who: format!("{verb} by {}", operator()) }
}

/// Who runs this, and where: `ops@laptop`.
fn operator() -> String {
    let named =
        ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let user = named.filter(|user| !user.is_empty());
    // Without them, as in CI, the number must do.
    let user = user.unwrap_or_else(|| match rustix::process::getuid() {
        uid if uid.is_root() => "root".to_owned(),
        uid => format!("uid-{}", uid.as_raw()),
    });
    let uname = rustix::system::uname();
    format!("{user}@{}", uname.nodename().to_string_lossy())
}

/// `20261123T024102Z-1f3a`: sorts by time, and two runs of one second differ.
fn run_id() -> String {
    let mut random = [0; 2];
    // Only a name; without randomness it is merely less unique.
    let _ = getrandom::fill(&mut random);
    let moment: String = report::words::moment(std::time::SystemTime::now())
        .chars()
        .filter(|c| !matches!(c, '-' | ':'))
        .collect();
    let moment = moment.split('.').next().unwrap_or_default().trim_end_matches('Z').to_owned();
    format!("{moment}Z-{:02x}{:02x}", random[0], random[1])
}
