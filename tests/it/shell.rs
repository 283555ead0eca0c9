//! Functions of the shell half that only read, here, with stand-ins for the programs that they ask.

mod bpf;
mod data;
mod devices;
mod docker;
mod facts;
mod guards;
mod links;
mod ranges;
mod runtime;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const RPM: &str = include_str!("../../src/host/kind/package/rpm.sh");
const MEMBERS: &str = include_str!("../../src/host/members.sh");
const DNF: &str = include_str!("../../src/host/kind/package/dnf.sh");
const BASELINE: &str = include_str!("../../src/host/baseline.sh");
const PACKAGE: &str = include_str!("../../src/host/kind/package.sh");
const SECURITY: &str = include_str!("../../src/host/kind/security.sh");
const SWAP: &str = include_str!("../../src/host/kind/swap.sh");
const KUBEADM: &str = include_str!("../../src/host/kind/kubeadm.sh");

/// What `bv_kubelet_said` says of a kubelet in this state with this log; `active` is one that has been for
/// long.
fn kubelet_said(state: &str, log: &str) -> String {
    let stand_ins = "journalctl() { printf '%s' \"$LOG\"; }
systemctl() {
    case $1:$STATE in
    is-active:just-started) echo active ;;
    is-active:*) echo \"$STATE\" ;;
    show:just-started) echo \"ActiveEnterTimestamp=$(date)\" ;;
    *) echo 'ActiveEnterTimestamp=Wed 2026-01-07 20:04:09 UTC' ;;
    esac
}
";
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{stand_ins}{MEMBERS}\nbv_kubelet_said 0"))
        .env("LOG", log)
        .env("STATE", state)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Lines of kubelet 1.20 (klog 2) and 1.30.
const FLAG: &str = "  -h, --help   help for kubelet
F1125 20:04:09.805760   14537 server.go:156] unknown flag: --no-such-option
goroutine 1 [running]:
";
const COMMAND: &str = "E0102 03:04:05.000001    99 run.go:74] \"command failed\" err=\"failed to run Kubelet: no such runtime\"\n";
const COMPLAINTS: &str = "I1125 20:04:09.805760   14537 server.go:416] Version: v1.20.2
E1125 20:04:09.805760   14537 kubelet.go:2243] node \"w1\" not found
E1125 20:04:10.805760   14537 kubelet.go:2243] node \"w1\" not found
";

#[test]
fn a_kubelet_that_died_says_of_what_first() {
    assert_eq!(
        kubelet_said("activating", &format!("{COMPLAINTS}{FLAG}{COMPLAINTS}{FLAG}")),
        "the kubelet ended: unknown flag: --no-such-option
kubelet: kubelet.go: node \"w1\" not found
kubelet: server.go: unknown flag: --no-such-option
"
    );
    // One that dies again and again is active now and then.
    let said = kubelet_said("just-started", FLAG);
    assert!(said.starts_with("the kubelet ended: unknown flag: --no-such-option\n"), "{said}");
    assert_eq!(
        kubelet_said("failed", COMMAND),
        "the kubelet ended: failed to run Kubelet: no such runtime
kubelet: run.go: \"failed to run Kubelet: no such runtime\"
"
    );
    let cobra = "Error: unknown flag: --no-such-option\nUsage:\n";
    assert!(
        kubelet_said("failed", cobra)
            .starts_with("the kubelet ended: unknown flag: --no-such-option\n")
    );
}

#[test]
fn a_kubelet_that_runs_has_come_over_what_it_died_of() {
    assert_eq!(
        kubelet_said("active", &format!("{FLAG}{COMPLAINTS}")),
        "kubelet: server.go: unknown flag: --no-such-option\nkubelet: kubelet.go: node \"w1\" not found\n"
    );
    assert_eq!(kubelet_said("inactive", "I1125 20:04:09.805760 1 server.go:4] fine\n"), "");
}

