//! Links, programs on them, addresses, routes, rules of routing.

use ipnet::IpNet;

use super::line::{Class, Line};
use super::{Context, UNCLAIMED, Whose, left, names, owner};

pub(super) fn whose(line: &Line<'_>, context: &Context<'_>) -> Whose {
    match line.class {
        Class::Link => link(line.name),
        Class::Filter | Class::Xdp => match names::first(&names::PROGRAMS_ON_LINKS, line.name) {
            Some(why) => left(why),
            None => owner(UNCLAIMED),
        },
        Class::Address => address(line, context),
        Class::Rule => match names::first(&names::ROUTING_RULES, line.name) {
            Some(why) => left(why),
            None if context.names_pods(line.name) => left("it is about the pods' network"),
            None => owner(UNCLAIMED),
        },
        _ => route(line, context),
    }
}

fn link(name: &str) -> Whose {
    match names::first(&names::LINKS, name) {
        Some(why) => left(format!("pod networks make links of this name: {why}")),
        None => owner(UNCLAIMED),
    }
}

/// An address `DEVICE IP/PREFIX`.
fn address(line: &Line<'_>, context: &Context<'_>) -> Whose {
    if names::first(&names::LINKS, line.name).is_some() {
        return left(format!("`{}` is a pod network's link", line.name));
    }
    let ip = line.value.split('/').next().unwrap_or_default();
    if let Some(undo) = context.claims.lines.iter().find(|undo| names_ip(undo, ip)) {
        return left(format!("it is the cluster's virtual address: `{undo}`"));
    }
    if context.names_pods(line.value) {
        return left("it is of the pods' network");
    }
    owner(UNCLAIMED)
}

fn names_ip(text: &str, ip: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':'))).any(|word| word == ip)
}

fn route(line: &Line<'_>, context: &Context<'_>) -> Whose {
    let words: Vec<&str> = line.name.split(' ').collect();
    let device = words.iter().position(|word| *word == "dev").and_then(|at| words.get(at + 1));
    if let Some(device) = device.filter(|device| names::first(&names::LINKS, device).is_some()) {
        return left(format!("it leads to `{device}`, a pod network's link"));
    }
    if let Some(why) = names::first(&names::ROUTES, line.name) {
        return left(why);
    }
    if words.first().is_some_and(|to| context.names_pods(to)) {
        return left("it leads to the pods' network");
    }
    owner(UNCLAIMED)
}

impl Context<'_> {
    /// Whether one of the words is an address or a network of the pods'.
    pub(super) fn names_pods(&self, text: &str) -> bool {
        text.split([' ', ',']).any(|word| {
            let net = word
                .parse::<IpNet>()
                .or_else(|_| word.parse().map(|ip: std::net::IpAddr| ip.into()));
            net.is_ok_and(|net| self.claims.pods.iter().any(|pods| pods.contains(&net)))
        })
    }

    /// A link that came since, is not the cluster's, and for which the host has to forward packets.
    pub(super) fn forwards_for(&self) -> Option<&str> {
        let link = self.lines.iter().find(|line| {
            line.class == Class::Link
                && line.is_new
                && names::first(&names::FORWARDED, line.name).is_some()
        });
        link.map(|line| line.name)
    }
}
