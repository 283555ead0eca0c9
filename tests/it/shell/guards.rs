//! What no judgement overrules: the refusals of what would cut the login that asks for it, with a stand-in for `ip` that has one table of routes.

use std::process::Command;

const CLEAR: &str = include_str!("../../../src/host/kind/clear/network.sh");

/// A host's routes, who is logged in (as `SSH_CONNECTION` has it), and how `ip route add` ends.
struct Login<'a> {
    routes: &'a str,
    session: &'a str,
    /// What a route must say to be added: nothing, `onlink`, or what none says.
    add: &'a str,
}

const SESSION: &str = "10.244.9.5 1 10.0.0.5 22";
/// The answer to 10.244.9.5 leads over `lo`, the only link that every machine has, while there is a route to its network.
const ROUTES: &str = "default via 10.0.0.1 dev eth0\n10.244.9.0/26 via 10.0.0.7 dev lo proto bird\nblackhole 10.244.3.0/26 proto bird";

impl Login<'_> {
    /// What a call says and does, and its status; 7 is a refusal.
    fn asked(&self, call: &str) -> (String, Option<i32>) {
        let script = format!(
            "dir=$(mktemp -d)\ntrap 'rm -rf \"$dir\"' EXIT\nprintf '%s\\n' '{routes}' >\"$dir/routes\"
ip() {{
    case $* in
    '-4 route show table main') cat \"$dir/routes\" ;;
    '-4 route show default dev '*) grep \"^default .*dev $6\" \"$dir/routes\" ;;
    '-4 route del '*)
        shift 3
        echo \"del $*\"
        grep -vE \"^$*( onlink)?$\" \"$dir/routes\" >\"$dir/left\"
        mv \"$dir/left\" \"$dir/routes\"
        ;;
    '-4 route add '*)
        shift 3
        case \"$* \" in *'{add} '*) ;; *) return 2 ;; esac
        echo \"add $*\"
        echo \"$*\" >>\"$dir/routes\"
        ;;
    '-o route get '*) ip route get \"$4\" ;;
    'route get '*) if grep -q '^10.244.9.0' \"$dir/routes\"; then echo \"$3 via 10.0.0.7 dev lo uid 0\"; else echo \"$3 via 10.0.0.1 dev eth0 uid 0\"; fi ;;
    '-o addr show') printf '2: eth0 inet 10.0.0.5/24\\n3: lo inet6 fe80::2/64\\n' ;;
    '-o addr show dev '*) printf '2: %s inet %s scope global\\n' \"$5\" 10.0.0.5/24 \"$5\" 10.0.0.100/32 ;;
    'addr del '* | 'link del '*) echo \"$*\" ;;
    esac
}}
bv_guard_save() {{ cat >/dev/null; }}
bv_die() {{ echo \"died: $*\"; exit 7; }}
{CLEAR}
bv_clear_session() {{ printf '%s' '{session}'; }}
{call}",
            routes = self.routes,
            add = self.add,
            session = self.session,
        );
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{call}");
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    }
}

const LOGIN: Login<'static> = Login { routes: ROUTES, session: SESSION, add: "" };
const WAY: &str = "10.244.9.0/26 via 10.0.0.7 dev lo proto bird";

#[test]
fn a_route_without_which_the_login_is_answered_another_way_comes_back() {
    let call = format!("bv_clear_routes_do '4 {WAY}'");
    let again = "without it this login is answered another way";
    let (said, status) = LOGIN.asked(&call);
    assert_eq!(said, format!("del {WAY}\nadd {WAY}\ndied: `4 {WAY}` is there again: {again}\n"));
    assert_eq!(status, Some(7));
    // The kernel wants the word that is none of its name.
    let routes = ROUTES.replace("lo proto bird", "lo proto bird onlink");
    let (said, status) = Login { routes: &routes, add: "onlink", ..LOGIN }.asked(&call);
    assert_eq!(
        said,
        format!("del {WAY}\nadd {WAY} onlink\ndied: `4 {WAY}` is there again: {again}\n")
    );
    assert_eq!(status, Some(7));
    // It does not come back: that is said, and how it may.
    let (said, status) = Login { add: "never", ..LOGIN }.asked(&call);
    assert!(!said.contains("is there again") && said.contains("could not be put back"), "{said}");
    assert!(said.contains(&format!("`ip -4 route add {WAY}`")) && status == Some(7), "{said}");
    // Another one goes.
    let (said, status) = LOGIN.asked("bv_clear_routes_do '4 blackhole 10.244.3.0/26 proto bird'");
    assert_eq!((said.as_str(), status), ("del blackhole 10.244.3.0/26 proto bird\n", Some(0)));
}

