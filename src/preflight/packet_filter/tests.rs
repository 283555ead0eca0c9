use std::net::Ipv4Addr;

use super::packet::{Hook, Packet, Verdict};
use super::{iptables, nft};

/// A packet of a pod to another node's.
fn pod() -> Packet<'static> {
    Packet {
        hook: Hook::Forward,
        source: Ipv4Addr::new(10, 244, 0, 5),
        destination: Ipv4Addr::new(10, 244, 1, 5),
        input: "cni0",
        output: "eth0",
        port: 80,
    }
}

/// A host's, to the API server.
fn api() -> Packet<'static> {
    Packet {
        hook: Hook::Input,
        source: Ipv4Addr::new(10, 0, 0, 2),
        destination: Ipv4Addr::new(10, 0, 0, 1),
        input: "eth0",
        output: "",
        port: 6443,
    }
}

fn by_iptables(packet: Packet<'_>, lines: &[&str]) -> Verdict {
    iptables::Filter::read(lines).verdict(&packet)
}

const CLOSED: &str = ":FORWARD DROP [0:0]";

#[test]
fn what_iptables_drops_for_certain() {
    let dropped = |packet, lines: &[&str], rule: &str| {
        assert_eq!(by_iptables(packet, lines), Verdict::Dropped(rule.into()), "{lines:?}");
    };
    dropped(pod(), &[CLOSED], "-P FORWARD DROP");
    // As docker has it.
    let docker = [
        CLOSED,
        ":DOCKER-USER - [0:0]",
        "-A FORWARD -j DOCKER-USER",
        "-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT",
        "-A DOCKER-USER -j RETURN",
    ];
    dropped(pod(), &docker, "-P FORWARD DROP");
    let open = ":INPUT ACCEPT [0:0]";
    for rule in [
        "INPUT -p tcp -m tcp --dport 6443 -j DROP",
        "INPUT -s 10.0.0.0/24 -j REJECT --reject-with icmp-host-prohibited",
        "INPUT ! -s 10.0.0.1/32 -p tcp -m multiport --dports 80,6440:6450 -j DROP",
        "INPUT -i eth+ -m conntrack --ctstate INVALID,NEW -m comment --comment \"a b -j ACCEPT\" -j DROP",
    ] {
        dropped(api(), &[open, &format!("-A {rule}")], rule);
    }
    dropped(
        api(),
        &[open, "-A INPUT -g wall", "-A wall -m limit --limit 5/min -j LOG", "-A wall -j DROP"],
        "wall -j DROP",
    );
}

#[test]
fn what_iptables_lets_pass_or_may_let_pass() {
    for rules in [
        &["-A FORWARD -s 10.244.0.0/16 -j ACCEPT"][..],
        &["-A FORWARD -j own", "-A own -i cni0 -j ACCEPT"],
        // Nobody can tell.
        &["-A FORWARD -m mark --mark 0x1 -j ACCEPT"],
        &["-A FORWARD -m set --match-set pods src -j own", "-A own -j ACCEPT"],
        &["-A FORWARD -j NFQUEUE --queue-num 1"],
    ] {
        let lines: Vec<&str> = std::iter::once(CLOSED).chain(rules.iter().copied()).collect();
        assert!(!matches!(by_iptables(pod(), &lines), Verdict::Dropped(_)), "{rules:?}");
    }
    for rule in [
        "-A INPUT -p udp -m udp --dport 6443 -j DROP",
        "-A INPUT -p tcp -m tcp --dport 6444 -j DROP",
        "-A INPUT -i eth1 -j DROP",
        "-A INPUT -m conntrack --ctstate INVALID -j DROP",
        "-A INPUT -p tcp -m connlimit --connlimit-above 100 -j REJECT",
    ] {
        assert_eq!(by_iptables(api(), &[":INPUT ACCEPT [0:0]", rule]), Verdict::Accepted, "{rule}");
    }
    assert_eq!(by_iptables(pod(), &[]), Verdict::Unknown);
    // A chain that calls itself cannot be; it must not hang us either.
    assert_eq!(by_iptables(pod(), &["-A FORWARD -j a", "-A a -j a"]), Verdict::Unknown);
}

