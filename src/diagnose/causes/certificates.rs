//! Certificates, keys and authorities.

use super::super::{Cause, Layer, Source};
use super::likely;

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "KubeletCertificateExpired",
        layer: Layer::Certificates,
        is: "the certificate with which the kubelet comes to the API has ended",
        fix: "give it a new one: on a control plane `kubeadm init phase kubeconfig kubelet` for this node's name, as /etc/kubernetes/kubelet.conf here; or take the host out of the cluster and let it join again",
        command: None,
        page: "The kubelet renews it by itself while it can (`rotateCertificates`): one that was off for long, or whose API server was, cannot. It is /var/lib/kubelet/pki/kubelet-client-current.pem, or within /etc/kubernetes/kubelet.conf.",
        signatures: &[
            likely(Source::Kubelet, r"part of the existing bootstrap client certificate (?:in \S+ )?is expired:? ?(.*)", "the kubelet's certificate has ended", "E1126 05:10:11.1 900 bootstrap.go:265] part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2025-11-26 05:10:11 +0000 UTC"),
        ],
    },
    Cause {
        name: "CertificateExpired",
        layer: Layer::Certificates,
        is: "certificates of the control plane have ended",
        fix: "renew them on each control plane and start its static pods anew",
        command: Some(crate::preflight::RENEW),
        page: "kubeadm's certificates live a year (authorities ten), and are renewed by `kubeadm upgrade` or `kubeadm certs renew all` (up to 1.19: `kubeadm alpha certs renew all`).",
        signatures: &[
            likely(Source::Kubelet, r"x509: certificate has expired or is not yet valid: current time \S+ is after (\S+)", "a certificate ended at {1}", "E1126 05:10:11.1 900 reflector.go:138] Failed to watch *v1.Node: Get \"https://10.0.0.1:6443/api/v1/nodes\": x509: certificate has expired or is not yet valid: current time 2026-11-26T05:10:11Z is after 2026-11-25T05:10:11Z")
                .but_not("x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-11-26T05:00:00Z"),
            likely(Source::Output, r"x509: certificate has expired or is not yet valid: current time \S+ is after (\S+)", "a certificate ended at {1}", "Unable to connect to the server: x509: certificate has expired or is not yet valid: current time 2026-11-26T05:10:11Z is after 2026-11-25T05:10:11Z"),
            likely(Source::ApiServer, r"x509: certificate has expired or is not yet valid: current time \S+ is after (\S+)", "a certificate ended at {1}", "W1126 05:10:11.1 1 clientconn.go:1223] grpc: connection error: transport: authentication handshake failed: x509: certificate has expired or is not yet valid: current time 2026-11-26T05:10:11Z is after 2026-11-25T05:10:11Z"),
            likely(Source::Etcd, r"rejected connection from .*certificate has expired", "a certificate of etcd's has ended", "W | embed: rejected connection from \"127.0.0.1:4711\" (error \"tls: failed to verify certificate: x509: certificate has expired or is not yet valid\", ServerName \"\")"),
        ],
    },
    Cause {
        name: "CertificateMissing",
        layer: Layer::Certificates,
        is: "a certificate or a key that the control plane needs is not there, or is empty",
        fix: "put it back from another control plane or a backup; what is signed by an authority that is still there is made anew by `kubeadm init phase certs NAME`",
        command: None,
        page: "`kubeadm certs check-expiration` lists all of them. A lost key of an authority (ca.key) or for service accounts (sa.key) cannot be made anew without consequences.",
        signatures: &[
            likely(Source::Kubelet, r"unable to load client CA file (\S+?):? .*open (\S+): no such file", "`{1}`, the cluster's authority, is not there", "F1126 05:10:11.1 900 server.go:269] failed to run Kubelet: unable to load client CA file /etc/kubernetes/pki/ca.crt: open /etc/kubernetes/pki/ca.crt: no such file or directory"),
            likely(Source::ApiServer, r"open (/etc/kubernetes/pki/\S+): no such file or directory", "the API server misses `{1}`", "Error: open /etc/kubernetes/pki/apiserver.crt: no such file or directory"),
            likely(Source::Etcd, r"open (/etc/kubernetes/pki/\S+): no such file or directory", "etcd misses `{1}`", "C | etcdmain: open /etc/kubernetes/pki/etcd/server.crt: no such file or directory"),
            likely(Source::ControllerManager, r"open (/etc/kubernetes/\S+): no such file or directory", "the controller manager misses `{1}`", "unable to load client CA file: open /etc/kubernetes/pki/ca.crt: no such file or directory"),
            likely(Source::Scheduler, r"(?:open|stat) (/etc/kubernetes/\S+): no such file or directory", "the scheduler misses `{1}`", "stat /etc/kubernetes/scheduler.conf: no such file or directory"),
        ],
    },
    Cause {
        name: "CertificateBroken",
        layer: Layer::Certificates,
        is: "a certificate or a key of the control plane is none, or the two do not belong together",
        fix: "make the pair anew: take both files away and run `kubeadm init phase certs NAME`",
        command: None,
        page: "",
        signatures: &[
            likely(Source::ApiServer, r"(?:tls: |unable to load \S+ .*)(private key does not match public key|failed to find any PEM data in (?:certificate|key) input|failed to parse private key)", "a certificate of the API server's and its key do not fit: {1}", "Error: tls: private key does not match public key"),
            likely(Source::ApiServer, r"(?:unable to load client CA file|error reading public key|data does not contain any valid \S+ (?:public keys|private keys)|unable to load bundle) ?(.*)", "the API server cannot read one of its certificates or keys: {1}", "Error: unable to load client CA file \"/etc/kubernetes/pki/ca.crt\": data does not contain any valid RSA or ECDSA certificates"),
            likely(Source::Etcd, r"(?:tls: )(private key does not match public key|failed to find any PEM data in (?:certificate|key) input|failed to parse private key)", "a certificate of etcd's and its key do not fit: {1}", "C | etcdmain: tls: private key does not match public key"),
            likely(Source::Kubelet, r"unable to load client CA file (\S+?): (data does not contain .*)", "`{1}`, the cluster's authority, is no certificate", "F1126 05:10:11.1 900 server.go:269] failed to run Kubelet: unable to load client CA file /etc/kubernetes/pki/ca.crt: data does not contain any valid RSA or ECDSA certificates"),
            likely(Source::Kubelet, r"unable to read client-(?:cert|key) (\S+) .*?(?:due to|:) (.*)", "the kubelet cannot use `{1}`: {2}", "F1126 05:10:11.1 900 server.go:269] failed to run Kubelet: invalid configuration: unable to read client-cert /var/lib/kubelet/pki/kubelet-client-current.pem for system:node:w1 due to open /var/lib/kubelet/pki/kubelet-client-current.pem: no such file or directory")
                .but_not("F1126 05:10:11.1 900 server.go:269] failed to run Kubelet: unable to load bootstrap kubeconfig: stat /etc/kubernetes/bootstrap-kubelet.conf: no such file or directory"),
        ],
    },
    Cause {
        name: "CertificateNames",
        layer: Layer::Certificates,
        is: "the API server's certificate is not valid for the address by which it is asked",
        fix: "make it anew with that name: add it to `apiServer.certSANs`, take apiserver.crt and apiserver.key away, `kubeadm init phase certs apiserver`, and start the API server anew",
        command: None,
        page: "Or the address leads to another machine than was thought.",
        signatures: &[
            likely(Source::Output, r"x509: certificate is valid for (.*), not (\S+)", "the API server's certificate is valid for {1}, not for `{2}`", "Unable to connect to the server: x509: certificate is valid for 10.96.0.1, 10.0.0.1, not 10.0.0.9"),
            likely(Source::Kubelet, r"x509: certificate is valid for (.*), not ([^\s,]+)", "the API server's certificate is valid for {1}, not for `{2}`", "E1126 05:10:11.1 900 reflector.go:138] failed to list *v1.Node: Get \"https://10.0.0.9:6443/api\": x509: certificate is valid for 10.96.0.1, 10.0.0.1, not 10.0.0.9"),
        ],
    },
    Cause {
        name: "AuthorityReplaced",
        layer: Layer::Certificates,
        is: "the host trusts another authority than the one that signs here: /etc/kubernetes/pki/ca.crt was replaced, or files of an earlier cluster are left",
        fix: "put the authority back by which the certificates are signed; where it is lost, make all of them and all kubeconfigs anew, or let the host join again",
        command: None,
        page: "Authorities have the same name (`kubernetes`) in each cluster, and yet are not the same: their keys tell.",
        signatures: &[
            likely(Source::Kubelet, r"/apis?/.*x509: certificate signed by unknown authority", "the kubelet does not know the authority that signed the API server's certificate", "E1126 05:10:11.1 900 reflector.go:138] Failed to watch *v1.Service: Get \"https://10.0.0.1:6443/api/v1/services\": x509: certificate signed by unknown authority (possibly because of \"crypto/rsa: verification error\" while trying to verify candidate authority certificate \"kubernetes\")")
                .but_not("E1126 05:10:11.1 900 remote_image.go:113] PullImage \"registry.example/a:1\" from image service failed: x509: certificate signed by unknown authority"),
            likely(Source::ApiServer, r"Unable to authenticate the request.*x509: certificate signed by unknown authority", "the API server does not know the authority that signed its clients' certificates", "E1126 05:10:11.1 1 authentication.go:53] Unable to authenticate the request due to an error: x509: certificate signed by unknown authority"),
            likely(Source::ApiServer, r"transport: authentication handshake failed: .*x509: certificate signed by unknown authority", "the API server does not know the authority that signed etcd's certificate", "W1126 05:10:11.1 1 clientconn.go:1223] grpc: addrConn.createTransport failed to connect to {https://127.0.0.1:2379 <nil> 0 <nil>}. Err :connection error: desc = \"transport: authentication handshake failed: x509: certificate signed by unknown authority\". Reconnecting..."),
            likely(Source::Etcd, r"rejected connection from .*(?:remote error: tls: bad certificate|tls: failed to verify client'?s? certificate: x509: certificate signed by unknown authority)", "etcd and its clients do not know each other's authority", "W | embed: rejected connection from \"127.0.0.1:4711\" (error \"remote error: tls: bad certificate\", ServerName \"\")"),
        ],
    },
];
