//! Manifests: of one image, or an index of several platforms.
//!
//! Source of the fields and media types: the OCI image specification 1.1 (image-index.md, manifest.md,
//! config.md) and Docker's "Image Manifest V2, Schema 2".

use serde::Deserialize;

/// What a registry may answer with.
pub(super) const MEDIA_TYPES: &[&str] = &[
    OCI_IMAGE,
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// What an image's manifest is that does not say.
const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The largest manifest and configuration that are read, in bytes: real ones have some KiB.
pub(super) const SMALL: u64 = 4 << 20;

/// The largest layer, in bytes.
const LARGEST: u64 = 16 << 30;

/// The most layers: overlay mounts take no more (`OverlayFS` in docker's graph driver, 127 and one).
const LAYERS: usize = 128;

/// A manifest, whichever it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Document {
    Image(Image),
    Index(Index),
}

/// Bytes with a name: a configuration, a layer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
}

impl Blob {
    /// The sum in hexadecimal digits; every blob that was accepted has one.
    pub(super) fn hex(&self) -> &str {
        self.digest.strip_prefix("sha256:").unwrap_or_default()
    }
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    /// What its manifest is.
    pub(super) media_type: String,
    pub(super) config: Blob,
    /// The lowest first. One may be there twice.
    pub(super) layers: Vec<Blob>,
}

impl Image {
    /// Its configuration and layers, each once.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &Blob> {
        let first =
            |at: &usize| !self.layers[..*at].iter().any(|it| it.hex() == self.layers[*at].hex());
        let layers = (0..self.layers.len()).filter(first).map(|at| &self.layers[at]);
        std::iter::once(&self.config).chain(layers)
    }
}

/// Images of several platforms.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Index(Vec<Entry>);

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Entry {
    digest: String,
    platform: Option<Platform>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Platform {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Any {
    schema_version: u64,
    media_type: Option<String>,
    config: Option<Blob>,
    layers: Option<Vec<Blob>>,
    manifests: Option<Vec<Entry>>,
}

impl Document {
    /// Reads a manifest; `Err` says what is odd about it.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        if text.len() as u64 > SMALL {
            return Err(format!("a manifest of {} bytes", text.len()));
        }
        let any: Any = serde_json::from_slice(text)
            .map_err(|error| format!("a manifest that cannot be read ({error})"))?;
        if any.schema_version != 2 {
            return Err(format!(
                "a manifest of schema {}, which runtimes no longer read",
                any.schema_version
            ));
        }
        // Both at once would be two different images to two readers (CVE-2021-41190).
        match (any.config, any.layers, any.manifests) {
            (Some(config), Some(layers), None) => {
                let media_type = any.media_type.unwrap_or_else(|| OCI_IMAGE.to_owned());
                Self::image(Image { media_type, config, layers })
            }
            (None, None, Some(manifests)) => {
                match manifests.iter().find(|entry| !is_digest(&entry.digest)) {
                    Some(odd) => {
                        Err(format!("an index with the sum `{}`", odd.digest.escape_debug()))
                    }
                    None => Ok(Self::Index(Index(manifests))),
                }
            }
            _ => Err("a manifest of neither one image nor several".to_owned()),
        }
    }

    fn image(image: Image) -> Result<Self, String> {
        if !MEDIA_TYPES.contains(&image.media_type.as_str()) {
            return Err(format!("a manifest of the type `{}`", image.media_type.escape_debug()));
        }
        if image.layers.len() > LAYERS {
            return Err(format!("an image of {} layers", image.layers.len()));
        }
        if let Some(odd) = image.layers.iter().find(|layer| !is_layer(&layer.media_type)) {
            return Err(format!("a layer of the type `{}`", odd.media_type.escape_debug()));
        }
        let all = || {
            std::iter::once((&image.config, SMALL))
                .chain(image.layers.iter().map(|it| (it, LARGEST)))
        };
        if let Some((odd, _)) = all().find(|(blob, _)| !is_digest(&blob.digest)) {
            return Err(format!("a part with the sum `{}`", odd.digest.escape_debug()));
        }
        if let Some((odd, most)) = all().find(|(blob, most)| blob.size > *most) {
            return Err(format!("a part of {} bytes, where {most} are the most", odd.size));
        }
        Ok(Self::Image(image))
    }
}

