//! Binaries must be the host's.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(super) const CHECK: Check = Check {
    name: "Architecture",
    description: "the host is amd64 or arm64, and the bundle has artifacts for it",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "programs do not run: `exec format error`",
    kubeadm: None,
    needs: &[need::ARCH],
    page: "Seen by the kernel (`uname -m`), by the architecture of the distribution's \
           packages, and by what the bundle has. A 32-bit system on a 64-bit kernel counts as what \
           its packages are.\n\nUse a host of amd64 or arm64, or name a bundle that has the host's \
           architecture.",
    run: Run::EachHost(run),
};

const SUPPORTED: [&str; 2] = ["amd64", "arm64"];

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let Some(arch) = &host.facts.arch else { return vec![] };
    let (message, fix) = if !SUPPORTED.contains(&arch.as_str()) {
        let message = format!("`{arch}`: only {} hosts are supported", quoted(SUPPORTED));
        (message, "use another host".to_owned())
    } else if let Some(packages) = host.facts.package_arch.as_ref().filter(|other| *other != arch) {
        let message = format!("the kernel is `{arch}`, but the system on it is `{packages}`");
        (message, format!("install an `{arch}` system"))
    } else if !context.bundle_archs.is_empty() && !context.bundle_archs.contains(arch) {
        let there = quoted(context.bundle_archs);
        let message = format!("the host is `{arch}`, the bundle has artifacts for {there}");
        (message, format!("name a bundle for `{arch}` in `spec.artifacts.bundle`"))
    } else {
        return vec![];
    };
    vec![host.error(CHECK.name, message, fix)]
}
