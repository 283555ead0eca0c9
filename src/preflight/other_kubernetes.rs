//! One host, one kubelet.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::host::facts::Unit;

pub(super) const CHECK: Check = Check {
    name: "OtherKubernetes",
    description: "no other Kubernetes runs on the host",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "two kubelets fight for ports, cgroups and pods",
    kubeadm: Some("as `Port-10250`, in every version"),
    needs: &[need::UNITS],
    page: "Seen by systemd's services of kubeadm's kubelet, k3s, RKE2, k0s and microk8s, where \
           they run and the journal does not say that they are ours.\n\nTake that cluster away \
           with the tool that made it, or use another host.",
    run: Run::EachHost(run),
};

/// Their services, and how each is taken away: kubernetes.io `kubeadm reset`; docs.k3s.io "Uninstalling K3s";
/// docs.rke2.io "Uninstall"; docs.k0sproject.io "Uninstall"; microk8s.io, `snap remove`.
const UNITS: [(&str, &str); 8] = [
    ("kubelet.service", "kubeadm reset -f && systemctl disable --now kubelet.service"),
    ("k3s.service", "/usr/local/bin/k3s-uninstall.sh"),
    ("k3s-agent.service", "/usr/local/bin/k3s-agent-uninstall.sh"),
    ("rke2-server.service", "rke2-uninstall.sh"),
    ("rke2-agent.service", "rke2-uninstall.sh"),
    ("k0scontroller.service", "k0s stop && k0s reset"),
    ("k0sworker.service", "k0s stop && k0s reset"),
    ("snap.microk8s.daemon-kubelite.service", "snap remove --purge microk8s"),
];

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let finding = |name: &str, command: &str| {
        let message = format!("another Kubernetes runs here: `{name}`");
        let fix = "remove that cluster from the host with the tool that installed it, or use \
                   another host";
        host.error(CHECK.name, message, fix).typed(command)
    };
    let ours = |name: &str| host.facts.has_claimed(&format!("/etc/systemd/system/{name}"));
    let runs = |name: &str| host.facts.unit(name).is_some_and(Unit::is_running);
    let others = UNITS.iter().filter(|(name, _)| runs(name) && !ours(name));
    others.map(|(name, command)| finding(name, command)).collect()
}
