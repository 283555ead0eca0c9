//! Hosts that could not be read, or have nothing of the cluster on them.

use super::{Context, Finding, Look};
use crate::host::survey::{Journal, Survey};

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let runs = context.installed().any(|(look, _)| look.host.control_plane);
    context.looks.iter().filter_map(|look| one(look, runs)).collect()
}

fn one(look: &Look<'_>, runs: bool) -> Option<Finding> {
    match &look.seen {
        Err(unseen) => Some(look.error("Reachable", unseen.message.clone(), unseen.fix.clone())),
        Ok(survey) => installed(look, survey, runs),
    }
}

/// `runs`: there is a cluster to join. Where that is another tool's, `init` would not.
fn installed(look: &Look<'_>, survey: &Survey, runs: bool) -> Option<Finding> {
    let joins = if runs { "`bivouac join` adds it" } else { "`bivouac init` installs it" };
    if let Journal::Present { clears: true, .. } = &survey.journal {
        let fix = "`bivouac wipe --foreign` of this host goes on; `init`, `join` and `wipe` are refused until then";
        return Some(look.error(
            "ForeignWipe",
            "a wipe of what another installer left was cut off here",
            fix,
        ));
    }
    let (message, fix) = match (look.is_installed(), &survey.journal) {
        (None, _) => ("whether it belongs to a cluster is unknown", "look at the host by hand"),
        (_, Journal::Unknown) => ("its journal cannot be read", "look at the host by hand"),
        (Some(false), Journal::Absent) => {
            ("nothing of the cluster was ever installed on it", joins)
        }
        (Some(false), Journal::Present { .. }) => {
            ("its installation was not completed: it has not joined the cluster", joins)
        }
        (Some(true), Journal::Present { .. }) => return None,
        (Some(true), Journal::Absent) => {
            return Some(look.warning(
                "Installed",
                "it belongs to a cluster, but it has no journal: it was not installed by bivouac",
                "nothing needs to be done: `join` and `remove` work with it, `init` and `wipe` leave it as it is",
            ));
        }
    };
    Some(look.error("Installed", message, fix))
}
