//! Where the projects publish their releases.
//!
//! Sources of the layouts: the download addresses and lists of sums as kubespray has them
//! (`roles/kubespray_defaults/defaults/main/download.yml` and
//! `scripts/component_hash_update/src/component_hash_update/components.py`); what is in the archives as the
//! projects pack them (containerd/containerd `.github/workflows/release.yml`: `tar czf ... bin/`;
//! containernetworking/plugins `scripts/release.sh`: `tar -C bin ... .`; kubernetes-sigs/cri-tools
//! `hack/release.sh`: `crictl` alone).

use crate::cluster::versions::Release;
use crate::cluster::{CRI_O, Mirrors, RuntimeKind, Version};
use crate::content::Digest;

/// One file on a release server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Whose it is: `containerd`.
    pub component: &'static str,
    /// The component's version, as its project writes it: `1.7.29`, `v1.36.4`.
    pub version: String,
    /// The architecture, in Go's words.
    pub arch: String,
    /// Where it is.
    pub url: String,
    /// Its sum.
    pub sum: Sum,
    /// What it is called there.
    pub file: String,
    /// What is in it.
    pub contents: Contents,
}

/// Where the sum of a file is known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sum {
    /// It is published here.
    Published(String),
    /// Its project publishes none: it is known here.
    Pinned(Digest),
}

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// It is a program itself, installed under this name.
    Program(&'static str),
    /// It is an archive (tar, gzip) of programs.
    Archive {
        /// `binary` or `cni`.
        kind: &'static str,
        /// The directory in it.
        within: &'static str,
        /// What is taken out of that.
        members: &'static [&'static str],
    },
}

impl Contents {
    /// `binary` or `cni`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Program(_) => "binary",
            Self::Archive { kind, .. } => kind,
        }
    }
}

/// The network plugins that the pod network needs, and those that other networks expect to be there
/// (flannel: `portmap`; Kubernetes' own bandwidth annotations: `bandwidth`).
const PLUGINS: [&str; 7] =
    ["bandwidth", "bridge", "firewall", "host-local", "loopback", "portmap", "tuning"];

/// All files that hosts of this architecture need for this version, in the order of their size, largest
/// first: they are downloaded side by side.
pub fn sources(
    version: &Version,
    arch: &str,
    runtime: RuntimeKind,
    mirrors: &Mirrors,
) -> Vec<Source> {
    let install = version.facts().install;
    let kubernetes = |name: &'static str| {
        let url = format!("{}/release/{version}/bin/linux/{arch}/{name}", mirrors.kubernetes);
        Source {
            component: "Kubernetes",
            version: version.to_string(),
            arch: arch.to_owned(),
            sum: Sum::Published(format!("{url}.sha256")),
            url,
            file: name.to_owned(),
            contents: Contents::Program(name),
        }
    };
    let github =
        |component, project: &str, version: Release, file: String, sums: &str, contents| {
            let base = format!("{}/{project}/releases/download/v{version}", mirrors.github);
            // A list for all files of a release, or one beside each file.
            let sums =
                if sums.starts_with('.') { format!("{file}{sums}") } else { sums.to_owned() };
            Source {
                component,
                version: version.to_string(),
                arch: arch.to_owned(),
                url: format!("{base}/{file}"),
                sum: Sum::Published(format!("{base}/{sums}")),
                file,
                contents,
            }
        };
    let containerd = || {
        vec![
            github(
                "containerd",
                "containerd/containerd",
                install.containerd,
                format!("containerd-{}-linux-{arch}.tar.gz", install.containerd),
                ".sha256sum",
                Contents::Archive {
                    kind: "binary",
                    within: "bin",
                    members: &["containerd", "containerd-shim-runc-v2", "ctr"],
                },
            ),
            github(
                "runc",
                "opencontainers/runc",
                install.runc,
                format!("runc.{arch}"),
                "runc.sha256sum",
                Contents::Program("runc"),
            ),
        ]
    };
    let mut all = vec![
        kubernetes("kubelet"),
        kubernetes("kubeadm"),
        kubernetes("kubectl"),
        github(
            "the network plugins",
            "containernetworking/plugins",
            install.cni_plugins,
            format!("cni-plugins-linux-{arch}-v{}.tgz", install.cni_plugins),
            ".sha256",
            Contents::Archive { kind: "cni", within: "", members: &PLUGINS },
        ),
        github(
            "crictl",
            "kubernetes-sigs/cri-tools",
            install.crictl,
            format!("crictl-v{}-linux-{arch}.tar.gz", install.crictl),
            ".sha256",
            Contents::Archive { kind: "binary", within: "", members: &["crictl"] },
        ),
    ];
    // A minor without one is refused where cluster.yaml is read.
    let cri_o = || install.cri_o.map(|release| cri_o(release, arch, mirrors));
    let own = match runtime {
        RuntimeKind::Containerd => containerd(),
        RuntimeKind::CriO => cri_o().into_iter().collect(),
        RuntimeKind::Docker => {
            cri_dockerd(install.cri_dockerd, arch, mirrors).into_iter().collect()
        }
    };
    // After the kubelet, kubeadm and kubectl, the largest.
    all.splice(3..3, own);
    all
}

