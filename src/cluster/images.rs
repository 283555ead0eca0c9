//! Container images that a cluster needs, by kubeadm's own rules for their names.

use std::collections::BTreeSet;

use super::{Cluster, Download, Kubernetes, LoadBalancer, RuntimeKind};

/// Which hosts need an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Every host.
    All,
    /// Control planes.
    ControlPlanes,
    /// Hosts that are none.
    Workers,
}

impl Which {
    /// Whether a host needs it, by its role.
    pub fn is_for(self, control_plane: bool) -> bool {
        match self {
            Self::All => true,
            Self::ControlPlanes => control_plane,
            Self::Workers => !control_plane,
        }
    }
}

/// An image that a cluster needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What playbooks call it: `etcd`.
    pub name: &'static str,
    /// What the cluster calls it: `registry.k8s.io/etcd:3.5.24-0`.
    pub reference: String,
    /// Where it is pulled from; another place than its name says where there is a mirror.
    pub from: String,
    /// Who needs it.
    pub which: Which,
}

/// What each worker runs in front of the API servers. The tag is `KubeKey`'s (kubesphere/kubekey 3.1, the image
/// list of its manifests); bundles may have any.
const HAPROXY: (&str, &str) = ("docker.io/library", "haproxy:2.9.6-alpine");

/// What passes an address on among control planes. The flags of `templates/load-balancer/kube-vip.yaml` are those
/// of 0.8.
const KUBE_VIP: (&str, &str) = ("ghcr.io/kube-vip", "kube-vip:v0.8.9");

/// An image's name without registry and repository, and its tag: `kube-proxy` and `v1.36.4`.
pub fn name_and_tag(reference: &str) -> (&str, Option<&str>) {
    let last = reference.rsplit('/').next().unwrap_or_default();
    let last = last.split('@').next().unwrap_or(last);
    last.split_once(':').map_or((last, None), |(name, tag)| (name, Some(tag)))
}

impl Kubernetes {
    /// Where images are named after: the user's repository, or this release's own.
    pub fn repository(&self) -> &str {
        let own = || self.version.default_image_repository();
        self.image_repository.as_deref().unwrap_or_else(own)
    }

    /// A setting of the user's for kubeadm, by its path.
    fn setting(&self, path: [&str; 2]) -> Option<&str> {
        let mut value = self.kubeadm.get(path[0])?;
        for name in path[1].split('.') {
            value = value.get(name)?;
        }
        value.as_str().filter(|text| !text.is_empty())
    }

    /// The repository of an image, and its path with the tag, as kubeadm names it: `GetDNSImage`, `GetEtcdImage`
    /// and `GetKubernetesImage` of kubernetes/cmd/kubeadm/app/images/images.go.
    fn place<'a>(&'a self, name: &str) -> (&'a str, String) {
        let (facts, patch) = (self.version.facts(), self.version.0.patch);
        let tagged = |tag: &str| format!("{name}:{tag}");
        match name {
            "coredns" => {
                let tag = self.setting(["dns", "imageTag"]);
                let named = tagged(tag.unwrap_or_else(|| facts.coredns(patch)));
                let dns = self.dns_repository();
                (dns, if self.is_nested(dns) { format!("coredns/{named}") } else { named })
            }
            "etcd" => {
                let own = self.setting(["etcd", "local.imageRepository"]);
                let tag = self.setting(["etcd", "local.imageTag"]);
                let tag = tag.unwrap_or_else(|| facts.etcd(patch));
                (own.unwrap_or_else(|| self.repository()), tagged(tag))
            }
            "pause" => (self.repository(), tagged(facts.pause)),
            _ => (self.repository(), tagged(&self.version.to_string())),
        }
    }

    fn dns_repository(&self) -> &str {
        self.setting(["dns", "imageRepository"]).unwrap_or_else(|| self.repository())
    }

    /// Whether `CoreDNS` has a directory of its own in this repository. From 1.21 on it has in kubeadm's own, and
    /// only there; 1.21.0 and 1.21.1 looked for it everywhere (kubernetes/kubernetes#102502).
    fn is_nested(&self, repository: &str) -> bool {
        let version = (self.version.minor(), self.version.0.patch);
        version >= (21, 0)
            && (version < (21, 2) || repository == self.version.default_image_repository())
    }

    /// What the cluster calls an image of a bundle, whose name there may begin with another repository. The tag
    /// stays; names below the cluster's own repository stay as well, but for `CoreDNS`, which kubeadm looks for in
    /// one place.
    pub fn name_of(&self, source: &str) -> String {
        let last = source.rsplit('/').next().unwrap_or_default();
        if name_and_tag(source).0 == "coredns" {
            let dns = self.dns_repository();
            let directory = if self.is_nested(dns) { "coredns/" } else { "" };
            return format!("{dns}/{directory}{last}");
        }
        let repository = self.repository();
        if source.strip_prefix(repository).is_some_and(|rest| rest.starts_with('/')) {
            return source.to_owned();
        }
        format!("{repository}/{last}")
    }
}

