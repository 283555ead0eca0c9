//! Modules that somebody told modprobe not to load, as hardening guides want it of `overlay`.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::cluster::ProxyMode;
use crate::host::facts::Blocked;
use crate::ssh::quote;

pub(crate) const CHECK: Check = Check {
    name: "BlockedModules",
    description: "no file tells `modprobe` not to load modules that the cluster needs",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "images cannot be mounted, or pods not be networked: `modprobe: ERROR: ... Error running install command`",
    kubeadm: None,
    needs: &[need::BLOCKED],
    page: "Seen by lines `install MODULE COMMAND` in `modprobe.d` (modprobe.d(5)); the benchmarks of CIS have such a line for `overlay`. A line `blacklist` \
           is no matter: modules are loaded by their names. Of one that is loaded it is a warning: the next boot has it no more.\n\nTake the line \
           out.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let is_needed = |module: &str| match module {
        "overlay" | "br_netfilter" | "nf_conntrack" => true,
        "nf_tables" => context.cluster.network.proxy_mode == ProxyMode::Nftables,
        "ip_vs" => context.cluster.network.proxy_mode == ProxyMode::Ipvs,
        _ => false,
    };
    let finding = |it: &Blocked| {
        let Blocked { module, state, file } = it;
        let (severity, when) = match state.as_str() {
            "absent" => (Severity::Error, "it is not loaded"),
            "loaded" => {
                (Severity::Warning, "it is loaded now, and will not be after the next boot")
            }
            _ => return None,
        };
        let message = format!("`{file}` has `modprobe` not load `{module}`, and {when}");
        let name = module.replace('_', "[-_]");
        let command = format!(
            r"sed -i --follow-symlinks -E 's/^[[:space:]]*install[[:space:]]+{name}[[:space:]]/#&/' {}",
            quote(file)
        );
        let found = host.error(CHECK.name, message, "take its line `install` out").typed(command);
        Some(Finding { severity, ..found })
    };
    let blocked = host.facts.limits.blocked.iter().flatten();
    blocked.filter(|it| is_needed(&it.module)).filter_map(finding).collect()
}
