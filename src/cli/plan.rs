//! `bivouac plan`: what `init` would do, host by host, with file diffs.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::exit::{Exit, Stop};
use super::foreign::{self, Wanted};
use super::options::Options;
use super::preflight::{self, Checked};
use super::session::Session;
use super::skips::Skips;
use super::told::Told;
use super::{hosts, images, others, sources, version};
use crate::event::{EventKind, StepName};
use crate::host::{self, Change, Entry, Error, Remote, State};
use crate::playbook::{Lane, Pending, Plan, Site, Work};
use crate::report;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to show.
    #[arg(value_enum, default_value_t = What::Init)]
    what: What,
    #[command(flatten)]
    skips: Skips,
    #[command(flatten)]
    wanted: Wanted,
}

/// Verbs that can be shown before they are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// What `init` would change, host by host.
    Init,
    /// What `wipe` would undo; with `--foreign`, what of another installer's it would remove.
    Wipe,
}

/// Limit for one look at a host.
const LOOK: Duration = Duration::from_secs(60);

pub async fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    match args.what {
        What::Wipe if args.wanted.foreign => {
            return Box::pin(foreign::inspect(options, "plan", &args.wanted)).await;
        }
        // A journal is a list of steps, of which nothing was compared yet.
        _ if args.wanted.told != Told::default() => {
            return Err(Stop::new(
                Exit::Usage,
                "`--report` and `--show-ignored` go with `bivouac plan wipe --foreign`\n  fix: `bivouac wipe --report FILE` writes what a wipe of our own proves",
            ));
        }
        What::Wipe => return Box::pin(undone(options, &args.wanted)).await,
        What::Init if args.wanted.foreign || !args.wanted.hosts.is_empty() => {
            return Err(Stop::new(
                Exit::Usage,
                "hosts and `--foreign` go with `bivouac plan wipe`",
            ));
        }
        What::Init => {}
    }
    let cluster = args.skips.added(version::settled(options).await?)?;
    let mut session = Session::begin(options, "plan", cluster);
    match made(&mut session, options).await {
        Ok(text) => {
            let exit = session.end(Exit::Done).await;
            report::out(&text).map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
            Ok(exit)
        }
        Err(stop) => {
            let exit = stop.show();
            Ok(session.end(exit).await)
        }
    }
}

/// What a wipe would undo on each host, newest first.
async fn undone(options: &Options, wanted: &Wanted) -> Result<Exit, Stop> {
    let cluster = options.cluster_of(&wanted.hosts)?;
    let mut session = Session::begin(options, "plan", cluster);
    let text = match journals(&mut session, options).await {
        Ok(text) => text,
        Err(stop) => {
            let exit = stop.show();
            return Ok(session.end(exit).await);
        }
    };
    let exit = session.end(Exit::Done).await;
    if options.output() == report::Output::Text {
        report::out(&text).map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    }
    Ok(exit)
}

async fn journals(session: &mut Session, options: &Options) -> Result<String, Stop> {
    let mut remotes = hosts::connect(session, options).await?;
    let mut text = String::new();
    let mut cut_off = Vec::new();
    for (host, remote) in session.cluster.hosts.iter().zip(&mut remotes) {
        let entries = remote
            .peek()
            .await
            .map_err(|error| Stop::error(Exit::Unreachable, &error, &error.fix()))?;
        if Entry::are_cut_off(&entries) {
            cut_off.push(host.clone());
            continue;
        }
        let standing: Vec<_> =
            entries.iter().rev().filter(|entry| entry.state != State::Undone).collect();
        let count = match standing.len() {
            0 => {
                let hint =
                    format!("`{}`", options.foreign([host]).replace(" wipe ", " plan wipe "));
                format!("nothing to undo; what another installer left shows {hint}")
            }
            some => format!("{} undone", report::words::count(some, "change")),
        };
        let _ = writeln!(text, "{}: {count}", host.display);
        for entry in standing {
            let _ = writeln!(text, "  - {}", entry.step);
        }
    }
    // As the wipe itself would be.
    if !cut_off.is_empty() {
        return Err(others::cut_off(options, &cut_off));
    }
    Ok(text)
}

