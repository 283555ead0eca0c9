//! The archive's own bytes: which header each entry has, and what is wrong with any other.
//!
//! An entry's header follows from the manifest, all 512 bytes of it, so a reader compares instead
//! of parsing. That leaves no room for absolute paths, `..`, links, devices, sparse files, PAX
//! records, setuid bits or anything else that tar can say.

use tar::{EntryType, Header};

use super::manifest::Artifact;

/// The manifest's place in the archive.
pub(super) const MANIFEST: &str = "manifest.json";

/// Tar's unit, in bytes.
pub(super) const BLOCK: usize = 512;

/// Two empty blocks end an archive.
pub(super) const END: usize = 2 * BLOCK;

/// The first bytes of a zstd frame (RFC 8878, section 3.1.1).
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The largest window, as a power of two: 8 MiB. The writer keeps to it and the reader allocates
/// no more, whatever the frame asks for.
pub(super) const WINDOW_LOG: u32 = 23;

/// The one header of an entry.
pub(super) fn header(path: &str, size: u64, mode: u32) -> [u8; BLOCK] {
    let mut header = Header::new_ustar();
    // Paths have at most 100 bytes by the rule for names; one that does not fit would leave the
    // name empty, which no entry has.
    let name = &mut header.as_old_mut().name;
    if path.len() < name.len() {
        name[..path.len()].copy_from_slice(path.as_bytes());
    }
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    // 1980-01-01, the first day that every archiver can show.
    header.set_mtime(315_532_800);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    *header.as_bytes()
}

/// The one header of an artifact.
pub(super) fn artifact_header(artifact: &Artifact) -> [u8; BLOCK] {
    header(&artifact.path(), artifact.size, artifact.mode)
}

/// Zero bytes between an entry's end and the next block.
pub(super) fn padding(size: u64) -> usize {
    let over = size % BLOCK as u64;
    if over == 0 { 0 } else { BLOCK - usize::try_from(over).expect("less than a block") }
}

/// Bytes of the archive before compression.
pub(super) fn archive_size(manifest: u64, artifacts: &[Artifact]) -> u64 {
    let entry = |size: u64| BLOCK as u64 + size + padding(size) as u64;
    let artifacts: u64 = artifacts.iter().map(|artifact| entry(artifact.size)).sum();
    entry(manifest) + artifacts + END as u64
}

/// What a header that is not the expected one says: the entry's name and the difference.
pub(super) fn explain(block: &[u8; BLOCK], expected: &[u8; BLOCK]) -> (String, String) {
    let (found, wanted) = (Header::from_byte_slice(block), Header::from_byte_slice(expected));
    let wanted_name = name(wanted);
    if block.iter().all(|byte| *byte == 0) {
        return (wanted_name, "the end of the archive".to_owned());
    }
    let entry = name(found);
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
        .sum();
    let difference = if found.cksum().ok() != Some(sum) {
        "a damaged header".to_owned()
    } else if let Some(kind) = kind(found.entry_type()) {
        match found.link_name_bytes() {
            Some(target) => format!("{kind} to `{}`", target.escape_ascii()),
            None => kind.to_owned(),
        }
    } else if entry != wanted_name {
        "an entry of this name here".to_owned()
    } else if found.entry_size().ok() != wanted.entry_size().ok() {
        match found.entry_size() {
            Ok(size) => format!("{size} bytes"),
            Err(_) => "a size that is no number".to_owned(),
        }
    } else if found.mode().ok() != wanted.mode().ok() {
        format!("mode {:04o}", found.mode().unwrap_or_default())
    } else {
        "a header that `bivouac bundle build` does not write".to_owned()
    };
    (entry, difference)
}

/// What an expected header says, for messages.
pub(super) fn describe(block: &[u8; BLOCK]) -> String {
    let header = Header::from_byte_slice(block);
    let size = header.entry_size().unwrap_or_default();
    let mode = header.mode().unwrap_or_default();
    format!("the plain file `{}` of {size} bytes with mode {mode:04o}", name(header))
}

fn name(header: &Header) -> String {
    header.path_bytes().escape_ascii().to_string()
}

fn kind(kind: EntryType) -> Option<&'static str> {
    Some(match kind {
        EntryType::Regular => return None,
        EntryType::Link => "a hard link",
        EntryType::Symlink => "a symbolic link",
        EntryType::Char => "a character device",
        EntryType::Block => "a block device",
        EntryType::Directory => "a directory",
        EntryType::Fifo => "a fifo",
        EntryType::GNUSparse => "a sparse file",
        EntryType::GNULongName | EntryType::GNULongLink => "a GNU long name",
        EntryType::XGlobalHeader | EntryType::XHeader => "a PAX header",
        _ => "an entry of another kind",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_fills_the_block() {
        for (size, expected) in [(0, 0), (1, 511), (511, 1), (512, 0), (513, 511)] {
            assert_eq!(padding(size), expected, "{size}");
        }
    }

    #[test]
    fn the_longest_name_fits() {
        let longest = format!("artifacts/riscv64/binary/{}", "a".repeat(64));
        let block = header(&longest, 0, 0o755);
        assert_eq!(name(Header::from_byte_slice(&block)), longest);
    }
}
