//! The ways in which a foreign cluster's leftovers go; the shell half of each is in `kind/clear.sh` and `kind/clear/`.

/// What kind of thing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Clear {
    /// Nothing yet: what a wipe is about to take away, so that one that was cut off is known by what it had found out.
    Plan,
    /// Files and small directories: saved first, so an undo brings them back.
    Files,
    /// Programs and notes: not saved.
    Programs,
    /// Symbolic links: remembered with their targets.
    Symlinks,
    /// A directory of the dead cluster's data: not saved.
    Tree,
    /// What is one program's own data in a place that no list has: whose, place.
    Elsewhere,
    /// Directories that go only if they are empty.
    Hollow,
    /// Authorities that the host trusts: files, and its list is made anew.
    Authorities,
    /// Units of systemd: stopped and disabled.
    Units,
    /// Pods, whatever runs them.
    Pods,
    /// Containers of docker, by their ids.
    Docker,
    /// Images of docker, by their names.
    Images,
    /// Profiles of `AppArmor` that no process uses.
    Profiles,
    /// A namespace of a containerd that stays.
    Containerd,
    /// Chains of one tool (the first word), each as `TABLE CHAIN`.
    Chains,
    /// One rule: tool, table, rule.
    Rule,
    /// A table of nftables: family, name.
    Table,
    /// Sets of ipset.
    Sets,
    /// Virtual servers, each as `OPTION ADDRESS:PORT`.
    Servers,
    /// Network links.
    Links,
    /// Routes, each as `FAMILY ROUTE`.
    Routes,
    /// Connections that are translated, each as `ADDRESS TARGET`.
    Connections,
    /// Rules of routing, each as `FAMILY PRIORITY: RULE`.
    Policies,
    /// Addresses of links, each as `ADDRESS/PREFIX LINK`.
    Addresses,
    /// Neighbours that were set by hand, each as `FAMILY ADDRESS dev LINK ...`.
    Neighbours,
    /// Users of this host's own files.
    Users,
    /// Groups of this host's own files.
    Groups,
    /// Filters of BPF, each as the inventory names it.
    Filters,
    /// Programs of XDP, each as `LINK MODE PROGRAM`.
    Xdp,
    /// Programs on the cgroup above all others, each as `TYPE NAME id N`.
    Attached,
    /// Pins of BPF, and directories of them.
    Pins,
    /// Mounts of BPF's and cgroups' file systems.
    Mounts,
    /// A file that an installer kept beside what it put in its place: file, what it kept.
    Original,
    /// Named network namespaces.
    Netns,
    /// Cgroups of pods.
    Cgroups,
    /// Packages of one manager (the first word: `apt` or `rpm`).
    Packages,
    /// Kernel settings, each as `KEY=VALUE`.
    Sysctls,
    /// What is between two lines of a file, and these: file, first, last.
    Block,
    /// A line of a file: file, line. It goes wherever it stands.
    Lines,
    /// A line of /etc/fstab that is a comment and becomes a line again.
    Fstab,
    /// The mode of `SELinux`.
    Selinux,
    /// Units that are unmasked.
    Unmask,
    /// A file that gets its name back: from, to.
    Rename,
}

impl Clear {
    /// Every one.
    pub const ALL: [Self; 43] = [
        Self::Plan,
        Self::Files,
        Self::Programs,
        Self::Symlinks,
        Self::Tree,
        Self::Elsewhere,
        Self::Hollow,
        Self::Authorities,
        Self::Units,
        Self::Pods,
        Self::Docker,
        Self::Images,
        Self::Profiles,
        Self::Containerd,
        Self::Chains,
        Self::Rule,
        Self::Table,
        Self::Sets,
        Self::Servers,
        Self::Links,
        Self::Routes,
        Self::Connections,
        Self::Policies,
        Self::Addresses,
        Self::Neighbours,
        Self::Users,
        Self::Groups,
        Self::Filters,
        Self::Xdp,
        Self::Attached,
        Self::Pins,
        Self::Mounts,
        Self::Original,
        Self::Netns,
        Self::Cgroups,
        Self::Packages,
        Self::Sysctls,
        Self::Block,
        Self::Lines,
        Self::Fstab,
        Self::Selinux,
        Self::Unmask,
        Self::Rename,
    ];

    /// What the shell half and the journal call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Files => "files",
            Self::Programs => "programs",
            Self::Symlinks => "symlinks",
            Self::Tree => "tree",
            Self::Elsewhere => "elsewhere",
            Self::Hollow => "hollow",
            Self::Authorities => "authorities",
            Self::Units => "units",
            Self::Pods => "pods",
            Self::Docker => "docker",
            Self::Images => "images",
            Self::Profiles => "profiles",
            Self::Containerd => "containerd",
            Self::Chains => "chains",
            Self::Rule => "rule",
            Self::Table => "table",
            Self::Sets => "sets",
            Self::Servers => "servers",
            Self::Links => "links",
            Self::Routes => "routes",
            Self::Connections => "connections",
            Self::Policies => "policies",
            Self::Addresses => "addresses",
            Self::Neighbours => "neighbours",
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Filters => "filters",
            Self::Xdp => "xdp",
            Self::Attached => "attached",
            Self::Pins => "pins",
            Self::Mounts => "mounts",
            Self::Original => "original",
            Self::Netns => "netns",
            Self::Cgroups => "cgroups",
            Self::Packages => "packages",
            Self::Sysctls => "sysctls",
            Self::Block => "block",
            Self::Lines => "lines",
            Self::Fstab => "fstab",
            Self::Selinux => "selinux",
            Self::Unmask => "unmask",
            Self::Rename => "rename",
        }
    }
}
