//! Nodes, and the kubelet's way to the API server.

use super::super::{Cause, Layer, Source};
use super::likely;

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "EndpointWrong",
        layer: Layer::Kubelet,
        is: "the kubelet's kubeconfig leads to an address where no API server of this cluster is",
        fix: "mend `server:` in /etc/kubernetes/kubelet.conf and start the kubelet anew",
        command: None,
        page: "It is the cluster's address: with one control plane that host's, with several the load balancer's.",
        signatures: &[
            likely(Source::Kubelet, r"/apis?/.*dial tcp: lookup (\S+?)(?: on \S+)?: no such host", "the kubelet is to find the API server under the name `{1}`, which cannot be looked up", "E1126 05:10:11.1 900 reflector.go:138] Failed to watch *v1.Node: failed to list *v1.Node: Get \"https://api.nosuch.example:6443/api/v1/nodes\": dial tcp: lookup api.nosuch.example on 10.0.0.2:53: no such host")
                .but_not("E1126 05:10:11.1 900 remote_image.go:113] PullImage \"k8s.gcr.io/pause:9.9\" from image service failed: failed to resolve reference: failed to do request: dial tcp: lookup k8s.gcr.io: no such host"),
        ],
    },
    Cause {
        name: "FirewallDrops",
        layer: Layer::Machine,
        is: "a rule of the firewall keeps packets from a port that the cluster needs",
        fix: "take the rule out, or let the cluster's hosts through before it",
        command: None,
        page: "Between hosts: API server 6443; between control planes etcd 2379 and 2380; kubelets 10250; and what the pod network uses.",
        signatures: &[],
    },
    Cause {
        name: "WayBlocked",
        layer: Layer::Nodes,
        is: "packets from the host to the API server are lost on the way",
        fix: "look at routes and firewalls between the two hosts, for TCP port 6443",
        command: None,
        page: "A connection that is refused came to a machine; one that times out, or has no route, did not.",
        signatures: &[],
    },
    Cause {
        name: "LoadBalancerDown",
        layer: Layer::Nodes,
        is: "API servers answer, and the cluster's address does not lead to them",
        fix: "look at the load balancer, or at what carries the cluster's virtual address",
        command: None,
        page: "",
        signatures: &[],
    },
    Cause {
        name: "NodeDeleted",
        layer: Layer::Nodes,
        is: "the host's node was deleted from the cluster, and its kubelet runs on without it",
        fix: "start the kubelet anew: it registers its node again; labels and taints come with `bivouac init`",
        command: Some("systemctl restart kubelet"),
        page: "A kubelet registers its node when it starts, and not again.",
        signatures: &[],
    },
    Cause {
        name: "NodeUnauthorized",
        layer: Layer::Nodes,
        is: "the API server does not know the kubelet's certificate",
        fix: "take the host out of the cluster and let it join again; or give it a new kubelet.conf",
        command: None,
        page: "",
        signatures: &[
            likely(Source::Kubelet, r"(?:[Ff]ailed to|Unable to|Error) .*: Unauthorized$", "the API server does not let the kubelet in: its certificate is not one of this cluster's", "E1126 05:10:11.1 900 kubelet_node_status.go:93] Unable to register node \"w1\" with API server: Unauthorized"),
        ],
    },
    Cause {
        name: "MemoryPressure",
        layer: Layer::Nodes,
        is: "the node has too little memory left, and the kubelet evicts pods",
        fix: "give the host more memory, or take load off it",
        command: None,
        page: "The condition `MemoryPressure`, or `PIDPressure` for processes.",
        signatures: &[],
    },
];
