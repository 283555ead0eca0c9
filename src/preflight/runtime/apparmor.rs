//! A containerd that wants `AppArmor`'s tool where the kernel has `AppArmor` on.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};
use super::is_looked_at;
use crate::cluster::RuntimeKind;
use crate::cluster::versions::Release;
use crate::host::facts::AppArmor;

pub(crate) const CHECK: Check = Check {
    name: "AppArmor",
    description: "an existing containerd that loads profiles of AppArmor has the tool for it",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "no container is made: `get apparmor_parser version: exec: \"apparmor_parser\": executable file not found`",
    kubeadm: None,
    // Other kernels have no AppArmor, and containers their machine's.
    needs: &[],
    page: "Seen by `/sys/module/apparmor/parameters/enabled` and by whether `apparmor_parser` is there, where `runtime: {existing: true}` is in cluster.yaml. \
           containerd from 1.5 on loads a profile for each container where the kernel has AppArmor on, and did not ask for the tool until 1.6.16 \
           (containerd/containerd#7547 and #8086). Kernels of Debian, Ubuntu and SUSE have it on.\n\nInstall the package `apparmor`, and start containerd anew: \
           it remembers what it found.",
    run: Run::EachHost(run),
};

const SINCE: Release = Release(1, 5, 0);
const UNTIL: Release = Release(1, 6, 16);

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let alone = host.facts.processor.apparmor == Some(AppArmor::Alone);
    let is_containerd = context.cluster.runtime.traits.kind == RuntimeKind::Containerd;
    if !alone || !is_containerd || !is_looked_at(context, host) {
        return vec![];
    }
    let version = host.facts.containerd.as_ref().and_then(|runs| runs.version.as_ref());
    let release = version.and_then(|version| version.parse::<Release>().ok());
    let Some(release) = release.filter(|it| (SINCE..UNTIL).contains(it)) else { return vec![] };
    let message = format!(
        "AppArmor is on in the kernel, `apparmor_parser` is not there, and containerd {release} makes no container without"
    );
    let found = host.error(CHECK.name, message, "install it, and start containerd anew");
    vec![match context.families.of(host.facts) {
        Some(family) => {
            found.typed(format!("{} && systemctl restart containerd", family.install("apparmor")))
        }
        None => found,
    }]
}
