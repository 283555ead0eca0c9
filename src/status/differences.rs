//! Nodes that differ from cluster.yaml: role, version, labels, taints.

use super::{Context, Finding, Look, is_control_plane};
use crate::cluster::versions::Wish;
use crate::host::survey::{Node, Survey};

/// Taints that kubeadm puts on control planes (the first until 1.23, both in 1.24, the second since).
const CONTROL_PLANE: [&str; 2] =
    ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"];

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for look in context.looks {
        if let Some(node) = context.node(look) {
            findings.extend(role(look, node));
            findings.extend(labels(look, node));
            findings.extend(taints(context, look, node));
        }
    }
    if let Some(wish) = context.wish {
        for look in context.looks {
            findings.extend(version(context, wish, look));
        }
    }
    findings
}

fn role(look: &Look<'_>, node: &Node) -> Option<Finding> {
    let (is, should) = (is_control_plane(node), look.host.control_plane);
    let word = |control_plane| if control_plane { "a control plane" } else { "a worker" };
    (is != should).then(|| {
        look.error(
            "Role",
            format!("its node `{}` is {}, cluster.yaml says {}", node.name, word(is), word(should)),
            "correct the file, or wipe the host and let it join again",
        )
    })
}

fn labels(look: &Look<'_>, node: &Node) -> Vec<Finding> {
    let of = |key: &str| node.labels.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let wanted = look.host.labels.iter();
    wanted
        .filter(|(key, value)| of(key) != Some(value))
        .map(|(key, value)| {
            let is = match of(key) {
                Some(other) => format!("has the label `{key}={other}`"),
                None => format!("has no label `{key}`"),
            };
            look.error(
                "Labels",
                format!("its node `{}` {is}, cluster.yaml says `{key}={value}`", node.name),
                "`bivouac init` puts it back",
            )
        })
        .collect()
}

fn taints(context: &Context<'_>, look: &Look<'_>, node: &Node) -> Vec<Finding> {
    let host = look.host;
    let wanted: Vec<(String, String, String)> = host
        .taints
        .iter()
        .map(|t| (t.effect.clone(), t.key.clone(), t.value.clone().unwrap_or_default()))
        .collect();
    let text = |(effect, key, value): &(String, String, String)| match value.as_str() {
        "" => format!("`{key}:{effect}`"),
        value => format!("`{key}={value}:{effect}`"),
    };
    let mut findings = Vec::new();
    for taint in wanted.iter().filter(|taint| !node.taints.contains(taint)) {
        findings.push(look.error(
            "Taints",
            format!("its node `{}` has no taint {}, cluster.yaml has it", node.name, text(taint)),
            format!(
                "`bivouac kubectl -- taint node {} {}`",
                node.name,
                text(taint).replace('`', "")
            ),
        ));
    }
    let is_kubeadms = |taint: &&(String, String, String)| CONTROL_PLANE.contains(&taint.1.as_str());
    let kubeadms = node.taints.iter().find(is_kubeadms).filter(|taint| !wanted.contains(taint));
    // A control plane that carries pods too, or that has nobody else to carry them.
    let schedulable = !host.control_plane || host.worker || context.cluster.is_single();
    match kubeadms {
        Some(taint) if schedulable => findings.push(look.error(
            "Taints",
            format!(
                "its node `{}` has the taint {}, cluster.yaml wants pods on it",
                node.name,
                text(taint)
            ),
            format!("`bivouac kubectl -- taint node {} {}-`", node.name, taint.1),
        )),
        None if !schedulable && !wanted.iter().any(|t| CONTROL_PLANE.contains(&t.1.as_str())) => {
            findings.push(look.error(
                "Taints",
                format!(
                    "its node `{}` has lost the control plane's taint, cluster.yaml wants no pods on it",
                    node.name
                ),
                "give it back, or add the role `worker` in cluster.yaml",
            ));
        }
        _ => {}
    }
    // Kubernetes' own come and go with the node's health; others somebody gave it by hand.
    let is_own = |taint: &&(String, String, String)| taint.1.contains("kubernetes.io/");
    for taint in node.taints.iter().filter(|taint| !is_own(taint) && !wanted.contains(taint)) {
        findings.push(look.warning(
            "Taints",
            format!(
                "its node `{}` has the taint {}, which is not in cluster.yaml",
                node.name,
                text(taint)
            ),
            "add it to the file, or take it off",
        ));
    }
    findings
}

/// The kubelet that runs, else the one that is installed; and the API server by its manifest.
fn version(context: &Context<'_>, wish: &Wish, look: &Look<'_>) -> Vec<Finding> {
    let is_wanted = |version: &String| version.parse().is_ok_and(|version| wish.admits(&version));
    let installed = |survey: &Survey| survey.kubelet_version.clone();
    let kubelet = match context.node(look) {
        Some(node) => node.version.clone(),
        None => look.survey().filter(|_| look.is_installed() == Some(true)).and_then(installed),
    };
    let api = look.survey().and_then(|survey| survey.api_version.clone());
    [("kubelet", kubelet), ("API server", api)]
        .into_iter()
        .filter_map(|(what, version)| version.map(|version| (what, version)))
        .filter(|(_, version)| !is_wanted(version))
        .map(|(what, version)| {
            look.error(
                "Version",
                format!("its {what} is {version}, cluster.yaml says {wish}"),
                "correct `kubernetes.version` in the file, or bring the host to that version",
            )
        })
        .collect()
}
