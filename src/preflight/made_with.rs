//! What a cluster is made with, and keeps: a line of cluster.yaml that was changed afterwards would be passed
//! over, or leave the control planes with different settings.

use serde_json::Value;

use super::{Api, Check, Context, Finding, HostFacts, Phase, Run, Severity};
use crate::cluster::Overrides;

pub(super) const CHECK: Check = Check {
    name: "MadeWith",
    description: "cluster.yaml says of networks and security what the cluster was made with",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "settings would be passed over, or differ between control planes",
    kubeadm: None,
    needs: &[],
    page: "Seen by the manifests and files of the control planes that run, compared with \
           `network` and `security` in cluster.yaml.\n\nWrite what the cluster was made with; for \
           something else wipe it and make it anew.",
    run: Run::EachHost(run),
};

/// Where our own files are; another path is the user's own doing.
const AUDIT: &str = "audit-policy-file=/etc/kubernetes/bivouac/";
const ENCRYPTION: &str = "encryption-provider-config=/etc/kubernetes/bivouac/";
const SERVING: &str = "kubelet-certificate-authority=";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let facts = host.facts;
    let Some(arguments) = &facts.arguments else { return vec![] };
    // One that was begun and not completed is made anew.
    if context.api == Api::Nowhere || !facts.has_kubelet_conf() {
        return vec![];
    }
    let has = |beginning: &str| arguments.iter().any(|argument| argument.starts_with(beginning));
    let security = context.cluster.security;
    let lines = [
        ("audit", security.audit, AUDIT),
        ("encryption", security.encryption, ENCRYPTION),
        ("servingCertificates", security.serving_certificates, SERVING),
    ];
    // A control plane of ours in another tool's cluster has that cluster's settings too.
    if !facts.is_our_node() || context.foreign {
        let asked = lines.iter().filter(|(_, wanted, _)| *wanted);
        let finding = |(line, ..): &(&str, bool, &str)| {
            let message =
                format!("another tool made the cluster, and `security.{line}` is for the making");
            host.error(CHECK.name, message, "take the line out of cluster.yaml")
        };
        return asked.map(finding).collect();
    }
    let own = own_arguments(&context.cluster.kubernetes.kubeadm);
    let mut findings: Vec<Finding> = lines
        .iter()
        .filter(|(_, wanted, argument)| *wanted != has(argument))
        // What the file itself gives the API server says nothing of how the cluster was made.
        .filter(|(_, wanted, argument)| *wanted || !is_own(&own, argument))
        .map(|(line, wanted, _)| changed(host, line, *wanted))
        .collect();
    let network = &context.cluster.network;
    for (argument, field, wanted) in [
        ("cluster-cidr=", "podSubnet", network.pod_subnet.to_string()),
        ("service-cluster-ip-range=", "serviceSubnet", network.service_subnet.to_string()),
    ] {
        let made = arguments.iter().find_map(|it| it.strip_prefix(argument));
        findings.extend(
            made.filter(|made| *made != wanted).map(|made| other(host, field, made, &wanted)),
        );
    }
    let mode = facts.proxy_mode.as_deref().filter(|mode| !mode.is_empty());
    let wanted = network.proxy_mode.word();
    findings.extend(
        mode.filter(|mode| *mode != wanted).map(|mode| other(host, "proxyMode", mode, wanted)),
    );
    if has(ENCRYPTION) && facts.encryption_key == Some(false) {
        findings.push(host.error(
            CHECK.name,
            "the key that its Secrets are encrypted with (`/etc/kubernetes/bivouac/encryption.yaml`) is gone",
            "copy that file from another control plane, or from a backup, with mode 0600; without it nobody can \
             read the Secrets",
        ));
    }
    findings
}

/// The names of the arguments that cluster.yaml gives the API server besides, in either form of `extraArgs`.
fn own_arguments(kubeadm: &Overrides) -> Vec<&str> {
    match kubeadm.get("apiServer").and_then(|it| it.get("extraArgs")) {
        Some(Value::Object(map)) => map.keys().map(String::as_str).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(|it| it["name"].as_str()).collect(),
        _ => Vec::new(),
    }
}

fn is_own(own: &[&str], beginning: &str) -> bool {
    beginning.split('=').next().is_some_and(|name| own.contains(&name))
}

fn changed(host: &HostFacts<'_>, line: &str, wanted: bool) -> Finding {
    if wanted {
        return host.error(
            CHECK.name,
            format!("the cluster was made without `security.{line}`, and it is not switched on afterwards yet"),
            "take the line out of cluster.yaml; for a cluster with it, wipe this one and make it anew",
        );
    }
    let why = match line {
        "encryption" => ": without it nobody could read the Secrets that are there",
        _ => "",
    };
    host.error(
        CHECK.name,
        format!("the cluster was made with `security.{line}`, and it is not switched off afterwards{why}"),
        format!("write `security: {{{line}: true}}` in cluster.yaml"),
    )
}

fn other(host: &HostFacts<'_>, field: &str, made: &str, wanted: &str) -> Finding {
    host.error(
        CHECK.name,
        format!("the cluster was made with `network.{field}: {made}`, and cluster.yaml now says `{wanted}`"),
        format!("write `{field}: \"{made}\"` in cluster.yaml; for another, wipe the cluster and make it anew"),
    )
}