#[test]
fn no_route_by_a_neighbour_goes_where_the_login_is_not_known_nor_the_default_one() {
    let nobody = Login { session: "", ..LOGIN };
    let (said, status) = nobody.asked(&format!("bv_clear_routes_do '4 {WAY}'"));
    assert!(said.starts_with("died: ") && status == Some(7), "{said}");
    assert!(said.contains(&format!("`ip -4 route del {WAY}`")), "{said}");
    let (said, _) = nobody.asked("bv_clear_routes_do '4 blackhole 10.244.3.0/26 proto bird'");
    assert_eq!(said, "del blackhole 10.244.3.0/26 proto bird\n");
    // A link-local address is on its link whatever routes there are.
    let near = Login { session: "fe80::1%eth0 1 fe80::2%eth0 22", ..LOGIN };
    assert_eq!(near.asked(&format!("bv_clear_routes_do '4 {WAY}'")).0, format!("del {WAY}\n"));
    let (said, status) = LOGIN.asked("bv_clear_routes_do '4 default via 10.0.0.1 dev eth0'");
    assert!(said.contains("it is the default route") && status == Some(7), "{said}");
}

#[test]
fn no_link_goes_that_the_login_or_everything_is_answered_over() {
    let (said, status) = LOGIN.asked("bv_clear_links_do lo");
    assert!(said.contains("this login came in over it") && status == Some(7), "{said}");
    let near = Login { session: "fe80::1%lo 1 fe80::2%lo 22", ..LOGIN };
    let (said, status) = near.asked("bv_clear_links_do lo");
    assert!(said.contains("this login came in over it") && status == Some(7), "{said}");
    let elsewhere = Login { routes: "default via 10.0.0.1 dev eth0", ..LOGIN };
    assert_eq!(elsewhere.asked("bv_clear_links_do lo").0, "link del dev lo\n");
    let over = Login { routes: "default via 10.0.0.1 dev lo", ..LOGIN };
    let (said, status) = over.asked("bv_clear_links_do lo");
    assert!(said.contains("the default route leads over it") && status == Some(7), "{said}");
}

#[test]
fn no_address_goes_that_may_be_the_host_s_own_or_that_of_the_login() {
    let virtual_one = "bv_clear_addresses_do '10.0.0.100/32 eth0'";
    let taken = (String::from("addr del 10.0.0.100/32 dev eth0\n"), Some(0));
    assert_eq!(LOGIN.asked(virtual_one), taken);
    for (session, call, why) in [
        ("10.0.0.1 1 10.0.0.100 22", virtual_one, "this login may have come in on it"),
        ("", virtual_one, "this login may have come in on it"),
        (SESSION, "bv_clear_addresses_do '10.0.0.5/24 eth0'", "the link's own network is in it"),
    ] {
        let (said, status) = Login { session, ..LOGIN }.asked(call);
        assert!(said.starts_with("died: ") && said.contains(why), "{call}: {said}");
        assert_eq!(status, Some(7), "{call}");
    }
    let only = LOGIN.asked(
        "ip() { case $* in '-o addr show dev '*) echo '2: eth0 inet 10.0.0.100/32 scope global' ;; *) echo \"$*\" ;; esac; }
bv_clear_addresses_do '10.0.0.100/32 eth0'",
    );
    assert!(only.0.contains("it is the only address of this link"), "{only:?}");
    assert_eq!(only.1, Some(7));
}