#[test]
fn the_last_eight_complaints_are_told() {
    let log = (1..20).fold(String::new(), |log, n| {
        format!("{log}E1125 20:04:09.805760   14537 k.go:2] complaint {n}\n")
    });
    let said = kubelet_said("active", &log);
    assert_eq!(said.lines().count(), 8);
    assert!(
        said.starts_with("kubelet: k.go: complaint 12\n") && said.ends_with("complaint 19\n"),
        "{said}"
    );
}

/// What is left in a directory of its own after a script.
fn left(script: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let status = Command::new("sh").arg("-c").arg(script).current_dir(&dir).status().unwrap();
    assert!(status.success(), "{status}");
    let entries = std::fs::read_dir(&dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn kubeadm_comes_to_its_end_though_nobody_reads_it() {
    // An operator that is killed leaves a pipe without a reader.
    let script = |call: &str| {
        format!(
            "{KUBEADM}\nBV_LIVE=. bv_input=x\nkubeadm() {{ cat >input; echo one; echo one >&2; until [ -e gone ]; do sleep 0.01; done; echo two; echo two >&2; touch ended; return 3; }}\n{call}"
        )
    };
    let unread = "{ bv_phase join 2>&1; echo $? >result; } | { read -r line; exec <&-; touch gone; }\nuntil [ -s result ]; do sleep 0.01; done; grep -qx 3 result";
    assert_eq!(left(&script(unread)), ["ended", "gone", "input", "result", "status"]);
    let read = "touch gone; ! bv_phase join >out 2>err && [ \"$(cat out err | tr '\\n' ' ')\" = 'one two one two ' ] && grep -qx x input";
    assert_eq!(left(&script(read)), ["ended", "err", "gone", "input", "out", "status"]);
}

#[test]
fn what_cannot_be_read_of_kubeadm_s_list_is_not_written() {
    let asked = |answer: &str| {
        let script = format!(
            "{MEMBERS}\nbv_kubectl() {{ case $* in *' patch '*) printf '%s' \"$*\" >patched ;; *) {answer} ;; esac; }}\nbv_status_forget cp2 || touch refused"
        );
        left(&script)
    };
    assert_eq!(asked("return 1"), ["refused"]);
    assert_eq!(asked("printf 'apiEndpoints:\\n  cp1:\\n    advertiseAddress: x\\n'"), [""; 0]);
    let both = "printf 'apiEndpoints:\\n  cp1:\\n    advertiseAddress: x\\n  cp2:\\n    advertiseAddress: y\\n'";
    assert_eq!(asked(both), ["patched"]);
}

const IMAGE: &str = include_str!("../../src/host/kind/image.sh");
const PULL: &str = include_str!("../../src/host/kind/pull.sh");

/// A runtime's store as a file of `NAME SUM` lines, and the two programs that ask it.
const STORE: &str = r#"
ctr() {
    shift 4
    case "$1 $2" in
    'images ls')
        case ${3:-} in
        -q) cut -d' ' -f1 "$STORE" ;;
        name==*) awk -v it="${3#name==}" '$1 == it { print $1, "type", $2 }' "$STORE" ;;
        target.digest==*) awk -v it="${3#target.digest==}" '$2 == it { print $1, "type", $2 }' "$STORE" ;;
        esac
        ;;
    'images tag')
        awk -v it="$4" -v as="$5" '$1 == it { print as, $2 }' "$STORE" >"$STORE.new" && cat "$STORE.new" >>"$STORE"
        ;;
    'images rm')
        shift 3
        for name; do awk -v it="$name" '$1 != it' "$STORE" >"$STORE.new" && mv "$STORE.new" "$STORE"; done
        ;;
    esac
}
crictl() {
    case $2 in *missing*) echo 'not found' >&2; return 1 ;; esac
    sum=sha256:${2##*:}
    printf '%s\n' "$2 $sum" "${2%:*}@$sum $sum" "sha256:config-${2##*:} $sum" >>"$STORE"
    sort -u -o "$STORE" "$STORE"
}
bv_die() { printf '%s\n' "$*" >&2; exit 1; }
bv_was() { for word; do was="$was $word"; done; }
timeout() { shift; "$@"; }
bv_any_stands() { return 1; }
bv_stands() { return 1; }
BV_LIVE=/nonexistent
change() { was=; bv_pull_before "$@"; bv_pull_do "$@"; }
undo() { bv_nargs=$1; shift; bv_pull_undo "$@"; }
"#;

