//! Plans without hosts: a cluster's file, made-up facts, a made-up bundle.

use std::collections::BTreeMap;
use std::sync::Arc;

use bivouac::cluster::{self, Cluster, versions};
use bivouac::host::{Change, Upload};
use bivouac::playbook::{
    Artifacts, Available, HostState, Lane, Library, Pending, Plan, Site, Values, Work,
};

/// Everything that a plan is made of.
pub struct Made {
    pub cluster: Cluster,
    pub states: Vec<HostState>,
    pub artifacts: Artifacts,
}

impl Made {
    /// A cluster of this version; `spec` is YAML below `spec`, without `kubernetes.version`.
    pub fn new(version: &str, kubernetes: &str, spec: &str) -> Self {
        let text = format!(
            "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  artifacts: {{bundle: b}}\n  kubernetes:\n    version: {version}\n{}{}",
            indented(kubernetes, 4),
            indented(spec, 2)
        );
        let cluster = cluster::parse("cluster.yaml", &text).unwrap_or_else(|error| {
            panic!("{error}\n{text}");
        });
        let states = cluster
            .hosts
            .iter()
            .enumerate()
            .map(|(index, host)| {
                let node = host.node_name.clone();
                let node = node.unwrap_or_else(|| format!("node{}", index + 1));
                let address = 0x0a59_070b + u32::try_from(index).unwrap();
                let other = format!("fd00:89::{:x}", index + 11).parse().unwrap();
                HostState {
                    other_address: Some(other),
                    ..HostState::bare(node, std::net::Ipv4Addr::from_bits(address).into())
                }
            })
            .collect();
        let artifacts = artifacts(&cluster);
        Self { cluster, states, artifacts }
    }

    pub fn plan(&self, library: &Arc<Library>) -> Result<Plan, bivouac::playbook::Error> {
        Plan::build("init", library, &self.site())
    }

    pub fn site(&self) -> Site<'_> {
        Site {
            cluster: &self.cluster,
            hosts: &self.states,
            artifacts: &self.artifacts,
            kubeconfig: "demo.kubeconfig",
            leaving: &[],
        }
    }

    /// The plan of the playbooks in the binary.
    pub fn init(&self) -> Plan {
        self.plan(&embedded()).unwrap_or_else(|error| panic!("{error:?}"))
    }
}

pub fn embedded() -> Arc<Library> {
    Arc::new(Library::embedded().unwrap())
}

fn indented(text: &str, by: usize) -> String {
    text.lines().fold(String::new(), |all, line| all + &" ".repeat(by) + line + "\n")
}

/// What a bundle of the cluster's version has.
fn artifacts(cluster: &Cluster) -> Artifacts {
    let version = cluster.kubernetes.version.to_string();
    let repository = cluster.kubernetes.version.default_image_repository();
    let binaries = [
        "runc",
        "cri-dockerd",
        "containerd",
        "containerd-shim-runc-v2",
        "ctr",
        "crictl",
        "kubelet",
        "kubeadm",
        "kubectl",
    ];
    let images = [
        format!("pause:{}", cluster.kubernetes.version.facts().pause),
        format!("kube-proxy:{version}"),
        "etcd:3.4.13-0".to_owned(),
        format!("kube-apiserver:{version}"),
        format!("kube-controller-manager:{version}"),
        format!("kube-scheduler:{version}"),
        "coredns:1.7.0".to_owned(),
        "haproxy:2.6".to_owned(),
        "kube-vip:v0.8.0".to_owned(),
    ];
    let mut all: Vec<Available> = binaries.iter().map(|name| one("binary", name, vec![])).collect();
    all.extend(["bridge", "host-local", "portmap"].map(|name| one("cni", name, vec![])));
    all.extend(images.map(|image| {
        let name = format!("{}.tar", image.split(':').next().unwrap());
        one("image", &name, vec![format!("{repository}/{image}")])
    }));
    Artifacts(all)
}

