//! Connecting to a run's hosts, and looking at them before anything is changed.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::credentials;
use super::exit::{Exit, Stop};
use super::options::Options;
use super::session::Session;
use super::signals;
use crate::cluster::{Host, RUNTIMES, Subnets};
use crate::engine::{self, Cancel, Unreached};
use crate::event::{EventKind, Finding, Severity};
use crate::host::facts::{Endpoint, Facts, Unit};
use crate::host::survey::SurveyError;
use crate::host::{Entry, Error, Identity, Probe, Remote, State};
use crate::playbook::HostState;
use crate::report;
use crate::ssh::{self, HostKeys, Policy};

/// Limit for the reading of facts.
pub const FACTS: Duration = Duration::from_secs(60);

/// Connects to all hosts; each that cannot be reached is a finding, and ends the run.
pub async fn connect(session: &mut Session, options: &Options) -> Result<Vec<Remote>, Stop> {
    let mut remotes = Vec::new();
    let mut all = true;
    for result in try_connect(session, options).await? {
        match result {
            Ok(remote) => remotes.push(remote),
            Err(unreached) => {
                all = false;
                session.events.host(&unreached.host, unreachable(&unreached));
            }
        }
    }
    if all { Ok(remotes) } else { Err(Stop::said(Exit::Unreachable)) }
}

/// The finding for a host that cannot be reached.
pub fn unreachable(unreached: &Unreached) -> EventKind {
    let error = &unreached.error;
    let (message, fix) = (error.to_string(), error.fix());
    let finding = Finding::new(error.name(), Severity::Error, message, fix);
    EventKind::Finding(Finding { command: error.command(), ..finding })
}

/// Connects to those hosts that answer, and shows from then on what happens.
pub async fn try_connect(
    session: &mut Session,
    options: &Options,
) -> Result<Vec<Result<Remote, Unreached>>, Stop> {
    let results = reached(session, options).await?;
    session.show();
    Ok(results)
}

/// Connects to those hosts that answer. New host keys are put to the operator once, all together.
pub async fn reached(
    session: &Session,
    options: &Options,
) -> Result<Vec<Result<Remote, Unreached>>, Stop> {
    let targets = credentials::targets(&session.cluster, options.connect_timeout())?;
    let policy = if options.accept_new_host_keys { Policy::AcceptNew } else { Policy::Known };
    let keys = Arc::new(host_keys(policy));
    let mut results = tokio::select! {
        results = engine::connect(&targets, &keys, &session.run) => results,
        () = session.cancel.stopped() => return Err(Stop::said(Exit::Interrupted)),
    };
    let new = keys.unknown();
    if policy == Policy::AcceptNew || (!new.is_empty() && asked(&session.cancel, &new).await?) {
        keys.record(&new).map_err(|error| Stop::error(Exit::Unreachable, &error, &error.fix()))?;
        // Those that were turned away for their keys alone get another try.
        for result in &mut results {
            let Err(unreached) = result else { continue };
            if matches!(*unreached.error, Error::Ssh(ssh::Error::HostKeyUnknown(_))) {
                let target = targets[unreached.index].clone();
                let mut again = engine::connect(&[target], &keys, &session.run).await;
                if let Some(again) = again.pop() {
                    *result = again;
                }
            }
        }
    }
    if session.reports() {
        results = session.unless_stopped(identified(session, &keys, results)).await?;
    }
    Ok(results)
}

/// Tells what each host is, for a report: its address, its key, its distribution, its Kubernetes. What it does not say is not known then,
/// and stops nothing.
async fn identified(
    session: &Session,
    keys: &HostKeys,
    reached: Vec<Result<Remote, Unreached>>,
) -> Vec<Result<Remote, Unreached>> {
    let looks = side_by_side(reached, usize::MAX, |_, mut reached| async move {
        let identity = match &mut reached {
            Ok(remote) => remote.identity(FACTS).await.unwrap_or_default(),
            Err(_) => Identity::default(),
        };
        (reached, identity)
    });
    let mut all = Vec::new();
    for (host, (reached, identity)) in session.cluster.hosts.iter().zip(looks.await) {
        let (address, port) = (&host.address, host.ssh.port);
        let facts = [
            ("address", Some(ssh::known_as(address, port))),
            ("host key", keys.accepted(address, port)),
            ("os", identity.os),
            ("kubernetes", identity.kubernetes),
        ];
        for (name, value) in facts {
            if let Some(value) = value {
                let name = name.to_owned();
                session.events.host(&host.display, EventKind::Fact { name, value });
            }
        }
        all.push(reached);
    }
    all
}

