//! What a host needs to download by itself.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::cluster::Download;

pub(super) const CHECK: Check = Check {
    name: "Downloads",
    description: "a host that is to download by itself can",
    severity: Severity::Error,
    phase: Phase::Files,
    breaks: "the host cannot fetch its files",
    kubeadm: None,
    needs: &[need::COMMANDS],
    page: "Seen by the commands that are there, where `artifacts: {download: hosts}` has each \
           host download by itself; and by each new host's asking the release servers itself, by its own way (`proxy`, `ca`), for at most \
           8 s, all of them at once. Any answer of the server's own counts: whether a file is there this machine asks. Registries are \
           asked likewise (`ImagePull`).\n\nInstall curl or wget, or let this machine download.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let cluster = context.cluster;
    if cluster.bundle.is_some() || cluster.sources.download == Download::Operator {
        return vec![];
    }
    let lacks = |name: &str| host.facts.has(name) == Some(false);
    let other = "or let this machine download and upload: `artifacts: {download: operator}`";
    // Both packages have one name everywhere.
    let typed = |found: Finding, package: &str| match context.families.of(host.facts) {
        Some(distribution) => found.typed(distribution.install(package)),
        None => found,
    };
    let mut findings = Vec::new();
    if lacks("curl") && lacks("wget") {
        let fix = format!("install one of them, {other}");
        findings
            .push(typed(host.error(CHECK.name, "neither `curl` nor `wget` is there", fix), "curl"));
    }
    if lacks("gzip") {
        let fix = format!("install it, {other}");
        findings.push(typed(
            host.error(CHECK.name, "`gzip` is not there, to unpack archives with", fix),
            "gzip",
        ));
    }
    findings
}
