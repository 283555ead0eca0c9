//! What a wipe that was cut off had found out, and what the next one makes of it.

use super::*;

#[test]
fn a_wipe_that_was_cut_off_is_known_by_what_it_had_found_out() {
    let half = "path;/usr/local/bin/kubelet;type=f|path;/etc/cni;type=d;empty=yes|link;cni0;type=bridge|netns;cni-01234567-89ab-cdef-0123-456789abcdef|path;/etc/kubernetes2;type=d|network;/etc/cni/net.d/10-b.conflist;network=b;plugins=bridge,";
    let whole = format!(
        "path;/var/lib/kubelet/config.yaml;type=f|attachment;/var/lib/cni/results/b-2-eth0;pod=yes;network=b;id=2|{half}"
    );
    let going = |judged: &Judged| judged.going().map(|it| it.thing.clone()).collect::<Vec<_>>();
    let past = past_of(&whole);
    let again = residue::judge(&told(half), &Wishes::default(), &past);
    assert_eq!(going(&again).len(), 5, "{:?}", again.verdicts);
    assert_eq!(again.residue().count(), 5);
    // Without it half of them could not be told from anybody's.
    assert!(going(&judged(half)).len() < 5);
    assert_eq!(Past::of(&[]), Past::default());
}

#[test]
fn past_is_no_match_for_an_owner_who_came_since() {
    let runtime = "path;/usr/bin/containerd;type=f|path;/var/lib/containerd;type=d;empty=no|package;containerd.io;manager=apt;version=1";
    let past = past_of(&format!(
        "path;/var/lib/kubelet;type=d|namespace;k8s.io|fact;kubelet-runtime;value=containerd.sock|{runtime}"
    ));
    let again = |lines: &str| {
        let judged = residue::judge(&told(lines), &Wishes::default(), &past);
        ["ContainerdPackages", "ContainerdStore"].map(|entry| said(&judged, entry).concat())
    };
    // Nothing says any more whose it was, but the plan.
    assert_eq!(again(runtime), ["package containerd.io 1: goes", "/var/lib/containerd: goes"]);
    for own in [
        "namespace;moby",
        "package;docker-ce;manager=apt;version=1",
        "path;/usr/bin/dockerd;type=f",
    ] {
        assert_eq!(
            again(&format!("{own}|{runtime}")),
            ["package containerd.io 1: stays", "/var/lib/containerd: stays"],
            "{own}"
        );
    }
}

#[test]
fn past_is_what_turns_doubt_into_knowledge() {
    let past = past_of("path;/var/lib/kubelet;type=d|link;cni0;type=bridge");
    let judged = residue::judge(&told("link;cni0;type=dummy"), &Wishes::default(), &past);
    assert_eq!(said(&judged, "Links"), ["link cni0: goes"]);
    let own = "link;cni0;type=bridge|network;/etc/cni/net.d/87-podman.conflist;network=podman;plugins=bridge,;bridge=cni0";
    let judged = residue::judge(&told(own), &Wishes::default(), &past);
    assert_eq!(said(&judged, "Links"), ["link cni0: stays"]);
}

#[test]
fn past_does_not_outweigh_what_is_so_now() {
    let calico = "path;/var/lib/calico;type=d;empty=no|range;10.244.0.0/16;of=pods;from=manifest|link;eth0;type=;addresses=192.168.7.9/24 ";
    let route = "route;4 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird";
    let past = past_of(&format!("path;/var/lib/kubelet;type=d|{calico}|{route}"));
    let again = |lines: &str| {
        let judged = residue::judge(&told(lines), &Wishes::default(), &past);
        said(&judged, "Routes").concat()
    };
    let goes = "route 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird: goes";
    assert_eq!(again(&format!("{calico}|{route}")), goes);
    for now in [
        "fact;peer;value=10.244.9.5",
        "fact;peer;value=",
        "fact;gateways;value=192.168.7.8 ",
        "fact;routers;value= bird",
        "link;wg0;type=wireguard;addresses=10.244.9.1/24 ",
    ] {
        let said = again(&format!("path;/var/lib/kubelet;type=d|{calico}|{route}|{now}"));
        assert_eq!(said, goes.replace("goes", "unsure"), "{now}");
    }
    // Nor where nothing else is there that speaks of it.
    let said = again(&format!("{route}|fact;peer;value=10.244.9.5"));
    assert_eq!(said, goes.replace("goes", "unsure"));
}

#[test]
fn what_went_in_the_middle_takes_no_memory_with_it() {
    let rule = "policy;4 99: not from all fwmark 0x200000/0x200000 lookup 1";
    let past =
        past_of(&format!("path;/var/lib/kubelet;type=d|link;wireguard.cali;type=wireguard|{rule}"));
    let again = |past: &Past| {
        let judged = residue::judge(&told(rule), &Wishes::default(), past);
        said(&judged, "RoutingRules").concat()
    };
    assert_eq!(
        again(&past),
        "rule of routing 99: not from all fwmark 0x200000/0x200000 lookup 1: goes"
    );
    assert_eq!(again(&Past::default()), "");
}

