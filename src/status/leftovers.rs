//! What a run left when it broke off.

use super::{Context, Finding, Look};
use crate::event::Severity;
use crate::host::survey::{Journal, Lock};

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = context.looks.iter().filter_map(begun).collect();
    // A run that is at work has a token of its own in the cluster.
    let at_work = context.seen().any(|(_, survey)| is_held(&survey.lock));
    let severity = if at_work { Severity::Warning } else { Severity::Error };
    let secrets = context.seen().find_map(|(_, survey)| survey.secrets.as_deref());
    for secret in secrets.unwrap_or_default() {
        let what = if secret == "kubeadm-certs" {
            "the control plane's certificates, encrypted, are still in the cluster"
        } else {
            "a run's bootstrap token is still in the cluster"
        };
        findings.push(Context::finding(
            severity,
            "Leftover",
            format!("{what}: the secret `kube-system/{secret}`"),
            format!("`bivouac kubectl -- -n kube-system delete secret {secret}`; it ends by itself within hours"),
        ));
    }
    if context.nodes().is_some() && secrets.is_none() {
        findings.push(Context::finding(
            Severity::Error,
            "Leftover",
            "whether tokens of an earlier run are left in the cluster is unknown: no API server told",
            "run `bivouac status` again",
        ));
    }
    findings
}

fn begun(look: &Look<'_>) -> Option<Finding> {
    let survey = look.survey()?;
    // One of another installer's leftovers is told of as a whole (`installed.rs`).
    let Journal::Present { begun, clears: false, .. } = &survey.journal else { return None };
    // What a run is at is no leftover yet.
    if is_held(&survey.lock) {
        return None;
    }
    let (run, step) = begun.first()?;
    let more = match begun.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(look.error(
        "Leftover",
        format!("the run {run} broke off in `{step}`{more}: begun, and never completed"),
        "`bivouac init` goes on, `bivouac wipe` takes it back",
    ))
}

fn is_held(lock: &Lock) -> bool {
    matches!(lock, Lock::Held(_) | Lock::Orphan(_))
}
