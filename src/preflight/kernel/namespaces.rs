//! How many namespaces there may be: a pod has one of each kind.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(crate) const CHECK: Check = Check {
    name: "NamespaceLimits",
    description: "there may be as many namespaces as a node's pods need",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "no container can be made: `unshare: no space left on device`",
    kubeadm: None,
    needs: &[need::LIMITS],
    page: "Seen by `user.max_*_namespaces` (namespaces(7)), which hold for root as well. Each pod has a network, an IPC and a UTS namespace of its own, and \
           each container mounts and processes; the kernel's own values are in the thousands. `max_user_namespaces` is no matter: \
           pods have no users of their own unless they ask for it.\n\nTake the line that lowers it out of `/etc/sysctl.d`.",
    run: Run::EachHost(run),
};

/// The kubelet runs 110 pods, of two containers each and more.
const NEEDED: u64 = 512;
const KINDS: [&str; 5] = ["net", "mnt", "pid", "ipc", "uts"];

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let few = |name: &String| host.facts.limits.number(name).is_some_and(|most| most < NEEDED);
    let names: Vec<String> =
        KINDS.iter().map(|kind| format!("user.max_{kind}_namespaces")).filter(few).collect();
    if names.is_empty() {
        return vec![];
    }
    let message =
        format!("lower than {NEEDED}, and each pod and container needs one: {}", quoted(&names));
    let settings: Vec<String> = names.iter().map(|name| format!("{name}=16384")).collect();
    let command = format!("sysctl -w {}", settings.join(" "));
    let fix = "raise them, and take the lines that lower them out of `/etc/sysctl.d`";
    vec![host.error(CHECK.name, message, fix).typed(command)]
}
