//! Each kind of line, both ways: what is left, what is the owner's, what is noise; and what only looks like it.

use super::*;
use crate::host::State;

/// What an install of a worker with our own runtime and network leaves in the journal, in its words.
fn entries() -> Vec<Entry> {
    let rows: &[(&str, &[&str], &[&str])] = &[
        (
            "package",
            &["apt", "socat", "conntrack"],
            &["socat=1.7.4", "conntrack=1:1.4.7", "libnetfilter-conntrack3=1.0.9"],
        ),
        ("kernel", &["10.244.0.0/16"], &[]),
        ("module", &["overlay", "br_netfilter"], &["br_netfilter"]),
        ("file", &["/etc/sysctl.d/90-bivouac.conf", "0644", "root:root", "ab"], &["absent"]),
        ("sysctl", &["net.ipv4.ip_forward", "1"], &["0"]),
        ("tree", &["/etc/cni", "made"], &["absent"]),
        ("tree", &["/opt/cni", "made"], &["absent", "/opt"]),
        ("tree", &["/var/lib/containerd", "own"], &["absent"]),
        ("tree", &["/run/containerd", "own"], &["absent"]),
        ("artifact", &["/usr/local/bin/containerd", "0755", "root:root", "ab", "1"], &["absent"]),
        ("file", &["/etc/crictl.yaml", "0644", "root:root", "ab"], &["present"]),
        (
            "file",
            &["/etc/systemd/system/containerd.service", "0644", "root:root", "ab"],
            &["absent"],
        ),
        ("service", &["containerd.service", "yes", "yes"], &["none", "inactive"]),
        ("tree", &["/etc/kubernetes", "own"], &["absent"]),
        ("tree", &["/var/lib/kubelet", "own"], &["absent"]),
        ("tree", &["/lib/modules", "made"], &["foreign"]),
        ("command", &[": the address of kube-vip, 10.1.0.9", "bv_vip_remove 10.1.0.9", ""], &[]),
        ("kubeadm", &["join"], &[]),
    ];
    let rows = rows.iter().zip(1..);
    rows.map(|((kind, arguments, before), seq)| Entry {
        seq,
        run: "r".to_owned(),
        step: format!("p: {kind}"),
        kind: (*kind).to_owned(),
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        before: before.iter().map(|word| (*word).to_owned()).collect(),
        state: State::Undone,
    })
    .collect()
}

fn judged(lines: &[&str], entries: &[Entry]) -> Comparison {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    compare(&Compared { lines, ..Compared::default() }, entries, Vec::new())
}

fn texts(list: &[Difference]) -> Vec<&str> {
    list.iter().map(|it| it.line.as_str()).collect()
}

/// Each of these alone is left.
fn all_left(lines: &[&str], entries: &[Entry]) {
    for line in lines {
        let comparison = judged(&[line], entries);
        assert_eq!(texts(&comparison.left), [*line], "{comparison:?}");
        assert!(!comparison.left[0].because.is_empty(), "{line}");
    }
}

/// All of these are the owner's, alone and together.
fn all_owners(lines: &[&str], entries: &[Entry]) {
    let comparison = judged(lines, entries);
    assert_eq!(texts(&comparison.owners), lines, "{comparison:?}");
    assert!(comparison.owners.iter().all(|it| !it.because.is_empty()));
}

