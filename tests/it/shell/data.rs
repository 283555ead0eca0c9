//! Data in places that only a configuration names: which, and whose (`host/inventory/data.sh`, `host/kind/clear/elsewhere.sh`).

use std::path::Path;
use std::process::Command;

const DATA: &str = include_str!("../../../src/host/inventory/data.sh");
const ELSEWHERE: &str = include_str!("../../../src/host/kind/clear/elsewhere.sh");

const PATHS: &str = include_str!("../../../src/host/inventory/paths.sh");

/// What a script says that has functions of the shell half, in a directory.
fn said(dir: &Path, script: &str) -> String {
    let functions = &DATA[..DATA.find("\ndata_places()").unwrap()];
    let disks = "bv_die() { echo \"$*\"; exit 1; }\nbv_mounts_all() { :; }\nbv_clear_disk() { case $1 in *\"${DISK:-none}\") echo \"mount - $1\" ;; esac; }\ngetent() { :; }";
    let output = Command::new("sh")
        .args([
            "-c",
            &format!("newline='\n'\ntab='\t'\n{functions}\n{disks}\n{ELSEWHERE}\n{script}"),
        ])
        .current_dir(dir)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn of_a_unit_only_what_starts_k3s_names_its_data() {
    for (unit, places) in [
        // As its installer writes it.
        (
            "[Service]\nExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--data-dir' \\\n\t'/data/k3s' \\\n",
            "/data/k3s\n",
        ),
        ("ExecStart=-/usr/local/bin/k3s agent -d /data/agent --debug", "/data/agent\n"),
        ("  ExecStart = /opt/bin/k3s server --data-dir=\"/data/x\"\n", "/data/x\n"),
        // The owner's.
        (
            "[Service]\nExecStartPre=/usr/bin/test -d /srv/app\nExecStart=/usr/local/bin/k3s server\n",
            "",
        ),
        ("ExecStartPost=/usr/local/bin/k3s-mine --data-dir /srv/app\n", ""),
        ("#ExecStart=/usr/local/bin/k3s server -d /srv/old\n", ""),
        ("ExecStart=/bin/sh -c 'test -d /srv/app && exec k3s server'\n", ""),
        ("ExecStart=/usr/local/bin/k3s server ; /usr/bin/test -d /srv/app\n", ""),
        ("ExecStart=/usr/local/bin/k3s etcd-snapshot -d /srv/app\n", ""),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("unit"), unit).unwrap();
        let script = "started=$(commands k3s unit)\nfor it in data-dir d; do printf '%s\\n' \"$started\" | option $it -; done";
        assert_eq!((unit, said(dir.path(), script).as_str()), (unit, places));
    }
}

/// Directories and files of a place (`/` ends a directory), whether it is known as that program's, and what of it would go.
fn place(of: &str, things: &[&str]) -> (bool, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    for thing in things {
        let at = dir.path().join("at").join(thing.trim_end_matches('/'));
        std::fs::create_dir_all(if thing.ends_with('/') { &at } else { at.parent().unwrap() })
            .unwrap();
        if !thing.ends_with('/') {
            std::fs::write(&at, "x").unwrap();
        }
    }
    let script = format!("bv_elsewhere_signed {of} at && echo signed\nbv_elsewhere_own {of} at");
    let said = said(dir.path(), &script);
    let own = said.lines().filter_map(|it| it.strip_prefix("at/")).map(str::to_owned).collect();
    (said.starts_with("signed\n"), own)
}

