//! What a removal takes from sources: no more than its changes need, which is nothing as a rule. So it works
//! when the bundle, the release servers and the registries of the day of the install are gone.

use std::sync::Arc;

use super::exit::{Exit, Stop};
use super::options::Options;
use super::session::Session;
use super::{images, init, preflight, registries, sources};
use crate::cluster::images::Image;
use crate::host::Remote;
use crate::playbook::{Artifacts, HostState, Leaving, Library, Needs, Plan, Site};

/// The plan for the session's hosts, which stay while others leave. First it is made with names alone: what it
/// brings to hosts then is fetched, or found, and the plan is made again with that.
///
/// With it comes whether sources are needed at all: what is said of them, passwords and authorities, is read only then.
pub async fn planned(
    session: &mut Session,
    options: &Options,
    library: &Arc<Library>,
    remotes: &mut Vec<Remote>,
    states: &[HostState],
    leaving: &[Leaving],
) -> Result<(Plan, bool), Stop> {
    let architectures = sources::architectures(states);
    let named = |session: &Session| sources::named(&session.cluster, &architectures);
    let all = images::with_names(&session.cluster, states, named(session));
    let plan = plan(session, library, states, leaving, &all);
    let needs = plan.as_ref().map_or_else(|_| everything(session), Plan::needs);
    if needs.is_nothing() {
        return Ok((plan?, false));
    }
    registries::read(&mut session.cluster)?;
    let artifacts = if needs.files || session.cluster.bundle.is_some() {
        preflight::begin(session, options, true)?.artifacts(session, states).await?.0
    } else {
        named(session)
    };
    let wanted = |host: usize, image: &Image| needs.images.contains(&(host, image.name.to_owned()));
    let artifacts =
        preflight::with_images(session, remotes, states, artifacts, true, &wanted).await?;
    Ok((self::plan(session, library, states, leaving, &artifacts)?, true))
}

fn plan(
    session: &Session,
    library: &Arc<Library>,
    states: &[HostState],
    leaving: &[Leaving],
    artifacts: &Artifacts,
) -> Result<Plan, Stop> {
    let kubeconfig = init::kubeconfig_path(&session.cluster);
    let (cluster, kubeconfig) = (&session.cluster, kubeconfig.as_str());
    let site = Site { cluster, hosts: states, artifacts, kubeconfig, leaving };
    Plan::chain(&["remove", "init"], library, &site)
        .map_err(|error| Stop::error(Exit::Usage, &error, error.fix()))
}

/// The user's own playbooks may name what only a bundle has.
fn everything(session: &Session) -> Needs {
    let hosts = 0..session.cluster.hosts.len();
    let images = session.cluster.images();
    let each = |host| images.iter().map(move |image| (host, image.name.to_owned()));
    Needs { files: true, images: hosts.flat_map(each).collect() }
}
