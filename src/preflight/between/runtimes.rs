//! Runtimes that their owners installed, host by host.

use std::collections::BTreeMap;

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};
use crate::cluster::RuntimeKind;

pub(in super::super) const CHECK: Check = Check {
    name: "RuntimesDiffer",
    description: "existing runtimes of the hosts are of one version",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "what works on one node fails on another, and one configuration does not fit all",
    kubeadm: None,
    // One that does not say its version is found by the checks of the runtime.
    needs: &[],
    page: "Seen by what the existing runtimes say themselves, where `runtime: {existing: true}` is in cluster.yaml: releases that differ in more than the last \
           number. kubeadm looks at one host at a time and never sees it. Those that bivouac brings are the same everywhere; cgroup drivers are each compared with \
           the one that all kubelets have (`ContainerRuntime`, `IsDockerSystemdCheck`).\n\nBring them to one version.",
    run: Run::AllHosts(run),
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let existing = context.cluster.runtime.existing;
    existing.then(|| differ(context)).flatten().into_iter().collect()
}

/// Of the runtime that the cluster uses: the other may be there as well.
fn version(context: &Context<'_>, host: &HostFacts<'_>) -> Option<String> {
    let facts = host.facts;
    minor(match context.cluster.runtime.traits.kind {
        RuntimeKind::Docker => facts.docker.as_ref()?.version.as_ref()?,
        _ => facts.containerd.as_ref()?.version.as_ref()?,
    })
}

/// `1.6` of `1.6.20~ds1`.
fn minor(version: &str) -> Option<String> {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next()?, numbers.next()?);
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit());
    (is_number(major) && is_number(minor)).then(|| format!("{major}.{minor}"))
}

/// One finding for all: who has what.
fn differ(context: &Context<'_>) -> Option<Finding> {
    const SHOWN: usize = 3;
    let mut groups: BTreeMap<String, Vec<&HostFacts<'_>>> = BTreeMap::new();
    for host in context.hosts {
        if let Some(value) = version(context, host) {
            groups.entry(value).or_default().push(host);
        }
    }
    if groups.len() < 2 {
        return None;
    }
    let told = groups.iter().map(|(value, hosts)| {
        let names: Vec<&str> =
            hosts.iter().take(SHOWN).map(|it| it.host.display.as_str()).collect();
        let more = match hosts.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("`{value}` on {}{more}", names.join(", "))
    });
    let what = "the existing runtimes are of several versions";
    let message = format!("{what}: {}", told.collect::<Vec<_>>().join("; "));
    // The fewest are the ones to be changed.
    let most = groups.values().map(Vec::len).max()?;
    let keep = groups.values().position(|hosts| hosts.len() == most)?;
    let odd = groups.into_values().enumerate().filter(|(at, _)| *at != keep);
    let hosts: Vec<&HostFacts<'_>> = odd.flat_map(|(_, hosts)| hosts).collect();
    let fix = "install one and the same, if nothing speaks against it";
    let found = hosts.first()?.warning(CHECK.name, message, fix);
    Some(hosts[1..].iter().fold(found, |found, host| found.and(host)))
}
