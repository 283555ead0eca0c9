//! What differs on a host after a wipe, judged by whose it is: pure functions from the lines that differ and the journal's entries.
//!
//! "As before" means: as before, plus what its owner did since (residue.md, 4.3). A baseline of a thousand days ago has another kernel's
//! files and other users; that is nobody's failure. So each difference is one of three:
//!
//! - *left*: the tool's or the cluster's. It should be gone, or back. In doubt a difference is left.
//! - *the owner's*: no entry of the journal claims it, and no part of a cluster is called so. It stays, and is named.
//! - *noise*: what hosts change by themselves, with the reason: the table of [`noise`], and what differed on this host
//!   between two looks before its first change.

mod accounts;
mod claims;
mod firewall;
mod line;
mod names;
mod network;
pub mod noise;
mod paths;
mod system;

#[cfg(test)]
mod tests;

use crate::event::{Comparison, Difference};
use crate::host::{Compared, Entry};

use claims::Claims;
use line::{Class, Line};

/// Whose a difference is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Whose {
    /// The tool's, or the cluster's.
    Left(String),
    /// Somebody else's, since.
    Owner(String),
    /// Nobody's.
    Noise(String),
}

fn left(because: impl Into<String>) -> Whose {
    Whose::Left(because.into())
}

fn owner(because: impl Into<String>) -> Whose {
    Whose::Owner(because.into())
}

/// Why things that nobody claims are taken for the owner's.
const UNCLAIMED: &str =
    "no step of bivouac made or changed it, and no part of a cluster is called so";

/// Everything that one difference is judged by.
struct Context<'a> {
    claims: Claims,
    /// All lines, for those that are judged by others.
    lines: Vec<Line<'a>>,
    /// What differed between two looks before the first change: class and name.
    restless: Vec<(Class, String)>,
}

/// Judges what differs on a host; `kept` is what undos left alone.
pub fn compare(compared: &Compared, entries: &[Entry], kept: Vec<String>) -> Comparison {
    // Baselines of an earlier time did not have what is noise.
    let knows_noise = !compared.lines.iter().any(|line| line == "+ noise -");
    let lines: Vec<Line<'_>> = compared
        .lines
        .iter()
        .filter_map(|line| Line::read(line))
        .filter(|line| knows_noise || !line.is_file() || noise::reason(line.name).is_none())
        .collect();
    let restless = compared.restless.iter().filter_map(|line| Line::of_baseline(line));
    let restless = restless.map(|line| (line.class, line.name.to_owned())).collect();
    let context = Context { claims: Claims::of(entries), lines, restless };
    let mut comparison = Comparison {
        baseline: compared.baseline.clone(),
        taken: compared.taken,
        ..Comparison::default()
    };
    for what in kept {
        let because = "bivouac made it, and it is no longer as it was made: settle that by hand, then wipe again";
        let line = format!("= kept {what}");
        comparison.left.push(Difference { line, because: because.to_owned() });
    }
    // A line that this version cannot read is no reason to be content.
    let unread = |text: &&String| Line::read(text).is_none() && *text != "+ noise -";
    for text in compared.lines.iter().filter(unread) {
        let because = "what it is about is not known".to_owned();
        comparison.left.push(Difference { line: text.clone(), because });
    }
    for line in &context.lines {
        let (list, because) = match context.whose(line) {
            Whose::Left(because) => (&mut comparison.left, because),
            Whose::Owner(because) => (&mut comparison.owners, because),
            Whose::Noise(because) => (&mut comparison.noise, because),
        };
        list.push(Difference { line: line.text.to_owned(), because });
    }
    comparison
}

impl Context<'_> {
    fn whose(&self, line: &Line<'_>) -> Whose {
        let whose = match line.class {
            Class::Path | Class::Sum | Class::Size | Class::Bpf | Class::Run | Class::Unit => {
                paths::whose(line, self)
            }
            Class::Tmp => paths::temporary(line),
            Class::Mount => paths::mount(line, self),
            Class::Package | Class::Automatic => system::package(line, self),
            Class::State => system::unit(line, self),
            Class::Swap => system::swap(line, self),
            Class::Sysctl => system::setting(line, self),
            Class::Hostname => owner("no step of bivouac sets a host's name"),
            Class::User | Class::Group => accounts::whose(line, self),
            Class::Link
            | Class::Address
            | Class::Route
            | Class::Rule
            | Class::Filter
            | Class::Xdp => network::whose(line, self),
            Class::Iptables | Class::Nft | Class::Ipvs | Class::Ipset => {
                firewall::whose(line, self)
            }
            // Looked for by their names: nobody else's are among them.
            Class::Port => left("a port of Kubernetes' is still listened on"),
            Class::Cgroup => left("a control group of pods"),
        };
        // What is ours is never noise, however restless it was.
        match whose {
            Whose::Owner(_) if self.is_restless(line) => Whose::Noise(
                "it changed by itself between two looks before the first change".to_owned(),
            ),
            whose => whose,
        }
    }

    fn is_restless(&self, line: &Line<'_>) -> bool {
        self.restless.iter().any(|(class, name)| *class == line.class && name == line.name)
    }

    /// Whether a line of this class, judged by itself, is the owner's.
    fn any_of_owner(&self, class: Class, judged: impl Fn(&Line<'_>) -> bool) -> bool {
        self.lines.iter().any(|line| line.class == class && line.is_new && judged(line))
    }
}
