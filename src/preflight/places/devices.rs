//! Devices that the kubelet and everything else opens.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(crate) const CHECK: Check = Check {
    name: "Devices",
    description: "`/dev/kmsg` and `/dev/null` are devices",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the kubelet ends: `open /dev/kmsg: no such file or directory`",
    kubeadm: None,
    needs: &[need::DEVICES],
    page: "Seen by what the two are. The kubelet reads of processes that were killed for want of memory from the kernel's log, and does not start without \
           (`pkg/kubelet/oom/oom_watcher_linux.go`). Containers often have no `/dev/kmsg`. A `/dev/null` that is a file is what \
           a careless script leaves: it fills up, and others cannot open it.\n\nMake the device; in a container that may not, a link \
           to `/dev/console` serves as `/dev/kmsg`, and `tmpfiles.d` makes it again at boot.",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let lacks = |path: &str| host.facts.places.device(path) == Some(false);
    let mut findings = Vec::new();
    if lacks("/dev/kmsg") {
        let fix = "make the device, or in a container a link to `/dev/console`";
        let command = "mknod -m 0600 /dev/kmsg c 1 11 || ln -s /dev/console /dev/kmsg";
        findings.push(host.error(CHECK.name, "`/dev/kmsg` is not there", fix).typed(command));
    }
    if lacks("/dev/null") {
        let fix = "remove what is there, and make the device";
        let command = "rm -f /dev/null; mknod -m 0666 /dev/null c 1 3";
        findings.push(host.error(CHECK.name, "`/dev/null` is not the device", fix).typed(command));
    }
    findings
}