pub fn one(kind: &str, name: &str, references: Vec<String>) -> Available {
    Available {
        kind: kind.to_owned(),
        name: name.to_owned(),
        arch: "amd64".to_owned(),
        version: "unknown".to_owned(),
        references,
        ids: BTreeMap::new(),
        upload: Upload {
            name: name.to_owned(),
            path: format!("/cache/{kind}/{name}").into(),
            size: 7,
            sha256: "ab".repeat(32),
            origin: None,
            served: (kind != "serve").then(|| format!("/files/{}", "ab".repeat(32))),
        },
    }
}

/// One exact version of every supported minor.
pub fn every_minor() -> impl Iterator<Item = String> {
    versions::supported().iter().map(|row| format!("v1.{}.2", row.minor))
}

/// What a run knows when its late steps are reached.
pub fn values() -> Values {
    [
        ("token", "bvabcd.0123456789abcdef"),
        ("token_id", "bvabcd"),
        ("token_secret", "0123456789abcdef"),
        ("token_expiry", "2026-11-23T03:00:00Z"),
        (
            "certificate_key",
            "e6a2eb8581237ab72a4f494f30285ec12a9694d750b9785706a83bfcbbbd2204",
        ),
        ("serve_token", "5e4e"),
        ("ca", "LS0tLS1CRUdJTg=="),
        ("kubelet_config", "apiVersion: kubelet.config.k8s.io/v1beta1\nclusterDNS:\n- 10.96.0.10\nevictionHard:\n  imagefs.available: 15%\nkind: KubeletConfiguration\nmaxPods: 110"),
        ("pod_cidrs", "10.244.1.0/24"),
        ("encryption", "kind: EncryptionConfiguration"),
        ("serving_requests", r#"{"items": [{"metadata": {"name": "csr-a"}, "spec": {"request": "AAAA", "signerName": "kubernetes.io/kubelet-serving", "username": "system:node:it's"}}]}"#),
        ("pod_routes", "10.244.0.0/24 10.89.7.11\n10.244.1.0/24 10.89.7.12\n 10.89.7.13\n10.244.2.0/24 10.89.7.14"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

/// All work of a lane, with its steps' names; late steps with [`values`].
pub fn works(lane: &Lane) -> Vec<(String, Work)> {
    lane.tasks
        .iter()
        .map(|task| {
            let work = task.work.resolve(&task.step, &values());
            (task.step.step.clone(), work.unwrap_or_else(|error| panic!("{error:?}")))
        })
        .collect()
}

/// All changes of a lane.
pub fn changes(lane: &Lane) -> Vec<Change> {
    works(lane)
        .into_iter()
        .filter_map(|(_, work)| match work {
            Work::Changes(changes) => Some(changes),
            _ => None,
        })
        .flatten()
        .collect()
}

/// The content of a file that a lane writes.
pub fn file(lane: &Lane, wanted: &str) -> String {
    changes(lane)
        .into_iter()
        .find_map(|change| match change {
            Change::File { path, content, .. } if path == wanted => {
                Some(String::from_utf8(content).unwrap())
            }
            _ => None,
        })
        .unwrap_or_else(|| panic!("{} does not write {wanted}", lane.name))
}

/// What kubeadm reads on a lane, if it is called there: its verb, flags and configuration.
pub fn kubeadm(lane: &Lane) -> Option<(String, Vec<String>, String)> {
    changes(lane).into_iter().find_map(|change| match change {
        Change::Kubeadm { verb, flags, config } => {
            Some((verb, flags, String::from_utf8(config).unwrap()))
        }
        _ => None,
    })
}

/// The same before any value is known.
pub fn preview(lane: &Lane) -> Vec<(String, Option<Work>)> {
    lane.tasks
        .iter()
        .map(|task| {
            let work = match &task.work {
                Pending::Ready(work) => Some(work.clone()),
                Pending::Late(pending) => pending.preview(&task.step),
            };
            (task.step.step.clone(), work)
        })
        .collect()
}
