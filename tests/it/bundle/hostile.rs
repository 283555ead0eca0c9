//! Archives that someone made to escape, to overflow or to be understood in two ways. Each is a
//! good bundle with one thing changed, so each would be accepted but for that.

use std::fs;
use std::io::Write;

use bivouac::bundle::{self, Artifact, Digest, Kind, Manifest, SCHEMA};
use tar::{EntryType, Header};

use super::support::{Fixture, chain, names, version};

/// An entry as it will stand in the archive, header and all.
struct Entry {
    header: Header,
    bytes: Vec<u8>,
}

/// A bundle in the making, open to abuse.
struct Hostile {
    entries: Vec<Entry>,
    /// Bytes behind the last entry: two empty blocks, in a good bundle.
    end: Vec<u8>,
    /// Bytes before and behind the zstd frame.
    before: Vec<u8>,
    behind: Vec<u8>,
    /// As a power of two.
    window: Option<u32>,
}

/// The header that `bundle build` writes, made without its code.
fn header(path: &str, size: u64, mode: u32) -> Header {
    let mut header = Header::new_ustar();
    header.set_path(path).unwrap();
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(315_532_800);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    header
}

fn entry(path: &str, bytes: &[u8], mode: u32) -> Entry {
    Entry { header: header(path, bytes.len() as u64, mode), bytes: bytes.to_vec() }
}

fn artifact(name: &str, bytes: &[u8]) -> Artifact {
    Artifact {
        name: name.to_owned(),
        kind: Kind::Binary,
        version: "v1.20.2".to_owned(),
        arch: "amd64".to_owned(),
        size: bytes.len() as u64,
        mode: 0o755,
        sha256: Digest::of(bytes),
        images: Vec::new(),
    }
}

const CONTENTS: [(&str, &[u8]); 3] =
    [("kubeadm", b"#!/bin/true kubeadm"), ("kubectl", &[b'#'; 700]), ("kubelet", &[b'!'; 512])];

fn manifest() -> Manifest {
    Manifest {
        schema: SCHEMA,
        kubernetes: version("1.20.2"),
        created_by: "somebody".to_owned(),
        artifacts: CONTENTS.iter().map(|(name, bytes)| artifact(name, bytes)).collect(),
    }
}

impl Hostile {
    fn new() -> Self {
        Self::with_manifest(&manifest().encode())
    }

    fn with_manifest(text: &[u8]) -> Self {
        let mut entries = vec![entry("manifest.json", text, 0o644)];
        entries.extend(
            CONTENTS.iter().map(|(name, bytes)| {
                entry(&format!("artifacts/amd64/binary/{name}"), bytes, 0o755)
            }),
        );
        Self { entries, end: vec![0; 1024], before: vec![], behind: vec![], window: None }
    }

    /// Changes the header of the entry `kubectl` and makes its sum right again.
    fn header(&mut self, change: impl FnOnce(&mut Header)) {
        let header = &mut self.entries[2].header;
        change(header);
        header.set_cksum();
    }

    fn path(&mut self, path: &[u8]) {
        self.header(|it| {
            it.as_old_mut().name = [0; 100];
            it.as_old_mut().name[..path.len()].copy_from_slice(path);
        });
    }

    fn kind(&mut self, kind: EntryType, target: &str) {
        self.header(|it| {
            it.set_entry_type(kind);
            it.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        });
    }

    /// Puts an entry that describes the next one in front of `kubectl`.
    fn extension(&mut self, kind: EntryType, bytes: &[u8]) {
        let mut extension = entry("././@LongLink", bytes, 0o644);
        extension.header.set_entry_type(kind);
        extension.header.set_cksum();
        self.entries.insert(2, extension);
    }

    fn write(&self) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(self.before.clone(), 1).unwrap();
        if let Some(window) = self.window {
            encoder.include_contentsize(false).unwrap();
            encoder.window_log(window).unwrap();
            encoder.long_distance_matching(true).unwrap();
        }
        for entry in &self.entries {
            encoder.write_all(entry.header.as_bytes()).unwrap();
            encoder.write_all(&entry.bytes).unwrap();
            let padding = entry.bytes.len().next_multiple_of(512) - entry.bytes.len();
            // Some entries bring their own padding.
            encoder.write_all(&vec![0; padding]).unwrap();
        }
        encoder.write_all(&self.end).unwrap();
        let mut file = encoder.finish().unwrap();
        file.extend(&self.behind);
        file
    }
}