/// What is in the store after a script, which began with these lines; and what was said.
fn store_after(before: &str, script: &str) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    std::fs::write(&store, before).unwrap();
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{STORE}{IMAGE}{PULL}\n{script}"))
        .env("STORE", &store)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (std::fs::read_to_string(store).unwrap(), said)
}

#[test]
fn pulled_images_go_with_all_their_names_and_no_others() {
    // Two are pulled, one of them was there; a second undo finds nothing.
    let here = "r/a:1 sha256:1\nr/a@sha256:1 sha256:1\nsha256:config-1 sha256:1\n";
    let (after, said) =
        store_after(here, "change r/a:1 r/b:2; bv_pull_is r/a:1 r/b:2 || echo lacking >&2");
    assert_eq!((after.lines().count(), said.as_str()), (6, ""), "{after}");
    let (after, said) =
        store_after(here, "change r/a:1 r/b:2; undo 2 r/a:1 r/b:2 $was; undo 2 r/a:1 r/b:2 $was");
    assert_eq!((after.as_str(), said.as_str()), (here, ""));
    // Somebody else's name for the same image keeps what it is known by.
    let other = "x/b:9 sha256:2\n";
    let (after, _) = store_after(other, "change r/b:2; undo 1 r/b:2 $was");
    assert!(
        after.contains("x/b:9 ") && after.contains("sha256:config-2") && !after.contains("r/b:2 "),
        "{after}"
    );
    // What cannot be pulled is named, and what was pulled before it goes.
    let (_, said) = store_after("", "change r/b:2 r/missing:1");
    assert!(said.ends_with("the image `r/missing:1` was not pulled: not found\n"), "{said}");
    let (after, _) =
        store_after("", "(change r/b:2 r/missing:1); undo 2 r/b:2 r/missing:1 r/b:2 r/missing:1");
    assert_eq!(after, "");
}

#[test]
fn a_pulled_image_can_have_a_further_name() {
    let both = "r/pause:2 own/pause:8=r/pause:2";
    let (after, said) = store_after(
        "",
        &format!("change {both}; bv_pull_is {both} || echo lacking >&2; echo $was >&2"),
    );
    assert_eq!(said, "r/pause:2 own/pause:8\n");
    assert!(after.contains("own/pause:8 sha256:2\n") && after.contains("r/pause:2 sha256:2\n"));
    let (after, _) = store_after("", &format!("change {both}; undo 2 {both} $was"));
    assert_eq!(after, "");
    // The owner's own of that name stays.
    let (after, _) =
        store_after("own/pause:8 sha256:9\n", &format!("change {both}; undo 2 {both} $was"));
    assert_eq!(after, "own/pause:8 sha256:9\n");
}

#[test]
fn an_audit_log_is_for_root_alone_and_its_directory_gets_its_mode_back() {
    let after = |before: Option<u32>, script: &str| {
        let dir = tempfile::tempdir().unwrap();
        let logs = dir.path().join("kubernetes/audit");
        if let Some(mode) = before {
            std::fs::create_dir_all(&logs).unwrap();
            std::fs::set_permissions(&logs, Permissions::from_mode(mode)).unwrap();
        }
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!(
                "bv_sync() {{ :; }}\n{SECURITY}\nBV={} BV_AUDIT={}\n{script}",
                dir.path().display(),
                logs.display()
            ))
            .output()
            .unwrap();
        let mode = std::fs::metadata(&logs).map(|it| it.permissions().mode() & 0o7777);
        (output.status.code(), mode.ok(), dir.path().join("audit-mode").exists())
    };
    assert_eq!(after(None, "bv_audit_shut"), (Some(0), None, false), "made by a step of its own");
    for mode in [0o755, 0o750, 0o2770, 0o701] {
        assert_eq!(after(Some(mode), "bv_audit_shut"), (Some(1), Some(mode), false), "{mode:o}");
        // A second try finds it shut; what counts is how it was at first.
        let twice =
            "bv_audit_shut_do && chmod 0711 \"$BV_AUDIT\" && bv_audit_shut_do && bv_audit_shut";
        assert_eq!(
            after(Some(mode), twice),
            (Some(0), Some(mode & 0o2000 | 0o700), true),
            "{mode:o}"
        );
        let undone = format!("{twice} && bv_audit_shut_undo && bv_audit_shut_undo");
        assert_eq!(after(Some(mode), &undone), (Some(0), Some(mode), false), "{mode:o}");
    }
    // One that was shut is left as it is.
    assert_eq!(
        after(Some(0o500), "bv_audit_shut && bv_audit_shut_undo"),
        (Some(0), Some(0o500), false)
    );
}

