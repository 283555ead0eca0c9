//! What can be known to be wrong of the table and of versions.

use std::collections::BTreeSet;

use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[test]
fn reads_with_and_without_v() {
    assert_eq!(version("1.20.2"), version("v1.20.2"));
    assert_eq!(version("1.20.2").to_string(), "v1.20.2");
    assert_eq!(version("v1.35.0").minor(), 35);
}

#[test]
fn refuses_by_name() {
    for (text, words) in [
        ("1.20", "name the exact patch"),
        ("v1.36", "name the exact patch"),
        ("stable", "name the exact patch"),
        ("stable-1.30", "name the exact patch"),
        ("v1.20.2-rc.0", "not a plain release"),
        ("v1.20.2+k3s1", "not a plain release"),
        ("v1.19.3", "not supported"),
        ("v1.38.0", "not supported"),
        ("v2.0.0", "not supported"),
        ("1.20.02", "not a version"),
        ("1.20.2.1", "not a version"),
        ("vv1.20.2", "not a version"),
        (" 1.20.2", "not a version"),
        ("v1.20.$(id)", "not a version"),
        ("", "not a version"),
    ] {
        let error = text.parse::<Version>().unwrap_err().to_string();
        assert!(error.contains(words), "{text:?}: {error}");
    }
}

#[test]
fn names_the_nearest() {
    let nearest = |text: &str| text.parse::<Version>().unwrap_err().nearest();
    assert_eq!(nearest("v1.19.3").as_deref(), Some("v1.20.0"));
    assert_eq!(nearest("v1.99.1").as_deref(), Some("v1.37.0"));
    assert_eq!(nearest("v2.0.0"), None);
}

#[test]
fn the_table_has_one_row_a_minor_in_order() {
    for (row, minor) in TABLE.iter().zip(20..) {
        assert_eq!(row.minor, minor);
    }
    assert_eq!(TABLE[TABLE.len() - 1].minor, 37);
}

#[test]
fn every_column_has_a_source_and_every_source_a_column() {
    let row = serde_json::to_value(TABLE[0]).unwrap();
    let columns: BTreeSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    let sources: BTreeSet<&str> = SOURCES.iter().map(|(column, _)| *column).collect();
    assert_eq!(columns, sources);
    assert_eq!(sources.len(), SOURCES.len(), "one is there twice");
    assert!(SOURCES.iter().all(|(_, source)| source.len() > 10));
}

/// Numbers of a tag: `v1.11.3`, `3.5.24-0`.
fn numbers(tag: &str) -> Vec<u64> {
    let parts = tag.trim_start_matches('v').split(['.', '-']);
    parts.map(|part| part.parse().unwrap_or_else(|_| panic!("{tag}"))).collect()
}

#[test]
fn tags_only_rise_within_a_minor_and_from_one_to_the_next() {
    for row in &TABLE {
        for tags in [row.etcd, row.coredns] {
            assert_eq!(tags[0].0, 0, "v1.{}: of the first patch nothing is known", row.minor);
            for pair in tags.windows(2) {
                assert!(pair[0].0 < pair[1].0, "v1.{}: {tags:?}", row.minor);
                assert!(numbers(pair[0].1) < numbers(pair[1].1), "v1.{}: {tags:?}", row.minor);
            }
            let last = tags[tags.len() - 1].0;
            assert!(last <= row.newest_patch, "v1.{}: never seen: {tags:?}", row.minor);
        }
    }
    for pair in TABLE.windows(2) {
        let [before, after] = pair else { unreachable!() };
        let place = format!("v1.{}", after.minor);
        // A minor's last patch may be newer than the next one's first; the first ones only rise.
        assert!(numbers(before.etcd(0)) <= numbers(after.etcd(0)), "{place}");
        assert!(numbers(before.coredns(0)) <= numbers(after.coredns(0)), "{place}");
        assert!(numbers(before.pause) <= numbers(after.pause), "{place}");
        assert!(before.kubeadm_api <= after.kubeadm_api, "{place}");
        assert!(before.cgroup1 <= after.cgroup1, "{place}");
        assert!(before.kernel <= after.kernel, "{place}");
        assert!(before.kubelet_skew <= after.kubelet_skew, "{place}");
        assert!(before.containerd.least <= after.containerd.least, "{place}");
        assert!(before.install.containerd <= after.install.containerd, "{place}");
        assert!(before.install.runc <= after.install.runc, "{place}");
        assert!(before.install.crictl < after.install.crictl, "{place}");
        assert!(before.install.cri_o <= after.install.cri_o, "{place}");
        assert!(!before.super_admin || after.super_admin, "{place}");
        assert!(!before.local_kubelet || after.local_kubelet, "{place}");
        assert!(before.cluster_status || !after.cluster_status, "{place}");
        assert!(before.stale_watches || !after.stale_watches, "{place}");
        assert!(before.needs_crictl || !after.needs_crictl, "{place}");
        // A row inherits from the one before: not all of its tags.
        let tags = |row: &VersionFacts| (row.pause, row.etcd, row.coredns);
        assert_ne!(tags(before), tags(after), "{place}");
    }
}

