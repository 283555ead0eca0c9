//! A node's name is its identity in the cluster.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, same_machine};

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
    let clash = |(one, two): (&HostFacts<'_>, &HostFacts<'_>)| {
        let name = name(one).filter(|first| Some(first) == name(two).as_ref())?;
        if same_machine::are_one(one, two) {
            return None;
        }
        let (first, second) = (&one.host.display, &two.host.display);
        let message = format!("`{first}` and `{second}` would both be node `{name}`");
        let fix = "give each a `name` in cluster.yaml, or its own host name with \
                   `hostnamectl set-hostname NAME`";
        Some(one.error(CHECK.name, message, fix).and(two))
    };
    context.pairs().filter_map(clash).chain(context.hosts.iter().filter_map(renamed)).collect()
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
