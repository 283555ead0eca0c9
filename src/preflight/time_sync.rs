//! Clocks that nobody sets drift apart, until certificates and etcd's leases are not valid on one of the hosts.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "TimeSync",
    description: "somebody sets the clocks of hosts that have neighbours",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "the clocks drift apart: tokens and certificates are not valid yet on one host, or no more",
    kubeadm: None,
    needs: &[need::TIME_SYNC],
    page: "Seen by the services that set a clock: chrony, systemd-timesyncd, ntpd, ntpsec, openntpd, PTP, and the \
           guest tools of hypervisors. A container has its machine's clock, and a cluster of one host \
           nobody to differ from.\n\nInstall chrony; without a time server in the site let all hosts \
           follow one of them.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let names = &host.facts.names;
    let nobody = names.time_sync.as_ref().is_some_and(Vec::is_empty);
    if !nobody || names.container != Some(false) || context.cluster.hosts.len() < 2 {
        return vec![];
    }
    let install = match host.facts.package_managers.iter().flatten().next().map(String::as_str) {
        Some("apt-get") => Some("apt-get install -y chrony"),
        Some("dnf") => Some("dnf install -y chrony && systemctl enable --now chronyd"),
        Some("yum") => Some("yum install -y chrony && systemctl enable --now chronyd"),
        Some("zypper") => Some("zypper install -y chrony && systemctl enable --now chronyd"),
        _ => None,
    };
    let message = "nobody sets the clock: no time service runs";
    let fix =
        "install chrony, or switch on the time service that is there (`timedatectl set-ntp true`)";
    vec![host.warning(CHECK.name, message, fix).maybe_typed(install)]
}
