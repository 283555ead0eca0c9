//! A node's name is its identity in the cluster.

use super::between::{alike, named, names};
use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "NodeName",
    description: "node names differ",
    severity: Severity::Error,
    phase: Phase::Join,
    breaks: "the second node takes the first one's place, or a node waits for a name that never comes",
    kubeadm: None,
    needs: &[need::NAME],
    page: "Seen by the names that cluster.yaml or the hosts themselves have, compared with \
           each other, and with the name under which a node is in the cluster already. kubeadm \
           looks at one host at a time and lets the second node take over the first one's \
           object.\n\nGive each host a `name` in cluster.yaml, or a host name of its own.",
    run: Run::AllHosts(run),
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let fix = "give each a `name` in cluster.yaml, or its own host name with \
               `hostnamectl set-hostname NAME`";
    let clash = |(name, group): (String, Vec<&HostFacts<'_>>)| {
        let message = format!("{} would be one node, `{name}`", named(&names(&group)));
        Finding { hosts: names(&group), ..group[0].error(CHECK.name, message, fix) }
    };
    let same = alike(context.hosts, name).into_iter().map(clash);
    same.chain(context.hosts.iter().filter_map(renamed)).collect()
}

/// A node keeps its name: its certificate has it, and the cluster would wait for one that never comes.
fn renamed(host: &HostFacts<'_>) -> Option<Finding> {
    let ours = host.facts.is_our_node() && host.facts.has_kubelet_conf();
    let is = host.facts.node.clone().filter(|_| ours)?;
    let wanted = name(host).filter(|wanted| *wanted != is)?;
    let display = &host.host.display;
    let message = format!("is in the cluster as node `{is}`, and would now be `{wanted}`");
    let fix = match &host.host.node_name {
        Some(_) => format!(
            "write `name: {is}` in cluster.yaml again; for another name take the host out with \
             `bivouac remove` and join it anew"
        ),
        None => format!(
            "write `name: {is}` for `{display}` in cluster.yaml: its host name is another now"
        ),
    };
    Some(host.error(CHECK.name, message, fix))
}

/// The name that the host will have as a node.
pub(super) fn name(host: &HostFacts<'_>) -> Option<String> {
    host.facts.node_name(host.host.node_name.as_deref())
}
