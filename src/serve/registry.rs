//! Images by their names, as a registry has them.

use std::collections::BTreeMap;

use serde_json::json;

use super::archive::{Archive, Document};
use super::body::Piece;
use crate::bundle::Digest;

const INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// Repository and tag.
type Name = (String, String);

/// The images of a bundle.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) blobs: BTreeMap<Digest, Piece>,
    documents: BTreeMap<Digest, Document>,
    /// An image's manifests, one an architecture.
    images: BTreeMap<Name, Vec<(String, Digest)>>,
    /// What a name leads to.
    tags: BTreeMap<Name, Digest>,
}

impl Registry {
    /// Takes an archive's images in.
    pub(super) fn add(&mut self, archive: Archive) {
        self.blobs.extend(archive.blobs);
        self.documents.extend(archive.documents.into_iter().map(|it| (it.digest, it)));
        for image in archive.images {
            for reference in &image.references {
                let Some((full, short, tag)) = split(reference) else { continue };
                for name in [Some(full), short].into_iter().flatten() {
                    let all = self.images.entry((name.to_owned(), tag.to_owned())).or_default();
                    // Two registries may call different images the same: their full names lead to both.
                    if !all.iter().any(|(arch, _)| *arch == image.arch) {
                        all.push((image.arch.clone(), image.digest));
                    }
                }
            }
        }
    }

    /// Makes an index of each image that is there for several architectures.
    pub(super) fn close(&mut self) {
        for (name, all) in std::mem::take(&mut self.images) {
            let digest = match &all[..] {
                [(_, only)] => *only,
                several => {
                    let index = self.index(several);
                    let digest = index.digest;
                    self.documents.insert(digest, index);
                    digest
                }
            };
            self.tags.insert(name, digest);
        }
    }

    fn index(&self, several: &[(String, Digest)]) -> Document {
        let manifests = several.iter().filter_map(|(arch, digest)| {
            let document = self.documents.get(digest)?;
            Some(json!({
                "mediaType": document.media_type,
                "size": document.text.len(),
                "digest": format!("sha256:{digest}"),
                "platform": {"architecture": arch, "os": "linux"},
            }))
        });
        let manifests: Vec<_> = manifests.collect();
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        let text = index.to_string().into_bytes();
        Document { digest: Digest::of(&text), media_type: INDEX.to_owned(), text }
    }

    /// A manifest by its digest, or by the tag in this repository.
    pub(super) fn manifest(&self, repository: &str, reference: &str) -> Option<&Document> {
        let digest = match super::archive::parse(reference) {
            Some(digest) => digest,
            None => *self.tags.get(&(repository.to_owned(), reference.to_owned()))?,
        };
        self.documents.get(&digest)
    }

    /// The tags of a repository.
    pub(super) fn tags(&self, repository: &str) -> Vec<&str> {
        let tags = self.tags.keys().filter(|(name, _)| name == repository);
        tags.map(|(_, tag)| tag.as_str()).collect()
    }

    /// All names of images, `repository:tag`.
    pub(super) fn references(&self) -> impl Iterator<Item = String> {
        self.tags.keys().map(|(name, tag)| format!("{name}:{tag}"))
    }
}

/// `registry.example/a/b:1` is `registry.example/a/b`, `a/b` and `1`; what has no registry has one name.
fn split(reference: &str) -> Option<(&str, Option<&str>, &str)> {
    let (name, tag) = reference.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
    let short = name
        .split_once('/')
        .filter(|(first, _)| first.contains('.') || first.contains(':') || *first == "localhost");
    Some((name, short.map(|(_, rest)| rest), tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_its_name_with_and_without_its_registry() {
        for (reference, expected) in [
            ("k8s.gcr.io/pause:3.2", Some(("k8s.gcr.io/pause", Some("pause"), "3.2"))),
            ("a.b:5000/c/d:1", Some(("a.b:5000/c/d", Some("c/d"), "1"))),
            ("localhost/x:1", Some(("localhost/x", Some("x"), "1"))),
            ("library/x:1", Some(("library/x", None, "1"))),
            ("x:1", Some(("x", None, "1"))),
            ("a.b:5000/x", None),
            ("x", None),
        ] {
            assert_eq!(split(reference), expected, "{reference}");
        }
    }
}