#[test]
fn what_is_installed_fits() {
    for row in &TABLE {
        let (containerd, install) = (row.containerd, row.install);
        let fits = install.containerd >= containerd.least
            && containerd.below.is_none_or(|below| install.containerd < below)
            && containerd.deprecated_below.is_none_or(|below| install.containerd >= below);
        assert!(fits, "v1.{}: containerd {}", row.minor, install.containerd);
        assert!(containerd.tested.is_sorted() && !containerd.tested.is_empty());
        // Of a series that was tested at all, what is installed is no older than that.
        let series = |it: &&Release| (it.0, it.1) == (install.containerd.0, install.containerd.1);
        let tested = containerd.tested.iter().find(series);
        assert!(tested.is_none_or(|tested| install.containerd >= *tested), "v1.{}", row.minor);
        assert_eq!((install.crictl.0, install.crictl.1), (1, row.minor));
        // v1alpha2 went with containerd 2.0: who speaks only that needs an older one.
        assert_eq!(row.cri == ["v1alpha2"], containerd.below.is_some(), "v1.{}", row.minor);
        assert_eq!(row.cri == ["v1"], containerd.least >= Release(1, 6, 0), "v1.{}", row.minor);
    }
}

#[test]
fn what_is_known_of_some_patches() {
    for (text, pause, etcd, coredns) in [
        ("1.20.2", "3.2", "3.4.13-0", "coredns:1.7.0"),
        ("1.21.14", "3.4.1", "3.4.13-0", "coredns/coredns:v1.8.0"),
        ("1.22.16", "3.5", "3.5.0-0", "coredns/coredns:v1.8.4"),
        ("1.22.17", "3.5", "3.5.6-0", "coredns/coredns:v1.8.4"),
        ("1.25.16", "3.8", "3.5.9-0", "coredns/coredns:v1.9.3"),
        ("1.28.7", "3.9", "3.5.10-0", "coredns/coredns:v1.10.1"),
        ("1.29.15", "3.9", "3.5.16-0", "coredns/coredns:v1.11.1"),
        ("1.30.4", "3.9", "3.5.12-0", "coredns/coredns:v1.11.1"),
        ("1.30.14", "3.9", "3.5.15-0", "coredns/coredns:v1.11.3"),
        ("1.31.14", "3.10", "3.5.24-0", "coredns/coredns:v1.11.3"),
        ("1.33.9", "3.10", "3.5.24-0", "coredns/coredns:v1.12.0"),
        ("1.34.1", "3.10.1", "3.6.4-0", "coredns/coredns:v1.12.1"),
        ("1.34.2", "3.10.1", "3.6.5-0", "coredns/coredns:v1.12.1"),
        ("1.35.8", "3.10.1", "3.6.6-0", "coredns/coredns:v1.13.1"),
        ("1.36.4", "3.10.2", "3.6.8-0", "coredns/coredns:v1.14.2"),
        ("1.37.1", "3.10.2", "3.7.0-0", "coredns/coredns:v1.14.6"),
    ] {
        let images = version(text).images();
        let expected = [format!("pause:{pause}"), format!("etcd:{etcd}"), coredns.to_owned()];
        assert_eq!(images[4..], expected, "{text}");
        assert_eq!(images[0], format!("kube-apiserver:v{text}"));
    }
    assert_eq!(version("v1.22.0").facts().kubeadm_api, "v1beta3");
    assert_eq!(version("v1.31.0").facts().kubeadm_api, "v1beta4");
    assert!(version("v1.30.9").facts().needs_crictl);
    assert!(!version("v1.31.0").facts().needs_crictl);
}

#[test]
fn the_registry_moved_in_a_patch() {
    for (text, repository) in [
        ("1.20.2", "k8s.gcr.io"),
        ("1.24.8", "k8s.gcr.io"),
        ("1.24.9", "registry.k8s.io"),
        ("1.23.14", "k8s.gcr.io"),
        ("1.22.17", "registry.k8s.io"),
        ("1.25.0", "registry.k8s.io"),
    ] {
        assert_eq!(version(text).default_image_repository(), repository, "{text}");
    }
}
