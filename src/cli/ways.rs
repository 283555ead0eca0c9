//! A round of tries between the hosts, before anything is changed: see `preflight/between`.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::exit::{Exit, Stop};
use super::hosts::{self, Seen};
use super::session::Session;
use crate::event::{EventKind, Finding, Severity};
use crate::host::ways::{Heard, Outcome, Part, Protocol, Try, Way};
use crate::host::{Error, Remote};
use crate::playbook::HostState;
use crate::preflight::between::scheme::{self, Planned, Setting, Station};
use crate::ssh;

/// Limit for a host to begin to listen, and for it to end.
const BEGIN: Duration = Duration::from_secs(15);

/// One host in the round.
struct Walker {
    index: usize,
    words: mpsc::UnboundedSender<String>,
    said: mpsc::UnboundedReceiver<String>,
    heard: Heard,
    /// It has said each word in time, so far.
    tried: bool,
}

/// Lets the hosts try the ways to each other, and notes what came of it in their facts.
pub async fn tried(
    session: &Session,
    remotes: &mut Vec<Remote>,
    seen: &mut [Seen],
) -> Result<(), Stop> {
    let states = hosts::states(session, seen);
    let stations = stations(session, seen, &states);
    let foreign = states.iter().any(|state| state.foreign);
    let ways = scheme::plan(Setting { cluster: &session.cluster, foreign }, &stations);
    if ways.is_empty() {
        return Ok(());
    }
    // What datagrams begin with: those of another run are not ours.
    let word: String =
        session.run.id.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let parts: Vec<Option<Part>> =
        (0..stations.len()).map(|host| part(host, &stations, &ways)).collect();
    let slowest = parts.iter().flatten().map(Part::limit).max().unwrap_or_default();
    let (mut tasks, mut walkers, mut idle) = (JoinSet::new(), Vec::new(), Vec::new());
    for (index, (mut remote, part)) in std::mem::take(remotes).into_iter().zip(parts).enumerate() {
        let Some(part) = part else {
            idle.push((index, remote));
            continue;
        };
        let (words, hears) = mpsc::unbounded_channel();
        let (says, said) = mpsc::unbounded_channel();
        walkers.push(Walker { index, words, said, heard: Heard::default(), tried: true });
        let (word, limit) = (word.clone(), slowest + 2 * BEGIN);
        tasks.spawn(async move {
            let result = remote.walk(&part, &word, hears, says, limit).await;
            (index, remote, result)
        });
    }
    let round = async {
        each(&mut walkers, &word, "listening", BEGIN).await;
        say(&walkers, "try");
        each(&mut walkers, &word, "tried", slowest).await;
        say(&walkers, "end");
        tasks.join_all().await
    };
    let ended = session.unless_stopped(round).await?;
    for walker in &mut walkers {
        // What came after its last word is there by now.
        while let Ok(line) = walker.said.try_recv() {
            walker.heard.take(&line, &word);
        }
    }
    *remotes = returned(session, idle, ended)?;
    note(session, seen, &stations, &walkers, &ways);
    Ok(())
}

/// The hosts as the scheme sees them.
fn stations(session: &Session, seen: &[Seen], states: &[HostState]) -> Vec<Station> {
    let pods = &session.cluster.network.pod_subnet;
    let mut machines = Vec::new();
    let hosts = session.cluster.hosts.iter().zip(seen).zip(states);
    hosts
        .map(|((host, seen), state)| {
            let facts = &seen.facts;
            let mut addresses: Vec<_> = facts.global_addresses().map(|it| it.net).collect();
            addresses.sort();
            let identity = (facts.machine_id.clone(), facts.boot_id.clone(), addresses);
            let machine = machines.iter().position(|it| *it == identity).unwrap_or_else(|| {
                machines.push(identity);
                machines.len() - 1
            });
            let address = if pods.is_dual() {
                facts.address_of(&host.address, pods.is_v6_first())
            } else {
                facts.node_address(&host.address)
            };
            let is_root = facts.uid.is_none_or(|uid| uid == 0);
            let serves = session.cluster.serve.as_ref().is_some_and(|it| it.host == host.display);
            Station {
                control_plane: host.control_plane,
                serves,
                address: address.filter(|it| is_root && !it.is_loopback()),
                mtu: address.and_then(|it| facts.link_of(it)).map(|link| link.mtu),
                machine,
                joined: state.joined,
            }
        })
        .collect()
}