/// What `bv_dnf_table` makes of the table of a transaction.
fn dnf_table(shown: &str) -> String {
    let script = format!("{DNF}\nprintf '%s' \"$SHOWN\" | bv_dnf_table");
    let output = Command::new("sh").arg("-c").arg(script).env("SHOWN", shown).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_tables_of_yum_dnf_4_and_dnf_5_say_the_same() {
    // As yum 3.4 prints it, with a name that is too wide (`yum/output.py`, `fmtColumns`).
    let yum = "Loaded plugins: fastestmirror
Resolving Dependencies
--> Running transaction check

Dependencies Resolved

================================================================================
 Package                  Arch     Version                 Repository      Size
================================================================================
Installing:
 conntrack-tools          x86_64   1.4.4-7.el7             base           187 k
Updating:
 iptables                 x86_64   1.4.21-35.el7           base           432 k
Installing for dependencies:
 libnetfilter_cthelper-with-a-long-name
                          x86_64   1.0.0-11.el7            base            18 k

Transaction Summary
================================================================================
Install  1 Package  (+1 Dependent package)
Upgrade  1 Package
";
    // dnf 5 has no lines above and below, and says what an upgrade replaces (`libdnf5-cli`, `transaction_table`).
    let dnf5 = "Updating and loading repositories:
Repositories loaded.
Package                                 Arch   Version      Repository      Size
Installing:
 conntrack-tools                        x86_64 1.4.4-7.el7  fedora     187.0 KiB
Upgrading:
 iptables                               x86_64 1.4.21-35.el7 updates   432.0 KiB
   replacing iptables                   x86_64 1.4.21-34.el7 fedora    432.0 KiB
Installing dependencies:
 libnetfilter_cthelper-with-a-long-name x86_64 1.0.0-11.el7 fedora      18.0 KiB

Transaction Summary:
 Installing:         2 packages
 Upgrading:          1 package
 Replacing:          1 package
";
    let install = "install conntrack-tools x86_64 1.4.4-7.el7\n";
    let library = "install libnetfilter_cthelper-with-a-long-name x86_64 1.0.0-11.el7\n";
    assert_eq!(dnf_table(yum), format!("{install}upgrade iptables\n{library}"));
    let mut lines: Vec<String> = dnf_table(dnf5).lines().map(|line| format!("{line}\n")).collect();
    lines.sort();
    assert_eq!(lines, [install, library, "remove iptables\n", "upgrade iptables\n"]);
    // What is removed, older, made anew or of another stream is the owner's as well.
    for (heading, what) in [
        ("Removing dependent packages:", "remove x\n"),
        ("Downgrading:", "downgrade x\n"),
        ("Reinstalling:", "reinstall x\n"),
        ("Skipping packages with conflicts:", ""),
    ] {
        let shown = format!("{heading}\n x  noarch  1-1  lab  1 k\n\nTransaction Summary\n");
        assert_eq!(dnf_table(&shown), what, "{heading}");
    }
}

/// What a line prints that has these functions, and a directory `BV` to work in.
fn with(functions: &str, dir: &std::path::Path, line: &str) -> String {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{functions}\n{line}"))
        .env("BV", dir)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn packages_of_an_entry_without_a_manager_are_apts() {
    let dir = tempfile::tempdir().unwrap();
    let stand_ins = "bv_package_wait() { :; }
bv_package_try() { \"$@\"; }
for pm in apt dnf; do
    eval \"bv_${pm}_there() { echo \\\"\\$@\\\"; }
    bv_${pm}_needed() { :; }
    bv_${pm}_changed() { :; }
    bv_${pm}_remove() { echo $pm removes \\\"\\$@\\\"; }\"
done
";
    let undo = |line: &str| with(PACKAGE, dir.path(), &format!("{stand_ins}{line}"));
    assert_eq!(undo("bv_nargs=2 bv_package_undo conntrack socat socat"), "apt removes socat\n");
    assert_eq!(undo("bv_nargs=3 bv_package_undo apt conntrack socat socat"), "apt removes socat\n");
    assert_eq!(undo("bv_nargs=2 bv_package_undo dnf socat socat"), "dnf removes socat\n");
}

#[test]
fn a_baseline_of_an_earlier_time_is_compared_with_what_it_knows() {
    let dir = tempfile::tempdir().unwrap();
    let compare = |baseline: &str, now: &str| {
        std::fs::write(dir.path().join("baseline"), baseline).unwrap();
        std::fs::write(dir.path().join("now"), now).unwrap();
        let stand_ins =
            "bv_baseline() { cp \"$BV/now\" \"$1\"; }\nbv_sum() { bv_sum=ab; }\nbv_compare";
        let said = with(BASELINE, dir.path(), stand_ins);
        let (first, rest) = said.split_once('\n').unwrap();
        assert!(first.starts_with("baseline ab "), "{first}");
        rest.to_owned()
    };
    let now = "ipset -\nipset owners\nipvs -\nipvs -t 192.0.2.1:80\nlink eth0\nroute6 -\nroute6 fd00::/64 dev eth0\n";
    let old = "link eth0\nmount binfmt_misc /proc/sys/fs/binfmt_misc\nstate proc-sys-fs-binfmt_misc.mount active\n";
    assert_eq!(compare(old, now), "");
    assert_eq!(compare("link eth1\n", now), "+ link eth0\n- link eth1\n");
    let knows = "ipset -\nipvs -\nlink eth0\nroute6 -\n";
    assert_eq!(
        compare(knows, now),
        "+ ipset owners\n+ ipvs -t 192.0.2.1:80\n+ route6 fd00::/64 dev eth0\n"
    );
}

/// A host that is at rest is looked at once; one that differs twice, and what passes meanwhile is no difference.
#[test]
fn what_is_only_passing_is_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let compare = |looks: &[&str]| {
        std::fs::write(dir.path().join("baseline"), "link eth0\n").unwrap();
        std::fs::write(dir.path().join("restless"), "route a\n").unwrap();
        for (number, look) in looks.iter().enumerate() {
            std::fs::write(dir.path().join(format!("look-{number}")), look).unwrap();
        }
        let stand_ins = "look=0\nbv_baseline() { cp \"$BV/look-$look\" \"$1\" && look=$((look + 1)); }\nbv_sum() { :; }\nbv_compare; echo $look";
        let said = with(BASELINE, dir.path(), stand_ins);
        said.split_once('\n').unwrap().1.to_owned()
    };
    assert_eq!(compare(&["link eth0\n"]), "~ route a\n1\n");
    assert_eq!(
        compare(&["link eth0\nstate b active\n", "link eth0\n"]),
        "~ state b active\n~ route a\n2\n"
    );
    assert_eq!(
        compare(&["link cni0\nlink eth0\n", "link cni0\nlink eth0\n"]),
        "~ route a\n+ link cni0\n2\n"
    );
}

/// What moves by itself while the baseline is taken is noted beside it; what only the slower part of the look has is not.
#[test]
fn a_baseline_comes_with_what_moved_while_it_was_taken() {
    let dir = tempfile::tempdir().unwrap();
    let stand_ins = "
bv_moving() { echo >>\"$BV/looks\"; echo \"state a $(wc -l <\"$BV/looks\")\"; echo 'link eth0'; }
bv_baseline() { { bv_moving; echo 'path f 644 0:0 /etc/a'; echo 'user b'; } | sort -u >\"$1\"; }
bv_sync() { :; }
bv_baseline_take && cat \"$BV/restless\"";
    assert_eq!(with(BASELINE, dir.path(), stand_ins), "state a 1\nstate a 2\n");
    assert!(
        dir.path().join("baseline.new").exists() && !dir.path().join("baseline.first").exists()
    );
}

/// The shell half is one text on a host: a second function of a name would take the first one's place in silence.
#[test]
fn no_function_of_the_shell_half_is_defined_twice() {
    fn scripts(dir: &std::path::Path, all: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                scripts(&path, all);
            } else if path.extension().is_some_and(|it| it == "sh") {
                all.push(path);
            }
        }
    }
    let mut all = Vec::new();
    scripts(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/host"), &mut all);
    let mut had = std::collections::BTreeMap::new();
    for path in all {
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let Some((name, _)) = line.split_once("()").filter(|it| it.0.starts_with("bv_")) else {
                continue;
            };
            if let Some(other) = had.insert(name.to_owned(), path.clone()) {
                panic!("`{name}` is in {} and in {}", other.display(), path.display());
            }
        }
    }
    assert!(had.len() > 100);
}

/// What `bv_cri_do` makes of an image with this sum where that is expected, and which of crictl's commands it called. In the store there is
/// what `there` says (a name and a sum a line); a pull brings `brings`.
fn fetched(there: &str, brings: &str, wanted: &str) -> (bool, String, String) {
    use std::os::unix::fs::PermissionsExt as _;
    const CRI: &str = include_str!("../../src/host/kind/cri.sh");
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("store"), there).unwrap();
    let crictl = "#!/bin/sh
cd \"$(dirname \"$0\")\" || exit 1
shift 4
echo \"$*\" >>calls
case $1 in
inspecti)
    sum=$(sed -n \"s#^$2 ##p\" store)
    [ -n \"$sum\" ] || exit 1
    printf '{\\n  \"status\": {\\n    \"id\": \"%s\",\\n    \"repoTags\": []\\n  }\\n}\\n' \"$sum\"
    ;;
pull) sed -i \"\\#^$2 #d\" store; echo \"$2 $BRINGS\" >>store ;;
rmi) sed -i \"\\#^$2 #d\" store ;;
esac
";
    std::fs::write(path("crictl"), crictl).unwrap();
    std::fs::set_permissions(path("crictl"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let die = "bv_die() { printf '%s\\n' \"$*\" >&2; exit 1; }";
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{die}\n{KUBEADM}\n{CRI}\nbv_cri_do unix:///sock r.example/a:1={wanted}"))
        .env("PATH", format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap()))
        .env("BRINGS", brings)
        .output()
        .unwrap();
    let calls = std::fs::read_to_string(path("calls")).unwrap();
    let commands: Vec<&str> = calls.lines().filter_map(|call| call.split(' ').next()).collect();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), commands.join(" "), said)
}

