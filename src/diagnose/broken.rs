//! What is broken at all, before it is asked why. What could not be read is not broken; it is not known.

use super::{Case, Look, Part, Proof, Source, Symptom};
use crate::host::evidence::{Evidence, Line};
use crate::host::survey::{Ready, Survey};

/// A unit that was started so many seconds ago may still be on its way.
const STARTING: u64 = 12;
/// Who leads says so every 2 s, and has lost it after 15.
const LEADS: u64 = 40;
/// Pods of the control plane, whose health is seen at their programs.
const STATIC: &[(&str, Part)] = &[
    ("etcd", Part::Etcd),
    ("kube-apiserver", Part::ApiServer),
    ("kube-controller-manager", Part::ControllerManager),
    ("kube-scheduler", Part::Scheduler),
];

/// Everything that is broken; what is lower comes first.
pub(super) fn symptoms(case: &Case<'_>) -> Vec<Symptom> {
    let mut all: Vec<Symptom> = case.looks.iter().flat_map(|look| of_host(case, look)).collect();
    for failed in case.failed {
        let message = format!("`{}` did not work: {}", failed.step, failed.cause);
        all.push(Symptom { host: failed.host.clone(), part: Part::Step, message });
    }
    all.sort_by_key(|symptom| symptom.part);
    all
}

fn of_host(case: &Case<'_>, look: &Look<'_>) -> Vec<Symptom> {
    let Some((survey, evidence)) = look.survey().zip(look.evidence()) else { return Vec::new() };
    let mut all = Vec::new();
    let mut say = |part, message: String| {
        all.push(Symptom { host: look.host.display.clone(), part, message });
    };
    // In a run that did not come as far there is nothing of a node yet, and yet there may be a runtime.
    if !look.is_node() && !case.failed.iter().any(|it| it.host == look.host.display) {
        return all;
    }
    if let Some(message) = runtime(case, look, survey, evidence) {
        say(Part::Runtime, message);
    }
    if !look.is_node() {
        return all;
    }
    if let Some(message) = kubelet(evidence) {
        say(Part::Kubelet, message);
    }
    let has = |name: &str| {
        look.manifest(name).is_some()
            || survey.manifests.iter().any(|it| it.trim_end_matches(".yaml") == name)
    };
    for (name, part) in STATIC {
        if !(has(name) || look.is_control_plane() && *part != Part::Etcd) {
            continue;
        }
        let runs = evidence.process(name).is_some();
        let message = match part {
            Part::Etcd => down(survey.etcd.as_ref().and_then(|etcd| etcd.health.as_ref())),
            Part::ApiServer => down(survey.api.as_ref()),
            _ => leads_no_more(case, name),
        };
        match message {
            Some(message) => say(*part, format!("{name} {message}")),
            None if !runs => say(*part, format!("{name} does not run")),
            None => {}
        }
    }
    if let Some(Ready::Down(why)) = &survey.reach {
        say(Part::Way, format!("its kubelet's way to the API server does not work: {why}"));
    }
    all.extend(node(case, look));
    all
}

fn down(ready: Option<&Ready>) -> Option<String> {
    match ready {
        Some(Ready::Down(why)) => Some(format!("does not answer: {why}")),
        _ => None,
    }
}

/// Whether nobody has said for a while that he leads; only where an API server tells.
fn leads_no_more(case: &Case<'_>, name: &str) -> Option<String> {
    case.looks.iter().filter_map(Look::evidence).find_map(|evidence| {
        let (_, said) = evidence.leases.iter().find(|(lease, _)| lease == name)?;
        let ago = evidence.now?.checked_sub(*said)?;
        (ago > LEADS).then(|| format!("has not been heard of for {ago} s"))
    })
}

fn runtime(
    case: &Case<'_>,
    look: &Look<'_>,
    survey: &Survey,
    evidence: &Evidence,
) -> Option<String> {
    for name in look.runtimes(case) {
        match evidence.unit(name) {
            None if look.is_node() && !evidence.units.is_empty() => {
                return Some(format!("there is no unit `{name}`"));
            }
            Some(unit) if unit.load == "masked" => return Some(format!("{name} is masked")),
            Some(unit)
                if unit.active != "active" && (look.is_node() || unit.active != "inactive") =>
            {
                return Some(format!("{name} is {} ({})", unit.active, unit.result));
            }
            _ => {}
        }
        if evidence.process(name).is_some_and(|process| process.frozen) {
            return Some(format!("{name} is stopped by a signal"));
        }
    }
    match evidence.answer("cri.plugin") {
        Some("error") => return Some("containerd's CRI plugin did not start".to_owned()),
        Some("absent") => return Some("containerd's CRI plugin is switched off".to_owned()),
        _ => {}
    }
    match evidence.answer("cri").and_then(|it| it.strip_prefix("down")) {
        Some(why) => Some(format!("the container runtime does not answer:{why}")),
        None if survey.runtime == Some(false) => {
            Some("the container runtime does not answer".to_owned())
        }
        None => None,
    }
}

