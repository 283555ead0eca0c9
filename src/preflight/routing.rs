//! Routes that packets of the cluster need, and rules that would lead them elsewhere.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::host::facts::Facts;

pub(super) const DEFAULT: Check = Check {
    name: "DefaultRoute",
    description: "the host has a route for addresses of services",
    severity: Severity::Warning,
    phase: Phase::Network,
    breaks: "what runs in the host's network, the API server's webhooks too, cannot reach services",
    kubeadm: None,
    needs: &[need::ADDRESSES],
    page: "Seen by `ip route`. An address of a service is nobody's: kube-proxy writes another in its place, but \
           only after the kernel has found a route for it, which is usually the default route. Without \
           one the host's own programs are told `Network is unreachable`; pods, which have a route of their own, \
           are not concerned.\n\nGive the host a default route; where there is no gateway, one through its \
           interface will do.",
    run: Run::EachHost(default),
};

pub(super) const POLICY: Check = Check {
    name: "PolicyRouting",
    description: "no rule of policy routing leads packets for pods elsewhere",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "packets for pods do not go by the routes that the pod network makes",
    kubeadm: None,
    needs: &[need::ADDRESSES, need::RULES],
    page: "Seen by `ip rule`, and the routes of the tables that its rules name. The pod network's routes are in \
           the table `main`: a rule before that which takes packets for pods to a table with a route for \
           them, or throws them away, goes before. `nm-cloud-setup`, VPNs and hosts with several uplinks \
           make such rules.\n\nLet packets for pods go by the table `main` first.",
    run: Run::EachHost(policy),
};

fn default(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let facts = host.facts;
    let (Some(routes), Some(_)) = (&facts.routes, &facts.addresses) else { return vec![] };
    let services = context.cluster.network.service_subnet;
    let Some(v4) = services.iter().find(|net| matches!(net, IpNet::V4(_))) else { return vec![] };
    let serves = routes.iter().any(|route| {
        let covers = route.destination.is_none_or(|net| net.contains(&v4));
        covers && !route.ipv6 && route.interface.is_some()
    });
    let Some(node) = facts.node_address(&host.host.address).filter(|_| !serves) else {
        return vec![];
    };
    let own = facts.global_addresses().find(|address| address.net.addr() == node);
    let command = own.map(|own| format!("ip route add default dev {} metric 4096", own.interface));
    let message = format!("it has no IPv4 default route, and so none to the services' {v4}");
    let fix = "give it one, and write it into the configuration of its network";
    vec![host.warning(DEFAULT.name, message, fix).maybe_typed(command)]
}

fn policy(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let facts = host.facts;
    let Some(rules) = &facts.packets.rules else { return vec![] };
    let Some(node) = facts.node_address(&host.host.address) else { return vec![] };
    let pods = context.cluster.network.pod_subnet;
    let Some(IpNet::V4(net)) = pods.iter().find(|net| matches!(net, IpNet::V4(_))) else {
        return vec![];
    };
    let Some(pod) = net.hosts().nth(4).map(IpAddr::from) else { return vec![] };
    let led_away = [node, pod].iter().find_map(|from| elsewhere(facts, rules, *from, pod));
    let Some((rule, how)) = led_away else { return vec![] };
    let message = format!("the rule `{rule}` of its routing {how} packets for pods ({net})");
    let place = rule.split(':').next().and_then(|it| it.trim().parse::<u32>().ok());
    let before = place.map_or(100, |place| place.saturating_sub(1));
    let command = format!("ip rule add priority {before} to {net} lookup main");
    let fix = "let them go by the main table first, and keep the rule over a reboot; or take away who made the other";
    vec![host.error(POLICY.name, message, fix).typed(command)]
}

