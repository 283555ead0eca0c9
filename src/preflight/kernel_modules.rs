//! Modules that the kernel must have: after an upgrade without a reboot, or with a small cloud
//! kernel, they can be missing.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(super) const CHECK: Check = Check {
    name: "KernelModules",
    description: "the kernel has `overlay` and `br_netfilter`",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "pods cannot be networked or their images mounted",
    kubeadm: Some(
        "for `br_netfilter`, as `FileContent--proc-sys-net-bridge-bridge-nf-call-iptables`, until 1.29",
    ),
    needs: &[need::MODULES],
    page: "Seen by what is loaded, built in, or listed in `/lib/modules`. After an upgrade of \
           the kernel without a reboot the modules of the one that runs are gone.\n\nReboot, or \
           install the rest of the kernel's packages.",
    run: Run::EachHost(run),
};

/// What every cluster needs; the others are asked for by kube-proxy's mode.
const NEEDED: [&str; 2] = ["overlay", "br_netfilter"];

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let is_needed = |name: &&String| NEEDED.contains(&name.as_str());
    let missing = || host.facts.missing_modules.iter().flatten().filter(is_needed);
    match missing().count() {
        1.. => {
            let kernel = host.facts.kernel.as_deref().unwrap_or("unknown");
            let message = format!("kernel `{kernel}` has no module {}", quoted(missing()));
            let rest = context.families.of(host.facts).and_then(|it| Some((it, it.modules()?)));
            if host.facts.limits.number("kernel.modules_disabled") == Some(1) {
                let fix = "`kernel.modules_disabled` is 1, and the kernel loads none until the next boot: take the line out of \
                           `/etc/sysctl.d`, or have it set after the modules are loaded, and reboot";
                return vec![host.error(CHECK.name, message, fix)];
            }
            vec![if let Some((it, package)) = rest {
                let fix = "reboot if the kernel was upgraded; else install the rest of it";
                host.error(CHECK.name, message, fix).typed(it.install(package))
            } else {
                let fix = "reboot if the kernel was upgraded; else use a kernel that has it";
                host.error(CHECK.name, message, fix)
            }]
        }
        0 => vec![],
    }
}
