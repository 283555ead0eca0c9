//! Which cri-dockerd speaks with a kubelet.

use super::versions::Release;

/// The first that speaks v1 (Mirantis/cri-dockerd#139).
const SPEAKS_V1: Release = Release(0, 3, 0);

/// The first that may not speak v1alpha2 any more: it went from the branch in December 2025 (Mirantis/cri-dockerd#525),
/// when 0.3.21 was out.
const WITHOUT_V1ALPHA2: Release = Release(0, 3, 22);

/// The first with all flags of the unit: `--ipv6-dual-stack` (Mirantis/cri-dockerd#70, June 2022) and `--streaming-bind-addr` (#109, August
/// 2022, after 0.2.5).
const HAS_FLAGS: Release = Release(0, 2, 6);

/// What is expected instead of this release, where it speaks no version of the Container Runtime Interface that
/// the kubelet speaks.
#[must_use]
pub fn instead_of(release: Release, cri: &[&str]) -> Option<String> {
    let speaks = |version: &&str| match *version {
        "v1" => release >= SPEAKS_V1,
        _ => release < WITHOUT_V1ALPHA2,
    };
    if release < HAS_FLAGS && cri.contains(&"v1alpha2") {
        Some(format!("{HAS_FLAGS} or newer"))
    } else if cri.iter().any(speaks) {
        None
    } else if cri.contains(&"v1") {
        Some(format!("{SPEAKS_V1} or newer"))
    } else {
        Some(format!("one older than {WITHOUT_V1ALPHA2}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::versions;

    #[test]
    fn a_kubelet_is_spoken_to_in_its_own_words() {
        let instead = |release, cri: &[&str]| instead_of(release, cri).unwrap_or_default();
        assert_eq!(instead(Release(0, 2, 6), &["v1alpha2"]), "");
        assert_eq!(instead(Release(0, 3, 24), &["v1alpha2"]), "one older than 0.3.22");
        assert_eq!(instead(Release(0, 3, 24), &["v1", "v1alpha2"]), "");
        assert_eq!(instead(Release(0, 2, 6), &["v1", "v1alpha2"]), "");
        // Older ones do not know the unit's flags.
        assert_eq!(instead(Release(0, 2, 5), &["v1alpha2"]), "0.2.6 or newer");
        assert_eq!(instead(Release(0, 2, 5), &["v1"]), "0.3.0 or newer");
        assert_eq!(instead(Release(0, 2, 6), &["v1"]), "0.3.0 or newer");
        assert_eq!(instead(Release(0, 4, 4), &["v1"]), "");
    }

    #[test]
    fn what_is_installed_with_a_minor_speaks_with_its_kubelet() {
        for row in versions::supported() {
            assert_eq!(instead_of(row.install.cri_dockerd, row.cri), None, "1.{}", row.minor);
        }
    }
}
