//! What is between hosts: compared, and tried.

use super::{HostFacts, quoted, same_machine};

pub(super) mod addresses;
pub(super) mod hardware;
pub(super) mod one_network;
pub(super) mod reached;
pub(super) mod runtimes;
pub mod scheme;
mod walls;

/// Hosts that a message names; the others are counted.
const NAMED: usize = 4;

/// Names of hosts for a message: "`a`, `b`, `c`, `d` and 3 others".
pub(super) fn named<T: AsRef<str>>(all: &[T]) -> String {
    let named = quoted(all.iter().take(NAMED));
    match all.len().saturating_sub(NAMED) {
        0 => named,
        1 => format!("{named} and 1 other"),
        others => format!("{named} and {others} others"),
    }
}

/// Machines that are alike in something that should be each one's own: each group once, not each pair.
pub(super) fn alike<'a, K: PartialEq>(
    hosts: &'a [HostFacts<'a>],
    key: impl Fn(&HostFacts<'_>) -> Option<K>,
) -> Vec<(K, Vec<&'a HostFacts<'a>>)> {
    let mut groups: Vec<(K, Vec<&HostFacts<'_>>)> = Vec::new();
    for host in hosts {
        let Some(key) = key(host) else { continue };
        match groups.iter_mut().find(|(of, _)| *of == key) {
            Some((_, group)) if group.iter().any(|it| same_machine::are_one(it, host)) => {}
            Some((_, group)) => group.push(host),
            None => groups.push((key, vec![host])),
        }
    }
    groups.retain(|(_, group)| group.len() > 1);
    groups
}

/// The names that a message has for them.
pub(super) fn names(hosts: &[&HostFacts<'_>]) -> Vec<String> {
    hosts.iter().map(|host| host.host.display.clone()).collect()
}
