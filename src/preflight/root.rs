//! Everything needs root.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "IsPrivilegedUser",
    description: "commands run as root, directly or through sudo",
    severity: Severity::Error,
    phase: Phase::Connect,
    breaks: "nothing can be installed or looked at",
    kubeadm: Some("in every version"),
    needs: &[need::UID],
    page: "Seen by the user id that commands have on the host (`id -u`), after sudo where \
           cluster.yaml has it. Without root most facts are wrong or missing, so nothing else is \
           said of such a host.\n\nLog in as root, or let the user use sudo: `ssh: {user: ops, \
           sudo: {}}`, with `passwordFile` where sudo asks for one.",
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
