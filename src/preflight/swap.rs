//! The kubelet does not start with swap on (kubeadm since 1.23 only warns of it).

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(super) const CHECK: Check = Check {
    name: "Swap",
    description: "swap is off, or the kubelet is told to bear it",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the kubelet does not start: `running with swap on is not supported`",
    kubeadm: Some(
        "an error until 1.22, a warning from 1.23 on, though the kubelet still does not start",
    ),
    needs: &[need::SWAPS],
    page: "Seen in `/proc/swaps`. `kubelet: {failSwapOn: false}` in cluster.yaml switches the \
           check off, as it does the kubelet's own.\n\nSwitch swap off now, and for the next boot \
           in `/etc/fstab` and in systemd's swap units.",
    run: Run::EachHost(run),
};

/// Lines of `/etc/fstab` whose third field is `swap` become comments.
pub(super) const FSTAB: &str = r"sed -i.bak -E 's/^([^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]])/#\1/' /etc/fstab";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    match &host.facts.swaps {
        Some(swaps) if !swaps.is_empty() && !context.kubelet_has_off("failSwapOn") => {
            let message = format!("swap is on: {}", quoted(swaps));
            let fix = "switch it off, and take its line out of `/etc/fstab`; or set \
                       `kubernetes.kubelet.failSwapOn: false` in cluster.yaml";
            vec![host.error(CHECK.name, message, fix).typed(format!("swapoff -a && {FSTAB}"))]
        }
        _ => vec![],
    }
}
