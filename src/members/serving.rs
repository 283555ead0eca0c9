//! Which requests of kubelets for a serving certificate are proper: of a node that we know, for that node's name
//! and addresses and nothing else.
//!
//! Whoever has a node's credentials may ask for any name; a certificate for another's would pass for that one.
//! Source of what the signer permits: kubernetes.io, "Certificates and Certificate Signing Requests",
//! `kubernetes.io/kubelet-serving`.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::request::CertReq;

const SIGNER: &str = "kubernetes.io/kubelet-serving";
const GROUP: &str = "system:nodes";
/// With an elliptic key nothing is enciphered by it, from 1.27 on.
const USAGES: [&[&str]; 2] = [
    &["digital signature", "server auth"],
    &["digital signature", "key encipherment", "server auth"],
];
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
/// What else a kubelet's request may say of its key; not that it is an authority's.
const HARMLESS: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("2.5.29.15"), ObjectIdentifier::new_unwrap("2.5.29.37")];

/// A node that may ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Asker {
    /// Its name.
    pub node: String,
    /// The addresses that it is known by.
    pub addresses: Vec<IpAddr>,
}

/// A request that nobody decided on yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The request's name.
    pub name: String,
    /// Who asked, as the API server knows him.
    pub user: String,
    /// Why it is not proper; `None` where it is.
    pub wrong: Option<String>,
}

#[derive(Deserialize)]
struct List {
    items: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    metadata: Metadata,
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    request: String,
    #[serde(default)]
    signer_name: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    usages: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Status {
    #[serde(default)]
    conditions: Vec<serde_json::Value>,
}

/// Judges the pending requests among those that `kubectl get csr -o json` lists.
///
/// # Errors
/// When that is no such list.
pub fn judge(json: &str, nodes: &[Asker]) -> Result<Vec<Verdict>, String> {
    let list: List = serde_json::from_str(json)
        .map_err(|error| format!("the cluster's list of certificate requests is none: {error}"))?;
    let pending = list.items.into_iter().filter(|request| {
        request.spec.signer_name == SIGNER && request.status.conditions.is_empty()
    });
    let verdict = |request: Request| Verdict {
        wrong: wrong(&request.spec, nodes),
        name: request.metadata.name,
        user: request.spec.username,
    };
    Ok(pending.map(verdict).collect())
}

fn wrong(spec: &Spec, nodes: &[Asker]) -> Option<String> {
    let name = spec.username.strip_prefix("system:node:");
    let Some(node) = nodes.iter().find(|node| Some(node.node.as_str()) == name) else {
        return Some("it is of nobody who is a node in cluster.yaml".to_owned());
    };
    if !spec.groups.iter().any(|group| group == GROUP) {
        return Some(format!("who asked is not in the group `{GROUP}`"));
    }
    let mut usages: Vec<&str> = spec.usages.iter().map(String::as_str).collect();
    usages.sort_unstable();
    if !USAGES.contains(&usages.as_slice()) {
        return Some(format!("it is for `{}`", usages.join("`, `")));
    }
    match Asked::of(&spec.request) {
        None => Some("it cannot be read".to_owned()),
        Some(asked) => asked.beyond(&spec.username, node),
    }
}

/// What a request is for.
struct Asked {
    subject: Vec<(ObjectIdentifier, String)>,
    names: Vec<GeneralName>,
}

impl Asked {
    /// Reads the base64 of a PEM text; `None` for what is none, or asks for more than names.
    fn of(request: &str) -> Option<Self> {
        let pem = String::from_utf8(STANDARD.decode(request.trim()).ok()?).ok()?;
        let body = pem.trim().strip_prefix("-----BEGIN CERTIFICATE REQUEST-----")?;
        let body = body.strip_suffix("-----END CERTIFICATE REQUEST-----")?;
        let body: String = body.split_whitespace().collect();
        let request = CertReq::from_der(&STANDARD.decode(body).ok()?).ok()?;
        let text =
            |value: &x509_cert::der::asn1::Any| String::from_utf8(value.value().to_vec()).ok();
        let subject = request.info.subject.iter().map(|it| Some((it.oid, text(&it.value)?)));
        let subject = subject.collect::<Option<Vec<_>>>()?;
        let mut names = Vec::new();
        for attribute in request.info.attributes.iter() {
            if attribute.oid != EXTENSION_REQUEST {
                return None;
            }
            for value in attribute.values.iter() {
                let extensions = Vec::<Extension>::from_der(&value.to_der().ok()?).ok()?;
                for extension in extensions {
                    if extension.extn_id == SUBJECT_ALT_NAME {
                        let found =
                            SubjectAltName::from_der(extension.extn_value.as_bytes()).ok()?;
                        names.extend(found.0);
                    } else if !HARMLESS.contains(&extension.extn_id) {
                        return None;
                    }
                }
            }
        }
        Some(Self { subject, names })
    }

    /// What in it is not the node's own.
    fn beyond(&self, user: &str, node: &Asker) -> Option<String> {
        let mut own = [(COMMON_NAME, user.to_owned()), (ORGANIZATION, GROUP.to_owned())];
        let mut subject = self.subject.clone();
        own.sort();
        subject.sort();
        if subject != own {
            let words: Vec<&str> = subject.iter().map(|(_, word)| word.as_str()).collect();
            return Some(format!("its subject is `{}`", words.join("`, `")));
        }
        if self.names.is_empty() {
            return Some("it names no address".to_owned());
        }
        self.names.iter().find_map(|name| match name {
            GeneralName::DnsName(name) if name.as_str() == node.node => None,
            GeneralName::DnsName(name) => Some(format!("it names `{}`", name.as_str())),
            GeneralName::IpAddress(bytes) => match address(bytes.as_bytes()) {
                Some(ip) if node.addresses.contains(&ip) => None,
                Some(ip) => Some(format!("it names `{ip}`, which is not known as the node's")),
                None => Some("it names an address that is none".to_owned()),
            },
            _ => Some("it names something that is no host".to_owned()),
        })
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests;
