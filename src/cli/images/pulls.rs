//! Whether the hosts can pull by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::exit::{Exit, Stop};
use super::super::hosts;
use super::super::session::Session;
use super::super::sources;
use super::{Key, tell};
use crate::cluster::Cluster;
use crate::engine::describe;
use crate::event::Severity;
use crate::host::Remote;
use crate::host::registry::{Asked, Verdict};
use crate::playbook::{Artifacts, HostState, Site, without_proxy};
use crate::registry;

/// Limit for all questions of a host: each has half a minute, and a dozen images are many.
const LIMIT: Duration = Duration::from_secs(360);

/// Does something with all hosts at once; the results are in the hosts' order.
pub(in super::super) async fn side_by_side<T, F>(
    session: &Session,
    remotes: &mut Vec<Remote>,
    work: impl Fn(usize, Remote) -> F,
) -> Result<Vec<T>, Stop>
where
    T: Send + 'static,
    F: Future<Output = (Remote, T)> + Send + 'static,
{
    let all = hosts::side_by_side(std::mem::take(remotes), usize::MAX, work);
    let all = session.unless_stopped(all).await?;
    Ok(all
        .into_iter()
        .map(|(remote, result)| {
            remotes.push(remote);
            result
        })
        .collect())
}

/// Lets each host ask for the images that it will pull. `unknown` is what this machine could not ask for.
pub(super) async fn can(
    session: &Session,
    remotes: &mut Vec<Remote>,
    states: &[HostState],
    needs: &BTreeMap<Key, Vec<usize>>,
    unknown: &BTreeMap<Key, registry::Error>,
) -> Result<(), Stop> {
    let cluster = &session.cluster;
    let wanted = |host: usize| -> Vec<&Key> {
        needs.iter().filter(|(_, hosts)| hosts.contains(&host)).map(|(key, _)| key).collect()
    };
    let [_, proxy] = sources::proxy_with_login(cluster)?;
    let artifacts = Artifacts::default();
    let site = Site { cluster, hosts: states, artifacts: &artifacts, kubeconfig: "", leaving: &[] };
    let without = without_proxy(&site).join(",");
    let answers = side_by_side(session, remotes, |host, mut remote| {
        let asked = asked(cluster, &wanted(host));
        let (arch, proxy) = (states[host].arch.clone(), proxy.clone());
        let without = without.clone();
        async move {
            if asked.is_empty() {
                return (remote, Ok(Some(Vec::new())));
            }
            let way = proxy.as_ref().map(|proxy| (proxy.expose(), without.as_str()));
            let answer = remote.ask_registries(&asked, &arch, way, LIMIT).await;
            (remote, answer)
        }
    })
    .await?;
    let mut refused = false;
    for (host, answer) in answers.into_iter().enumerate() {
        let answer =
            answer.map_err(|error| Stop::error(Exit::Unreachable, &error, &error.fix()))?;
        let Some(verdicts) = answer else {
            // Somebody has asked for all of them, or nobody for some.
            for error in wanted(host).into_iter().filter_map(|key| unknown.get(key)) {
                let message = format!(
                    "{}; neither could the host be asked, which has no `curl`: whether the image is there will show when it is pulled",
                    describe(error)
                );
                let fix = format!("install `curl` on the host, or {}", error.fix());
                tell(session, host, Severity::Warning, message, fix);
            }
            continue;
        };
        for (message, fix) in said_by_host(&verdicts) {
            refused = true;
            tell(session, host, Severity::Error, message, fix);
        }
    }
    if refused { Err(Stop::said(Exit::Refused)) } else { Ok(()) }
}

/// What is wrong by a host's own words, each cause once.
fn said_by_host(verdicts: &[(String, Verdict)]) -> Vec<(String, String)> {
    let mut causes: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (image, verdict) in verdicts {
        let cause = match verdict {
            Verdict::There => continue,
            Verdict::Missing => ("the registry does not have it (404)", "push it there"),
            Verdict::Login => (
                "the registry refuses the login (401)",
                "correct `username` or the file that `passwordFile` names",
            ),
            Verdict::Architecture => (
                "there is none for this host's architecture",
                "push the image for it too, as one with several platforms",
            ),
            Verdict::Unknown(cause) => (
                cause.as_str(),
                "let the host reach the registry, and trust its certificate (`ca`); or take `download: operator`, where this machine pulls",
            ),
        };
        causes.entry(cause).or_default().insert(image);
    }
    causes
        .into_iter()
        .map(|((cause, fix), images)| {
            let names: Vec<String> = images.iter().map(|image| format!("`{image}`")).collect();
            (format!("cannot pull {}: {cause}", names.join(", ")), fix.to_owned())
        })
        .collect()
}

/// These images by their registries.
fn asked(cluster: &Cluster, keys: &[&Key]) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for (reference, _) in keys {
        let Some((host, path)) = reference.split_once('/') else { continue };
        let Some((repository, tag)) = path.rsplit_once(':') else { continue };
        let image = (repository.to_owned(), tag.to_owned());
        if let Some(one) = all.iter_mut().find(|it| it.registry == host) {
            one.images.push(image);
            continue;
        }
        let own = cluster.registries.iter().find(|it| it.address == host);
        let login = own.and_then(|own| {
            own.login.as_ref().map(|(user, _)| user.clone()).zip(own.password.clone())
        });
        all.push(Asked {
            registry: host.to_owned(),
            authorities: own.and_then(|own| own.authorities.clone()),
            login,
            images: vec![image],
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_once_with_all_its_images() {
        let unknown = || Verdict::Unknown("(7) no way".to_owned());
        let verdicts = [
            ("r/a:1", unknown()),
            ("r/b:1", Verdict::There),
            ("r/c:1", unknown()),
            ("r/d:1", Verdict::Missing),
        ];
        let told = said_by_host(&verdicts.map(|(image, it)| (image.to_owned(), it)));
        let messages: Vec<&str> = told.iter().map(|(message, _)| message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "cannot pull `r/a:1`, `r/c:1`: (7) no way",
                "cannot pull `r/d:1`: the registry does not have it (404)"
            ]
        );
    }
}
