//! Digests of a bundle as a file, taken of the bytes that are read for another purpose.

use std::fmt::Write as _;
use std::fs::{File, Metadata};
use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

/// Which digests are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// SHA-256.
    pub sha256: bool,
    /// SHA-512.
    pub sha512: bool,
}

/// A file's digests, as far as they were wanted, in lower-case hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sums {
    /// SHA-256.
    pub sha256: Option<String>,
    /// SHA-512.
    pub sha512: Option<String>,
}

impl Sums {
    /// Whether all of these are here.
    pub fn have(&self, wanted: Wanted) -> bool {
        (self.sha256.is_some() || !wanted.sha256) && (self.sha512.is_some() || !wanted.sha512)
    }
}

/// A file whose bytes are digested as they are read.
#[derive(Debug)]
pub struct Summed {
    file: File,
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
}

impl Summed {
    /// Digests those.
    pub fn new(file: File, wanted: Wanted) -> Self {
        Self {
            file,
            sha256: wanted.sha256.then(Sha256::new),
            sha512: wanted.sha512.then(Sha512::new),
        }
    }

    /// What the file system says of it.
    pub fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }

    /// The digests of all that was read.
    pub fn sums(self) -> Sums {
        Sums {
            sha256: self.sha256.map(|hasher| hex(&hasher.finalize())),
            sha512: self.sha512.map(|hasher| hex(&hasher.finalize())),
        }
    }
}

impl Read for Summed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let bytes = &buffer[..count];
        if let Some(hasher) = &mut self.sha256 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.sha512 {
            hasher.update(bytes);
        }
        Ok(count)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of such digits; nothing for what is none.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() % 2 == 1 || !text.is_ascii() {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