/// The archives of cri-dockerd, whose project publishes no sums: architecture and SHA-256 by kubespray
/// (`cri_dockerd_archive_checksums` in `roles/kubespray_defaults/vars/main/checksums.yml`).
const CRI_DOCKERD: [(Release, &str, &str); 4] = [
    (
        Release(0, 3, 20),
        "amd64",
        "2ce46d6bbd7f6a7e06e211836c201fdc2311111913eccc63a03f6ef4fe1958fc",
    ),
    (
        Release(0, 3, 20),
        "arm64",
        "e6b4661c51c832ee1cbbb75d1c8b086fa803acc153d400454c3b8cf324547d89",
    ),
    (
        Release(0, 3, 24),
        "amd64",
        "dd4b7f514c248a3aaca398f467430a4c58aae9a77ea8b96a2f5b5d6fba0948d1",
    ),
    (
        Release(0, 3, 24),
        "arm64",
        "c783a03735887c4a8fc894bd4cf7a1c0defef3ecf50a4d79ff31eed45c26b17e",
    ),
];

/// cri-dockerd's archive (`packaging/static/Makefile` of Mirantis/cri-dockerd: `tar -C build/linux ... cri-dockerd`,
/// which is a directory), for the architectures of which its sum is known.
fn cri_dockerd(version: Release, arch: &str, mirrors: &Mirrors) -> Option<Source> {
    let known = CRI_DOCKERD.iter().find(|it| (it.0, it.1) == (version, arch));
    let sum = known.and_then(|it| Digest::parse(it.2))?;
    let file = format!("cri-dockerd-{version}.{arch}.tgz");
    Some(Source {
        component: "cri-dockerd",
        version: version.to_string(),
        arch: arch.to_owned(),
        url: format!("{}/Mirantis/cri-dockerd/releases/download/v{version}/{file}", mirrors.github),
        sum: Sum::Pinned(sum),
        file,
        contents: Contents::Archive {
            kind: "binary",
            within: "cri-dockerd",
            members: &["cri-dockerd"],
        },
    })
}

