//! Parts of the facts' scripts, with files and programs of our own in place of the host's.

use std::path::Path;
use std::process::Command;

const NETWORKS: &str = include_str!("../../../src/host/kind/networks.sh");
const PACKETS: &str = include_str!("../../../src/host/facts/packets.sh");
const PACKAGES: &str = include_str!("../../../src/host/facts/packages.sh");
const NETWORK: &str = include_str!("../../../src/host/facts/network.sh");
const COMMANDS: &str = include_str!("../../../src/host/facts/commands.sh");
const KERNEL: &str = include_str!("../../../src/host/facts/kernel.sh");
const LIMITS: &str = include_str!("../../../src/host/facts/limits.sh");
const FILES: &str = include_str!("../../../src/host/facts/files.sh");

/// The part of a script between two of its texts; without the second.
fn part<'a>(script: &'a str, from: &str, to: &str) -> &'a str {
    let script = &script[script.find(from).unwrap()..];
    &script[..script[from.len()..].find(to).unwrap() + from.len()]
}

/// What it prints, in a directory.
fn said(dir: &Path, script: &str) -> String {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("newline='\n'\nsay() {{ printf '%s\\n' \"$*\"; }}\nhas() {{ command -v \"$1\" >/dev/null 2>&1; }}\n{script}"))
        .current_dir(dir)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

/// As `iptables-nft-save` has it on a host with podman, and one that was a node with flannel.
const SAVED: &str = r#"*nat
:PREROUTING ACCEPT [0:0]
:CNI-0d4eb4e9b5c2c6a1f3a2b1c0 - [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-DN-aa51ac1bb3e11aab0bdc1 - [0:0]
:CNI-91c9b1c0d4eb4e9b5c2c6a1f - [0:0]
:CNI-DN-77c9b1c0d4eb4e9b5c2c6 - [0:0]
:OWN-CHAIN - [0:0]
-A POSTROUTING -s 10.88.0.4/32 -m comment --comment "name: \"podman\" id: \"8f6bd1\"" -j CNI-0d4eb4e9b5c2c6a1f3a2b1c0
-A CNI-0d4eb4e9b5c2c6a1f3a2b1c0 -d 10.88.0.0/16 -m comment --comment "name: \"podman\" id: \"8f6bd1\"" -j ACCEPT
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"podman\" id: \"8f6bd1\"" -m multiport --dports 8080 -j CNI-DN-aa51ac1bb3e11aab0bdc1
"#;
const POD: &str = r#"-A POSTROUTING -s 10.244.0.4/32 -m comment --comment "name: \"cbr0\" id: \"77aa\"" -j CNI-91c9b1c0d4eb4e9b5c2c6a1f
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"cbr0\" id: \"77aa\"" -m multiport --dports 80 -j CNI-DN-77c9b1c0d4eb4e9b5c2c6
-A CNI-HOSTPORT-DNAT -p udp -m comment --comment "dnat name: \"cbr0\" id: \"77aa\"" -m multiport --dports 80 -j CNI-DN-77c9b1c0d4eb4e9b5c2c6
"#;

#[test]
fn chains_of_podman_are_no_leftovers_and_those_of_a_pod_network_are() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("saved");
    let judge = part(PACKETS, "awk '\n    $1 == \"=\"", "    }'\n");
    let chains = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let judge = format!("{NETWORKS}\nBV_POD_NETWORKS=$BV_POD_NETWORKS {judge}    }}' saved");
        let said = said(dir.path(), &judge);
        said.lines()
            .filter(|line| line.starts_with("leftover"))
            .fold(String::new(), |all, line| all + line + "\n")
    };
    assert_eq!(chains(SAVED), "");
    assert_eq!(
        chains(&format!("{SAVED}{POD}")),
        "leftover_chain CNI-91c9b1c0d4eb4e9b5c2c6a1f\nleftover_chain CNI-DN-77c9b1c0d4eb4e9b5c2c6\n"
    );
    assert_eq!(chains("*nat\n:KUBE-SERVICES - [0:0]\n"), "leftover_chain KUBE-SERVICES\n");
    let many: Vec<String> = (0..9).map(|number| format!(":KUBE-SEP-{number} - [0:0]")).collect();
    assert_eq!(chains(&many.join("\n")).lines().count(), 5, "enough to know it by");
}

#[test]
fn sources_that_are_switched_off_do_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write(
        "a.list",
        "# deb http://off/ x\n deb [signed-by=/k/a.gpg] http://a/ x main\n\n#x\ndeb-src http://s/ x main\n",
    );
    write(
        "b.sources",
        "Types: deb\nURIs: http://b/\nSigned-By: /k/b.gpg\n\n# Enabled: yes\nEnabled: No\nTypes: deb\nURIs: http://gone/\nSigned-By: /k/gone.gpg\n\nEnabled: yes\nURIs: http://c/\n",
    );
    write("c.sources", "URIs: http://last/\nEnabled: no");
    write("d.list", "deb http://d/ x main");
    let functions = part(PACKAGES, "apt_sources() {", "\n}\n");
    let text = said(dir.path(), &format!("{functions}\n}}\napt_sources *.list *.sources"));
    for there in ["/k/a.gpg", "http://s/", "http://b/", "/k/b.gpg", "http://c/", "http://d/"] {
        assert!(text.contains(there), "no {there} in {text}");
    }
    for off in ["http://off/", "gone", "last"] {
        assert!(!text.contains(off), "{off} in {text}");
    }
    assert!(text.lines().all(|line| line.split('\t').next().unwrap().contains('.')), "{text}");
}

