//! What hosts change by themselves: the list, with a reason for each. `wipe --show-ignored` prints it, and what it hid.
//!
//! Each row is a promise that is not kept for these paths, so the list stays short. Sources: the default ignore list of piuparts (Debian), what an
//! installation and a purge of ten packages leave different (residue.md, 4.4), and what two looks at an idle host differ in. What lies in a
//! directory of the cluster's, or is called as a cluster's things are, is never noise.

use super::names;

names::tables! {
    /// Paths.
    PATHS = [
        (r"/var/log(/.*)?", "logs"),
        (r"/var/(cache|tmp|backups|spool|mail|crash)(/.*)?", "caches, queues and copies that programs keep for themselves"),
        (r"/var/lib/(apt|dpkg|ucf|rpm|dnf|yum|zypp|PackageKit|snapd|update-notifier|ubuntu-advantage|unattended-upgrades)(/.*)?|/usr/lib/sysimage/(rpm|dnf|libdnf5)(/.*)?", "databases of package managers: packages are compared by name and version"),
        (r"/var/lib/(systemd|private|logrotate|mlocate|plocate|sudo|fwupd|cloud)(/.*)?", "state of the system's own services: timers, seeds, indexes"),
        (r"/var/lib/(NetworkManager|dhcp|dhclient|dhcpcd|chrony|ntp)(/.*)?", "leases and drifts"),
        (r"/etc/(ld\.so\.cache|mtab|machine-id|\.pwd\.lock|\.updated)|/var/\.updated", "made anew by the system from what is compared"),
        (r"/etc/(passwd|shadow|group|gshadow|subuid|subgid)-", "copies that the tools for users make"),
        (r"/root/(\.bash_history|\.viminfo|\.lesshst|\.ssh(/.*)?)", "what comes of logins"),
        (r".*/__pycache__(/.*)?", "made by any start of a Python program"),
        (r".*/image/[a-z0-9]+/distribution(/.*)?", "docker's list of where layers came from, which outlives them"),
        (r".*/io\.containerd\.content\.v1\.content(/ingest)?", "directories that a containerd makes for the first content and looks for again at each"),
        (r".*/io\.containerd\.snapshotter\.v1\.[a-z]+/metadata\.db", "a containerd's own list of what it unpacked, kept open for as long as it runs"),
    ];
}

/// What is not looked at, and so is not among what differs (`host/baseline.sh`).
pub const UNSEEN: &[(&str, &str)] = &[
    ("/home, /var/tmp, /root/.cache", "people's own files"),
    (
        "/proc, /sys, /dev, and /run but for what clusters make there",
        "the kernel's and the system's, made anew at each boot; settings, links, mounts and units are compared by themselves",
    ),
    ("times, sizes of directories, counters", "they change by being looked at"),
    (
        "contents outside of /etc, /usr/local, /opt, /root; of files of 8 MiB and more",
        "packages are compared by their versions, large files by their size",
    ),
    (
        "file systems that are no local disk, and what is mounted below other places than the system's directories",
        "others' data",
    ),
    (
        "sessions, units of timers, and services that systemd starts when they are asked for",
        "they come and go by themselves",
    ),
    (
        "link-local addresses, routes that a router tells, whether a cable is plugged in",
        "they come and go by themselves",
    ),
    (
        "settings of the kernel other than those that installers and clusters change",
        "thousands of them are counters or sizes of this boot",
    ),
];

/// Why a path is no difference, if it is not.
pub(super) fn reason(path: &str) -> Option<&'static str> {
    names::first(&PATHS, path)
}

/// The list: paths as patterns, and the reason of each.
pub fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    PATHS.iter().map(|(pattern, reason)| (names::source(pattern), *reason))
}
