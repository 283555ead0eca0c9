//! Links and addresses with a stand-in for `ip`: kinds of links that this machine's kernel does not make.

use std::process::Command;

const INVENTORY: &str = include_str!("../../../src/host/inventory/network.sh");
const CLEAR: &str = include_str!("../../../src/host/kind/clear/network.sh");

/// What a script prints, and its status.
fn run(script: &str) -> (String, Option<i32>) {
    let output = Command::new("sh").args(["-c", script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

/// As iproute2 6.1 has them, in part.
const LINKS: &str = r"2: eth0@if7: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP\    link/ether 02:62:0a:5b:00:0b brd ff:ff:ff:ff:ff:ff promiscuity 0 \    veth addrgenmode eui64
3: veth1@if2: <BROADCAST,UP> mtu 1500 qdisc noqueue master cni0 state UP\    link/ether 22:5e:81:d5:a6:68 brd ff:ff:ff:ff:ff:ff promiscuity 1 \    veth \    bridge_slave state disabled priority 32 addrgenmode eui64
4: vxlan-6784: <BROADCAST,UP> mtu 65470 qdisc noqueue master datapath state UNKNOWN\    link/ether 0a:6c:8e:bb:13:71 brd ff:ff:ff:ff:ff:ff \    vxlan id 7 dstport 6784 \    openvswitch_slave addrgenmode eui64
5: cni0: <BROADCAST,UP> mtu 1500\    link/ether 0a:6c:8e:bb:13:72 brd ff:ff:ff:ff:ff:ff \    bridge forward_delay 1500 addrgenmode eui64
6: tunl0@NONE: <NOARP> mtu 1480 qdisc noop state DOWN\    link/ipip 0.0.0.0 brd 0.0.0.0 promiscuity 0 \    ipip any remote any local any ttl inherit nopmtudisc addrgenmode eui64
7: ovs-system: <BROADCAST> mtu 1500\    link/ether 0a:6c:8e:bb:13:73 brd ff:ff:ff:ff:ff:ff \    openvswitch addrgenmode none";

#[test]
fn a_link_is_of_its_own_kind_whatever_it_hangs_on() {
    let part = &INVENTORY[..INVENTORY.find("# Which routes there are").unwrap()];
    let script = format!(
        "newline='\n'\nhas() {{ :; }}\ntimeout() {{ shift; \"$@\"; }}\nsay() {{ printf '%s %s %s %s\\n' \"$2\" \"$4\" \"$6\" \"$8\"; }}
bv_clear_way_links() {{ :; }}
ip() {{ case $* in '-o -d link show') cat <<'L'
{LINKS}
L
;; '-4 route show default') echo 'default via 10.0.0.1 dev eth0 proto static' ;; esac; }}
{part}"
    );
    assert_eq!(
        run(&script).0,
        "eth0 veth  yes\nveth1 veth cni0 no\nvxlan-6784 vxlan datapath no\ncni0 bridge  no\ntunl0 ipip  no\novs-system openvswitch  no\n"
    );
}

/// Takes the address of `tunl0` away, where the link has these addresses before and afterwards; what `ip` was asked to change, and the status.
fn taken(before: &str, after: &str, session: &str) -> (String, Option<i32>) {
    let line = |address: &str| format!("2: tunl0    inet {address} scope global tunl0");
    let shown =
        |addresses: &str| addresses.split_whitespace().map(line).collect::<Vec<_>>().join("\n");
    run(&format!(
        "SSH_CONNECTION='{session}'\nbv_die() {{ echo \"died: $*\"; exit 7; }}
dir=$(mktemp -d)\ntrap 'rm -rf \"$dir\"' EXIT
ip() {{
    case $* in
    '-o addr show dev tunl0') if [ -e \"$dir/gone\" ]; then echo '{}'; else echo '{}'; fi ;;
    'addr del '*) echo \"$*\"; : >\"$dir/gone\" ;;
    'link set '*) echo \"$*\" ;;
    esac
}}
{CLEAR}
bv_clear_addresses_do '10.244.3.64/32 tunl0'",
        shown(after),
        shown(before)
    ))
}

#[test]
fn the_kernel_s_own_tunnel_loses_its_address_and_idles() {
    let session = "10.0.0.1 5 10.0.0.9 22";
    let taken_and_down = "addr del 10.244.3.64/32 dev tunl0\nlink set dev tunl0 down\n";
    assert_eq!(taken("10.244.3.64/32", "", session), (taken_and_down.to_owned(), Some(0)));
    // The owner has one there too.
    assert_eq!(
        taken("10.244.3.64/32 10.9.0.1/30", "10.9.0.1/30", session).0,
        "addr del 10.244.3.64/32 dev tunl0\n"
    );
    // Already gone; and the address of this very login.
    assert_eq!(taken("10.9.0.1/30", "10.9.0.1/30", session), (String::new(), Some(0)));
    let (said, status) = taken("10.244.3.64/32", "", "10.0.0.1 5 10.244.3.64 22");
    assert!(said.starts_with("died: ") && status == Some(7), "{said} {status:?}");
}
