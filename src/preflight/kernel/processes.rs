//! How many processes and threads there may be.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(crate) const CHECK: Check = Check {
    name: "PidLimits",
    description: "there may be as many processes and threads as a node has",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "programs end: `failed to create new OS thread`, `fork: Resource temporarily unavailable`",
    kubeadm: None,
    needs: &[need::LIMITS],
    page: "Seen by `kernel.pid_max` and `kernel.threads-max`, which all processes and threads of the host share, and by systemd's `DefaultTasksMax`, which the kubelet's \
           service has. (The runtime's own unit says `TasksMax=infinity`.) The kernel's own `pid_max` is at least 32768.\n\nTake the line that lowers it out of \
           `/etc/sysctl.d` or `/etc/systemd/system.conf`.",
    run: Run::EachHost(run),
};

/// `PID_MAX_DEFAULT` of the kernel (`include/linux/threads.h`); a control plane without pods of its users has some 700.
const PIDS: u64 = 32_768;
const TOO_FEW: u64 = 4096;
/// The kernel takes what an eighth of the memory has room for (`set_max_threads` of kernel/fork.c): 3,900 with 512 MiB.
const THREADS: u64 = 1000;
/// The kubelet has some 30 threads, and commands that it calls.
const TASKS: u64 = 100;

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let number = |name: &str| host.facts.limits.number(name);
    let mut findings = Vec::new();
    if let Some(most) = number("kernel.pid_max").filter(|most| *most < PIDS) {
        let message =
            format!("`kernel.pid_max` is {most}: all processes and threads of the host share that");
        let fix = "raise it, and take the line that lowers it out of `/etc/sysctl.d`";
        let make = if most < TOO_FEW { HostFacts::error } else { HostFacts::warning };
        findings.push(
            make(host, CHECK.name, message, fix.to_owned())
                .typed("sysctl -w kernel.pid_max=4194304"),
        );
    }
    if let Some(most) = number("kernel.threads-max").filter(|most| *most < THREADS) {
        let message = format!("`kernel.threads-max` is {most}: all threads of the host share that");
        let fix = "raise it, and take the line that lowers it out of `/etc/sysctl.d`";
        findings
            .push(host.error(CHECK.name, message, fix).typed("sysctl -w kernel.threads-max=65536"));
    }
    if let Some(most) = number("DefaultTasksMax").filter(|most| *most < TASKS) {
        let message = format!(
            "systemd gives a service at most {most} processes and threads (`DefaultTasksMax`)"
        );
        let fix = "take the line out of `/etc/systemd/system.conf`, or of the files in `/etc/systemd/system.conf.d`";
        let command = "mkdir -p /etc/systemd/system.conf.d && printf '[Manager]\\nDefaultTasksMax=15%%\\n' \
                       >/etc/systemd/system.conf.d/zz-tasks.conf && systemctl daemon-reload";
        findings.push(host.error(CHECK.name, message, fix).typed(command));
    }
    findings
}
