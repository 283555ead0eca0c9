//! cri-o: which one goes with a Kubernetes, and what differs between its releases.

use super::versions::{Release, VersionFacts};

/// What is expected instead of a cri-o of this release, where it does not go with the minor: cri-o has a minor for each
/// of Kubernetes' (README.md of cri-o/cri-o, "Compatibility matrix"); the one before it speaks the same interface.
pub fn instead_of(release: Release, facts: &VersionFacts) -> Option<String> {
    let minor = facts.minor;
    let fits = release.0 == 1 && (release.1 == minor || release.1 + 1 == minor);
    (!fits).then(|| format!("1.{minor}.x or 1.{}.x", minor - 1))
}

/// The OCI runtime of pods: `crun` from 1.31 on, as cri-o's own default (cri-o/cri-o#8190), `runc` before. All static
/// archives have both.
pub fn default_runtime(release: Option<Release>) -> &'static str {
    if release.is_some_and(|release| release >= Release(1, 31, 0)) { "crun" } else { "runc" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Version;

    #[test]
    fn the_minor_of_kubernetes_or_the_one_before_it_fits() {
        let version: Version = "v1.30.4".parse().unwrap();
        let expected = |minor| instead_of(Release(1, minor, 3), version.facts());
        assert_eq!([expected(29), expected(30)], [None, None]);
        for minor in [28, 31] {
            assert_eq!(expected(minor).unwrap(), "1.30.x or 1.29.x", "{minor}");
        }
    }

    #[test]
    fn what_pods_run_with_is_as_cri_o_has_it_by_itself() {
        assert_eq!(default_runtime(Some(Release(1, 30, 14))), "runc");
        assert_eq!(default_runtime(Some(Release(1, 31, 0))), "crun");
        assert_eq!(default_runtime(None), "runc", "which all have");
    }
}
