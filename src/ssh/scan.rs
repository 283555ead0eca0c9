//! Finds the end of a script's output in a stream of any bytes.

use std::collections::VecDeque;

use memchr::memmem;
use tokio::sync::mpsc;

/// A line of output is passed on in pieces of this size at most, so that a line without end does
/// not fill the memory.
const LONGEST_LINE: usize = 16 << 10;

/// Bytes of a stream that are passed on as lines when they come, and from its end. What lies between is
/// counted: a flood must fill neither the memory nor the disk that has the logs.
const FIRST_LINES: usize = 1 << 20;
/// What a line costs beside its bytes, where it is logged: short ones make a flood as well.
const COST_OF_LINE: usize = 64;
const LAST_LINES: usize = 64 << 10;

/// One stream of one request: everything up to the marker line is output.
#[derive(Debug)]
pub(super) struct Scan {
    finder: memmem::Finder<'static>,
    /// Bytes that may be the beginning of the marker.
    held: Vec<u8>,
    status: Option<i32>,
    kept: Kept,
    lines: Option<Lines>,
}

/// Which bytes of a stream are kept; the others are counted.
#[derive(Debug)]
pub(super) enum Kept {
    First { bytes: Vec<u8>, limit: usize, dropped: u64 },
    Last { bytes: VecDeque<u8>, limit: usize, dropped: u64 },
}

impl Kept {
    pub(super) fn first(limit: usize) -> Self {
        Self::First { bytes: Vec::new(), limit, dropped: 0 }
    }

    pub(super) fn last(limit: usize) -> Self {
        Self::Last { bytes: VecDeque::new(), limit, dropped: 0 }
    }

    fn push(&mut self, new: &[u8]) {
        match self {
            Self::First { bytes, limit, dropped } => {
                let room = (*limit - bytes.len()).min(new.len());
                bytes.extend_from_slice(&new[..room]);
                *dropped += (new.len() - room) as u64;
            }
            Self::Last { bytes, limit, dropped } => {
                let new_part = &new[new.len().saturating_sub(*limit)..];
                let surplus = (bytes.len() + new_part.len()).saturating_sub(*limit);
                bytes.drain(..surplus);
                bytes.extend(new_part);
                *dropped += (surplus + new.len() - new_part.len()) as u64;
            }
        }
    }

    /// The bytes, and how many were left out.
    pub(super) fn finish(self) -> (Vec<u8>, u64) {
        match self {
            Self::First { bytes, dropped, .. } => (bytes, dropped),
            Self::Last { bytes, dropped, .. } => (bytes.into(), dropped),
        }
    }
}

impl Scan {
    /// Waits for `marker` (which ends in a blank), a status and a line break.
    pub(super) fn new(
        marker: &str,
        kept: Kept,
        lines: Option<mpsc::UnboundedSender<String>>,
    ) -> Self {
        let finder = memmem::Finder::new(marker.as_bytes()).into_owned();
        let lines = lines.map(Lines::new);
        Self { finder, held: Vec::new(), status: None, kept, lines }
    }

    /// The status, once the marker has come.
    pub(super) fn status(&self) -> Option<i32> {
        self.status
    }

    /// Takes what has arrived. What comes after the marker belongs to nobody.
    pub(super) fn push(&mut self, new: &[u8]) {
        if self.status.is_some() {
            return;
        }
        // Mostly nothing is held, and then nothing is copied.
        if self.held.is_empty() {
            let used = self.take(new);
            self.held.extend_from_slice(&new[used..]);
        } else {
            let mut all = std::mem::take(&mut self.held);
            all.extend_from_slice(new);
            let used = self.take(&all);
            all.drain(..used);
            self.held = all;
        }
    }

