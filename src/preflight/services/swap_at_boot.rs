//! Swap that is off now and comes back with the next boot.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(crate) const CHECK: Check = Check {
    name: "SwapAtBoot",
    description: "swap stays off after a reboot, or the kubelet is told to bear it",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "after the next boot the kubelet does not start: `running with swap on is not supported`",
    kubeadm: None,
    needs: &[need::SWAP_AT_BOOT],
    page: "Seen by lines in `/etc/fstab`, by zram-generator's configuration (Fedora brings one), and by `dphys-swapfile` (Raspberry Pi OS). Swap that is on now is \
           found by `Swap`.\n\nTake the line out of `/etc/fstab`; an empty `/etc/systemd/zram-generator.conf` switches zram off.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // Where it is on, the check for that says what to do for the next boot too.
    let is_on = host.facts.swaps.as_ref().is_some_and(|swaps| !swaps.is_empty());
    if is_on || context.kubelet_has_off("failSwapOn") {
        return vec![];
    }
    let finding = |line: &String| {
        let (what, name) = line.split_once(' ').unwrap_or((line, ""));
        let (message, fix, command) = match what {
            "fstab" => (
                format!("`/etc/fstab` has swap on `{name}`, from the next boot on"),
                "take its line out of `/etc/fstab`",
                super::super::swap::FSTAB,
            ),
            "zram" => (
                format!("`{name}` makes swap in memory, from the next boot on"),
                "switch it off with an empty `/etc/systemd/zram-generator.conf`",
                "f=/etc/systemd/zram-generator.conf; [ ! -s $f ] || mv $f $f.off; : >$f",
            ),
            "dphys-swapfile" => (
                "`dphys-swapfile` makes swap, from the next boot on".to_owned(),
                "switch its service off",
                "systemctl disable dphys-swapfile.service",
            ),
            _ => return None,
        };
        Some(host.warning(CHECK.name, message, fix).typed(command))
    };
    host.facts.services.swap_at_boot.iter().flatten().filter_map(finding).collect()
}
