//! Programs that are installed on a file system without the right to execute do not start.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(crate) const CHECK: Check = Check {
    name: "NoExec",
    description: "programs can be executed where they are installed",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "neither the runtime, nor the kubelet, nor network plugins start: `Permission denied`",
    kubeadm: None,
    needs: &[need::PLACES],
    page: "Seen by the mount options of what `/usr/local/bin` and `/opt/cni/bin` lie on. `noexec` of `/tmp` and `/run` is no \
           matter: nothing is executed there. On `/var/lib/kubelet` it is a warning: pods that run programs out of volumes \
           (`emptyDir`) fail.\n\nMount it without `noexec`, and take the word out of its line in `/etc/fstab`.",
    run: Run::EachHost(run),
};

/// What the kernel is asked to execute.
const PROGRAMS: [&str; 2] = ["/usr/local/bin", "/opt/cni/bin"];
const VOLUMES: &str = "/var/lib/kubelet";

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let mount = |path: &str| host.facts.places.mount(path).filter(|mount| mount.has("noexec"));
    let mut findings: Vec<Finding> = Vec::new();
    for path in PROGRAMS {
        let Some(mount) = mount(path) else { continue };
        let message = format!("`{path}` lies on `{}`, which is mounted with `noexec`", mount.path);
        findings.push(host.error(CHECK.name, message, fix()).typed(command(&mount.path)));
    }
    if let Some(mount) = mount(VOLUMES) {
        let message = format!(
            "`{VOLUMES}` lies on `{}`, which is mounted with `noexec`: pods that run programs out of volumes fail",
            mount.path
        );
        findings.push(host.warning(CHECK.name, message, fix()).typed(command(&mount.path)));
    }
    findings
}

fn fix() -> &'static str {
    "mount it without, and take the word out of its line in `/etc/fstab`"
}

fn command(mount: &str) -> String {
    format!("mount -o remount,exec {mount} || mount -o remount,bind,exec {mount}")
}
