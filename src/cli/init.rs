//! `bivouac init`: preflight, then install the cluster.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::exit::{Exit, Stop};
use super::options::Options;
use super::preflight::Checked;
use super::session::Session;
use super::{hosts, preflight};
use crate::engine;
use crate::playbook::{Plan, Values};
use crate::report;

#[derive(Debug, clap::Args)]
pub struct Args {}

/// Hours that a bootstrap token lives if the run cannot delete it.
const TOKEN_LIFE: Duration = Duration::from_secs(3600);

pub async fn run(options: &Options, _args: &Args) -> Result<Exit, Stop> {
    let mut session = Session::begin(options, "init", options.cluster(true)?);
    match install(&mut session, options).await {
        Ok(exit) => Ok(session.end(exit).await),
        Err(stop) => {
            let exit = stop.show();
            Ok(session.end(exit).await)
        }
    }
}

async fn install(session: &mut Session, options: &Options) -> Result<Exit, Stop> {
    let checked = preflight::check(session, options, true).await?;
    let states = hosts::states(session, &checked.seen);
    half_wiped(session, &states)?;
    let after = format!("the cluster `{}` is up", session.cluster.name);
    carry_out(session, options, checked, &states, &after).await
}

/// Makes the plan of `init` for the session's hosts, and runs it. `after` is what has come about then.
pub async fn carry_out(
    session: &mut Session,
    options: &Options,
    checked: Checked,
    states: &[crate::playbook::HostState],
    after: &str,
) -> Result<Exit, Stop> {
    let Checked { remotes, artifacts, library, .. } = checked;
    let kubeconfig = kubeconfig_path(session);
    let site = crate::playbook::Site {
        cluster: &session.cluster,
        hosts: states,
        artifacts: &artifacts,
        kubeconfig: &kubeconfig,
        leaving: &[],
    };
    let library = Arc::new(library);
    let plan = Plan::build("init", &library, &site)
        .map_err(|error| Stop::error(Exit::Usage, &error, ""))?;
    let secrets = secrets()?;
    let run = engine::Options {
        parallel: options.parallel,
        cancel: session.cancel.clone(),
        started: session.started,
    };
    session.concluded = true;
    let ended = engine::run(plan, remotes, secrets, &session.events, &run).await;
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
fn half_wiped(session: &Session, states: &[crate::playbook::HostState]) -> Result<(), Stop> {
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

/// Where the kubeconfig goes: beside the operator's other files of this cluster.
pub fn kubeconfig_path(session: &Session) -> String {
    format!("{}.kubeconfig", session.cluster.name)
}

/// The secrets of one run: a bootstrap token (its form: kubernetes.io, "Authenticating with Bootstrap
/// Tokens") and the key under which certificates lie in the cluster until the control planes have them.
pub fn secrets() -> Result<Values, Stop> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz012345";
    let (mut random, mut key) = ([0; 22], [0; 32]);
    getrandom::fill(&mut random).and_then(|()| getrandom::fill(&mut key)).map_err(|error| {
        Stop::new(Exit::Failed, format!("this machine gives no random bytes: {error}"))
    })?;
    let key = key.iter().fold(String::new(), |key, byte| format!("{key}{byte:02x}"));
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
    ]))
}
