//! A control plane needs memory.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "Mem",
    description: "control planes have 1700 MB of memory",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "kubeadm refuses, and the control plane's programs are killed",
    kubeadm: Some("an error for control planes from 1.20 on"),
    needs: &[need::MEMORY],
    page: "Seen by `MemTotal` in `/proc/meminfo`. Control planes need 1700 MiB.\n\nGive the \
           host 2 GiB.",
    run: Run::EachHost(run),
};

/// kubeadm's `ControlPlaneMem` (cmd/kubeadm/app/constants/constants.go). Its megabytes are MiB: it
/// divides the kernel's bytes by 1024 twice (`preflight/checks_linux.go`).
const CONTROL_PLANE_MIB: u64 = 1700;

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let Some(mib) = host.facts.memory_kib.map(|kib| kib / 1024) else { return vec![] };
    if !host.host.control_plane || mib >= CONTROL_PLANE_MIB {
        return vec![];
    }
    let message = format!("memory: {mib} MB, but a control plane needs {CONTROL_PLANE_MIB} MB");
    vec![host.error(CHECK.name, message, "give the host 2 GiB of memory, or use a larger one")]
}
