//! How a cluster is: pure functions from what its hosts show to rows and findings.
//!
//! What could not be read is said to be unknown, and is never fine. A cluster is well when no finding is
//! an error; warnings are worth knowing (a certificate that ends soon, a run that is at work).
//!
//! A new check is a file in `status/` and a line in [`CHECKS`].

mod api_servers;
mod certificates;
mod differences;
mod etcd;
mod hosts;
mod installed;
mod leftovers;
mod locks;
mod nodes;
mod pages;
mod services;
mod serving;

use std::time::SystemTime;

use crate::cluster::versions::Wish;
use crate::cluster::{Cluster, Host};
use crate::event::{CertificateStatus, EtcdStatus, HostStatus, Severity};
use crate::host::survey::{Node, Survey};

pub use pages::PAGES;

/// Every check, in the order in which findings are told.
const CHECKS: &[fn(&Context<'_>) -> Vec<Finding>] = &[
    installed::check,
    services::check,
    api_servers::check,
    nodes::check,
    differences::check,
    etcd::check,
    certificates::check,
    serving::check,
    leftovers::check,
    locks::check,
];

/// What came of the look at a host.
#[derive(Debug)]
pub struct Look<'a> {
    /// The host.
    pub host: &'a Host,
    /// What it showed.
    pub seen: Result<Survey, Unseen>,
}

/// Why a host could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The cause.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// All that is known.
#[derive(Debug)]
pub struct Context<'a> {
    /// What the user asked for.
    pub cluster: &'a Cluster,
    /// The hosts, in file order.
    pub looks: &'a [Look<'a>],
    /// What was asked for as its version; with hosts on the command line nothing may have been.
    pub wish: Option<&'a Wish>,
    /// The operator's clock.
    pub now: SystemTime,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The host; `None` for the cluster as a whole.
    pub host: Option<String>,
    /// What kind of thing: `NodeReady`.
    pub name: &'static str,
    /// Whether the cluster is well all the same.
    pub severity: Severity,
    /// The cause. It does not begin with the host's name.
    pub message: String,
    /// What to do.
    pub fix: String,
}

/// How a cluster is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The cluster's name.
    pub cluster: String,
    /// The hosts in file order, then the nodes that are on none of them.
    pub hosts: Vec<(Option<String>, HostStatus)>,
    /// The members of etcd; those that are on no host have none.
    pub etcd: Vec<(Option<String>, EtcdStatus)>,
    /// Certificates and their hosts, the nearest end first.
    pub certificates: Vec<(String, CertificateStatus)>,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

/// Judges what was seen.
pub fn assess(context: &Context<'_>) -> Status {
    Status {
        cluster: context.cluster.name.clone(),
        hosts: hosts::rows(context),
        etcd: etcd::rows(context),
        certificates: certificates::rows(context),
        findings: CHECKS.iter().flat_map(|check| check(context)).collect(),
    }
}

impl Status {
    /// Whether everything is as cluster.yaml says, and healthy.
    pub fn is_well(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }
}

impl Look<'_> {
    /// What the host showed.
    fn survey(&self) -> Option<&Survey> {
        self.seen.as_ref().ok()
    }

    /// Whether the host has joined a cluster; `None` when that could not be read.
    fn is_installed(&self) -> Option<bool> {
        self.survey()?.server.as_ref().map(Option::is_some)
    }

    /// The node's name: the one that was given, else the host's in lower case, as kubeadm has it.
    fn node_name(&self) -> Option<String> {
        let hostname = || self.survey()?.hostname.as_deref();
        self.host.node_name.as_deref().or_else(hostname).map(|name| name.trim().to_lowercase())
    }

    fn finding(
        &self,
        severity: Severity,
        name: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        let host = Some(self.host.display.clone());
        Finding { host, name, severity, message: message.into(), fix: fix.into() }
    }

    fn error(
        &self,
        name: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        self.finding(Severity::Error, name, message, fix)
    }

    fn warning(
        &self,
        name: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        self.finding(Severity::Warning, name, message, fix)
    }
}

impl Context<'_> {
    /// The hosts that showed something, with what they showed.
    fn seen(&self) -> impl Iterator<Item = (&Look<'_>, &Survey)> {
        self.looks.iter().filter_map(|look| Some((look, look.survey()?)))
    }

    /// The hosts that have joined a cluster, with what they showed.
    fn installed(&self) -> impl Iterator<Item = (&Look<'_>, &Survey)> {
        self.seen().filter(|(look, _)| look.is_installed() == Some(true))
    }

    /// The nodes, by the first API server that answered.
    fn nodes(&self) -> Option<&[Node]> {
        self.seen().find_map(|(_, survey)| survey.nodes.as_deref())
    }

    /// A host's node: by its name, else by its address.
    fn node(&self, look: &Look<'_>) -> Option<&Node> {
        let nodes = self.nodes()?;
        let name = look.node_name();
        nodes.iter().find(|node| Some(&node.name) == name.as_ref()).or_else(|| {
            // Of a host that could not be reached the address may be all that is known.
            let address = &look.host.address;
            nodes.iter().find(|node| name.is_none() && node.addresses.contains(address))
        })
    }

    /// Nodes that are on no host of the file.
    fn foreign(&self) -> Vec<&Node> {
        let ours: Vec<&Node> = self.looks.iter().filter_map(|look| self.node(look)).collect();
        let is_ours = |node: &Node| ours.iter().any(|known| known.name == node.name);
        self.nodes().unwrap_or_default().iter().filter(|node| !is_ours(node)).collect()
    }

    fn finding(
        severity: Severity,
        name: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding { host: None, name, severity, message: message.into(), fix: fix.into() }
    }
}

/// Whether a node's labels say that it is a control plane.
fn is_control_plane(node: &Node) -> bool {
    let roles = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];
    node.labels.iter().any(|(key, _)| roles.contains(&key.as_str()))
}
