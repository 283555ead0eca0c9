//! containerd's configuration: which version of it a containerd reads, and what moved between them.

use super::Overrides;
use super::versions::Release;

/// The name of the plugin for Kubernetes in version 2 of the configuration.
pub const CRI: &str = "io.containerd.grpc.v1.cri";
/// A line of shell that takes [`CRI`] out of `disabled_plugins`, where packages of docker's project
/// (`containerd.io`) have it, and starts containerd anew once it understands the file.
pub const SWITCH_CRI_ON: &str = r#"sed -i.before -E '/^[[:space:]]*disabled_plugins/s/["'"'"'](io\.containerd\.grpc\.v1\.)?cri["'"'"'][[:space:]]*,?//' /etc/containerd/config.toml && containerd config dump >/dev/null && systemctl restart containerd"#;
/// Version 3's plugin for images.
pub const IMAGES: &str = "io.containerd.cri.v1.images";
/// Version 3's plugin for containers.
pub const RUNTIME: &str = "io.containerd.cri.v1.runtime";

/// Fields of [`CRI`] that are [`IMAGES`]'s in version 3; a path is below the field. Source: `migrateConfig` of
/// plugins/cri/images/plugin.go and plugins/cri/runtime/plugin.go in containerd 2.1.
const OF_IMAGES: [&[&str]; 9] = [
    &["registry"],
    &["image_decryption"],
    &["max_concurrent_downloads"],
    &["image_pull_progress_timeout"],
    &["image_pull_with_sync_fs"],
    &["stats_collect_period"],
    &["containerd", "snapshotter"],
    &["containerd", "disable_snapshot_annotations"],
    &["containerd", "discard_unpacked_layers"],
];

/// Fields that stay in [`CRI`]: what serves `kubectl exec` (same source).
const OF_SERVER: [&str; 6] = [
    "disable_tcp_service",
    "stream_server_address",
    "stream_server_port",
    "stream_idle_timeout",
    "enable_tls_streaming",
    "x509_key_pair_streaming",
];

/// The version of the configuration for a containerd of this version: 3 from 2.0 on, 2 before (`docs/cri/config.md`: "The
/// config version 3 was introduced in containerd v2.0"). 2.x reads version 2 as well, so it is what a
/// containerd of unknown version gets.
pub fn config_version(containerd: Option<Release>) -> u64 {
    if containerd.is_some_and(|version| version >= Release(2, 0, 0)) { 3 } else { 2 }
}

/// Whether it takes several directories of network plugins, and calls the field for one deprecated (`CRICNIBinDir` in
/// containerd's pkg/deprecation: "deprecated since containerd v2.1").
pub fn has_bin_dirs(containerd: Option<Release>) -> bool {
    containerd.is_some_and(|version| version >= Release(2, 1, 0))
}

/// What in `overrides` was written for another version of the configuration than `wanted`: what is wrong, and where it belongs.
pub fn misplaced(overrides: &Overrides, wanted: u64) -> Option<String> {
    let plugins = overrides.get("plugins")?.as_object()?;
    if wanted < 3 {
        let name = [IMAGES, RUNTIME].into_iter().find(|name| plugins.contains_key(*name))?;
        let field = plugins[name].as_object().and_then(|fields| fields.keys().next());
        let path = join(name, field.into_iter().map(String::as_str));
        let right = match (name, field.map(String::as_str)) {
            (IMAGES, Some("pinned_images")) => join(CRI, ["sandbox_image"]),
            (IMAGES, Some(field)) if !OF_IMAGES.contains(&[field].as_slice()) => {
                join(CRI, ["containerd", field])
            }
            (_, field) => join(CRI, field),
        };
        return Some(moved(&path, "3", "1.x", &right));
    }
    let fields = plugins.get(CRI)?.as_object()?;
    let field = fields.keys().find(|field| !OF_SERVER.contains(&field.as_str()))?;
    let inner = fields[field].as_object().into_iter().flat_map(|inner| inner.keys());
    let below = inner.map(String::as_str).next();
    let path: Vec<&str> = match field.as_str() {
        "containerd" | "cni" => [Some(field.as_str()), below].into_iter().flatten().collect(),
        field => vec![field],
    };
    let right = if path == ["sandbox_image"] {
        join(IMAGES, ["pinned_images", "sandbox"])
    } else if let Some(moved) = OF_IMAGES.iter().find(|moved| **moved == path) {
        join(IMAGES, moved.last().copied())
    } else {
        join(RUNTIME, path.iter().copied())
    };
    Some(moved(&join(CRI, path.iter().copied()), "2", "2.x", &right))
}

fn moved(path: &str, version: &str, containerd: &str, right: &str) -> String {
    format!(
        "`spec.runtime.config`: {path} is of version {version} of containerd's configuration, which is not what containerd {containerd} is given here; expected {right}"
    )
}

/// `plugins."NAME".a.b`, in quotes for a message.
fn join<'a>(plugin: &str, fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut path = format!("plugins.\"{plugin}\"");
    for field in fields {
        path.push('.');
        path.push_str(field);
    }
    format!("`{path}`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_version_of_containerd_decides() {
        assert_eq!(config_version(Some(Release(1, 7, 24))), 2);
        assert_eq!(config_version(Some(Release(2, 0, 0))), 3);
        assert_eq!(config_version(None), 2, "which both read");
        let dirs = |release| has_bin_dirs(Some(release));
        assert_eq!([dirs(Release(2, 0, 5)), dirs(Release(2, 1, 0))], [false, true]);
    }

    #[test]
    fn what_was_written_for_the_other_version_is_named_with_its_place() {
        let found = |value: serde_json::Value, wanted| {
            misplaced(&json!({"plugins": value}).as_object().unwrap().clone(), wanted)
        };
        for (value, right) in [
            (json!({CRI: {"sandbox_image": "a"}}), "cri.v1.images\".pinned_images.sandbox`"),
            (json!({CRI: {"registry": {"config_path": "a"}}}), "cri.v1.images\".registry`"),
            (json!({CRI: {"containerd": {"snapshotter": "a"}}}), "cri.v1.images\".snapshotter`"),
            (
                json!({CRI: {"containerd": {"runtimes": {}}}}),
                "cri.v1.runtime\".containerd.runtimes`",
            ),
            (json!({CRI: {"enable_selinux": true}}), "cri.v1.runtime\".enable_selinux`"),
            (json!({CRI: {"cni": {"max_conf_num": 1}}}), "cri.v1.runtime\".cni.max_conf_num`"),
        ] {
            let message = found(value.clone(), 3).unwrap();
            assert!(message.ends_with(&format!("`plugins.\"io.containerd.{right}")), "{message}");
            assert_eq!(found(value, 2), None);
        }
        for (value, right) in [
            (json!({IMAGES: {"pinned_images": {"sandbox": "a"}}}), "sandbox_image`"),
            (json!({IMAGES: {"snapshotter": "a"}}), "containerd.snapshotter`"),
            (json!({IMAGES: {"registry": {}}}), "registry`"),
            (json!({RUNTIME: {"enable_selinux": true}}), "enable_selinux`"),
        ] {
            let message = found(value.clone(), 2).unwrap();
            assert!(message.ends_with(&format!("grpc.v1.cri\".{right}")), "{message}");
            assert_eq!(found(value, 3), None);
        }
        let stays = json!({CRI: {"stream_server_port": "10010"}});
        assert_eq!((found(stays.clone(), 3), found(stays, 2)), (None, None));
        assert_eq!(
            found(json!({"io.containerd.gc.v1.scheduler": {"pause_threshold": 0.1}}), 3),
            None
        );
    }
}
