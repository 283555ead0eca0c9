//! Where dpkg was interrupted, nothing can be installed until its owner has put it right.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(super) const CHECK: Check = Check {
    name: "Dpkg",
    description: "the package database is whole",
    severity: Severity::Error,
    phase: Phase::Packages,
    breaks: "apt refuses to install anything: `dpkg was interrupted`",
    kubeadm: None,
    needs: &[need::DPKG],
    page: "Seen by `dpkg --audit` and dpkg's journal of updates. What our own package step \
           left half done, it mends itself when it goes on.\n\nLet dpkg finish its work.",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // While dpkg works, packages are half installed.
    if host.facts.package_locks.as_ref().is_some_and(|locks| !locks.is_empty()) {
        return vec![];
    }
    // What our own step left there, when it was cut off, it mends when it goes on.
    if host.facts.has_begun_packages() {
        return vec![];
    }
    let message = match (&host.facts.dpkg_broken, host.facts.dpkg_interrupted) {
        (_, Some(true)) => "dpkg was interrupted".to_owned(),
        (Some(packages), _) if !packages.is_empty() => {
            format!("packages are not completely installed: {}", quoted(packages))
        }
        _ => return vec![],
    };
    let fix = "let dpkg finish its work, then see that `dpkg --audit` is silent";
    vec![host.error(CHECK.name, message, fix).typed("dpkg --configure -a")]
}
