//! Where dpkg was interrupted, nothing can be installed until its owner has put it right.

use super::{Check, Context, Finding, HostFacts, Run};

pub(super) const CHECK: Check =
    Check { name: "Dpkg", description: "the package database is whole", run: Run::EachHost(run) };

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // While dpkg works, packages are half installed.
    let busy = host.facts.dpkg_locks.as_ref().is_some_and(|locks| !locks.is_empty());
    match host.facts.dpkg_broken.as_deref() {
        Some([complaint, ..]) if !busy => {
            let message = format!("dpkg did not finish its work: {complaint}");
            let fix = "`dpkg --configure -a`, then see that `dpkg --audit` is silent";
            vec![host.error(CHECK.name, message, fix)]
        }
        _ => vec![],
    }
}
