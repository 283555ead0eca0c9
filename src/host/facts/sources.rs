//! Where a host gets packages from, as far as that can be seen without asking the network.

use super::parse::Read;

/// What apt says of the tools that the installation brings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Apt {
    /// Those of them that are not installed. Unknown without apt, or without systemd.
    pub wanted: Option<Vec<String>>,
    /// Those of them that are not to be installed, by their owner's word (`apt-mark hold`).
    pub held: Vec<String>,
    /// What their installation would come to: `error ...`, `remove NAME`, `upgrade NAME`. Unknown where it
    /// could not be asked, or nothing is wanted.
    pub plan: Option<Vec<String>>,
    /// Files that name sources which are no more, and are not switched off.
    pub gone: Vec<String>,
    /// Keys that sources name, or that apt trusts for all, and that its own user cannot read.
    pub unreadable_keys: Vec<String>,
}

impl Apt {
    pub(super) fn read(read: &Read) -> Self {
        let wanted = read.text("apt_wanted");
        let words =
            |it: String| it.split_whitespace().filter(|it| *it != "-").map(str::to_owned).collect();
        Self {
            wanted: wanted.map(words),
            held: read.texts("apt_held").unwrap_or_default(),
            plan: read.texts("apt"),
            gone: read.texts("apt_gone").unwrap_or_default(),
            unreadable_keys: read.texts("apt_key").unwrap_or_default(),
        }
    }
}
