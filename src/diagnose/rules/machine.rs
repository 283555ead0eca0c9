//! The machine: clock, addresses, names, mounts, ports, firewall.

use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use super::{Look, Part, Scene, Suspect, Weight};
use crate::host::survey::Ready;

/// What is off by more is trouble.
const OFF: Duration = Duration::from_secs(300);

pub(super) fn rule(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    if scene.look.is_node() || !scene.parts.is_empty() {
        all.extend(clock(scene));
    }
    if scene.look.is_node() {
        all.extend(address(scene));
        all.extend(hostname(scene));
        all.extend(ports(scene));
        all.extend(firewall(scene));
    }
    all
}

/// The host's clock against this machine's, in the moment of the reading.
fn clock(scene: &Scene<'_>) -> Option<Suspect> {
    let now = UNIX_EPOCH.checked_add(Duration::from_secs(scene.evidence.now?))?;
    let (asked, answered) = scene.look.seen.as_ref().ok()?.clock;
    let (off, way) = match (now.duration_since(answered), asked.duration_since(now)) {
        (Ok(ahead), _) if ahead > OFF => (ahead, "ahead of"),
        (_, Ok(behind)) if behind > OFF => (behind, "behind"),
        _ => return None,
    };
    // With nothing broken it is this machine's clock that may be off.
    let weight = if scene.parts.is_empty() { Weight::Hint } else { Weight::Certain };
    let message = format!("the host's clock is {} s {way} this machine's", off.as_secs());
    Some(
        scene
            .suspect("ClockOff", weight, message)
            .proof("`date +%s`", scene.evidence.now?.to_string()),
    )
}

/// Addresses that manifests and flags say the host has.
fn address(scene: &Scene<'_>) -> Option<Suspect> {
    let evidence = scene.evidence;
    if evidence.addresses.is_empty() {
        return None;
    }
    let mut named: Vec<(String, String)> = Vec::new();
    for (manifest, flag) in [
        ("kube-apiserver", "--advertise-address="),
        ("etcd", "--listen-peer-urls=https://"),
        ("etcd", "--listen-client-urls="),
    ] {
        let Some(value) = scene.look.manifest(manifest).and_then(|text| flag_value(text, flag))
        else {
            continue;
        };
        for one in value.split(',') {
            named.push((
                one.to_owned(),
                format!("{flag}{value} in /etc/kubernetes/manifests/{manifest}.yaml"),
            ));
        }
    }
    if let Some(flags) = evidence.text("kubelet.flags")
        && let Some(value) = flag_value(flags, "--node-ip=")
    {
        named.extend(value.split(',').map(|one| {
            (one.to_owned(), format!("--node-ip={value} in /var/lib/kubelet/kubeadm-flags.env"))
        }));
    }
    for (word, place) in named {
        let Some(address) = address_in(&word) else { continue };
        if address.is_loopback()
            || address.is_unspecified()
            || evidence.addresses.contains(&address)
        {
            continue;
        }
        let broken = scene.is_any_broken(&[
            Part::Etcd,
            Part::ApiServer,
            Part::Kubelet,
            Part::Node,
            Part::Way,
        ]);
        if !broken {
            continue;
        }
        let own: Vec<String> = evidence
            .addresses
            .iter()
            .filter(|it| !it.is_loopback())
            .map(ToString::to_string)
            .collect();
        let message = format!(
            "`{address}` is not an address of this host, and its part of the cluster is set to it"
        );
        return Some(
            scene
                .suspect("AddressGone", Weight::Certain, message)
                .proof(place, format!("the host has {}", own.join(", "))),
        );
    }
    None
}

/// The value of a flag in a manifest or a file of flags.
pub(super) fn flag_value<'a>(text: &'a str, flag: &str) -> Option<&'a str> {
    let rest = &text[text.find(flag)? + flag.len()..];
    let end = rest.find(|c: char| c.is_whitespace() || c == '"' || c == '\'').unwrap_or(rest.len());
    Some(&rest[..end]).filter(|value| !value.is_empty())
}

/// The address in `https://10.0.0.1:2380`, `[fd00::1]:6443` or by itself.
pub(super) fn address_in(word: &str) -> Option<IpAddr> {
    let word =
        word.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    if let Ok(address) = word.parse() {
        return Some(address);
    }
    let host = word.rsplit_once(':').map_or(word, |(host, _)| host);
    host.trim_matches(['[', ']']).parse().ok()
}