#[test]
fn what_the_pods_network_was_is_known_when_the_file_that_says_so_is_gone() {
    let calico = "path;/var/lib/calico;type=d;empty=no|link;eth0;type=;addresses=192.168.7.9/24 ";
    let past = past_of(&format!(
        "path;/var/lib/kubelet;type=d|range;10.244.0.0/16;of=pods;from=/etc/kubernetes/manifests/kube-controller-manager.yaml|{calico}"
    ));
    // A block that came in the course of the wipe, and one of the owner's beside it.
    let now = format!(
        "route;4 blackhole 10.244.3.64/26 proto bird|route;4 blackhole 10.9.0.0/16 proto bird|{calico}"
    );
    let again = residue::judge(&told(&now), &Wishes::default(), &past);
    assert_eq!(
        said(&again, "Routes"),
        [
            "route blackhole 10.244.3.64/26 proto bird: goes",
            "route blackhole 10.9.0.0/16 proto bird: unsure"
        ]
    );
    assert_eq!(again.ranges.len(), 1, "the next plan has it too: {:?}", again.ranges);
    assert_eq!(
        said(&judged(&now), "Routes")[0],
        "route blackhole 10.244.3.64/26 proto bird: stays"
    );
}

#[test]
fn what_no_tool_showed_is_not_gone_with_what_spoke_for_it() {
    let signs = "path;/var/lib/kubelet;type=d|path;/run/cilium;type=d|mount;/run/cilium/cgroupv2;type=cgroup2";
    let look = |value: &str| judged(&format!("{signs}|fact;programs on cgroups;value={value}"));
    let after = |before: &Judged| {
        let past = past_of(signs);
        let now = residue::judge(
            &told("fact;programs on cgroups;value=unseen"),
            &Wishes::default(),
            &past,
        );
        said(&now.after(before, &Wishes::default()), "SocketPrograms")
    };
    assert_eq!(after(&look("unseen")), ["programs on cgroups: unsure"]);
    // Their pins were there, and went.
    assert_eq!(after(&look("pinned")), [""; 0]);
}

#[test]
fn an_address_whose_manifest_went_before_it_is_known_by_the_plan() {
    let host = "path;/var/lib/kubelet;type=d|address;10.0.0.100/32 eth0;file=/etc/kubernetes/manifests/kube-vip.yaml;way-in=no;known=yes";
    let past = past_of(host);
    let again = |lines: &str| {
        let judged = residue::judge(&told(lines), &Wishes::default(), &past);
        said(&judged, "AddressesOfServices")
    };
    let now = "address;10.0.0.100/32 eth0;file=;way-in=no;known=yes|address;10.0.0.101/32 eth0;file=;way-in=no;known=yes";
    assert_eq!(again(now), ["address 10.0.0.100/32 eth0: goes"]);
    // Somebody logs in by it now: that the plan does not overrule.
    let way = "address;10.0.0.100/32 eth0;file=;way-in=yes;known=yes";
    assert_ne!(again(way), ["address 10.0.0.100/32 eth0: goes"]);
}

#[test]
fn a_directory_that_others_fill_is_not_gone() {
    let signs = "path;/var/lib/kubelet;type=d|path;/etc/cni;type=d;empty=no|path;/etc/cni/net.d;type=d;empty=no";
    let before = judged(&format!(
        "{signs}|network;/etc/cni/net.d/10-b.conflist;network=b;plugins=flannel,|path;/etc/cni/net.d/10-b.conflist;type=f"
    ));
    let hollow = ["/etc/cni", "/etc/cni/net.d"];
    let going = |it: &Judged| -> Vec<String> { it.going().map(|it| it.thing.clone()).collect() };
    assert!(
        hollow.iter().all(|it| going(&before).iter().any(|thing| thing == it)),
        "{:?}",
        going(&before)
    );
    let after = |lines: &str| {
        let after = residue::judge(&told(lines), &Wishes::default(), &past_of(signs));
        after.after(&before, &Wishes::default())
    };
    let there = after("path;/etc/cni;type=d;empty=no|path;/etc/cni/net.d;type=d;empty=no");
    for path in hollow {
        let it = there.verdicts.iter().find(|it| it.thing == path).unwrap();
        assert!(matches!(it.outcome, Outcome::Stays { whose: Whose::Owner, .. }), "{it:?}");
    }
    assert_eq!(there.residue().count(), 0);
    assert!(after("path;/etc;type=d").verdicts.is_empty());
}

#[test]
fn a_name_that_means_nothing_is_known_as_such() {
    use bivouac::residue::Naming::{Absent, Deaf, Goes};
    let host = "path;/var/lib/kubelet;type=d|path;/var/lib/rook;type=d;empty=no|unit;etcd.service;load=loaded;enabled=enabled;active=active|path;/var/lib/etcd/member;type=d;empty=no|route;4 blackhole 10.9.0.0/26 proto bird";
    let inventory = told(host);
    let naming = |name: &str| residue::naming(&inventory, &Past::default(), name);
    let unsure = judged(host)
        .verdicts
        .into_iter()
        .find(|it| matches!(it.outcome, Outcome::Unsure { .. }) && !it.thing.starts_with('/'));
    if let Some(it) = unsure {
        assert_eq!(naming(&it.thing), Deaf, "{it:?}");
    }
    for name in ["/var/lib/rook", "etcd.service", "/var/lib/kubelet"] {
        assert_eq!(naming(name), Goes, "{name}");
    }
    for name in ["", "/", "../x", "etcd.servic", "/srv/precious", "/var/lib/rook/", "rook"] {
        assert_eq!(naming(name), Absent, "{name}");
    }
    assert_eq!(
        residue::nameable(&inventory, &Past::default()),
        ["/var/lib/etcd/member", "/var/lib/rook", "etcd.service"]
    );
    // What a wipe that was cut off has taken already, or was about to take.
    let past = past_of("path;/var/lib/kubelet;type=d|path;/etc/kubernetes;type=d;empty=no");
    assert_eq!(residue::naming(&told("path;/etc;type=d"), &past, "/etc/kubernetes"), Goes);
    assert!(residue::is_asked_for("/var/lib/rook") && !residue::is_asked_for("/var/lib/rok"));
}