/// Writes the bundle and tries to use it in every way.
fn attempt(bytes: &[u8]) -> Result<(), String> {
    let fixture = Fixture { dir: tempfile::tempdir().unwrap() };
    fs::write(fixture.bundle(), bytes).unwrap();
    let verified = bundle::verify(&fixture.bundle(), &mut |_| ()).map_err(|it| chain(&it));
    let unpacked = fixture.unpack().map(|_| ()).map_err(|it| chain(&it));
    assert_eq!(verified.is_ok(), unpacked.is_ok());
    let mut around = names(fixture.dir.path());
    around.retain(|name| name != "cache");
    assert_eq!(around, ["v1.20.2.bundle"], "something escaped");
    for name in names(&fixture.cache()).iter().filter(|name| name.len() == 64) {
        let bytes = fs::read(fixture.cache().join(name)).unwrap();
        assert_eq!(Digest::of(&bytes).to_string(), *name);
    }
    assert!(!names(&fixture.cache()).contains(&"incoming".to_owned()));
    verified.map(|_| ())
}

/// Changes a good bundle; the result must be refused with `expected` in its message.
#[track_caller]
fn refuses(expected: &str, change: impl FnOnce(&mut Hostile)) {
    let mut hostile = Hostile::new();
    change(&mut hostile);
    refuses_bytes(expected, &hostile.write());
}

#[track_caller]
fn refuses_bytes(expected: &str, bytes: &[u8]) {
    // The lab tries them on a host (t-hostile.sh).
    if let Some(dir) = std::env::var_os("BIVOUAC_TEST_HOSTILE_DIR") {
        let name = format!("{}.bundle", Digest::of(bytes));
        fs::write(std::path::Path::new(&dir).join(name), bytes).unwrap();
    }
    let error = attempt(bytes).expect_err(expected);
    assert!(error.contains("v1.20.2.bundle"), "{error}");
    assert!(error.contains(expected), "found: {error}\nexpected: {expected}");
    assert!(!error.contains(['\n', '\u{1b}', '\0']), "control characters: {error:?}");
}

/// Changes the manifest; its artifacts stay as they are.
#[track_caller]
fn refuses_manifest(expected: &str, change: impl FnOnce(&mut Manifest)) {
    let mut manifest = manifest();
    change(&mut manifest);
    refuses_bytes(expected, &Hostile::with_manifest(&manifest.encode()).write());
}

#[track_caller]
fn refuses_text(expected: &str, from: &str, to: &str) {
    let text = String::from_utf8(manifest().encode()).unwrap();
    assert!(text.contains(from), "{from}");
    refuses_bytes(expected, &Hostile::with_manifest(text.replacen(from, to, 1).as_bytes()).write());
}

#[test]
fn the_unchanged_bundle_is_accepted() {
    attempt(&Hostile::new().write()).unwrap();
}

#[test]
fn paths_that_lead_elsewhere() {
    refuses("entry `/etc/passwd`", |it| it.path(b"/etc/passwd"));
    refuses("entry `../../etc/passwd`", |it| it.path(b"../../etc/passwd"));
    let inside = b"artifacts/amd64/binary/../../../../etc/passwd";
    refuses("binary/../../../../etc/passwd`", |it| it.path(inside));
    refuses("entry `./artifacts", |it| it.path(b"./artifacts/amd64/binary/kubectl"));
    refuses("kubectl/`", |it| it.path(b"artifacts/amd64/binary/kubectl/"));
    refuses("", |it| it.path(b"artifacts/amd64/binary/kubectl\0/../x"));
    refuses(r"entry `\x1b[2Jx\n`", |it| it.path(b"\x1b[2Jx\n"));
    refuses("entry `evil/artifacts/amd64/binary/kubectl`", |it| {
        it.header(|header| header.as_ustar_mut().unwrap().prefix[..4].copy_from_slice(b"evil"));
    });
}

