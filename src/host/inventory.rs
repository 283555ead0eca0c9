//! What of any Kubernetes is on a host: read in one round trip by `inventory.sh`, understood by
//! [`Inventory::parse`]. It judges nothing: that is the floor `residue`.
//!
//! Names are the host's, and its owner may be hostile: each field crosses the wire escaped, and one that is no
//! plain text is marked as [garbled](Thing::garbled).

use std::collections::BTreeMap;
use std::time::Duration;

use thiserror::Error;

use super::remote::{Error as RemoteError, Remote};
use crate::ssh::quote;

/// What the table of leftovers wants to know about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Places that an earlier look knew of.
    pub named: Vec<Named>,
    /// Absolute paths; `*` stands for any part of a name.
    pub paths: Vec<&'static str>,
    /// Units of systemd.
    pub units: Vec<&'static str>,
    /// Packages of distributions.
    pub packages: Vec<&'static str>,
}

/// A place that something on a host named which goes in the course of a wipe: a configuration, a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Whether a program's data is there; else a pod had it.
    pub is_place: bool,
    /// Whose data; of a pod's the type in its manifest.
    pub of: String,
    /// The place.
    pub path: String,
    /// What named it.
    pub from: String,
}

impl Named {
    /// How it goes to the host, and into its journal.
    pub fn words(&self) -> [&str; 4] {
        [if self.is_place { "place" } else { "hostpath" }, &self.of, &self.path, &self.from]
    }

    /// From these words.
    pub fn from_words(words: &[String]) -> Option<Self> {
        let [kind, of, path, from] = words else { return None };
        let (of, path, from) = (of.clone(), path.clone(), from.clone());
        let is_place = match kind.as_str() {
            "place" => true,
            "hostpath" => false,
            _ => return None,
        };
        Some(Self { is_place, of, path, from })
    }
}

/// What kind of thing a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A path that was asked for: `type`, `mounts` below it, the `mount` that it is itself.
    Path,
    /// A place that a configuration names for a program's data, elsewhere than by itself: `of` whose, `from` what says so, as a path, how many
    /// things there are its `own`, and why nothing may be removed there (`denied`).
    Place,
    /// A path that a pod has of the host: `of` the type in its manifest, `from` the pod, as a place.
    HostPath,
    /// The package that a path is of (`package`).
    Owner,
    /// A unit that was asked for: `enabled`, `active`.
    Unit,
    /// A package that was asked for: `version`, `held`, `automatic`.
    Package,
    /// A chain of the packet filter, as `TOOL TABLE CHAIN`.
    Chain,
    /// A rule that is in no chain of Kubernetes', as `TOOL TABLE RULE`.
    Rule,
    /// A table of nftables, as `FAMILY NAME`.
    Table,
    /// A set of ipset.
    Set,
    /// A virtual server of IPVS, as `OPTION ADDRESS:PORT`.
    Server,
    /// A network link: `type`, `master`, `addresses`, whether the default route leads over it (`uplink`).
    Link,
    /// A route, as `FAMILY ROUTE`.
    Route,
    /// Connections that are translated, as `ADDRESS TARGET`: how many (`count`), whether there is a `tool` to end them.
    Connection,
    /// A rule of routing, as `FAMILY PRIORITY: RULE`.
    Policy,
    /// An address that a virtual address of an API server is, as `ADDRESS/PREFIX LINK`: `file` that says so, whether it is our `way-in`.
    Address,
    /// A neighbour that somebody set for good, as `FAMILY ADDRESS dev LINK lladdr ...`.
    Neighbour,
    /// A network of the cluster's, as a file, a process or a set says: what it is `of` (`pods`, `pools`, `services`), `from` where.
    Range,
    /// A user of this host's own files: `uid`, `comment`, `home`.
    User,
    /// A group of this host's own files: `members`, and how many users have it as theirs (`primary`).
    Group,
    /// A named network namespace.
    Netns,
    /// A cgroup of pods.
    Cgroup,
    /// What the plugins remember of a pod's network: `network`, `id`, `subnet`.
    Attachment,
    /// A configuration of the pod network: `network`, `plugins`, `bridge`, `subnets`.
    Network,
    /// A namespace of containerd: `containers`, `images`.
    Namespace,
    /// A container of docker: `kubernetes`.
    Container,
    /// An image in docker, as `NAME:TAG`: whose containers are made of it (`used`: `pods`, `others`, or nobody's).
    Image,
    /// A profile of `AppArmor` that the kernel has: whether a process is `used` by it.
    Profile,
    /// A program that runs: `pid`, `cgroup`.
    Process,
    /// A kernel setting: `now`.
    Setting,
    /// A line of a file that many write: `file`, `line`.
    Line,
    /// A block device of a storage add-on's, or of a volume: what it is `of`, and the command that takes it away (`by`).
    Disk,
    /// A filter of BPF behind clsact or ingress, as [`bv_filters_list`](../kind/bpf.sh) names it: `link`, its own name (`label`), its `program`'s.
    Filter,
    /// A program of XDP, as `LINK MODE PROGRAM`: `link`, `program`, its number (`id`), whether Calico has it `pinned` for this link.
    Xdp,
    /// A program on the cgroup above all others, as `TYPE NAME id N`: `program`.
    Attached,
    /// A pin of BPF, or a directory of one program's own: how many are in it (`pins`).
    Pin,
    /// A file system of BPF or of cgroups: `type`, `options` with a comma before and behind each, whether it is mounted `by` the owner.
    Mount,
    /// A fact about the host: `value`.
    Fact,
}

