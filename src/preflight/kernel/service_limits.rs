//! What systemd lets services have that say nothing else.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, amount, quoted};

pub(crate) const CHECK: Check = Check {
    name: "ServiceLimits",
    description: "services may write large files and have as much memory as they need",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "the runtime or the kubelet is killed at its first large file, or cannot reserve memory at all",
    kubeadm: None,
    // Most managers of services set no such limit, and say nothing then.
    needs: &[],
    page: "Seen by what systemd says of itself: `DefaultLimitFSIZE`, `DefaultLimitAS` and `DefaultLimitDATA` of `/etc/systemd/system.conf` and the files in \
           `system.conf.d` (systemd-system.conf(5)). Neither the runtime's unit nor the kubelet's has a line of its own for them; programs in Go reserve \
           hundreds of megabytes of addresses at their start, and layers of images are large files.\n\nTake the lines out, and have systemd read its files again.",
    run: Run::EachHost(run),
};

/// 8 GiB: no layer is larger, and no runtime reserves more.
const LEAST: u64 = 8 << 30;
const LIMITS: [&str; 3] = ["DefaultLimitFSIZE", "DefaultLimitAS", "DefaultLimitDATA"];

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let low = |name: &&str| host.facts.limits.number(name).is_some_and(|most| most < LEAST);
    let names: Vec<&str> = LIMITS.into_iter().filter(low).collect();
    let least = names.iter().filter_map(|name| host.facts.limits.number(name)).min();
    let Some(least) = least else { return vec![] };
    let message = format!(
        "systemd gives services no more than {} by default: {}",
        amount(least / 1024),
        quoted(&names)
    );
    let fix = "take these lines out of `/etc/systemd/system.conf` and `/etc/systemd/system.conf.d`";
    let lines = [names.join("=infinity\\n").as_str(), "=infinity\\n"].concat();
    let command = format!(
        "mkdir -p /etc/systemd/system.conf.d && printf '[Manager]\\n{lines}' >/etc/systemd/system.conf.d/zz-limits.conf && systemctl daemon-reexec"
    );
    vec![host.error(CHECK.name, message, fix).typed(command)]
}
