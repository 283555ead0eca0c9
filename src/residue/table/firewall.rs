//! The packet filter: chains, rules, tables, sets, virtual servers. Each goes by its own name; nothing is flushed, and nothing is written anew
//! that was read (residue.md, D1 to D3: both lost people their hosts).

use super::super::host::{Host, doubted, goes, owners, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome};
use super::network::{alone, works_alone};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

/// What the names of chains begin with.
const CHAINS: [&str; 8] =
    ["KUBE-", "cali-", "CILIUM_", "OLD_CILIUM_", "FLANNEL-", "WEAVE", "ANTREA-", "OVN-"];
/// And of sets.
const SETS: [&str; 8] = [
    "KUBE-",
    "cali4",
    "cali6",
    "weave-",
    "kube-router-",
    "inet6:kube-router-",
    "ANTREA-",
    "CILIUM_",
];

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "Unread",
        classes: &["R18", "R20", "R21"],
        what: "rules, tables, sets and others that could not be read",
        known: "a tool failed or did not come back, or it is not here although the kernel has something that only it could show",
        undone: "by its owner: install the tool, or look why it fails, and run this again",
        never: "by itself: what it is nobody knows",
        kinds: &[Kind::Fact],
        judge: |thing, _| {
            (thing.name == "unread").then(|| {
                unsure("it could not be read: install its tool, or look why that fails, and run this again")
            })
        },
        ..NONE
    },
    Entry {
        name: "Chains",
        classes: &["R18", "R19"],
        what: "chains of kube-proxy, the kubelet and network plugins, IPv4 and IPv6, in either backend",
        known: "by the chain's name alone, never by a comment: `KUBE-`, `cali-`, `CILIUM_`, `FLANNEL-`, `WEAVE`, `ANTREA-`, `OVN-`, of kube-router as well",
        undone: "for each table one transaction that touches only these chains and the rules that lead to them (`iptables-restore --noflush`); a table that is empty then and accepts everything is deleted",
        never: "other chains, policies, and rules that only speak of Kubernetes in a comment; a chain to which a rule of the owner's leads, from a chain of his own or for a protocol and without a comment; nothing is flushed, saved or restored",
        kinds: &[Kind::Chain],
        judge: |thing, host| {
            let (tool, chain) = thing.name.split_once(' ')?;
            let name = chain.split_once(' ')?.1;
            CHAINS.iter().any(|beginning| name.starts_with(beginning)).then(|| {
                if host.sign().is_none() && works_alone(name) {
                    return alone();
                }
                if name.contains(|it: char| !it.is_ascii_alphanumeric() && !"-_.:/@+".contains(it)) {
                    return unsure("`iptables-restore` does not take such a name, and nobody's plugin makes one");
                }
                if let Some(rule) = owners_jump(host, tool, chain) {
                    return doubted(format!(
                        "your own rule `{rule}` leads to it and would have to go with it: take that out first, if it is to go"
                    ));
                }
                goes(
                    "only Kubernetes and its network plugins name chains so",
                    Stage::Rules,
                    Clear::Chains,
                    &[tool, chain],
                )
            })
        },
        ..NONE
    },
    Entry {
        name: "CniChains",
        classes: &["R18", "R19"],
        what: "chains of the standard network plugins",
        known: "the comment that the plugin writes into the rule: the network's name and the container's id are those of a pod",
        undone: "as other chains",
        never: "those of podman, nerdctl and others, whose chains have the same names `CNI-...`",
        kinds: &[Kind::Chain],
        judge: cni_chain,
        ..NONE
    },
    Entry {
        name: "LooseRules",
        classes: &["R18", "R19"],
        what: "single rules of network plugins in chains of the host's",
        known: "the comment that flannel, Calico or the node's DNS cache write themselves: `flanneld ...`, `cali:...`, `NodeLocal DNS ...`",
        undone: "one by one, by their exact words",
        never: "rules whose comment only mentions one of them",
        kinds: &[Kind::Rule],
        judge: loose,
        ..NONE
    },
    Entry {
        name: "NftTables",
        classes: &["R20"],
        what: "tables of nftables that kube-proxy and network plugins make",
        known: "their names: `kube-proxy`, `calico`, `flannel-ipv4`, and those of the standard plugins where nobody else uses these",
        undone: "`nft delete table` by name",
        never: "tables of firewalld, docker, libvirt and the owner",
        kinds: &[Kind::Table],
        judge: |thing, host| {
            let (family, name) = thing.name.split_once(' ')?;
            let mine = |proof: &str| goes(proof, Stage::Rules, Clear::Table, &[family, name]);
            match name {
                _ if host.sign().is_none()
                    && ["calico", "flannel-ipv4", "flannel-ipv6"].contains(&name) =>
                {
                    Some(alone())
                }
                "kube-proxy" | "calico" | "flannel-ipv4" | "flannel-ipv6" | "cilium" => {
                    Some(mine("only Kubernetes and its network plugins name a table so"))
                }
                "cni_hostport" | "cni_plugins_masquerade" => {
                    Some(match (host.other_networks().first(), host.sign()) {
                        (Some(other), _) => owners(format!("the network `{other}` may use it")),
                        (None, Some(sign)) => {
                            mine(&format!("no other network is here, and {sign}"))
                        }
                        (None, None) => unsure("whose network it serves is not known"),
                    })
                }
                _ => None,
            }
        },
        ..NONE
    },
    Entry {
        name: "Sets",
        classes: &["R21"],
        what: "sets of kube-proxy and network plugins",
        known: "their names: `KUBE-`, `cali4`, `cali6`, `weave-`, `kube-router-`, `ANTREA-`, `CILIUM_`",
        undone: "one by one, after the rules that refer to them",
        never: "`ipset destroy` without a name; sets of firewalld, fail2ban and others",
        kinds: &[Kind::Set],
        judge: |thing, host| {
            SETS.iter().any(|beginning| thing.name.starts_with(beginning)).then(|| {
                if host.sign().is_none() && works_alone(&thing.name) {
                    return alone();
                }
                goes(
                    "only Kubernetes and its network plugins name sets so",
                    Stage::Sets,
                    Clear::Sets,
                    &[&thing.name],
                )
            })
        },
        ..NONE
    },
    Entry {
        name: "VirtualServers",
        classes: &["R22"],
        what: "virtual servers of kube-proxy",
        known: "the server's address is one of `kube-ipvs0`'s, or the service is on a node port beside it",
        undone: "`ipvsadm -D` one by one, before the link goes",
        never: "`ipvsadm -C`; servers of keepalived and other balancers (kubernetes#59507)",
        kinds: &[Kind::Server],
        judge: |thing, host| {
            let (address, port) = thing.name.split(' ').nth(1)?.rsplit_once(':')?;
            let address = address.trim_matches(['[', ']']);
            let is_node_port = port.parse().is_ok_and(|it: u16| (30000..=32767).contains(&it));
            let link = host.of(Kind::Link).find(|it| it.name == "kube-ipvs0");
            Some(match link {
                Some(link)
                    if link
                        .get("addresses")
                        .split(' ')
                        .any(|it| it.split('/').next() == Some(address)) =>
                {
                    goes(
                        "its address is one of `kube-ipvs0`'s",
                        Stage::Sets,
                        Clear::Servers,
                        &[&thing.name],
                    )
                }
                Some(_) if is_node_port => goes(
                    "a node port, and kube-proxy works with virtual servers here",
                    Stage::Sets,
                    Clear::Servers,
                    &[&thing.name],
                ),
                Some(_) => unsure(
                    "kube-proxy works with virtual servers here, and this one's address is not on `kube-ipvs0`",
                ),
                None if host.sign().is_some() => {
                    unsure("`kube-ipvs0` is gone, and a server does not say who set it")
                }
                None => owners("there is no Kubernetes here"),
            })
        },
        ..NONE
    },
];

