//! `bivouac init`: preflight, then install the cluster.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::exit::{Exit, Stop};
use super::options::Options;
use super::preflight::Checked;
use super::session::Session;
use super::skips::Skips;
use super::{diagnose, hosts, preflight, running, sources, version};
use crate::cluster::LoadBalancer;
use crate::engine;
use crate::host::Remote;
use crate::playbook::{HostState, Plan, SERVE_TOKEN, Site, Values, acting};
use crate::report;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    skips: Skips,
}

/// Hours that a bootstrap token lives if the run cannot delete it.
const TOKEN_LIFE: Duration = Duration::from_secs(3600);

pub async fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let cluster = args.skips.added(version::settled(options).await?)?;
    let mut session = Session::begin(options, "init", cluster);
    match install(&mut session, options).await {
        Ok(exit) => Ok(session.end(exit).await),
        Err(stop) => {
            let exit = stop.show();
            Ok(session.end(exit).await)
        }
    }
}

async fn install(session: &mut Session, options: &Options) -> Result<Exit, Stop> {
    let mut checked = preflight::check(session, options, true).await?;
    let mut states = hosts::states(session, &checked.seen);
    let mut all: Vec<&mut Remote> = checked.remotes.iter_mut().collect();
    running::find_acting(session, &mut all, &mut states).await?;
    half_wiped(session, &states)?;
    let site = Site {
        cluster: &session.cluster,
        hosts: &states,
        artifacts: &checked.artifacts,
        kubeconfig: "",
        leaving: &[],
    };
    moved(&site)?;
    // One that does not answer is waited for.
    if let Some(acts) = acting(&session.cluster, &states).filter(|acts| !states[*acts].foreign) {
        let (host, remote) = (&session.cluster.hosts[acts], &mut checked.remotes[acts]);
        match running::survey(session, host, remote).await {
            Ok(members) => {
                running::taken_out(&session.cluster, &states, &members)?;
                running::complete(&site, &members, &[])?;
                running::note_nodes(&mut session.cluster, &members, &[]);
            }
            Err(stop) if session.cancel.is_stopped() => return Err(stop),
            Err(_) => {}
        }
    }
    let after = format!("the cluster `{}` is up", session.cluster.name);
    carry_out(session, options, checked, &states, &after).await
}

/// Makes the plan of `init` for the session's hosts, and runs it. `after` is what has come about then.
pub async fn carry_out(
    session: &mut Session,
    options: &Options,
    checked: Checked,
    states: &[HostState],
    after: &str,
) -> Result<Exit, Stop> {
    let Checked { remotes, artifacts, library, .. } = checked;
    let kubeconfig = kubeconfig_path(&session.cluster);
    let site = Site {
        cluster: &session.cluster,
        hosts: states,
        artifacts: &artifacts,
        kubeconfig: &kubeconfig,
        leaving: &[],
    };
    let library = Arc::new(library);
    let plan = Plan::build("init", &library, &site)
        .map_err(|error| Stop::error(Exit::Usage, &error, error.fix()))?;
    let mut secrets = secrets()?;
    secrets.extend(sources::values(&site)?);
    let run = engine::Options {
        parallel: options.parallel,
        cancel: session.cancel.clone(),
        started: session.started,
    };
    let via = sources::via(&site)?;
    session.concluded = true;
    let work = engine::Work { plan, remotes, leaving: Vec::new(), values: secrets, via };
    let outcome = engine::run(work, &session.events, &run).await;
    let ended = outcome.ended;
    diagnose::after(session, options, &outcome.failed).await;
    outcome.tell(&session.events);
    if ended == engine::Ended::Done {
        session.after =
            Some(format!("{after}; look around with: KUBECONFIG={kubeconfig} kubectl get nodes"));
    }
    Ok(match ended {
        engine::Ended::Done => Exit::Done,
        engine::Ended::Failed => Exit::Failed,
        engine::Ended::Locked => Exit::Locked,
    })
}

