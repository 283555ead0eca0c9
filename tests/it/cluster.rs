//! cluster.yaml: what it means, and what is said of every mistake in it.

use bivouac::cluster;

const MINIMAL: &str = include_str!("../fixtures/clusters/minimal.yaml");

#[test]
fn eyeball() {
    for (from, to) in [
        ("demo", "Demo"),
        ("  name: demo", "  nam: demo"),
        ("address: 10.0.0.2", "adress: 10.0.0.2"),
        ("- address: 10.0.0.2", "- adress: 10.0.0.2\n    address: 10.0.0.2"),
        ("  hosts:", "  hosts: {}\n  h:"),
        ("roles: [worker]", "roles: worker"),
        ("roles: [worker]", "roles: [wroker]"),
        ("roles: [worker]", "roles: [master]"),
        ("roles: [worker]", "roles: [control-plane]"),
        ("10.0.0.2", "10.0.0.1"),
        ("version: 1.20.2", "version: 1.20"),
        ("version: 1.20.2", "version: 1.19.2"),
        ("bundle: v1.20.2.bundle", "bundle: \"\""),
        ("  artifacts:\n    bundle: v1.20.2.bundle\n", ""),
        ("  hosts:", "  network: {podSubnet: 10.0.0.1/16}\n  hosts:"),
        ("  hosts:", "  network: {podSubnet: 10.96.0.0/16}\n  hosts:"),
        ("  hosts:", "  network: {podSubnet: 10.244.0.0/24}\n  hosts:"),
        ("  hosts:", "  network: {podSubnet: 10.0.0.0/16}\n  hosts:"),
        ("  hosts:", "  ssh: {user: ops}\n  hosts:"),
        ("  hosts:", "  ssh: {port: 70000}\n  hosts:"),
        ("  hosts:", "  ssh: {password: hunter2}\n  hosts:"),
        ("  hosts:", "  ssh: {jump: [{address: b}]}\n  hosts:"),
        ("  hosts:", "  ssh: {agent: yes}\n  hosts:"),
        ("  hosts:", "  ssh: {privateKey: {a: b}}\n  hosts:"),
        ("  hosts:", "  ssh: {privateKey: 5}\n  hosts:"),
        ("kind: Cluster", "kind: Cluster\nkind: Cluster"),
        (
            "version: 1.20.2",
            "version: 1.20.2\n    kubelet: {a: no, b: 0644, c: 1.30, d: 18446744073709551616, e: \"x\\u001b\", f: 1_000}",
        ),
        ("metadata:", "metadata"),
        ("  name: demo", "\tname: demo"),
        ("- address: 10.0.0.2\n    roles", "- address: 10.0.0.2\n   roles"),
        ("10.0.0.2", "\"10.0.0.2"),
        ("kind: Cluster", "kind: [Cluster"),
        ("10.0.0.2", "$(touch /x)"),
        ("10.0.0.2", "*x"),
        ("kind: Cluster", "kind: !foo Cluster"),
        ("kind: Cluster", "kind:"),
        ("roles: [worker]", "roles: [worker]\n    taints: [a=b:NoSchedul]"),
        ("roles: [worker]", "roles: [worker]\n    labels: {-a: x, b: 'a b'}"),
        ("version: 1.20.2", "version: [1]"),
        ("version: 1.20.2", "version: 1.20.2\n    skipPhases: [~]"),
        ("  - address: 10.0.0.1\n    roles: [control-plane]\n", ""),
    ] {
        let text = MINIMAL.replacen(from, to, 1);
        match cluster::parse("cluster.yaml", &text) {
            Ok(_) => println!("ACCEPTED {to:?}\n"),
            Err(e) => println!("{e}\n"),
        }
    }
}
