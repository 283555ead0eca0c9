//! The terminal that is drawn over: a line per host, ten times a second.

use std::time::SystemTime;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::state::State;
use super::style::Style;
use super::{failure, frame, plain};
use crate::event::{Event, EventKind};

/// The display with a cursor.
///
/// It is one bar whose message is the whole frame. With a bar for each host, indicatif decides
/// what happens when they are more than the terminal has rows, or when one ends and its line moves;
/// here [`frame::lines`] decides, and can be tested without a terminal.
#[derive(Debug)]
pub struct Live {
    bar: ProgressBar,
    screen: Box<dyn TermLike>,
    style: Style,
}

impl Live {
    /// A display on this terminal. The clone must write to the same one, in the same order.
    pub fn new<T: TermLike + Clone + 'static>(screen: T, style: Style) -> Self {
        // Without a rate: the caller's ticks are the rate, and each of them is drawn.
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(message) = ProgressStyle::with_template("{msg}") {
            bar.set_style(message);
        }
        Self { bar, screen: Box::new(screen), style }
    }

    /// Says above the lines what must not be missed; the rest is drawn at the next tick.
    pub fn event(&mut self, state: &State, event: &Event) {
        if let (EventKind::StepFailed { .. }, Some(failed)) = (&event.kind, state.failures.last()) {
            let host = event.host.as_deref();
            let text = failure::short(failed);
            self.print(&[plain::stamped(state, host, event.time, &text, true, self.style)]);
        }
    }

    /// Draws the present.
    pub fn tick(&mut self, state: &State, now: SystemTime) {
        // Nothing is known before the first event, and an empty table would flicker.
        if !state.verb.is_empty() || !state.own.is_empty() || state.last_own.is_some() {
            let (rows, columns) = (self.screen.height(), self.screen.width());
            self.bar.set_message(frame::lines(state, now, rows, columns, self.style).join("\n"));
        }
    }

    /// Writes lines that are clean already, above the drawn ones. `ProgressBar::println` would do
    /// the same here, but nothing at all when the target is hidden: STYLE.md 5.3.
    pub fn print(&mut self, lines: &[String]) {
        self.bar.suspend(|| self.write(lines));
    }

    /// Takes the drawn lines away and writes what is to stay.
    pub fn finish(&mut self, lines: &[String]) {
        self.bar.finish_and_clear();
        self.write(lines);
    }

    fn write(&self, lines: &[String]) {
        for line in lines {
            // A terminal that went away must not stop the run.
            let _ = self.screen.write_line(line);
        }
        let _ = self.screen.flush();
    }
}
