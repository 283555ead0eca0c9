//! Flags that somebody gives to the kubelet in `/etc/default/kubelet`: it must know them, and none may say otherwise than the
//! installation does.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, quoted};

pub(crate) const CHECK: Check = Check {
    name: "KubeletFlags",
    description: "`/etc/default/kubelet` has no flags that the kubelet does not know, or that are the installation's",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the kubelet ends at its start (`failed to parse kubelet flag`), or is another node than kubeadm waits for",
    kubeadm: None,
    // On most hosts the file is not there.
    needs: &[],
    page: "Seen by the names of flags in `KUBELET_EXTRA_ARGS` of `/etc/default/kubelet`, which the kubelet's unit reads, as kubeadm's own does. Versions lose \
           flags: `--network-plugin` with 1.24, `--container-runtime` with 1.27, `--pod-infra-container-image` with 1.35. \
           Values are not read.\n\nTake the line out; what a kubelet needs is in `kubernetes: {kubelet: ...}` of cluster.yaml.",
    run: Run::EachHost(run),
};

/// What kubeadm and our unit say themselves.
const OURS: [&str; 8] = [
    "bootstrap-kubeconfig",
    "cgroup-driver",
    "config",
    "container-runtime-endpoint",
    "hostname-override",
    "kubeconfig",
    "pod-manifest-path",
    "root-dir",
];
/// What our unit calls its own arguments: what this file says of them would be used.
const VARIABLES: [&str; 3] =
    ["KUBELET_KUBECONFIG_ARGS", "KUBELET_CONFIG_ARGS", "KUBELET_KUBEADM_ARGS"];
const EXTRA: &str = "KUBELET_EXTRA_ARGS";
const FILE: &str = "/etc/default/kubelet";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // Of a node that runs, its owner knows why.
    if host.facts.is_our_node() {
        return vec![];
    }
    let version = &context.cluster.kubernetes.version;
    let services = &host.facts.services;
    let flags: Vec<&str> =
        services.kubelet_flags.iter().flatten().map(|flag| flag.trim_start_matches('-')).collect();
    let mut findings = Vec::new();
    let finding = |message: String, name: &str| {
        let command = format!("sed -i 's/^[[:space:]]*{name}=/#&/' {FILE}");
        host.error(CHECK.name, message, format!("take the line out of `{FILE}`")).typed(command)
    };
    for flag in &flags {
        if let Some(why) = version.facts().flag_is_unknown("kubelet", flag) {
            let message = format!(
                "`{FILE}` gives the kubelet `--{flag}`, which that of {version} does not know: {why}"
            );
            findings.push(finding(message, EXTRA));
        }
    }
    let ours: Vec<String> =
        flags.iter().filter(|flag| OURS.contains(flag)).map(|flag| format!("--{flag}")).collect();
    if !ours.is_empty() {
        let message =
            format!("`{FILE}` gives the kubelet what the installation does: {}", quoted(ours));
        findings.push(finding(message, EXTRA));
    }
    for name in services.kubelet_variables.iter().filter(|name| VARIABLES.contains(&name.as_str()))
    {
        let message = format!("`{FILE}` has a `{name}` in the place of the installation's");
        findings.push(finding(message, name));
    }
    findings
}
