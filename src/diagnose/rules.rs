//! What is there and cannot work: a file a subject, each a pure function of one host in the case.

mod certificates;
mod disks;
mod files;
mod machine;
mod network;
mod nodes;
mod pods;
mod runtime;
mod units;

use super::causes::named;
use super::{Case, Look, Part, Suspect, Symptom, Weight};
use crate::host::evidence::Evidence;
use crate::host::survey::Survey;

/// Every rule, the lower layers first.
const RULES: &[fn(&Scene<'_>) -> Vec<Suspect>] = &[
    disks::rule,
    machine::rule,
    runtime::rule,
    units::rule,
    files::rule,
    certificates::rule,
    pods::rule,
    nodes::rule,
    network::rule,
];

/// One host in the case.
struct Scene<'a> {
    case: &'a Case<'a>,
    look: &'a Look<'a>,
    survey: &'a Survey,
    evidence: &'a Evidence,
    /// What is broken on it.
    parts: Vec<Part>,
    symptoms: &'a [Symptom],
}

/// What the rules find on all hosts.
pub(super) fn suspects(case: &Case<'_>, symptoms: &[Symptom]) -> Vec<Suspect> {
    let mut all = Vec::new();
    for look in case.looks {
        let Some((survey, evidence)) = look.survey().zip(look.evidence()) else { continue };
        let here = symptoms.iter().filter(|symptom| symptom.host == look.host.display);
        let parts = here.map(|symptom| symptom.part).collect();
        let scene = Scene { case, look, survey, evidence, parts, symptoms };
        all.extend(RULES.iter().flat_map(|rule| rule(&scene)));
    }
    all
}

impl Scene<'_> {
    fn suspect(&self, cause: &str, weight: Weight, message: impl Into<String>) -> Suspect {
        Suspect::of(named(cause), self.look, weight, message)
    }

    /// With the cause's own sentence.
    fn certain(&self, cause: &str) -> Suspect {
        let cause = named(cause);
        Suspect::of(cause, self.look, Weight::Certain, cause.is)
    }

    fn is_broken(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    fn is_any_broken(&self, parts: &[Part]) -> bool {
        parts.iter().any(|part| self.parts.contains(part))
    }

    /// How that shows.
    fn symptom(&self, part: Part) -> Option<&str> {
        let mine = |it: &&Symptom| it.host == self.look.host.display && it.part == part;
        self.symptoms.iter().find(mine).map(|it| it.message.as_str())
    }

    /// A part of the control plane that runs as a pod is broken.
    fn is_plane_broken(&self) -> bool {
        self.is_any_broken(&[Part::Etcd, Part::ApiServer, Part::ControllerManager, Part::Scheduler])
    }
}

/// Whether what is there contradicts what a log said: then it is over. `word` is what was captured.
pub(super) fn contradicts(case: &Case<'_>, look: &Look<'_>, suspect: &Suspect, word: &str) -> bool {
    let Some(evidence) = look.evidence() else { return false };
    match suspect.name {
        "PauseImage" => {
            runtime::pause_image(evidence).is_some_and(|image| image != word)
                || evidence
                    .images
                    .as_ref()
                    .is_some_and(|images| images.iter().any(|image| image == word))
        }
        "ImageMissing" => {
            evidence.images.as_ref().is_some_and(|images| images.iter().any(|image| image == word))
        }
        "CgroupDriver" => matches!(runtime::drivers(evidence), Some((one, other)) if one == other),
        "CniPluginMissing" => evidence.files.contains_key(&format!("/opt/cni/bin/{word}")),
        "CniConfigBroken" | "CniConfigMissing" => network::broken_config(evidence).is_none(),
        "ManifestBroken" => pods::broken_manifests(look).next().is_none(),
        "DiskFull" => {
            disks::full(evidence).next().is_none()
                && disks::without_inodes(evidence).next().is_none()
        }
        "ReadOnly" => evidence.read_only.is_empty(),
        "CriDisabled" | "CriBroken" => evidence.answer("cri.plugin") == Some("ok"),
        "ContainerdConfig" => {
            evidence.answer("containerd.config") == Some("good")
                && evidence.answer("cri.plugin") == Some("ok")
        }
        "CriSocket" => evidence.files.contains_key(word) || units::runtime_is_down(case, look),
        "KubeletCertificateExpired" | "CertificateExpired" => {
            !certificates::any_ended(case, look, evidence)
        }
        "AuthorityReplaced" => suspect.proofs.iter().any(|proof| proof.what.contains("PullImage")),
        "CertificateMissing" | "HostPathMissing" => {
            word.starts_with('/') && evidence.files.get(word).is_some_and(|file| file.size > 0)
        }
        "KubeletConfig" => {
            units::config_error(evidence).is_none()
                && evidence
                    .unit("kubelet")
                    .is_some_and(|it| it.active == "active" && it.restarts == 0)
        }
        "Swap" => evidence.swaps.is_empty(),
        // It follows from an API server that was away.
        "ControllersEnd" => suspect.message.contains("leaderelection lost"),
        _ => false,
    }
}