/// The rule that takes a packet before the main table does, and what it does with it.
fn elsewhere(
    facts: &Facts,
    rules: &[String],
    from: IpAddr,
    to: IpAddr,
) -> Option<(String, &'static str)> {
    for line in rules {
        let Some((_, text)) = line.split_once(':') else { continue };
        let rule = Rule::read(text)?;
        if !rule.takes(from, to) {
            continue;
        }
        match rule.action {
            Action::Lookup("main") => return None,
            Action::Lookup(table) => {
                let routes = facts.packets.tables.iter().filter(|(name, _)| name == table);
                // `suppress_prefixlength 0`: its default route does not count.
                let mut routes =
                    routes.map(|(_, route)| route).filter(|route| match route.destination {
                        Some(net) => net.contains(&to),
                        None => !rule.without_default,
                    });
                if routes.next().is_some() {
                    return Some((line.clone(), "leads elsewhere"));
                }
            }
            Action::Discard => return Some((line.clone(), "throws away")),
            Action::Other => {}
        }
    }
    None
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action<'a> {
    Lookup(&'a str),
    Discard,
    Other,
}

/// A line of `ip rule`, as far as it can be told for whom it is.
#[derive(Debug)]
struct Rule<'a> {
    not: bool,
    from: Option<IpNet>,
    to: Option<IpNet>,
    /// It asks for what no packet of a pod is known to have: a mark, an interface, a user.
    special: bool,
    without_default: bool,
    action: Action<'a>,
}

impl<'a> Rule<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut rule = Self {
            not: false,
            from: None,
            to: None,
            special: false,
            without_default: false,
            action: Action::Other,
        };
        let net = |text: &str| {
            text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        };
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "not" => rule.not = true,
                "from" => rule.from = net(words.next()?),
                "to" => rule.to = net(words.next()?),
                "lookup" | "table" => rule.action = Action::Lookup(words.next()?),
                "unreachable" | "blackhole" | "prohibit" => rule.action = Action::Discard,
                "suppress_prefixlength" => rule.without_default = words.next() == Some("0"),
                "proto" => {
                    words.next();
                }
                _ => rule.special = true,
            }
        }
        Some(rule)
    }

    /// Whether it is certain to take the packet.
    fn takes(&self, from: IpAddr, to: IpAddr) -> bool {
        let fits = |net: Option<IpNet>, ip: IpAddr| net.is_none_or(|net| net.contains(&ip));
        let inside = fits(self.from, from) && fits(self.to, to);
        // `not from all fwmark X`: what has no such mark, which is a pod's packet.
        if self.not { self.special && inside } else { inside && !self.special }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(rules: &[&str], tables: &[&str]) -> Option<String> {
        let rules = rules.iter().map(|rule| format!("rule {rule}\n"));
        let tables = tables.iter().map(|route| format!("table {route}\n"));
        let text: String = rules.chain(tables).collect();
        let facts = Facts::parse(&format!("facts 1\nrule -\n{text}end\n")).unwrap();
        let rules = facts.packets.rules.clone().unwrap();
        let (from, to) = ("10.0.0.5".parse().unwrap(), "10.244.0.5".parse().unwrap());
        elsewhere(&facts, &rules, from, to).map(|(rule, _)| rule)
    }

    const MAIN: &str = "32766: from all lookup main";

    #[test]
    fn rules_that_take_packets_for_pods() {
        let by_table = ["7 default via 10.0.0.1 dev eth0"];
        for rule in [
            "100: from all lookup 7",
            "100: from 10.0.0.5 lookup 7",
            "100: from all to 10.244.0.0/16 lookup 7",
            "100: not from all fwmark 0xca6c lookup 7",
        ] {
            assert_eq!(led(&[rule, MAIN], &by_table).as_deref(), Some(rule));
            assert_eq!(led(&[rule, MAIN], &[]), None, "{rule}: nothing is in the table");
            assert_eq!(led(&[MAIN, rule], &by_table), None, "{rule}: after the main table");
        }
        let away = "9: from all to 10.0.0.0/8 unreachable";
        assert_eq!(led(&[away, MAIN], &[]).as_deref(), Some(away));
    }

    #[test]
    fn rules_that_leave_them_alone() {
        for rule in [
            "100: from 10.0.0.6 lookup 7",
            "100: from all fwmark 0x1 lookup 7",
            "100: from all to 192.0.2.0/24 lookup 7",
            "100: from all iif eth1 lookup 7",
        ] {
            assert_eq!(led(&[rule, MAIN], &["7 default dev wg0"]), None, "{rule}");
        }
        // As wg-quick has it: main's routes without its default come first.
        let quick = [
            "32764: from all lookup main suppress_prefixlength 0",
            "32765: not from all fwmark 0xca6c lookup 51820",
            MAIN,
        ];
        assert_eq!(led(&quick, &["51820 default dev wg0"]), None);
    }
}
