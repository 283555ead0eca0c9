//! Packages are installed with the distribution's own package manager. Where the distribution is unknown
//! its tools must be there already: binaries go to their places on every one with systemd.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(super) const CHECK: Check = Check {
    name: "OperatingSystem",
    description: "the distribution is known, or has the tools that would be installed",
    severity: Severity::Warning,
    phase: Phase::Packages,
    breaks: "small tools that the cluster needs are not installed",
    kubeadm: None,
    needs: &[need::PACKAGE_MANAGERS],
    page: "Seen in `/etc/os-release` and by the package managers that are there. On an unknown \
           distribution nothing is installed by a package manager; where all tools are there \
           already, the cluster works all the same.\n\nInstall what `FileExisting-*` names, or \
           describe the distribution in a file of your own below `playbooks/os/` (`--playbooks`).",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // One without systemd is refused by name (`Systemd`).
    if host.facts.init.as_deref().is_some_and(|init| init != "systemd") {
        return vec![];
    }
    let Some(name) = host.facts.os.name() else {
        let message =
            "`/etc/os-release` does not say what the host runs: no packages can be installed";
        return vec![host.warning(CHECK.name, message, fix(context))];
    };
    let Some(managers) = &host.facts.package_managers else { return vec![] };
    if context.families.of(host.facts).is_some() {
        return vec![];
    }
    let message = match context.families.of_os(&host.facts.os) {
        None => format!("`{name}` is an unknown distribution: no packages can be installed"),
        Some((_, family)) => {
            let wanted = quoted(family.managers());
            match managers.as_slice() {
                [] => format!("`{name}` has no {wanted}: no packages can be installed"),
                there => format!(
                    "`{name}` has no {wanted}, but {}: no packages can be installed",
                    quoted(there)
                ),
            }
        }
    };
    vec![host.warning(CHECK.name, message, fix(context))]
}

fn fix(context: &Context<'_>) -> String {
    let known: Vec<&str> = context.families.names().collect();
    format!(
        "see that the tools are there (`FileExisting-*` names those that are missing); packages are \
         installed on {}",
        known.join(", ")
    )
}
