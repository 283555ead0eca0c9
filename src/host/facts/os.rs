//! The distribution.

/// The distribution, from `/etc/os-release`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Os {
    /// `debian`.
    pub id: Option<String>,
    /// What it is made from: `debian`, `rhel centos fedora`.
    pub id_like: Vec<String>,
    /// `12`, `22.04`; rolling distributions have none.
    pub version_id: Option<String>,
    /// For people: `Debian GNU/Linux 12 (bookworm)`.
    pub pretty_name: Option<String>,
}

impl Os {
    /// Its name and release, for a message: `rocky 9.3`. `None` where it did not say.
    pub fn name(&self) -> Option<String> {
        let id = self.id.as_ref()?;
        Some(match &self.version_id {
            Some(version) => format!("{id} {version}"),
            None => id.clone(),
        })
    }
}
