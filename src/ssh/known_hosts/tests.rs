use std::fmt::Write as _;
use std::process::Command;

use super::*;

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIjpZ0KYneVt9YkMs2Y5CfUJJKOL/8kLtKwkKk+j2a/J";
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINf35pyI2e8yyC8rIjV7aDCY+hvwkBsOPqrgBmW7UuHJ";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBObtvGuDnMs0wtUG2xHzqh5MYu03ccmn4KX86hpoHHklPAEqjadNZ/090LYLoENlNCEHzsZRDujVZjPzA/Ou90Y=";
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCWHjRuE2wgG/6HrUEyBVZjR6mD7+jM42gEDMy33BjabEja3Vc22vgTr3ChkpxNwCq89OyAfOJL1fozdjlQRRhl5dVKheDyQZlckCSarl+qj2T+IbesJI36bwuGqcyGmjH8JBg8sD69iTHiN76nsLpn0PFbvgVe8TuhuhR0LaZwKImRaYHuVBvIL71BmORrH2O3t+nBWFU2EYZP3Y/4qAncEGgDKki+sr6e9de7iupXQxa0/2w4eUFw8TydLyeHFfB8WkHmT6bD4/bAffW6Ph/Mh2rCThQKrOz46F4auJ+pWzOFxN8dClGrPjv407stDcd9i2DwaB5c1+LVSRcLvHep";

fn key(line: &str) -> PublicKey {
    PublicKey::from_openssh(line).unwrap()
}

/// The verdict in one word, and the line that it names.
fn word(content: &[u8], host: &str, port: u16, offered: &str) -> (&'static str, usize) {
    match judge(&parse(Path::new("f"), content), host, port, &key(offered)) {
        Verdict::Known => ("known", 0),
        Verdict::Unknown => ("unknown", 0),
        Verdict::Changed(line) => ("changed", line.number),
        Verdict::Revoked(line) => ("revoked", line.number),
    }
}

/// The table of reliability.md 2.1, measured against OpenSSH 9.2. The host shows `ED25519`.
#[test]
fn seventeen_files_are_read_as_openssh_reads_them() {
    let host = "node.example.com";
    let rows: [(String, &str); 16] = [
        (format!("{host} {ED25519}\n"), "known"),
        (format!("elsewhere {ED25519}\n"), "unknown"),
        (format!("{host} {OTHER}\n"), "changed"),
        (format!("{host} {ECDSA}\n"), "changed"),
        (format!("@revoked {host} {ED25519}\n"), "revoked"),
        (format!("@revoked * {ED25519}\n{host} {ED25519}\n"), "revoked"),
        (format!("*.example.com {OTHER}\n"), "changed"),
        (format!("{host}\t{}\n", OTHER.replace(' ', "\t")), "changed"),
        (format!("  {host} {OTHER}\n"), "changed"),
        (format!("NODE.Example.COM {OTHER}\n"), "changed"),
        (format!("*.example.com {ED25519}\n"), "known"),
        (format!("{host} {OTHER}\n{host} {ED25519}\n"), "known"),
        (format!("{host}  {}\n", OTHER.replace(' ', "  ")), "changed"),
        (format!("{host} ssh-ed25519 AAAA*broken\n{host} {ED25519}\n"), "known"),
        (format!("@cert-authority {host} {OTHER}\n"), "unknown"),
        (String::new(), "unknown"),
    ];
    for (content, expected) in rows {
        assert_eq!(word(content.as_bytes(), host, 22, ED25519).0, expected, "{content}");
    }
    let latin1 = [
        b"caf\xe9 ".as_slice(),
        OTHER.as_bytes(),
        b"\n",
        host.as_bytes(),
        b" ",
        ED25519.as_bytes(),
    ];
    assert_eq!(word(&latin1.concat(), host, 22, ED25519).0, "known");
}

/// The table's last row: of two keys the host must be asked for the one that is known.
#[test]
fn known_types_are_found_for_every_way_to_write_the_host() {
    let hidden = hash_name("[node]:2222", &[7; 20]);
    let content = format!("{hidden} {ECDSA}\nnode {RSA}\n@revoked node {ED25519}\nx {OTHER}\n");
    let lines = parse(Path::new("f"), content.as_bytes());
    let known = |port| known_keys(&lines, "Node", port).len();
    assert_eq!((known(2222), known(22)), (2, 1));
}

#[test]
fn a_clash_names_the_line_with_the_same_type() {
    let content = format!("# comment\nnode {RSA}\n\nbroken\nnode {OTHER}\n");
    assert_eq!(word(content.as_bytes(), "node", 22, ED25519), ("changed", 5));
    assert_eq!(word(content.as_bytes(), "node", 22, ECDSA), ("changed", 2));
}

#[test]
fn another_port_takes_the_bare_name_in_favour_only() {
    let bare = format!("node {ED25519}\n");
    assert_eq!(word(bare.as_bytes(), "node", 2222, ED25519).0, "known");
    assert_eq!(word(bare.as_bytes(), "node", 2222, OTHER).0, "unknown");
    let both = format!("node {ED25519}\n[node]:2222 {OTHER}\n");
    assert_eq!(word(both.as_bytes(), "node", 2222, ED25519), ("changed", 2));
    let revoked = format!("@revoked node {ED25519}\n");
    assert_eq!(word(revoked.as_bytes(), "node", 2222, ED25519).0, "revoked");
}