impl Kind {
    const ALL: [(&'static str, Self); 38] = [
        ("path", Self::Path),
        ("place", Self::Place),
        ("hostpath", Self::HostPath),
        ("owner", Self::Owner),
        ("unit", Self::Unit),
        ("package", Self::Package),
        ("chain", Self::Chain),
        ("rule", Self::Rule),
        ("table", Self::Table),
        ("set", Self::Set),
        ("server", Self::Server),
        ("link", Self::Link),
        ("route", Self::Route),
        ("connection", Self::Connection),
        ("policy", Self::Policy),
        ("address", Self::Address),
        ("neighbour", Self::Neighbour),
        ("range", Self::Range),
        ("user", Self::User),
        ("group", Self::Group),
        ("netns", Self::Netns),
        ("cgroup", Self::Cgroup),
        ("attachment", Self::Attachment),
        ("network", Self::Network),
        ("namespace", Self::Namespace),
        ("container", Self::Container),
        ("image", Self::Image),
        ("profile", Self::Profile),
        ("process", Self::Process),
        ("setting", Self::Setting),
        ("line", Self::Line),
        ("disk", Self::Disk),
        ("filter", Self::Filter),
        ("xdp", Self::Xdp),
        ("attached", Self::Attached),
        ("pin", Self::Pin),
        ("mount", Self::Mount),
        ("fact", Self::Fact),
    ];

    fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind)
    }
}

/// One thing that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// What it is.
    pub kind: Kind,
    /// Its name, as the host has it; of a garbled one the escaped form.
    pub name: String,
    /// What else is known of it.
    pub details: BTreeMap<String, String>,
    /// The name has control characters or is no text: it is shown, and never handed to a command.
    pub garbled: bool,
}

impl Thing {
    /// A detail; empty where the host told none.
    pub fn get(&self, key: &str) -> &str {
        self.details.get(key).map_or("", String::as_str)
    }

    /// Whether a detail says yes.
    pub fn is(&self, key: &str) -> bool {
        self.get(key) == "yes"
    }
}

/// All that a host told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// In the order in which they were told.
    pub things: Vec<Thing>,
}

/// Why a host's inventory is not there.
#[derive(Debug, Error)]
pub enum InventoryError {
    /// The connection, or the script as a whole.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The output is not that of the script, or not all of it.
    #[error("the host's answer ends after `{last}`: the script was cut short")]
    CutShort {
        /// The last line that was read.
        last: String,
    },
}

impl InventoryError {
    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::Remote(error) => error.fix(),
            Self::CutShort { .. } => "look at the host by hand".to_owned(),
        }
    }
}

