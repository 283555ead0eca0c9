//! Why it does not work: pure functions from what hosts show to causes.
//!
//! First it is found out what is broken at all ([`Part`]); only what explains something broken is a suspect,
//! so that yesterday's complaints in a log are nobody's cause. Suspects come from two sides: *signatures*,
//! patterns of lines in logs, stand with their [`Cause`] in `causes/`; *rules* look at what is there, a
//! stopped unit or a full disk, and are a file each in `rules/`. Of several the one in the lowest layer is
//! named, for what stands above it follows from it.
//!
//! A symptom (the API is refused, a node is not found) is never a cause: where there is nothing else, the
//! cause is not known, and that is said.

mod broken;
mod causes;
mod redact;
mod rules;
mod signature;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;
use std::time::SystemTime;

use crate::cluster::{Cluster, Host};
use crate::event::{Diagnosis, Named, Phase, Proof};
use crate::host::evidence::{Evidence, Testimony};
use crate::host::survey::{Ready, Survey};
use crate::page::Page;

pub use causes::all as causes;
pub use redact::redacted;

/// Where a cause lies: what is lower explains what is higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Packages, logins, and what kubeadm refused before it began.
    Preparation,
    Disk,
    Machine,
    Runtime,
    Images,
    Kubelet,
    Certificates,
    Etcd,
    ApiServer,
    Controllers,
    Nodes,
    Network,
    Addons,
}

/// How sure it is that this is it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Comes of something else.
    Symptom,
    /// Worth knowing; nothing is broken by it now.
    Hint,
    /// The last words of something that is broken: true, and yet perhaps not where it began.
    Vague,
    /// Something that is broken says so.
    Likely,
    /// What is there cannot work.
    Certain,
}

/// What can be broken on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Runtime,
    Kubelet,
    Etcd,
    ApiServer,
    /// The kubelet's way to the API server.
    Way,
    ControllerManager,
    Scheduler,
    /// The host's node is not ready, or is not there.
    Node,
    /// kube-proxy.
    Proxy,
    /// The cluster's DNS.
    Dns,
    /// Other pods of the cluster's own.
    Pods,
    /// A step of bivouac's run.
    Step,
}

/// Something that can go wrong, with its page.
#[derive(Debug)]
pub struct Cause {
    /// `PauseImage`.
    pub name: &'static str,
    pub layer: Layer,
    /// What is wrong, in a sentence that goes on after `host: `.
    pub is: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// A line of shell for root on that host; `{1}` is what the pattern captured.
    pub command: Option<&'static str>,
    /// More about it, for `explain`.
    pub page: &'static str,
    /// How logs tell it.
    pub signatures: &'static [Signature],
}

/// A line of a log that tells a cause.
#[derive(Debug)]
pub struct Signature {
    /// Which log.
    pub source: Source,
    /// A regular expression; backslashes are taken out of lines before.
    pub pattern: &'static str,
    /// What it says of this case, with `{1}` for what was captured; empty is the cause's own sentence.
    pub says: &'static str,
    pub weight: Weight,
    /// A line that it must match.
    pub sample: &'static str,
    /// A line that it must not match; empty where there is none that is near.
    pub counter: &'static str,
}

/// A log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The output of the step that did not work: kubeadm's, the package manager's.
    Output,
    Kubelet,
    /// The journal of containerd, cri-o, docker or cri-dockerd.
    Runtime,
    Kernel,
    Etcd,
    ApiServer,
    ControllerManager,
    Scheduler,
    Proxy,
    Dns,
    /// The pod network's own pods.
    Network,
    Events,
}

/// What came of the reading of a host.
#[derive(Debug)]
pub struct Look<'a> {
    pub host: &'a Host,
    /// What it showed, or why it could not be read, with what to do.
    pub seen: Result<Testimony, (String, String)>,
}

/// A step that did not work, in the run that is diagnosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedStep {
    pub host: String,
    /// `control-plane: initialise the control plane`.
    pub step: String,
    pub cause: String,
    /// The last lines of its output.
    pub output: Vec<String>,
}

/// All that is known.
#[derive(Debug)]
pub struct Case<'a> {
    pub cluster: &'a Cluster,
    /// The hosts that were looked at, in file order.
    pub looks: &'a [Look<'a>],
    /// Steps that did not work, the first one first.
    pub failed: &'a [FailedStep],
    /// The operator's clock.
    pub now: SystemTime,
}

/// What may be the cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// The cause's name.
    pub name: &'static str,
    pub layer: Layer,
    pub weight: Weight,
    /// Hosts, in file order; empty for the cluster as a whole.
    pub hosts: Vec<String>,
    /// What is wrong. It does not begin with the host's name.
    pub message: String,
    pub proofs: Vec<Proof>,
    pub fix: String,
    /// A line of shell for root on that host.
    pub command: Option<String>,
    /// When it was seen first, in seconds since 1970, where a log says.
    pub first: Option<u64>,
}

