//! Hosts without our journal: what another installer's cluster left goes, thing by thing, and the host is looked at again.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::locks::{self, Taken};
use super::run::Options;
use super::task::output;
use super::wipe::{CHANGES, LIMIT, LOOKS, Lane, Stopped, Wiped, named};
use crate::event::{EventKind, Events, How, Taken as Tried};
use crate::host::inventory::InventoryError;
use crate::host::{Error, Journal, Locked, Outcome, Remote};
use crate::residue::{self, Judged, Past, Removal, Stage, Wishes};

/// Limit for a look at a host.
const LOOK: std::time::Duration = std::time::Duration::from_secs(180);

/// A host, and what goes from it.
#[derive(Debug)]
pub struct Clearing {
    pub name: String,
    pub remote: Remote,
    /// In order, each with the entry of the table that knows it.
    pub removals: Vec<(&'static str, Removal)>,
    /// What was there before.
    pub judged: Judged,
    /// What an earlier wipe, that was cut off, had found out.
    pub past: Past,
}

/// What came of it.
#[derive(Debug)]
pub struct Cleared {
    /// The worst of all hosts.
    pub how: Wiped,
    /// What is on each host afterwards, where that could be seen.
    pub hosts: Vec<(String, Option<Judged>)>,
}

/// What is told of a host that is left out because nothing was seen of it.
pub fn not_seen(cause: String, fix: String) -> EventKind {
    let (stderr_tail, seconds) = (Vec::new(), 0.0);
    EventKind::StepFailed {
        step: named("look for what is there"),
        cause,
        fix,
        stderr_tail,
        seconds,
    }
}

/// Clears hosts, side by side.
pub async fn clear(
    hosts: Vec<Clearing>,
    wishes: &Wishes,
    events: &Events,
    options: &Options,
) -> Cleared {
    let (mut work, mut remotes) = (Vec::new(), Vec::new());
    for host in hosts {
        work.push((host.name.clone(), host.removals, host.judged, host.past));
        remotes.push((host.name, host.remote));
    }
    let Some(taken) = locks::take(remotes, "wipe", events, &options.cancel).await else {
        return Cleared { how: Wiped::Locked, hosts: Vec::new() };
    };
    let permits = Arc::new(Semaphore::new(options.parallel.max(1)));
    let mut lanes = JoinSet::new();
    for (index, ((name, removals, before, past), host)) in work.into_iter().zip(taken).enumerate() {
        let lane = Lane::new(name.clone(), events.clone(), options.clone());
        let (permits, wishes) = (Arc::clone(&permits), wishes.clone());
        lanes.spawn(async move {
            let _permit = permits.acquire().await;
            let known = Known { before: &before, past: &past, wishes: &wishes };
            let (how, judged) = lane.clear(host, &removals, &known).await;
            (index, name, how, judged)
        });
    }
    let mut results = lanes.join_all().await;
    results.sort_by_key(|(index, ..)| *index);
    let how = results.iter().map(|(_, _, how, _)| *how).max().unwrap_or(Wiped::Clean);
    let hosts = results.into_iter().map(|(_, name, _, judged)| (name, judged)).collect();
    Cleared { how, hosts }
}

/// What a host's lane knows of it.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    before: &'a Judged,
    past: &'a Past,
    wishes: &'a Wishes,
}

/// What may have been the way in, and so wants a new login when it is gone: one for all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Rules of the packet filter.
    Rules,
    /// Links, routes, rules of routing, addresses.
    Links,
}

impl Way {
    fn of(stage: Stage) -> Option<Self> {
        match stage {
            Stage::Rules => Some(Self::Rules),
            Stage::Links | Stage::Network => Some(Self::Links),
            _ => None,
        }
    }
}

