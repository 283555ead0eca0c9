//! The API server.

use super::super::{Cause, Layer, Source};
use super::{likely, symptom};

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "ApiServerFlag",
        layer: Layer::ApiServer,
        is: "the API server is given a flag, or a value of one, that it does not take",
        fix: "mend /etc/kubernetes/manifests/kube-apiserver.yaml; the kubelet starts it anew by itself",
        command: None,
        page: "`kubeadm init phase control-plane apiserver` writes the manifest anew. Flags are dropped now and then: `--insecure-port` with 1.24, `--cloud-provider` with 1.33.",
        signatures: &[
            likely(
                Source::ApiServer,
                r"unknown flag: (\S+)",
                "the API server does not know the flag `{1}` that it is given",
                "Error: unknown flag: --no-such-flag",
            ),
            likely(
                Source::ApiServer,
                r"unrecognized feature gate: (\S+)",
                "the API server does not know the feature gate `{1}`",
                "Error: invalid argument \"NoSuch=true\" for \"--feature-gates\" flag: unrecognized feature gate: NoSuch",
            ),
            likely(
                Source::ApiServer,
                r#"invalid argument "([^"]*)" for "([^"]+)" flag"#,
                "the API server does not take `{1}` for its flag `{2}`",
                "Error: invalid argument \"x\" for \"--secure-port\" flag: strconv.ParseInt: parsing \"x\": invalid syntax",
            ),
            likely(
                Source::ApiServer,
                r"(?:enable-admission-plugins plugin|admission-control plugin|Unknown admission plugin:?) ?(.*)",
                "the API server does not know an admission plugin that it is given: {1}",
                "Error: enable-admission-plugins plugin \"NoSuch\" is unknown",
            ),
            likely(
                Source::ApiServer,
                r"^(?:Error|E?error): (--\S+ .*|.*(?:must be|is required|cannot be).*--\S+.*)",
                "the API server does not take its flags: {1}",
                "Error: --etcd-servers must be specified",
            ),
        ],
    },
    Cause {
        name: "EtcdAddress",
        layer: Layer::ApiServer,
        is: "the API server looks for etcd where it is not",
        fix: "mend `--etcd-servers` in /etc/kubernetes/manifests/kube-apiserver.yaml; etcd's own address is `--listen-client-urls` in etcd.yaml",
        command: None,
        page: "With an etcd of its own kubeadm writes `https://127.0.0.1:2379`.",
        signatures: &[],
    },
    Cause {
        name: "EncryptionKey",
        layer: Layer::ApiServer,
        is: "the API server cannot read Secrets: its key for them is another than the one that they were written with",
        fix: "put the key back that the other control planes have (`--encryption-provider-config`)",
        command: None,
        page: "All control planes must have the same key.",
        signatures: &[likely(
            Source::ApiServer,
            r"error while parsing encryption provider configuration|no matching prefix found|unable to transform key .*",
            "",
            "E1126 05:10:11.1 1 cacher.go:419] cacher (*core.Secret): unexpected ListAndWatch error: unable to transform key \"/registry/secrets/kube-system/x\": no matching prefix found",
        )],
    },
    Cause {
        name: "Webhook",
        layer: Layer::ApiServer,
        is: "a webhook that must agree to changes does not answer, so that the API refuses them",
        fix: "bring its pods back, or take the webhook away (`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`)",
        command: None,
        page: "A webhook with `failurePolicy: Fail` whose own pods cannot start because of it stops the cluster.",
        signatures: &[likely(
            Source::Events,
            r#"failed calling webhook "([^"]+)""#,
            "the webhook `{1}` does not answer, so that the API refuses changes",
            "FailedCreate ReplicaSet/coredns-1: Error creating: Internal error occurred: failed calling webhook \"a.example.org\": Post \"https://a.b.svc:443/\": dial tcp 10.96.1.1:443: connect: connection refused",
        )],
    },
    Cause {
        name: "ApiDown",
        layer: Layer::ApiServer,
        is: "the API server does not answer",
        fix: "see its own log, and etcd's",
        command: None,
        page: "A symptom, not a cause: everything that talks to the API says so.",
        signatures: &[
            symptom(
                Source::ApiServer,
                r"dial tcp 127\.0\.0\.1:2379: connect: connection refused",
                "W1126 05:10:11.1 1 clientconn.go:1223] grpc: addrConn.createTransport failed to connect to {https://127.0.0.1:2379}. Err: dial tcp 127.0.0.1:2379: connect: connection refused",
            ),
            symptom(
                Source::Kubelet,
                r"[Uu]nable to register node .*(connection refused|i/o timeout|no such host)",
                "E1126 05:10:11.1 900 kubelet_node_status.go:93] Unable to register node \"cp1\" with API server: Post \"https://10.0.0.1:6443/api/v1/nodes\": dial tcp 10.0.0.1:6443: connect: connection refused",
            ),
            symptom(
                Source::Kubelet,
                r#"node "\S+" not found|Error getting node"#,
                "E1126 05:10:11.1 900 kubelet.go:2243] node \"cp1\" not found",
            ),
            symptom(
                Source::Output,
                r"\[control-plane-check\] (\S+) is not healthy after",
                "[control-plane-check] kube-apiserver is not healthy after 4m0.000513478s",
            ),
            symptom(
                Source::Output,
                r"error execution phase upload-config.*(EOF|i/o timeout|no such host|connection refused)",
                "error execution phase upload-config/kubeadm: error uploading the kubeadm ClusterConfiguration: Post \"https://lb:6443/api\": EOF",
            ),
            symptom(
                Source::Output,
                r"couldn't validate the identity of the API Server.*(i/o timeout|no route to host|connection refused)",
                "error execution phase preflight: couldn't validate the identity of the API Server: Get \"https://10.0.0.1:6443/api\": dial tcp 10.0.0.1:6443: i/o timeout",
            ),
        ],
    },
];
