//! Kernel settings are set by the installation; here is found where that cannot work.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "FileContent-*",
    description: "forwarding of packets is on, or can be switched on",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "packets between pods are not passed on",
    kubeadm: Some("in every version for `ip_forward`; for bridges until 1.29"),
    needs: &[need::SYSCTLS],
    page: "Seen by the settings in `/proc/sys/net` where they cannot be written, as in a \
           container without the right to. Elsewhere the installation sets them itself, and a wipe \
           restores them.\n\nSet them on the machine that the container runs on.",
    run: Run::EachHost(run),
};

const FORWARD: (&str, &str) = ("FileContent--proc-sys-net-ipv4-ip_forward", "net.ipv4.ip_forward");
const BRIDGE: (&str, &str) = (
    "FileContent--proc-sys-net-bridge-bridge-nf-call-iptables",
    "net.bridge.bridge-nf-call-iptables",
);

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if host.facts.sysctl_writable != Some(false) {
        return vec![];
    }
    let settings = [(FORWARD, host.facts.ip_forward), (BRIDGE, host.facts.bridge_nf)];
    let off = settings.into_iter().filter(|(_, value)| *value == Some(false));
    let finding = |((name, sysctl), _): ((&str, &str), _)| {
        let message = format!("`{sysctl}` is 0, and `/proc/sys/net` is read-only");
        let fix = format!("set `{sysctl}=1` on the machine that this container runs on");
        host.error(name, message, fix)
    };
    off.map(finding).collect()
}
