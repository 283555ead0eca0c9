//! The changes that can be made to a host, one variant a step kind.
//!
//! The other half of a kind, how it is checked, applied and undone, is `kind/<name>.sh`.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::clear::Clear;
use super::manager::PackageManager;
use super::stage::Origin;

/// One change, resolved: everything in it is literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A regular file with this content.
    File { path: String, mode: String, owner: String, content: Vec<u8> },
    /// A file of the bundle.
    Artifact { path: String, mode: String, owner: String, upload: Upload },
    /// Container images of the bundle: (name that the cluster uses, name in the archive).
    Image { upload: Upload, references: Vec<(String, String)> },
    /// Likewise, into docker's own store.
    DockerImage { upload: Upload, references: Vec<(String, String)> },
    /// Container images that the runtime fetches from their registries; `NAME=IMAGE` is a further name of one.
    Pull { references: Vec<String> },
    /// Likewise by docker, which knows no mirrors: (name that the cluster uses, name that is fetched).
    DockerPull { references: Vec<(String, String)> },
    /// Container images that a runtime without an import fetches: what the cluster calls each, and the SHA-256 of its
    /// configuration where that is known.
    Cri { endpoint: String, images: Vec<(String, Option<String>)> },
    /// What Kubernetes will make in a containerd that was there, whose directories these are.
    Store { root: String, state: String },
    /// Likewise in a docker.
    DockerStore { root: String },
    /// A directory that programs will fill on their own.
    Tree { path: String, whose: Whose },
    /// Distribution packages, and what installs them.
    Package { manager: PackageManager, names: Vec<String> },
    /// A system group.
    Group { name: String },
    /// A systemd unit, restarted when one of the files is younger than its start.
    Service { unit: String, enabled: bool, active: bool, files: Vec<String> },
    /// A kernel setting.
    Sysctl { key: String, value: String },
    /// No swap, now and after a reboot.
    Swap,
    /// What firewalld lets in, where it runs: all that comes from these addresses and networks.
    Firewall { sources: Vec<String> },
    /// Kernel modules.
    Module { names: Vec<String> },
    /// What the cluster's programs will do in the kernel, pods in this network.
    Kernel { pod_subnet: String },
    /// `kubeadm init` or `join`, its configuration on stdin.
    Kubeadm { verb: String, flags: Vec<String>, config: Vec<u8> },
    /// Something that another installer's cluster left goes: what kind of thing, and which.
    Clear { what: Clear, words: Vec<String> },
    /// A shell line with its undo.
    Command { run: String, undo: String, unless: String, stdin: Vec<u8> },
}

/// Whose a directory is that programs fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The cluster's alone: an undo leaves what was in it before.
    Own,
    /// The cluster's where it was absent; where it was there, it is the owner's and left alone.
    Shared,
    /// Made in passing: an undo removes what is empty in it, where it was absent.
    Made,
}

/// A file of the operator's machine that a change uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// What it is called in messages.
    pub name: String,
    /// Where it is on the operator's machine.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// SHA-256, lower-case hex; the host checks it before the file is used.
    pub sha256: String,
    /// Where the host downloads it from, if it does so itself; then sum and size are known once it has.
    pub origin: Option<Origin>,
    /// Where a host of the site has it, if one has: it is asked for with the run's token. Until there is a
    /// plan only the path, of a file that such a host would have.
    pub served: Option<String>,
}

