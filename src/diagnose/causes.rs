//! Every cause that is known, with its page and the lines of logs that tell it; a file a layer.
//!
//! SOURCE of the signatures: the catalogue of failures that this was built from (real issues of
//! Kubernetes, kubeadm, containerd and the tools around them), and the sources of Kubernetes 1.20 and of
//! containerd 1.6, where the messages were seen in the lab.

mod addons;
mod api_server;
mod certificates;
mod controllers;
mod etcd;
mod images;
mod kubelet;
mod last_words;
mod machine;
mod network;
mod nodes;
mod preparation;
mod runtime;

use super::{Cause, Signature, Source, Weight};

/// Each file's causes.
const ALL: &[&[Cause]] = &[
    preparation::CAUSES,
    machine::CAUSES,
    runtime::CAUSES,
    images::CAUSES,
    kubelet::CAUSES,
    certificates::CAUSES,
    etcd::CAUSES,
    api_server::CAUSES,
    controllers::CAUSES,
    nodes::CAUSES,
    network::CAUSES,
    addons::CAUSES,
    last_words::CAUSES,
];

/// All causes, in the order of their layers.
pub fn all() -> impl Iterator<Item = &'static Cause> {
    ALL.iter().flat_map(|causes| causes.iter())
}

/// The cause of this name.
///
/// # Panics
/// For a name that is none: a test looks at each that a rule has.
pub(super) fn named(name: &str) -> &'static Cause {
    all().find(|cause| cause.name == name).expect("rules name causes that there are")
}

/// A line that tells its cause by itself.
const fn likely(
    source: Source,
    pattern: &'static str,
    says: &'static str,
    sample: &'static str,
) -> Signature {
    Signature { source, pattern, says, weight: Weight::Likely, sample, counter: "" }
}

/// A line that comes of something else, or may.
const fn symptom(source: Source, pattern: &'static str, sample: &'static str) -> Signature {
    Signature { source, pattern, says: "", weight: Weight::Symptom, sample, counter: "" }
}

/// The last words of what is broken.
const fn vague(
    source: Source,
    pattern: &'static str,
    says: &'static str,
    sample: &'static str,
) -> Signature {
    Signature { source, pattern, says, weight: Weight::Vague, sample, counter: "" }
}

impl Signature {
    /// With a line that is near, and means something else.
    const fn but_not(self, counter: &'static str) -> Self {
        Self { counter, ..self }
    }
}