/// Something that is broken, and how that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    pub host: String,
    pub part: Part,
    pub message: String,
}

/// The page of every cause, for `explain`.
pub fn pages() -> impl Iterator<Item = Page> {
    static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| causes().map(Cause::text).collect());
    causes().zip(TEXTS.iter()).map(|(cause, text)| cause.page(text))
}

impl Cause {
    /// What there is to say of it, in paragraphs.
    fn text(&self) -> String {
        let mut parts = Vec::new();
        parts.extend((!self.page.is_empty()).then(|| self.page.to_owned()));
        parts.push(format!("What to do: {}.", self.fix));
        let command = self.command.filter(|line| !line.contains('{'));
        parts.extend(command.map(|line| format!("As root on that host: `{line}`.")));
        parts.join("\n\n")
    }

    fn page(&self, text: &'static str) -> Page {
        Page {
            name: self.name,
            of: "diagnose",
            what: self.is,
            severity: None,
            phase: self.layer.phase(),
            breaks: self.layer.breaks(),
            text,
            kubeadm: None,
            repairs: false,
            skips: false,
        }
    }
}

impl Layer {
    /// When what lies there is noticed.
    fn phase(self) -> Phase {
        match self {
            Self::Preparation => Phase::Packages,
            Self::Runtime => Phase::Runtime,
            Self::Images => Phase::Images,
            Self::Machine | Self::Kubelet => Phase::Kubelet,
            Self::Disk
            | Self::Certificates
            | Self::Etcd
            | Self::ApiServer
            | Self::Controllers
            | Self::Nodes => Phase::Operation,
            Self::Network | Self::Addons => Phase::Network,
        }
    }

    /// What does not work then.
    fn breaks(self) -> &'static str {
        match self {
            Self::Preparation => {
                "the run stops before the cluster is made, or the host does not join"
            }
            Self::Disk => "whatever writes on the host stops",
            Self::Machine => "the host's part of the cluster does not start, or is not reached",
            Self::Runtime => "no container starts on the host",
            Self::Images => "the pods that need it do not start",
            Self::Kubelet => "no pod starts on the host, and its node is not ready",
            Self::Certificates => "parts of the cluster do not trust each other",
            Self::Etcd => "etcd does not serve, and the API with it",
            Self::ApiServer => "the API does not answer",
            Self::Controllers => "nothing is scheduled or kept up any more",
            Self::Nodes => "the node is not ready",
            Self::Network => "new pods do not start, or do not reach each other",
            Self::Addons => "services or names do not work within the cluster",
        }
    }
}

/// Other suspects that are told.
const OTHERS: usize = 3;

/// Finds the cause.
pub fn diagnose(case: &Case<'_>) -> Diagnosis {
    let symptoms = broken::symptoms(case);
    let mut suspects = signature::suspects(case, &symptoms);
    suspects.extend(rules::suspects(case, &symptoms));
    let suspects = ranked(case, suspects);
    let mut worth =
        suspects.into_iter().filter(|suspect| suspect.weight > Weight::Symptom).peekable();
    let found = worth.next_if(|first| first.weight >= Weight::Vague);
    let others: Vec<Suspect> = worth.take(OTHERS).collect();
    let unread: Vec<(String, String, String)> = (case.looks.iter())
        .filter_map(|look| {
            let (why, fix) = look.seen.as_ref().err()?;
            Some((look.host.display.clone(), why.clone(), fix.clone()))
        })
        .collect();
    let last_words = match found {
        Some(_) => Vec::new(),
        None => broken::last_words(case, &symptoms),
    };
    Diagnosis {
        cause: found.map(Suspect::named),
        others: others.into_iter().map(Suspect::named).collect(),
        broken: symptoms.into_iter().map(|symptom| (symptom.host, symptom.message)).collect(),
        last_words,
        read: case.looks.len() - unread.len(),
        unread,
    }
}

/// Whether a step's own complaint already names what is wrong and where, so that no look would add to it.
pub fn is_told(cause: &str) -> bool {
    const TOLD: &[&str] = &[
        "only the way to the API server",
        "another cluster's files",
        "an earlier try",
        "is not reached on port 2380",
        "interrupted",
    ];
    TOLD.iter().any(|told| cause.contains(told))
}

/// Whether what was found is of a kind that hosts could not tell better: a package manager's complaint, or
/// what kubeadm itself refuses.
pub fn tells(found: &Diagnosis) -> bool {
    found.cause.as_ref().is_some_and(|cause| causes::named(&cause.name).layer == Layer::Preparation)
}