async fn made(session: &mut Session, options: &Options) -> Result<String, Stop> {
    let Checked { mut remotes, seen, library, .. } =
        preflight::check(session, options, false).await?;
    let states = hosts::states(session, &seen);
    let artifacts = match session.cluster.bundle {
        Some(_) => {
            let bundle = preflight::open_bundle(session)?;
            let mut artifacts = preflight::listed(&bundle, None);
            if session.cluster.serve.is_some() {
                artifacts.0.extend(super::serving::offered(&bundle, None)?);
            }
            artifacts
        }
        // What is on a host can be compared only with files that are at hand.
        None => sources::artifacts(session, &sources::architectures(&states)).await?,
    };
    let artifacts = images::with_names(&session.cluster, &states, artifacts);
    let kubeconfig = super::init::kubeconfig_path(&session.cluster);
    let site = Site {
        cluster: &session.cluster,
        hosts: &states,
        artifacts: &artifacts,
        kubeconfig: &kubeconfig,
        leaving: &[],
    };
    let plan = Plan::build("init", &Arc::new(library), &site)
        .map_err(|error| Stop::error(Exit::Usage, &error, error.fix()))?;
    let mut text = String::new();
    for (lane, remote) in plan.lanes.iter().zip(&mut remotes) {
        let mut shown =
            Shown { session, host: &lane.name, remote, text: String::new(), changes: 0 };
        shown.lane(lane).await?;
        let count = report::words::count(shown.changes, "change");
        let _ = write!(text, "{}: {count}\n{}", lane.name, shown.text);
    }
    // As JSON the events have said it.
    Ok(if options.output() == report::Output::Json { String::new() } else { text })
}

/// One host's part of the output.
struct Shown<'a> {
    session: &'a Session,
    host: &'a str,
    remote: &'a mut Remote,
    text: String,
    changes: usize,
}

impl Shown<'_> {
    async fn lane(&mut self, lane: &Lane) -> Result<(), Stop> {
        for task in &lane.tasks {
            if let Some(gate) = &task.needs {
                let _ = writeln!(self.text, "  . waits until {gate}");
            }
            let (work, is_late) = match &task.work {
                Pending::Ready(work) => (Some(work.clone()), false),
                Pending::Late(pending) => (pending.preview(&task.step), true),
            };
            let Some(Work::Changes(changes)) = work else { continue };
            for change in &changes {
                self.change(&task.step, change, is_late)
                    .await
                    .map_err(|error| Stop::error(Exit::Unreachable, &error, &error.fix()))?;
            }
        }
        Ok(())
    }

    /// Adds one change, if the host needs it.
    async fn change(&mut self, step: &StepName, change: &Change, late: bool) -> Result<(), Error> {
        let change = &self.with_sum(change).await?;
        // A file that is known only when its values are cannot be compared.
        let needed = (late && matches!(change, Change::File { .. }))
            || !self.remote.is(change, LOOK).await?;
        if !needed {
            return Ok(());
        }
        self.changes += 1;
        let diff = match change {
            Change::File { path, mode, owner, content } if !late => {
                self.diff(path, &format!("{mode} {owner}"), content).await?
            }
            _ => String::new(),
        };
        let (kind, subject) = (change.kind(), change.subject());
        let lines = subject.trim_end().replace('\n', "\n        ");
        let _ = writeln!(self.text, "  + {}: {}: {kind} {lines}", step.playbook, step.step);
        for line in diff.lines() {
            let _ = writeln!(self.text, "      {line}");
        }
        let step = step.clone();
        self.session.events.host(self.host, EventKind::ChangePlanned { step, kind, subject, diff });
        Ok(())
    }

    /// A program out of an archive that hosts download has a sum that only the host knows, once it has it.
    async fn with_sum(&mut self, change: &Change) -> Result<Change, Error> {
        let mut change = change.clone();
        if let Change::Artifact { path, mode, owner, upload } = &mut change
            && let Some(origin) = upload.origin.clone().filter(|it| it.member.is_some())
        {
            let (path, mode, owner) = (path.clone(), mode.clone(), owner.clone());
            let wanted = host::Wanted { path, mode, owner, origin };
            if let Some((sum, size)) = self.remote.remembered(&wanted).await? {
                (upload.sha256, upload.size) = (sum, size);
            }
        }
        Ok(change)
    }

    /// How a file differs from what it would be: its content, and its mode and owner.
    async fn diff(&mut self, path: &str, mode: &str, content: &[u8]) -> Result<String, Error> {
        let is = self.remote.mode(path, LOOK).await?;
        let mut diff = match is.as_str() {
            "" => String::new(),
            is if is == mode => String::new(),
            is => format!("-{is}\n+{mode}\n"),
        };
        // What not everybody may read is nothing for a screen.
        let is_public = |mode: &str| {
            mode.split(' ').next().is_none_or(|mode| mode.ends_with(['4', '5', '6', '7']))
        };
        if (is.is_empty() || is_public(&is)) && is_public(mode) {
            let (old, new) =
                (self.remote.content(path, LOOK).await?, String::from_utf8_lossy(content));
            diff += &similar::TextDiff::from_lines(old.as_str(), new.as_ref())
                .unified_diff()
                .context_radius(2)
                .to_string();
        }
        Ok(diff)
    }
}
