//! `spec.preflight.skip`: checks that are not to be made, each with a reason for who reads the file later.

use super::super::yaml::At;
use super::super::{Skip, raw};
use super::{Check, quote};

/// What belongs where the reason is.
const REASON: &str = "why it is skipped, in a few words";

impl Check<'_> {
    pub(super) fn skips(&mut self, spec: &raw::Spec) -> Vec<Skip> {
        let given = spec.preflight.as_ref().and_then(|it| it.value.skip.as_deref());
        let mut skips: Vec<Skip> = Vec::new();
        for given in given.unwrap_or_default() {
            let Some(skip) = self.skip(given) else { continue };
            if skips.iter().any(|earlier| earlier.name == skip.name) {
                let message = format!("{} is skipped twice", quote(&skip.name));
                self.wrong(given.spot, message, |it| it.expected("each check once"));
                continue;
            }
            skips.push(skip);
        }
        skips
    }

    fn skip(&mut self, given: &At<raw::Skip>) -> Option<Skip> {
        let raw::Skip { name, reason } = &given.value;
        let is_blank = |text: &At<String>| text.value.trim().is_empty();
        match reason {
            None => self.missing(given.spot, "reason", REASON),
            Some(reason) if is_blank(reason) => {
                self.wrong(reason.spot, "`reason` is empty", |it| it.expected(REASON));
            }
            Some(_) => {}
        }
        let Some(name) = name else {
            self.missing(given.spot, "name", "a check, as `bivouac preflight --list` names it");
            return None;
        };
        let reason = reason.as_ref().filter(|reason| !is_blank(reason))?;
        let message = format!("{} is no check of preflight", quote(&name.value));
        let unknown = self.source.mistake(name.spot, message).found(&name.value);
        let reason = reason.value.trim().to_owned();
        Some(Skip { name: name.value.clone(), reason, unknown })
    }
}