/// One suspect a cause and message, the most likely first.
fn ranked(case: &Case<'_>, suspects: Vec<Suspect>) -> Vec<Suspect> {
    let mut all: Vec<Suspect> = Vec::new();
    for suspect in suspects {
        let same = |known: &&mut Suspect| {
            known.name == suspect.name
                && (known.hosts == suspect.hosts || known.message == suspect.message)
        };
        match all.iter_mut().find(same) {
            Some(known) => known.absorb(suspect),
            None => all.push(suspect),
        }
    }
    let place = |host: &String| case.looks.iter().position(|look| look.host.display == *host);
    for suspect in &mut all {
        suspect.hosts.sort_by_key(place);
    }
    all.sort_by_key(|suspect| {
        let unsure = suspect.weight.min(Weight::Likely);
        let first = suspect.first.unwrap_or(u64::MAX);
        (std::cmp::Reverse(unsure), suspect.layer, std::cmp::Reverse(suspect.weight), first)
    });
    all
}

impl Suspect {
    /// A suspect that a rule found.
    fn of(cause: &Cause, look: &Look<'_>, weight: Weight, message: impl Into<String>) -> Self {
        Self {
            name: cause.name,
            layer: cause.layer,
            weight,
            hosts: vec![look.host.display.clone()],
            message: message.into(),
            proofs: Vec::new(),
            fix: cause.fix.to_owned(),
            command: cause.command.filter(|line| !line.contains('{')).map(str::to_owned),
            first: None,
        }
    }

    fn proof(mut self, place: impl Into<String>, what: impl Into<String>) -> Self {
        self.proofs.push(Proof { place: place.into(), what: what.into() });
        self
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    fn named(self) -> Named {
        let Self { name, hosts, message, proofs, fix, command, .. } = self;
        Named { name: name.to_owned(), hosts, message, proofs, fix, command }
    }

    /// Takes in another that means the same: of two messages the surer one's stays.
    fn absorb(&mut self, other: Self) {
        for host in other.hosts {
            if !self.hosts.contains(&host) {
                self.hosts.push(host);
            }
        }
        if other.weight > self.weight {
            self.weight = other.weight;
            self.message = other.message;
            self.fix = other.fix;
            self.command = other.command.or(self.command.take());
        }
        for proof in other.proofs {
            if self.proofs.len() < 4 && !self.proofs.contains(&proof) {
                self.proofs.push(proof);
            }
        }
        self.first = [self.first, other.first].into_iter().flatten().min();
    }
}

impl Look<'_> {
    fn evidence(&self) -> Option<&Evidence> {
        self.seen.as_ref().ok().map(|seen| &seen.evidence)
    }

    fn survey(&self) -> Option<&Survey> {
        self.seen.as_ref().ok().map(|seen| &seen.survey)
    }

    /// Whether the host is a node that could be read.
    pub fn is_healthy_node(&self) -> bool {
        self.is_node() && self.survey().is_some_and(|it| it.reach == Some(Ready::Up))
    }

    /// Whether anything of a cluster is on the host.
    fn is_node(&self) -> bool {
        let Some((survey, evidence)) = self.survey().zip(self.evidence()) else { return false };
        !survey.manifests.is_empty()
            || matches!(survey.server, Some(Some(_)))
            || evidence.files.contains_key("/etc/kubernetes/kubelet.conf")
            || evidence.files.contains_key("/var/lib/kubelet/config.yaml")
            || evidence.files.contains_key("/var/lib/kubelet/pki/kubelet-client-current.pem")
    }

    /// Whether the host has, or should have, a control plane: it has its certificate.
    fn is_control_plane(&self) -> bool {
        let has = |path: &str| self.evidence().is_some_and(|it| it.files.contains_key(path));
        self.host.control_plane
            && (has("/etc/kubernetes/pki/apiserver.key")
                || has("/etc/kubernetes/pki/apiserver.crt")
                || self.manifests().next().is_some())
    }

    /// The static pods' manifests, by their names without `.yaml`.
    fn manifests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.evidence().into_iter().flat_map(|it| &it.texts).filter_map(|(name, text)| {
            let name = name.strip_prefix("manifest ")?.strip_suffix(".yaml")?;
            Some((name, text.as_str()))
        })
    }

    /// A static pod's manifest.
    fn manifest(&self, name: &str) -> Option<&str> {
        self.evidence()?.text(&format!("manifest {name}.yaml"))
    }

    /// The node's name: the one that was given, else the host's in lower case, as kubeadm has it.
    fn node_name(&self) -> Option<String> {
        let hostname = || self.survey()?.hostname.as_deref();
        self.host.node_name.as_deref().or_else(hostname).map(|name| name.trim().to_lowercase())
    }
}
