//! Watchers of files. All of root's programs share one number of them, and containers' root is the same user.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(crate) const CHECK: Check = Check {
    name: "InotifyLimits",
    description: "there are watchers of files left for the kubelet, the runtime and the control plane",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the kubelet, the runtime or kube-proxy end: `inotify_init: too many open files`",
    kubeadm: None,
    needs: &[need::LIMITS],
    page: "Seen by `fs.inotify.max_user_instances` and `max_user_watches`, and by how many instances processes have open now. \
           kubelet, containerd, kube-proxy and the control plane's programs, which watch their certificates, take about 25 instances \
           (kubernetes/kubernetes#104303). The kernel's own values, 128 and at least 8192, are enough to begin with. Where the limit is 1000 or more the open ones are not counted.\n\nRaise them, with a file in \
           `/etc/sysctl.d` that lasts.",
    run: Run::EachHost(run),
};

/// What the programs of a node and its control plane have open.
const INSTANCES: u64 = 25;
/// The least that the kernel gives itself (`fs/notify/inotify/inotify_user.c`).
const WATCHES: u64 = 8192;
const FILE: &str = "/etc/sysctl.d/80-inotify.conf";

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let number = |name: &str| host.facts.limits.number(name);
    let finding = |message: String| {
        let fix = format!("raise both, in a file that lasts, `{FILE}`");
        let command = format!(
            r"printf 'fs.inotify.max_user_instances = 8192\nfs.inotify.max_user_watches = 1048576\n' >{FILE} && sysctl -p {FILE}"
        );
        host.error(CHECK.name, message, fix).typed(command)
    };
    let mut findings = Vec::new();
    // On a node of ours its own are among those in use.
    let needed = if host.facts.is_our_node() { 0 } else { INSTANCES };
    // On a busy node they were enough until now.
    if !host.facts.is_our_node()
        && let (Some(most), Some(used)) =
            (number("fs.inotify.max_user_instances"), number("inotify_used"))
        && most < used + needed
    {
        findings.push(finding(format!(
            "`fs.inotify.max_user_instances` is {most}: a node needs {INSTANCES} besides the {used} that are in use"
        )));
    }
    if let Some(most) = number("fs.inotify.max_user_watches").filter(|most| *most < WATCHES) {
        findings.push(finding(format!(
            "`fs.inotify.max_user_watches` is {most}, less than the kernel's own {WATCHES}"
        )));
    }
    findings
}
