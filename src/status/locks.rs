//! Who holds a host.

use super::{Context, Finding};
use crate::host::survey::Lock;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let one = |(look, survey): (&super::Look<'_>, &crate::host::survey::Survey)| match &survey.lock
    {
        Lock::Free => None,
        Lock::Held(holder) => Some(look.warning(
            "Lock",
            format!("a run is at work on it: {holder}"),
            "wait until that run has ended",
        )),
        Lock::Orphan(holder) => Some(look.warning(
            "Lock",
            format!("the last command of a run whose operator is gone is at work on it: {holder}"),
            "the next run waits for it",
        )),
        Lock::Unknown => Some(look.error(
            "Lock",
            "whether a run holds it is unknown",
            "look at the host by hand",
        )),
    };
    context.seen().filter_map(one).collect()
}
