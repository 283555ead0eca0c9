//! Programs of BPF with stand-ins for `tc`, `ip` and the mounts: how often the host is asked, and what is refused.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

const BPF: &str = include_str!("../../../src/host/kind/bpf.sh");
const CLEAR: &str = include_str!("../../../src/host/kind/clear/bpf.sh");

/// What a script prints, errors too, with the functions that it is part of; the directory is `$dir`.
fn run(dir: &Path, script: &str) -> String {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!(
            "timeout() {{ shift; \"$@\"; }}\nbv_die() {{ echo \"died: $*\"; exit 7; }}\n{BPF}\n{CLEAR}\nexec 2>&1\n{script}"
        ))
        .env("dir", dir)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// `tc` of iproute2 6.1 on links `a0`, `a1`... with a clsact each and one filter on the way in; its calls are in `$dir/calls`.
const TC: &str = r#"links='a0 a1 a2 a3 a#4'
show() {
    case $1 in a*) ;; *) echo "Cannot find device \"$1\"" >&2; return 1 ;; esac
    [ "$2" = ingress ] || return 0
    echo 'filter protocol all pref 1 bpf chain 0 '
    echo "filter protocol all pref 1 bpf chain 0 handle 0x1 cil_from_netdev-$1 direct-action not_in_hw id 13 name cil_from_netdev tag a04f5eef06a7f555 jited "
}
tc() {
    echo "$*" >>"$dir/calls"
    case $* in
    'qdisc show')
        echo 'qdisc noqueue 0: dev lo root refcnt 2 '
        for link in $links; do echo "qdisc clsact ffff: dev $link parent ffff:fff1 "; done
        ;;
    '-force -batch -')
        number=0
        while read -r object words; do
            number=$((number + 1))
            case $object in
            filter) set -- ${words%%#*}; show "$3" "$4" ;;
            *) echo "Object \"${object%%#*}\" is unknown, try \"tc help\"." >&2; echo "Command failed -:$number" >&2 ;;
            esac
        done
        ;;
    'filter show '*) show "$4" "$5" ;;
    esac
}
"#;

fn word(link: &str) -> String {
    format!(
        "{link} ingress protocol all pref 1 chain 0 handle 0x1 cil_from_netdev-{link} cil_from_netdev"
    )
}

#[test]
fn filters_are_asked_for_once_for_all_links_and_for_one_by_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let calls = || fs::read_to_string(dir.path().join("calls")).unwrap();
    let plain = "links='a0 a1 a2 a3'\n";
    let found = run(dir.path(), &format!("{TC}{plain}bv_filters_list"));
    let line =
        |link: &str| format!("{}\t{link}\tcil_from_netdev-{link}\tcil_from_netdev\n", word(link));
    assert_eq!(found, ["a0", "a1", "a2", "a3"].map(line).concat());
    assert_eq!(calls(), "qdisc show\n-force -batch -\n");

    // In a batch tc cuts a line at `#`.
    let found = run(dir.path(), &format!("{TC}bv_filters_list"));
    assert_eq!(found, ["a0", "a1", "a2", "a3", "a#4"].map(line).concat());

    // Of a link that is gone there are none, of another side neither.
    fs::remove_file(dir.path().join("calls")).unwrap();
    let script =
        "bv_filters_list gone ingress; bv_filters_list a1 egress; bv_filters_list a1 ingress";
    assert_eq!(run(dir.path(), &format!("{TC}{script}")), line("a1"));
    assert_eq!(calls(), "-force -batch -\n".repeat(3));

    // Where there is no clsact that is all that is asked.
    fs::remove_file(dir.path().join("calls")).unwrap();
    assert_eq!(run(dir.path(), &format!("{TC}links=\nbv_filters_list")), "");
    assert_eq!(calls(), "qdisc show\n");
}

#[test]
fn a_filter_is_looked_for_on_its_own_link_only() {
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "{TC}bv_agents_gone() {{ :; }}\nbv_filters_take '{}' '{}'",
        word("a1"),
        word("a9 egress")
    );
    assert_eq!(run(dir.path(), &script), "");
    let calls = fs::read_to_string(dir.path().join("calls")).unwrap();
    assert!(
        calls.contains("filter del dev a1 ingress protocol all pref 1 handle 0x1 bpf\n"),
        "{calls}"
    );
    assert_eq!(calls.matches("filter del").count(), 1, "{calls}");
    assert!(!calls.contains("qdisc show\n"), "{calls}");
}

