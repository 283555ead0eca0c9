//! What kubeadm's system validators look at, as far as it decides: kernel and cgroups.
//!
//! They also want the kernel's configuration, which good hosts do not always have; ignoring
//! `SystemVerification` for that makes these findings warnings as well.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use crate::cluster::versions::Cgroup1;

pub(super) const CHECK: Check = Check {
    name: "SystemVerification",
    description: "kernel and cgroups are new enough for the Kubernetes version",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the kubelet does not start, or pods get no limits",
    kubeadm: Some("in every version; kernel versions and cgroups v1 by version"),
    needs: &[need::KERNEL],
    page: "Seen by the kernel's release and the cgroup controllers that are on, against what \
           the version asks for: 1.35 refuses cgroups of version 1. kubeadm also wants the \
           kernel's configuration, which good hosts do not always have.\n\nUpgrade the kernel, or \
           boot with other arguments, as the finding says.",
    run: Run::EachHost(run),
};

/// An older kernel is an error for every version; one older than the version's own is worth a warning.
const OLDEST_KERNEL: (u32, u32) = (3, 10);
/// What it requires of a hierarchy of version 2; version 1 has these as well.
const CONTROLLERS: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];
/// And of version 1, where devices and freezer are controllers too (`validators/types_unix.go`, `Cgroups`).
const OLD_CONTROLLERS: [&str; 3] = ["cpuacct", "devices", "freezer"];
/// What the kubelet wants to see mounted of version 1 (`validateSystemRequirements` of `container_manager_linux.go`).
const MOUNTED: [&str; 4] = ["cpu", "cpuacct", "cpuset", "memory"];

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let checks = [
        kernel(context, host),
        version(context, host),
        controllers(host),
        mounted(host),
        config(host),
        options(host),
    ];
    checks.into_iter().flatten().collect()
}

fn kernel(context: &Context<'_>, host: &HostFacts<'_>) -> Option<Finding> {
    let release = host.facts.kernel.as_ref()?;
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    let version: (u32, u32) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    let kubernetes = &context.cluster.kubernetes.version.0;
    let message = |(major, minor)| {
        format!("kernel `{release}` is older than {major}.{minor}, which v{kubernetes} needs")
    };
    let fix = "upgrade the host's kernel and reboot";
    if version < OLDEST_KERNEL {
        Some(host.error(CHECK.name, message(OLDEST_KERNEL), fix))
    } else {
        let oldest = context.cluster.kubernetes.version.facts().kernel;
        (version < oldest).then(|| host.warning(CHECK.name, message(oldest), fix))
    }
}

fn version(context: &Context<'_>, host: &HostFacts<'_>) -> Option<Finding> {
    if host.facts.cgroup != Some(1) {
        return None;
    }
    let off = context.kubelet_has_off("failCgroupV1");
    let kubernetes = &context.cluster.kubernetes.version.0;
    let message = |verb: &str| format!("cgroups are version 1, which v{kubernetes} {verb}");
    let boot = "boot with `systemd.unified_cgroup_hierarchy=1` on the kernel's command line";
    match context.cluster.kubernetes.version.facts().cgroup1 {
        Cgroup1::IsKept if !off => {
            let fix =
                format!("{boot}; or set `kubernetes.kubelet.failCgroupV1: false` in cluster.yaml");
            Some(host.warning(CHECK.name, message("is about to drop"), fix))
        }
        Cgroup1::IsRefused if !off => {
            let fix = format!(
                "{boot}; or set `kubernetes.kubelet.failCgroupV1: false` and \
                 `kubernetes.ignorePreflightErrors: [SystemVerification]` in cluster.yaml"
            );
            Some(host.error(CHECK.name, message("refuses"), fix))
        }
        // kubeadm's own validators know nothing of the kubelet's setting (kubernetes/kubernetes#134744).
        Cgroup1::IsRefused => {
            let fix =
                format!("{boot}; or set `kubernetes.ignorePreflightErrors: [SystemVerification]`");
            Some(host.error(CHECK.name, message("has kubeadm refuse"), fix))
        }
        Cgroup1::Works | Cgroup1::IsKept => None,
    }
}

fn controllers(host: &HostFacts<'_>) -> Option<Finding> {
    let there = host.facts.cgroup_controllers.as_ref()?;
    let old = OLD_CONTROLLERS.iter().filter(|_| host.facts.cgroup == Some(1));
    let missing: Vec<_> =
        CONTROLLERS.iter().chain(old).filter(|name| !there.iter().any(|t| t == *name)).collect();
    if missing.is_empty() {
        return None;
    }
    let message = format!("the kernel has cgroup controllers switched off: {}", quoted(missing));
    let fix = "add `cgroup_enable=cpuset cgroup_enable=memory cgroup_memory=1` to the kernel's \
               command line and reboot";
    Some(host.error(CHECK.name, message, fix))
}

/// Controllers that are on, and that nobody mounted.
fn mounted(host: &HostFacts<'_>) -> Option<Finding> {
    let there = host.facts.limits.mounted.as_ref()?;
    let is_on =
        |name: &&&str| host.facts.cgroup_controllers.iter().flatten().any(|it| it == **name);
    let missing: Vec<&&str> =
        MOUNTED.iter().filter(is_on).filter(|name| !there.iter().any(|it| it == *name)).collect();
    if missing.is_empty() {
        return None;
    }
    let message = format!("cgroup controllers are not mounted: {}", quoted(&missing));
    let mount = |name: &&&str| {
        format!(
            "mkdir -p /sys/fs/cgroup/{name} && mount -t cgroup -o {name} cgroup /sys/fs/cgroup/{name}"
        )
    };
    let commands: Vec<String> = missing.iter().map(mount).collect();
    let finding = host.error(CHECK.name, message, "mount them, or reboot: systemd does it");
    Some(finding.typed(commands.join(" && ")))
}

/// kubeadm ends where it cannot read the kernel's configuration (kubernetes/kubeadm#352), on hosts that are well.
fn config(host: &HostFacts<'_>) -> Option<Finding> {
    host.facts.limits.config.as_ref().filter(|config| *config == "none")?;
    let kernel = host.facts.kernel.as_deref().unwrap_or("VERSION");
    let message = format!(
        "the kernel's configuration cannot be read, and kubeadm wants to: `/proc/config.gz`, `/boot/config-{kernel}`, or the module `configs`"
    );
    let fix = "write `kubernetes: {ignorePreflightErrors: [SystemVerification]}` in cluster.yaml: what else kubeadm looks at under this name is looked at here";
    Some(host.error(CHECK.name, message, fix))
}

fn options(host: &HostFacts<'_>) -> Option<Finding> {
    let missing = host.facts.limits.missing_options.as_ref().filter(|it| !it.is_empty())?;
    let names = quoted(missing.iter().map(|name| format!("CONFIG_{name}")));
    let message = format!("the kernel is built without {names}, which kubeadm wants");
    let fix = "use a kernel that has it, as the distribution's own";
    Some(host.error(CHECK.name, message, fix))
}