/// A rule that leads to a chain and is no cluster's. Those of kube-proxy, the kubelet and network plugins stand in the chains that are
/// built in, and where one is about a protocol it has a comment (pkg/proxy/iptables, pkg/kubelet of Kubernetes; felix; the plugins' own sources).
fn owners_jump<'a>(host: &Host<'a>, tool: &str, chain: &str) -> Option<&'a str> {
    const BUILT_IN: [&str; 5] = ["INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING"];
    let (table, name) = chain.split_once(' ')?;
    let beginning = format!("{tool} {table} -A ");
    host.of(Kind::Rule).find_map(|it| {
        let rule = it.name.strip_prefix(&beginning)?;
        // What stands in a comment is no jump: every other part is outside of quotes.
        let bare: String = rule.split('"').step_by(2).collect::<Vec<_>>().join("quoted");
        let words: Vec<&str> = bare.split_whitespace().collect();
        let leads = words.windows(2).any(|it| matches!(it[0], "-j" | "-g") && it[1] == name);
        let has = |option: &str| words.contains(&option);
        let is_own = !words.first().is_some_and(|from| BUILT_IN.contains(from))
            || (has("-p") && !has("--comment"));
        (leads && is_own).then(|| &it.name[tool.len() + table.len() + 2..])
    })
}

