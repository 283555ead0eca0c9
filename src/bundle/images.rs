//! Image references, and which artifact holds an image.

use super::manifest::{Artifact, Kind, Manifest};
use crate::cluster::images::name_and_tag;

/// An image in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image<'a> {
    /// The archive that holds it.
    pub artifact: &'a Artifact,
    /// What the archive calls it; another repository than asked for when the image is to be
    /// renamed on import.
    pub reference: &'a str,
}

impl Manifest {
    /// The image `reference` for `arch`. An image of the same last component and tag in another
    /// repository will do (`mirror.example/pause:3.2` for `k8s.gcr.io/pause:3.2`), because the
    /// repository can be renamed on import; the exact reference wins.
    pub fn image(&self, reference: &str, arch: &str) -> Option<Image<'_>> {
        let mut other_repository = None;
        for artifact in self.artifacts.iter().filter(|a| a.kind == Kind::Image && a.arch == arch) {
            for candidate in &artifact.images {
                if candidate == reference {
                    return Some(Image { artifact, reference: candidate });
                }
                if other_repository.is_none() && tail(candidate) == tail(reference) {
                    other_repository = Some(Image { artifact, reference: candidate });
                }
            }
        }
        other_repository
    }

    /// The images of all `references` for `arch`; otherwise the references that are not there.
    pub fn images_for<'a>(
        &'a self,
        references: &[String],
        arch: &str,
    ) -> Result<Vec<Image<'a>>, Vec<String>> {
        let found: Vec<_> = references.iter().map(|it| (it, self.image(it, arch))).collect();
        let missing: Vec<_> = found
            .iter()
            .filter(|(_, image)| image.is_none())
            .map(|(it, _)| (*it).clone())
            .collect();
        if missing.is_empty() {
            Ok(found.into_iter().filter_map(|(_, image)| image).collect())
        } else {
            Err(missing)
        }
    }
}

/// Name and tag, without registry and repository; no tag means `latest`.
pub(super) fn tail(reference: &str) -> (&str, &str) {
    let (name, tag) = name_and_tag(reference);
    (name, tag.unwrap_or("latest"))
}

/// Whether this can be an image reference: the characters of one and nothing else.
pub(super) fn is_reference(text: &str) -> bool {
    (1..=512).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._/:@-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_name_and_tag() {
        for (reference, expected) in [
            ("k8s.gcr.io/kube-proxy:v1.20.2", ("kube-proxy", "v1.20.2")),
            ("localhost:5000/a/b", ("b", "latest")),
            ("pause:3.2", ("pause", "3.2")),
            ("quay.io/x/y:1@sha256:00", ("y", "1")),
        ] {
            assert_eq!(tail(reference), expected, "{reference}");
        }
    }

    #[test]
    fn references_hold_no_shell() {
        assert!(is_reference("registry.k8s.io:443/etcd:3.4.13-0"));
        for text in ["", "a b", "$(id)", "a;b", "-x", "/etc", "a\nb", "ä"] {
            assert!(!is_reference(text), "{text}");
        }
    }
}