#[test]
fn a_place_is_a_program_s_by_what_nobody_else_makes() {
    for (of, things) in [
        ("k3s", &["data/", "bin/", "agent/", "server/manifests/"][..]),
        ("rke2", &["agent/etc/mine", "server/token"]),
        ("k0s", &["bin/", "db/", "etcd/", "pki/ca.crt", "manifests/"]),
        ("kubelet", &["pods/", "plugins/", "pki/ca.crt"]),
        ("kubelet", &["cpu_manager_state"]),
        ("etcd", &["member/list"]),
    ] {
        assert!(!place(of, things).0, "{of} {things:?}");
    }
    for (of, things) in [
        ("k3s", &["server/token", "server/tls/"][..]),
        ("rke2", &["agent/etc/", "agent/kubelet.kubeconfig"]),
        ("k0s", &["pki/ca.crt", "kubelet.conf"]),
        ("k0s", &["pki/ca.crt", "pki/k0s-api.crt"]),
        ("kubelet", &["pods/", "cpu_manager_state"]),
        ("etcd", &["member/wal/"]),
        ("containerd", &["io.containerd.content.v1.content/"]),
    ] {
        assert!(place(of, things).0, "{of} {things:?}");
    }
}

#[test]
fn names_that_anybody_has_are_not_taken_for_a_program_s_own() {
    let k3s = [
        "data/mine",
        "data/current/",
        "data/0123abcd9f/",
        "bin/backup.sh",
        "agent/",
        "server/token",
    ];
    assert_eq!(place("k3s", &k3s).1, ["data/current", "data/0123abcd9f", "agent", "server/token"]);
    let kubelet = ["pods/", "pki/mine.key", "pki/kubelet.crt", "config.yaml", "cpu_manager_state"];
    assert_eq!(place("kubelet", &kubelet).1, ["pods", "pki/kubelet.crt", "cpu_manager_state"]);
    assert_eq!(
        place("k0s", &["db/PG_VERSION", "db/state.db", "run/mine", "pki/"]).1,
        ["db/state.db", "pki"]
    );
}

#[test]
fn nothing_goes_where_a_disk_has_such_a_name_or_at_the_top() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().canonicalize().unwrap().join("at");
    for it in ["etcd", "server/db/etcd"] {
        std::fs::create_dir_all(at.join(it)).unwrap();
    }
    let at = at.display();
    let denies = |of: &str, path: &str, disk: &str| {
        said(dir.path(), &format!("DISK={disk}\nbv_elsewhere_denies {of} {path}"))
    };
    assert_eq!(denies("k0s", &at.to_string(), "none"), "");
    assert_eq!(
        denies("k0s", &at.to_string(), "/at/etcd"),
        format!("a file system of its own is mounted at `{at}/etcd`")
    );
    // Between the two.
    assert_eq!(
        denies("k3s", &at.to_string(), "/at/server/db"),
        format!("a file system of its own is mounted at `{at}/server/db`")
    );
    // A disk for it alone, which stays mounted.
    assert_eq!(denies("k0s", &at.to_string(), "/at"), "");
    for of in ["etcd", "k0s", "k3s", "kubelet", "containerd"] {
        assert_eq!(denies(of, "/data", "none"), "it is at the top of the file system");
    }
}

#[test]
fn containers_that_are_no_pods_are_named_at_each_store() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("store/overlay-containers")).unwrap();
    std::fs::write(
        dir.path().join("store/overlay-containers/containers.json"),
        r#"[{"id":"a","names":["k8s_POD_x"]},{"id":"b","names":["web"]}]"#,
    )
    .unwrap();
    assert_eq!(said(dir.path(), "others_in store; others_in none"), "web ");
}

#[test]
fn what_a_unit_mounts_is_the_owner_s_as_much_as_a_line_of_fstab() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("fstab"), "/dev/sdb1 /data/k0s/listed ext4 defaults 0 0\n")
        .unwrap();
    let from = PATHS.find("mounts_at() {").unwrap();
    let function = &PATHS[from..PATHS.find("\nfstab=").unwrap()];
    let script = format!(
        "{function}\nfstab=fstab\nunit_mounts='/srv/x\n/data/k0s/db'\nmounts='/data/k0s/db\text4\t/\n/data/k0s/listed\text4\t/\n/data/k0s/by-hand\text4\t/'\nmounts_at /data/k0s; mounts_at /data/k0s/db; mounts_at /data/k0s/by-hand"
    );
    assert_eq!(said(dir.path(), &script), "- 3 2\nfstab 0 0\nother 0 0\n");
}
