//! Files that were made to hurt: each is refused, and at once.

use std::time::{Duration, Instant};

use bivouac::cluster;

use super::{FULL, MINIMAL, minimal_with, parse};

/// Far above what each takes (a few milliseconds in a debug build), far below what a quadratic
/// parser needs (24 s for the first of them).
const AT_ONCE: Duration = Duration::from_secs(1);

fn refused_at_once(what: &str, text: &str) -> String {
    let mut shown = String::new();
    // The best of three: the machine may be busy with something else.
    let took = (0..3).map(|_| {
        let start = Instant::now();
        shown = parse(text).expect_err(what).to_string();
        start.elapsed()
    });
    let took = took.min().expect("three tries");
    assert!(took < AT_ONCE, "{what} took {took:?}");
    assert!(shown.len() < 2000, "{what}: {} bytes of message", shown.len());
    shown
}

#[test]
fn pathological_files_are_refused_at_once() {
    let bomb: String = (1..=9).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
        text + &format!("a{n}: &a{n} [{aliases}]\n")
    });
    let indented: Vec<String> = (0..1000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let in_kubelet = |piece: &str| {
        minimal_with("version: 1.20.2", &format!("version: 1.20.2\n    kubelet: {piece}"))
    };
    let bomb_inside = in_kubelet(&format!(
        "\n{}",
        bomb.lines().map(|line| format!("      {line}\n")).collect::<Vec<_>>().concat()
    ));
    for (what, text, words) in [
        ("100,000 opening brackets", "[".repeat(100_000), "nested"),
        (
            "100,000 opening brackets in a field",
            in_kubelet(&format!("{{a: {}", "[".repeat(100_000))),
            "nested",
        ),
        ("160 KB of mappings", "{a: ".repeat(40_000), "nested"),
        ("mappings in a field", in_kubelet(&"{a: ".repeat(40_000)), "nested"),
        ("50,000 dashes", "- ".repeat(50_000), ""),
        (
            "50,000 dashes in a field",
            in_kubelet(&format!("\n      a:\n      {}", "- ".repeat(50_000))),
            "nested",
        ),
        ("1,000 levels of indentation", indented.concat(), ""),
        ("an alias bomb", bomb, ""),
        ("an alias bomb in a field", bomb_inside, "aliases unfold"),
        ("2 MiB", format!("{MINIMAL}{}", "# x\n".repeat(512 * 1024)), "larger than 1 MiB"),
        ("1 MiB on one line", "a".repeat(1024 * 1024), ""),
        ("1 MiB of quotes", "\"".repeat(1024 * 1024), ""),
        ("1 MiB of question marks", "? ".repeat(512 * 1024), ""),
        ("1 MiB of colons", ": ".repeat(512 * 1024), ""),
        ("1 MiB of anchors", "&a ".repeat(349_525), ""),
        ("1 MiB of tags", "!!str ".repeat(174_762), ""),
        ("1 MiB of documents", "--- a\n".repeat(174_762), ""),
        ("1 MiB of ampersands", "&".repeat(1024 * 1024), ""),
        ("1 MiB of percent signs", "%".repeat(1024 * 1024), ""),
        (
            "200,000 hosts",
            in_kubelet(&format!("{{a: [{}]}}", "1,".repeat(200_000))),
            "too many values",
        ),
        (
            "100,000 unknown fields",
            (0..100_000).map(|n| format!("a{n}: 1\n")).collect::<Vec<_>>().concat(),
            "unknown field",
        ),
        ("an open block of 1 MiB", format!("a: |\n{}", "  x\n".repeat(250_000)), "unknown field"),
    ] {
        let shown = refused_at_once(what, &text);
        assert!(shown.contains(words), "{what}: {shown}");
    }
}

#[test]
fn files_that_are_no_text_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cluster.yaml");
    for (bytes, words) in [
        (b"\x7fELF\x02\x01\x01\x00\x00".as_slice(), "control character"),
        (b"\x1f\x8b\x08\x00".as_slice(), "UTF-8"),
        (b"a\x00b".as_slice(), "NUL"),
        (b"kind: \xff\n".as_slice(), ":1:7: the byte 0xff"),
        (b"\xff\xfea\x00".as_slice(), "UTF-16"),
        (b"".as_slice(), "the file is empty"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let shown = cluster::load(&path, true).unwrap_err().to_string();
        assert!(shown.contains(words), "{bytes:?}: {shown}");
    }
    let shown = cluster::load(&dir.path().join("none.yaml"), true).unwrap_err().to_string();
    assert!(shown.contains("no such file"), "{shown}");
    let shown = cluster::load(dir.path(), true).unwrap_err().to_string();
    assert!(shown.contains("directory"), "{shown}");
    let shown = cluster::load("/dev/zero".as_ref(), true).unwrap_err().to_string();
    assert!(shown.contains("1 MiB"), "{shown}");
}

/// Numbers that look random and are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % sides as u64).expect("less than a usize")
    }
}

/// Characters that mean something to YAML, or to the fields of the file.
const MEANT: &[u8] = b"[]{}:,-#&*!|>'\"%@`?~ \n\t\r0a/.\\<";

#[test]
fn no_edit_of_a_good_file_panics() {
    let mut dice = Dice(1);
    let (mut accepted, mut refused) = (0, 0);
    for good in [MINIMAL, FULL] {
        for _ in 0..2500 {
            let mut bytes = good.as_bytes().to_vec();
            let at = dice.roll(bytes.len());
            // Mostly the characters that mean something to YAML, sometimes any byte.
            let byte = match dice.roll(4) {
                0 => u8::try_from(dice.roll(256)).unwrap(),
                _ => MEANT[dice.roll(MEANT.len())],
            };
            match dice.roll(3) {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
            let text = String::from_utf8_lossy(&bytes);
            match parse(&text) {
                Ok(_) => accepted += 1,
                Err(mistakes) => {
                    refused += 1;
                    let shown = mistakes.to_string();
                    for mistake in &mistakes {
                        assert!(
                            mistake.line > 0 || text.trim().is_empty(),
                            "no place:\n{shown}\n{text}"
                        );
                        assert!(mistake.line <= text.lines().count() + 1, "{shown}");
                    }
                    let plain = |c: char| c == '\n' || !c.is_control();
                    assert!(shown.chars().all(plain), "{shown:?}");
                }
            }
        }
    }
    // Both must happen, or the edits test nothing.
    assert!(accepted > 500 && refused > 500, "{accepted} accepted, {refused} refused");
}
