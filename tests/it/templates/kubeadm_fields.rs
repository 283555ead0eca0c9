//! The fields of kubeadm's configuration API, version by version, and a check against them.
//!
//! Sources: `types.go` of kubernetes/cmd/kubeadm/app/apis/kubeadm/{v1beta2,v1beta3,v1beta4} and
//! of apis/bootstraptoken/v1; for v1beta4 as it was released with 1.31 also the reference
//! "kubeadm Configuration (v1beta4)" on kubernetes.io, whose additions of later minors are left
//! out here: what is rendered has to be read by 1.31 too.

use serde_json::Value;

/// The type of a field.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    Text,
    /// A Go duration in text, such as `1h0m0s`.
    Duration,
    Bool,
    Int,
    /// A list.
    List(&'static Type),
    /// A mapping whose keys the user chooses.
    Map(&'static Type),
    /// A mapping with these fields.
    Fields(&'static [(&'static str, Type)]),
    /// All fields of both.
    Both(&'static Type, &'static Type),
    /// From this minor on; those before know no such field.
    Since(u64, &'static Type),
}

use super::component_fields::{KUBE_PROXY, KUBELET};
use Type::{Bool, Both, Duration, Fields, Int, List, Map, Since, Text};

pub(super) const TEXTS: Type = List(&Text);

pub(super) const META: Type = Fields(&[("apiVersion", Text), ("kind", Text)]);

const BOOTSTRAP_TOKEN: Type = Fields(&[
    ("token", Text),
    ("description", Text),
    ("ttl", Duration),
    ("expires", Text),
    ("usages", TEXTS),
    ("groups", TEXTS),
]);

const TAINT: Type =
    Fields(&[("key", Text), ("value", Text), ("effect", Text), ("timeAdded", Text)]);

const ENDPOINT: Type = Fields(&[("advertiseAddress", Text), ("bindPort", Int)]);

const VOLUME: Type = Fields(&[
    ("name", Text),
    ("hostPath", Text),
    ("mountPath", Text),
    ("readOnly", Bool),
    ("pathType", Text),
]);

const NETWORKING: Type =
    Fields(&[("serviceSubnet", Text), ("podSubnet", Text), ("dnsDomain", Text)]);

const IMAGE: Type = Fields(&[("imageRepository", Text), ("imageTag", Text)]);

const EXTERNAL_ETCD: Type =
    Fields(&[("endpoints", TEXTS), ("caFile", Text), ("certFile", Text), ("keyFile", Text)]);

const PATCHES: Type = Fields(&[("directory", Text)]);

const JOIN_CONTROL_PLANE: Type =
    Fields(&[("localAPIEndpoint", ENDPOINT), ("certificateKey", Text)]);

const DISCOVERY: Type = Fields(&[
    (
        "bootstrapToken",
        Fields(&[
            ("token", Text),
            ("apiServerEndpoint", Text),
            ("caCertHashes", TEXTS),
            ("unsafeSkipCAVerification", Bool),
        ]),
    ),
    ("file", Fields(&[("kubeConfigPath", Text)])),
    ("tlsBootstrapToken", Text),
]);

/// Until v1beta3 the timeout of discovery is its own field, and one of the API server's.
const OLD_DISCOVERY: Type = Both(&DISCOVERY, &Fields(&[("timeout", Duration)]));

// Extra arguments: a mapping until v1beta3, a list that may hold a name twice from v1beta4 on.
const ARGS_MAP: Type = Map(&Text);
const ARGS_LIST: Type = List(&Fields(&[("name", Text), ("value", Text)]));
const ENVS: Type =
    List(&Fields(&[("name", Text), ("value", Text), ("valueFrom", Map(&Map(&Text)))]));

const OLD_COMPONENT: Type = Fields(&[("extraArgs", ARGS_MAP), ("extraVolumes", List(&VOLUME))]);
const OLD_API_SERVER: Type =
    Both(&OLD_COMPONENT, &Fields(&[("certSANs", TEXTS), ("timeoutForControlPlane", Duration)]));
const COMPONENT: Type =
    Fields(&[("extraArgs", ARGS_LIST), ("extraVolumes", List(&VOLUME)), ("extraEnvs", ENVS)]);

const ETCD_NAMES: Type =
    Fields(&[("dataDir", Text), ("serverCertSANs", TEXTS), ("peerCertSANs", TEXTS)]);
const OLD_ETCD: Type = Fields(&[
    ("local", Both(&Both(&IMAGE, &ETCD_NAMES), &Fields(&[("extraArgs", ARGS_MAP)]))),
    ("external", EXTERNAL_ETCD),
]);

/// What all versions of `ClusterConfiguration` have.
const CLUSTER: Type = Both(
    &META,
    &Fields(&[
        ("networking", NETWORKING),
        ("kubernetesVersion", Text),
        ("controlPlaneEndpoint", Text),
        ("certificatesDir", Text),
        ("imageRepository", Text),
        ("featureGates", Map(&Bool)),
        ("clusterName", Text),
    ]),
);

