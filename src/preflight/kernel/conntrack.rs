//! kube-proxy raises the number of connections that the kernel tracks, and ends where it may not.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};

pub(crate) const CHECK: Check = Check {
    name: "ConntrackMax",
    description: "kube-proxy may set the kernel's limit of connections, or is told to leave it",
    severity: Severity::Warning,
    phase: Phase::Network,
    breaks: "kube-proxy ends again and again, and no service is reached: `nf_conntrack_max: permission denied`",
    kubeadm: None,
    // Unknown while the module is not loaded, as on most hosts before.
    needs: &[],
    page: "Seen by whether `/proc/sys/net/netfilter/nf_conntrack_max` can be written. From Linux 5.13 on it cannot be in containers with a network of their own \
           (kubernetes/minikube#11418). kube-proxy wants 32768 for each CPU, and at least 131072.\n\nTell it to leave the limit as it is: \
           `kubernetes: {kubeProxy: {conntrack: {maxPerCore: 0}}}` in cluster.yaml.",
    run: Run::EachHost(run),
};

/// kube-proxy's own defaults (`conntrack.maxPerCore` and `conntrack.min` of its configuration).
const EACH: u64 = 32_768;
const LEAST: u64 = 131_072;

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let kubernetes = &context.cluster.kubernetes;
    let proxies =
        !kubernetes.skip_phases.iter().any(|phase| phase == "addon/kube-proxy" || phase == "addon");
    let told = kubernetes.kube_proxy.get("conntrack").is_some();
    let limits = &host.facts.limits;
    if !proxies || told || limits.conntrack_writable != Some(false) {
        return vec![];
    }
    let (Some(is), Some(cpus)) = (limits.number("net.netfilter.nf_conntrack_max"), host.facts.cpus)
    else {
        return vec![];
    };
    let wanted = (EACH * u64::from(cpus)).max(LEAST);
    if is == wanted {
        return vec![];
    }
    let message = format!(
        "`net.netfilter.nf_conntrack_max` is {is}, and nobody may set it here to the {wanted} that kube-proxy wants"
    );
    let fix = "write `kubernetes: {kubeProxy: {conntrack: {maxPerCore: 0}}}` in cluster.yaml, or set it on the machine that this container runs on";
    vec![host.warning(CHECK.name, message, fix)]
}