#[test]
fn negation_vetoes_its_line_alone() {
    let content = format!("*.lab,!bad.lab {ED25519}\nbad.* {OTHER}\n");
    assert_eq!(word(content.as_bytes(), "good.lab", 22, ED25519).0, "known");
    assert_eq!(word(content.as_bytes(), "bad.lab", 22, ED25519), ("changed", 2));
}

#[test]
fn a_file_that_cannot_be_read_is_no_empty_file() {
    let directory = tempfile::tempdir().unwrap();
    assert!(read(&directory.path().join("missing")).unwrap().is_empty());
    // A directory cannot be read as a file, not even by root.
    assert!(matches!(read(directory.path()), Err(Error::KnownHosts { .. })));
}

/// A small generator of the same numbers on every run.
struct Dice(u64);

impl Dice {
    fn roll<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        choices[(self.0 >> 33) as usize % choices.len()]
    }
}

const NAMES: [&str; 5] =
    ["alpha.lab", "beta.lab", "[alpha.lab]:2222", "10.0.0.7", "[10.0.0.7]:2222"];

fn random_line(dice: &mut Dice) -> String {
    if dice.roll(&[&true, &false, &false, &false, &false]) == &true {
        // Not a name alone: OpenSSH 9.2 then reads on in what its buffer held before.
        let garbage = [
            "",
            "# alpha.lab x",
            "alpha.lab ssh-ed25519",
            "@revoked",
            "\u{fc}",
            "alpha.lab ssh-ed25519 A*",
            "alpha.lab ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
            "@odd alpha.lab x y",
        ];
        return dice.roll(&garbage.each_ref().map(|text| *text)).to_owned();
    }
    let patterns = [
        "alpha.lab",
        "ALPHA.Lab",
        "*.lab",
        "*",
        "?lpha.lab",
        "!beta.lab,*",
        "*,!alpha.lab",
        "beta.lab,alpha.lab",
        "[alpha.lab]:2222",
        "[*]:2222",
        "[ALPHA.*]:*",
        "10.0.0.*",
        "10.0.?.7,!*.lab",
        ",",
        "!*",
        "a*a.l*b",
        "**",
        "hash",
    ];
    let mut names = dice.roll(&patterns.each_ref().map(|text| *text)).to_owned();
    if names == "hash" {
        let salt: [u8; 20] = std::array::from_fn(|_| *dice.roll(&[&1, &77, &255]));
        names = hash_name(dice.roll(&NAMES), &salt);
    }
    let marker = dice.roll(&["", "", "", "@revoked", "@cert-authority"]);
    let blank = dice.roll(&[" ", "\t", "  ", " \t "]);
    let lead = dice.roll(&["", "", " ", "\t"]);
    let tail = dice.roll(&["", " comment", "  a b c", "\t", "\r"]);
    // Always a blank behind a marker: OpenSSH looks for the first blank of the whole line there,
    // so that a tab makes it skip the line if its comment has one. Ours reads such a line.
    let marker = if marker.is_empty() { String::new() } else { format!("{marker} ") };
    let key = dice.roll(&[ED25519, OTHER, ECDSA, RSA]).replace(' ', blank);
    format!("{lead}{marker}{names}{blank}{key}{tail}")
}

/// What ssh-keygen finds for the name: line numbers, markers and fingerprints.
fn ssh_keygen(file: &Path, name: &str) -> String {
    let mut command = Command::new("ssh-keygen");
    let output = command.args(["-l", "-F", name, "-f"]).arg(file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found = String::new();
    for pair in text.lines().collect::<Vec<_>>().chunks(2) {
        let line = pair[0].rsplit_once(" found: line ").unwrap().1.trim();
        let print = pair[1].split(' ').find(|word| word.starts_with("SHA256:")).unwrap();
        writeln!(found, "{line} {print}").unwrap();
    }
    found
}

fn ours(content: &[u8], name: &str) -> String {
    let mut found = String::new();
    for line in parse(Path::new("f"), content).iter().filter(|line| matches(&line.names, name)) {
        let marker = match line.marker {
            Marker::None => "",
            Marker::Revoked => " REVOKED",
            Marker::Authority => " CA",
        };
        let print = line.key.fingerprint(HashAlg::Sha256);
        writeln!(found, "{}{marker} {print}", line.number).unwrap();
    }
    found
}

#[test]
fn random_files_are_read_as_ssh_keygen_reads_them() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("known_hosts");
    let mut dice = Dice(2026);
    let mut matched = 0;
    for round in 0..120 {
        let lines: Vec<String> = (0..12).map(|_| random_line(&mut dice)).collect();
        let content = lines.join("\n");
        std::fs::write(&file, &content).unwrap();
        for name in NAMES {
            let theirs = ssh_keygen(&file, name);
            matched += theirs.lines().count();
            assert_eq!(ours(content.as_bytes(), name), theirs, "round {round}, {name}:\n{content}");
        }
    }
    assert!(matched > 500, "the files hardly spoke of the names: {matched}");
}
