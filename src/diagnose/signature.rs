//! Lines of logs against the signatures of causes.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::broken::place;
use super::{
    Case, Cause, Look, Part, Proof, Signature, Source, Suspect, Symptom, Weight, causes, rules,
};
use crate::host::evidence::{Evidence, Line, Log};

/// What goes on being wrong is said again within so many seconds: the kubelet tries a pod anew every 10 to 20.
const FRESH: u64 = 45;
/// Where nothing of that is found: reflectors and volumes wait up to two minutes.
const RECENT: u64 = 150;
/// The same event of the same object is told every five minutes at the least, however often it comes
/// (client-go, `tools/record/events_cache.go`: `defaultSpamQPS`).
const EVENTS: u64 = 320;
/// A container that dies again and again is started every five minutes at the least.
const RESTART: u64 = 320;
/// What is shown of a long line before the part that tells.
const BEFORE: usize = 60;
/// Longer messages are cut.
const LONGEST: usize = 300;

static COMPILED: LazyLock<Vec<(Regex, &Cause, &Signature)>> = LazyLock::new(|| {
    causes()
        .flat_map(|cause| cause.signatures.iter().map(move |signature| (cause, signature)))
        .map(|(cause, it)| (Regex::new(it.pattern).expect("a test compiles each"), cause, it))
        .collect()
});

/// All that logs tell of what is broken.
pub(super) fn suspects(case: &Case<'_>, symptoms: &[Symptom]) -> Vec<Suspect> {
    let mut all = outputs(case);
    for look in case.looks {
        let parts: Vec<Part> = (symptoms.iter())
            .filter(|symptom| symptom.host == look.host.display)
            .map(|symptom| symptom.part)
            .collect();
        let fresh = of_host(case, look, &parts, FRESH);
        let told = fresh.iter().any(|suspect| suspect.weight >= Weight::Likely);
        all.extend(if told { fresh } else { of_host(case, look, &parts, RECENT) });
    }
    all
}

/// What the output of steps that did not work tells.
fn outputs(case: &Case<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    for failed in case.failed {
        for text in failed.output.iter().chain([&failed.cause]) {
            for (regex, cause, signature) in COMPILED.iter() {
                if signature.source != Source::Output {
                    continue;
                }
                if let Some(captures) = regex.captures(&plain(text)) {
                    let proof = Proof {
                        place: format!("the output of `{}`", failed.step),
                        what: shortened(text),
                    };
                    all.push(suspect(cause, signature, &captures, &failed.host, proof, None));
                }
            }
        }
    }
    all
}

fn of_host(case: &Case<'_>, look: &Look<'_>, parts: &[Part], window: u64) -> Vec<Suspect> {
    let Some(evidence) = look.evidence() else { return Vec::new() };
    let mut all = Vec::new();
    for (regex, cause, signature) in COMPILED.iter() {
        if !signature.source.tells(parts) {
            continue;
        }
        for log in evidence.logs.iter().filter(|log| signature.source.is(&log.source)) {
            if !speaks(evidence, log) {
                continue;
            }
            // Of several the last counts: what was said before may be over.
            let window = signature.source.window(window);
            let lines = log.lines.iter().rev().filter(|line| is_recent(evidence, line, window));
            let found =
                lines.map(|line| (line, plain(&line.text))).find(|(_, text)| regex.is_match(text));
            let Some((line, text)) = found else { continue };
            let Some(captures) = regex.captures(&text) else { continue };
            let suspect = suspect(
                cause,
                signature,
                &captures,
                &look.host.display,
                proof(log, line, &captures),
                line.first,
            );
            if rules::contradicts(
                case,
                look,
                &suspect,
                captures.get(1).map_or("", |it| it.as_str()),
            ) {
                continue;
            }
            all.push(suspect);
        }
    }
    all
}

impl Source {
    /// How long after it was said something counts, where logs' lines count for so many seconds.
    fn window(self, seconds: u64) -> u64 {
        if self == Self::Events && seconds == RECENT { EVENTS } else { seconds }
    }
}

/// Whether a log is about what is now.
fn speaks(evidence: &Evidence, log: &Log) -> bool {
    let newest = |other: &&Log| other.source == log.source;
    match evidence.unit(&log.source) {
        // Somebody stopped it; what it said before is not why.
        Some(unit) if unit.load == "masked" => false,
        Some(unit) if unit.active == "inactive" && unit.result == "success" => false,
        Some(_) => true,
        None => match log.attempt {
            // The one before the newest counts where the newest has only begun.
            Some(attempt) => {
                let last = evidence.logs.iter().filter(newest).filter_map(|it| it.attempt).max();
                let newer = evidence.log(&log.source).is_some_and(|it| it.lines.len() < 15);
                log.age.is_none_or(|age| age < RESTART) && (last == Some(attempt) || newer)
            }
            None => true,
        },
    }
}

fn is_recent(evidence: &Evidence, line: &Line, window: u64) -> bool {
    match (evidence.now, line.last) {
        (Some(now), Some(last)) => last + window >= now,
        _ => true,
    }
}

fn proof(log: &Log, line: &Line, captures: &Captures<'_>) -> Proof {
    let times = if line.times > 1 { format!(", {} times", line.times) } else { String::new() };
    let place = format!("{}{times}", place(&log.source));
    let text = plain(&line.text);
    // Of a long line that part which tells: what is before it names the pod, often at length.
    let from = captures.get(0).map_or(0, |it| it.start());
    let is_cut = text.len() > LONGEST && from > BEFORE;
    let starts = |at: &usize| text.is_char_boundary(*at);
    let start = if is_cut { (from - BEFORE..from).find(starts).unwrap_or(from) } else { 0 };
    let dots = if is_cut { "..." } else { "" };
    Proof { place, what: format!("{dots}{}", shortened(&text[start..])) }
}

fn suspect(
    cause: &Cause,
    signature: &Signature,
    captures: &Captures<'_>,
    host: &str,
    proof: Proof,
    first: Option<u64>,
) -> Suspect {
    let says = if signature.says.is_empty() { cause.is } else { signature.says };
    let message = filled(says, captures);
    let command = cause.command.map(|line| filled(line, captures));
    Suspect {
        name: cause.name,
        layer: cause.layer,
        weight: signature.weight,
        hosts: vec![host.to_owned()],
        message: shortened(message.trim_end_matches([':', ' '])),
        proofs: vec![proof],
        fix: cause.fix.to_owned(),
        command,
        first,
    }
}

/// `{1}` is what the first group captured; nothing where it did not take part.
fn filled(template: &str, captures: &Captures<'_>) -> String {
    (1..captures.len()).fold(template.to_owned(), |text, group| {
        let value = captures.get(group).map_or("", |it| it.as_str());
        text.replace(&format!("{{{group}}}"), value.trim())
    })
}

/// Quotes within quotes have backslashes before them, as deep as they are nested.
fn plain(line: &str) -> String {
    line.replace('\\', "")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
