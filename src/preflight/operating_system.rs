//! Packages are installed with apt, so the host must have it.

use super::{Check, Context, Finding, HostFacts, Run};
use crate::host::facts::Family;

pub(super) const CHECK: Check = Check {
    name: "OperatingSystem",
    description: "the host runs Debian, Ubuntu, or what is made from them",
    run: Run::EachHost(run),
};

const FIX: &str = "use a host with Debian or Ubuntu";

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let os = &host.facts.os;
    let Some(id) = &os.id else {
        let message = "`/etc/os-release` does not say what the host runs";
        return vec![host.error(CHECK.name, message, FIX)];
    };
    let name = match &os.version_id {
        Some(version) => format!("{id} {version}"),
        None => id.clone(),
    };
    if host.facts.family() == Family::Other {
        let message = format!("`{name}`: only Debian and Ubuntu hosts are supported yet");
        return vec![host.error(CHECK.name, message, FIX)];
    }
    match &host.facts.package_manager {
        Some(manager) if manager != "apt-get" => {
            let message = format!("`{name}` has no `apt-get`");
            vec![host.error(CHECK.name, message, FIX)]
        }
        _ => vec![],
    }
}
