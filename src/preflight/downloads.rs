//! What a host needs to download by itself.

use super::{Check, Context, Finding, HostFacts, Run};
use crate::cluster::Download;

pub(super) const CHECK: Check = Check {
    name: "Downloads",
    description: "a host that is to download by itself can",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let cluster = context.cluster;
    if cluster.bundle.is_some() || cluster.sources.download == Download::Operator {
        return vec![];
    }
    let lacks = |name: &str| host.facts.has(name) == Some(false);
    let other = "or let this machine download and upload: `artifacts: {download: operator}`";
    let mut findings = Vec::new();
    if lacks("curl") && lacks("wget") {
        let fix = format!("install one of them, {other}");
        findings.push(host.error(CHECK.name, "neither `curl` nor `wget` is there", fix));
    }
    if lacks("gzip") {
        let fix = format!("install it, {other}");
        findings.push(host.error(CHECK.name, "`gzip` is not there, to unpack archives with", fix));
    }
    findings
}
