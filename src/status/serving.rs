//! Kubelets that wait for a serving certificate: nobody but a run of ours approves it.

use std::collections::BTreeSet;

use super::{Context, Finding};
use crate::event::Severity;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let waiting: BTreeSet<&str> = context
        .seen()
        .flat_map(|(_, survey)| survey.requests.iter().flatten())
        .map(|user| user.strip_prefix("system:node:").unwrap_or(user))
        .collect();
    if waiting.is_empty() {
        return vec![];
    }
    let names = waiting.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let verb = if waiting.len() == 1 { "waits" } else { "wait" };
    vec![Context::finding(
        Severity::Warning,
        "ServingCertificates",
        format!("{names} {verb} for a serving certificate"),
        "`bivouac init` approves what is a node's own, and says why it does not approve the rest; while the old certificate \
         lasts nothing is missing, after its end logs and `exec` are",
    )]
}
