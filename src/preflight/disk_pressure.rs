//! On a disk that is nearly full the kubelet evicts pods, and the node takes none.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "DiskPressure",
    description: "disks are not so full that the kubelet would evict pods",
    severity: Severity::Warning,
    phase: Phase::Kubelet,
    breaks: "the node gets `DiskPressure`, evicts pods and takes none",
    kubeadm: None,
    needs: &[need::DISKS],
    page: "Seen by the share of free space where the runtime and the kubelet keep their data, \
           against the kubelet's defaults of 15% and 10%. Whoever sets `evictionHard` in \
           cluster.yaml is not told.\n\nMake room there.",
    run: Run::EachHost(run),
};

/// The kubelet's defaults, `evictionHard` of its configuration: `nodefs.available: 10%` and
/// `imagefs.available: 15%`.
const NODEFS: (&str, u64) = ("/var/lib/kubelet", 10);
const IMAGEFS: u64 = 15;

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if context.cluster.kubernetes.kubelet.contains_key("evictionHard") {
        return vec![];
    }
    let finding = |(path, least): &(&str, u64)| {
        let disk = host.facts.disk(path).filter(|disk| disk.size_kib > 0)?;
        let percent = u128::from(disk.free_kib) * 100 / u128::from(disk.size_kib);
        if percent >= u128::from(*least) {
            return None;
        }
        let message =
            format!("{percent}% are free at `{path}`; below {least}% the kubelet evicts pods");
        let fix = "make room there, or set `kubernetes.kubelet.evictionHard` in cluster.yaml";
        Some(host.warning(CHECK.name, message, fix))
    };
    let images = (super::disk_space::image_root(context, host), IMAGEFS);
    // Both are usually one disk, and one finding is enough.
    [images, NODEFS].iter().find_map(finding).into_iter().collect()
}
