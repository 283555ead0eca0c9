//! What is served: the files of a bundle by their SHA-256, and its images by their names.

use std::collections::BTreeMap;

use super::Error;
use super::archive;
use super::body::Piece;
use super::registry::Registry;
use crate::bundle::{Digest, Kind, Manifest, Store};

/// All that is served.
#[derive(Debug, Default)]
pub struct Shelf {
    pub(super) files: BTreeMap<Digest, Piece>,
    pub(super) registry: Registry,
}

impl Shelf {
    /// The artifacts of a bundle, which lie in this store, verified.
    pub fn of(manifest: &Manifest, store: &Store) -> Result<Self, Error> {
        let mut shelf = Self::default();
        for artifact in &manifest.artifacts {
            let path = store.path(artifact.sha256);
            if artifact.kind == Kind::Image {
                shelf.registry.add(archive::read(&path, &artifact.arch)?);
            }
            shelf.files.insert(artifact.sha256, Piece { path, offset: 0, size: artifact.size });
        }
        shelf.registry.close();
        Ok(shelf)
    }

    /// How many files and names of images there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.files.len(), self.registry.references().count())
    }
}