impl Inventory {
    const SCRIPT: &'static str = concat!(
        include_str!("inventory.sh"),
        include_str!("inventory/paths.sh"),
        include_str!("inventory/data.sh"),
        include_str!("inventory/owners.sh"),
        include_str!("inventory/ranges.sh"),
        include_str!("inventory/system.sh"),
        include_str!("inventory/firewall.sh"),
        include_str!("inventory/network.sh"),
        include_str!("inventory/bpf.sh"),
        include_str!("inventory/runtime.sh"),
        include_str!("inventory/devices.sh"),
        include_str!("inventory/settings.sh"),
        "echo end\n"
    );

    /// Understands the output of the script; what stands before it is passed over.
    ///
    /// # Errors
    /// When the output is not that of the script, or not all of it.
    pub fn parse(stdout: &str) -> Result<Self, InventoryError> {
        let mut lines = stdout.lines().skip_while(|line| *line != "inventory 1");
        let mut last = lines.next().unwrap_or("nothing").to_owned();
        let mut things = Vec::new();
        for line in lines {
            if line == "end" {
                return Ok(Self { things });
            }
            line.clone_into(&mut last);
            let mut fields = line.split('\t');
            let kind = fields.next().and_then(Kind::of);
            let (Some(kind), Some(name)) = (kind, fields.next()) else {
                return Err(InventoryError::CutShort { last });
            };
            let (name, garbled) = unescaped(name);
            let details = fields
                .filter_map(|field| field.split_once('='))
                .map(|(key, value)| (key.to_owned(), unescaped(value).0))
                .collect();
            things.push(Thing { kind, name, details, garbled });
        }
        Err(InventoryError::CutShort { last })
    }

    /// The things of one kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Thing> {
        self.things.iter().filter(move |thing| thing.kind == kind)
    }
}

impl Remote {
    /// What of any Kubernetes is on the host, within one round trip. Nothing is changed, no module is loaded, and the
    /// host is not locked.
    ///
    /// # Errors
    /// When the host did not answer, or not to the end.
    pub async fn inventory(
        &mut self,
        wanted: &Wanted,
        limit: Duration,
    ) -> Result<Inventory, InventoryError> {
        let list = |names: &[&str]| quote(&names.join("\n"));
        // Words with a tab or a line break would be others.
        let is_plain = |it: &&Named| it.words().iter().all(|word| is_plain(word));
        let named: Vec<String> =
            wanted.named.iter().filter(is_plain).map(|it| it.words().join("\t")).collect();
        let script = format!(
            "named={}\nasked={}\nunits={}\npackages={}\n{}",
            quote(&named.join("\n")),
            list(&wanted.paths),
            list(&wanted.units),
            list(&wanted.packages),
            Inventory::SCRIPT
        );
        let answer = self.read(&script, limit).await?;
        Inventory::parse(&answer.stdout)
    }
}

/// A field as it was before `esc` of `inventory.sh`, and whether it is garbled: then the escaped form.
fn unescaped(field: &str) -> (String, bool) {
    if !field.contains('\\') {
        return (field.to_owned(), !is_plain(field));
    }
    let mut bytes = Vec::new();
    let mut rest = field.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = match after {
            [b'x', high, low, ..] if *first == b'\\' => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        if let Some(byte) = hex {
            bytes.push(byte);
            rest = &after[3..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) if is_plain(&text) => (text, false),
        _ => (field.to_owned(), true),
    }
}

fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || c == '\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were_and_hostile_ones_are_marked() {
        let text = "motd\ninventory 1\npath\t/opt/my\\x5c dir\ttype=d\nlink\tcni0\ttype=bridge\tmaster=\n\
                    netns\tcni-\\x0a; reboot\npath\t/x\\xff\ttype=f\nend\n";
        let inventory = Inventory::parse(text).unwrap();
        let names: Vec<(&str, bool)> =
            inventory.things.iter().map(|it| (it.name.as_str(), it.garbled)).collect();
        assert_eq!(
            names,
            [
                ("/opt/my\\ dir", false),
                ("cni0", false),
                ("cni-\\x0a; reboot", true),
                ("/x\\xff", true)
            ]
        );
        assert_eq!(inventory.of(Kind::Link).next().unwrap().get("type"), "bridge");
        assert_eq!(inventory.things[1].get("master"), "");
    }

    #[test]
    fn half_an_answer_is_an_error() {
        for text in [
            "",
            "inventory 1\n",
            "inventory 1\nlink\tcni0\n",
            "inventory 1\nmoon\tx\nend\n",
            "link\tx\nend\n",
        ] {
            assert!(Inventory::parse(text).is_err(), "{text}");
        }
        assert_eq!(Inventory::parse("inventory 1\nend\n").unwrap(), Inventory::default());
    }
}
