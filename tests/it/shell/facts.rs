//! Parts of the facts' scripts, with files and programs of our own in place of the host's.

use std::path::Path;
use std::process::Command;

const PACKETS: &str = include_str!("../../../src/host/facts/packets.sh");
const PACKAGES: &str = include_str!("../../../src/host/facts/packages.sh");
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
        .arg(format!("say() {{ printf '%s\\n' \"$*\"; }}\n{script}"))
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
        let said = said(dir.path(), &format!("{judge}    }}' saved"));
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
