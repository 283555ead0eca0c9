//! What a wipe takes out of the kernel: functions of the shell half, with files and programs that stand in for
//! the kernel's.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

const KERNEL: &str = include_str!("../../src/host/kind/kernel.sh");

/// What a line of shell prints that has the functions, and `DIR` to work in.
fn shell(dir: &Path, line: &str) -> (bool, String) {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("BV=$DIR\n{KERNEL}\n{line}"))
        .env("DIR", dir)
        .env("PATH", format!("{}:{}", dir.join("bin").display(), std::env::var("PATH").unwrap()))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn networks_lie_in_networks_of_their_family() {
    let dir = tempfile::tempdir().unwrap();
    for (one, other, inside) in [
        ("10.244.1.0/24", "10.244.0.0/16", true),
        ("10.245.1.0/24", "10.244.0.0/16", false),
        ("10.244.0.0/15", "10.244.0.0/16", false),
        ("10.96.0.0/12", "10.96.0.0/12", true),
        ("10.112.0.0/16", "10.96.0.0/12", false),
        ("1.2.3.4/32", "0.0.0.0/0", true),
        ("fd00:10:244:1::/64", "fd00:10:244::/56", true),
        ("fd00:10:244:ff::/64", "fd00:10:244::/56", true),
        ("fd00:10:244:100::/64", "fd00:10:244::/56", false),
        ("fd00:10:245::/64", "fd00:10:244::/56", false),
        ("fd00:10:244::/48", "fd00:10:244::/56", false),
        ("FD00:10:244:a::5/128", "fd00:10:244::/56", true),
        ("10.0.0.0/24", "fd00::/8", false),
        ("fd00::/64", "10.0.0.0/8", false),
        ("::1/128", "::/0", true),
    ] {
        let (fits, _) = shell(dir.path(), &format!("bv_in_cidr {one} {other}"));
        assert_eq!(fits, inside, "{one} in {other}");
    }
}

/// As `ip_vs_info_seq_show` writes it, with lines of its own for the servers behind each.
const IP_VS: &str = "IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A600001:01BB rr  persistent 10800 FFFFFFFF
  -> 0A5B000B:192B      Masq    1      1          0
UDP  0A60000A:0035 rr
TCP  [fd00:0010:0096:0000:0000:0000:0000:000a]:0050 rr
FWM  0000000A wlc
";

#[test]
fn virtual_servers_are_named_as_ipvsadm_takes_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ip_vs"), IP_VS).unwrap();
    let (_, said) = shell(dir.path(), "bv_ipvs_list \"$DIR/ip_vs\"");
    assert_eq!(
        said,
        "-t 10.96.0.1:443\n-u 10.96.0.10:53\n-t [fd00:0010:0096:0000:0000:0000:0000:000a]:80\n-f 10\n"
    );
    assert_eq!(shell(dir.path(), "bv_ipvs_list /nonexistent").1, "");
}

/// Programs that note what they were called with; `nft list table` finds kube-proxy's of one family.
const STAND_INS: &str = r#"#!/bin/sh
case "${0##*/} $*" in
'ipset list -n') printf '%s\n' KUBE-CLUSTER-IP KUBE-THEIRS owners ;;
'nft list table ip kube-proxy') ;;
'nft list table'*) exit 1 ;;
*) echo "${0##*/} $*" >>"$DIR/called" ;;
esac
"#;