fn by_nft(packet: Packet<'_>, text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let tables = nft::tables(&lines);
    tables.iter().find_map(|table| {
        table.drops(&packet).map(|(chain, rule)| format!("{} {chain}: {rule}", table.name))
    })
}

/// A server's own rules, as `/etc/nftables.conf` often has them.
const SERVER: &str = r#"
table inet filter {
    set blocked {
        type ipv4_addr
        elements = { 192.0.2.1 }
    }
    chain input {
        type filter hook input priority filter; policy drop;
        ct state vmap { invalid : drop, established : accept, related : accept }
        iif "lo" accept
        ip saddr @blocked drop
        tcp dport { 22, 80-90 } counter packets 12 bytes 800 accept comment "the web"
        RULE
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        RULE
    }
}
"#;

#[test]
fn what_nftables_drops() {
    let with = |rule: &str| SERVER.replace("RULE", rule);
    assert_eq!(by_nft(api(), &with("")).as_deref(), Some("inet filter input: policy drop"));
    assert_eq!(by_nft(pod(), &with("")).as_deref(), Some("inet filter forward: policy drop"));
    let said = by_nft(
        api(),
        &with("ip saddr 10.0.0.0/24 log prefix \"no \" reject with icmp port-unreachable"),
    );
    assert!(said.is_some_and(|said| said.contains("reject")));
    for rule in [
        "accept",
        "ip saddr 10.0.0.0/8 accept",
        "ip saddr { 10.0.0.2, 10.244.0.0/16 } counter accept",
        "iifname { \"eth0\", \"cni*\" } accept",
        "ip protocol tcp ct state new jump more",
        // Nobody can tell.
        "ip saddr @friends accept",
        "meta mark 0x1 accept",
        "limit rate 5/second accept",
    ] {
        let text = with(rule).replace("chain input", "chain more {\naccept\n}\nchain input");
        assert_eq!((by_nft(api(), &text), by_nft(pod(), &text)), (None, None), "{rule}");
    }
    // Named sets, maps of verdicts and values that are joined may let pass.
    for rule in [
        "iifname @lan accept",
        "iifname { @lan } accept",
        "tcp dport @open accept",
        "tcp dport vmap { 22 : accept, 6443 : accept, 80 : accept }",
        "iifname vmap { \"lo\" : accept, \"eth0\" : jump more, \"cni0\" : jump more }",
        "ip saddr vmap @friends",
        "meta l4proto vmap { tcp : jump more, udp : drop }",
        "ct state vmap { established : accept, new : jump more }",
        "ip saddr . tcp dport { 10.0.0.2 . 6443, 10.244.0.5 . 80 } accept",
        "iifname . ip saddr @known accept",
        "iifname . ip saddr . tcp dport vmap { \"eth0\" . 10.0.0.2 . 6443 : accept }",
    ] {
        let text = with(rule).replace("chain input", "chain more {\naccept\n}\nchain input");
        assert_eq!((by_nft(api(), &text), by_nft(pod(), &text)), (None, None), "{rule}");
    }
    // And where they would drop, that is not certain either.
    let open = SERVER.replace("policy drop", "policy accept");
    for rule in [
        "iifname @wan drop",
        "tcp dport @shut drop",
        "tcp dport vmap { 6443 : drop, 80 : drop }",
        "ip saddr . tcp dport { 10.0.0.2 . 6443, 10.244.0.5 . 80 } drop",
    ] {
        let text = open.replace("RULE", rule);
        assert_eq!((by_nft(api(), &text), by_nft(pod(), &text)), (None, None), "{rule}");
    }
    // A map of states without new ones says nothing of those.
    let states = with("ct state vmap { established : accept, related : accept, invalid : drop }");
    assert_eq!(by_nft(api(), &states).as_deref(), Some("inet filter input: policy drop"));
    // Others' families and hooks are not ours.
    for text in [
        "table ip6 filter {\nchain input {\ntype filter hook input priority 0; policy drop;\n}\n}",
        "table ip nat {\nchain x {\ntype nat hook input priority 0; policy drop;\n}\n}",
        "table inet a {\nchain input {\ntype filter hook input priority 0; policy accept;\nudp dport 6443 drop\n}\n}",
    ] {
        assert_eq!(by_nft(api(), text), None, "{text}");
    }
}