/// With details, as iproute2 6.1 and that of Ubuntu 18.04 (4.15) print them; before 4.13 there is no number.
const LINKS: &str = r"2: new: <UP> mtu 1500 xdp qdisc noqueue state UP mode DEFAULT\    link/ether 02:62:0a:5b:00:0b \    veth addrgenmode eui64 \    prog/xdp id 7 name cil_xdp_entry tag 3b185187f1855c4c jited
3: generic@if2: <UP> mtu 1500 xdpgeneric qdisc noqueue state UP mode DEFAULT\    link/ether 02:62:0a:5b:00:0c \    veth addrgenmode eui64 \    prog/xdp id 8 tag 3b185187f1855c4c jited
4: old: <UP> mtu 1500 xdp/id:9 qdisc mq state UP mode DEFAULT\    link/ether 02:62:0a:5b:00:0d promiscuity 0 addrgenmode eui64
5: old.7@old: <UP> mtu 1500 xdpgeneric/id:10 qdisc noqueue state UP mode DEFAULT\    link/ether 02:62:0a:5b:00:0e promiscuity 0 \    vlan protocol 802.1Q id 7
6: older: <UP> mtu 1500 xdp qdisc mq state UP mode DEFAULT\    link/ether 02:62:0a:5b:00:0f promiscuity 0 addrgenmode eui64
7: none: <UP> mtu 1500 qdisc mq state UP mode DEFAULT\    link/ether 02:62:0a:5b:00:10 promiscuity 0 addrgenmode eui64";

#[test]
fn programs_of_xdp_are_seen_by_an_older_ip_too() {
    let dir = tempfile::tempdir().unwrap();
    let ip = format!(
        "ip() {{ echo \"$*\" >>\"$dir/calls\"; cat <<'L'\n{LINKS}\nL\n}}\nbpftool() {{ case $* in 'prog show id 9') echo '9: xdp  name cil_xdp_entry  tag 3b185187f1855c4c' ;; *) return 1 ;; esac; }}\n"
    );
    assert_eq!(
        run(dir.path(), &format!("{ip}bv_xdp_list")),
        "new xdpdrv cil_xdp_entry\tnew\tcil_xdp_entry\t7
generic xdpgeneric -\tgeneric\t-\t8
old xdpdrv cil_xdp_entry\told\tcil_xdp_entry\t9
old.7 xdpgeneric -\told.7\t-\t10
older xdpdrv -\tolder\t-\t-
"
    );
    run(dir.path(), &format!("{ip}bv_xdp_there 'new xdpdrv cil_xdp_entry'"));
    assert!(fs::read_to_string(dir.path().join("calls")).unwrap().ends_with("link show dev new\n"));
}

#[test]
fn an_agent_counts_where_it_has_the_host_s_network() {
    let dir = tempfile::tempdir().unwrap();
    let process = |pid: &str, name: &str, net: &str| {
        let path = dir.path().join(pid);
        fs::create_dir_all(path.join("ns")).unwrap();
        fs::write(path.join("comm"), format!("{name}\n")).unwrap();
        symlink(net, path.join("ns/net")).unwrap();
    };
    let gone = || run(dir.path(), "BV_PROC=$dir\nbv_agents_gone && echo gone");
    process("self", "sh", "net:[4026531840]");
    process("7", "systemd", "net:[4026531840]");
    assert_eq!(gone(), "gone\n");
    // Of a cluster in containers, which the owner has beside it.
    process("8", "cilium-agent", "net:[4026532201]");
    process("9", "calico-node", "net:[4026532201]");
    assert_eq!(gone(), "gone\n");
    process("10", "calico-felix", "net:[4026531840]");
    assert!(gone().starts_with("`calico-felix` runs still (process 10) "), "{}", gone());
    // Whose network this is cannot be seen: then each counts.
    fs::remove_file(dir.path().join("10/comm")).unwrap();
    fs::remove_file(dir.path().join("self/ns/net")).unwrap();
    assert!(gone().contains(" runs still "), "{}", gone());
}