/// The name by which the host joined is in its certificate.
fn hostname(scene: &Scene<'_>) -> Option<Suspect> {
    let hostname = scene.survey.hostname.as_ref()?.to_lowercase();
    let paths = ["/var/lib/kubelet/pki/kubelet-client-current.pem", "/etc/kubernetes/kubelet.conf"];
    let certificate = paths.iter().find_map(|path| {
        scene.evidence.certificates.iter().find(|(at, _)| at == path)?.1.as_ref()
    })?;
    let joined = certificate.subject.split("system:node:").nth(1)?.split([',', '+']).next()?.trim();
    let overridden = ["kubelet.flags", "kubelet.default", "kubelet.sysconfig", "kubelet.unit"]
        .iter()
        .any(|text| {
            scene.evidence.text(text).is_some_and(|text| text.contains("--hostname-override"))
        });
    let broken = scene.is_any_broken(&[Part::Kubelet, Part::Node]);
    if hostname == joined
        || overridden
        || scene.look.host.node_name.as_deref() == Some(&hostname)
        || !broken
    {
        return None;
    }
    let message =
        format!("the host's name is `{hostname}`, and it joined the cluster as `{joined}`");
    Some(
        scene
            .suspect("HostnameChanged", Weight::Certain, message)
            .proof("the kubelet's certificate", certificate.subject.clone())
            .command(format!("hostnamectl set-hostname {joined} && systemctl restart kubelet")),
    )
}

/// Ports that somebody else has while the one who should is down.
fn ports(scene: &Scene<'_>) -> Option<Suspect> {
    const PORTS: &[(u16, &str, &str, Part)] = &[
        (10250, "kubelet", "kubelet", Part::Kubelet),
        (10248, "kubelet", "kubelet", Part::Kubelet),
        (2379, "etcd", "etcd", Part::Etcd),
        (2380, "etcd", "etcd", Part::Etcd),
        (6443, "kube-apiserver", "kube-apiserver", Part::ApiServer),
        (10257, "kube-controller", "kube-controller-manager", Part::ControllerManager),
        (10259, "kube-scheduler", "kube-scheduler", Part::Scheduler),
    ];
    for (port, short, name, part) in PORTS {
        let listeners = scene.evidence.listeners.as_ref()?;
        let other = listeners.iter().find(|(at, who)| at == port && who != short && who != "?");
        let owned = listeners.iter().any(|(at, who)| at == port && who == short);
        if let Some((_, who)) = other
            && !owned
            && scene.is_broken(*part)
        {
            let message = format!("port {port}, which {name} needs, is taken by `{who}`");
            return Some(
                scene
                    .suspect("PortInUse", Weight::Certain, message)
                    .proof("who listens", format!("`{who}` on port {port}"))
                    .command(format!("ss -ltnp 'sport = :{port}'")),
            );
        }
    }
    None
}

/// A rule that drops packets, where packets are lost.
fn firewall(scene: &Scene<'_>) -> Option<Suspect> {
    let lost = |ready: Option<&Ready>| match ready {
        Some(Ready::Down(why)) => is_lost(why),
        _ => false,
    };
    let survey = scene.survey;
    let here = lost(survey.api.as_ref())
        || lost(survey.reach.as_ref())
        || lost(survey.balancer.as_ref())
        || survey.etcd.as_ref().is_some_and(|etcd| lost(etcd.health.as_ref()));
    // Whose packets are lost may be another's fault: the one who is asked.
    let asked = |look: &Look<'_>| {
        let Some(survey) = look.survey() else { return false };
        let leads_here =
            survey.server.as_ref().and_then(Option::as_ref).and_then(|server| address_in(server));
        lost(survey.reach.as_ref())
            && leads_here.is_some_and(|at| scene.evidence.addresses.contains(&at))
    };
    if !here && !scene.case.looks.iter().any(asked) {
        return None;
    }
    // One for some addresses or interfaces only may be right as it is, and none of ours to judge.
    let bounded = |word: &str| ["!", "-s", "-d", "-i", "-o"].contains(&word);
    let refusing = |rule: &&String| {
        ["6443", "2379", "2380", "10250"]
            .iter()
            .any(|port| rule.split([' ', ',']).any(|word| word == *port))
            && (rule.contains("-j DROP") || rule.contains("-j REJECT"))
            && !rule.split(' ').any(bounded)
    };
    let rule = scene.evidence.rules.iter().find(refusing)?;
    let message =
        "a rule of the firewall keeps packets from a port that the cluster needs".to_owned();
    Some(
        scene
            .suspect("FirewallDrops", Weight::Certain, message)
            .proof("`iptables-save -t filter`", rule.clone()),
    )
}

/// Whether a connection was not refused but never answered.
pub(super) fn is_lost(why: &str) -> bool {
    [
        "i/o timeout",
        "no route to host",
        "deadline exceeded",
        "Client.Timeout",
        "network is unreachable",
        "no answer",
        "request canceled while waiting",
    ]
    .iter()
    .any(|word| why.contains(word))
}
