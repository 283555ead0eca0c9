//! The packet filter: chains and rules of iptables, tables of nftables, virtual servers, sets.

use super::line::{Class, Line};
use super::{Context, UNCLAIMED, Whose, left, names, owner};

pub(super) fn whose(line: &Line<'_>, context: &Context<'_>) -> Whose {
    match line.class {
        Class::Iptables => iptables(line, context),
        Class::Nft => nft(line, context),
        Class::Ipset => match names::first(&names::SETS, line.name) {
            Some(why) => left(why),
            None => owner(UNCLAIMED),
        },
        _ if context.claims.ipvs => left("kube-proxy may have made this virtual server"),
        _ => owner("kube-proxy makes no virtual servers in this cluster"),
    }
}

/// `*nat`, `:CHAIN POLICY` or `-A CHAIN ...`.
fn iptables(line: &Line<'_>, context: &Context<'_>) -> Whose {
    let rule = line.name;
    if rule.starts_with('*') || is_base_chain(rule) {
        return table(line, context);
    }
    chain_or_rule(rule, context)
}

fn chain_or_rule(rule: &str, context: &Context<'_>) -> Whose {
    let bare = without_comments(rule);
    let mut words = bare.split(' ');
    let first = words.next().unwrap_or_default();
    let chain = match first.strip_prefix(':') {
        Some(chain) => chain,
        None => words.next().unwrap_or_default(),
    };
    let mut chains = vec![chain];
    let rest: Vec<&str> = words.collect();
    for pair in rest.windows(2) {
        if matches!(pair[0], "-j" | "-g") {
            chains.push(pair[1]);
        }
        if pair[0] == "--match-set" && names::first(&names::SETS, pair[1]).is_some() {
            return left("it asks a set of the cluster's");
        }
    }
    if let Some(chain) = chains.iter().find(|chain| names::first(&names::CHAINS, chain).is_some()) {
        return left(format!("Kubernetes and its networks name chains so: `{chain}`"));
    }
    if names::first(&names::RULE_COMMENTS, rule).is_some() {
        return left("its comment is one that programs of a cluster write");
    }
    if context.names_pods(&bare.replace('!', "")) {
        return left("it is about the pods' network");
    }
    owner(UNCLAIMED)
}

/// A chain that the kernel calls by itself; its policy is in the line.
fn is_base_chain(rule: &str) -> bool {
    let chain = rule.strip_prefix(':').and_then(|rest| rest.split(' ').next());
    chain.is_some_and(|chain| {
        matches!(chain, "INPUT" | "OUTPUT" | "FORWARD" | "PREROUTING" | "POSTROUTING")
    })
}

/// A table, or a chain that is in each: whoever has rules of his own there has made it. No program of a cluster sets a policy.
fn table(line: &Line<'_>, context: &Context<'_>) -> Whose {
    if is_base_chain(line.name) && !line.name.contains(" ACCEPT") {
        return owner("no program of a cluster sets a chain's policy");
    }
    let changed = |it: &Line<'_>| {
        it.value == line.value && is_base_chain(it.name) && !it.name.contains(" ACCEPT")
    };
    let of_others = |it: &Line<'_>| {
        it.value == line.value
            && !it.name.starts_with('*')
            && !is_base_chain(it.name)
            && matches!(chain_or_rule(it.name, context), Whose::Owner(_))
    };
    let others = context.lines.iter().filter(|it| it.class == Class::Iptables);
    let mut others = others.filter(|it| of_others(it) || changed(it));
    if others.next().is_some() {
        owner("others have rules of their own in tables of this family")
    } else {
        left("a table that kube-proxy or the kubelet made, and nobody else uses")
    }
}

/// `table FAMILY NAME`.
fn nft(line: &Line<'_>, context: &Context<'_>) -> Whose {
    let mut words = line.name.split(' ').skip(1);
    let (family, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if names::first(&names::TABLES, name).is_some() {
        return left("kube-proxy and pod networks name tables so");
    }
    // What iptables shows as tables of its own.
    if matches!(family, "ip" | "ip6")
        && matches!(name, "filter" | "nat" | "mangle" | "raw" | "security")
    {
        let line = Line { class: Class::Iptables, name: "*", value: family, ..*line };
        return table(&line, context);
    }
    owner(UNCLAIMED)
}

/// A rule without what is in quotation marks: what a comment says is no jump and no address.
fn without_comments(rule: &str) -> String {
    let mut bare = String::with_capacity(rule.len());
    let (mut is_quoted, mut is_escaped) = (false, false);
    for c in rule.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            _ => bare.push(c),
        }
    }
    bare
}