#[test]
fn what_the_cluster_or_the_tool_left_is_left() {
    all_left(
        &[
            "+ iptables ip :KUBE-SERVICES -",
            "+ iptables ip6 :KUBE-KUBELET-CANARY -",
            "+ iptables ip -A FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD",
            "+ iptables ip -A POSTROUTING -s 10.244.3.0/24 -j MASQUERADE",
            "+ iptables ip -A INPUT -m comment --comment \"cali:abc\" -j ACCEPT",
            "+ iptables ip :CNI-0f1e2d3c4b5a -",
            "+ iptables ip *mangle",
            "+ nft table ip kube-proxy",
            "+ nft table ip mangle",
            "+ ipset KUBE-CLUSTER-IP",
            "+ path d 755 0:0 /etc/kubernetes",
            "+ path f 600 0:0 /etc/kubernetes/admin.conf",
            "+ sum ab /etc/kubernetes/admin.conf",
            "+ path d 711 0:0 /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs",
            "+ path f 755 0:0 /usr/local/bin/containerd",
            "+ path f 644 0:0 /etc/sysctl.d/90-bivouac.conf.bivouac~",
            "+ path d 755 0:0 /opt",
            "+ path f 755 0:0 /opt/cni/bin/mine",
            // It was there before, and bivouac wrote over it.
            "- path f 644 0:0 /etc/crictl.yaml",
            "- sum ab /etc/crictl.yaml",
            // Nobody claims it: it is called so.
            "+ path f 755 0:0 /usr/local/bin/kubectl",
            "+ path d 755 0:0 /var/log/pods/kube-system_a",
            "+ path d 700 0:0 /var/lib/rook",
            "+ path l 777 0:0 /etc/systemd/system/multi-user.target.wants/kubelet.service -> /lib/systemd/system/kubelet.service",
            "+ state kubelet.service running",
            "+ state kubepods-besteffort.slice active",
            "+ state var-lib-kubelet.mount mounted",
            "+ state containerd.service running",
            "+ package socat 1.7.4 ii",
            "+ package libnetfilter-conntrack3 1.0.9 ii",
            "+ package kubelet 1.20.2-00 hi",
            "+ link cni0",
            "+ link vethdeadbeef",
            "+ link flannel.1",
            "+ link cali12345678901",
            "+ address cni0 10.244.1.1/24",
            "+ address eth0 10.244.1.1/32",
            "+ address eth0 10.1.0.9/32",
            "+ route 10.244.2.0/24 via 10.1.0.3 dev eth0",
            "+ route 192.168.9.0/24 via 10.1.0.3 dev eth0 proto bird",
            "+ rule 100: from all lookup local",
            "+ sysctl net.ipv4.ip_forward 1",
            "+ sysctl vm.overcommit_memory 1",
            "+ sysctl net.ipv4.conf.all.route_localnet 1",
            "+ run /run/netns/cni-01234567-89ab-cdef-0123-456789abcdef",
            "+ run /run/xtables.lock",
            "+ run /run/netns",
            "+ run /run/containerd",
            "+ mount tmpfs /var/lib/kubelet/pods/a/volumes/kubernetes.io~secret/s",
            "+ mount bpf /sys/fs/bpf",
            "+ bpf /sys/fs/bpf/tc/globals/cilium_calls",
            "+ filter eth0 ingress protocol all pref 1 chain 0 handle 0x1 cil_from_netdev-eth0 cil_from_netdev",
            "+ filter eth0 ingress protocol all pref 1 chain 0 handle 0x1 prog:[*fsobj] cil_from_netdev",
            "+ filter eth0 ingress protocol all pref 1 chain 0 handle 0x1 bpf_host.o:[to-netdev] -",
            "+ filter eth0 egress protocol all pref 49152 chain 0 handle 0x1 cali_tc_preambl:[61] cali_tc_preambl",
            "+ xdp eth0 xdpdrv cil_xdp_entry",
            "+ cgroup /sys/fs/cgroup/kubepods.slice",
            "+ port 10250",
            "+ user kubeadm-etcd:998:998::/:/usr/sbin/nologin",
            "+ tmp /tmp/kubeadm-init-dryrun1",
            // What cannot be read is in doubt.
            "+ quux a b",
            "nonsense",
        ],
        &entries(),
    );
}

