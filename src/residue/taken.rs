//! Which things a change takes away: those of a look, and those that the host's journal tells of.

use super::{Entry, Judged, Outcome, Removal, Verdict, entries};
use crate::event::{How, Taken};
use crate::host::{self, Clear, State};

/// The things of a look that a change is about: it may have been made of several removals.
pub fn of<'a>(judged: &'a Judged, change: &Removal) -> Vec<&'a Verdict> {
    let shared = change.shared();
    let is_of = |it: &&Verdict| {
        let (Outcome::Goes { removal, .. } | Outcome::Setting { removal: Some(removal), .. }) =
            &it.outcome
        else {
            return false;
        };
        let rest = removal.words.get(shared..).unwrap_or_default();
        removal.clear == change.clear
            && removal.words.get(..shared) == change.words.get(..shared)
            && rest.iter().all(|word| change.words.contains(word))
    };
    judged.verdicts.iter().filter(is_of).collect()
}

/// What came of a change that was made.
pub fn how(clear: Clear) -> How {
    match clear {
        Clear::Hollow => How::IfEmpty,
        _ => How::Done,
    }
}

/// What earlier wipes of a host took away, that were cut off: its journal tells.
pub fn earlier(journal: &[host::Entry]) -> Vec<Taken> {
    let mut all: Vec<Taken> = Vec::new();
    for entry in journal.iter().filter(|it| it.clears() && it.state != State::Undone) {
        let Some((what, words)) = entry.arguments.split_first() else { continue };
        let Some(clear) = Clear::ALL.into_iter().find(|it| it.name() == what) else { continue };
        let how = match entry.state {
            State::Started => How::Begun,
            _ => how(clear),
        };
        let name = entry.step.split(": ").find_map(known).map_or("", |it| it.name);
        for thing in things(clear, words) {
            // A later run may have begun once more with what an earlier one did not end.
            all.retain(|it| it.thing != thing || it.how == How::Done);
            if !all.iter().any(|it| it.thing == thing) {
                all.push(Taken { name, thing, how, run: Some(entry.run.clone()) });
            }
        }
    }
    all
}

fn known(name: &str) -> Option<&'static Entry> {
    entries().find(|it| it.name == name)
}

/// What a change takes, for people: as [`super::host::shown`] calls the same, as far as its words tell.
fn things(clear: Clear, words: &[String]) -> Vec<String> {
    let each = |kind: &str| words.iter().map(|it| format!("{kind} {it}")).collect();
    let of_tool = |kind: &str| match words.split_first() {
        Some((tool, rest)) => rest.iter().map(|it| format!("{kind} {tool} {it}")).collect(),
        None => Vec::new(),
    };
    let without_first = |kind: &str| {
        let rest = words.iter().map(|it| it.split_once(' ').map_or(it.as_str(), |(_, rest)| rest));
        rest.map(|it| format!("{kind} {it}")).collect()
    };
    match clear {
        Clear::Plan => Vec::new(),
        Clear::Units | Clear::Unmask => each("unit"),
        Clear::Chains => of_tool("chain"),
        Clear::Rule => vec![format!("rule {}", words.join(" "))],
        Clear::Table => vec![format!("table {}", words.join(" "))],
        Clear::Packages => words.iter().skip(1).map(|it| format!("package {it}")).collect(),
        Clear::Sets => each("set"),
        Clear::Servers => each("virtual server"),
        Clear::Links => each("link"),
        Clear::Routes => without_first("route"),
        Clear::Policies => without_first("rule of routing"),
        Clear::Addresses => each("address"),
        Clear::Connections => words
            .iter()
            .map(|it| format!("connections to {}", it.replacen(' ', " that lead to ", 1)))
            .collect(),
        Clear::Users => each("user"),
        Clear::Groups => each("group"),
        Clear::Filters => each("filter"),
        Clear::Xdp => each("XDP"),
        Clear::Attached => each("program on cgroups"),
        Clear::Mounts => each("mount"),
        Clear::Netns => each("network namespace"),
        Clear::Cgroups => each("cgroup"),
        Clear::Neighbours => each("neighbour"),
        Clear::Images => each("image"),
        Clear::Profiles => each("profile"),
        Clear::Docker => each("container"),
        Clear::Containerd => each("containerd's namespace"),
        Clear::Sysctls => each("setting"),
        Clear::Pods => vec!["pods that ran".to_owned()],
        Clear::Fstab => words.iter().map(|it| format!("line of /etc/fstab: {it}")).collect(),
        Clear::Selinux => vec!["the mode of SELinux".to_owned()],
        // The file, and what in it.
        Clear::Block | Clear::Lines => {
            words.first().map(|file| format!("lines of {file}")).into_iter().collect()
        }
        // Whose, and where.
        Clear::Elsewhere => words.iter().skip(1).cloned().collect(),
        Clear::Rename | Clear::Original => words.first().cloned().into_iter().collect(),
        Clear::Files
        | Clear::Programs
        | Clear::Symlinks
        | Clear::Tree
        | Clear::Hollow
        | Clear::Authorities
        | Clear::Pins => words.to_vec(),
    }
}
