//! kube-proxy and the cluster's DNS.

use super::super::{Cause, Layer, Source};
use super::{likely, symptom};

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "ProxyConfig",
        layer: Layer::Addons,
        is: "kube-proxy does not understand its configuration",
        fix: "mend the ConfigMap `kube-proxy` in kube-system and delete its pods; `kubeadm init phase addon kube-proxy` writes it anew",
        command: Some(
            "kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system edit configmap kube-proxy",
        ),
        page: "The key is `config.conf`, of the kind `KubeProxyConfiguration`.",
        signatures: &[
            likely(
                Source::Proxy,
                r"failed (?:complete|to complete|validate|to decode).*?: ?(.*)|(?:F\d+ .*server\.go:\d+\] )(.*(?:unmarshal|decode|yaml|strict|no kind|unknown field).*)",
                "kube-proxy does not understand its configuration: {1}{2}",
                "F1126 05:10:11.1 1 server.go:490] failed complete: yaml: line 3: mapping values are not allowed in this context",
            ),
            likely(
                Source::Proxy,
                r"(KubeProxyConfiguration\.\S+: .*|unknown proxy mode.*|\[?(?:KubeProxy|Invalid value).*mode.*)",
                "kube-proxy refuses its configuration: {1}",
                "F1126 05:10:11.1 1 server.go:490] failed validate: KubeProxyConfiguration.ProxyMode: Invalid value: \"nosuch\": must be iptables,ipvs or blank",
            ),
        ],
    },
    Cause {
        name: "ProxyConntrack",
        layer: Layer::Addons,
        is: "kube-proxy may not set the kernel's limit of connections",
        fix: "let it leave that alone: `kubeProxy: {conntrack: {maxPerCore: 0}}` in cluster.yaml",
        command: None,
        page: "So it is in containers.",
        signatures: &[likely(
            Source::Proxy,
            r"nf_conntrack_max: (?:permission denied|read-only)|hashsize: operation not supported",
            "",
            "F1126 05:10:11.1 1 server.go:495] open /proc/sys/net/netfilter/nf_conntrack_max: permission denied",
        )],
    },
    Cause {
        name: "ProxyIpvs",
        layer: Layer::Addons,
        is: "kube-proxy is to work with ipvs, and the kernel has not what it takes",
        fix: "load the modules ip_vs, ip_vs_rr, ip_vs_wrr, ip_vs_sh and nf_conntrack; or choose the mode `iptables`",
        command: Some("modprobe -a ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack"),
        page: "",
        signatures: &[likely(
            Source::Proxy,
            r"[Cc]an'?(?:t|not) use the IPVS proxier|ip_vs.*not found",
            "",
            "E1126 05:10:11.1 1 server_others.go:107] \"Can't use the IPVS proxier\" err=\"IPVS proxier will not be used because the following required kernel modules are not loaded: [ip_vs]\"",
        )],
    },
    Cause {
        name: "DnsLoop",
        layer: Layer::Addons,
        is: "the cluster's DNS asks itself: the hosts' name server is on 127.0.0.1",
        fix: "set `resolvConf` of the kubelet to a file with the real name servers (with systemd-resolved /run/systemd/resolve/resolv.conf), then delete CoreDNS's pods",
        command: None,
        page: "CoreDNS takes over its host's /etc/resolv.conf; an address of loopback in it is the pod itself.",
        signatures: &[likely(
            Source::Dns,
            r"plugin/loop: Loop .* detected",
            "",
            "[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone \".\", see https://coredns.io/plugins/loop#troubleshooting.",
        )],
    },
    Cause {
        name: "DnsConfig",
        layer: Layer::Addons,
        is: "CoreDNS does not understand its configuration",
        fix: "mend `Corefile` in the ConfigMap `coredns` in kube-system",
        command: Some(
            "kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system edit configmap coredns",
        ),
        page: "",
        signatures: &[likely(
            Source::Dns,
            r"Corefile:\d+ - Error during parsing: (.*)",
            "CoreDNS does not understand its Corefile: {1}",
            "/etc/coredns/Corefile:5 - Error during parsing: Unknown directive 'nosuch'",
        )],
    },
    Cause {
        name: "ServicesUnreachable",
        layer: Layer::Addons,
        is: "pods do not reach the API under its service address: kube-proxy's rules are missing, or a firewall is before them",
        fix: "see whether kube-proxy runs on the node, and whether firewalls let the pods' network through",
        command: None,
        page: "",
        signatures: &[symptom(
            Source::Dns,
            r"dial tcp \S+:443: (i/o timeout|connect: no route to host)",
            "E1126 05:10:11.1 1 reflector.go:153] Failed to list *v1.Namespace: Get https://10.96.0.1:443/api/v1/namespaces: dial tcp 10.96.0.1:443: i/o timeout",
        )],
    },
    Cause {
        name: "PodsFail",
        layer: Layer::Addons,
        is: "pods of the cluster's own do not run",
        fix: "see their logs and events",
        command: None,
        page: "",
        signatures: &[],
    },
];
