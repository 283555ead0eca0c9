//! What the journal's entries claim: everything that a run made, changed, or said that the cluster would.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::host::Entry;

/// A directory (or file) that a `tree` step claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree {
    /// Where.
    pub(super) path: String,
    /// What is in it, or new in it, is not the owner's: it was absent before, or is the cluster's alone.
    pub(super) is_ours: bool,
}

/// A runtime that has an owner, and is the cluster's as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Store {
    /// Its directories.
    pub(super) roots: Vec<String>,
}

/// All that is claimed on a host.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// Files that were written, and directories that had to be made for them.
    pub(super) files: BTreeSet<String>,
    pub(super) trees: Vec<Tree>,
    pub(super) stores: Vec<Store>,
    pub(super) packages: BTreeSet<String>,
    pub(super) units: BTreeSet<String>,
    /// Keys, and the values that they were given.
    pub(super) settings: BTreeMap<String, String>,
    pub(super) groups: BTreeSet<String>,
    pub(super) swap: bool,
    /// The cluster's programs were claimed to work in the kernel.
    pub(super) kernel: bool,
    /// IPVS was made ready for kube-proxy.
    pub(super) ipvs: bool,
    /// Networks of pods.
    pub(super) pods: Vec<IpNet>,
    /// Lines of commands, and their undos: what they name is theirs.
    pub(super) lines: Vec<String>,
}

impl Claims {
    /// Those of all entries, also of those that are undone: what they claim must be as before.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let mut claims = Self::default();
        for entry in entries {
            claims.add(entry);
        }
        claims
    }

    fn add(&mut self, entry: &Entry) {
        let arguments = entry.arguments.as_slice();
        let first = arguments.first().cloned().unwrap_or_default();
        match entry.kind.as_str() {
            "file" | "artifact" => {
                self.files.insert(first);
                // `absent`, then the directories that were missing.
                if let [absent, missing @ ..] = entry.before.as_slice()
                    && absent == "absent"
                {
                    self.files.extend(missing.iter().cloned());
                }
            }
            "tree" => {
                let state = entry.before.first().map_or("", String::as_str);
                if state == "absent" {
                    self.files.extend(entry.before.iter().skip(1).cloned());
                }
                // Without a word of how it was it is in doubt.
                self.trees.push(Tree { path: first, is_ours: state != "foreign" });
            }
            "store" | "docker_store" => {
                self.stores.push(Store { roots: arguments.to_vec() });
            }
            "package" => {
                let names = arguments.iter().skip(1).chain(&entry.before);
                self.packages.extend(names.map(|name| bare(name)));
            }
            "service" => {
                self.units.insert(first);
            }
            "sysctl" => {
                let value = arguments.get(1).cloned().unwrap_or_default();
                self.settings.insert(first, value);
            }
            "group" => {
                self.groups.insert(first);
            }
            "swap" => self.swap = true,
            "module" => self.ipvs |= arguments.iter().any(|name| name.starts_with("ip_vs")),
            "kernel" => {
                self.kernel = true;
                self.pods.extend(first.split(',').filter_map(|net| net.parse::<IpNet>().ok()));
            }
            "command" => self.lines.extend(arguments.iter().take(2).cloned()),
            "firewall" => {
                self.units.insert("firewalld.service".to_owned());
                self.files.insert("/etc/firewalld/zones/trusted.xml".to_owned());
                self.files.insert("/etc/firewalld/zones/trusted.xml.old".to_owned());
            }
            _ => {}
        }
    }

    /// Whether a step wrote this path, or had to make the directory.
    pub(super) fn wrote(&self, path: &str) -> bool {
        let path = path.strip_suffix(".bivouac~").unwrap_or(path);
        self.files.contains(path)
    }

    /// The claimed directory that this path is, or lies in.
    pub(super) fn tree(&self, path: &str) -> Option<&Tree> {
        self.trees.iter().find(|tree| tree.is_ours && is_below(path, &tree.path))
    }
}

/// Whether a path is this one, or lies below it.
pub(super) fn is_below(path: &str, top: &str) -> bool {
    path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The name of a package, without a version or an architecture: `socat=1.7`, `socat:amd64`.
fn bare(word: &str) -> String {
    let end = word.find(['=', ':']).unwrap_or(word.len());
    word[..end].to_owned()
}
