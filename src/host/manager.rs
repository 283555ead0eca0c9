//! Package managers.

use serde::Deserialize;

/// A package manager that `kind/package/*.sh` can work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageManager {
    /// Debian's.
    Apt,
    /// That of Fedora, RHEL 8 and later, and their kin; version 4 and 5.
    Dnf,
    /// That of RHEL 7 and Amazon Linux 2. Later ones call dnf so.
    Yum,
    /// SUSE's.
    Zypper,
}

impl PackageManager {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Apt, Self::Dnf, Self::Yum, Self::Zypper];

    /// What the shell half and the journal call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Dnf => "dnf",
            Self::Yum => "yum",
            Self::Zypper => "zypper",
        }
    }

    /// Its command.
    pub fn command(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            other => other.name(),
        }
    }
}
