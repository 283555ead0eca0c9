//! What any Kubernetes leaves, thing by thing: each entry of the table knows its own and passes over what only looks like it.

mod cases;
mod gaps;
mod healthy;
mod past;

use std::collections::BTreeSet;

use bivouac::host::inventory::Inventory;
use bivouac::host::{Change, Clear};
use bivouac::residue::{self, Judged, Outcome, Past, Whose, Wishes};

/// A host that tells these lines, of which `;` is a tab and `|` ends one.
fn told(lines: &str) -> Inventory {
    let body: String = lines
        .split('|')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| line.replace(';', "\t") + "\n")
        .collect();
    Inventory::parse(&format!("inventory 1\n{body}end\n")).unwrap()
}

fn judged(lines: &str) -> Judged {
    residue::judge(&told(lines), &Wishes::default(), &Past::default())
}

/// What becomes of the things that an entry knows, each as `THING: WORD`.
fn said(judged: &Judged, entry: &str) -> Vec<String> {
    let of = judged.verdicts.iter().filter(|it| it.entry.name == entry);
    of.map(|it| {
        let word = match &it.outcome {
            Outcome::Goes { .. } => "goes",
            Outcome::Stays { whose: Whose::Owner, .. } => "stays",
            Outcome::Stays { whose: Whose::Cluster, .. } => "kept",
            Outcome::Unsure { .. } => "unsure",
            Outcome::Setting { .. } => "setting",
        };
        format!("{}: {word}", it.thing)
    })
    .collect()
}

