//! A file that takes its name when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::Error;

/// A file that is being written. Removed when it is dropped before it was kept.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Incoming {
    /// A new file here, its owner's alone.
    pub(super) fn at(path: PathBuf) -> Result<Self, Error> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match file {
            Ok(file) => Ok(Self { path, file, kept: false }),
            Err(source) => Err(Error::Write { path, source }),
        }
    }

    /// A new file beside the one that it is to be, hidden, with the mode that its owner's files have.
    pub fn beside(target: &Path) -> Result<Self, Error> {
        let unwritable = |source| Error::Write { path: target.to_owned(), source };
        let Some(name) = target.file_name() else {
            return Err(unwritable(io::Error::other("the path does not end in a file name")));
        };
        let random = getrandom::u64().map_err(|error| unwritable(io::Error::other(error)))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{random:016x}"));
        let path = target.with_file_name(hidden);
        let file = OpenOptions::new().write(true).create_new(true).open(&path);
        Ok(Self { file: file.map_err(unwritable)?, path, kept: false })
    }

    /// Where it is, for who writes by its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file, for who writes by himself.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let unwritable = |source| Error::Write { path: self.path.clone(), source };
        self.file.write_all(bytes).map_err(unwritable)
    }

    /// Gives it its name.
    pub(super) fn rename(mut self, target: &Path) -> Result<(), Error> {
        let unwritable = |source| Error::Write { path: target.to_owned(), source };
        fs::rename(&self.path, target).map_err(unwritable)?;
        self.kept = true;
        Ok(())
    }

    /// Gives it its name, once all of it is on the disk; and sees to it that the name is.
    pub fn keep_as(self, target: &Path) -> Result<(), Error> {
        let unwritable = |source| Error::Write { path: target.to_owned(), source };
        self.file.sync_all().map_err(unwritable)?;
        self.rename(target)?;
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        File::open(parent).and_then(|dir| dir.sync_all()).map_err(unwritable)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let mut incoming = Incoming::beside(&target).unwrap();
        incoming.write(b"half").unwrap();
        assert!(!target.exists() && incoming.path().starts_with(dir.path()));
        drop(incoming);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
        let mut incoming = Incoming::beside(&target).unwrap();
        incoming.write(b"whole").unwrap();
        incoming.keep_as(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        let error = Incoming::beside(Path::new("/")).unwrap_err().to_string();
        assert_eq!(error, "cannot write `/`");
    }
}
