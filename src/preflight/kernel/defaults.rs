//! The kubelet sets some of the kernel's settings itself, unless it is told to protect them: then it does not start
//! where they are others.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(crate) const CHECK: Check = Check {
    name: "ProtectKernelDefaults",
    description: "the kernel's settings are the kubelet's, where it may not or cannot change them",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the kubelet does not start: `invalid kernel flag: vm/overcommit_memory`",
    kubeadm: None,
    needs: &[need::LIMITS],
    page: "Seen by the settings themselves, where `/proc/sys` is read-only, or where `kubernetes: {kubelet: {protectKernelDefaults: true}}` is in cluster.yaml (`setupKernelTunables` of \
           `pkg/kubelet/cm/container_manager_linux.go`).\n\nSet them, with a file in `/etc/sysctl.d` that lasts.",
    run: Run::EachHost(run),
};

/// What the kubelet wants (`pkg/util/sysctl/sysctl.go`).
const WANTED: [(&str, u64); 6] = [
    ("vm.overcommit_memory", 1),
    ("vm.panic_on_oom", 0),
    ("kernel.panic", 10),
    ("kernel.panic_on_oops", 1),
    ("kernel.keys.root_maxkeys", 1_000_000),
    ("kernel.keys.root_maxbytes", 25_000_000),
];
const FILE: &str = "/etc/sysctl.d/80-kubelet.conf";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let differs = |(name, wanted): &&(&str, u64)| {
        host.facts.limits.number(name).is_some_and(|is| is != *wanted)
    };
    let different: Vec<_> = WANTED.iter().filter(differs).collect();
    if different.is_empty() {
        return vec![];
    }
    let protects = context.cluster.kubernetes.kubelet.get("protectKernelDefaults");
    if protects != Some(&serde_json::Value::Bool(true)) {
        return read_only(host, &different).into_iter().collect();
    }
    let message = format!(
        "the kubelet is to protect the kernel's settings, and wants other values: {}",
        quoted(different.iter().map(|(name, wanted)| format!("{name}={wanted}")))
    );
    let lines: Vec<String> =
        different.iter().map(|(name, wanted)| format!(r"{name} = {wanted}\n")).collect();
    let command = format!("printf '{}' >{FILE} && sysctl -p {FILE}", lines.concat());
    let fix = format!("set them, in a file that lasts, `{FILE}`");
    vec![host.error(CHECK.name, message, fix).typed(command)]
}

/// It sets them itself, where it can.
fn read_only(host: &HostFacts<'_>, different: &[&(&str, u64)]) -> Option<Finding> {
    host.facts.limits.defaults_writable.filter(|writable| !writable)?;
    let message = format!(
        "the kubelet sets {}, and `/proc/sys` is read-only",
        quoted(different.iter().map(|(name, wanted)| format!("{name}={wanted}")))
    );
    let fix = "mount it read-write, or set them on the machine that this container runs on";
    Some(host.error(CHECK.name, message, fix).typed("mount -o remount,bind,rw /proc/sys"))
}
