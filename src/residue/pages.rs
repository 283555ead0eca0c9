//! What `explain` says of the entries.

use std::sync::OnceLock;

use super::{Entry, entries};
use crate::event::{Phase, Severity};
use crate::page::Page;

/// A page for each entry.
pub fn pages() -> impl Iterator<Item = Page> {
    static PAGES: OnceLock<Vec<Page>> = OnceLock::new();
    PAGES.get_or_init(|| entries().map(page).collect()).iter().copied()
}

fn page(entry: &'static Entry) -> Page {
    let copies = if entry.undone.contains("saved") && !entry.undone.contains("not saved") {
        " Copies are for a wipe that is cut off: when it is whole they go with its journal."
    } else {
        ""
    };
    let text = format!(
        "It is known by this: {}.\n\nIt goes so: {}.{copies}\n\nNever touched: {}.\n\nClass {} of the research page on residue.",
        entry.known,
        entry.undone,
        entry.never,
        entry.classes.join(", ")
    );
    Page {
        name: entry.name,
        of: "wipe --foreign, verify-clean",
        what: entry.what,
        severity: Some(Severity::Warning),
        phase: Phase::Operation,
        breaks: "a later installation, or the host's own network, may meet what a cluster left",
        // One text for as long as the program runs.
        text: text.leak(),
        kubeadm: None,
        repairs: false,
        skips: false,
    }
}