#[test]
fn what_the_owner_did_since_is_the_owners() {
    all_owners(
        &[
            "+ user deploy:1002:1002::/home/deploy:/bin/bash",
            "+ group deploy:x:1002:",
            "- sum ab /etc/passwd",
            "+ sum cd /etc/passwd",
            "+ sum cd /etc/shadow",
            "- package openssl 3.0.11-1 ii",
            "+ package openssl 3.0.13-1 ii",
            "+ package docker-ce 5:25.0.3 ii",
            "+ automatic libfoo:amd64",
            "+ path d 755 0:0 /lib/modules/6.1.0-28-amd64",
            "+ path f 644 0:0 /opt/app/config.yaml",
            "+ path f 644 0:0 /etc/cron.d/backup",
            "- path f 644 0:0 /etc/cron.d/old",
            "+ sum ab /etc/hosts",
            "+ path f 644 0:0 /usr/share/doc/kubernetes-for-us.txt",
            "+ path f 755 0:0 /usr/local/bin/containerd-of-mine",
            "+ state backup.service running",
            "- state docker.service running",
            "+ swap /swapfile",
            "+ iptables ip :DOCKER -",
            "+ iptables ip -A FORWARD -o docker0 -j DOCKER",
            "+ iptables ip -A INPUT -p tcp -m comment --comment \"not for KUBE- or 10.244.0.0/16\" -j ACCEPT",
            "+ iptables ip *nat",
            "+ iptables ip :PREROUTING ACCEPT",
            "+ nft table inet mine",
            "+ nft table ip nat",
            "+ ipset banned",
            "+ ipvs -t 10.0.0.1:80",
            "+ link docker0",
            "+ link br-0123456789ab",
            "+ link veth1234567",
            "+ link tailscale0",
            "+ address docker0 172.17.0.1/16",
            "+ address eth0 10.1.0.99/24",
            "+ route 10.9.0.0/16 via 10.1.0.1 dev eth0",
            "+ route default via 10.1.0.254 dev eth0",
            "+ rule 1000: from all lookup 200",
            // Their docker needs it.
            "- sysctl net.ipv4.ip_forward 0",
            "+ sysctl net.ipv4.ip_forward 1",
            "+ sysctl net.ipv4.conf.eth0.forwarding 1",
            "+ sysctl net.ipv4.conf.docker0.route_localnet 0",
            // Neither as before nor as the cluster sets it.
            "- sysctl vm.overcommit_memory 0",
            "+ sysctl vm.overcommit_memory 2",
            "+ sysctl vm.swappiness 10",
            "+ run /run/netns/blue",
            "+ run /run/netns",
            "+ mount nfs4 /srv/share",
            "+ bpf /sys/fs/bpf/tetragon",
            "+ filter eth0 ingress protocol all pref 100 chain 0 handle 0x1 - -",
            "+ filter cil_0 ingress protocol all pref 100 chain 0 handle 0x1 council_x council_x",
            "+ filter eth0 ingress protocol all pref 1 chain 0 handle 0x1 bpf_host.o:[classifier] -",
            "+ xdp cali_0 xdpgeneric xdp_dispatcher",
            "- hostname a",
        ],
        &entries(),
    );
}

#[test]
fn settings_of_a_link_go_with_the_link() {
    // Also where the owner's docker needs forwarding by now.
    let lines = [
        "+ link docker0",
        "+ link flannel.1",
        "+ sysctl net.ipv4.conf.flannel/1.arp_notify 0",
        "+ sysctl net.ipv4.conf.flannel/1.forwarding 1",
    ];
    assert_eq!(texts(&judged(&lines, &entries()).left), lines[1..]);
    all_owners(&["+ link eth0.5", "+ sysctl net.ipv4.conf.eth0/5.forwarding 1"], &entries());
}

#[test]
fn tables_and_locks_are_whose_the_rules_in_them_are() {
    let of = |lines: &[&str]| {
        let comparison = judged(lines, &entries());
        (comparison.left.len(), comparison.owners.len())
    };
    assert_eq!(of(&["+ iptables ip *nat", "+ iptables ip :KUBE-MARK-MASQ -"]), (2, 0));
    assert_eq!(of(&["+ iptables ip *nat", "+ iptables ip :MINE -"]), (0, 2));
    assert_eq!(of(&["+ iptables ip6 *nat", "+ iptables ip :MINE -"]), (1, 1));
    assert_eq!(of(&["- iptables ip :FORWARD ACCEPT", "+ iptables ip :FORWARD DROP"]), (0, 2));
    assert_eq!(of(&["+ run /run/xtables.lock", "+ iptables ip :MINE -"]), (0, 2));
}

