//! The kubelet does not start with swap on (kubeadm since 1.23 only warns of it).

use super::{Check, Context, Finding, HostFacts, Run, quoted};

pub(super) const CHECK: Check = Check {
    name: "Swap",
    description: "swap is off, or the kubelet is told to bear it",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    match &host.facts.swaps {
        Some(swaps) if !swaps.is_empty() && !context.kubelet_has_off("failSwapOn") => {
            let message = format!("swap is on: {}", quoted(swaps));
            let fix = "`swapoff -a`, and take its line out of `/etc/fstab`; or set \
                       `kubernetes.kubelet.failSwapOn: false` in cluster.yaml";
            vec![host.error(CHECK.name, message, fix)]
        }
        _ => vec![],
    }
}
