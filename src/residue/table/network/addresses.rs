//! Addresses and neighbours on the host's own links.

use super::super::super::agents::Agent;
use super::super::super::host::{Host, doubted, goes, kept, unsure};
use super::super::super::ranges::parsed;
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(in super::super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "AddressesOfServices",
        classes: &["R25"],
        what: "virtual addresses of API servers on the host's own links",
        known: "kube-vip's manifest names address and link (`address` or `vip_address`, `vip_interface`), and the link has it as an address of one host (/32, /128)",
        undone: "`ip addr del` of exactly this address from exactly this link, after the pods have ended",
        never: "the address that ssh came in on; the only address of a link; one that was leased; one with a network of its own; addresses that no manifest names (kube-vip#798: a host lost all of its addresses)",
        kinds: &[Kind::Address],
        judge: address,
        ..NONE
    },
    Entry {
        name: "AddressesOfPods",
        classes: &["R23", "R26"],
        what: "addresses of pods' networks on links that stay",
        known: "`tunl0`, the kernel's own tunnel, has one address of a network of pods' that the cluster wrote down: Calico's",
        undone: "`ip addr del` of exactly this address; a `tunl0` that has nothing more to do is set down, as the kernel makes it",
        never: "another address of `tunl0`; addresses of other links: they are named, with the command; the link itself, which cannot be removed",
        kinds: &[Kind::Address],
        judge: pods,
        ..NONE
    },
    Entry {
        name: "Neighbours",
        classes: &["R26"],
        what: "neighbours that pod networks set for good",
        known: "an address of a network of pods' that the cluster wrote down, on a tunnel of the kernel's own that Calico or Cilium has and that stays; those of a link go with it",
        undone: "`ip neigh del` one by one",
        never: "`ip neigh flush`; neighbours in networks of the host's own; those on the host's own links: they are named, with the command",
        kinds: &[Kind::Neighbour],
        judge: neighbour,
        ..NONE
    },
];

fn address(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (address, link) = thing.name.split_once(' ')?;
    let (ip, prefix) = address.split_once('/')?;
    let whole = if ip.contains(':') { "128" } else { "32" };
    if thing.get("file").is_empty() && !host.was_planned(&thing.name) {
        return None;
    }
    Some(if thing.is("way-in") {
        kept("this login came in on it: it goes with the next boot, or log in by another address")
    } else if !thing.is("known") {
        unsure("by which address this login came in is not known")
    } else if thing.is("alone") || thing.is("leased") {
        unsure(format!(
            "`{}` names it, but it is the only address of `{link}`, or one that a server leased to it: it may be the host's own",
            thing.get("file")
        ))
    } else if prefix != whole {
        unsure(format!(
            "`{}` names it, but with the network /{prefix} it may be the host's own",
            thing.get("file")
        ))
    } else if thing.get("file").is_empty() {
        unsure("the manifest that named it is gone")
    } else {
        goes(
            format!("`{}` names it, and `{link}` has it", thing.get("file")),
            Stage::Network,
            Clear::Addresses,
            &[&thing.name],
        )
    })
}

fn pods(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (address, link) = thing.name.split_once(' ')?;
    let net = parsed(address)?;
    let (range, _) = (host.ranges().around(&net)?, host.sign()?);
    let kind = host.of(Kind::Link).find(|it| it.name == link)?;
    if super::links::is_clusters_link(kind, host) || !thing.get("file").is_empty() {
        return None;
    }
    let range = range.shown();
    let family = if net.addr().is_ipv4() { 4 } else { 6 };
    let command = format!("`ip -{family} addr del {address} dev {link}`");
    // It may be the host's own.
    if link != "tunl0" && (thing.is("alone") || thing.is("leased") || thing.is("way-in")) {
        return None;
    }
    Some(if link != "tunl0" {
        unsure(format!("it is of {range}; {command}, if it is not yours"))
    } else if thing.is("way-in") || !thing.is("known") || kind.get("type") != "ipip" {
        unsure(format!(
            "it is of {range}; by which address this login came in is not sure: {command}"
        ))
    } else if let Some(taker) = host.ranges().taker(&net) {
        unsure(format!(
            "it is of {range}, and of a network of {taker}: {command}, if it is not yours"
        ))
    } else if let Some(calico) = host.agent(Agent::Calico) {
        goes(
            format!("Calico's, of {range}, and {calico}"),
            Stage::Network,
            Clear::Addresses,
            &[&thing.name],
        )
    } else {
        unsure(format!(
            "it is of {range}, and nothing says that Calico was here: {command}, if it is not yours"
        ))
    })
}

fn neighbour(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (family, text) = thing.name.split_once(' ')?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let [ip, "dev", link, ..] = words.as_slice() else { return None };
    let net = parsed(ip)?;
    let (range, _) = (host.ranges().around(&net)?, host.sign()?);
    let kind = host.of(Kind::Link).find(|it| it.name == *link)?;
    // Those of a link go with it.
    if super::links::is_clusters_link(kind, host) {
        return None;
    }
    // A gateway that the owner has nailed down, for one.
    if host.ranges().taker(&net).is_some() {
        return None;
    }
    let range_is = range.shown();
    let command = format!("`ip -{family} neigh del {ip} dev {link}`, if it is not yours");
    let agent = match *link {
        "tunl0" => host.agent(Agent::Calico),
        "cilium_tunl" | "cilium_ip6tnl" => host.agent(Agent::Cilium),
        // A network's agent has those of other nodes on a link of its own.
        _ => None,
    };
    Some(match (host.ranges().taker(&range.net), agent) {
        (Some(taker), _) => doubted(format!(
            "it is in {range_is}, with which a network of {taker} overlaps: {command}"
        )),
        (None, None) => {
            unsure(format!("it is in {range_is}, and `{link}` is no link of that: {command}"))
        }
        (None, Some(agent)) => goes(
            format!("it is in {range_is}, no network of the host's own has it, and {agent}"),
            Stage::Network,
            Clear::Neighbours,
            &[&thing.name],
        ),
    })
}
