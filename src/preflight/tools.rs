//! Commands that must be there before any package is installed, and where none can be, all others.

use super::{Check, Context, Finding, HostFacts, Phase, Run, need};
use crate::event::Severity;

pub(super) const CHECK: Check = Check {
    name: "FileExisting-*",
    description: "the commands that the installation starts with are there",
    severity: Severity::Error,
    phase: Phase::Files,
    breaks: "a step of the installation finds no command to run",
    kubeadm: Some(
        "in versions up to 1.31 or 1.32 by command (`crictl`, `conntrack`, `socat`, `ebtables`; `ip`, `iptables`, `ethtool`, `tc`, `nsenter`); `mount` in every version",
    ),
    needs: &[need::COMMANDS],
    page: "Seen by looking for each command in `PATH`. One that is there and cannot be run, as a link that leads nowhere, is worse than none: \
           its package is installed. What can be installed from the \
           distribution is none of it, except where the distribution is unknown.\n\nInstall the \
           package that has it.",
    run: Run::EachHost(run),
};

/// Commands by what brings them, as `playbooks/os/*.yaml` call it.
const TOOLS: [(&str, &[&str]); 13] = [
    (
        "coreutils",
        &[
            "cat",
            "chmod",
            "comm",
            "cp",
            "cut",
            "dd",
            "head",
            "id",
            "ln",
            "mkdir",
            "mktemp",
            "mv",
            "readlink",
            "rm",
            "sha256sum",
            "sort",
            "stat",
            "sync",
            "tail",
            "timeout",
            "touch",
            "tr",
            "uname",
        ],
    ),
    ("diffutils", &["cmp"]),
    ("findutils", &["find", "xargs"]),
    ("grep", &["grep"]),
    ("ip", &["ip"]),
    ("kmod", &["modprobe"]),
    ("getent", &["getent"]),
    ("awk", &["awk"]),
    ("mount", &["mount", "umount", "losetup"]),
    ("sed", &["sed"]),
    ("systemd", &["systemctl", "journalctl"]),
    ("tar", &["tar"]),
    ("util-linux", &["flock", "nsenter"]),
];

/// Commands by the package of apt that has them, for those that are there and cannot run.
const PACKAGES: [(&str, &str); 13] = [
    ("conntrack", "conntrack"),
    ("ebtables", "ebtables"),
    ("ethtool", "ethtool"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("losetup", "mount"),
    ("modprobe", "kmod"),
    ("mount", "mount"),
    ("nft", "nftables"),
    ("nsenter", "util-linux"),
    ("socat", "socat"),
    ("tc", "iproute2"),
    ("umount", "mount"),
];

/// Commands that the installation brings where it can install packages, and whether nothing works without
/// them: kubeadm says so, and of conntrack until 1.31 (`cmd/kubeadm/app/preflight/checks_linux.go`).
const BROUGHT: [(&str, bool); 6] = [
    ("conntrack", true),
    ("iptables", true),
    ("ebtables", false),
    ("ethtool", false),
    ("socat", false),
    ("tc", false),
];

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let distribution = context.families.of(host.facts);
    let is_ill = |name: &str| host.facts.ill_commands.iter().any(|(ill, _)| ill == name);
    let is_missing = |name: &str| host.facts.has(name) == Some(false) && !is_ill(name);
    let finding = |tool: &str, name: &str, severity| {
        let message = format!("the command `{name}` is not there");
        let package = distribution.and_then(|it| Some((it, it.packages(tool)?.first()?)));
        let fix = "install it with the distribution's package manager";
        let found = host.error(&format!("FileExisting-{name}"), message, fix);
        let found = Finding { severity, ..found };
        match package {
            Some((it, package)) => found.typed(it.install(package)),
            None => found,
        }
    };
    let tools = TOOLS.iter().flat_map(|(tool, names)| names.iter().map(move |name| (tool, name)));
    let mut findings: Vec<Finding> = tools
        .filter(|(_, name)| is_missing(name))
        .map(|(tool, name)| finding(tool, name, Severity::Error))
        .collect();
    // What is unknown of the host is not a finding; one without systemd is refused as a whole.
    let is_systemd = host.facts.init.as_deref() == Some("systemd");
    if is_systemd && distribution.is_none() && host.facts.package_managers.is_some() {
        let missing = BROUGHT.iter().filter(|(name, _)| is_missing(name));
        findings.extend(missing.map(|(name, needed)| {
            let is_error = *needed
                && (*name != "conntrack" || context.cluster.kubernetes.version.0.minor < 32);
            finding(name, name, if is_error { Severity::Error } else { Severity::Warning })
        }));
    }
    findings.extend(ill(host));
    findings
}

/// Commands whose package is installed, so that no step brings them, and that cannot be run.
fn ill(host: &HostFacts<'_>) -> Vec<Finding> {
    let wanted = host.facts.apt.wanted.as_ref();
    let finding = |(name, path): &(String, String)| {
        let (_, package) = PACKAGES.iter().find(|(command, _)| command == name)?;
        if wanted?.iter().any(|it| it == package) {
            return None;
        }
        let message = format!("the command `{name}` is there, at `{path}`, and cannot be run");
        let found = |fix: &str| host.error(&format!("FileExisting-{name}"), message, fix);
        Some(match name.as_str() {
            "iptables" | "ebtables" if !path.starts_with("/usr/local") => {
                found("lead its link of alternatives(7) to a program again")
                    .typed(format!("update-alternatives --auto {name}"))
            }
            _ if path.starts_with("/usr/local") => {
                found("move it away").typed(format!("mv {path} {path}.off"))
            }
            _ => found("install its package anew").typed(format!(
                "DEBIAN_FRONTEND=noninteractive apt-get -y --reinstall install {package}"
            )),
        })
    };
    host.facts.ill_commands.iter().filter_map(finding).collect()
}
