//! What hosts are told of registries: where they are, who vouches for them, who logs in.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Registry, RuntimeKind};

/// What stands where a password would, in what is only shown.
const HIDDEN: &str = "(secret)";

/// Docker's own registry: image names begin with another word than its server's.
const DOCKER: &str = "docker.io";

/// Those that somebody logs in to.
pub(super) fn logins(registries: &Value) -> Vec<Value> {
    let all = registries.as_array().into_iter().flatten();
    all.filter(|it| it["username"] != json!("")).cloned().collect()
}

/// All registries that something is said of, as templates see them.
pub(super) fn json(cluster: &Cluster) -> Value {
    let kind = cluster.runtime.traits.kind;
    let mut all: BTreeMap<&str, Value> =
        cluster.registries.iter().map(|it| (it.address.as_str(), registry(it, kind))).collect();
    // A mirror is asked in place of the registry that images are named after; its own name stays.
    if let Some(mirror) = &cluster.sources.mirrors.images {
        let own = cluster.kubernetes.version.default_image_repository();
        let entry = all.entry(own).or_insert_with(|| plain(own));
        let (host, path) = mirror.split_once('/').unwrap_or((mirror, ""));
        let known = cluster.registries.iter().any(|it| it.address == host && it.ca.is_some());
        entry["hosts"] = json!([{
            "url": if path.is_empty() { format!("https://{host}") } else { format!("https://{host}/v2/{path}") },
            "location": mirror.trim_end_matches('/'),
            "with_path": !path.is_empty(),
            "ca": if known { ca_file(host, kind) } else { String::new() },
        }]);
    }
    Value::Array(all.into_values().collect())
}

fn plain(address: &str) -> Value {
    json!({
        "address": address,
        "server": server(address),
        "url": format!("https://{}", server(address)),
        "hosts": [],
        "ca": "",
        "ca_file": "",
        "username": "",
        "password": "",
        "auth": "",
        "login": kubelets(address),
    })
}

fn registry(it: &Registry, kind: RuntimeKind) -> Value {
    let mut value = plain(&it.address);
    if it.ca.is_some() {
        value["ca"] = json!(it.authorities.as_deref().unwrap_or("(read when it runs)\n"));
        value["ca_file"] = json!(ca_file(&it.address, kind));
    }
    if let Some((user, _)) = &it.login {
        let password = it.password.as_ref().map(crate::secret::Secret::expose);
        value["username"] = json!(user);
        value["password"] = json!(password.unwrap_or(HIDDEN));
        value["auth"] = json!(match password {
            Some(password) => STANDARD.encode(format!("{user}:{password}")),
            None => HIDDEN.to_owned(),
        });
    }
    value
}

/// The host that containerd connects to (`DefaultHost` of its remotes/docker).
fn server(address: &str) -> &str {
    if address == DOCKER { "registry-1.docker.io" } else { address }
}

/// What `config.json` calls it, which the kubelet reads as docker does (kubernetes/pkg/credentialprovider).
fn kubelets(address: &str) -> &str {
    if address == DOCKER { "https://index.docker.io/v1/" } else { address }
}

/// Where a runtime looks for who vouches for a registry: containerd's by our own configuration, cri-o's by
/// containers-certs.d(5).
fn ca_file(address: &str, kind: RuntimeKind) -> String {
    let top = match kind {
        RuntimeKind::Containerd | RuntimeKind::Docker => "/etc/containerd/certs.d",
        RuntimeKind::CriO => "/etc/containers/certs.d",
    };
    format!("{top}/{address}/ca.crt")
}