fn kubelet(evidence: &Evidence) -> Option<String> {
    let Some(unit) = evidence.unit("kubelet") else {
        return (!evidence.units.is_empty()).then(|| "there is no unit `kubelet`".to_owned());
    };
    if unit.load == "masked" {
        return Some("the kubelet is masked".to_owned());
    }
    if unit.active != "active" {
        let status = unit.status.map_or_else(String::new, |status| format!(", status {status}"));
        return Some(format!("the kubelet is {} ({}{status})", unit.active, unit.result));
    }
    let age = unit.age.unwrap_or(u64::MAX);
    if unit.restarts > 1 && age < STARTING {
        return Some(format!("the kubelet was started anew {} times", unit.restarts));
    }
    let why = evidence.answer("healthz")?.strip_prefix("down")?;
    (age >= STARTING).then(|| format!("the kubelet does not say that it is well:{why}"))
}

/// The host's node and its pods, as an API server has them.
fn node(case: &Case<'_>, look: &Look<'_>) -> Vec<Symptom> {
    let Some(name) = look.node_name() else { return Vec::new() };
    let host = look.host.display.clone();
    let mut all = Vec::new();
    // With the node's own API server dead another one's word counts.
    let told = case.looks.iter().filter_map(Look::evidence);
    if let Some(conditions) = told.clone().find_map(|evidence| evidence.conditions.as_ref()) {
        for condition in conditions.iter().filter(|condition| condition.node == name) {
            let message = match condition.kind.as_str() {
                "Ready" => format!("its node is not ready: {}", condition.why),
                kind => format!("its node has the condition {kind}: {}", condition.why),
            };
            all.push(Symptom { host: host.clone(), part: Part::Node, message });
        }
    }
    let nodes = case.looks.iter().filter_map(Look::survey).find_map(|survey| survey.nodes.as_ref());
    if let Some(nodes) = nodes
        && !nodes.is_empty()
        && matches!(look.survey().map(|survey| &survey.server), Some(Some(Some(_))))
        && nodes.iter().all(|node| node.name != name)
    {
        let message = format!("the cluster has no node `{name}`");
        all.push(Symptom { host: host.clone(), part: Part::Node, message });
    }
    if let Some(pods) = told.clone().find_map(|evidence| evidence.pods.as_ref()) {
        let first = case.looks.first().is_some_and(|first| first.host.display == host);
        for pod in pods {
            // One that is on no node yet is told of once.
            let here =
                pod.node == name || (first && matches!(pod.node.as_str(), "" | "<no value>"));
            let is_static =
                STATIC.iter().any(|(kind, _)| pod.name == format!("{kind}-{}", pod.node));
            if !here || is_static || !has_trouble(&pod.why, &pod.phase, pod.restarts) {
                continue;
            }
            let part = match pod.name.as_str() {
                name if name.starts_with("kube-proxy") => Part::Proxy,
                name if name.starts_with("coredns") || name.starts_with("kube-dns") => Part::Dns,
                _ => Part::Pods,
            };
            let message = format!("the pod `{}` is not ready: {}", pod.name, pod.why.trim());
            all.push(Symptom { host: host.clone(), part, message });
        }
    }
    all
}

/// Whether a pod that is not ready is in trouble, and not merely on its way.
fn has_trouble(why: &str, phase: &str, restarts: u32) -> bool {
    const TROUBLE: &[&str] = &[
        "CrashLoopBackOff",
        "ImagePullBackOff",
        "ErrImage",
        "CreateContainer",
        "RunContainerError",
        "InvalidImageName",
        "Error ",
        "OOMKilled",
        "ContainerCannotRun",
        "StartError",
        "Unschedulable",
    ];
    phase == "Failed" || restarts > 2 || TROUBLE.iter().any(|word| why.starts_with(word))
}

/// The last complaints of what is broken, lowest first; for when the cause is not known.
pub(super) fn last_words(case: &Case<'_>, symptoms: &[Symptom]) -> Vec<(String, Proof)> {
    let mut all = Vec::new();
    for symptom in symptoms {
        let Some(look) = case.looks.iter().find(|look| look.host.display == symptom.host) else {
            continue;
        };
        let Some(evidence) = look.evidence() else { continue };
        let sources: Vec<&str> = match symptom.part {
            Part::Runtime => look.runtimes(case),
            Part::Kubelet | Part::Way | Part::Node | Part::Pods => vec!["kubelet"],
            Part::Etcd => vec!["pod:etcd", "kubelet"],
            Part::ApiServer => vec!["pod:kube-apiserver", "kubelet"],
            Part::ControllerManager => vec!["pod:kube-controller-manager", "kubelet"],
            Part::Scheduler => vec!["pod:kube-scheduler", "kubelet"],
            Part::Proxy => vec!["pod:kube-proxy"],
            Part::Dns => vec!["pod:coredns"],
            Part::Step => continue,
        };
        for source in sources {
            let Some(log) = evidence.log(source) else { continue };
            let complaints: Vec<&Line> =
                log.lines.iter().filter(|line| complains(&line.text)).collect();
            for line in complaints.iter().rev().take(3).rev() {
                let proof = Proof { place: place(source), what: line.text.clone() };
                let entry = (symptom.host.clone(), proof);
                if !all.contains(&entry) {
                    all.push(entry);
                }
            }
        }
        if all.len() >= 6 {
            break;
        }
    }
    all.truncate(6);
    all
}