#[test]
fn an_image_that_is_pulled_is_the_one_with_the_sum_or_none() {
    let (right, wrong) = ("ab".repeat(32), "cd".repeat(32));
    let named = |sum: &str| format!("r.example/a:1 {sum}\n");
    // It is there already, with containerd's form of the sum, too.
    for there in [named(&right), named(&format!("sha256:{right}"))] {
        assert_eq!(fetched(&there, &wrong, &right), (true, "inspecti".to_owned(), String::new()));
    }
    for there in ["", named(&wrong).as_str()] {
        let (done, calls, _) = fetched(there, &right, &right);
        assert_eq!((done, calls.as_str()), (true, "inspecti pull inspecti"), "{there}");
    }
    // Another one came: it goes, unless somebody had one of that name.
    let (done, calls, said) = fetched("", &wrong, &right);
    assert_eq!((done, calls.as_str()), (false, "inspecti pull inspecti rmi"));
    assert_eq!(
        said,
        format!("the image `r.example/a:1` that was pulled is {wrong}, not {right}\n")
    );
    let (done, calls, _) = fetched(&named(&"ef".repeat(32)), &wrong, &right);
    assert_eq!((done, calls.as_str()), (false, "inspecti pull inspecti"));
}

#[test]
fn configuration_that_bivouac_wrote_is_not_what_an_owner_changed_of_a_package() {
    let stand_ins = "rpm() {
    printf '%s\\n' 'S.5....T.  c /etc/docker/daemon.json' '.......T.  c /etc/touched' 'S.5....T.    /usr/bin/x' \\
        'S.5....T.  c /etc/sysconfig/docker'
}
bv_stands() { [ \"$1 $2\" = 'file /etc/docker/daemon.json' ]; }
";
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{stand_ins}{RPM}\nbv_rpm_changed docker"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "/etc/sysconfig/docker ");
}

#[test]
fn lines_of_fstab_with_blanks_in_front_are_swap_and_come_back_as_they_were() {
    let fstab = "# swap of old\n/dev/sda1 / ext4 defaults 0 1\n  \t/dev/sda2\tnone swap sw 0 0\n/dev/sda3 none\tswap\n";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("fstab");
    std::fs::write(&file, fstab).unwrap();
    let shell = |line: &str| {
        // Nothing is on, and systemd has no unit.
        let stand_ins = "bv_sync() { :; }; bv_label() { :; }; bv_die() { echo \"$*\" >&2; exit 1; }; bv_was() { :; }\nsystemctl() { :; }";
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("{SWAP}\n{stand_ins}\nbv_swap_on() {{ :; }}\nBV_FSTAB=$DIR/fstab bv_saved=$DIR/saved bv_nargs=0\n{line}"))
            .env("DIR", dir.path())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
        output.status.success()
    };
    assert!(!shell("bv_swap_is"));
    assert!(shell("bv_swap_before && bv_swap_do && bv_swap_is"));
    let off = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = off.lines().collect();
    assert_eq!(lines[2], "# bivouac:   \t/dev/sda2\tnone swap sw 0 0");
    assert!(lines[0] == "# swap of old" && lines[3].starts_with("# bivouac: /dev/sda3"), "{off}");
    assert!(shell("bv_swap_undo fstab"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), fstab);
    // With a line of the owner's since then, the others are as they were all the same.
    assert!(shell("bv_swap_do"));
    let more = format!("{}tmpfs /x tmpfs\n", std::fs::read_to_string(&file).unwrap());
    std::fs::write(&file, more).unwrap();
    assert!(shell("bv_swap_undo fstab"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{fstab}tmpfs /x tmpfs\n"));
}

#[test]
fn a_swap_whose_device_is_gone_stays_a_comment_and_fails_nothing() {
    const ON: &str = "#/dev/there-is-on none swap sw 0 0";
    const SYSTEM: &str = include_str!("../../src/host/kind/clear/system.sh");
    let dir = tempfile::tempdir().unwrap();
    let there = dir.path().join("swap");
    std::fs::write(&there, "").unwrap();
    let there = format!("#{} none swap sw 0 0", there.display());
    let gone = "#/dev/there-is-none none swap sw 0 0";
    let fstab = dir.path().join("fstab");
    std::fs::write(&fstab, format!("{gone}\n{there}\n")).unwrap();
    let said = |line: &str| {
        let output = std::process::Command::new("sh")
            .arg("-c")
            .arg(format!("{SYSTEM}\nBV_FSTAB=$FSTAB\nbv_clear_edit_before() {{ cat; }}\nbv_was() {{ :; }}\nbv_swap_on() {{ echo 1:/dev/there-is-on; }}\n{line}"))
            .env("FSTAB", &fstab)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let is = |words: &str| said(&format!("bv_clear_fstab_is {words}")).0;
    assert!(is(&format!("'{gone}'")), "there is nothing to do");
    std::fs::write(&fstab, format!("{gone}\n{there}\n{ON}\n")).unwrap();
    assert!(!is(&format!("'{ON}'")), "it is on, so it is there");
    assert!(!is(&format!("'{gone}' '{there}'")));
    let (_, written) = said(&format!("bv_clear_fstab_before '{gone}' '{there}'"));
    assert_eq!(written, format!("{gone}\n{}\n{ON}\n", &there[1..]));
}