/// Refuses a cluster whose control plane was wiped while a worker still belongs to it: that worker would
/// wait for a cluster that is no more.
fn half_wiped(session: &Session, states: &[HostState]) -> Result<(), Stop> {
    let all = || session.cluster.hosts.iter().zip(states);
    if all().any(|(host, state)| host.control_plane && state.joined) {
        return Ok(());
    }
    match all().find(|(host, state)| !host.control_plane && state.joined) {
        None => Ok(()),
        Some((worker, _)) => Err(Stop::new(
            Exit::Refused,
            format!(
                "{}: still belongs to a cluster whose control plane is gone\n  fix: finish the wipe first, with `bivouac wipe`",
                worker.display
            ),
        )),
    }
}

/// Refuses another address for the API servers than the cluster has: it is in every certificate and on
/// every node. Only one that was a single control plane's own can be given up.
fn moved(site: &Site<'_>) -> Result<(), Stop> {
    if site.cluster.load_balancer == LoadBalancer::None || site.moves() {
        return Ok(());
    }
    let endpoint = site.endpoint();
    let planes = site.cluster.hosts.iter().zip(site.hosts);
    let other = planes.filter_map(|(host, state)| {
        let has = state.server.as_ref()?;
        (host.control_plane && state.joined && *has != endpoint).then_some((&host.display, has))
    });
    match other.min() {
        None => Ok(()),
        Some((host, has)) => Err(Stop::new(
            Exit::Refused,
            format!(
                "{host}: the cluster was made with the address `{has}` for its API servers, and cluster.yaml now means `{endpoint}`\n  fix: give `controlPlaneEndpoint: {has}` in cluster.yaml; for another address wipe the cluster and make it anew"
            ),
        )),
    }
}

/// Where the kubeconfig goes: beside the operator's other files of this cluster.
pub fn kubeconfig_path(cluster: &crate::cluster::Cluster) -> String {
    format!("{}.kubeconfig", cluster.name)
}

