//! A line of the baseline (`host/baseline.sh`), and what of it says which thing it is about.

/// What a line is about, by its first word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Path,
    Sum,
    Size,
    Run,
    Tmp,
    Unit,
    Package,
    Automatic,
    State,
    Swap,
    Link,
    Address,
    Route,
    Rule,
    Iptables,
    Nft,
    Ipvs,
    Ipset,
    Port,
    Mount,
    Sysctl,
    Bpf,
    Filter,
    Xdp,
    Cgroup,
    User,
    Group,
    Hostname,
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The whole line, with its sign.
    pub(super) text: &'a str,
    /// It was not there before; otherwise it is there no more.
    pub(super) is_new: bool,
    /// What it is about.
    pub(super) class: Class,
    /// The thing: a path, a unit, a key. Of rules and routes all words.
    pub(super) name: &'a str,
    /// What the line says of it.
    pub(super) value: &'a str,
}

impl<'a> Line<'a> {
    /// A line of a comparison: `+ path f 644 0:0 /etc/a`.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (is_new, rest) = match text.split_once(' ')? {
            ("+", rest) => (true, rest),
            ("-", rest) => (false, rest),
            _ => return None,
        };
        Some(Self { text, is_new, ..Self::of_baseline(rest)? })
    }

    /// Whether it is about a file or a directory.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.class, Class::Path | Class::Sum | Class::Size)
    }

    /// A line of a baseline.
    pub(super) fn of_baseline(text: &'a str) -> Option<Self> {
        let (word, rest) = text.split_once(' ')?;
        let (class, name, value) = match word {
            "path" => {
                let (name, value) = path(rest)?;
                (Class::Path, name, value)
            }
            // What a name has in it that would break a line, sha256sum writes with a backslash before the sum.
            "sum" => rest.split_once(' ').map(|(sum, name)| (Class::Sum, name, sum))?,
            "size" => rest.split_once(' ').map(|(size, name)| (Class::Size, name, size))?,
            "unit" => {
                let (name, link) = rest.split_once(" -> ").unwrap_or((rest, ""));
                (Class::Unit, name, link)
            }
            "run" => (Class::Run, rest, ""),
            "tmp" => (Class::Tmp, rest, ""),
            "bpf" => (Class::Bpf, rest, ""),
            "filter" => (Class::Filter, rest, ""),
            "xdp" => (Class::Xdp, rest, ""),
            "cgroup" => (Class::Cgroup, rest, ""),
            "port" => (Class::Port, rest, ""),
            "swap" => (Class::Swap, rest, ""),
            "hostname" => (Class::Hostname, "hostname", rest),
            "mount" => rest.split_once(' ').map(|(kind, path)| (Class::Mount, path, kind))?,
            "package" => first(Class::Package, rest),
            "automatic" => {
                let (name, architecture) = rest.split_once(':').unwrap_or((rest, ""));
                (Class::Automatic, name, architecture)
            }
            "state" => first(Class::State, rest),
            "sysctl" => first(Class::Sysctl, rest),
            "link" => (Class::Link, rest, ""),
            "address" => first(Class::Address, rest),
            "route" | "route6" => (Class::Route, rest, word),
            "rule" => (Class::Rule, rest, ""),
            "iptables" => {
                rest.split_once(' ').map(|(family, rule)| (Class::Iptables, rule, family))?
            }
            "nft" => (Class::Nft, rest, ""),
            "ipvs" => (Class::Ipvs, rest, ""),
            "ipset" => (Class::Ipset, rest, ""),
            "user" => rest.split_once(':').map(|(name, entry)| (Class::User, name, entry))?,
            "group" => rest.split_once(':').map(|(name, entry)| (Class::Group, name, entry))?,
            _ => return None,
        };
        Some(Self { text, is_new: true, class, name, value })
    }
}

/// `f 644 0:0 /etc/a` or `l 777 0:0 /etc/b -> a`.
fn path(rest: &str) -> Option<(&str, &str)> {
    let start = rest.find(" /")?;
    let (value, path) = (&rest[..start], &rest[start + 1..]);
    let path = if value.starts_with('l') {
        path.split_once(" -> ").map_or(path, |(path, _)| path)
    } else {
        path
    };
    Some((path, value))
}

fn first(class: Class, rest: &str) -> (Class, &str, &str) {
    let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
    (class, name, value)
}
