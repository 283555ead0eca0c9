//! A node takes no more pods than it has addresses for.

use serde_json::Value;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};
use crate::cluster::Overrides;

pub(super) const CHECK: Check = Check {
    name: "PodAddresses",
    description: "each node has addresses for all the pods that it takes",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "pods beyond that wait for an address: `no IP addresses available in range set`",
    kubeadm: None,
    needs: &[],
    page: "Seen in cluster.yaml: `kubelet: {maxPods: ...}` (110 where it says nothing) and the size of a node's \
           share of `podSubnet` (`node-cidr-mask-size` of the controller manager, 24 where nothing is said). \
           Three addresses of a share are no pod's.\n\nLower `maxPods`, or give nodes larger shares.",
    run: Run::EachHost(run),
};

/// `DefaultMaxPods` of the kubelet's configuration; `DefaultNodeMaskCIDRIPv4` of the controller manager.
const PODS: u64 = 110;
const MASK: u64 = 24;
/// The network's own address, the bridge's and that of broadcasts.
const NO_POD_S: u64 = 3;

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let kubernetes = &context.cluster.kubernetes;
    let most = |kubelet: &Overrides| kubelet.get("maxPods").and_then(Value::as_u64);
    let pods = most(&host.host.kubelet).or_else(|| most(&kubernetes.kubelet)).unwrap_or(PODS);
    let mask = mask(&kubernetes.kubeadm).unwrap_or(MASK);
    let Some(bits) = 32_u64.checked_sub(mask).filter(|bits| *bits < 32) else { return vec![] };
    let addresses = (1_u64 << bits).saturating_sub(NO_POD_S);
    if pods <= addresses {
        return vec![];
    }
    let message = format!(
        "its kubelet takes {pods} pods, and a node's /{mask} of `podSubnet` has {addresses} addresses for pods"
    );
    let fix = format!(
        "write `kubelet: {{maxPods: {addresses}}}` in cluster.yaml, or a smaller `node-cidr-mask-size`"
    );
    vec![host.warning(CHECK.name, message, fix)]
}

/// The size of a node's share, in either form of `extraArgs`.
fn mask(kubeadm: &Overrides) -> Option<u64> {
    const NAMES: [&str; 2] = ["node-cidr-mask-size", "node-cidr-mask-size-ipv4"];
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    match kubeadm.get("controllerManager")?.get("extraArgs")? {
        Value::Object(map) => NAMES.iter().find_map(|name| number(map.get(*name)?)),
        Value::Array(list) => {
            let named = |it: &&Value| it["name"].as_str().is_some_and(|it| NAMES.contains(&it));
            number(&list.iter().find(named)?["value"])
        }
        _ => None,
    }
}