#[test]
fn everything_but_plain_files() {
    let cases = [
        (EntryType::Symlink, "a symbolic link to `/etc/shadow`"),
        (EntryType::Link, "a hard link to `/etc/shadow`"),
        (EntryType::Char, "a character device"),
        (EntryType::Block, "a block device"),
        (EntryType::Fifo, "a fifo"),
        (EntryType::Directory, "a directory"),
        (EntryType::GNUSparse, "a sparse file"),
        (EntryType::Continuous, "an entry of another kind"),
    ];
    for (kind, expected) in cases {
        refuses(expected, |it| it.kind(kind, "/etc/shadow"));
    }
    // The old way to say "plain file" is another byte, and so another header.
    refuses("a header that", |it| it.header(|header| header.as_old_mut().linkflag = [0]));
}

#[test]
fn extensions_of_tar() {
    let pax = b"30 path=../../../etc/cron.d/x\n";
    refuses("a PAX header", |it| it.extension(EntryType::XHeader, pax));
    refuses("a PAX header", |it| it.extension(EntryType::XGlobalHeader, pax));
    refuses("a PAX header", |it| it.extension(EntryType::XHeader, b"11 size=1\n"));
    refuses("a GNU long name", |it| it.extension(EntryType::GNULongName, b"/etc/passwd\0"));
    refuses("a GNU long name", |it| it.extension(EntryType::GNULongLink, b"/etc/passwd\0"));
    refuses("a header that", |it| {
        // 700 in base 256.
        it.header(|header| header.as_old_mut().size = *b"\x80\0\0\0\0\0\0\0\0\0\x02\xbc");
    });
}

#[test]
fn headers_that_lie() {
    refuses("mode 4755", |it| it.header(|header| header.set_mode(0o4755)));
    refuses("mode 0777", |it| it.header(|header| header.set_mode(0o777)));
    refuses("a header that", |it| it.header(|header| header.set_uid(1000)));
    refuses("a header that", |it| it.header(|header| header.set_mtime(1)));
    refuses("701 bytes", |it| it.header(|header| header.set_size(701)));
    refuses("699 bytes", |it| it.header(|header| header.set_size(699)));
    refuses("bytes", |it| it.header(|header| header.set_size(u64::MAX)));
    refuses("a size that is no number", |it| {
        it.header(|header| header.as_old_mut().size = *b"many bytes!!");
    });
    refuses("a damaged header", |it| it.entries[2].header.as_old_mut().mode[0] ^= 1);
}

#[test]
fn other_entries_than_the_manifest_names() {
    refuses("binary/kubeadm`", |it| it.entries.swap(1, 2));
    refuses("binary/kubelet`", |it| drop(it.entries.remove(2)));
    refuses("found the end of the archive", |it| it.entries.truncate(3));
    refuses("kubeadm`: found an entry of this name here", |it| {
        let again = entry("artifacts/amd64/binary/kubeadm", CONTENTS[0].1, 0o755);
        it.entries.insert(2, again);
    });
    refuses("entry `artifacts/amd64/binary/KUBELET`: found an entry behind the last", |it| {
        it.entries.push(entry("artifacts/amd64/binary/KUBELET", b"", 0o755));
    });
    refuses("expected the plain file `manifest.json`", |it| it.entries.swap(0, 1));
    refuses("expected the plain file `manifest.json`", |it| drop(it.entries.remove(0)));
    refuses("entry `manifest.json`", |it| it.entries.clear());
}

#[test]
fn other_content_than_the_manifest_names() {
    refuses("kubectl`: found content with SHA-256", |it| it.entries[2].bytes[0] ^= 1);
    refuses("data in the padding", |it| it.entries[2].bytes.resize(1024, 1));
    refuses("manifest.json`: found data in the padding", |it| {
        let bytes = &mut it.entries[0].bytes;
        let end = bytes.len().next_multiple_of(512);
        bytes.resize(end, b' ');
    });
}

#[test]
fn data_behind_the_end() {
    refuses("data behind the archive", |it| it.end.push(0));
    refuses("data in the padding", |it| it.end[1023] = 1);
    refuses("entry `the end`", |it| it.end.truncate(1023));
    refuses("entry `the end`", |it| it.end.clear());
    refuses("data behind the compressed archive", |it| it.behind = vec![0]);
    refuses("data behind the compressed archive", |it| it.behind = Hostile::new().write());
    // A skippable frame, which zstd itself passes over.
    let skippable = b"\x50\x2a\x4d\x18\x04\0\0\0evil";
    refuses("data behind the compressed archive", |it| it.behind = skippable.to_vec());
    refuses("begins with 50 2a 4d 18", |it| it.before = skippable.to_vec());
}

