//! Virtual addresses of API servers on the host's own links.

use super::super::super::host::{Host, goes, kept, unsure};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(in super::super) const ENTRIES: &[Entry] = &[Entry {
    name: "AddressesOfServices",
    classes: &["R25"],
    what: "virtual addresses of API servers on the host's own links",
    known: "kube-vip's manifest names address and link (`address` or `vip_address`, `vip_interface`), and the link has it as an address of one host (/32, /128)",
    undone: "`ip addr del` of exactly this address from exactly this link, after the pods have ended",
    never: "the address that ssh came in on; the only address of a link; one that was leased; one with a network of its own; addresses that no manifest names (kube-vip#798: a host lost all of its addresses)",
    kinds: &[Kind::Address],
    judge: address,
    ..NONE
}];

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
