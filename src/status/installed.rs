//! Hosts that could not be read, or have nothing of the cluster on them.

use super::{Context, Finding, Look};
use crate::host::survey::{Journal, Survey};

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    context.looks.iter().filter_map(one).collect()
}

fn one(look: &Look<'_>) -> Option<Finding> {
    match &look.seen {
        Err(unseen) => Some(look.error("Reachable", unseen.message.clone(), unseen.fix.clone())),
        Ok(survey) => installed(look, survey),
    }
}

fn installed(look: &Look<'_>, survey: &Survey) -> Option<Finding> {
    let joins = "`bivouac init` installs it";
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
                "a wipe cannot restore it; `kubeadm reset` takes it out of the cluster",
            ));
        }
    };
    Some(look.error("Installed", message, fix))
}
