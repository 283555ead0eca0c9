//! API servers: each control plane's own, and each host's way to one.

use super::{Context, Finding, Look};
use crate::cluster::INTERNAL_ENDPOINT;
use crate::event::Severity;
use crate::host::survey::{Ready, Survey};

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (look, survey) in context.installed() {
        findings.extend(own(look, survey));
    }
    let somebody = context.seen().any(|(_, survey)| survey.api == Some(Ready::Up));
    for (look, survey) in context.installed() {
        // Where the own one does not answer, that was said; where none does, there is no way to tell of.
        let is_said = look.host.control_plane && survey.api != Some(Ready::Up);
        if somebody && !is_said {
            findings.extend(way(look, survey));
        }
    }
    if context.nodes().is_none() {
        findings.push(Context::finding(
            Severity::Error,
            "Api",
            "no API server could be asked: nodes, labels, taints and leftovers in the cluster are unknown",
            "bring a control plane back first",
        ));
    }
    findings
}

fn own(look: &Look<'_>, survey: &Survey) -> Option<Finding> {
    if !look.host.control_plane {
        return None;
    }
    let fix = "`crictl ps -a` on the host shows whether it runs, `crictl logs` why not";
    match &survey.api {
        Some(Ready::Up) => None,
        Some(Ready::Down(_)) if !survey.manifests.iter().any(|m| m == "kube-apiserver.yaml") => {
            Some(look.error(
                "ApiServer",
                "its API server is gone: there is no `/etc/kubernetes/manifests/kube-apiserver.yaml`",
                "put the file back; the kubelet starts the API server from it",
            ))
        }
        Some(Ready::Down(cause)) => {
            Some(look.error("ApiServer", format!("its API server is not ready: {cause}"), fix))
        }
        None => Some(look.error(
            "ApiServer",
            "whether its API server works is unknown: there is no `/etc/kubernetes/admin.conf`, or no `kubectl`, to ask it with",
            "look at the host by hand",
        )),
    }
}

fn way(look: &Look<'_>, survey: &Survey) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(Ready::Down(cause)) = &survey.balancer {
        findings.push(look.error(
            "LoadBalancer",
            format!(
                "no API server answers through its load balancer at `{INTERNAL_ENDPOINT}`: {cause}"
            ),
            "`crictl ps -a` on the host shows whether it runs, `crictl logs` why not",
        ));
    }
    let server = survey.server.clone().flatten().unwrap_or_default();
    match &survey.reach {
        Some(Ready::Up) => {}
        Some(Ready::Down(cause)) => findings.push(look.error(
            "ApiReachable",
            format!("its kubelet's way to the API, `{server}`, does not work: {cause}"),
            "look for what is in between: a firewall, a route, a load balancer",
        )),
        None => findings.push(look.error(
            "ApiReachable",
            format!("whether it reaches the API at `{server}` is unknown: there is no `kubectl` to ask with"),
            "look at the host by hand",
        )),
    }
    findings
}
