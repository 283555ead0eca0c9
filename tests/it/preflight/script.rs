//! The script that reads a host, and what its output becomes.

use super::*;

#[test]
fn half_of_the_facts_is_an_error() {
    let lines: Vec<&str> = LAB.lines().collect();
    for end in 0..lines.len() {
        let text = lines[..end].join("\n");
        let expected_not_facts = end < 2;
        match Facts::parse(&text) {
            Err(FactsError::NotFacts { .. }) if expected_not_facts => {}
            Err(FactsError::CutShort { .. }) if !expected_not_facts => {}
            other => panic!("{end} lines: {other:?}"),
        }
    }
    let said = |text: &str| Facts::parse(text).unwrap_err().to_string();
    assert_eq!(said(""), "the host printed no facts, but nothing");
    assert_eq!(said("sh: not found\n"), "the host printed no facts, but `sh: not found`");
    assert_eq!(said("facts 1\nuid 0\n"), "the facts end after `uid`: the script was cut short");
}

#[test]
fn facts_of_recorded_hosts() {
    let facts = Facts::parse(UBUNTU).unwrap();
    assert_eq!(facts.arch.as_deref(), Some("amd64"));
    assert_eq!(facts.systemd, Some(249));
    assert_eq!(facts.has("awk"), Some(true));
    assert_eq!(facts.has("conntrack"), Some(false));
    assert_eq!(facts.has("vi"), None);
    assert_eq!(facts.journal, Journal::Absent);
    assert_eq!(facts.node_name(None).as_deref(), Some("jammy"));
    let address = |ssh| facts.node_address(ssh).unwrap().to_string();
    assert_eq!(address("jammy.example"), "192.168.7.22", "the default route's");
    assert_eq!(address("192.168.7.22"), "192.168.7.22");
    assert_eq!(address("203.0.113.5"), "192.168.7.22", "behind NAT");
    assert_eq!(facts.disk("/var/lib/etcd/member").unwrap().path, "/var/lib");
    assert_eq!(facts.disk("/variable").unwrap().path, "/");
    let old = Facts::parse(OLD_CLUSTER).unwrap();
    assert_eq!(old.listeners.as_ref().unwrap().len(), 2);
    assert_eq!(old.package_locks.unwrap()[0].name.as_deref(), Some("python3"));
    assert_eq!(old.ufw, Some(true));
    let alpine = Facts::parse(ALPINE).unwrap();
    assert_eq!(alpine.init.as_deref(), Some("init"));
    assert!(alpine.clock.is_some(), "seconds are enough");
}

#[test]
fn the_script_runs_here_and_under_a_strict_shell() {
    for before in ["", "set -euf; IFS=,; OMP_NUM_THREADS=1; cd /\n"] {
        let asked = SystemTime::now();
        let script = format!("{before}{}", Facts::SCRIPT);
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let facts = Facts::parse(&stdout).unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(facts.clock.is_some_and(|clock| clock >= asked && clock <= SystemTime::now()));
        assert!(facts.cpus.is_some() && facts.memory_kib.is_some() && facts.disk("/").is_some());
        assert_eq!(facts.has("sh-that-is-not-there"), None);
    }
}

#[test]
fn every_part_of_the_script_is_in_it() {
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/host/facts");
    let parts = std::fs::read_dir(parts).unwrap().map(|entry| entry.unwrap().path());
    let parts: Vec<_> =
        parts.filter(|path| path.extension().is_some_and(|it| it == "sh")).collect();
    assert!(parts.len() > 10, "{parts:?}");
    for part in parts {
        let text = std::fs::read_to_string(&part).unwrap();
        assert!(Facts::SCRIPT.contains(&text), "{}", part.display());
    }
}

#[test]
fn the_script_writes_nothing() {
    for line in Facts::SCRIPT.lines().filter(|line| !line.trim_start().starts_with('#')) {
        for (place, _) in line.match_indices('>') {
            let target = &line[place + 1..];
            let harmless = target.starts_with("/dev/null") || target.starts_with("&1");
            assert!(harmless, "this line writes: {line}");
        }
        // Lists of names are not commands.
        let is_list = line.ends_with('\\') || line.ends_with("; do");
        let command = line.split_whitespace().next().filter(|_| !is_list).unwrap_or_default();
        let forbidden =
            ["conntrack", "ipset", "iptables", "iptables-save", "modprobe", "ss", "tee"];
        assert!(!forbidden.contains(&command), "this line changes the kernel: {line}");
    }
}