impl Cluster {
    /// Whether hosts pull the images that no bundle has. cri-o has no other way to images.
    pub fn hosts_pull(&self) -> bool {
        self.sources.download == Download::Hosts || self.runtime.traits.kind == RuntimeKind::CriO
    }

    /// The image that hosts pull by themselves and playbooks call `name`; `None` where this machine brings all of
    /// them.
    pub fn pulled(&self, name: &str) -> Option<Image> {
        let by_hosts = self.hosts_pull();
        self.images().into_iter().find(|image| by_hosts && image.name == name)
    }

    /// The hosts, without ports, of the registries that cluster.yaml names.
    pub fn asked_registries(&self) -> BTreeSet<&str> {
        let own = self.registries.iter().map(|it| it.address.as_str());
        let places = [&self.kubernetes.image_repository, &self.sources.mirrors.images];
        let all = own.chain(places.into_iter().flatten().map(String::as_str));
        all.map(|place| {
            let server = place.split('/').next().unwrap_or_default();
            server.rsplit_once(':').map_or(server, |(host, _)| host)
        })
        .collect()
    }

    /// The images that kubeadm and the load balancer need.
    pub fn images(&self) -> Vec<Image> {
        let mirror = self.sources.mirrors.images.as_deref();
        let kubernetes = &self.kubernetes;
        let own = kubernetes.version.default_image_repository();
        let mut all = Vec::new();
        let mut add = |name, repository: &str, path: &str, which| {
            let asked = mirror.filter(|_| repository == own).unwrap_or(repository);
            let [reference, from] = [repository, asked].map(|at| format!("{at}/{path}"));
            all.push(Image { name, reference, from, which });
        };
        let etcd =
            kubernetes.kubeadm.get("etcd").is_some_and(|etcd| etcd.get("external").is_some());
        for (name, which) in [
            ("pause", Which::All),
            ("kube-proxy", Which::All),
            ("etcd", Which::ControlPlanes),
            ("kube-apiserver", Which::ControlPlanes),
            ("kube-controller-manager", Which::ControlPlanes),
            ("kube-scheduler", Which::ControlPlanes),
            ("coredns", Which::ControlPlanes),
        ] {
            if name != "etcd" || !etcd {
                let (repository, path) = kubernetes.place(name);
                add(name, repository, &path, which);
            }
        }
        let balancer = match self.load_balancer {
            LoadBalancer::Internal => Some(("haproxy", HAPROXY, Which::Workers)),
            LoadBalancer::KubeVip { .. } => Some(("kube-vip", KUBE_VIP, Which::ControlPlanes)),
            LoadBalancer::None | LoadBalancer::External => None,
        };
        if let Some((name, (published, path), which)) = balancer {
            add(name, kubernetes.image_repository.as_deref().unwrap_or(published), path, which);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::Version;

    fn kubernetes(
        version: &str,
        repository: Option<&str>,
        kubeadm: &serde_json::Value,
    ) -> Kubernetes {
        Kubernetes {
            version: version.parse::<Version>().unwrap(),
            image_repository: repository.map(str::to_owned),
            skip_phases: Vec::new(),
            ignore_preflight_errors: Vec::new(),
            kubeadm: kubeadm.as_object().unwrap().clone(),
            kubelet: serde_json::Map::new(),
            kube_proxy: serde_json::Map::new(),
        }
    }

    #[test]
    fn coredns_is_where_kubeadm_of_that_patch_looks() {
        for (version, repository, expected) in [
            ("1.20.2", None, "k8s.gcr.io/coredns:1.7.0"),
            ("1.20.2", Some("r.io/a"), "r.io/a/coredns:1.7.0"),
            ("1.21.1", None, "k8s.gcr.io/coredns/coredns:v1.8.0"),
            ("1.21.1", Some("r.io/a"), "r.io/a/coredns/coredns:v1.8.0"),
            ("1.21.2", Some("r.io/a"), "r.io/a/coredns:v1.8.0"),
            ("1.24.8", Some("registry.k8s.io"), "registry.k8s.io/coredns:v1.8.6"),
            ("1.24.9", Some("registry.k8s.io"), "registry.k8s.io/coredns/coredns:v1.8.6"),
            ("1.25.0", None, "registry.k8s.io/coredns/coredns:v1.9.3"),
            ("1.25.0", Some("k8s.gcr.io"), "k8s.gcr.io/coredns:v1.9.3"),
        ] {
            let kubernetes = kubernetes(version, repository, &json!({}));
            let (at, path) = kubernetes.place("coredns");
            assert_eq!(format!("{at}/{path}"), expected, "{version} {repository:?}");
            // A bundle's image goes by the same name, wherever it was packed.
            let tag = path.rsplit(':').next().unwrap();
            for packed in ["registry.k8s.io/coredns/coredns", "x.io/coredns", "r.io/a/coredns"] {
                assert_eq!(kubernetes.name_of(&format!("{packed}:{tag}")), expected, "{packed}");
            }
        }
    }

    #[test]
    fn settings_for_kubeadm_count() {
        let own = json!({
            "dns": {"imageRepository": "d.io/x/coredns", "imageTag": "v9"},
            "etcd": {"local": {"imageRepository": "e.io", "imageTag": "3.9"}},
        });
        let kubernetes = kubernetes("1.30.1", Some("r.io"), &own);
        let name = |name| {
            let (at, path) = kubernetes.place(name);
            format!("{at}/{path}")
        };
        assert_eq!(name("coredns"), "d.io/x/coredns/coredns:v9");
        assert_eq!(name("etcd"), "e.io/etcd:3.9");
        assert_eq!(name("pause"), "r.io/pause:3.9");
        assert_eq!(name("kube-proxy"), "r.io/kube-proxy:v1.30.1");
    }

    #[test]
    fn a_bundles_images_are_named_after_the_clusters_repository() {
        let kubernetes = kubernetes("1.30.1", Some("r.io:5000/k8s"), &json!({}));
        for (source, expected) in [
            ("registry.k8s.io/etcd:3.5", "r.io:5000/k8s/etcd:3.5"),
            ("r.io:5000/k8s/lb/haproxy:2", "r.io:5000/k8s/lb/haproxy:2"),
            ("r.io:5000/k8s2/pause:3", "r.io:5000/k8s/pause:3"),
            ("pause:3", "r.io:5000/k8s/pause:3"),
        ] {
            assert_eq!(kubernetes.name_of(source), expected);
        }
    }

    #[test]
    fn every_minor_names_what_kubeadm_names() {
        for row in crate::cluster::versions::supported() {
            let version = format!("1.{}.0", row.minor).parse::<Version>().unwrap();
            let kubernetes = kubernetes(&version.to_string(), None, &json!({}));
            let mut named = version.images();
            named.sort();
            let mut ours: Vec<String> = named
                .iter()
                .map(|it| it.rsplit('/').next().unwrap().split(':').next().unwrap())
                .map(|name| kubernetes.place(name).1)
                .collect();
            ours.sort();
            assert_eq!(ours, named);
        }
    }
}
