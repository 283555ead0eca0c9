//! What somebody adds to the services that will be installed.

use super::parse::Read;

/// systemd's manager, and what is laid over our units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// The manager's state: `running`, `degraded`, `stopping`. Empty where it does not answer.
    pub manager: Option<String>,
    /// Settings in files of others beside our units, first of all those that would be used.
    pub drop_ins: Option<Vec<DropIn>>,
    /// Flags in `/etc/default/kubelet`: `--node-ip`. Unknown where the file is not there.
    pub kubelet_flags: Option<Vec<String>>,
    /// Other variables there, which would be used in the place of our unit's.
    pub kubelet_variables: Vec<String>,
    /// What brings swap back with the next boot: `fstab /dev/sda2`, `zram FILE`.
    pub swap_at_boot: Option<Vec<String>>,
}

/// A setting in somebody's drop-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIn {
    /// `kubelet.service`; `service` for all.
    pub unit: String,
    /// The file.
    pub path: String,
    /// `ExecStart`.
    pub setting: String,
    /// Its value; of a variable its name.
    pub value: String,
}

impl Services {
    pub(super) fn read(read: &Read) -> Self {
        Self {
            manager: read.text("manager"),
            drop_ins: read.list("drop_in", drop_in),
            kubelet_flags: read.texts("kubelet_flag"),
            kubelet_variables: read.texts("kubelet_variable").unwrap_or_default(),
            swap_at_boot: read.texts("swap_at_boot"),
        }
    }
}

/// `UNIT PATH SETTING VALUE`.
fn drop_in(value: &str) -> Option<DropIn> {
    let mut words = value.splitn(4, ' ').map(str::to_owned);
    let (unit, path, setting) = (words.next()?, words.next()?, words.next()?);
    Some(DropIn { unit, path, setting, value: words.next().unwrap_or_default() })
}