/// What a change reads on its stdin.
#[derive(Debug)]
pub enum Data<'a> {
    /// Bytes at hand (none for most kinds).
    Bytes(&'a [u8]),
    /// A file that is streamed, from where an earlier upload broke off.
    Upload(&'a Upload),
}

impl Change {
    /// The kind's name, as the shell half and the journal call it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Artifact { .. } => "artifact",
            Self::Image { .. } => "image",
            Self::DockerImage { .. } => "docker_image",
            Self::Pull { .. } => "pull",
            Self::DockerPull { .. } => "docker_pull",
            Self::Cri { .. } => "cri",
            Self::Store { .. } => "store",
            Self::DockerStore { .. } => "docker_store",
            Self::Tree { .. } => "tree",
            Self::Package { .. } => "package",
            Self::Group { .. } => "group",
            Self::Service { .. } => "service",
            Self::Sysctl { .. } => "sysctl",
            Self::Swap => "swap",
            Self::Firewall { .. } => "firewall",
            Self::Module { .. } => "module",
            Self::Kernel { .. } => "kernel",
            Self::Kubeadm { .. } => "kubeadm",
            Self::Clear { .. } => "clear",
            Self::Command { .. } => "command",
        }
    }

    /// Whether it takes something out of the packet filter that may let the operator in, or may.
    pub fn is_guarded(&self) -> bool {
        match self {
            Self::Firewall { .. } => true,
            Self::Clear { what, .. } => matches!(
                what,
                Clear::Chains
                    | Clear::Rule
                    | Clear::Table
                    | Clear::Routes
                    | Clear::Policies
                    | Clear::Addresses
            ),
            _ => false,
        }
    }

    /// The arguments of the shell half; they are journaled, so no secret is ever among them.
    pub fn arguments(&self) -> Vec<String> {
        let yes = |wanted: &bool| if *wanted { "yes" } else { "-" }.to_owned();
        match self {
            Self::File { path, mode, owner, content } => {
                vec![path.clone(), mode.clone(), owner.clone(), sha256(content)]
            }
            Self::Artifact { path, mode, owner, upload } => {
                let size = upload.size.to_string();
                vec![path.clone(), mode.clone(), owner.clone(), upload.sha256.clone(), size]
            }
            Self::Image { upload, references } | Self::DockerImage { upload, references } => {
                [&upload.sha256, &upload.size.to_string(), &upload.name]
                    .into_iter()
                    .cloned()
                    .chain(pairs(references))
                    .collect()
            }
            Self::DockerPull { references } => pairs(references).collect(),
            Self::DockerStore { root } => vec![root.clone()],
            Self::Cri { endpoint, images } => {
                let image = |(name, sum): &(String, Option<String>)| match sum {
                    Some(sum) => format!("{name}={sum}"),
                    None => name.clone(),
                };
                [endpoint.clone()].into_iter().chain(images.iter().map(image)).collect()
            }
            Self::Store { root, state } => vec![root.clone(), state.clone()],
            Self::Tree { path, whose } => {
                let whose = match whose {
                    Whose::Own => "own",
                    Whose::Shared => "shared",
                    Whose::Made => "made",
                };
                vec![path.clone(), whose.to_owned()]
            }
            Self::Package { manager, names } => {
                let mut words = vec![manager.name().to_owned()];
                words.extend(names.iter().cloned());
                words
            }
            Self::Swap => vec!["off".to_owned()],
            Self::Firewall { sources: names }
            | Self::Pull { references: names }
            | Self::Module { names } => names.clone(),
            Self::Service { unit, enabled, active, files } => {
                let mut words = vec![unit.clone(), yes(enabled), yes(active)];
                words.extend(files.iter().cloned());
                words
            }
            Self::Sysctl { key, value } => vec![key.clone(), value.clone()],
            Self::Group { name } => vec![name.clone()],
            Self::Kernel { pod_subnet } => vec![pod_subnet.clone()],
            Self::Kubeadm { verb, flags, .. } => {
                let mut words = vec![verb.clone()];
                words.extend(flags.iter().cloned());
                words
            }
            Self::Clear { what, words } => {
                let mut all = vec![what.name().to_owned()];
                all.extend(words.iter().cloned());
                all
            }
            Self::Command { run, undo, unless, .. } => {
                vec![run.clone(), undo.clone(), unless.clone()]
            }
        }
    }

    /// What the shell half reads on its stdin.
    pub fn data(&self) -> Data<'_> {
        match self {
            Self::File { content, .. } => Data::Bytes(content),
            Self::Kubeadm { config, .. } => Data::Bytes(config),
            Self::Command { stdin, .. } => Data::Bytes(stdin),
            // The host has it already.
            Self::Artifact { upload, .. } if upload.origin.is_some() => Data::Bytes(&[]),
            Self::Artifact { upload, .. }
            | Self::Image { upload, .. }
            | Self::DockerImage { upload, .. } => Data::Upload(upload),
            _ => Data::Bytes(&[]),
        }
    }

    /// What it changes, for `plan` and messages: `/etc/containerd/config.toml`.
    pub fn subject(&self) -> String {
        match self {
            Self::File { path, .. } | Self::Artifact { path, .. } | Self::Tree { path, .. } => {
                path.clone()
            }
            Self::Image { upload, .. } | Self::DockerImage { upload, .. } => upload.name.clone(),
            Self::Store { root, .. } | Self::DockerStore { root } => root.clone(),
            Self::Cri { images, .. } => {
                images.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
            }
            Self::DockerPull { references } => {
                references.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
            }
            Self::Swap => "off".to_owned(),
            Self::Firewall { sources: names }
            | Self::Package { names, .. }
            | Self::Pull { references: names }
            | Self::Module { names } => names.join(" "),
            Self::Group { name } => name.clone(),
            Self::Service { unit, .. } => unit.clone(),
            Self::Sysctl { key, value } => format!("{key} = {value}"),
            Self::Kernel { pod_subnet } => format!("pods in {pod_subnet}"),
            Self::Kubeadm { verb, .. } => format!("kubeadm {verb}"),
            Self::Clear { what, words } => {
                format!("{} {}", what.name(), words.join(" ")).trim_end().to_owned()
            }
            Self::Command { run, .. } => run.clone(),
        }
    }
}

/// Names of images and what they come from, as the shell half has them.
fn pairs(references: &[(String, String)]) -> impl Iterator<Item = String> {
    references.iter().map(|(name, source)| format!("{name}={source}"))
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