const OLD_CLUSTER: Type = Both(
    &CLUSTER,
    &Fields(&[
        ("etcd", OLD_ETCD),
        ("apiServer", OLD_API_SERVER),
        ("controllerManager", OLD_COMPONENT),
        ("scheduler", OLD_COMPONENT),
    ]),
);

const OLD_NODE: Type = Fields(&[
    ("name", Text),
    ("criSocket", Text),
    ("taints", List(&TAINT)),
    ("kubeletExtraArgs", ARGS_MAP),
    ("ignorePreflightErrors", TEXTS),
]);

mod v1beta2 {
    use super::{
        BOOTSTRAP_TOKEN, Bool, Both, ENDPOINT, Fields, IMAGE, JOIN_CONTROL_PLANE, List, META,
        OLD_CLUSTER, OLD_DISCOVERY, OLD_NODE, Text, Type,
    };

    pub const INIT: Type = Both(
        &META,
        &Fields(&[
            ("bootstrapTokens", List(&BOOTSTRAP_TOKEN)),
            ("nodeRegistration", OLD_NODE),
            ("localAPIEndpoint", ENDPOINT),
            ("certificateKey", Text),
        ]),
    );
    pub const CLUSTER: Type = Both(
        &OLD_CLUSTER,
        &Fields(&[("dns", Both(&IMAGE, &Fields(&[("type", Text)]))), ("useHyperKubeImage", Bool)]),
    );
    pub const JOIN: Type = Both(
        &META,
        &Fields(&[
            ("nodeRegistration", OLD_NODE),
            ("caCertPath", Text),
            ("discovery", OLD_DISCOVERY),
            ("controlPlane", JOIN_CONTROL_PLANE),
        ]),
    );
}

mod v1beta3 {
    use super::{
        BOOTSTRAP_TOKEN, Both, ENDPOINT, Fields, IMAGE, JOIN_CONTROL_PLANE, List, META,
        OLD_CLUSTER, OLD_DISCOVERY, OLD_NODE, PATCHES, TEXTS, Text, Type,
    };

    const NODE: Type = Both(&OLD_NODE, &Fields(&[("imagePullPolicy", Text)]));
    const MORE: Type = Fields(&[("skipPhases", TEXTS), ("patches", PATCHES)]);

    pub const INIT: Type = Both(
        &Both(&META, &MORE),
        &Fields(&[
            ("bootstrapTokens", List(&BOOTSTRAP_TOKEN)),
            ("nodeRegistration", NODE),
            ("localAPIEndpoint", ENDPOINT),
            ("certificateKey", Text),
        ]),
    );
    pub const CLUSTER: Type = Both(&OLD_CLUSTER, &Fields(&[("dns", IMAGE)]));
    pub const JOIN: Type = Both(
        &Both(&META, &MORE),
        &Fields(&[
            ("nodeRegistration", NODE),
            ("caCertPath", Text),
            ("discovery", OLD_DISCOVERY),
            ("controlPlane", JOIN_CONTROL_PLANE),
        ]),
    );
}

mod v1beta4 {
    use super::{
        ARGS_LIST, BOOTSTRAP_TOKEN, Bool, Both, COMPONENT, DISCOVERY, Duration, ENDPOINT, ENVS,
        ETCD_NAMES, EXTERNAL_ETCD, Fields, IMAGE, JOIN_CONTROL_PLANE, List, META, PATCHES, TAINT,
        TEXTS, Text, Type,
    };

    const TIMEOUTS: Type = Fields(&[
        ("controlPlaneComponentHealthCheck", Duration),
        ("kubeletHealthCheck", Duration),
        ("kubernetesAPICall", Duration),
        ("etcdAPICall", Duration),
        ("tlsBootstrap", Duration),
        ("discovery", Duration),
        ("upgradeManifests", Duration),
    ]);
    const NODE: Type = Fields(&[
        ("name", Text),
        ("criSocket", Text),
        ("taints", List(&TAINT)),
        ("kubeletExtraArgs", ARGS_LIST),
        ("ignorePreflightErrors", TEXTS),
        ("imagePullPolicy", Text),
        ("imagePullSerial", Bool),
    ]);
    const MORE: Type = Fields(&[
        ("skipPhases", TEXTS),
        ("patches", PATCHES),
        ("dryRun", Bool),
        ("timeouts", TIMEOUTS),
        ("nodeRegistration", NODE),
    ]);

    pub const INIT: Type = Both(
        &Both(&META, &MORE),
        &Fields(&[
            ("bootstrapTokens", List(&BOOTSTRAP_TOKEN)),
            ("localAPIEndpoint", ENDPOINT),
            ("certificateKey", Text),
        ]),
    );
    pub const CLUSTER: Type = Both(
        &super::CLUSTER,
        &Fields(&[
            (
                "etcd",
                Fields(&[
                    (
                        "local",
                        Both(
                            &Both(&IMAGE, &ETCD_NAMES),
                            &Fields(&[("extraArgs", ARGS_LIST), ("extraEnvs", ENVS)]),
                        ),
                    ),
                    ("external", EXTERNAL_ETCD),
                ]),
            ),
            // The API server's timeout went to `timeouts`.
            ("apiServer", Both(&COMPONENT, &Fields(&[("certSANs", TEXTS)]))),
            ("controllerManager", COMPONENT),
            ("scheduler", COMPONENT),
            ("dns", Both(&IMAGE, &Fields(&[("disabled", Bool)]))),
            ("proxy", Fields(&[("disabled", Bool)])),
            ("encryptionAlgorithm", Text),
            ("certificateValidityPeriod", Duration),
            ("caCertificateValidityPeriod", Duration),
        ]),
    );
    pub const JOIN: Type = Both(
        &Both(&META, &MORE),
        &Fields(&[
            ("caCertPath", Text),
            ("discovery", DISCOVERY),
            ("controlPlane", JOIN_CONTROL_PLANE),
        ]),
    );
}

