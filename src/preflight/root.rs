//! Everything needs root.

use super::{Check, Context, Finding, HostFacts, Run};

pub(super) const CHECK: Check = Check {
    name: "IsPrivilegedUser",
    description: "commands run as root, directly or through sudo",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let ssh = &host.host.ssh;
    let user = &ssh.user;
    let (message, fix) = match (host.facts.uid, &ssh.sudo) {
        (None | Some(0), _) => return vec![],
        (Some(uid), None) => (
            format!("commands run as `{user}` (user id {uid}), not as root"),
            format!("let `{user}` use sudo and write `ssh: {{sudo: {{}}}}` in cluster.yaml"),
        ),
        (Some(uid), Some(_)) => (
            format!("sudo makes `{user}` user id {uid}, not root"),
            format!("allow it in sudoers: `{user} ALL=(root) ALL`"),
        ),
    };
    vec![host.error(CHECK.name, message, fix)]
}
