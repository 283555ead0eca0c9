//! What the installation sets, a file of somebody else's may set back at the next boot.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::host::facts::AtBoot;

pub(super) const CHECK: Check = Check {
    name: "SysctlsAtBoot",
    description: "no file switches forwarding off again at the next boot",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "after a reboot pods cannot reach other nodes, until something switches forwarding on",
    kubeadm: None,
    needs: &[need::AT_BOOT],
    page: "Seen by the files of `sysctl.d`, which are read in the order of their names, whatever their \
           directories (sysctl.d(5)). The installation's is `/etc/sysctl.d/90-bivouac.conf`: what a later one \
           says of the same setting counts.\n\nTake the line out of that file.",
    run: Run::EachHost(run),
};

/// The file of `playbooks/init/10-prepare.yaml`.
const OURS: &str = "90-bivouac.conf";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let later: Vec<&AtBoot> =
        host.facts.packets.at_boot.iter().flatten().filter(|it| it.place.as_str() > OURS).collect();
    let is_last = |at: usize| !later.iter().skip(at + 1).any(|it| it.key == later[at].key);
    let counts = |it: &AtBoot| {
        it.value == "0"
            && (context.cluster.network.pod_subnet.is_dual() || !it.key.contains("ipv6"))
    };
    let lines = later.iter().enumerate().filter(|(at, it)| is_last(*at) && counts(it));
    lines.map(|(_, line)| finding(host, line)).collect()
}

fn finding(host: &HostFacts<'_>, line: &AtBoot) -> Finding {
    let AtBoot { file, key, .. } = line;
    let message = format!("`{file}` sets `{key}` to 0 at the next boot");
    let pattern = key.replace('.', "[./]");
    // A link leads to the file itself.
    let command = format!(
        r"sed -i --follow-symlinks -E 's#^[[:space:]]*-?[[:space:]]*{pattern}[[:space:]]*=#\#&#' {file}"
    );
    host.warning(CHECK.name, message, "take the line out of it").typed(command)
}
