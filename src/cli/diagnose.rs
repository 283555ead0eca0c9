//! `bivouac diagnose`: why it does not work; and the same by itself after a run that did not.

mod last_run;
mod pack;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::exit::{Exit, Stop};
use super::hosts;
use super::options::Options;
use super::session::Session;
use crate::cluster::Cluster;
use crate::diagnose::{Case, FailedStep, Look, diagnose, is_told, tells};
use crate::engine::{self, Unreached};
use crate::event::{Diagnosis, EventKind, StepName, seconds};
use crate::host::Remote;
use crate::host::evidence::Testimony;
use crate::report;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Pack all that was read into a file for a report, secrets taken out: `FILE.tar.gz`.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// Limit for the look at one host. Each command on it has a shorter one of its own.
const LOOK: Duration = Duration::from_secs(150);
/// Limit for all that is done after a run that did not work, connections included.
const AFTER: Duration = Duration::from_secs(60);

/// What each host gets of it: one that is slow must not take along what the others said.
const EACH: Duration = Duration::from_secs(40);
/// Hosts that are looked at then, beside those that failed: control planes.
const PLANES: usize = 5;
/// Hosts that failed and are looked at then: when a hundred say the same, some will do.
const FAILED: usize = 8;

/// What one host came to, or why it could not be read, with what to do.
type Seen = Result<Testimony, (String, String)>;

pub async fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    if let Some(file) = &args.bundle {
        pack::is_free(file)?;
    }
    let cluster = options.cluster()?;
    let last = last_run::find(options, &cluster.name);
    let mut session = Session::begin(options, "diagnose", cluster);
    let looked = look(&mut session, options).await;
    let seen = match looked {
        Ok(seen) => seen,
        Err(stop) => {
            let exit = stop.show();
            return Ok(session.end(exit).await);
        }
    };
    let looks = looks(&session.cluster, seen);
    let failed = last.as_ref().map(|last| last.failed.as_slice()).unwrap_or_default();
    let found = judged(&session.cluster, &looks, failed);
    session.events.run(EventKind::Diagnosed(Box::new(found.clone())));
    let packed = args.bundle.as_ref().map(|file| {
        let text = report::diagnosis_text(
            &found,
            &session.cluster.name,
            report::Style::of(&|_| None, false),
        );
        pack::write(file, options, &session.cluster, &looks, &text, last.as_ref())
    });
    let name = session.cluster.name.clone();
    let exit = session.end(exit(&found)).await;
    if options.output() == report::Output::Text && !(options.quiet && found.is_well()) {
        report::styled(|style| report::diagnosis_text(&found, &name, style))
            .map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    }
    if let Some(packed) = packed {
        report::err(&packed?);
    }
    Ok(exit)
}

fn exit(found: &Diagnosis) -> Exit {
    match found {
        _ if found.is_well() => Exit::Done,
        Diagnosis { cause: None, broken, .. } if broken.is_empty() || found.read == 0 => {
            Exit::Unreachable
        }
        _ => Exit::Failed,
    }
}

async fn look(session: &mut Session, options: &Options) -> Result<Vec<Seen>, Stop> {
    let reached = hosts::try_connect(session, options).await?;
    session.unless_stopped(testimonies(reached, options.parallel, LOOK)).await
}

fn looks(cluster: &Cluster, seen: Vec<Seen>) -> Vec<Look<'_>> {
    cluster.hosts.iter().zip(seen).map(|(host, seen)| Look { host, seen }).collect()
}

/// What is found, with the last run's failures where they still may count.
fn judged(cluster: &Cluster, looks: &[Look<'_>], failed: &[FailedStep]) -> Diagnosis {
    let now = SystemTime::now();
    let found = diagnose(&Case { cluster, looks, failed: &[], now });
    // What an earlier run stumbled over says nothing of a host that is well by now.
    let is_well =
        |name: &str| looks.iter().any(|look| look.host.display == name && look.is_healthy_node());
    let failed: Vec<FailedStep> =
        failed.iter().filter(|step| !is_well(&step.host)).cloned().collect();
    if failed.is_empty() || found.cause.is_some() {
        return found;
    }
    diagnose(&Case { cluster, looks, failed: &failed, now })
}

/// What the hosts that were reached show.
async fn testimonies(
    reached: Vec<Result<Remote, Unreached>>,
    parallel: usize,
    limit: Duration,
) -> Vec<Seen> {
    let read = |mut remote: Remote| async move { remote.testify(limit).await };
    hosts::read_each(reached, parallel, read).await
}

/// After a run that did not work: looks for the cause, and tells it before the run is told to be over. It
/// never hides what went wrong first, takes a limited time, and leaves be what needs no explanation.
pub async fn after(session: &Session, options: &Options, failed: &[engine::FailedStep]) {
    let failed: Vec<FailedStep> = (failed.iter())
        // Who could not be reached, or was held by another run, says so himself.
        .filter(|step| step.answered && !is_told(&step.cause))
        .map(|step| FailedStep {
            host: step.host.clone(),
            step: format!("{}: {}", step.step.playbook, step.step.step),
            cause: step.cause.clone(),
            output: step.output.clone(),
        })
        .collect();
    if failed.is_empty() || session.cancel.is_stopped() {
        return;
    }
    let step = StepName { playbook: "diagnose".to_owned(), step: "look for the cause".to_owned() };
    let began = std::time::Instant::now();
    session.events.run(EventKind::StepStarted { step: step.clone() });
    let work = tokio::time::timeout(AFTER, search(session, options, &failed));
    let found = tokio::select! {
        found = work => found.ok().flatten(),
        () = session.cancel.stopped() => None,
    };
    let took = seconds(began.elapsed());
    session.events.run(EventKind::StepDone { step, changed: false, seconds: took });
    if let Some(found) = found.filter(|found| found.cause.is_some()) {
        session.events.run(EventKind::Diagnosed(Box::new(found)));
    }
}

async fn search(session: &Session, options: &Options, failed: &[FailedStep]) -> Option<Diagnosis> {
    let all = &session.cluster;
    // A package manager's complaint, or kubeadm's own, needs no look at any host.
    let by_output = diagnose(&Case { cluster: all, looks: &[], failed, now: SystemTime::now() });
    if tells(&by_output) {
        return Some(by_output);
    }
    let has_failed = |name: &str| failed.iter().any(|step| step.host == name);
    let (mut planes, mut others) = (0, 0);
    let wanted: Vec<usize> = (all.hosts.iter().enumerate())
        .filter(|(_, host)| {
            let count = if has_failed(&host.display) {
                &mut others
            } else if host.control_plane {
                &mut planes
            } else {
                return false;
            };
            *count += 1;
            *count <= if has_failed(&host.display) { FAILED } else { PLANES }
        })
        .map(|(index, _)| index)
        .collect();
    let cluster = all.only(&wanted);
    let reached = hosts::again(session, &cluster, options).await.ok()?;
    let looks = looks(&cluster, testimonies(reached, options.parallel, EACH).await);
    Some(diagnose(&Case { cluster: &cluster, looks: &looks, failed, now: SystemTime::now() }))
}