/// Does something with each of these side by side, with so many at a time at the most; the results are in their
/// order.
pub async fn side_by_side<T, R, F>(
    all: Vec<T>,
    at_once: usize,
    work: impl Fn(usize, T) -> F,
) -> Vec<R>
where
    R: Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    let turns = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
    let mut tasks = JoinSet::new();
    for (index, one) in all.into_iter().enumerate() {
        let (turns, work) = (Arc::clone(&turns), work(index, one));
        tasks.spawn(async move {
            let _turn = turns.acquire().await;
            (index, work.await)
        });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Reads the hosts that were reached, so many at a time: what each showed, or why it could not be read, with
/// what to do.
pub async fn read_each<R, F>(
    reached: Vec<Result<Remote, Unreached>>,
    at_once: usize,
    read: impl Fn(Remote) -> F,
) -> Vec<Result<R, (String, String)>>
where
    R: Send + 'static,
    F: Future<Output = Result<R, SurveyError>> + Send + 'static,
{
    side_by_side(reached, at_once, |_, reached| {
        let reading = reached.map(&read);
        async move {
            match reading {
                Ok(reading) => reading.await.map_err(|error| (error.to_string(), error.fix())),
                Err(Unreached { error, .. }) => Err((error.to_string(), error.fix())),
            }
        }
    })
    .await
}

/// Connects to some of the hosts once more, after the run let them go; nobody is asked.
pub async fn again(
    session: &Session,
    cluster: &crate::cluster::Cluster,
    options: &Options,
) -> Result<Vec<Result<Remote, Unreached>>, Stop> {
    let targets = credentials::targets(cluster, options.connect_timeout())?;
    let keys = Arc::new(host_keys(Policy::Known));
    Ok(engine::connect(&targets, &keys, &session.run).await)
}

/// The user's `known_hosts`, or the file that `BIVOUAC_KNOWN_HOSTS` names.
pub fn host_keys(policy: Policy) -> HostKeys {
    match std::env::var_os("BIVOUAC_KNOWN_HOSTS").filter(|file| !file.is_empty()) {
        Some(file) => HostKeys::new(PathBuf::from(file), Vec::new(), policy),
        None => HostKeys::standard(policy),
    }
}

/// Asks once for all hosts that are not in `known_hosts`.
pub async fn asked(cancel: &Cancel, new: &[ssh::UnknownKey]) -> Result<bool, Stop> {
    if !report::is_terminal() {
        return Ok(false);
    }
    let mut question = String::from("these hosts are not in known_hosts yet:\n");
    for key in new {
        let _ = writeln!(question, "  {}  {}  {}", key.known_as(), key.algorithm, key.fingerprint);
    }
    question += "are these their keys? type `yes` to record them: ";
    Ok(signals::ask(cancel, question).await?.is_some_and(|answer| answer.trim() == "yes"))
}

/// What was read from a host before anything was changed.
#[derive(Debug)]
pub struct Seen {
    pub facts: Facts,
    pub entries: Vec<Entry>,
    /// The operator's clock before and after the reading.
    pub clock: (SystemTime, SystemTime),
}

/// Reads all hosts' facts and journals, side by side.
pub async fn look(
    session: &Session,
    remotes: Vec<Remote>,
) -> Result<(Vec<Remote>, Vec<Seen>), Stop> {
    let endpoint = session.cluster.outer_endpoint();
    let asked = crate::preflight::asked(&session.cluster);
    let etcd = session.cluster.external_etcd().filter(|it| !it.endpoints.is_empty());
    let looks = side_by_side(remotes, usize::MAX, |index, mut remote| {
        let (endpoint, asked) = (endpoint.clone(), asked.clone());
        let etcd = etcd.clone().filter(|_| session.cluster.hosts[index].control_plane);
        async move {
            let mut seen = look_at(&mut remote, endpoint.as_deref(), &asked).await;
            if let (Some(etcd), Ok(it)) = (etcd, &mut seen) {
                match remote.probe(&Probe::new(etcd.script()), FACTS).await {
                    Ok(answer) => it.facts.external_etcd = Some(etcd.parse(&answer.stdout)),
                    Err(error) => seen = Err(error.into()),
                }
            }
            (remote, seen)
        }
    });
    let results = session.unless_stopped(looks).await?;
    let (mut remotes, mut all_seen) = (Vec::new(), Vec::new());
    let mut refused = None;
    for (host, (remote, seen)) in session.cluster.hosts.iter().zip(results) {
        let host = &host.display;
        match seen {
            Ok(seen) => {
                let os = seen.facts.os.pretty_name.clone().unwrap_or_else(|| "unknown".to_owned());
                session.events.host(host, EventKind::Fact { name: "os".to_owned(), value: os });
                remotes.push(remote);
                all_seen.push(seen);
            }
            Err(unread) => {
                let Unread { exit, message, fix } = unread;
                // Who cannot be reached any more comes before who says odd things.
                if refused != Some(Exit::Unreachable) {
                    refused = Some(exit);
                }
                let found = Finding::new("Readable", Severity::Error, message, fix);
                session.events.host(host, EventKind::Finding(found));
            }
        }
    }
    match refused {
        None => Ok((remotes, all_seen)),
        Some(exit) => Err(Stop::said(exit)),
    }
}

/// Why a host could not be looked at.
pub struct Unread {
    exit: Exit,
    message: String,
    fix: String,
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        let exit = match error {
            Error::Ssh(_) => Exit::Unreachable,
            _ => Exit::Refused,
        };
        Self { exit, message: error.to_string(), fix: error.fix() }
    }
}

