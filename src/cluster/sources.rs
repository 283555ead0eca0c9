//! Where artifacts come from when there is no bundle, and what stands between.

use std::path::PathBuf;

use super::check::names;

/// `spec.artifacts`, but for the bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// `mirror`: the base addresses of the release servers.
    pub mirrors: Mirrors,
    /// `ca`: certificate authorities that are trusted besides the system's.
    pub ca: Option<PathBuf>,
    /// `download`: who fetches.
    pub download: Download,
}

/// Who fetches files from the release servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Download {
    /// This machine, which keeps them and uploads them once a host.
    #[default]
    Operator,
    /// Each host.
    Hosts,
}

/// The base addresses of the release servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrors {
    /// In place of `https://dl.k8s.io`.
    pub kubernetes: String,
    /// In place of `https://github.com`.
    pub github: String,
    /// In place of `https://storage.googleapis.com/cri-o/artifacts`.
    pub cri_o: String,
    /// In place of `registry.k8s.io`, where one is given.
    pub images: Option<String>,
}

impl Default for Mirrors {
    fn default() -> Self {
        Self {
            kubernetes: "https://dl.k8s.io".to_owned(),
            github: "https://github.com".to_owned(),
            cri_o: "https://storage.googleapis.com/cri-o/artifacts".to_owned(),
            images: None,
        }
    }
}

impl Mirrors {
    /// `DaoCloud`'s mirrors, for users in China (kubernetes-sigs/kubespray `docs/operations/mirror.md`;
    /// DaoCloud/public-binary-files-mirror: the original's address without its scheme, below
    /// `https://files.m.daocloud.io`).
    pub fn china() -> Self {
        Self {
            kubernetes: "https://files.m.daocloud.io/dl.k8s.io".to_owned(),
            github: "https://files.m.daocloud.io/github.com".to_owned(),
            cri_o: "https://files.m.daocloud.io/storage.googleapis.com/cri-o/artifacts".to_owned(),
            images: Some("k8s.m.daocloud.io".to_owned()),
        }
    }

    /// Sets the base address of one of them by the name that cluster.yaml has for it.
    ///
    /// # Errors
    ///
    /// What is expected, where the name or the address does not fit.
    pub fn set(&mut self, name: &str, address: &str) -> Result<(), &'static str> {
        let base = |address: &str| {
            names::base_address(address).map(|()| address.trim_end_matches('/').to_owned())
        };
        match name {
            "kubernetes" => self.kubernetes = base(address)?,
            "github" => self.github = base(address)?,
            "cri-o" => self.cri_o = base(address)?,
            "images" => {
                names::image_repository(address)?;
                self.images = Some(address.to_owned());
            }
            _ => return Err("`kubernetes`, `github`, `cri-o` or `images`"),
        }
        Ok(())
    }

    /// Where the newest release is named: of a minor, or of all.
    pub fn channel(&self, minor: Option<u64>) -> String {
        let name = minor.map_or_else(|| "stable".to_owned(), |minor| format!("stable-1.{minor}"));
        format!("{}/release/{name}.txt", self.kubernetes)
    }
}

/// `spec.proxy`: what this machine, the container runtime and package installs on hosts go through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// For `http://` addresses.
    pub http: Option<String>,
    /// For `https://` addresses.
    pub https: Option<String>,
    /// The user's own exceptions: names, domains, addresses, networks.
    pub no_proxy: Vec<String>,
    /// Who logs in at the proxies.
    pub username: Option<String>,
    /// The file with the password for that.
    pub password_file: Option<PathBuf>,
}
