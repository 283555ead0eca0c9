//! Nodes: missing, not ready, or on no host of the file.

use super::{Context, Finding, Look};
use crate::event::Severity;
use crate::host::survey::Node;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    if context.nodes().is_none() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for look in context.looks {
        match context.node(look) {
            Some(node) => findings.extend(one(look, node)),
            // That nothing was installed is said already.
            None if look.is_installed() == Some(false) => {}
            None => {
                let name = look.node_name().unwrap_or_else(|| look.host.display.clone());
                findings.push(look.error(
                    "Node",
                    format!("the cluster has no node `{name}`"),
                    "`bivouac init` goes on where a join broke off; else wipe the host and let it join again",
                ));
            }
        }
    }
    for node in context.foreign() {
        findings.push(Context::finding(
            Severity::Error,
            "Node",
            format!("the node `{}` is on no host of cluster.yaml", node.name),
            format!(
                "add its host to the file, or take the node out: `bivouac kubectl -- delete node {}`",
                node.name
            ),
        ));
    }
    findings
}

fn one(look: &Look<'_>, node: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    let since = node.since.as_deref().unwrap_or("an unknown time");
    let fix = format!("`bivouac kubectl -- describe node {}` says more", node.name);
    match node.ready {
        Some(true) => {}
        Some(false) => findings.push(look.error(
            "NodeReady",
            format!("its node `{}` is not Ready since {since}", node.name),
            fix,
        )),
        None => findings.push(look.error(
            "NodeReady",
            format!("the kubelet of its node `{}` is not heard any more since {since}", node.name),
            fix,
        )),
    }
    if node.cordoned {
        findings.push(look.warning(
            "Cordoned",
            format!("its node `{}` takes no new pods: it is cordoned", node.name),
            format!("`bivouac kubectl -- uncordon {}`", node.name),
        ));
    }
    findings
}
