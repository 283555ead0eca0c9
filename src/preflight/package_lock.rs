//! While another program installs packages, we can only wait, and the installation does.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "PackageLock",
    description: "nobody else installs packages now",
    severity: Severity::Warning,
    phase: Phase::Packages,
    breaks: "the installation waits for another package manager",
    kubeadm: None,
    needs: &[need::PACKAGE_LOCKS],
    page: "Seen by the locks of apt, dpkg, dnf, yum and zypper in `/proc/locks`, and by \
           zypper's pid file. The installation waits by itself.\n\nCome back later, to save that \
           time.",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    match host.facts.package_locks.as_deref() {
        Some([holder, ..]) => {
            let pid = holder.pid;
            let name = holder.name.as_deref().unwrap_or("unknown");
            let message = format!("`{name}` (process {pid}) is installing packages");
            let fix = "the installation waits for it; to save that time, run this again later";
            vec![host.warning(CHECK.name, message, fix)]
        }
        _ => vec![],
    }
}