/// cri-o's own static archive, with the OCI runtimes and their monitor (cri-o/packaging, `scripts/bundle/build`; its
/// sums since cri-o/cri-o#5844).
fn cri_o(release: Release, arch: &str, mirrors: &Mirrors) -> Source {
    let file = format!("cri-o.{arch}.v{release}.tar.gz");
    let url = format!("{}/{file}", mirrors.cri_o);
    Source {
        component: "cri-o",
        version: release.to_string(),
        arch: arch.to_owned(),
        sum: Sum::Published(format!("{url}.sha256sum")),
        url,
        file,
        contents: Contents::Archive {
            kind: "binary",
            within: "cri-o/bin",
            members: CRI_O.programs,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(source: &Source) -> &str {
        match &source.sum {
            Sum::Published(at) => at,
            Sum::Pinned(_) => "",
        }
    }

    #[test]
    fn files_are_where_the_projects_publish_them() {
        let version: Version = "v1.35.0".parse().unwrap();
        let all = sources(&version, "arm64", RuntimeKind::Containerd, &Mirrors::default());
        let one = |component| all.iter().find(|it| it.component == component).unwrap();
        let kubelet = one("Kubernetes");
        assert_eq!(kubelet.url, "https://dl.k8s.io/release/v1.35.0/bin/linux/arm64/kubelet");
        assert_eq!(published(kubelet), format!("{}.sha256", kubelet.url));
        let runc = one("runc");
        let base =
            format!("https://github.com/opencontainers/runc/releases/download/v{}", runc.version);
        assert_eq!(runc.url, format!("{base}/runc.arm64"));
        assert_eq!(published(runc), format!("{base}/runc.sha256sum"));
        let plugins = one("the network plugins");
        assert!(plugins.url.ends_with(&format!(
            "/plugins/releases/download/v{0}/cni-plugins-linux-arm64-v{0}.tgz",
            plugins.version
        )));
        assert_eq!(published(plugins), format!("{}.sha256", plugins.url));
        let containerd = one("containerd");
        assert!(containerd.file.starts_with("containerd-") && !containerd.file.contains("-v"));
        assert_eq!(published(containerd), format!("{}.sha256sum", containerd.url));
    }

    #[test]
    fn cri_o_is_an_archive_of_its_own_and_nothing_of_containerd_comes_with_it() {
        let version: Version = "v1.35.0".parse().unwrap();
        let all = sources(&version, "arm64", RuntimeKind::CriO, &Mirrors::default());
        let names: Vec<&str> = all.iter().map(|it| it.component).collect();
        assert_eq!(names[3], "cri-o");
        assert!(!names.contains(&"containerd") && !names.contains(&"runc"), "{names:?}");
        let release = version.facts().install.cri_o.unwrap();
        let base = "https://storage.googleapis.com/cri-o/artifacts";
        assert_eq!(all[3].url, format!("{base}/cri-o.arm64.v{release}.tar.gz"));
        assert_eq!(published(&all[3]), format!("{}.sha256sum", all[3].url));
        let without: Version = "v1.25.0".parse().unwrap();
        let all = sources(&without, "arm64", RuntimeKind::CriO, &Mirrors::default());
        assert!(all.iter().all(|it| it.component != "cri-o"));
    }

    #[test]
    fn a_mirror_has_the_same_layout() {
        let version: Version = "v1.35.0".parse().unwrap();
        let all = sources(&version, "amd64", RuntimeKind::Containerd, &Mirrors::china());
        for source in &all {
            assert!(source.url.starts_with("https://files.m.daocloud.io/"), "{}", source.url);
            let sums = published(source);
            assert!(sums.starts_with("https://files.m.daocloud.io/"), "{sums}");
        }
        let all = sources(&version, "amd64", RuntimeKind::CriO, &Mirrors::china());
        let cri_o = all.iter().find(|it| it.component == "cri-o").unwrap();
        assert!(
            cri_o.url.starts_with("https://files.m.daocloud.io/storage.googleapis.com/"),
            "{}",
            cri_o.url
        );
        let channel = Mirrors::china().channel(Some(36));
        assert_eq!(channel, "https://files.m.daocloud.io/dl.k8s.io/release/stable-1.36.txt");
        assert_eq!(Mirrors::default().channel(None), "https://dl.k8s.io/release/stable.txt");
    }

    #[test]
    fn docker_needs_cri_dockerd_and_no_other_runtime_s_files() {
        for row in crate::cluster::versions::supported() {
            for arch in ["amd64", "arm64"] {
                let version: Version = format!("v1.{}.0", row.minor).parse().unwrap();
                let all = sources(&version, arch, RuntimeKind::Docker, &Mirrors::default());
                let (release, base) = (row.install.cri_dockerd, "https://github.com/Mirantis");
                let own = all.iter().find(|it| it.component == "cri-dockerd").unwrap();
                assert_eq!(
                    own.url,
                    format!(
                        "{base}/cri-dockerd/releases/download/v{release}/cri-dockerd-{release}.{arch}.tgz"
                    )
                );
                assert!(matches!(own.sum, Sum::Pinned(_)));
                assert!(!all.iter().any(|it| ["containerd", "runc"].contains(&it.component)));
            }
        }
        let riscv = sources(
            &"v1.35.0".parse().unwrap(),
            "riscv64",
            RuntimeKind::Docker,
            &Mirrors::default(),
        );
        assert!(!riscv.iter().any(|it| it.component == "cri-dockerd"), "its sum is not known");
    }
}
