//! What root's login may use: files of a size, memory, time. The installation runs in it, kubeadm and kubectl too.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(crate) const CHECK: Check = Check {
    name: "LoginLimits",
    description: "root's login has no limits that the installation would meet",
    severity: Severity::Error,
    phase: Phase::Files,
    breaks: "uploads end (`File too large`), and kubeadm is killed",
    kubeadm: None,
    needs: &[need::LIMITS],
    page: "Seen by `ulimit` in the login that the installation runs in. Limits are set by `/etc/security/limits.conf` and \
           `limits.d` (pam_limits(8)). Services have systemd's own.\n\nTake the line for root, or for `*`, out of these files.",
    run: Run::EachHost(run),
};

/// What `ulimit` calls it, what `limits.conf` does, the least that will do (in blocks of 512 bytes, KiB, seconds, files),
/// and what it is. Images of a bundle have up to some 500 MB, a bundle that is served 2 GB; a program in Go reserves about 2 GiB of addresses.
const LIMITS: [(&str, &str, u64, &str); 4] = [
    ("ulimit_f", "fsize", 8 * 1024 * 1024, "the size of a file"),
    ("ulimit_v", "as", 4 * 1024 * 1024, "a program's address space"),
    ("ulimit_t", "cpu", 600, "a program's CPU time"),
    ("ulimit_n", "nofile", 512, "the number of open files"),
];

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let finding = |(name, item, least, what): &(&str, &str, u64, &str)| {
        let limit = host.facts.limits.number(name).filter(|limit| limit < least)?;
        let option = name.trim_start_matches("ulimit_");
        let message = format!("root's login limits {what}: `ulimit -{option}` is {limit}");
        let fix = format!(
            "take the lines of `{item}` out of `/etc/security/limits.conf` and `/etc/security/limits.d`"
        );
        let command = format!(
            r"find /etc/security -name '*.conf' -exec sed -i -E 's/^((root|\*)[[:space:]]+(soft|hard|-)[[:space:]]+{item}[[:space:]])/#\1/' {{}} +"
        );
        Some(host.error(CHECK.name, message, fix).typed(command))
    };
    LIMITS.iter().filter_map(finding).collect()
}
