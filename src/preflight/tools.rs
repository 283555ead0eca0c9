//! Commands that must be there before any package is installed.

use super::{Check, Context, Finding, HostFacts, Run};

pub(super) const CHECK: Check = Check {
    name: "FileExisting-*",
    description: "the commands that the installation starts with are there",
    run: Run::EachHost(run),
};

/// Commands by the Debian package that has them. What the installation brings itself (conntrack,
/// ebtables, ethtool, iptables, socat) is not among them.
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
    ("iproute2", &["ip", "tc"]),
    ("kmod", &["modprobe"]),
    ("libc-bin", &["getent"]),
    ("mawk", &["awk"]),
    ("mount", &["mount", "umount", "losetup"]),
    ("sed", &["sed"]),
    ("systemd", &["systemctl", "journalctl"]),
    ("tar", &["tar"]),
    ("util-linux", &["flock", "nsenter"]),
];

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let tools = TOOLS.iter().flat_map(|(package, names)| names.iter().map(move |n| (package, n)));
    let missing = tools.filter(|(_, name)| host.facts.has(name) == Some(false));
    let finding = |(package, name): (&&str, &&str)| {
        let message = format!("the command `{name}` is not there");
        let fix = format!("install it: `apt-get install {package}`");
        host.error(&format!("FileExisting-{name}"), message, fix)
    };
    missing.map(finding).collect()
}