/// What a document may have, by its `apiVersion` and `kind`.
fn document(api: &str, kind: &str) -> Option<Type> {
    Some(match (api, kind) {
        ("kubeadm.k8s.io/v1beta2", "InitConfiguration") => v1beta2::INIT,
        ("kubeadm.k8s.io/v1beta2", "ClusterConfiguration") => v1beta2::CLUSTER,
        ("kubeadm.k8s.io/v1beta2", "JoinConfiguration") => v1beta2::JOIN,
        ("kubeadm.k8s.io/v1beta3", "InitConfiguration") => v1beta3::INIT,
        ("kubeadm.k8s.io/v1beta3", "ClusterConfiguration") => v1beta3::CLUSTER,
        ("kubeadm.k8s.io/v1beta3", "JoinConfiguration") => v1beta3::JOIN,
        ("kubeadm.k8s.io/v1beta4", "InitConfiguration") => v1beta4::INIT,
        ("kubeadm.k8s.io/v1beta4", "ClusterConfiguration") => v1beta4::CLUSTER,
        ("kubeadm.k8s.io/v1beta4", "JoinConfiguration") => v1beta4::JOIN,
        ("kubelet.config.k8s.io/v1beta1", "KubeletConfiguration") => KUBELET,
        ("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration") => KUBE_PROXY,
        _ => return None,
    })
}

/// Everything in a document that its API does not know, whatever the minor: `nodeRegistration.tains: unknown
/// field`.
pub fn misfits(value: &Value) -> Vec<String> {
    misfits_of(None, value)
}

/// The same of one minor, which may not know all of its API's fields yet.
pub fn misfits_in(minor: u64, value: &Value) -> Vec<String> {
    misfits_of(Some(minor), value)
}

fn misfits_of(minor: Option<u64>, value: &Value) -> Vec<String> {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let (api, kind) = (text("apiVersion"), text("kind"));
    match document(api, kind) {
        None => vec![format!("there is no {kind} in {api}")],
        Some(fields) => {
            let mut check = Check { minor, found: Vec::new() };
            check.value(kind, value, fields);
            check.found
        }
    }
}

struct Check {
    minor: Option<u64>,
    found: Vec<String>,
}

impl Check {
    fn expect(&mut self, place: &str, value: &Value, fits: bool, what: &str) {
        if !fits {
            self.found.push(format!("{place}: {value} where {what} is expected"));
        }
    }

    fn value(&mut self, place: &str, value: &Value, wanted: Type) {
        match wanted {
            Text => self.expect(place, value, value.is_string(), "text"),
            Duration => {
                let fits = value.as_str().is_some_and(is_duration);
                self.expect(place, value, fits, "a duration");
            }
            Bool => self.expect(place, value, value.is_boolean(), "true or false"),
            Int => self.expect(place, value, value.is_i64(), "an integer"),
            List(item) => match value.as_array() {
                None => self.expect(place, value, false, "a list"),
                Some(items) => {
                    for (index, value) in items.iter().enumerate() {
                        self.value(&format!("{place}[{index}]"), value, *item);
                    }
                }
            },
            Map(item) => match value.as_object() {
                None => self.expect(place, value, false, "a mapping"),
                Some(entries) => {
                    for (key, value) in entries {
                        self.value(&format!("{place}.{key}"), value, *item);
                    }
                }
            },
            Since(first, inner) => match self.minor {
                Some(minor) if minor < first => {
                    self.found.push(format!("{place}: unknown field before 1.{first}"));
                }
                _ => self.value(place, value, *inner),
            },
            Fields(_) | Both(..) => match value.as_object() {
                None => self.expect(place, value, false, "a mapping"),
                Some(entries) => {
                    for (key, value) in entries {
                        let place = format!("{place}.{key}");
                        match field(wanted, key) {
                            None => self.found.push(format!("{place}: unknown field")),
                            Some(wanted) => self.value(&place, value, wanted),
                        }
                    }
                }
            },
        }
    }
}

fn field(of: Type, key: &str) -> Option<Type> {
    match of {
        Fields(fields) => fields.iter().find(|(name, _)| *name == key).map(|(_, found)| *found),
        Both(one, other) => field(*one, key).or_else(|| field(*other, key)),
        _ => None,
    }
}

fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if unit.len() == rest.len() || !unit.starts_with(['h', 'm', 's']) {
            return false;
        }
        rest = &unit[1..];
    }
    !text.is_empty()
}