/// What the standard plugins write into a rule: `name: "b" id: "0f..."`.
fn commented<'a>(rule: &'a str, key: &str) -> Option<&'a str> {
    let after = rule.split_once(&format!("{key}: \\\""))?.1;
    after.split_once("\\\"").map(|(value, _)| value)
}

fn cni_chain(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (tool, chain) = thing.name.split_once(' ')?;
    let name = chain.split_once(' ')?.1;
    if !name.starts_with("CNI-") {
        return None;
    }
    let mine = |proof: String| goes(proof, Stage::Rules, Clear::Chains, &[tool, chain]);
    let (others, pods) = (host.other_networks(), host.pod_networks());
    // What all networks of a host share.
    let shared = ["CNI-HOSTPORT-", "CNI-FORWARD", "CNI-ADMIN", "CNI-ISOLATION"];
    if shared.iter().any(|it| name.starts_with(it)) {
        let foreign = host
            .of(Kind::Rule)
            .find_map(|it| commented(&it.name, "name").filter(|name| !pods.contains(name)));
        return Some(match (others.first().copied().or(foreign), host.sign()) {
            (Some(other), _) => owners(format!("the network `{other}` uses it")),
            (None, Some(sign)) => mine(format!("no other network is here, and {sign}")),
            (None, None) => unsure("whose network it serves is not known"),
        });
    }
    let word = format!(" {name}");
    let rule = host.of(Kind::Rule).find(|it| {
        let rule = &it.name;
        commented(rule, "name").is_some()
            && (rule.ends_with(&word) || rule.contains(&format!("{word} ")))
    });
    let Some(rule) = rule else { return Some(unsure("no rule of it says whose network it is")) };
    let (network, id) =
        (commented(&rule.name, "name")?, commented(&rule.name, "id").unwrap_or_default());
    Some(if !id.is_empty() && host.pod_ids().any(|pod| pod == id) {
        mine(format!("its rule is about the pod's container `{id}`"))
    } else if others.contains(network) || network == "podman" {
        owners(format!("it is of the network `{network}`, which is not Kubernetes'"))
    } else if pods.contains(network) {
        mine(format!("it is of the pods' network `{network}`"))
    } else {
        unsure(format!("nothing says whose the network `{network}` is"))
    })
}

fn loose(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (tool, rest) = thing.name.split_once(' ')?;
    let (table, rule) = rest.split_once(' ')?;
    let comment = rule.split_once("--comment ")?.1;
    let comment = comment
        .strip_prefix('"')
        .map_or_else(|| comment.split(' ').next(), |it| it.split('"').next())?;
    // A rule that leads to a chain of theirs goes with the chain.
    let jumps = ["KUBE-", "cali-", "CILIUM_", "FLANNEL-", "WEAVE", "CNI-"];
    let target =
        rule.split(" -j ").nth(1).or_else(|| rule.split(" -g ").nth(1)).unwrap_or_default();
    if jumps.iter().any(|it| target.starts_with(it)) || rule.starts_with("-A CNI-") {
        return None;
    }
    let is_calico = comment.strip_prefix("cali:").is_some_and(|hash| hash.len() == 16);
    let is_flannel = matches!(comment, "flanneld forward" | "flanneld masq");
    let is_cache = comment.starts_with("NodeLocal DNS Cache: ");
    (is_calico || is_flannel || is_cache).then(|| {
        if host.sign().is_none() && !is_cache {
            return alone();
        }
        goes(
            format!("its comment `{comment}` is the plugin's own"),
            Stage::Rules,
            Clear::Rule,
            &[tool, table, rule],
        )
    })
}
