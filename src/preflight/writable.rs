//! A read-only file system shows itself only at the first write.

use super::{Check, Context, Finding, HostFacts, Run, quoted};

pub(super) const CHECK: Check = Check {
    name: "Writable",
    description: "system directories can be written",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    match &host.facts.read_only {
        Some(paths) if !paths.is_empty() => {
            let message = format!("not writable, even by root: {}", quoted(paths));
            let fix = "mount them read-write (`mount -o remount,rw PATH`); see `dmesg` if the \
                       kernel made them read-only after an error";
            vec![host.error(CHECK.name, message, fix)]
        }
        _ => vec![],
    }
}
