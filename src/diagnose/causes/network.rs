//! The pods' network.

use super::super::{Cause, Layer, Source};
use super::{likely, symptom};

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "CniConfigMissing",
        layer: Layer::Network,
        is: "there is no network configuration for pods in /etc/cni/net.d, so that the node is not ready",
        fix: "install the pod network; with bivouac's own, `bivouac init` writes it",
        command: None,
        page: "A pod network writes its file there once it runs on the node. During an install that is normal for a while.",
        signatures: &[],
    },
    Cause {
        name: "CniConfigBroken",
        layer: Layer::Network,
        is: "a network configuration for pods in /etc/cni/net.d is not one that can be understood",
        fix: "mend the file; with bivouac's own network, `bivouac init` writes it anew",
        command: None,
        page: "JSON; the runtime takes the first file by name, so a file of another network that was left goes before.",
        signatures: &[
            likely(
                Source::Runtime,
                r"failed to load cni during init.*(?:error parsing configuration list|error parsing configuration|invalid character).*",
                "the runtime does not understand a network configuration in /etc/cni/net.d",
                "level=error msg=\"failed to load cni during init, please check CRI plugin status before setting up network for pods\" error=\"cni config load failed: failed to load CNI config list file /etc/cni/net.d/10-x.conflist: error parsing configuration list: invalid character 'x'\"",
            ),
            likely(
                Source::Runtime,
                r"failed to reload cni configuration after receiving fs change event.*(?:error parsing|invalid character|no plugins).*",
                "the runtime does not understand a network configuration in /etc/cni/net.d",
                "level=error msg=\"failed to reload cni configuration after receiving fs change event(WRITE \\\"/etc/cni/net.d/10-x.conflist\\\")\" error=\"cni config load failed: failed to load CNI config list file /etc/cni/net.d/10-x.conflist: error parsing configuration list: unexpected end of JSON input\"",
            ),
        ],
    },
    Cause {
        name: "CniPluginMissing",
        layer: Layer::Network,
        is: "a network plugin that the configuration names is not in /opt/cni/bin, or cannot be run",
        fix: "put it back: `bivouac init` installs what is missing",
        command: None,
        page: "Pods that run go on; new ones do not start.",
        signatures: &[
            likely(
                Source::Kubelet,
                r#"failed to find plugin "([^"]+)" in path"#,
                "the network plugin `{1}` is not in /opt/cni/bin",
                "E1126 05:10:11.1 900 remote_runtime.go:116] RunPodSandbox from runtime service failed: rpc error: code = Unknown desc = failed to setup network for sandbox \"c0\": failed to find plugin \"bridge\" in path [/opt/cni/bin]",
            ),
            likely(
                Source::Events,
                r#"failed to find plugin "([^"]+)" in path"#,
                "the network plugin `{1}` is not in /opt/cni/bin",
                "FailedCreatePodSandBox Pod/x: Failed to create pod sandbox: failed to find plugin \"bridge\" in path [/opt/cni/bin]",
            ),
        ],
    },
    Cause {
        name: "CniLeftover",
        layer: Layer::Network,
        is: "an interface of an earlier pod network is in the way",
        fix: "take it away: the plugin makes it anew",
        command: Some("ip link delete cni0"),
        page: "The bridge has the address of a range that the node had before.",
        signatures: &[likely(
            Source::Kubelet,
            r#""(\S+)" already has an IP address different from (\S+)"#,
            "the interface `{1}` has an address of an earlier network, not {2}",
            "E1126 05:10:11.1 900 remote_runtime.go:116] RunPodSandbox failed: failed to set bridge addr: \"cni0\" already has an IP address different from 10.244.1.1/24",
        )],
    },
    Cause {
        name: "CniFails",
        layer: Layer::Network,
        is: "the pods' network cannot be set up for new pods",
        fix: "look at the pod network's own pods and at its files in /etc/cni/net.d",
        command: None,
        page: "",
        signatures: &[
            likely(
                Source::Kubelet,
                r#"failed to (?:setup|set up) network for sandbox "[^"]+": (.*?)(?:$|" pod=)"#,
                "the pods' network cannot be set up: {1}",
                "E1126 05:10:11.1 900 remote_runtime.go:116] RunPodSandbox from runtime service failed: rpc error: code = Unknown desc = failed to setup network for sandbox \"c0\": no IP addresses available in range set: 10.244.0.1-10.244.0.254",
            ),
            symptom(
                Source::Kubelet,
                r"cni plugin not initialized|cni config uninitialized|NetworkPluginNotReady",
                "E1126 05:10:11.1 900 kubelet.go:2163] Container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
            ),
        ],
    },
    Cause {
        name: "IpForward",
        layer: Layer::Network,
        is: "the kernel does not pass packets on (`net.ipv4.ip_forward` is 0), so that pods reach nobody outside of their node",
        fix: "switch it on, and keep it on in /etc/sysctl.d",
        command: Some("sysctl -w net.ipv4.ip_forward=1"),
        page: "",
        signatures: &[],
    },
    Cause {
        name: "BridgeNetfilter",
        layer: Layer::Network,
        is: "packets between pods of one node pass kube-proxy's rules by (`net.bridge.bridge-nf-call-iptables` is 0), so that services do not work there",
        fix: "switch it on, and keep it on in /etc/sysctl.d",
        command: Some("modprobe br_netfilter; sysctl -w net.bridge.bridge-nf-call-iptables=1"),
        page: "",
        signatures: &[],
    },
    Cause {
        name: "NetworkPods",
        layer: Layer::Network,
        is: "the pod network's own pods do not work",
        fix: "see their logs",
        command: None,
        page: "",
        signatures: &[
            likely(
                Source::Network,
                r"pod cidr not assigned",
                "flannel finds no range for the node: the cluster was made without `podSubnet`, or with another than flannel's",
                "E1126 05:10:11.1 1 main.go:292] Error registering network: failed to acquire lease: node \"w1\" pod cidr not assigned",
            ),
            likely(
                Source::Network,
                r"(failed to create vxlan.*|vxlan.*operation not supported)",
                "the kernel has no vxlan, which the pod network uses",
                "E1126 05:10:11.1 1 main.go:326] Error registering network: failed to create vxlanDevice: operation not supported",
            ),
            likely(
                Source::Network,
                r"RPF check is set to 'loose'",
                "calico does not run with `rp_filter` 2",
                "int_dataplane.go 1035: Kernel's RPF check is set to 'loose'. This would allow endpoints to spoof their IP address.",
            ),
        ],
    },
];
