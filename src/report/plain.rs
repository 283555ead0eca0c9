//! One line after the other: for files, pipes, CI, `--verbose` and terminals that cannot do more.

use std::collections::HashMap;
use std::io::Write;
use std::time::SystemTime;

use super::state::{Doing, Own, State};
use super::style::{self, Style};
use super::{clean, comparison, failure, line, words};
use crate::event::{Event, EventKind};

/// Columns of the longest host name that does not push its line to the right.
const NAME: usize = 30;
/// Seconds after which a step that still runs is mentioned; then after twice that, and so on. CI
/// systems kill jobs that say nothing for ten minutes.
const REMINDER: f64 = 30.0;

/// How much is said while the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// What changed, what waits, and what did not work.
    Changes,
    /// Everything.
    All,
}

/// The display without a cursor.
pub struct Plain {
    stream: Box<dyn Write + Send>,
    detail: Detail,
    style: Style,
    /// For each host, and each step of this machine, since when it does what it does, and the seconds of the next
    /// reminder.
    reminders: HashMap<String, (SystemTime, f64)>,
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Plain").field("detail", &self.detail).finish_non_exhaustive()
    }
}

impl Plain {
    /// A display that writes here.
    pub fn new(stream: Box<dyn Write + Send>, detail: Detail, style: Style) -> Self {
        Self { stream, detail, style, reminders: HashMap::new() }
    }

    /// Says what happened; `state` has it already.
    pub fn event(&mut self, state: &State, event: &Event) {
        let mut lines = Vec::new();
        for text in self.texts(state, event) {
            let bad = matches!(event.kind, EventKind::StepFailed { .. });
            lines.push(stamped(state, event.host.as_deref(), event.time, &text, bad, self.style));
        }
        self.print(&lines);
    }

    /// Mentions steps that have been running for long.
    pub fn tick(&mut self, state: &State, now: SystemTime) {
        if self.detail == Detail::None {
            return;
        }
        let mut lines = Vec::new();
        for own in &state.own {
            if let Some(seconds) = self.is_due(&line::step(&own.step), own.since, now) {
                let bytes = own.bytes.map_or_else(
                    || "still runs".to_owned(),
                    |(done, total)| words::bytes(done, total),
                );
                let (step, took) = (line::step(&own.step), words::duration(seconds));
                let text = format!("{step}  {bytes} ({took})");
                lines.push(stamped(state, None, now, &text, false, self.style));
            }
        }
        for host in &state.hosts {
            let Doing::Step { step, .. } = &host.doing else { continue };
            if let Some(seconds) = self.is_due(&host.name, host.since, now) {
                let text =
                    format!("{}  still runs ({})", line::step(step), words::duration(seconds));
                lines.push(stamped(state, Some(&host.name), now, &text, false, self.style));
            }
        }
        self.print(&lines);
    }

    /// How many seconds something has been running, if it is time to mention it again.
    fn is_due(&mut self, what: &str, since: SystemTime, now: SystemTime) -> Option<f64> {
        let entry = self.reminders.entry(what.to_owned()).or_insert((since, REMINDER));
        if entry.0 != since {
            *entry = (since, REMINDER);
        }
        let seconds = words::between(since, now);
        if seconds < entry.1 {
            return None;
        }
        while entry.1 <= seconds {
            entry.1 *= 2.0;
        }
        Some(seconds)
    }

    /// Writes lines that are clean already.
    pub fn print(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        // One write for all lines; a reader that is gone must not stop the run.
        let _ = self.stream.write_all((lines.join("\n") + "\n").as_bytes());
        let _ = self.stream.flush();
    }

    fn texts(&self, state: &State, event: &Event) -> Vec<String> {
        match (self.detail, &event.kind) {
            (Detail::None, _) | (_, EventKind::StepProgress { .. } | EventKind::RunDone { .. }) => {
                Vec::new()
            }
            (_, EventKind::HostDone { ok, changed, seconds }) => {
                let unchanged = event.host.as_ref().and_then(|name| {
                    state.hosts.iter().find(|host| host.name == *name).map(|host| host.unchanged)
                });
                vec![format!(
                    "{} after {}: {} changed, {} unchanged",
                    if *ok { "done" } else { "stopped" },
                    words::duration(*seconds),
                    words::count(*changed, "step"),
                    unchanged.unwrap_or(0)
                )]
            }
            (_, EventKind::StepDone { seconds, .. }) if event.host.is_none() => {
                let came = state.last_own.iter().filter_map(|own| Some((own, own.bytes?.1)));
                let text = |(own, size): (&Own, u64)| {
                    let (size, took) = (words::size(size), words::duration(*seconds));
                    format!("{}  {size} ({took})", line::step(&own.step))
                };
                came.map(text).collect()
            }
            // The table of findings says it better.
            (
                _,
                EventKind::Finding(_) | EventKind::Unchecked { .. } | EventKind::Skipped { .. },
            ) => Vec::new(),
            (Detail::All, kind) => line::describe(kind),
            (_, EventKind::StepFailed { .. }) => {
                state.failures.last().map(failure::short).into_iter().collect()
            }
            (
                _,
                EventKind::RunStarted { .. }
                | EventKind::StepRetried { .. }
                | EventKind::StepWaiting { .. }
                | EventKind::GateWaiting { .. }
                | EventKind::StepDone { changed: true, .. },
            ) => line::describe(&event.kind),
            (_, EventKind::Compared(comparison)) => vec![comparison::first(comparison)],
            _ => Vec::new(),
        }
    }
}

/// `   3.2s  cp1  text`: the seconds since the start, and the host in a column of its own.
pub fn stamped(
    state: &State,
    host: Option<&str>,
    time: SystemTime,
    text: &str,
    bad: bool,
    style: Style,
) -> String {
    let width =
        state.hosts.iter().map(|host| host.name.chars().count()).max().unwrap_or(0).min(NAME);
    let text = clean::line(text, clean::LINE);
    let text = if bad { style.red(&text) } else { text.into_owned() };
    let seconds = state.elapsed(time);
    match host {
        Some(host) => {
            let host = style::pad(&clean::line(host, clean::LINE), width);
            format!("{seconds:>6.1}s  {host}  {text}")
        }
        None => format!("{seconds:>6.1}s  {text}"),
    }
}