#[test]
fn every_entry_knows_its_own_and_not_what_looks_like_it() {
    let wrong: Vec<String> = cases::all()
        .filter_map(|case| {
            let said = said(&judged(case.host), case.entry);
            (said != case.says).then(|| {
                format!("{}: {}\n  says {said:?}\n  not  {:?}", case.entry, case.host, case.says)
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Entries that look for nothing: nothing on a host tells of them, and their pages say so.
const BLIND: [&str; 3] = ["Modules", "NodeHostname", "TimeSettings"];

#[test]
fn every_entry_has_a_case_of_its_own_and_a_near_miss() {
    for entry in residue::entries() {
        let of = |goes: bool| {
            cases::all().any(|it| {
                let is = it.says.iter().any(|say| {
                    say.ends_with(": goes") || say.ends_with(": setting") || say.ends_with(": kept")
                });
                it.entry == entry.name && is == goes
            })
        };
        if BLIND.contains(&entry.name) {
            assert!(!of(true) && !of(false), "{} looks for something by now", entry.name);
            assert!(
                entry.paths.is_empty()
                    && entry.units.is_empty()
                    && entry.packages.is_empty()
                    && entry.kinds.is_empty()
            );
            continue;
        }
        let (own, near) = (of(true), of(false));
        // Of these nothing ever goes, and their own are their near misses.
        let never_goes =
            ["OtherTools", "ToolPackages", "OtherRepositories", "Docker", "OpenVswitch", "Unread"];
        assert!(
            own || never_goes.contains(&entry.name),
            "{}: no case in which it knows its own",
            entry.name
        );
        assert!(near, "{}: no near miss", entry.name);
    }
}

#[test]
fn every_class_has_an_entry() {
    let covered: BTreeSet<&str> =
        residue::entries().flat_map(|it| it.classes.iter().copied()).collect();
    // R46 is the look afterwards itself.
    let missing: Vec<String> = (1..=45)
        .map(|n| format!("R{n:02}"))
        .filter(|class| !covered.contains(class.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(covered.iter().all(|class| class.len() == 3 && class.starts_with('R')));
}

#[test]
fn a_host_without_kubernetes_is_clean_whatever_its_owner_has() {
    let own = "path;/etc/cni/net.d;type=d;empty=no|path;/opt/cni/bin/bridge;type=f|network;/etc/cni/net.d/87-podman.conflist;network=podman;plugins=bridge,portmap,;bridge=cni-podman0\
        |chain;iptables-nft nat CNI-HOSTPORT-DNAT|chain;iptables-nft nat CNI-1234|chain;iptables-nft filter DOCKER|chain;iptables-nft filter MINE\
        |rule;iptables-nft nat -A POSTROUTING -m comment --comment \"name: \\\"podman\\\" id: \\\"ab\\\"\" -j CNI-1234\
        |link;docker0;type=bridge|link;lxcbr0;type=bridge|link;dummy0;type=dummy|link;br-1;type=bridge|set;f2b-sshd|server;-t 10.0.0.9:80\
        |netns;vpn|namespace;moby;containers=1;images=2|namespace;default;containers=0;images=1|unit;containerd.service;load=loaded;enabled=enabled;active=active\
        |package;containerd.io;manager=apt;version=1|package;docker-ce;manager=apt;version=1|path;/var/lib/containerd;type=d;empty=no;mounts=3|path;/usr/bin/containerd;type=f|owner;/usr/bin/containerd;package=containerd.io\
        |setting;net.ipv4.ip_forward;now=1;file=;set=|line;hosts;file=/etc/hosts;number=7;text=10.0.0.9 my-worker-1|fact;os;value=debian \
        |path;/usr/local/bin/kubectl;type=f|path;/root/.kube/cache;type=d;empty=no|path;/var/lib/rook;type=d;empty=yes|container;ab;name=web;kubernetes=no|route;4 10.9.0.0/24 via 10.0.0.1 dev eth0 proto static";
    let judged = judged(own);
    let residue: Vec<String> =
        judged.residue().map(|it| format!("{} {}", it.entry.name, it.thing)).collect();
    assert_eq!(residue, Vec::<String>::new());
    assert_eq!(judged.installers, []);
    assert_eq!(residue::removals(&judged, &Wishes { defaults: true, ..Wishes::default() }), []);
}

#[test]
fn a_hostile_name_is_handed_to_no_command() {
    let judged = judged(
        "path;/etc/kubernetes/manifests/\\x0a; reboot.yaml;type=f|netns;cni-\\x0a345678-1234-1234-1234-123456789012|set;KUBE-\\x1b[2J\
         |chain;iptables-nft nat KUBE-\\xff|link;flannel.1;type=vxlan|path;/opt/cni/bin/calico\\x0a;type=f|path;/opt/cni/bin/-rf;type=f|path;/var/lib/kubelet;type=d;empty=no",
    );
    let words: Vec<String> = residue::removals(&judged, &Wishes::default())
        .into_iter()
        .flat_map(|(_, removal)| removal.words)
        .collect();
    assert_eq!(words, ["flannel.1", "/var/lib/kubelet"]);
    let text = bivouac::report::residue_text(
        &[("h1".to_owned(), Ok(judged))],
        true,
        bivouac::report::Style::default(),
    );
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn what_goes_goes_in_an_order_that_takes_nothing_from_under_others() {
    let judged = judged(cases::KUBEADM);
    let removals = residue::removals(&judged, &Wishes::default());
    let order: Vec<Clear> = removals.iter().map(|(_, removal)| removal.clear).collect();
    let place = |clear: Clear| {
        order
            .iter()
            .position(|it| *it == clear)
            .unwrap_or_else(|| panic!("no {clear:?} in {order:?}"))
    };
    for (first, then) in [
        (Clear::Units, Clear::Pods),
        (Clear::Pods, Clear::Chains),
        (Clear::Chains, Clear::Sets),
        (Clear::Sets, Clear::Links),
        (Clear::Links, Clear::Tree),
        (Clear::Tree, Clear::Packages),
        (Clear::Packages, Clear::Programs),
        (Clear::Programs, Clear::Hollow),
    ] {
        assert!(place(first) < place(then), "{first:?} before {then:?}: {order:?}");
    }
    // Manifests first of all: a kubelet that comes back starts nothing.
    assert_eq!(removals[0].1.words, ["/etc/kubernetes/manifests/etcd.yaml"]);
    let chains: Vec<&Vec<String>> = removals
        .iter()
        .filter(|(_, it)| it.clear == Clear::Chains)
        .map(|(_, it)| &it.words)
        .collect();
    assert_eq!(
        chains,
        [&["iptables-nft", "nat KUBE-SERVICES", "filter KUBE-FIREWALL"]
            .map(str::to_owned)
            .to_vec()]
    );
    let Change::Clear { what, words } = removals[0].1.change() else { panic!() };
    assert_eq!((what, words.len()), (Clear::Files, 1));
}

#[test]
fn a_wish_takes_what_it_names_and_nothing_else() {
    let host = "path;/var/lib/longhorn;type=d;empty=no|path;/var/lib/rook;type=d;empty=no|path;/var/lib/etcd/member;type=d;empty=no|unit;etcd.service;load=loaded;enabled=enabled;active=active|path;/var/lib/kubelet;type=d";
    let going = |also: &[&str]| -> Vec<String> {
        let wishes =
            Wishes { also: also.iter().map(|it| (*it).to_owned()).collect(), ..Wishes::default() };
        residue::judge(&told(host), &wishes, &Past::default())
            .going()
            .map(|it| it.thing.clone())
            .collect()
    };
    assert_eq!(going(&[]), ["/var/lib/kubelet"]);
    assert_eq!(going(&["/var/lib/rook"]), ["/var/lib/kubelet", "/var/lib/rook"]);
    assert_eq!(going(&["/"]), ["/var/lib/kubelet"]);
    assert_eq!(
        going(&["etcd.service"]),
        ["unit etcd.service", "/var/lib/kubelet", "/var/lib/etcd/member"]
    );
}

/// What a wipe of a host that told these lines writes down before it begins.
fn past_of(lines: &str) -> Past {
    let judged = judged(lines);
    let removals = residue::removals(&judged, &Wishes::default());
    let plan = residue::plan(&removals, &judged).change();
    let Change::Clear { what, words } = plan else { panic!() };
    Past::of(&[planned(what, words)])
}

/// The entry of a wipe's plan.
fn planned(what: Clear, words: Vec<String>) -> bivouac::host::Entry {
    let mut arguments = vec![what.name().to_owned()];
    arguments.extend(words);
    bivouac::host::Entry {
        seq: 1,
        run: "r".to_owned(),
        step: "plan".to_owned(),
        kind: "clear".to_owned(),
        arguments,
        before: Vec::new(),
        state: bivouac::host::State::Done,
    }
}

#[test]
fn what_is_in_doubt_is_named_with_its_command() {
    let host = "path;/var/lib/kubelet;type=d|range;10.244.0.0/16;of=pods;from=manifest|link;eth0;type=;addresses=192.168.7.9/24 |range;10.9.0.0/16;of=pods;from=manifest|link;vx7;type=vxlan;addresses=10.9.3.0/32 \
        |route;4 10.244.1.0/24 via 192.168.7.8 dev eth0|route;4 blackhole 10.244.3.64/26 proto bird|policy;4 512: from all to 10.244.1.7 lookup main|address;10.244.3.7/32 eth0;file=;way-in=no;known=yes";
    let judged = judged(host);
    for command in [
        "`ip -4 route del 10.244.1.0/24 via 192.168.7.8 dev eth0`",
        "`ip -4 route del blackhole 10.244.3.64/26 proto bird`",
        "`ip -4 rule del priority 512`",
        "`ip -4 addr del 10.244.3.7/32 dev eth0`",
        "`ip link del dev vx7`",
    ] {
        let names = |it: &&residue::Verdict| matches!(&it.outcome, Outcome::Unsure { unknown, .. } if unknown.contains(command));
        assert_eq!(
            judged.verdicts.iter().filter(names).count(),
            1,
            "{command}: {:?}",
            judged.verdicts
        );
    }
    assert_eq!(residue::removals(&judged, &Wishes::default()).len(), 1);
}

#[test]
fn where_the_login_comes_from_is_reached_as_before() {
    let host = |peer: &str| {
        let host = "path;/var/lib/kubelet;type=d|path;/var/lib/calico;type=d|range;10.244.0.0/16;of=pods;from=manifest|link;eth0;type=;addresses=192.168.7.9/24 |route;4 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird";
        said(&judged(&format!("{host}|fact;peer;value={peer}")), "Routes").concat()
    };
    assert_eq!(
        host("192.168.7.1"),
        "route 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird: goes"
    );
    for peer in ["10.244.9.7", ""] {
        assert_eq!(
            host(peer),
            "route 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird: unsure",
            "{peer}"
        );
    }
    // A link-local address is on its own link, and leads by no route. Whatever link it is, and whoever set it.
    assert_eq!(
        host("fe80::1%eth0"),
        "route 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird: goes"
    );
    let tunnel = "path;/var/lib/kubelet;type=d|fact;peer;value=10.244.9.7|route;4 10.244.9.0/26 via 192.168.7.8 dev vxlan.calico proto bird";
    assert_eq!(
        said(&judged(tunnel), "Routes"),
        ["route 10.244.9.0/26 via 192.168.7.8 dev vxlan.calico proto bird: unsure"]
    );
}

#[test]
fn of_what_cilium_put_aside_only_others_get_their_names_back() {
    let host = "path;/var/lib/kubelet;type=d|path;/etc/cni/net.d/10-flannel.conflist.cilium_bak;type=f|network;/etc/cni/net.d/10-flannel.conflist.cilium_bak;network=cbr0;plugins=flannel,\
        |path;/etc/cni/net.d/87-podman.conflist.cilium_bak;type=f|network;/etc/cni/net.d/87-podman.conflist.cilium_bak;network=podman;plugins=bridge,";
    let of = |clear: Clear| -> Vec<String> {
        let removals = residue::removals(&judged(host), &Wishes::default());
        removals
            .into_iter()
            .filter(|(_, it)| it.clear == clear)
            .flat_map(|(_, it)| it.words)
            .collect()
    };
    assert_eq!(of(Clear::Files), ["/etc/cni/net.d/10-flannel.conflist.cilium_bak"]);
    assert_eq!(
        of(Clear::Rename),
        ["/etc/cni/net.d/87-podman.conflist.cilium_bak", "/etc/cni/net.d/87-podman.conflist"]
    );
}

#[test]
fn only_what_still_goes_is_taken_away() {
    let lines = "path;/var/lib/kubelet;type=d|path;/etc/kubernetes;type=d;empty=no|path;/etc/cni/net.d/x.cilium_bak;type=f|path;/usr/local/bin/kubelet;type=f|path;/usr/local/bin/kubeadm;type=f|chain;iptables-nft nat KUBE-A|chain;iptables-nft nat KUBE-B|link;cni0;type=bridge";
    let removals = |lines: &str| residue::removals(&judged(lines), &Wishes::default());
    let planned = removals(lines);
    assert_eq!(residue::still(&planned, &removals(lines)), planned);
    // Another kubelet came with a package, the network's bridge is podman's, and a chain has gone by itself.
    let now = "path;/var/lib/kubelet;type=d;mount=remote|path;/etc/kubernetes;type=d;empty=no|path;/etc/cni/net.d/x.cilium_bak;type=f|path;/usr/local/bin/kubelet;type=f|owner;/usr/local/bin/kubelet;package=mine|path;/usr/local/bin/kubeadm;type=f|chain;iptables-nft nat KUBE-B|link;cni0;type=bridge\
         |network;/etc/cni/net.d/87-podman.conflist;network=podman;bridge=cni0|link;flannel.1;type=vxlan";
    let left: Vec<String> = residue::still(&planned, &removals(now))
        .into_iter()
        .map(|(_, it)| format!("{} {}", it.clear.name(), it.words.join(",")))
        .collect();
    assert_eq!(
        left,
        [
            "chains iptables-nft,nat KUBE-B",
            "files /etc/kubernetes",
            "programs /usr/local/bin/kubeadm",
            "rename /etc/cni/net.d/x.cilium_bak,/etc/cni/net.d/x",
        ]
    );
}

#[test]
fn what_was_known_before_is_known_afterwards() {
    let config = "path;/root/.kube/config;type=f;words=kubeconfig;servers=https://127.0.0.1:7443 ;contexts=1";
    let before = judged(&format!(
        "path;/var/lib/kubelet/config.yaml;type=f|fact;server;value=https://10.0.0.1:6443 |{config}"
    ));
    assert_eq!(said(&before, "Kubeconfigs"), ["/root/.kube/config: stays"]);
    // Nothing says any more which server was this cluster's.
    let after = judged(&format!("chain;iptables-nft nat KUBE-X|{config}"));
    assert_eq!(said(&after, "Kubeconfigs"), ["/root/.kube/config: unsure"]);
    let after = after.after(&before, &Wishes::default());
    assert_eq!(said(&after, "Kubeconfigs"), ["/root/.kube/config: stays"]);
    assert_eq!(after.residue().count(), 1);
}

#[test]
fn programs_go_before_what_they_need_and_mounts_behind_links() {
    let judged = judged(
        "path;/var/lib/kubelet;type=d|path;/run/cilium;type=d|chain;iptables-nft nat CILIUM_PRE|link;cilium_host;type=veth\
         |pin;/sys/fs/bpf/cilium;pins=4|xdp;eth0 xdpdrv cil_xdp_entry;link=eth0;program=cil_xdp_entry;id=7|mount;/run/cilium/cgroupv2;type=cgroup2\
         |attached;cgroup_inet4_connect cil_sock4_conne id 9;program=cil_sock4_conne|process;containerd-shim;pid=7;namespace=k8s.io;pods=no\
         |filter;eth0 ingress protocol all pref 1 chain 0 handle 0x1 cil_x -;link=eth0;label=cil_x;program=-",
    );
    let removals = residue::removals(&judged, &Wishes::default());
    let order: Vec<Clear> = removals.iter().map(|(_, removal)| removal.clear).collect();
    let wanted = [
        Clear::Pods,
        Clear::Filters,
        Clear::Xdp,
        Clear::Attached,
        Clear::Pins,
        Clear::Chains,
        Clear::Links,
        Clear::Mounts,
    ];
    let order: Vec<Clear> = order.into_iter().filter(|it| wanted.contains(it)).collect();
    assert_eq!(order, wanted);
}

#[test]
fn forwarding_stays_where_others_need_it() {
    let host = "path;/var/lib/kubelet;type=d|setting;net.ipv4.ip_forward;now=1;file=;set=|setting;net.ipv6.conf.all.forwarding;now=1;file=;set=|setting;vm.overcommit_memory;now=1;file=;set=";
    let wishes = Wishes { defaults: true, ..Wishes::default() };
    let written = |host: &str| -> Vec<String> {
        let judged = residue::judge(&told(host), &wishes, &Past::default());
        assert_eq!(said(&judged, "Sysctls").len(), 3);
        let removals = residue::removals(&judged, &wishes).into_iter();
        removals.filter(|(_, it)| it.clear == Clear::Sysctls).flat_map(|(_, it)| it.words).collect()
    };
    assert_eq!(written(&format!("{host}|link;tunl0;type=ipip|link;brx;type=bridge")).len(), 3);
    for link in [
        "docker0",
        "br-0a1b",
        "virbr0",
        "lxdbr0",
        "incusbr0",
        "podman1",
        "tailscale0",
        "wg0",
        "tun0",
    ] {
        assert_eq!(
            written(&format!("{host}|link;{link};type=bridge")),
            ["vm.overcommit_memory=0"],
            "{link}"
        );
    }
}

#[test]
fn a_disk_that_was_emptied_is_no_residue() {
    // In /etc/fstab, mounted by hand, and what the kubelet bound onto itself.
    for (mount, then) in [("fstab", "stays"), ("other", "stays"), ("self", "goes")] {
        let seen = |empty: &str| {
            judged(&format!("path;/var/lib/kubelet;type=d;empty={empty};mount={mount};kept=0"))
        };
        assert_eq!(said(&seen("no"), "KubeletState"), ["/var/lib/kubelet: goes"]);
        let emptied = seen("yes").after(&seen("no"), &Wishes::default());
        assert_eq!(said(&emptied, "KubeletState"), [format!("/var/lib/kubelet: {then}")]);
    }
}

#[test]
fn a_place_in_which_only_the_owners_files_are_left_is_no_residue() {
    let seen = |own: u8| {
        judged(&format!(
            "path;/var/lib/kubelet;type=d|place;/data/kubelet;of=kubelet;from=the option;type=d;empty=no;own={own};signed=yes;denied="
        ))
    };
    let place = |judged: &Judged| said(judged, "DataElsewhere");
    assert_eq!(place(&seen(4)), ["/data/kubelet: goes"]);
    assert_eq!(place(&seen(0).after(&seen(4), &Wishes::default())), ["/data/kubelet: stays"]);
    // It did not work, or nothing of it was to go.
    assert_eq!(place(&seen(1).after(&seen(4), &Wishes::default())), ["/data/kubelet: goes"]);
    assert_eq!(place(&seen(0).after(&seen(0), &Wishes::default())), ["/data/kubelet: unsure"]);
}

#[test]
fn installers_are_named_by_what_only_they_leave() {
    for (host, expected) in [
        ("path;/etc/kubernetes/kubelet.conf;type=f", "kubeadm, by hand"),
        ("package;kubeadm;manager=apt;version=1", "kubeadm, by hand"),
        (
            "path;/etc/systemd/journald.conf.d/99-prophet.conf;type=f|path;/etc/kubernetes/kubelet.conf;type=f",
            "kainstall",
        ),
        (
            "line;block;file=/etc/security/limits.conf;number=9;text=## Kainstall managed start",
            "kainstall",
        ),
        ("path;/etc/kubernetes/kubelet.env;type=f", "kubespray"),
        ("path;/etc/image-cri-shim.yaml;type=f", "sealos"),
        ("line;hosts;file=/etc/hosts;number=4;text=# kubekey hosts BEGIN", "kubekey"),
        ("path;/usr/local/bin/kube-scripts;type=d", "kubekey"),
        ("path;/var/lib/rancher/k3s;type=d", "k3s"),
        ("path;/etc/rancher/rke2;type=d", "RKE2"),
        ("path;/etc/k0s;type=d", "k0s"),
        ("container;ab;name=etcd;kubernetes=rke", "RKE1"),
        ("path;/opt/kube/bin;type=d", "kubeasz"),
        ("path;/etc/kubeone;type=d", "KubeOne"),
        ("path;/snap/microk8s;type=d", "MicroK8s"),
        ("path;/var/snap/k8s;type=d", "Canonical Kubernetes"),
    ] {
        let names: Vec<&str> = judged(host).installers.iter().map(|it| it.name()).collect();
        assert_eq!(names, [expected], "{host}");
    }
}

/// The text of the shell half: the last line of defence must know every place that the table may remove by its path.
const CLEAR: &str = include_str!("../../src/host/kind/clear.sh");
const FILES: &str = include_str!("../../src/host/kind/clear/files.sh");

fn allowed(path: &str) -> bool {
    let script = format!("bv_die() {{ exit 1; }}\n{CLEAR}\n{FILES}\nbv_clear_hollow_allows \"$1\"");
    let status =
        std::process::Command::new("sh").args(["-c", &script, "sh", path]).status().unwrap();
    status.success()
}

#[test]
fn the_shell_half_removes_below_paths_of_the_table_only() {
    // What is only looked at.
    let looked_at = ["Snaps", "BalancerConfig", "OtherTools", "OtherRepositories", "OpenVswitch"];
    for entry in residue::entries().filter(|it| !looked_at.contains(&it.name)) {
        for path in entry.paths {
            assert!(allowed(&path.replace('*', "x")), "{}: {path}", entry.name);
        }
    }
    for path in [
        "/",
        "//",
        "/etc",
        "/etc/",
        "/var",
        "/var/lib",
        "/root",
        "/home",
        "/usr",
        "/usr/bin",
        "/opt",
        "/etc/hosts",
        "/etc/fstab",
        "/etc/passwd",
        "/etc/ssh/sshd_config",
        "/root/.ssh",
        "/boot/vmlinuz",
        "/var/lib/kubelet/../dpkg",
        "/etc/kubernetes/../../etc",
        "/var/lib/docker",
        "/var/lib/containers",
        "/etc/systemd/system",
        "/etc/sysctl.d",
        "/etc/default",
        "/var/lib/rancher-data/x",
        "relative",
        "-rf",
        "",
        "/etc/nginx",
        "/etc/openvswitch",
        "/data",
    ] {
        assert!(!allowed(path), "{path}");
    }
}

/// Why the shell half removes nothing there.
fn denies(of: &str, path: &str) -> String {
    const ELSEWHERE: &str = include_str!("../../src/host/kind/clear/elsewhere.sh");
    let people = "root:x:0:0::/root:/bin/sh\nops:x:1000:1000::/home/ops:/bin/sh\ndata:x:1001:1::/srv/people/data/:/bin/sh\nnobody:x:65534:1::/nonexistent:/bin/sh\nwww:x:33:33::/var/www:/bin/sh";
    let script = format!(
        "bv_die() {{ exit 1; }}\ngetent() {{ printf '{people}\n'; }}\nbv_mounts_all() {{ :; }}\nbv_clear_disk() {{ :; }}\n{ELSEWHERE}\nbv_elsewhere_denies \"$1\" \"$2\""
    );
    let output =
        std::process::Command::new("sh").args(["-c", &script, "sh", of, path]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{path}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_place_that_only_a_configuration_names_is_never_one_of_the_systems_or_of_people() {
    for path in [
        "/data/etcd",
        "/srv/k3s",
        "/opt/k8s/kubelet",
        "/mnt/disk1/etcd",
        "/var/lib/my-etcd",
        "/run/my",
        "/var/www/x",
    ] {
        assert_eq!((path, denies("etcd", path)), (path, String::new()));
        assert_eq!((path, denies("all", path)), (path, String::new()));
    }
    for path in [
        "/",
        "//",
        "",
        "relative",
        "/etc",
        "/etc/etcd",
        "/usr",
        "/usr/local/lib/x",
        "/bin/x",
        "/boot/x",
        "/dev/sda",
        "/proc/1",
        "/sys/x",
        "/home",
        "/home/ops",
        "/home/ops/etcd",
        "/root",
        "/root/x",
        "/srv",
        "/srv/people",
        "/srv/people/data",
        "/srv/people/data/x",
        "/var",
        "/var/lib",
        "/var/lib/dpkg",
        "/var/lib/rpm/x",
        "/var/lib/docker",
        "/var/lib/postgresql/15",
        "/var/lib/bivouac",
        "/var/log",
        "/opt",
        "/mnt",
        "/tmp",
        "/run",
        "/run/systemd/x",
        "/data/../etc",
        "/data/./x",
        "/data//x",
        "/data/a\nb",
    ] {
        for of in ["etcd", "all"] {
            assert_ne!((of, path, denies(of, path)), (of, path, String::new()));
        }
    }
    // Names that a program gives are anybody's at the top.
    assert_ne!(denies("all", "/data"), "");
    assert_eq!(denies("etcd", "/data"), "it is at the top of the file system");
    // A link, and what lies behind one.
    let scratch = tempfile::tempdir().unwrap();
    let top = scratch.path().canonicalize().unwrap();
    std::fs::create_dir_all(top.join("real/etcd")).unwrap();
    std::os::unix::fs::symlink(top.join("real"), top.join("link")).unwrap();
    assert_eq!(denies("etcd", top.join("real/etcd").to_str().unwrap()), "");
    assert_eq!(denies("etcd", top.join("link").to_str().unwrap()), "a link leads there");
    assert_eq!(denies("etcd", top.join("link/etcd").to_str().unwrap()), "a link leads there");
}

#[test]
fn what_is_judged_to_go_by_its_path_may_go_by_its_path() {
    for case in cases::all() {
        // With every thing that stays named on the command line as well.
        let names = judged(case.host).verdicts.into_iter().map(|it| it.thing);
        let wishes = Wishes { defaults: true, also: names.chain(["cri-o".to_owned()]).collect() };
        let judged = residue::judge(&told(case.host), &wishes, &Past::default());
        for (entry, removal) in residue::removals(&judged, &wishes) {
            let by_path = matches!(
                removal.clear,
                Clear::Files
                    | Clear::Programs
                    | Clear::Symlinks
                    | Clear::Tree
                    | Clear::Hollow
                    | Clear::Authorities
                    | Clear::Rename
            );
            for path in removal.words.iter().filter(|_| by_path) {
                assert!(allowed(path), "{entry}: {path} is judged to go, and refused on the host");
            }
            if removal.clear == Clear::Elsewhere {
                let [of, path] = removal.words.as_slice() else { panic!("{removal:?}") };
                assert_eq!((path, denies(of, path)), (path, String::new()));
            }
        }
    }
}

#[test]
fn places_are_known_after_what_named_them_has_gone() {
    let host = "path;/var/lib/kubelet;type=d|place;/data/etcd;of=etcd;from=the manifest;type=d;empty=no;own=1;signed=yes;denied=|hostpath;/srv/web;of=-;from=default/web;type=d;empty=no;denied=";
    let before = judged(host);
    let plan = residue::plan(&residue::removals(&before, &Wishes::default()), &before);
    let Change::Clear { what, words } = plan.change() else { panic!() };
    let past = Past::of(&[planned(what, words)]);
    let named = residue::wanted(&past).named;
    let words: Vec<String> = named.iter().map(|it| it.words().join(" ")).collect();
    assert_eq!(words, ["hostpath - /srv/web default/web", "place etcd /data/etcd the manifest"]);
    assert_eq!(residue::wanted(&Past::default()).named, []);
    // A wipe that was cut off goes on with it.
    let again = residue::judge(&told(&host.replace("the manifest", "")), &Wishes::default(), &past);
    assert_eq!(said(&again, "DataElsewhere"), ["/data/etcd: goes"]);
    assert_eq!(said(&again, "PodPaths"), ["/srv/web: kept"]);
}

#[test]
fn an_etcd_service_that_is_named_goes_with_its_own_and_is_done_then() {
    const UNIT: &str = "path;/etc/systemd/system/etcd.service;type=f|path;/usr/local/bin/etcd;type=f|path;/usr/local/bin/etcdctl;type=f|path;/var/lib/etcd/member;type=d;empty=no|unit;etcd.service;load=loaded;program=/usr/local/bin/etcd;";
    let says = |host: &str| -> Vec<String> {
        let also = std::iter::once("etcd.service".to_owned()).collect();
        let wishes = Wishes { also, ..Wishes::default() };
        let judged = residue::judge(&told(host), &wishes, &Past::default());
        let said = judged.going().map(|it| match &it.outcome {
            residue::Outcome::Goes { proof, .. } => format!("{}: {proof}", it.thing),
            _ => unreachable!(),
        });
        said.collect()
    };
    let named = "its service is named on the command line";
    let mut all = says(&format!("{UNIT}enabled=enabled;active=active"));
    all.sort();
    let files = [
        format!("/etc/systemd/system/etcd.service: {named}"),
        format!("/usr/local/bin/etcd: {named}"),
        format!("/var/lib/etcd/member: {named}"),
    ];
    assert_eq!(all[..3], files);
    assert_eq!(all[3..], ["unit etcd.service: named on the command line"]);
    // Stopped and switched off, as one of a package's stays.
    assert_eq!(says("unit;etcd.service;load=loaded;enabled=disabled;active=inactive"), [""; 0]);
    // Another program of this name, and data without a service.
    let other = "path;/usr/local/bin/etcd;type=f|unit;etcd.service;load=loaded;program=/usr/bin/etcd;enabled=disabled;active=inactive";
    assert_eq!(says(other), [""; 0]);
    assert_eq!(says("path;/var/lib/etcd/member;type=d;empty=no"), [""; 0]);
}

#[test]
fn a_path_that_pods_had_goes_only_where_it_is_named() {
    let host = "path;/var/lib/kubelet;type=d|hostpath;/srv/web;of=-;from=default/web;type=d;empty=no;denied=|hostpath;/home/ops;of=-;from=default/web;type=d;denied=a home|place;/data/etcd;of=etcd-service;from=u;type=d;empty=no;own=1;signed=yes;denied=|unit;etcd.service;load=loaded;enabled=enabled;active=active";
    let going = |also: &[&str]| -> Vec<String> {
        let wishes =
            Wishes { also: also.iter().map(|it| (*it).to_owned()).collect(), ..Wishes::default() };
        let judged = residue::judge(&told(host), &wishes, &Past::default());
        let removals = residue::removals(&judged, &wishes).into_iter();
        removals
            .filter(|(_, it)| it.clear == Clear::Elsewhere)
            .map(|(_, it)| it.words.join(" "))
            .collect()
    };
    assert_eq!(going(&[]), [""; 0]);
    assert_eq!(going(&["/srv"]), [""; 0]);
    assert_eq!(going(&["/srv/web"]), ["all /srv/web"]);
    assert_eq!(going(&["/home/ops"]), [""; 0]);
    // From under a service that runs nothing is taken.
    assert_eq!(going(&["/data/etcd"]), [""; 0]);
    assert_eq!(going(&["etcd.service"]), ["etcd-service /data/etcd"]);
}

#[test]
fn what_nobody_calls_kubernetes_is_named_where_it_is_asked_for() {
    let host = "link;br-mine;type=bridge|link;flannel.1;type=vxlan|netns;vpn|path;/usr/bin/podman;type=f|fact;os;value=debian |setting;vm.swappiness;now=60|line;hosts;file=/etc/hosts;number=3;text=10.0.0.9 x|link;\\x1b[2J;type=dummy";
    let judged = judged(host);
    assert_eq!(
        judged.passed_over,
        ["/usr/bin/podman", "link \\x1b[2J", "link br-mine", "network namespace vpn"]
    );
    let text = bivouac::report::residue_ignored(&[("h1".to_owned(), Ok(judged))]);
    assert!(
        text.contains("h1: 4 things there that nothing calls Kubernetes'\n  /usr/bin/podman\n")
    );
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    // What no look can tell is named with its reason.
    assert!(text.contains("the host's name, which installers set: not at all"), "{text}");
}

#[test]
fn while_a_snap_of_a_kubernetes_is_there_nothing_is_taken_from_under_it() {
    let host = format!("path;/snap/microk8s;type=d;empty=no|{}", cases::KUBEADM);
    let wishes = Wishes { defaults: true, also: ["/var/lib/kubelet".to_owned()].into() };
    let judged = residue::judge(&told(&host), &wishes, &Past::default());
    let removals = residue::removals(&judged, &wishes);
    assert_eq!(removals, [], "{removals:?}");
    assert!(judged.residue().any(|it| it.thing == "/snap/microk8s"));
    let text = bivouac::report::residue_text(
        &[("h1".to_owned(), Ok(judged))],
        true,
        bivouac::report::Style::default(),
    );
    assert!(text.contains("snap remove --purge microk8s"), "{text}");
}

#[test]
fn a_setting_that_nobody_put_back_is_not_called_restored() {
    let host = "path;/var/lib/kubelet;type=d|setting;vm.overcommit_memory;now=1;file=;set=|unit;firewalld.service;load=loaded;enabled=disabled;active=inactive";
    let before = judged(host);
    // After the wipe nothing says that there was a Kubernetes, so nobody's settings are asked about.
    let now = || judged("setting;vm.overcommit_memory;now=1;file=;set=");
    let settings = |defaults: bool| {
        let after = now().after(&before, &Wishes { defaults, ..Wishes::default() });
        assert_eq!(after.residue().count(), 0);
        after.verdicts.iter().map(|it| it.entry.name).collect::<Vec<_>>()
    };
    assert_eq!(settings(false), ["Sysctls", "FirewallService"]);
    // What only its owner can put back is as it was, whatever was asked for.
    assert_eq!(settings(true), ["FirewallService"]);
}

#[test]
fn what_the_owner_set_before_an_installer_comes_back_not_the_kernels_own() {
    let host = "path;/var/lib/kubelet;type=d|setting;vm.swappiness;now=0;file=/etc/sysctl.d/99-kube.conf;set=0;own=/etc/sysctl.d/10-mine.conf;owned=10|setting;vm.overcommit_memory;now=1;file=/etc/sysctl.d/99-kube.conf;set=1;own=;owned=";
    let wishes = Wishes { defaults: true, ..Wishes::default() };
    let judged = residue::judge(&told(host), &wishes, &Past::default());
    let written: Vec<String> = residue::removals(&judged, &wishes)
        .into_iter()
        .filter(|(_, it)| it.clear == Clear::Sysctls)
        .flat_map(|(_, it)| it.words)
        .collect();
    assert_eq!(written, ["vm.swappiness=10", "vm.overcommit_memory=0"]);
}

#[test]
fn what_a_change_takes_is_told_thing_by_thing() {
    let lines = "path;/var/lib/kubelet;type=d|chain;iptables-nft nat KUBE-A|chain;iptables-nft nat KUBE-B|chain;ip6tables-nft nat KUBE-A|link;cni0;type=bridge|unit;kubelet.service;load=loaded;enabled=enabled;active=active";
    let judged = judged(lines);
    let removals = residue::removals(&judged, &Wishes::default());
    let mut told: Vec<String> = removals
        .iter()
        .flat_map(|(_, it)| residue::taken_by(&judged, it))
        .map(|it| it.thing.clone())
        .collect();
    let mut going: Vec<String> = judged.going().map(|it| it.thing.clone()).collect();
    told.sort();
    going.sort();
    assert_eq!(told, going);
}

#[test]
fn what_an_earlier_wipe_took_is_told_by_the_journal() {
    use bivouac::event::How;
    use bivouac::host::{Entry, State};
    let entry = |seq, step: &str, arguments: &[&str], state| Entry {
        seq,
        run: "r1".to_owned(),
        step: step.to_owned(),
        kind: "clear".to_owned(),
        arguments: arguments.iter().map(|it| (*it).to_owned()).collect(),
        before: Vec::new(),
        state,
    };
    let journal = [
        entry(
            1,
            "wipe: what it is about to take away",
            &["plan", "[\"units\",\"a\"]"],
            State::Done,
        ),
        entry(2, "Kubelet: units kubelet.service", &["units", "kubelet.service"], State::Done),
        entry(3, "Chains: chains", &["chains", "iptables-nft", "nat KUBE-A"], State::Started),
        entry(4, "Shared: hollow", &["hollow", "/etc/cni"], State::Done),
        entry(5, "Chains: chains", &["chains", "iptables-nft", "nat KUBE-A"], State::Done),
    ];
    let told: Vec<(String, How)> =
        residue::earlier(&journal).into_iter().map(|it| (it.thing, it.how)).collect();
    let expected = [
        ("unit kubelet.service", How::Done),
        ("/etc/cni", How::IfEmpty),
        ("chain iptables-nft nat KUBE-A", How::Done),
    ];
    assert_eq!(told, expected.map(|(thing, how)| (thing.to_owned(), how)));
}

#[test]
fn what_nothing_is_known_of_goes_with_the_directory_that_it_is_in() {
    let host = "path;/etc/kubernetes;type=d;empty=no|path;/etc/kubernetes/manifests/a\\x0ab.yaml;type=f;garbled=yes";
    let judged = judged(host);
    let of = judged.verdicts.iter().filter(|it| matches!(it.outcome, Outcome::Unsure { .. }));
    assert_eq!(of.map(|it| it.thing.as_str()).collect::<Vec<_>>(), [""; 0]);
    assert!(judged.going().any(|it| it.thing == "/etc/kubernetes"));
}