#[test]
fn bombs() {
    // 256 MiB of nothing in some KiB: read as far as the first byte too many.
    refuses("data behind the archive", |it| it.end.resize(256 << 20, 0));
    refuses("kubelet`: found 8589934591 bytes", |it| {
        it.entries[3].header = header("artifacts/amd64/binary/kubelet", (8 << 30) - 1, 0o755);
    });
    // The manifest agrees with the header, but nothing stands behind it; no memory is spent on it.
    let mut honest = manifest();
    honest.artifacts[2].size = 60 << 30;
    let mut hostile = Hostile::with_manifest(&honest.encode());
    hostile.entries[3].header = header("artifacts/amd64/binary/kubelet", 60 << 30, 0o755);
    refuses_bytes("", &hostile.write());
    // A frame that asks for a window of 128 MiB.
    refuses("damaged or cut short", |it| it.window = Some(27));
}

#[test]
fn manifests_that_are_too_long() {
    let mut hostile = Hostile::with_manifest(&vec![b' '; (4 << 20) + 1]);
    refuses_bytes("4194305 bytes long, expected at most 4194304", &hostile.write());
    hostile.entries[0].header = header("manifest.json", 1 << 40, 0o644);
    refuses_bytes("1099511627776 bytes long", &hostile.write());
    refuses_bytes(
        "does not read as a manifest",
        &Hostile::with_manifest(&b"[".repeat(100_000)).write(),
    );
    refuses_bytes("does not read as a manifest", &Hostile::with_manifest(b"").write());
}

#[test]
fn manifests_with_names_that_lead_elsewhere() {
    let long = "a".repeat(65);
    for name in ["../../../etc/passwd", "/etc/passwd", "", ".", "..", ".ssh", "a/b", "a\\b", "-rf"]
    {
        refuses_manifest("expected a file name", |it| name.clone_into(&mut it.artifacts[0].name));
    }
    for name in ["a b", "a\nb", "$(id)", "a;b", "ä", "a\0b", "\u{202e}x", &long] {
        refuses_manifest("expected a file name", |it| name.clone_into(&mut it.artifacts[0].name));
    }
    refuses_manifest("`arch` is `../..`", |it| {
        it.artifacts.iter_mut().for_each(|artifact| "../..".clone_into(&mut artifact.arch));
    });
    refuses_manifest("`version` is `$(id)`", |it| "$(id)".clone_into(&mut it.artifacts[0].version));
    refuses_manifest("`images` is `pause:3`, expected none in a program", |it| {
        it.artifacts[0].images.push("pause:3".to_owned());
    });
}

#[test]
fn manifests_that_contradict_themselves() {
    refuses_manifest("kubeadm` is there twice", |it| {
        it.artifacts.insert(0, it.artifacts[0].clone());
    });
    refuses_manifest("differs from another only in case", |it| {
        let mut again = it.artifacts[0].clone();
        "KUBEADM".clone_into(&mut again.name);
        it.artifacts.insert(0, again);
    });
    refuses_manifest("kubeadm` stands behind", |it| it.artifacts.swap(0, 1));
    refuses_manifest("`mode` is `4755`", |it| it.artifacts[0].mode = 0o4755);
    refuses_manifest("`size` is `18446744073709551615`", |it| it.artifacts[0].size = u64::MAX);
    refuses_manifest("its schema is 2, expected 1", |it| it.schema = 2);
}

#[test]
fn manifests_that_can_be_read_in_two_ways() {
    let twice = "\"schema\": 1,\n  \"schema\": 1,";
    refuses_text("does not read as a manifest", "\"schema\": 1,", twice);
    refuses_text("does not read as a manifest", "\"schema\": 1,", "\"schema\": 1, \"target\": 1,");
    refuses_text("does not read as a manifest", "\"size\": 19", "\"size\": -1");
    refuses_text("does not read as a manifest", "\"size\": 19", "\"size\": 1e400");
    refuses_text("does not read as a manifest", "\"sha256\": \"", "\"sha256\": \"..");
    refuses_text("does not read as a manifest", "v1.20.2", "1.20.2");
    refuses_text("does not read as a manifest", "\"binary\"", "\"Binary\"");
    refuses_text("not written the way", "\"schema\": 1", "\"schema\":  1");
    refuses_text("not written the way", "somebody", "some\\u0062ody");
    refuses_text("not written the way", "\"0755\"", "\"755\"");
}