impl Lane {
    async fn clear(
        mut self,
        taken: Taken,
        removals: &[(&'static str, Removal)],
        known: &Known<'_>,
    ) -> (Wiped, Option<Judged>) {
        let began = taken.began;
        let (how, judged) = match taken.host {
            None => (Wiped::Failed, None),
            Some(host) => match self.take_away(host, removals, known).await {
                Ok((false, judged)) if judged.residue().next().is_none() => {
                    (Wiped::Clean, Some(judged))
                }
                Ok((false, judged)) => (Wiped::Differs, Some(judged)),
                Ok((true, judged)) => (Wiped::Failed, Some(judged)),
                Err(_) => (Wiped::Failed, None),
            },
        };
        self.ended(how, began);
        (how, judged)
    }

    /// Looks at the host and judges what is there.
    async fn judged(
        &mut self,
        journal: &mut Journal,
        step: &str,
        known: &Known<'_>,
    ) -> Result<Judged, Stopped> {
        let wanted = residue::wanted(known.past);
        let look = async {
            journal.reader().inventory(&wanted, LOOK).await.map_err(|error| match error {
                InventoryError::Remote(error) => error,
                cut @ InventoryError::CutShort { .. } => {
                    Error::Script { cause: cut.to_string(), answer: crate::host::Answer::default() }
                }
            })
        };
        let inventory = self.step(step, LOOKS, look).await?;
        Ok(residue::judge(&inventory, known.wishes, known.past))
    }

    /// Takes away what goes; says whether some of it did not work, and what is there now.
    async fn take_away(
        &mut self,
        host: Locked,
        removals: &[(&'static str, Removal)],
        known: &Known<'_>,
    ) -> Result<(bool, Judged), Stopped> {
        let mut journal = self.step("open the journal", LOOKS, Journal::open(host)).await?;
        // The question may have stood for long: what it showed is looked at once more, now that nobody else changes the host.
        let before = if removals.is_empty() {
            known.before.clone()
        } else {
            self.judged(&mut journal, "look again", known).await?
        };
        let spared = known.before.spared_by(&before);
        for verdict in &spared {
            let why = crate::report::residue_because(&verdict.outcome);
            let (step, line) = (named("look again"), format!("stays: {}: {why}", verdict.thing));
            self.tell(EventKind::StepOutput { step, line });
        }
        let removals = residue::still(removals, &residue::removals(&before, known.wishes));
        if !removals.is_empty() {
            let plan = residue::plan(&removals, &before).change();
            let work = journal.change(
                "wipe: what it is about to take away",
                &plan,
                None,
                LIMIT,
                None,
                None,
            );
            self.step("note what goes", LOOKS, work).await?;
        }
        let ended = self.remove_all(&mut journal, &removals, &before).await?;
        if !removals.is_empty() && ended != Ended::Stopped {
            self.step("let systemd forget units that are gone", CHANGES, journal.settle()).await?;
        }
        // What said that there was a Kubernetes has gone by now, and the plan says so still: without it a setting that installers changed would be
        // nobody's again, and look restored.
        let past = Past::of(journal.entries());
        let known = Known { past: &past, ..*known };
        let mut judged = self
            .judged(&mut journal, "look for what is left", &known)
            .await?
            .after(&before, known.wishes);
        judged.spared = spared;
        if ended == Ended::Well {
            // Nothing is to be undone: what went was a dead cluster's.
            let forget = journal.forget();
            self.step("remove the journal", CHANGES, forget).await?.close().await;
        } else {
            journal.close().await;
        }
        Ok((ended != Ended::Well, judged))
    }

    /// Takes these away, in their order. A run that is to stop begins with no other, and is sure of what it took out of the packet filter.
    async fn remove_all(
        &mut self,
        journal: &mut Journal,
        removals: &[(&'static str, Removal)],
        before: &Judged,
    ) -> Result<Ended, Stopped> {
        let mut ended = Ended::Well;
        // What may have been the way in, without a proof so far that it may stay out.
        let mut unproven: Vec<&Removal> = Vec::new();
        let mut is_shut_out = false;
        for (index, (entry, removal)) in removals.iter().enumerate() {
            // The rules that they serve are there again.
            if is_shut_out && removal.stage == Stage::Sets {
                continue;
            }
            let is_stopped = self.options.cancel.is_stopped();
            if !is_stopped {
                let change = removal.change();
                let step = format!("{entry}: {}", short(&change.subject()));
                let lines = output(&self.events, &self.name, &named(&step));
                let work = journal.change(&step, &change, None, LIMIT, Some(lines), None);
                let outcome = self.step(&step, CHANGES, work).await;
                let how = match outcome {
                    Ok(_) => residue::how(removal.clear),
                    Err(Stopped::Step) => How::Failed,
                    Err(Stopped::Lane) => How::Begun,
                };
                self.tell_taken(before, removal, how);
                match outcome {
                    Ok(Outcome::Changed) => self.undone += 1,
                    Ok(Outcome::Unchanged) => {}
                    // The others have their own places; what stays is seen in the end.
                    Err(Stopped::Step) => ended = Ended::Failed,
                    Err(Stopped::Lane) => return Err(Stopped::Lane),
                }
                if Way::of(removal.stage).is_some() {
                    unproven.push(removal);
                }
            }
            let next = removals.get(index + 1).and_then(|(_, next)| Way::of(next.stage));
            let way = unproven.last().and_then(|it| Way::of(it.stage));
            if let Some(way) = way.filter(|way| is_stopped || next != Some(*way)) {
                let out = std::mem::take(&mut unproven);
                let proof = match way {
                    Way::Rules => {
                        let work = journal.prove();
                        self.step("log in anew, without these rules", LOOKS, work).await
                    }
                    Way::Links => {
                        let work = journal.prove_way();
                        self.step("log in anew, without these links and routes", LOOKS, work).await
                    }
                };
                if proof.is_err() {
                    ended = Ended::Failed;
                    is_shut_out |= way == Way::Rules;
                    // What has no guard is not put back.
                    for it in out.into_iter().filter(|it| it.change().is_guarded()) {
                        self.tell_taken(before, it, How::Failed);
                    }
                }
                if proof == Err(Stopped::Lane) {
                    return Err(Stopped::Lane);
                }
            }
            if is_stopped {
                return Ok(Ended::Stopped);
            }
        }
        Ok(ended)
    }

    /// Tells what came of a removal, thing by thing.
    fn tell_taken(&self, before: &Judged, removal: &Removal, how: How) {
        for verdict in residue::taken_by(before, removal) {
            let (name, thing) = (verdict.entry.name, verdict.thing.clone());
            self.tell(EventKind::Taken(Tried { name, thing, how, run: None }));
        }
    }
}

/// How the removals of a host ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// All of them worked.
    Well,
    /// Some did not.
    Failed,
    /// The run was told to stop before all of them were made.
    Stopped,
}

/// The beginning of a long subject.
fn short(subject: &str) -> String {
    match subject.char_indices().nth(100) {
        Some((at, _)) => format!("{} ...", &subject[..at]),
        None => subject.to_owned(),
    }
}
