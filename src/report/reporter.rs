//! Every event goes through here, once: to the logs, to JSON, into the state, to the display.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::audit::{self, Audit, Form};
use super::live::Live;
use super::log::{self, Log};
use super::plain::{Detail, Plain};
use super::state::{Finding, State};
use super::style::{self, Style};
use super::{Output, Settings, Summary, clean, closing, findings, json};
use crate::event::{Event, EventKind, Severity};

/// Where text goes. Chosen once, at the start.
#[derive(Debug)]
pub enum Display {
    /// Lines that are drawn over.
    Live(Live),
    /// Lines.
    Plain(Plain),
}

/// The one owner of everything that the operator sees during a run.
pub struct Reporter {
    settings: Settings,
    style: Style,
    display: Display,
    /// Standard output, for JSON; `None` for text, and after its reader went away.
    json: Option<Box<dyn Write + Send>>,
    log: Log,
    state: State,
    /// How many findings have been shown.
    shown: usize,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reporter").field("display", &self.display).finish_non_exhaustive()
    }
}

impl Reporter {
    /// On the process's own streams, with the display that fits them.
    pub fn new(settings: Settings) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let (stdout, stderr) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let style = Style::of(&variable, stderr);
        let display = if live(&settings, &variable, stdout, stderr) {
            Display::Live(Live::new(console::Term::buffered_stderr(), style))
        } else {
            Display::Plain(Plain::new(Box::new(io::stderr()), detail(&settings), style))
        };
        Self::with(settings, display, Box::new(io::stdout()), style)
    }

    /// On other streams: `out` gets the JSON, if it is wanted.
    pub fn with(
        settings: Settings,
        display: Display,
        out: Box<dyn Write + Send>,
        style: Style,
    ) -> Self {
        let directory = settings
            .log_dir
            .clone()
            .or_else(|| log::default_directory(&settings.run_id, &|name| std::env::var(name).ok()));
        let json = (settings.output == Output::Json).then_some(out);
        let log = Log::new(directory);
        Self { settings, style, display, json, log, state: State::default(), shown: 0 }
    }

    /// Takes in events until nobody can send any more.
    pub async fn consume(mut self, mut events: mpsc::UnboundedReceiver<Event>) -> Summary {
        let period = match self.display {
            Display::Live(_) => Duration::from_millis(100),
            Display::Plain(_) => Duration::from_secs(1),
        };
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.event(&event),
                    None => return self.finish(),
                },
                _ = ticks.tick() => self.tick(SystemTime::now()),
            }
        }
    }

    /// Takes in one event.
    pub fn event(&mut self, event: &Event) {
        self.log.event(&self.settings.run_id, event);
        self.warn();
        self.write_json(event);
        // Findings arrive host by host; the table waits for the first event of another kind.
        let is_result = matches!(
            event.kind,
            EventKind::Finding(_)
                | EventKind::Unchecked { .. }
                | EventKind::Skipped { .. }
                | EventKind::Fact { .. }
        );
        if !is_result {
            self.show_findings();
        }
        self.state.apply(event);
        match &mut self.display {
            Display::Live(live) => live.event(&self.state, event),
            Display::Plain(plain) => plain.event(&self.state, event),
        }
    }

    /// Shows that time passes.
    pub fn tick(&mut self, now: SystemTime) {
        match &mut self.display {
            Display::Live(live) => live.tick(&self.state, now),
            Display::Plain(plain) => plain.tick(&self.state, now),
        }
    }

    /// Says how it ended.
    pub fn finish(mut self) -> Summary {
        self.show_findings();
        let lines = if self.settings.has_own_words {
            Vec::new()
        } else {
            closing::lines(&self.state, &self.log, &self.settings, self.style)
        };
        match &mut self.display {
            Display::Live(live) => live.finish(&lines),
            Display::Plain(plain) => plain.print(&lines),
        }
        let unwritten = self.write_audit().err();
        let end = self.state.end;
        Summary {
            unwritten,
            ok: end.as_ref().is_some_and(|end| end.ok),
            seconds: end.as_ref().map_or(0.0, |end| end.seconds),
            differences: end.and_then(|end| end.differences),
            failures: self.state.failures,
            findings: self.state.findings,
        }
    }

    /// Writes a wipe's proof; whole, or not at all.
    fn write_audit(&self) -> Result<(), String> {
        let Some(name) = &self.settings.report else { return Ok(()) };
        let audit = Audit::of(&self.state, &self.settings);
        for (path, form) in audit::files(name) {
            let text = match form {
                Form::Json => audit.json(),
                Form::Page => audit.page(),
            };
            let mut new = path.as_os_str().to_owned();
            new.push(".new");
            std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &path)).map_err(
                |error| format!("the report `{}` cannot be written: {error}", path.display()),
            )?;
        }
        Ok(())
    }

    fn show_findings(&mut self) {
        let new = self.state.findings.get(self.shown..).unwrap_or_default();
        if self.settings.has_own_words {
            return;
        }
        let quiet = self.settings.quiet;
        let all = self.state.hosts.len();
        let wanted = |it: &&Finding| !quiet || it.found.severity == Severity::Error;
        let mut lines = findings::table(new.iter().filter(wanted), all, self.style);
        self.shown = self.state.findings.len();
        let unchecked = std::mem::take(&mut self.state.unchecked);
        let skipped = std::mem::take(&mut self.state.skipped);
        if !quiet {
            lines.extend(findings::unchecked(&unchecked, all, self.style));
            lines.extend(findings::skipped(&skipped, self.style));
        }
        self.print(&lines);
    }

    fn warn(&mut self) {
        if let Some(cause) = self.log.take_warning() {
            let text = format!("the run goes on without (all of) its log files: {cause}");
            let text = clean::line(&text, clean::LINE);
            self.print(&[self.style.yellow(&format!("warning: {text}"))]);
        }
    }

    fn print(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        match &mut self.display {
            Display::Live(live) => live.print(lines),
            Display::Plain(plain) => plain.print(lines),
        }
    }

    fn write_json(&mut self, event: &Event) {
        let Some(out) = &mut self.json else { return };
        if !self.settings.verbose && !json::promised(&event.kind) {
            return;
        }
        let line = json::line(&self.settings.run_id, event);
        if let Err(error) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
            // The work on the hosts matters more than who watches it.
            self.json = None;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.print(&[format!("warning: no more JSON on standard output: {error}")]);
            }
        }
    }
}