/// What a host has to do; `None` where it is in no way.
fn part(host: usize, stations: &[Station], ways: &[Planned]) -> Option<Part> {
    let address = stations[host].address?;
    let to = |way: &Planned| stations[way.to].address;
    let ports = |is: fn(Protocol) -> bool| -> BTreeSet<u16> {
        ways.iter().filter(|it| it.to == host && is(it.protocol)).map(|it| it.port).collect()
    };
    let tries: Vec<Try> = ways
        .iter()
        .enumerate()
        .filter(|(_, way)| way.from == host)
        .filter_map(|(number, way)| try_of(number, way, to(way)?))
        .collect();
    // Who is in the cluster has these ports for his own programs, which may be between two starts; his machine answers without us.
    let tcp = if stations[host].joined { BTreeSet::new() } else { ports(|it| it == Protocol::Tcp) };
    let udp = ports(|it| it != Protocol::Tcp);
    let has_part = !(tcp.is_empty() && udp.is_empty() && tries.is_empty());
    has_part.then_some(Part { address, tcp, udp, tries })
}

fn try_of(number: usize, way: &Planned, to: IpAddr) -> Option<Try> {
    let Planned { protocol, port, size, .. } = *way;
    (port != 0).then_some(Try { number, protocol, to, port, size })
}

/// Says a word to all of them.
fn say(walkers: &[Walker], word: &str) {
    for walker in walkers {
        // One that has ended hears nothing any more.
        let _ = walker.words.send(word.to_owned());
    }
}

impl Walker {
    /// Waits for a word of the host's; says whether it came.
    async fn until(&mut self, word: &str, mark: &str) -> bool {
        while let Some(line) = self.said.recv().await {
            // What a datagram had behind its words may stand in front.
            if line.trim_matches(|c: char| c == '\0' || c.is_whitespace()) == mark {
                return true;
            }
            self.heard.take(&line, word);
        }
        false
    }
}

/// Waits until each host has said a word, or will not in time.
async fn each(walkers: &mut [Walker], word: &str, mark: &str, limit: Duration) {
    let deadline = tokio::time::Instant::now() + limit;
    // One after the other: they speak side by side, and what they say is kept.
    for walker in walkers {
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        let came = timeout(left, walker.until(word, mark)).await.unwrap_or(false);
        walker.tried &= came;
    }
}

/// The connections again; one that broke ends the run.
fn returned(
    session: &Session,
    idle: Vec<(usize, Remote)>,
    ended: Vec<(usize, Remote, Result<crate::host::Answer, Error>)>,
) -> Result<Vec<Remote>, Stop> {
    let mut all = idle;
    let mut lost = false;
    for (index, remote, result) in ended {
        match result {
            // A host that was too slow has told what it could.
            Ok(_) | Err(Error::Ssh(ssh::Error::Hung { stopped: true, .. })) => {}
            Err(error) => {
                lost = true;
                let host = &session.cluster.hosts[index].display;
                let found =
                    Finding::new("Readable", Severity::Error, error.to_string(), error.fix());
                session.events.host(host, EventKind::Finding(found));
            }
        }
        all.push((index, remote));
    }
    all.sort_by_key(|(index, _)| *index);
    if lost {
        return Err(Stop::said(Exit::Unreachable));
    }
    Ok(all.into_iter().map(|(_, remote)| remote).collect())
}

/// Writes what came of the ways into the facts of those who tried them.
fn note(
    session: &Session,
    seen: &mut [Seen],
    stations: &[Station],
    walkers: &[Walker],
    ways: &[Planned],
) {
    let deaf = Heard::default();
    let of = |host: usize| walkers.iter().find(|it| it.index == host);
    for (number, way) in ways.iter().enumerate() {
        let Some(to) = stations[way.to].address else { continue };
        let (Some(here), Some(it)) = (of(way.from), try_of(number, way, to)) else { continue };
        // Who did not come to the end has not heard all.
        let there = of(way.to).filter(|it| it.tried).map_or(&deaf, |it| &it.heard);
        let outcome =
            if here.tried { Outcome::of(&it, &here.heard, there) } else { Outcome::Unknown };
        let Planned { protocol, port, purpose, .. } = *way;
        let to = session.cluster.hosts[way.to].display.clone();
        seen[way.from].facts.ways.push(Way { to, protocol, port, purpose, outcome });
    }
}