#[test]
fn a_runtime_that_has_an_owner_is_his_but_for_what_kubernetes_has_in_it() {
    let mut entries = entries();
    entries.retain(|entry| !entry.arguments[0].contains("containerd"));
    let store = Entry {
        kind: "store".to_owned(),
        arguments: vec!["/var/lib/containerd".to_owned(), "/run/containerd".to_owned()],
        ..entries[0].clone()
    };
    entries.push(store);
    all_owners(
        &[
            "+ path f 644 0:0 /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs/data",
            "+ run /run/containerd/s",
        ],
        &entries,
    );
    all_left(
        &[
            "+ path d 711 0:0 /var/lib/containerd/io.containerd.runtime.v2.task/k8s.io",
            "+ path d 755 0:0 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/a",
        ],
        &entries,
    );
}

#[test]
fn settings_count_for_what_was_done_here() {
    // A host on which nothing but a file was written: nobody's programs set these.
    let entries: Vec<Entry> = entries().into_iter().filter(|it| it.kind == "file").collect();
    all_owners(&["+ sysctl vm.overcommit_memory 1", "+ sysctl net.ipv4.ip_forward 1"], &entries);
    // The file of that name is bivouac's all the same.
    all_left(&["+ path f 644 0:0 /etc/crictl.yaml"], &entries);
}

#[test]
fn swap_that_was_switched_off_must_be_on_again() {
    let mut with = entries();
    with[0].kind = "swap".to_owned();
    all_left(&["- swap /dev/sda2"], &with);
    all_owners(&["- swap /dev/sda2"], &entries());
}

#[test]
fn noise_is_what_the_list_says_and_what_moved_by_itself_before() {
    let compared = Compared {
        lines: [
            "+ path f 644 0:0 /var/log/syslog.1",
            "+ path d 755 0:0 /var/log/pods",
            "+ tmp /tmp/x",
            "+ route 10.5.0.0/16 via 10.1.0.1 dev eth0 metric 7",
            "+ state flapping.service running",
            "+ state kubelet.service running",
        ]
        .map(str::to_owned)
        .to_vec(),
        restless: [
            "route 10.5.0.0/16 via 10.1.0.1 dev eth0 metric 7",
            "state flapping.service dead",
            "state kubelet.service dead",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..Compared::default()
    };
    let comparison = compare(&compared, &entries(), Vec::new());
    assert_eq!(
        texts(&comparison.left),
        ["+ path d 755 0:0 /var/log/pods", "+ state kubelet.service running"],
        "what is the cluster's is never noise"
    );
    assert!(comparison.owners.is_empty(), "{comparison:?}");
    assert_eq!(comparison.noise.len(), 4);
    assert_eq!(comparison.noise[0].because, "logs");
}

#[test]
fn a_baseline_of_an_earlier_time_has_no_noise_in_it() {
    let lines = ["+ noise -", "+ path f 644 0:0 /var/log/syslog", "+ path d 755 0:0 /var/log/pods"];
    let comparison = judged(&lines, &entries());
    assert!(comparison.left.is_empty() && comparison.noise.is_empty(), "{comparison:?}");
    // What is no noise counts as ever.
    let comparison = judged(&["+ noise -", "+ path d 755 0:0 /etc/kubernetes"], &entries());
    assert_eq!(comparison.left.len(), 1);
}

#[test]
fn what_an_undo_left_alone_is_left() {
    let kept = vec!["/etc/crictl.yaml: it was changed after bivouac wrote it".to_owned()];
    let comparison = compare(&Compared::default(), &entries(), kept);
    let line = "= kept /etc/crictl.yaml: it was changed after bivouac wrote it";
    assert_eq!(texts(&comparison.left), [line]);
    assert!(comparison.left[0].because.contains("by hand"));
}

#[test]
fn every_pattern_can_be_read() {
    for (table, pattern) in names::PATTERNS.iter().chain(noise::PATTERNS) {
        assert!(regex::Regex::new(&format!("^(?:{pattern})$")).is_ok(), "{table}: {pattern}");
    }
}