/// The secrets of one run: a bootstrap token (its form: kubernetes.io, "Authenticating with Bootstrap
/// Tokens"), the key under which certificates lie in the cluster until the control planes have them, and the
/// token for the host that serves the bundle.
pub fn secrets() -> Result<Values, Stop> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz012345";
    let (mut random, mut keys) = ([0; 22], [0; 64]);
    getrandom::fill(&mut random).and_then(|()| getrandom::fill(&mut keys)).map_err(|error| {
        Stop::new(Exit::Failed, format!("this machine gives no random bytes: {error}"))
    })?;
    let hex =
        |bytes: &[u8]| bytes.iter().fold(String::new(), |key, byte| format!("{key}{byte:02x}"));
    let (key, serve) = (hex(&keys[..32]), hex(&keys[32..]));
    let text: String =
        random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    // The id only tells tokens apart; by its beginning later runs know ours.
    let id = format!("bv{}", &text[..4]);
    let secret = &text[6..];
    let expiry = report::words::moment(SystemTime::now() + TOKEN_LIFE);
    let expiry = format!("{}Z", expiry.split('.').next().unwrap_or(&expiry).trim_end_matches('Z'));
    Ok(Values::from([
        ("token".to_owned(), format!("{id}.{secret}")),
        ("token_id".to_owned(), id),
        ("token_secret".to_owned(), secret.to_owned()),
        ("token_expiry".to_owned(), expiry),
        ("certificate_key".to_owned(), key),
        (SERVE_TOKEN.to_owned(), serve),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Artifacts;

    /// What is said of a cluster file with this line, when `cp1` joined through that address, and the
    /// address that the cluster then has.
    fn said(line: &str, roles: &str, joined: bool, has: &str) -> (Option<String>, String) {
        let text = format!(
            "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  kubernetes: {{version: v1.20.2}}\n  artifacts: {{bundle: b}}\n  {line}\n  hosts:\n  - {{address: 10.0.0.1, roles: [control-plane], name: cp1}}\n  - {{address: 10.0.0.2, roles: [{roles}], name: h2}}\n"
        );
        let mut cluster = crate::cluster::parse("cluster.yaml", &text).unwrap();
        let state = |address: &str, joined| HostState {
            joined,
            server: joined.then(|| has.to_owned()),
            ..HostState::bare(address, address.parse().unwrap())
        };
        let hosts = [state("10.0.0.1", true), state("10.0.0.2", joined)];
        running::shrunk(&mut cluster, &hosts);
        let artifacts = Artifacts::default();
        let site = Site {
            cluster: &cluster,
            hosts: &hosts,
            artifacts: &artifacts,
            kubeconfig: "k",
            leaving: &[],
        };
        let moves = if site.moves() { " now" } else { "" };
        let refused = moved(&site).err().map(|stop| format!("{stop:?}"));
        (refused, format!("{}{moves}", site.endpoint()))
    }

    /// Images are decided from what is settled here: who has a load balancer needs one.
    #[test]
    fn what_is_left_of_several_control_planes_still_has_their_load_balancer() {
        let text = "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n  kubernetes: {version: v1.20.2}\n  hosts:\n  - {address: 10.0.0.1, roles: [control-plane], name: cp1}\n  - {address: 10.0.0.2, roles: [worker], name: w1}\n";
        let mut cluster = crate::cluster::parse("cluster.yaml", text).unwrap();
        let state = |address: &str| HostState {
            joined: true,
            server: Some("127.0.0.1:6443".to_owned()),
            ..HostState::bare(address, address.parse().unwrap())
        };
        let balances = |cluster: &crate::cluster::Cluster| {
            cluster.images().iter().any(|image| image.name == "haproxy")
        };
        assert!(!balances(&cluster));
        running::shrunk(&mut cluster, &[state("10.0.0.1"), state("10.0.0.2")]);
        assert!(balances(&cluster));
    }

    #[test]
    fn a_cluster_keeps_the_address_that_it_was_made_with() {
        let own = "10.0.0.1:6443";
        let given = "controlPlaneEndpoint: 10.0.0.1:6443";
        let internal = "127.0.0.1:6443";
        for (line, roles, has, endpoint) in [
            (given, "control-plane", own, own),
            ("network: {}", "control-plane", internal, internal),
            // One control plane as before.
            ("network: {}", "worker", own, own),
            // Of several one is left.
            ("network: {}", "worker", internal, internal),
        ] {
            let joined = roles == "control-plane";
            let expected = (None, endpoint.to_owned());
            assert_eq!(said(line, roles, joined, has), expected, "{line} {roles} {has}");
        }
    }

    #[test]
    fn a_single_control_plane_can_become_several() {
        let own = "10.0.0.1:6443";
        for (line, roles, endpoint) in [
            ("network: {}", "control-plane", "127.0.0.1:6443"),
            ("loadBalancer: {kind: internal}", "worker", "127.0.0.1:6443"),
            ("loadBalancer: {kind: kube-vip, vip: 10.0.0.9}", "control-plane", "10.0.0.9:6443"),
            ("controlPlaneEndpoint: a.b:6443", "worker", "a.b:6443"),
        ] {
            let expected = (None, format!("{endpoint} now"));
            assert_eq!(said(line, roles, false, own), expected, "{line} {roles}");
        }
        // Two that go by the first one's address, or by one that was chosen, have certificates with it.
        for has in [own, "c.d:6443"] {
            let (refused, _) = said("controlPlaneEndpoint: a.b:6443", "control-plane", true, has);
            let refused = refused.expect("a refusal");
            assert!(refused.contains("cp1") && refused.contains("a.b:6443"), "{refused}");
            assert!(refused.contains(&format!("controlPlaneEndpoint: {has}")), "{refused}");
        }
    }
}
