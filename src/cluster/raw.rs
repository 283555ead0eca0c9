//! The form of cluster.yaml: every field, as written. [`super::check`] makes a
//! [`super::Cluster`] of it.
//!
//! Every field may be missing here, so that all that are needed can be named at once. Numbers and
//! words of fixed lists are text here, for the same reason: a serde error is the last one.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::free::Node;
use super::yaml::At;
use crate::secret::Secret;

/// A field of text.
pub type Text = Option<At<String>>;
/// A field of free form.
pub type Free = Option<At<BTreeMap<String, At<Node>>>>;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct File {
    pub api_version: Text,
    pub kind: Text,
    pub metadata: Option<At<Metadata>>,
    pub spec: Option<At<Spec>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    pub name: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Spec {
    pub kubernetes: Option<At<Kubernetes>>,
    pub control_plane_endpoint: Text,
    pub load_balancer: Option<At<LoadBalancer>>,
    pub network: Option<Network>,
    pub security: Option<At<Security>>,
    pub runtime: Option<Runtime>,
    pub artifacts: Option<At<Artifacts>>,
    pub registries: Option<Vec<At<Registry>>>,
    pub proxy: Option<At<Proxy>>,
    pub preflight: Option<At<Preflight>>,
    pub ssh: Option<Ssh>,
    pub hosts: Option<At<Vec<At<Host>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LoadBalancer {
    pub kind: Text,
    pub vip: Text,
    pub interface: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Kubernetes {
    pub version: Text,
    pub image_repository: Text,
    pub skip_phases: Option<Vec<At<String>>>,
    pub ignore_preflight_errors: Option<Vec<At<String>>>,
    pub kubeadm: Free,
    pub kubelet: Free,
    pub kube_proxy: Free,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Network {
    pub plugin: Text,
    pub pod_subnet: Text,
    pub service_subnet: Text,
    pub dns_domain: Text,
    pub proxy_mode: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Security {
    pub audit: Option<bool>,
    pub encryption: Option<bool>,
    pub serving_certificates: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Runtime {
    pub name: Text,
    pub existing: Option<bool>,
    pub config: Free,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Artifacts {
    pub bundle: Text,
    pub signers: Text,
    pub serve: Text,
    /// The name of a preset, or base addresses by name.
    pub mirror: Option<At<Node>>,
    pub ca: Text,
    pub download: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Registry {
    pub address: Text,
    pub username: Text,
    pub password_file: Text,
    pub ca: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Proxy {
    pub http: Text,
    pub https: Text,
    #[serde(rename = "noProxy")]
    pub without: Option<Vec<At<String>>>,
    pub username: Text,
    pub password_file: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Preflight {
    pub skip: Option<Vec<At<Skip>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Skip {
    pub name: Text,
    pub reason: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Ssh {
    pub user: Text,
    pub port: Text,
    /// A file name, or a list of them.
    pub private_key: Option<At<Node>>,
    pub passphrase_file: Text,
    pub password_file: Text,
    pub agent: Option<bool>,
    pub certificate: Option<At<Node>>,
    pub jump: Option<At<Node>>,
    pub sudo: Option<Sudo>,
    /// Only from the command line: a file holds no passwords.
    #[serde(skip)]
    pub password: Option<Secret>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Sudo {
    pub password_file: Text,
    /// Only from the command line.
    #[serde(skip)]
    pub password: Option<Secret>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Host {
    pub address: Text,
    pub roles: Option<At<Vec<At<String>>>>,
    pub name: Text,
    pub ssh: Option<Ssh>,
    pub labels: Option<Labels>,
    pub taints: Option<Vec<At<String>>>,
    pub kubelet: Free,
}

/// Labels with the places of their keys too, in file order. The parser refuses duplicates.
#[derive(Debug, Default)]
pub struct Labels(pub Vec<(At<String>, At<String>)>);

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("labels (`key: value`)")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Labels, A::Error> {
                let mut labels = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    labels.push(entry);
                }
                Ok(Labels(labels))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