pub async fn look_at(
    remote: &mut Remote,
    endpoint: Option<&str>,
    asked: &[String],
) -> Result<Seen, Unread> {
    let before = SystemTime::now();
    let text = remote.facts(asked, FACTS).await?;
    let clock = (before, SystemTime::now());
    let mut facts = Facts::parse(&text).map_err(|error| Unread {
        exit: Exit::Refused,
        message: error.to_string(),
        fix: "look at the host by hand".to_owned(),
    })?;
    if let Some((name, script)) = endpoint.and_then(|name| Some((name, Endpoint::script(name)?))) {
        let answer = remote.probe(&Probe::new(script), FACTS).await?;
        facts.endpoint = Some(Endpoint::parse(name, &answer.stdout));
    }
    let entries = remote.entries().await?;
    Ok(Seen { facts, entries, clock })
}

/// Where a kubelet's configuration is that has settings of its own (`playbooks/init/53-kubelet.yaml`).
const KUBELET: &str = "/etc/kubernetes/bivouac/kubelet.yaml";

/// What a plan needs to know of each host.
pub fn states(session: &Session, seen: &[Seen]) -> Vec<HostState> {
    let pods = &session.cluster.network.pod_subnet;
    session.cluster.hosts.iter().zip(seen).map(|(host, seen)| state(host, seen, pods)).collect()
}

/// What a plan needs to know of a host, whose pods have these addresses.
pub fn state(host: &Host, seen: &Seen, pods: &Subnets) -> HostState {
    // With two families the first one's is the node's own.
    let first = if pods.is_dual() {
        seen.facts.address_of(&host.address, pods.is_v6_first())
    } else {
        seen.facts.node_address(&host.address)
    };
    let address = first
        .or_else(|| host.address.parse().ok())
        .unwrap_or(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
    let other = seen.facts.address_of(&host.address, !address.is_ipv6());
    let foreign = seen.facts.has_kubelet_conf() && !was_node(&seen.entries);
    HostState {
        os: seen.facts.os.clone(),
        package_managers: seen.facts.package_managers.clone().unwrap_or_default(),
        firewalld: seen.facts.unit("firewalld.service").is_some_and(Unit::is_running),
        arch: seen.facts.arch.clone().unwrap_or_default(),
        node: seen
            .facts
            .node_name(host.node_name.as_deref())
            .unwrap_or_else(|| host.display.clone()),
        address,
        networks: seen
            .facts
            .networks(address)
            .chain(other.into_iter().flat_map(|it| seen.facts.networks(it)))
            .collect(),
        other_address: other,
        joined: foreign
            || seen.entries.iter().any(|entry| entry.state == State::Done && entry.is_join()),
        foreign,
        guest: is_guest(&seen.entries),
        server: seen.facts.api_server.clone(),
        moved: seen.entries.iter().any(|entry| entry.state != State::Undone && entry.is_move()),
        balancer: seen.facts.balancer.clone(),
        own_kubelet: seen.facts.has_claimed(KUBELET),
        resolved: seen.facts.names.resolved_runs,
        proxied: RUNTIMES.iter().any(|runtime| {
            seen.facts.has_claimed(&format!("/etc/systemd/system/{}.d/proxy.env", runtime.engine))
        }),
        has_served: seen.facts.has_claimed(HostState::SERVER),
        silent: false,
        containerd: seen.facts.containerd.clone(),
        cri_o: seen.facts.cri_o.clone(),
        registries_conf: seen.facts.registries_conf == Some(true),
        docker: seen.facts.docker.clone(),
    }
}

/// Whether we made the host a node, or began to.
pub fn was_node(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| entry.kind == "kubeadm" && entry.state != State::Undone)
}

/// Whether the cluster that we made it a node of was another tool's.
pub fn is_guest(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| entry.step == HostState::GUEST && entry.state != State::Undone)
}
