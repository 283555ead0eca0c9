//! Whether hosts that are to download by themselves reach the release servers, before anything is changed.

use std::collections::BTreeMap;

use super::exit::{Exit, Stop};
use super::images::pulls::side_by_side;
use super::session::Session;
use super::sources;
use crate::cluster::Download;
use crate::event::{Breaks, EventKind, Finding, Severity};
use crate::host::Remote;
use crate::playbook::{Artifacts, HostState, Site};
use crate::preflight;

const NAME: &str = "Downloads";

/// Lets each new host ask each server for one of its files, where cluster.yaml has hosts download. Their images' registries are asked by
/// `images`.
pub async fn servers(
    session: &Session,
    remotes: &mut Vec<Remote>,
    states: &[HostState],
) -> Result<(), Stop> {
    let cluster = &session.cluster;
    let by_hosts = cluster.bundle.is_none() && cluster.sources.download == Download::Hosts;
    if !by_hosts || cluster.skips.iter().any(|skip| skip.name == NAME) {
        return Ok(());
    }
    let artifacts = Artifacts::default();
    let site = Site { cluster, hosts: states, artifacts: &artifacts, kubeconfig: "", leaving: &[] };
    let via = sources::via(&site)?;
    let answers = side_by_side(session, remotes, |host, mut remote| {
        // A node has its files.
        let urls =
            if states[host].joined { Vec::new() } else { of_servers(session, &states[host].arch) };
        let via = via.clone();
        async move {
            if urls.is_empty() {
                return (remote, Ok(Some(Vec::new())));
            }
            let answer = remote.ask_servers(&urls, &via).await;
            (remote, answer)
        }
    })
    .await?;
    let mut refused = false;
    for (host, answer) in cluster.hosts.iter().zip(answers) {
        let answer =
            answer.map_err(|error| Stop::error(Exit::Unreachable, &error, &error.fix()))?;
        let Some(answer) = answer else {
            let because =
                "whether it reaches the release servers could not be asked there (`curl` does it)";
            let (name, because) = (NAME.to_owned(), because.to_owned());
            session.events.host(&host.display, EventKind::Unchecked { name, because });
            continue;
        };
        for (url, why) in answer.into_iter().filter_map(|(url, it)| Some((url, it.err()?))) {
            refused = true;
            let message = format!("does not reach `{}`: {why}", server(&url));
            let fix = "let the host reach it (`proxy`, `ca`, or a mirror in cluster.yaml), or let this machine download and upload: \
                       `artifacts: {download: operator}`";
            let breaks =
                preflight::named(NAME).ok().map(|it| Breaks { phase: it.phase, what: it.breaks });
            let found = Finding::new(NAME, Severity::Error, message, fix);
            session.events.host(&host.display, EventKind::Finding(Finding { breaks, ..found }));
        }
    }
    if refused { Err(Stop::said(Exit::Refused)) } else { Ok(()) }
}

/// One file of each server.
fn of_servers(session: &Session, arch: &str) -> Vec<String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for source in sources::of(&session.cluster, &[arch.to_owned()]) {
        all.entry(server(&source.url).to_owned()).or_insert(source.url);
    }
    all.into_values().collect()
}

/// `https://dl.k8s.io` of an address there.
fn server(url: &str) -> &str {
    let path = url.find("://").map_or(0, |at| at + 3);
    url[path..].find('/').map_or(url, |end| &url[..path + end])
}

#[cfg(test)]
mod tests {
    use super::server;

    #[test]
    fn a_server_is_what_stands_before_the_path() {
        assert_eq!(server("https://dl.k8s.io/release/v1.35.0/x"), "https://dl.k8s.io");
        assert_eq!(server("http://[::1]:80/a"), "http://[::1]:80");
        assert_eq!(server("https://a"), "https://a");
    }
}
