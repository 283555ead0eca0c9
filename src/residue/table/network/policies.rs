//! Rules of routing, and names of tables.

use super::super::super::agents::Agent;
use super::super::super::host::{Host, goes, owners, unsure};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::words::Rule;
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(in super::super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "RoutingRules",
        classes: &["R26"],
        what: "rules of routing that Cilium, kube-router and Calico's WireGuard make, and the local rule that Cilium moved",
        known: "their own words (priority, mark, table; for kube-router also a network of pods'), and another sign of whose they are",
        undone: "`ip rule del` one by one by their exact words; the local rule gets its place 0 back before it loses place 100",
        never: "other rules; a moment without a rule that leads to the local table, in which the host would know none of its own addresses",
        kinds: &[Kind::Policy],
        judge: policy,
        ..NONE
    },
    Entry {
        name: "RoutingTables",
        classes: &["R26"],
        what: "names of tables that kube-router and Antrea add to `rt_tables`",
        known: "`77 kube-router`, `78 kube-router-dsr`, `300 Antrea-service`; `79 external_ip` beside one of kube-router's",
        undone: "the file is saved, and only these lines go",
        never: "other names, and other numbers of the same names: they are the owner's",
        kinds: &[Kind::Line],
        judge: table_name,
        ..NONE
    },
];

/// Cilium's (pkg/datapath/linux: what its proxy gets is led by marks to tables of its own, and the local rule is moved behind that).
const CILIUMS: [&str; 2] =
    ["9: from all fwmark 0x200/0xf00 lookup 2004", "10: from all fwmark 0xa00/0xf00 lookup 2005"];
const MOVED: &str = "100: from all lookup local";

fn policy(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (family, text) = thing.name.split_once(' ')?;
    let take = |proof: &str| goes(proof, Stage::Network, Clear::Policies, &[&thing.name]);
    if CILIUMS.contains(&text) || text == MOVED {
        return Some(match (host.sign(), host.agent(Agent::Cilium)) {
            (Some(_), Some(cilium)) => take(&format!("Cilium's own words, and {cilium}")),
            (Some(_), None) => {
                unsure("it has Cilium's words, and nothing else says that Cilium was here")
            }
            (None, _) => owners("there is no Kubernetes here"),
        });
    }
    host.sign()?;
    let rule = Rule::of(text)?;
    let (number, mask) = rule.mark.split_once('/').unwrap_or_default();
    // felix/wireguard: what is not encrypted yet goes to its table, and the bit is whichever was free.
    if rule.priority == "99"
        && rule.table == "1"
        && number == mask
        && !mask.is_empty()
        && text.starts_with("99: not from all fwmark ")
        && let Some(link) = host
            .of(Kind::Link)
            .find(|it| matches!(it.name.as_str(), "wireguard.cali" | "wg-v6.cali"))
    {
        return Some(take(&format!(
            "Calico's WireGuard makes it, and the link `{}` is there",
            link.name
        )));
    }
    let about = rule.from.or(rule.to);
    let around = about.as_ref().and_then(|net| host.ranges().around(net));
    let is_routers = !rule.says_more
        && match rule.table {
            "77" | "kube-router" => around.is_some() && rule.to.is_none() && rule.mark.is_empty(),
            "78" | "kube-router-dsr" => about.is_none() && !rule.mark.is_empty(),
            "79" | "external_ip" => {
                about.is_none()
                    && rule.mark.is_empty()
                    && matches!(rule.priority, "32764" | "32765")
            }
            _ => false,
        };
    if is_routers {
        return match host.agent(Agent::KubeRouter) {
            Some(sign) => Some(take(&format!(
                "it leads to the table `{}` of kube-router's, and {sign}",
                rule.table
            ))),
            None => around.map(|range| {
                unsure(format!(
                    "it is about {}, and nothing says that kube-router was here: `ip -{family} rule del priority {} ...`, if it is not yours",
                    range.shown(),
                    rule.priority
                ))
            }),
        };
    }
    let (range, net) = (around?, about?);
    host.ranges().taker(&net).is_none().then(|| {
        unsure(format!(
            "it is about {}, and its words are no network's that is known here: `ip -{family} rule del priority {}`, if it is not yours",
            range.shown(),
            rule.priority
        ))
    })
}

fn table_name(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.name != "rt_tables" {
        return None;
    }
    host.sign()?;
    let (file, text) = (thing.get("file"), thing.get("text"));
    let words: Vec<&str> = text.split_whitespace().collect();
    let proof = match words.as_slice() {
        ["77", "kube-router"] | ["78", "kube-router-dsr"] => {
            "only kube-router names a table so".to_owned()
        }
        ["79", "external_ip"] => {
            format!("kube-router names it so, and {}", host.agent(Agent::KubeRouter)?)
        }
        ["300", "Antrea-service"] => "only Antrea names a table so".to_owned(),
        _ => return None,
    };
    Some(goes(proof, Stage::Settings, Clear::Lines, &[file, text]))
}
