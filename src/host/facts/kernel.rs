//! The kernel: its numbers, its configuration, and what somebody keeps it from.

use std::collections::BTreeMap;

use super::parse::Read;

/// What the kernel and the login allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// By the name of the sysctl (`kernel.pid_max`), `inotify_used`, `ulimit_f`, or of systemd (`DefaultTasksMax`). What has no
    /// limit is not there.
    pub numbers: BTreeMap<String, u64>,
    /// Whether `net.netfilter.nf_conntrack_max` can be set here; unknown while its module is not loaded.
    pub conntrack_writable: Option<bool>,
    /// Whether the settings can be changed that the kubelet changes.
    pub defaults_writable: Option<bool>,
    /// Where kubeadm finds the kernel's configuration: a file, `configs` (a module that has it), `none`; `None` when nobody looked.
    pub config: Option<String>,
    /// Options of it that kubeadm wants and that are off; unknown where it could not be read.
    pub missing_options: Option<Vec<String>>,
    /// Modules that `modprobe` was told not to load.
    pub blocked: Option<Vec<Blocked>>,
    /// Controllers of cgroups of version 1 that are mounted; unknown with version 2.
    pub mounted: Option<Vec<String>>,
}

/// A module that `modprobe` was told not to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// `overlay`.
    pub module: String,
    /// `absent`, `loaded` (until the next boot), `built-in`.
    pub state: String,
    /// The file that says so.
    pub file: String,
}

impl Limits {
    /// A number, where the host told it.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.numbers.get(name).copied()
    }

    pub(super) fn read(read: &Read) -> Self {
        let number = |value: &str| {
            let (name, number) = value.split_once(' ')?;
            Some((name.to_owned(), number.trim().parse().ok()?))
        };
        let words = |it: String| it.split_whitespace().map(str::to_owned).collect();
        Self {
            numbers: read.list("number", number).unwrap_or_default().into_iter().collect(),
            conntrack_writable: read.flag("conntrack_writable"),
            defaults_writable: read.flag("defaults_writable"),
            config: read.text("kernel_config"),
            missing_options: read.texts("kernel_option_missing"),
            blocked: read.list("module_blocked", blocked),
            mounted: read.text("cgroup_mounted").map(words),
        }
    }
}

/// `MODULE STATE FILE`.
fn blocked(value: &str) -> Option<Blocked> {
    let mut words = value.splitn(3, ' ').map(str::to_owned);
    Some(Blocked { module: words.next()?, state: words.next()?, file: words.next()? })
}