#[test]
fn what_systemd_takes_away_begins_anew_with_an_empty_line() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("a.conf", "[Service]\nUnsetEnvironment=OLD\nEnvironment=X=1\n");
    write("b.conf", " UnsetEnvironment=\nUnsetEnvironment=HTTPS_PROXY \"NO_PROXY=a b\"\n");
    let last = &FILES[FILES.find("[ -z \"$dropped\" ]").unwrap()..];
    assert_eq!(
        said(dir.path(), &format!("dropped='a.conf b.conf'\n{last}")),
        "kubelet_unset HTTPS_PROXY\nkubelet_unset NO_PROXY=a\nkubelet_unset b\n"
    );
    assert_eq!(said(dir.path(), &format!("dropped=\n{last}")), "");
}

/// `ip` of a host with two tables of routes besides the kernel's own.
const IP: &str = r"ip() {
    case $* in
    '-o -force -batch -')
        printf '1: eth0: <BROADCAST,UP> mtu 1500\n'
        printf '2: eth0    inet 10.0.0.5/24 scope global eth0\n'
        printf 'default via 10.0.0.1 dev eth0 \n'
        printf '0:\tfrom all lookup local \n9:\tfrom all lookup part \n10:\tfrom all lookup own \n32766:\tfrom all lookup main \n'
        ;;
    '-o -4 route show table part') printf 'throw 10.0.0.0/8 \ndefault via 10.9.9.9 dev tun0 \n' ;;
    '-o -4 route show table own') printf '10.244.0.0/16 via 10.0.0.9 dev eth0 \n' ;;
    esac
}";

#[test]
fn a_table_of_routes_that_goes_on_with_the_next_is_not_judged() {
    let dir = tempfile::tempdir().unwrap();
    let text = said(dir.path(), &format!("{IP}\n{NETWORK}"));
    let tables: Vec<&str> = text.lines().filter(|line| line.starts_with("table ")).collect();
    assert_eq!(tables, ["table own 10.244.0.0/16 via 10.0.0.9 dev eth0"], "{text}");
    let rules = text.lines().filter(|line| line.starts_with("rule ") && *line != "rule -");
    assert_eq!(rules.count(), 3, "each rule is told: {text}");
}

#[test]
fn one_directory_of_programs_may_be_a_link_to_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let local = dir.path().join("local");
    let file = |place: &str| std::fs::write(local.join(place), "x").unwrap();
    std::fs::create_dir_all(local.join("bin")).unwrap();
    std::os::unix::fs::symlink("bin", local.join("sbin")).unwrap();
    file("bin/kubelet");
    let shadows =
        part(COMMANDS, "say shadow -", "\ndone\n").replace("/usr/local", local.to_str().unwrap());
    let told = || said(dir.path(), &format!("{shadows}\ndone"));
    assert_eq!(told(), "shadow -\n");
    std::fs::remove_file(local.join("sbin")).unwrap();
    std::fs::create_dir(local.join("sbin")).unwrap();
    file("sbin/kubelet");
    assert_eq!(told(), format!("shadow -\nshadow {}/sbin/kubelet\n", local.display()));
    // A link to the file itself is the same, too.
    std::fs::remove_file(local.join("sbin/kubelet")).unwrap();
    std::os::unix::fs::symlink("../bin/kubelet", local.join("sbin/kubelet")).unwrap();
    assert_eq!(told(), "shadow -\n");
}

#[test]
fn watchers_are_counted_only_where_few_are_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let count = part(LIMITS, "watchers=${numbers##*", "\nesac\n");
    let told = |most: &str| {
        let numbers = format!(
            "numbers='number x 1\nnumber fs.inotify.max_user_instances {most}\nnumber y 2'"
        );
        said(dir.path(), &format!("{numbers}\n{count}\nesac"))
    };
    for most in ["1024", "8192", "none"] {
        assert_eq!(told(most), "", "{most}");
    }
    let some = told("128");
    let used = some.strip_prefix("number inotify_used ").unwrap().trim();
    assert!(used.parse::<u32>().is_ok(), "{some}");
}

#[test]
fn modules_are_kept_out_by_a_command_that_does_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blocked = part(KERNEL, "say module_blocked -", "\n    done\n")
        .replace("/etc/modprobe.d", dir.path().to_str().unwrap());
    let told = |line: &str| {
        std::fs::write(dir.path().join("x.conf"), format!("{line}\n")).unwrap();
        let text = said(dir.path(), &format!("{blocked}\n    done"));
        let own = dir.path().join("x.conf").display().to_string();
        let all = text.lines().filter(|line| line.ends_with(&own));
        all.map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
    };
    for line in [
        "install overlay /bin/true",
        "install overlay /usr/bin/false",
        "  install  overlay\ttrue",
        "install overlay /bin/false # by CIS",
        "install overlay /dev/null",
    ] {
        assert_eq!(told(line), ["overlay"], "{line}");
    }
    assert_eq!(told("install br-netfilter /bin/true"), ["br_netfilter"]);
    // These load it all the same, or are about something else.
    for line in [
        "install overlay /sbin/modprobe --ignore-install overlay && /usr/local/bin/note",
        "install overlay /bin/truely",
        "blacklist overlay",
        "# install overlay /bin/true",
        "install overlayfs /bin/true",
        "install dccp /bin/true",
    ] {
        assert!(told(line).is_empty(), "{line}");
    }
}
