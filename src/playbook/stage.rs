//! Where hosts download by themselves: nothing is changed on any host before every host has what it needs.

use std::time::Duration;

use super::plan::{Lane, Pending, Task};
use super::resolve::Work;
use crate::event::StepName;
use crate::host::{Change, Wanted};

/// What every lane waits for before its first change.
pub const GATE: &str = "every host has downloaded what it needs";

/// Limit for all downloads of a host.
const LIMIT: Duration = Duration::from_secs(3600);

/// Puts the downloads before everything else in each lane, and the gate behind them. Plans whose files come
/// from this machine are left as they are.
pub(super) fn insert(lanes: &mut [Lane]) {
    let wanted: Vec<Vec<Wanted>> = lanes.iter().map(wanted).collect();
    if wanted.iter().all(Vec::is_empty) {
        return;
    }
    for (lane, wanted) in lanes.iter_mut().zip(wanted) {
        if lane.tasks.first().is_some_and(|first| first.needs.is_some()) {
            lane.tasks
                .insert(0, task("wait for the other hosts' downloads", Work::Stage(Vec::new())));
        }
        if let Some(first) = lane.tasks.first_mut() {
            first.needs = Some(GATE.to_owned());
        }
        let download = task("download what is to be installed", Work::Stage(wanted));
        lane.tasks.insert(0, Task { opens: Some(GATE.to_owned()), ..download });
    }
}

fn task(name: &str, work: Work) -> Task {
    Task {
        step: StepName { playbook: "sources".to_owned(), step: name.to_owned() },
        needs: None,
        anyway: false,
        opens: None,
        alone: None,
        limit: LIMIT,
        tries: 1,
        work: Pending::Ready(work),
    }
}

/// What a lane installs that its host downloads.
fn wanted(lane: &Lane) -> Vec<Wanted> {
    let changes = lane.tasks.iter().filter_map(|task| match &task.work {
        Pending::Ready(Work::Changes(changes)) => Some(changes),
        _ => None,
    });
    let mut all: Vec<Wanted> = changes
        .flatten()
        .filter_map(|change| match change {
            Change::Artifact { path, mode, owner, upload } => Some(Wanted {
                path: path.clone(),
                mode: mode.clone(),
                owner: owner.clone(),
                origin: upload.origin.clone()?,
            }),
            _ => None,
        })
        .collect();
    // Those of one file stand together.
    all.sort_by(|one, other| one.origin.cmp(&other.origin));
    all
}