    /// Takes output from the front of `bytes` and says how many bytes it has dealt with.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let mut start = 0;
        loop {
            let rest = &bytes[start..];
            let Some(at) = self.finder.find(rest) else {
                let output = rest.len() - self.beginning_at_the_end(rest);
                self.emit(&rest[..output]);
                return start + output;
            };
            let after = &rest[at + self.finder.needle().len()..];
            match parse_status(after) {
                Parsed::Status(status) => {
                    self.emit(&rest[..at]);
                    self.end(status);
                    return bytes.len();
                }
                Parsed::Incomplete => {
                    self.emit(&rest[..at]);
                    return start + at;
                }
                // A script has printed the marker's text itself: it is output like any other.
                Parsed::Other => {
                    let past = at + self.finder.needle().len();
                    self.emit(&rest[..past]);
                    start += past;
                }
            }
        }
    }

    /// How many bytes at the end of `bytes` may be the beginning of the marker.
    fn beginning_at_the_end(&self, bytes: &[u8]) -> usize {
        let needle = self.finder.needle();
        let longest = (needle.len() - 1).min(bytes.len());
        (1..=longest).rev().find(|length| bytes.ends_with(&needle[..*length])).unwrap_or(0)
    }

    fn emit(&mut self, output: &[u8]) {
        self.kept.push(output);
        if let Some(lines) = &mut self.lines {
            lines.push(output);
        }
    }

    fn end(&mut self, status: i32) {
        self.status = Some(status);
        if let Some(lines) = &mut self.lines {
            lines.end();
        }
    }

    /// What was kept.
    pub(super) fn finish(mut self) -> (Vec<u8>, u64) {
        if let Some(lines) = &mut self.lines {
            lines.end();
        }
        self.kept.finish()
    }
}

enum Parsed {
    Status(i32),
    Incomplete,
    Other,
}

/// Reads what stands behind the marker: up to three digits and a line break.
fn parse_status(bytes: &[u8]) -> Parsed {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = str::from_utf8(&bytes[..digits]).unwrap_or_default();
    match bytes.get(digits) {
        _ if digits > 3 => Parsed::Other,
        None => Parsed::Incomplete,
        Some(b'\n') => text.parse().map_or(Parsed::Other, Parsed::Status),
        Some(_) => Parsed::Other,
    }
}

#[derive(Debug)]
struct Lines {
    sender: mpsc::UnboundedSender<String>,
    line: Vec<u8>,
    /// Bytes that can still be passed on as they come.
    room: usize,
    /// What came after them.
    rest: Kept,
}

impl Lines {
    fn new(sender: mpsc::UnboundedSender<String>) -> Self {
        Self { sender, line: Vec::new(), room: FIRST_LINES, rest: Kept::last(LAST_LINES) }
    }

    fn push(&mut self, output: &[u8]) {
        for piece in output.chunks(4 << 10) {
            if self.room == 0 {
                self.rest.push(piece);
            } else {
                let cost = piece.len() + memchr::memchr_iter(b'\n', piece).count() * COST_OF_LINE;
                self.room = self.room.saturating_sub(cost);
                self.split(piece);
            }
        }
    }

    fn split(&mut self, output: &[u8]) {
        for piece in output.split_inclusive(|byte| *byte == b'\n') {
            for part in piece.chunks(LONGEST_LINE) {
                self.line.extend_from_slice(part);
                if part.ends_with(b"\n") || self.line.len() >= LONGEST_LINE {
                    self.flush();
                }
            }
        }
    }

    /// Passes on what is left at the end.
    fn end(&mut self) {
        let (rest, dropped) = std::mem::replace(&mut self.rest, Kept::last(0)).finish();
        if dropped > 0 {
            self.flush();
            let notice = format!("[{dropped} bytes of output are left out here]\n");
            self.split(notice.as_bytes());
        }
        self.split(&rest);
        self.flush();
    }

    fn flush(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        // A display that is gone must not stop the work.
        let _ = self.sender.send(String::from_utf8_lossy(line).into_owned());
        self.line.clear();
    }
}

#[cfg(test)]
mod tests;
