//! What runs on a host talks to itself: etcd, the API server and the kubelet at 127.0.0.1, and kubeadm asks
//! for the kubelet by the name `localhost`.

use std::net::{IpAddr, Ipv4Addr};

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(super) const CHECK: Check = Check {
    name: "Loopback",
    description: "the host reaches itself at `127.0.0.1`, and by the name `localhost`",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "`kubeadm` waits for the kubelet in vain, and the API server for etcd",
    kubeadm: None,
    needs: &[need::ADDRESSES, need::HOSTS],
    page: "Seen by the interface `lo` and its addresses, by `/etc/hosts`, and by the line `hosts:` of \
           `/etc/nsswitch.conf`. The kubelet and etcd listen at 127.0.0.1. Until 1.30 kubeadm asks \
           `http://localhost:10248/healthz` whether the kubelet is well (kubernetes/kubernetes#125265). It \
           is written in Go, which reads `/etc/hosts` itself where `files` is among the sources, and \
           knows no `localhost` of its own.\n\n\
           Bring `lo` up with its address; give `localhost` the address 127.0.0.1 in `/etc/hosts`.",
    run: Run::EachHost(run),
};

/// From then on kubeadm asks at the address that the kubelet's own configuration has.
const BY_ADDRESS: u64 = 31;
const LOCALHOST: &str = "localhost";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let interface = down(host).or_else(|| without_address(host));
    interface.into_iter().chain(by_name(context, host)).collect()
}

fn down(host: &HostFacts<'_>) -> Option<Finding> {
    host.facts.packets.interface("lo").filter(|lo| !lo.is_up)?;
    let fix = "switch it on, and take out what switches it off";
    Some(host.error(CHECK.name, "the interface `lo` is off", fix).typed("ip link set lo up"))
}

fn without_address(host: &HostFacts<'_>) -> Option<Finding> {
    let all = host.facts.addresses.as_ref()?;
    let contains = |ip: IpAddr| all.iter().any(|it| it.interface == "lo" && it.net.contains(&ip));
    if contains(Ipv4Addr::LOCALHOST.into()) {
        return None;
    }
    let message = "the interface `lo` has no address `127.0.0.1`";
    let command = "ip addr add 127.0.0.1/8 dev lo";
    Some(host.error(CHECK.name, message, "give it the address back").typed(command))
}

fn by_name(context: &Context<'_>, host: &HostFacts<'_>) -> Option<Finding> {
    let names = &host.facts.names;
    names.hosts.as_ref()?;
    let finding = |message: String, fix: &str, command: String| {
        let by_address = context.cluster.kubernetes.version.minor() >= BY_ADDRESS;
        let finding = host.error(CHECK.name, message, fix).typed(command);
        // Then it is only the host's own programs, and the pods that have its network.
        Some(if by_address { finding.mild() } else { finding })
    };
    // Who is asked instead may know the name, or not.
    let without_files = |sources: &&Vec<String>| {
        let has = |name: &str| sources.iter().any(|source| source == name);
        has("dns") && !["files", "resolve", "myhostname"].iter().any(|name| has(name))
    };
    if let Some(sources) = names.lookup.as_ref().filter(without_files) {
        let message = format!(
            "`/etc/nsswitch.conf` has host names looked up by {} alone: nobody reads `/etc/hosts`",
            quoted(sources)
        );
        let command =
            r"sed -i -E 's/^([[:space:]]*hosts:[[:space:]]*)/\1files /' /etc/nsswitch.conf";
        return finding(message, "let `files` come first", command.to_owned());
    }
    let at: Vec<&str> = names.addresses(LOCALHOST).collect();
    // Lists of blocked names have `fe80::1%lo0` beside the right one.
    let is_other = |it: &&&str| it.parse::<IpAddr>().is_ok() && !is_loopback(it);
    let wrong: Vec<&&str> = at.iter().filter(is_other).collect();
    let add = r"printf '\n127.0.0.1 localhost\n' >>/etc/hosts";
    if let Some(address) = wrong.first() {
        let message = format!("`localhost` is `{address}` in `/etc/hosts`");
        // The file may be a mount of its own, which cannot be replaced.
        let lines = address.replace('.', r"\.");
        let command = format!(
            r#"h=$(sed -E '/^[[:space:]]*{lines}[[:space:]]/s/[[:space:]]localhost([[:space:]]|$)/\1/' /etc/hosts) && printf '%s\n127.0.0.1 localhost\n' "$h" >/etc/hosts"#
        );
        return finding(message, "let it be `127.0.0.1`", command);
    }
    if at.is_empty() {
        let message = "`localhost` is not in `/etc/hosts`".to_owned();
        return finding(message, "add it", add.to_owned());
    }
    if !at.iter().any(|it| it.starts_with("127.")) {
        let message = format!("`localhost` is only {} in `/etc/hosts`", quoted(&at));
        return finding(message, "add `127.0.0.1`, where the kubelet listens", add.to_owned());
    }
    None
}

fn is_loopback(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
