//! kainstall's habit: a cluster from the command line alone, by the same rules as a file.

use std::path::{Path, PathBuf};

use super::check::{self, Dirs};
use super::free::Node;
use super::mistake::{Mistake, Mistakes};
use super::raw;
use super::versions::{Wish, Wished};
use super::yaml::{At, Source};
use crate::secret::Secret;

/// How messages name the source of these values.
const SOURCE: &str = "the command line";
/// The name of a cluster that has none: kubeadm's own default.
const NAME: &str = "kubernetes";

/// What the command line (or kainstall's environment variables) said.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `-m`: control planes, each item one address or several with commas between.
    pub masters: Vec<String>,
    /// `-w`: workers, in the same form.
    pub workers: Vec<String>,
    /// `-u`: login name; root when it is left out.
    pub user: Option<String>,
    /// `-p`, or `SSH_PASSWORD`: login password.
    pub password: Option<Secret>,
    /// `--private-key`.
    pub private_key: Option<PathBuf>,
    /// `-P`: SSH port; 22 when it is left out.
    pub port: Option<u16>,
    /// Become root with sudo; needed when `user` is not root.
    pub sudo: bool,
    /// The password that sudo asks for.
    pub sudo_password: Option<Secret>,
    /// The Kubernetes release.
    pub version: Option<String>,
    /// The bundle to install from; without one, the release servers.
    pub bundle: Option<PathBuf>,
    /// For verbs that install nothing (`wipe`, `status`): the version may be left out. It then
    /// means nothing.
    pub hosts_only: bool,
}

/// Makes a cluster of the flags. Relative names begin in the working directory.
///
/// # Errors
///
/// All mistakes at once, without places.
pub fn from_flags(flags: Flags) -> Result<Wished, Mistakes> {
    let text = |value: String| Some(At::nowhere(value));
    let mut mistakes = Vec::new();
    let mut needed = |given: bool, message: &str, expected: &str| {
        if !given {
            mistakes.push(Mistake::new(SOURCE, message).expected(expected));
        }
    };
    let masters = addresses(&flags.masters);
    needed(!masters.is_empty(), "no control plane is given", "`-m ADDRESS`, or `-f cluster.yaml`");
    let installs = !flags.hosts_only;
    let version_is_known = flags.version.is_some() || !installs;
    needed(version_is_known, "no Kubernetes version is given", "`v1.36.4`, `1.36` or `stable`");
    if !mistakes.is_empty() {
        return Err(Mistakes::new(mistakes));
    }
    let version = flags.version.unwrap_or_else(|| Wish::Stable.to_string());
    let bundle = flags.bundle.as_deref().map(file_name);
    let sudo = (flags.sudo || flags.sudo_password.is_some())
        .then(|| raw::Sudo { password: flags.sudo_password, ..raw::Sudo::default() });
    let key = flags.private_key.as_deref().map(file_name);
    let ssh = raw::Ssh {
        user: flags.user.and_then(text),
        port: flags.port.and_then(|port| text(port.to_string())),
        private_key: key.map(|key| At::nowhere(Node::Text(key))),
        password: flags.password,
        sudo,
        ..raw::Ssh::default()
    };
    let host = |address: String, role: &str| {
        At::nowhere(raw::Host {
            address: text(address),
            roles: Some(At::nowhere(vec![At::nowhere(role.to_owned())])),
            ..raw::Host::default()
        })
    };
    let masters = masters.into_iter().map(|address| host(address, "control-plane"));
    let workers = addresses(&flags.workers).into_iter().map(|address| host(address, "worker"));
    let spec = raw::Spec {
        kubernetes: Some(At::nowhere(raw::Kubernetes {
            version: text(version),
            ..raw::Kubernetes::default()
        })),
        artifacts: Some(At::nowhere(raw::Artifacts {
            bundle: bundle.and_then(text),
            ..raw::Artifacts::default()
        })),
        ssh: Some(ssh),
        hosts: Some(At::nowhere(masters.chain(workers).collect())),
        ..raw::Spec::default()
    };
    let file = raw::File {
        api_version: text("bivouac/v1alpha1".to_owned()),
        kind: text("Cluster".to_owned()),
        metadata: Some(At::nowhere(raw::Metadata { name: text(NAME.to_owned()) })),
        spec: Some(At::nowhere(spec)),
    };
    let dirs = Dirs { base: PathBuf::new(), home: super::home() };
    check::cluster(Source::new(SOURCE, ""), &dirs, &At::nowhere(file), true)
}

fn file_name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn addresses(given: &[String]) -> Vec<String> {
    let each = given.iter().flat_map(|item| item.split(','));
    each.map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}
