//! What stays after the run: a file per host for people, `events.jsonl` for programs.

use std::collections::{BTreeSet, HashMap};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::{clean, json, line, words};
use crate::event::{Event, EventKind};

/// Files kept open at once. A run on 1,000 hosts holds 1,000 connections already, and the usual
/// limit is 1,024 descriptors.
const OPEN: usize = 64;
const EVENTS: &str = "events.jsonl";
/// The file of what concerns no host in particular. No host can have this name: see [`file_name`].
const RUN: &str = "_run.log";

/// The run's log directory. Trouble with it is told once and never stops the run.
#[derive(Debug)]
pub struct Log {
    directory: Option<PathBuf>,
    open: HashMap<String, File>,
    warning: Option<String>,
    warned: bool,
}

/// Where a run's logs go unless the operator says otherwise:
/// `${XDG_STATE_HOME:-~/.local/state}/bivouac/<run>/`. `None` without a home directory.
pub fn default_directory(run: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    // The XDG specification: a relative path is invalid and to be ignored.
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("bivouac").join(component(run)))
}

impl Log {
    /// Makes the directory, readable for its owner only. `None` means that there is no place.
    pub fn new(directory: Option<PathBuf>) -> Self {
        let mut log = Self { directory: None, open: HashMap::new(), warning: None, warned: false };
        match directory {
            None => log.warn("there is no `HOME` and no `XDG_STATE_HOME`; give `--log-dir`".into()),
            Some(directory) => {
                match DirBuilder::new().recursive(true).mode(0o700).create(&directory) {
                    Ok(()) => log.directory = Some(directory),
                    Err(error) => log.warn(format!("`{}`: {error}", directory.display())),
                }
            }
        }
        log
    }

    /// Writes the event to its host's file and to `events.jsonl`. One `write` each, straight to
    /// the kernel: nothing is lost when the run is killed.
    pub fn event(&mut self, run: &str, event: &Event) {
        if self.directory.is_none() {
            return;
        }
        self.append(EVENTS, &json::line(run, event));
        // Ten lines a second about an upload help nobody who reads the file afterwards.
        if matches!(event.kind, EventKind::StepProgress { .. }) {
            return;
        }
        let mut text = String::new();
        let time = words::moment(event.time);
        for described in line::describe(&event.kind) {
            text.push_str(&time);
            text.push_str("  ");
            text.push_str(&clean::line(&described, clean::LOG_LINE));
            text.push('\n');
        }
        let name = event.host.as_deref().map_or_else(|| RUN.to_owned(), file_name);
        self.append(&name, &text);
    }

    /// The directory, once it is there.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// The file of a host, or of the run.
    pub fn path(&self, host: Option<&str>) -> Option<PathBuf> {
        let name = host.map_or_else(|| RUN.to_owned(), file_name);
        self.directory.as_ref().map(|directory| directory.join(name))
    }

    /// What went wrong with the logs, once.
    pub fn take_warning(&mut self) -> Option<String> {
        self.warning.take()
    }

    fn append(&mut self, name: &str, text: &str) {
        let Some(directory) = &self.directory else { return };
        let path = directory.join(name);
        if let Err(error) = write(&mut self.open, &path, name, text) {
            self.warn(format!("`{}`: {error}", path.display()));
        }
    }

    fn warn(&mut self, cause: String) {
        if !self.warned {
            self.warned = true;
            self.warning = Some(cause);
        }
    }
}

fn write(open: &mut HashMap<String, File>, path: &Path, name: &str, text: &str) -> io::Result<()> {
    if !open.contains_key(name) {
        if open.len() >= OPEN {
            open.clear();
        }
        // A link that somebody left in a shared directory is not followed.
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)?;
        // The file may be there from an earlier run into the same `--log-dir`.
        file.set_permissions(Permissions::from_mode(0o600))?;
        open.insert(name.to_owned(), file);
    }
    match open.get_mut(name) {
        Some(file) => file.write_all(text.as_bytes()),
        None => Ok(()),
    }
}

/// The files that runs wrote into a directory: those of the hosts that its events are about, and no others
/// that lie there.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let events = std::fs::read_to_string(directory.join(EVENTS)).unwrap_or_default();
    let hosts: BTreeSet<String> = (events.lines())
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|event| event["host"].as_str().map(file_name))
        .collect();
    let names = [EVENTS.to_owned(), RUN.to_owned()].into_iter().chain(hosts);
    // A link may lead anywhere.
    let is_file = |path: &PathBuf| path.symlink_metadata().is_ok_and(|it| it.is_file());
    names.map(|name| directory.join(name)).filter(is_file).collect()
}

/// A host's file. Two hosts never share one, and none is [`RUN`] or leaves the directory.
fn file_name(host: &str) -> String {
    component(host) + ".log"
}

/// Any text as one path component: everything but ASCII letters, digits, `-`, and `.` and `_`
/// that are not in front becomes `%2f`. Different texts stay different: long ones are cut and get
/// their hash.
fn component(text: &str) -> String {
    use std::fmt::Write as _;
    const LONGEST: usize = 200;
    let mut name = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric()
            || byte == b'-'
            || (matches!(byte, b'.' | b'_') && !name.is_empty());
        if plain {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "%{byte:02x}");
        }
    }
    if name.is_empty() {
        name.push('%');
    }
    if name.len() > LONGEST {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        name.truncate(LONGEST);
        let _ = write!(name, "%{:016x}", hasher.finish());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_directory_and_apart() {
        assert_eq!(file_name("cp1.example_x"), "cp1.example_x.log");
        assert_eq!(file_name("../../etc/passwd"), "%2e.%2f..%2fetc%2fpasswd.log");
        assert_eq!(file_name(".."), "%2e..log");
        assert_eq!(file_name(""), "%.log");
        assert_eq!(file_name("_run"), "%5frun.log");
        assert_eq!(file_name("a\0b\n%"), "a%00b%0a%25.log");
        assert_eq!(file_name("fe80::1%eth0"), "fe80%3a%3a1%25eth0.log");
        let (long, longer) = ("ü".repeat(300), "ü".repeat(301));
        assert!(file_name(&long).len() < 255);
        assert_ne!(file_name(&long), file_name(&longer));
    }

    #[test]
    fn the_default_place_follows_xdg() {
        let place = |state: Option<&str>, home: Option<&str>| {
            let variable = |name: &str| match name {
                "XDG_STATE_HOME" => state.map(str::to_owned),
                "HOME" => home.map(str::to_owned),
                _ => None,
            };
            default_directory("../r1", &variable)
        };
        assert_eq!(place(Some("/s"), Some("/h")), Some("/s/bivouac/%2e.%2fr1".into()));
        assert_eq!(place(Some("s"), Some("/h")), Some("/h/.local/state/bivouac/%2e.%2fr1".into()));
        assert_eq!(place(None, Some("")), None);
    }

    #[test]
    fn files_beyond_the_limit_are_opened_again_not_lost() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = Log::new(Some(directory.path().join("run")));
        let event = |host: usize, value: &str| Event {
            time: std::time::UNIX_EPOCH,
            host: Some(format!("h{host}")),
            kind: EventKind::Fact { name: "os".into(), value: value.into() },
        };
        for value in ["first", "second"] {
            for host in 0..OPEN + 5 {
                log.event("r", &event(host, value));
            }
        }
        assert!(log.open.len() <= OPEN);
        assert_eq!(log.take_warning(), None);
        for host in 0..OPEN + 5 {
            let path = log.path(Some(&format!("h{host}"))).unwrap();
            assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 2, "h{host}");
        }
    }
}
