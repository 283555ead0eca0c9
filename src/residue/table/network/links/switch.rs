//! What pod networks that switch with Open vSwitch leave in the kernel: others switch with it as well.

use super::super::super::super::agents::Agent;
use super::super::super::super::host::{Host, goes, unsure};
use super::super::super::super::removal::Stage;
use super::super::super::super::{Entry, NONE, Outcome};
use super::super::{alone, works_alone};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(in super::super::super) const ENTRIES: &[Entry] = &[Entry {
    name: "SwitchLinks",
    classes: &["R23"],
    what: "links of Open vSwitch that Antrea, kube-ovn, OVN-Kubernetes and Weave made",
    known: "a name that only they use; the tunnels `vxlan_sys_4789` and `genev_sys_6081` where one of them was here and nobody else switches with it",
    undone: "tunnels by `ip link del`; what is a part of the kernel's switch by `ovs-dpctl del-dp`, or a reboot: `ip` cannot",
    never: "`br-int`, `ovs-system` and tunnels of a host that has an Open vSwitch of its own (`/etc/openvswitch`, `ovs-vsctl`), or links of it that are nobody's here: an OpenStack's",
    kinds: &[Kind::Link],
    judge: switch,
    ..NONE
}];

/// Links of the switch that bear the names of one of them, with the datapath that they are in.
const AGENTS: [(&str, Agent, &str); 7] = [
    ("antrea-gw0", Agent::Antrea, "ovs-system"),
    ("antrea-tun0", Agent::Antrea, "ovs-system"),
    ("ovn0", Agent::KubeOvn, "ovs-system"),
    ("mirror0", Agent::KubeOvn, "ovs-system"),
    ("ovn-k8s-mp0", Agent::OvnKubernetes, "ovs-system"),
    ("ovn-k8s-gw0", Agent::OvnKubernetes, "ovs-system"),
    ("datapath", Agent::Weave, "datapath"),
];
/// Names that every Open vSwitch has.
const ANYBODYS: [&str; 4] = ["ovs-system", "br-int", "vxlan_sys_4789", "genev_sys_6081"];

/// Whether only an agent calls a link of the switch so.
pub(super) fn is_agents(name: &str) -> bool {
    AGENTS.iter().any(|(it, ..)| *it == name && !matches!(name, "mirror0" | "datapath"))
}

fn switch(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (name, kind) = (thing.name.as_str(), thing.get("type"));
    // An old kernel, or an old `ip`, does not say.
    let is_switchs = matches!(kind, "" | "openvswitch");
    if let Some((_, agent, datapath)) = AGENTS.iter().find(|(it, ..)| *it == name) {
        let was_here = host.agent(*agent).is_some();
        // Names that others may use count only beside another sign of theirs.
        if !is_switchs || (!is_agents(name) && !was_here) {
            return None;
        }
        if host.sign().is_none() && works_alone(agent.name()) {
            return Some(alone());
        }
        return Some(by_tool(*agent, datapath, host));
    }
    if !ANYBODYS.contains(&name) {
        return None;
    }
    host.sign()?;
    let agents = [Agent::Antrea, Agent::KubeOvn, Agent::OvnKubernetes];
    let agent = agents.into_iter().find(|it| host.agent(*it).is_some())?;
    let is_others = |it: &&Thing| {
        it.get("type") == "openvswitch"
            && !AGENTS.iter().any(|(known, ..)| *known == it.name)
            && !ANYBODYS.contains(&it.name.as_str())
    };
    Some(if let Some(path) = host.own_switch() {
        unsure(format!(
            "{} has one of this name, and so has an Open vSwitch of the host's own: `{path}` is there",
            agent.name()
        ))
    } else if let Some(other) = host.of(Kind::Link).find(is_others) {
        unsure(format!(
            "{} has one of this name, and `{}` is nobody's who is known here",
            agent.name(),
            other.name
        ))
    } else if matches!((name, kind), ("vxlan_sys_4789", "vxlan") | ("genev_sys_6081", "geneve")) {
        let sign = host.agent(agent).unwrap_or_default();
        let proof =
            format!("a tunnel of {}'s, {sign}, and nobody else switches here", agent.name());
        goes(proof, Stage::Links, Clear::Links, &[name])
    } else {
        by_tool(agent, "ovs-system", host)
    })
}

/// `ip link del` is not supported for links of the kernel's switch (`internal_dev_link_ops` of net/openvswitch has no `dellink`).
fn by_tool(agent: Agent, datapath: &str, host: &Host<'_>) -> Outcome {
    let shared = match host.own_switch() {
        Some(path) => {
            format!("; `{path}` is there, so look first at what else is in it: `ovs-vsctl show`")
        }
        None => String::new(),
    };
    unsure(format!(
        "it is a part of the kernel's own switch, in which {} made it, and `ip` cannot remove it: `ovs-dpctl del-dp {datapath}`, or a reboot{shared}",
        agent.name()
    ))
}