#[test]
fn what_the_host_had_of_kube_proxy_s_kind_stays() {
    let dir = tempfile::tempdir().unwrap();
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["ipset", "nft", "ipvsadm", "ip"] {
        let mut file = std::fs::File::create(bin.join(name)).unwrap();
        file.write_all(STAND_INS.as_bytes()).unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::fs::write(dir.path().join("ip_vs"), IP_VS).unwrap();
    std::fs::write(dir.path().join("baseline"), "ipset KUBE-THEIRS\nipvs -f 10\n").unwrap();
    let line = "BV_IPVS=$DIR/ip_vs BV_IPVS_LINK=$DIR BV_SETS=$DIR bv_proxy_remove";
    assert!(shell(dir.path(), line).0);
    let called = std::fs::read_to_string(dir.path().join("called")).unwrap();
    assert_eq!(
        called.lines().collect::<Vec<_>>(),
        [
            "ipvsadm -D -t 10.96.0.1:443",
            "ipvsadm -D -u 10.96.0.10:53",
            "ipvsadm -D -t [fd00:0010:0096:0000:0000:0000:0000:000a]:80",
            "ip link del kube-ipvs0",
            "ipset destroy KUBE-CLUSTER-IP",
            "nft delete table ip kube-proxy",
        ]
    );
    // kube-proxy never worked with ipvs here: the servers are their owner's, who made them meanwhile.
    std::fs::remove_file(dir.path().join("called")).unwrap();
    assert!(shell(dir.path(), &line.replace("BV_IPVS_LINK=$DIR", "BV_IPVS_LINK=/nonexistent")).0);
    let called = std::fs::read_to_string(dir.path().join("called")).unwrap();
    assert!(!called.contains("ipvsadm") && !called.contains("ip link"), "{called}");
    // A set that something still refers to is no success.
    std::fs::write(
        bin.join("ipset"),
        STAND_INS.replace("*) echo", "'ipset destroy'*) exit 1 ;;\n*) echo"),
    )
    .unwrap();
    assert!(!shell(dir.path(), line).0);
}

/// What a wipe would write back, on a host with these links, settings before and settings now.
fn settings_that_go_back(
    links: &[&str],
    before: &[(&str, &str)],
    now: &[(&str, &str)],
) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let text = |rows: &[(&str, &str)], start: &str, middle: &str| {
        let rows: Vec<String> =
            rows.iter().map(|(key, value)| format!("{start}{key}{middle}{value}\n")).collect();
        rows.concat()
    };
    std::fs::write(dir.path().join("baseline"), text(before, "sysctl ", " ")).unwrap();
    std::fs::write(dir.path().join("now"), text(now, "", " = ")).unwrap();
    for link in links {
        std::fs::create_dir_all(dir.path().join("net").join(link)).unwrap();
    }
    let line = "BV_LINKS=$DIR/net; sysctl() { cat \"$DIR/now\"; }; bv_sysctls_differ | sort";
    let (_, said) = shell(dir.path(), line);
    said.lines().map(|line| line.split('\t').skip(1).collect::<Vec<_>>().join("=")).collect()
}

#[test]
fn settings_go_back_where_the_value_is_the_clusters() {
    let before = [
        ("net.ipv4.ip_forward", "0"),
        ("net.ipv4.conf.eth0.forwarding", "0"),
        ("vm.overcommit_memory", "0"),
        ("kernel.panic", "0"),
        ("vm.swappiness", "60"),
        ("net.netfilter.nf_conntrack_max", "65536"),
    ];
    let cluster = [
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv4.conf.eth0.forwarding", "1"),
        ("vm.overcommit_memory", "1"),
        ("kernel.panic", "10"),
        ("vm.swappiness", "10"),
        ("net.netfilter.nf_conntrack_max", "131072"),
    ];
    assert_eq!(
        settings_that_go_back(&["eth0"], &before, &cluster),
        [
            "net.ipv4.ip_forward=0",
            "kernel.panic=0",
            "net.ipv4.conf.eth0.forwarding=0",
            "net.netfilter.nf_conntrack_max=65536",
            "vm.overcommit_memory=0",
        ]
    );
    // Neither as before nor as the kubelet sets it: somebody chose it since.
    let chosen = [("vm.overcommit_memory", "2"), ("kernel.panic", "30")];
    assert_eq!(settings_that_go_back(&["eth0"], &before, &chosen), [""; 0]);
}

#[test]
fn a_host_that_passes_on_packets_for_others_by_now_goes_on() {
    let before = [
        ("net.ipv4.ip_forward", "0"),
        ("net.ipv4.conf.eth0.forwarding", "0"),
        ("kernel.panic", "0"),
    ];
    let now = [
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv4.conf.eth0.forwarding", "1"),
        ("kernel.panic", "10"),
    ];
    for link in ["docker0", "br-0123456789ab", "virbr0", "tailscale0"] {
        assert_eq!(
            settings_that_go_back(&["eth0", link], &before, &now),
            ["kernel.panic=0"],
            "{link}"
        );
    }
    // A bridge for something else, and the pods' own.
    for link in ["br-lan", "cni0"] {
        assert_eq!(settings_that_go_back(&["eth0", link], &before, &now).len(), 3, "{link}");
    }
}