/// Whether lines can be drawn over. JSON on the same terminal would tear them.
pub fn live(
    settings: &Settings,
    variable: &dyn Fn(&str) -> Option<String>,
    stdout: bool,
    stderr: bool,
) -> bool {
    let torn = settings.output == Output::Json && stdout;
    stderr && !settings.verbose && !settings.quiet && !style::dumb(variable) && !torn
}

fn detail(settings: &Settings) -> Detail {
    match (settings.verbose, settings.quiet || settings.has_own_words) {
        (true, _) => Detail::All,
        (_, true) => Detail::None,
        _ => Detail::Changes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_display_is_live_only_where_it_can_be() {
        let settings =
            |output, quiet, verbose| Settings { output, quiet, verbose, ..Settings::default() };
        let text = || settings(Output::Text, false, false);
        let xterm = |_: &str| Some("xterm".to_owned());
        assert!(live(&text(), &xterm, true, true));
        assert!(live(&text(), &xterm, false, true));
        assert!(!live(&text(), &xterm, true, false));
        assert!(!live(&text(), &|_| Some("dumb".into()), true, true));
        assert!(!live(&text(), &|_| None, true, true));
        assert!(!live(&settings(Output::Text, true, false), &xterm, true, true));
        assert!(!live(&settings(Output::Text, false, true), &xterm, true, true));
        assert!(!live(&settings(Output::Json, false, false), &xterm, true, true));
        assert!(live(&settings(Output::Json, false, false), &xterm, false, true));
    }
}