#[test]
fn a_pin_goes_by_its_name_and_from_a_file_system_of_bpf_only() {
    let dir = tempfile::tempdir().unwrap();
    let allowed = |path: &str| {
        run(dir.path(), &format!("bv_pins_allow '/sys/fs/bpf{path}' && echo yes")) == "yes\n"
    };
    for path in [
        "/cilium",
        "/calico",
        "/calico_connect4",
        "/tc/globals/cilium_lxc",
        "/tc/globals/cali_v4_nat",
        "/tc/9f6c/cali_jump",
        "/xdp/globals/xdp_cali_ct",
        "/tcx/eth0_ingress",
    ] {
        assert!(allowed(path), "{path}");
    }
    for path in [
        "",
        "/",
        "/cilium/",
        "/cilium/../mine",
        "/cilium/devices",
        "/mine/cali_map",
        "/tetragon/cali_x",
        "/tc/globals/mine",
        "/tc/globals/cilium_",
        "/tc/globals/cilium_lxc/..",
        "/tc/globals/cilium_a b",
        "//cilium",
        "/./cilium",
        "/tcx/eth0_link",
        "/tcx/mine/eth0_ingress",
        "/tcx/_ingress",
        "/systemd/cgroup",
    ] {
        assert!(!allowed(path), "{path}");
    }

    // Whatever is mounted there instead.
    let place = dir.path().join("cilium");
    fs::create_dir_all(place.join("links")).unwrap();
    fs::write(place.join("links/x"), "").unwrap();
    let take = "bv_agents_gone() { :; }\nBV_BPF=$dir\n";
    let said = run(dir.path(), &format!("{take}bv_pins_take \"$dir/cilium\""));
    assert!(
        said.starts_with("died: ") && said.contains("it is in no file system of BPF"),
        "{said}"
    );
    let said = run(dir.path(), &format!("{take}bv_pins_take \"$dir/mine\""));
    assert!(said.contains("it is no name of Cilium's or Calico's"), "{said}");
    assert!(place.join("links/x").is_file());
    // The same directory in one that is.
    let bpf = "stat() { echo cafe4a11; }\n";
    assert_eq!(run(dir.path(), &format!("{take}{bpf}bv_pins_take \"$dir/cilium\"")), "");
    assert!(!place.exists());
}

/// What is said and unmounted of a path, where it is of this type, with this in it, and unmounting it ends so.
fn unmounted(path: &str, kind: &str, found: &str, had: &str, status: u8) -> String {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("had"), had).unwrap();
    run(
        dir.path(),
        &format!(
            "BV_HAD=$dir/had\nbv_clear_mounts_type() {{ echo '{kind}'; }}\nfind() {{ printf '%s' '{found}'; }}\nrmdir() {{ echo \"rmdir $2\"; }}\numount() {{ echo \"umount $*\"; case $1 in -l) ;; *) return {status} ;; esac; }}\nbv_clear_mounts_do '{path}'"
        ),
    )
}

#[test]
fn a_file_system_of_bpf_in_which_something_is_stays_mounted() {
    assert_eq!(unmounted("/sys/fs/bpf", "bpf", "", "", 0), "umount -- /sys/fs/bpf\n");
    assert_eq!(
        unmounted("/sys/fs/bpf", "bpf", "/sys/fs/bpf/mine", "", 0),
        "died: `/sys/fs/bpf` stays mounted: `/sys/fs/bpf/mine` is in it\n"
    );
    assert!(
        unmounted("/sys/fs/bpf", "tmpfs", "", "", 0)
            .starts_with("died: `/sys/fs/bpf` is not unmounted")
    );
    assert!(unmounted("/mnt", "bpf", "", "", 0).starts_with("died: `/mnt` is not unmounted"));
    assert!(
        unmounted("/sys/fs/bpf", "bpf", "", "mount bpf /sys/fs/bpf\n", 0).starts_with("died: ")
    );
    assert_eq!(unmounted("/sys/fs/bpf", "", "x", "", 0), "");
    // One that somebody works in is not taken from under him; a cgroup of theirs is nobody else's.
    let said = unmounted("/sys/fs/bpf", "bpf", "", "", 32);
    assert!(said.contains("died: `/sys/fs/bpf` stays mounted: something has it in use"), "{said}");
    assert!(!said.contains("umount -l"), "{said}");
    assert_eq!(
        unmounted("/run/cilium/cgroupv2", "cgroup2", "", "", 32),
        "umount -- /run/cilium/cgroupv2\numount -l -- /run/cilium/cgroupv2\nrmdir /run/cilium/cgroupv2\n"
    );
}
