//! `bivouac plan`: what `init` would do, host by host, with file diffs.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::exit::{Exit, Stop};
use super::hosts;
use super::options::Options;
use super::preflight::{self, Checked};
use super::session::Session;
use crate::host::{Change, Remote};
use crate::playbook::{Lane, Pending, Plan, Site, Work};
use crate::report;

#[derive(Debug, clap::Args)]
pub struct Args {}

/// Limit for one look at a host.
const LOOK: Duration = Duration::from_secs(60);

pub async fn run(options: &Options, _args: &Args) -> Result<Exit, Stop> {
    let mut session = Session::begin(options, "plan", options.cluster(true)?);
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

async fn made(session: &mut Session, options: &Options) -> Result<String, Stop> {
    let Checked { mut remotes, seen, library, .. } =
        preflight::check(session, options, false).await?;
    let bundle = preflight::open_bundle(session)?;
    let artifacts = preflight::listed(&bundle, None);
    let states = hosts::states(session, &seen);
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
    let json = options.output() == report::Output::Json;
    let mut text = String::new();
    for (lane, remote) in plan.lanes.iter().zip(&mut remotes) {
        let shown = Shown { json, text: String::new(), changes: 0 };
        text += &shown.lane(lane, remote).await?;
    }
    Ok(text)
}

/// One lane's part of the output.
#[derive(Debug)]
struct Shown {
    json: bool,
    text: String,
    changes: usize,
}

impl Shown {
    async fn lane(mut self, lane: &Lane, remote: &mut Remote) -> Result<String, Stop> {
        for task in &lane.tasks {
            let step = format!("{}: {}", task.step.playbook, task.step.step);
            if let (Some(gate), false) = (&task.needs, self.json) {
                let _ = writeln!(self.text, "  . waits until {gate}");
            }
            let (work, is_late) = match &task.work {
                Pending::Ready(work) => (Some(work.clone()), false),
                Pending::Late(pending) => (pending.preview(&task.step), true),
            };
            let Some(Work::Changes(changes)) = work else { continue };
            for change in &changes {
                self.change(&lane.name, &step, change, is_late, remote).await?;
            }
        }
        if !self.json {
            let count = report::words::count(self.changes, "change");
            self.text = format!("{}: {count}\n{}", lane.name, self.text);
        }
        Ok(self.text)
    }

    /// Adds one change, if the host needs it.
    async fn change(
        &mut self,
        host: &str,
        step: &str,
        change: &Change,
        late: bool,
        remote: &mut Remote,
    ) -> Result<(), Stop> {
        let failed =
            |error: crate::host::Error| Stop::error(Exit::Unreachable, &error, &error.fix());
        // A file that is known only when its values are cannot be compared.
        let needed = (late && matches!(change, Change::File { .. }))
            || !remote.is(change, LOOK).await.map_err(failed)?;
        if !needed {
            return Ok(());
        }
        self.changes += 1;
        let diff = match change {
            Change::File { path, content, .. } if !late => {
                let old = remote.content(path, LOOK).await.map_err(failed)?;
                diff(&old, &String::from_utf8_lossy(content))
            }
            _ => String::new(),
        };
        if self.json {
            let line = json!({
                "host": host, "step": step, "kind": change.kind(), "subject": change.subject(), "diff": diff,
            });
            let _ = writeln!(self.text, "{line}");
        } else {
            let _ = writeln!(self.text, "  + {step}: {} {}", change.kind(), change.subject());
            for line in diff.lines() {
                let _ = writeln!(self.text, "      {line}");
            }
        }
        Ok(())
    }
}

fn diff(old: &str, new: &str) -> String {
    similar::TextDiff::from_lines(old, new).unified_diff().context_radius(2).to_string()
}