impl Index {
    /// The sum of the manifest for this architecture; otherwise the platforms that are there.
    pub(super) fn choose(&self, arch: &str) -> Result<String, Vec<String>> {
        let fits = |platform: &Platform, variants: &[&str]| {
            platform.os == "linux"
                && platform.architecture == arch
                && variants.contains(&platform.variant.as_str())
        };
        // The plain one first: `v8` is what every arm64 is, `v1` every amd64.
        for variants in [&[""][..], &["v8", "v1"]] {
            let found = self.0.iter().find(|entry| {
                entry.platform.as_ref().is_some_and(|platform| fits(platform, variants))
            });
            if let Some(found) = found {
                return Ok(found.digest.clone());
            }
        }
        let mut there: Vec<_> = self
            .0
            .iter()
            .filter_map(|entry| entry.platform.as_ref())
            // Notes on how an image was built say this of themselves.
            .filter(|platform| platform.os != "unknown")
            .map(|platform| {
                format!("{}/{}", platform.os, platform.architecture).escape_debug().to_string()
            })
            .collect();
        there.sort();
        there.dedup();
        Err(if there.is_empty() { vec!["none at all".to_owned()] } else { there })
    }
}

/// `linux/amd64`, from an image's configuration.
pub(super) fn platform(config: &[u8]) -> Result<String, String> {
    let platform: Platform = serde_json::from_slice(config)
        .map_err(|error| format!("a configuration that cannot be read ({error})"))?;
    Ok(format!("{}/{}", platform.os, platform.architecture).escape_debug().to_string())
}

/// Whether it is a sum of the one kind that archives are made with.
fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// Whether it is a file system's layer that every runtime unpacks; none that is fetched from elsewhere.
fn is_layer(media_type: &str) -> bool {
    [
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ]
    .contains(&media_type)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sum(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    fn image() -> serde_json::Value {
        let blob = |kind: &str, digit| json!({"mediaType": kind, "digest": sum(digit), "size": 7});
        let layer = "application/vnd.docker.image.rootfs.diff.tar.gzip";
        json!({
            "schemaVersion": 2,
            "config": blob("application/vnd.docker.container.image.v1+json", 'c'),
            "layers": [blob(layer, '1'), blob(layer, '2'), blob(layer, '1')],
        })
    }

    fn parse(value: &serde_json::Value) -> Result<Document, String> {
        Document::parse(value.to_string().as_bytes())
    }

    #[test]
    fn a_layer_that_is_there_twice_is_one_blob() {
        let Document::Image(image) = parse(&image()).unwrap() else { panic!("an image") };
        assert_eq!(image.layers.len(), 3);
        assert_eq!(image.blobs().map(|blob| &blob.hex()[..1]).collect::<String>(), "c12");
        assert_eq!(image.media_type, OCI_IMAGE);
    }

    #[test]
    fn odd_manifests_are_refused() {
        for (pointer, value, expected) in [
            ("/schemaVersion", json!(1), "schema 1"),
            ("/manifests", json!([]), "neither one image nor several"),
            ("/mediaType", json!("application/x"), "type `application/x`"),
            ("/layers/0/digest", json!("sha256:../../x"), "sum `sha256:../../x`"),
            ("/layers/0/digest", json!(sum('A')), "sum"),
            ("/layers/0/size", json!(LARGEST + 1), "are the most"),
            ("/config/size", json!(SMALL + 1), "are the most"),
            (
                "/layers/1/mediaType",
                json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
                "a layer of the type",
            ),
        ] {
            let mut odd = image();
            match odd.pointer_mut(pointer) {
                Some(place) => *place = value,
                None => odd[&pointer[1..]] = value,
            }
            let found = parse(&odd).unwrap_err();
            assert!(found.contains(expected), "{pointer}: {found}");
        }
    }

    #[test]
    fn the_platform_is_chosen_by_its_variant() {
        let entry = |os: &str, arch: &str, variant: &str, digit| json!({"digest": sum(digit), "platform": {"os": os, "architecture": arch, "variant": variant}});
        let index = json!({"schemaVersion": 2, "manifests": [
            entry("unknown", "unknown", "", '0'),
            entry("linux", "amd64", "v3", '1'),
            entry("linux", "amd64", "", '2'),
            entry("windows", "amd64", "", '3'),
            entry("linux", "arm64", "v8", '4'),
            entry("linux", "arm", "v7", '5'),
            {"digest": sum('6')},
        ]});
        let Document::Index(index) = parse(&index).unwrap() else { panic!("an index") };
        assert_eq!(index.choose("amd64"), Ok(sum('2')));
        assert_eq!(index.choose("arm64"), Ok(sum('4')));
        let there = ["linux/amd64", "linux/arm", "linux/arm64", "windows/amd64"];
        assert_eq!(index.choose("riscv64"), Err(there.map(str::to_owned).to_vec()));
    }
}
