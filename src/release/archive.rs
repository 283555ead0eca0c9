//! Programs out of an archive, read with suspicion: only what is named is taken, and an archive with
//! anything that no release has is refused as a whole.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;
use tar::EntryType;

/// Bytes of all that is in an archive, before it is no archive of programs: far above any release.
const LARGEST: u64 = 2 << 30;

/// Entries of an archive.
const MOST: usize = 4096;

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It is damaged, cut short, or something else.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// An entry that no release has.
    #[error("its member `{member}` is {found}, expected plain files and directories inside of it")]
    Member {
        /// The member.
        member: String,
        /// What is wrong with it.
        found: &'static str,
    },
    /// More than a release has.
    #[error("it holds more than {0}")]
    TooMuch(String),
    /// A program is missing.
    #[error("it has no member `{0}`")]
    Missing(String),
}

/// Reads an archive (tar, gzip) and hands each of `members` of its directory `within` to `sink`, as pieces.
/// What `sink` got is worth nothing unless this returns without an error.
pub fn take<E: From<Problem>>(
    archive: impl Read,
    within: &str,
    members: &[&str],
    mut sink: impl FnMut(&str, Option<&[u8]>) -> Result<(), E>,
) -> Result<(), E> {
    // Headers count as well: a long name is unpacked like content.
    let mut tar = tar::Archive::new(MultiGzDecoder::new(archive).take(LARGEST));
    let mut seen = BTreeSet::new();
    let mut buffer = vec![0; 256 << 10];
    let mut size = 0_u64;
    for (count, entry) in tar.entries().map_err(Problem::from)?.enumerate() {
        let mut entry = entry.map_err(Problem::from)?;
        if count >= MOST {
            return Err(Problem::TooMuch(format!("{MOST} members")).into());
        }
        let bytes = entry.path_bytes().into_owned();
        let name = String::from_utf8_lossy(&bytes).escape_debug().to_string();
        let refuse = |found| E::from(Problem::Member { member: name.clone(), found });
        let path = plain(&bytes).ok_or_else(|| refuse("outside of the archive"))?;
        match entry.header().entry_type() {
            EntryType::Directory => continue,
            EntryType::Regular | EntryType::Continuous => {}
            other => return Err(refuse(kind(other))),
        }
        if !seen.insert(path.clone()) {
            return Err(refuse("there twice"));
        }
        size = size.saturating_add(entry.size());
        if size > LARGEST {
            return Err(Problem::TooMuch(format!("{LARGEST} bytes")).into());
        }
        let wanted = members.iter().find(|member| path == full(within, member));
        let Some(member) = wanted else { continue };
        loop {
            let length = entry.read(&mut buffer).map_err(Problem::from)?;
            if length == 0 {
                break;
            }
            sink(member, Some(&buffer[..length]))?;
        }
        sink(member, None)?;
    }
    // The end of the compressed data says whether all of it is right.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(Problem::from)?;
    match members.iter().find(|member| !seen.contains(&full(within, member))) {
        Some(missing) => Err(Problem::Missing(full(within, missing)).into()),
        None => Ok(()),
    }
}

fn full(within: &str, member: &str) -> String {
    if within.is_empty() { member.to_owned() } else { format!("{within}/{member}") }
}

/// A path without `.` and with plain names only; `None` for one that leads elsewhere.
fn plain(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.contains(['\\', '\0']) {
        return None;
    }
    let mut names = Vec::new();
    for component in Path::new(text).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => names.push(name.to_str()?),
            _ => return None,
        }
    }
    Some(names.join("/"))
}

fn kind(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Link => "a hard link",
        EntryType::Symlink => "a symbolic link",
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Fifo => "a fifo",
        _ => "of another kind",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write as _;

    use super::*;

    type Taken = BTreeMap<String, Vec<u8>>;

    fn header(name: &str, kind: EntryType, size: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        // Past the checks of the crate: what it refuses to write must be refused on reading as well.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o755);
        if matches!(kind, EntryType::Link | EntryType::Symlink) {
            header.set_link_name("/etc/shadow").unwrap();
        }
        header.set_cksum();
        header
    }

    fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, kind, content) in entries {
            tar.append(&header(name, *kind, content.len() as u64), *content).unwrap();
        }
        gzip(&tar.into_inner().unwrap())
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn taken(archive: &[u8], within: &str, members: &[&str]) -> Result<Taken, Problem> {
        let mut all = Taken::new();
        take(archive, within, members, |name, piece| -> Result<(), Problem> {
            let content = all.entry(name.to_owned()).or_default();
            content.extend_from_slice(piece.unwrap_or_default());
            Ok(())
        })?;
        Ok(all)
    }

    const FILE: EntryType = EntryType::Regular;

    #[test]
    fn only_what_is_named_is_taken() {
        let containerd = archive(&[
            ("bin/", EntryType::Directory, b""),
            ("bin/ctr", FILE, b"c"),
            ("bin/containerd-stress", FILE, b"s"),
            ("bin/containerd", FILE, b"d"),
            ("ctr", FILE, b"not this"),
        ]);
        let taken_out = taken(&containerd, "bin", &["containerd", "ctr"]).unwrap();
        let expected = [("containerd", &b"d"[..]), ("ctr", b"c")];
        assert_eq!(taken_out, expected.map(|it| (it.0.to_owned(), it.1.to_vec())).into());
        let plugins = archive(&[("./", EntryType::Directory, b""), ("./bridge", FILE, b"b")]);
        assert_eq!(taken(&plugins, "", &["bridge"]).unwrap()["bridge"], b"b");
    }

    #[test]
    fn what_no_release_has_is_refused_by_name() {
        for (name, kind, words) in [
            ("/etc/passwd", FILE, "outside"),
            ("bin/../../etc/passwd", FILE, "outside"),
            ("..", FILE, "outside"),
            ("bin\\x", FILE, "outside"),
            ("bin/ctr", EntryType::Symlink, "a symbolic link"),
            ("bin/ctr", EntryType::Link, "a hard link"),
            ("bin/x", EntryType::Symlink, "a symbolic link"),
            ("dev/sda", EntryType::Block, "a device"),
            ("dev/tty", EntryType::Char, "a device"),
            ("pipe", EntryType::Fifo, "a fifo"),
            ("x", EntryType::new(b'Z'), "of another kind"),
            ("bin/good", FILE, "there twice"),
        ] {
            let hostile = archive(&[("bin/good", FILE, b"g"), (name, kind, b"")]);
            let error = taken(&hostile, "bin", &["good"]).unwrap_err().to_string();
            let shown = name.escape_debug().to_string();
            assert!(error.contains(words) && error.contains(&shown), "{name}: {error}");
        }
    }

    #[test]
    fn what_is_missing_damaged_or_endless_is_refused() {
        let good = archive(&[("bin/ctr", FILE, &vec![7; 100_000])]);
        let error = taken(&good, "bin", &["ctr", "containerd"]).unwrap_err();
        assert!(matches!(error, Problem::Missing(name) if name == "bin/containerd"));
        for length in [0, 5, 60, good.len() / 2, good.len() - 9] {
            assert!(taken(&good[..length], "bin", &["ctr"]).is_err(), "{length} bytes");
        }
        assert!(taken(b"<html>not found</html>", "bin", &["ctr"]).is_err());
        // A file of 3 GiB that is all zeros, as far as its header says.
        let bomb = gzip(header("bin/ctr", FILE, 3 << 30).as_bytes());
        let error = taken(&bomb, "bin", &["ctr"]).unwrap_err();
        assert!(matches!(error, Problem::TooMuch(_)), "{error}");
    }
}
