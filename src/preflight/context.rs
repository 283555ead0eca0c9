//! What checks look at.

use std::time::SystemTime;

use super::Finding;
use crate::cluster::{Cluster, Host};
use crate::event::Severity;
use crate::family::Families;
use crate::host::facts::Facts;

/// A host of cluster.yaml with what was read from it.
#[derive(Debug, Clone, Copy)]
pub struct HostFacts<'a> {
    /// The host.
    pub host: &'a Host,
    /// What was read from it.
    pub facts: &'a Facts,
    /// The operator's clock before the reading.
    pub asked: SystemTime,
    /// The operator's clock after it.
    pub answered: SystemTime,
}

/// Where the cluster's API is to be found, before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Nowhere: no control plane was completed.
    Nowhere,
    /// Under the address that cluster.yaml means: a control plane was completed, by us or by another
    /// tool.
    There,
    /// Under the own address of its only control plane. With this run the cluster gets the address that
    /// cluster.yaml means.
    Moves,
}

/// What a bundle has for hosts of an architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// By Go's name.
    pub arch: String,
    /// Where it goes.
    pub what: Stored,
    /// Bytes of it.
    pub bytes: u64,
    /// Whether only control planes get it.
    pub control_plane: bool,
}

/// Where something goes on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Programs.
    Programs,
    /// Network plugins.
    Plugins,
    /// Images, in the runtime's store.
    Images,
    /// The bundle as a whole, on the host that serves it.
    Served,
}

/// All that checks look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What the user asked for.
    pub cluster: &'a Cluster,
    /// Architectures that the bundle has artifacts for, by Go's names; empty when not known.
    pub bundle_archs: &'a [String],
    /// How large what will be stored is; empty when not known.
    pub sizes: &'a [Size],
    /// What families of distributions call things.
    pub families: &'a Families,
    /// Names of findings that a playbook repairs (`preflight --fix`); one may end with `*`.
    pub repairs: &'a [String],
    /// Where the cluster's API is.
    pub api: Api,
    /// Whether the cluster is another tool's, with a pod network of its own.
    pub foreign: bool,
    /// The hosts, in file order.
    pub hosts: &'a [HostFacts<'a>],
}

impl Context<'_> {
    pub(super) fn skips(&self, name: &str) -> bool {
        self.cluster.skips.iter().any(|skip| skip.name == name)
    }

    pub(super) fn ignores(&self, name: &str) -> bool {
        let ignored = &self.cluster.kubernetes.ignore_preflight_errors;
        ignored.iter().any(|i| i.eq_ignore_ascii_case(name) || i.eq_ignore_ascii_case("all"))
    }

    /// Whether the user switched off a setting of the kubelet.
    pub(super) fn kubelet_has_off(&self, setting: &str) -> bool {
        self.cluster.kubernetes.kubelet.get(setting) == Some(&serde_json::Value::Bool(false))
    }

    /// Every two hosts.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&HostFacts<'_>, &HostFacts<'_>)> {
        let behind = |place: usize| self.hosts.iter().skip(place + 1);
        self.hosts.iter().enumerate().flat_map(move |(i, one)| behind(i).map(move |two| (one, two)))
    }
}

impl HostFacts<'_> {
    pub(super) fn is_root(&self) -> bool {
        self.facts.uid.is_none_or(|uid| uid == 0)
    }

    pub(super) fn error(
        &self,
        name: &str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding {
            name: name.to_owned(),
            severity: Severity::Error,
            hosts: vec![self.host.display.clone()],
            message: message.into(),
            fix: fix.into(),
            command: None,
            breaks: None,
            repairs: false,
        }
    }

    pub(super) fn warning(
        &self,
        name: &str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding { severity: Severity::Warning, ..self.error(name, message, fix) }
    }
}
