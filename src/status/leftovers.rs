//! What a run left when it broke off.

use super::{Context, Finding, Look};
use crate::event::Severity;
use crate::host::survey::{Journal, Lock};

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let at_work = context.seen().any(|(_, survey)| is_held(&survey.lock));
    // While a run is at work, what it has begun is no leftover yet.
    let severity = if at_work { Severity::Warning } else { Severity::Error };
    let mut findings: Vec<Finding> =
        context.looks.iter().filter_map(|look| begun(look, severity)).collect();
    let secrets = context.seen().find_map(|(_, survey)| survey.secrets.as_deref());
    for secret in secrets.unwrap_or_default() {
        let what = if secret == "kubeadm-certs" {
            "the control plane's certificates, encrypted, are still in the cluster"
        } else {
            "a bootstrap token of an earlier run is still in the cluster"
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

fn begun(look: &Look<'_>, severity: Severity) -> Option<Finding> {
    let Journal::Present { begun, .. } = &look.survey()?.journal else { return None };
    let (run, step) = begun.first()?;
    let more = match begun.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(look.finding(
        severity,
        "Leftover",
        format!("the run {run} broke off in `{step}`{more}: begun, and never completed"),
        "`bivouac init` goes on, `bivouac wipe` takes it back",
    ))
}

fn is_held(lock: &Lock) -> bool {
    matches!(lock, Lock::Held(_) | Lock::Orphan(_))
}