/// Whether a line is one of trouble: klog's E and F, etcd's C and E, a level, `panic`.
fn complains(line: &str) -> bool {
    let text = line.split_once("]: ").map_or(line, |(_, text)| text);
    let mut letters = text.chars();
    // klog's I and W are none, whatever words they have.
    if matches!((letters.next(), letters.next()), (Some('I' | 'W'), Some('0'..='1'))) {
        return false;
    }
    let mut letters = text.chars();
    matches!((letters.next(), letters.next()), (Some('E' | 'F'), Some('0'..='1')))
        || [
            "level=error",
            "level=fatal",
            "\"level\":\"error\"",
            "\"level\":\"fatal\"",
            " C | ",
            " E | ",
            "panic:",
            "rror: ",
            "ailed",
        ]
        .iter()
        .any(|word| text.contains(word))
}

/// Where a log is, for who looks himself.
pub(super) fn place(source: &str) -> String {
    match source {
        "events" => "the cluster's events".to_owned(),
        "kernel" => "`journalctl -k`".to_owned(),
        unit => match unit.strip_prefix("pod:") {
            Some(container) => format!("the log of {container}, `/var/log/pods/*/{container}/`"),
            None => format!("`journalctl -u {unit}`"),
        },
    }
}

impl Source {
    /// Whether a log of this name is one.
    pub(super) fn is(self, log: &str) -> bool {
        match self {
            Self::Output => false,
            Self::Kubelet => log == "kubelet",
            Self::Runtime => matches!(log, "containerd" | "crio" | "docker" | "cri-docker"),
            Self::Kernel => log == "kernel",
            Self::Etcd => log == "pod:etcd",
            Self::ApiServer => log == "pod:kube-apiserver",
            Self::ControllerManager => log == "pod:kube-controller-manager",
            Self::Scheduler => log == "pod:kube-scheduler",
            Self::Proxy => log == "pod:kube-proxy",
            Self::Dns => log == "pod:coredns",
            Self::Network => {
                ["pod:kube-flannel", "pod:calico-node", "pod:cilium-agent"].contains(&log)
            }
            Self::Events => log == "events",
        }
    }

    /// Whether what is broken here can be told by this log.
    pub(super) fn tells(self, parts: &[Part]) -> bool {
        let any = |wanted: &[Part]| parts.iter().any(|part| wanted.contains(part));
        match self {
            Self::Output => false,
            Self::Kubelet => parts.iter().any(|part| !matches!(part, Part::Runtime | Part::Step)),
            Self::Runtime | Self::Kernel => parts.iter().any(|part| *part != Part::Step),
            Self::Etcd => any(&[Part::Etcd]),
            Self::ApiServer => any(&[Part::ApiServer]),
            Self::ControllerManager => any(&[Part::ControllerManager]),
            Self::Scheduler => any(&[Part::Scheduler]),
            Self::Proxy => any(&[Part::Proxy]),
            Self::Dns => any(&[Part::Dns]),
            Self::Network => any(&[Part::Node, Part::Pods]),
            Self::Events => any(&[Part::Node, Part::Pods, Part::Proxy, Part::Dns]),
        }
    }
}

impl Look<'_> {
    /// The runtime's units that count on this host, without `.service`, the lower one first.
    pub(super) fn runtimes(&self, case: &Case<'_>) -> Vec<&'static str> {
        let traits = case.cluster.runtime.traits;
        let mut names = vec![traits.engine.trim_end_matches(".service")];
        let unit = traits.unit.trim_end_matches(".service");
        if !names.contains(&unit) {
            names.push(unit);
        }
        // A node that another tool made may have another runtime than cluster.yaml means.
        let Some(evidence) = self.evidence() else { return names };
        if evidence.unit(names[0]).is_none() {
            let other = ["containerd", "crio", "docker"];
            if let Some(found) = other
                .into_iter()
                .find(|name| evidence.unit(name).is_some_and(|unit| unit.active == "active"))
            {
                return vec![found];
            }
        }
        names
    }
}
