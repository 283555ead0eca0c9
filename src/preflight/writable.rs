//! A read-only file system shows itself only at the first write.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(super) const CHECK: Check = Check {
    name: "Writable",
    description: "system directories can be written",
    severity: Severity::Error,
    phase: Phase::Files,
    breaks: "files cannot be written: `read-only file system`",
    kubeadm: None,
    needs: &[need::READ_ONLY],
    page: "Seen by access(2), which says no to root only where a file system is mounted \
           read-only, or a file is immutable.\n\nMount it read-write; where the kernel made it \
           read-only after an error, `dmesg` says why.",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    match &host.facts.read_only {
        Some(paths) if !paths.is_empty() => {
            let message = format!("not writable, even by root: {}", quoted(paths));
            let fix = "mount them read-write (`mount -o remount,rw PATH`); see `dmesg` if the \
                       kernel made them read-only after an error";
            let remount = |path: &String| {
                format!("mount -o remount,rw \"$(findmnt -n -o TARGET -T {path})\"")
            };
            let commands: Vec<String> = paths.iter().map(remount).collect();
            vec![host.error(CHECK.name, message, fix).typed(commands.join(" && "))]
        }
        _ => vec![],
    }
}
