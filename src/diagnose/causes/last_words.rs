//! What programs say as they end. Where no other cause is seen it is told as it stands: the words are
//! the program's own.

use super::super::{Cause, Layer, Source};
use super::vague;

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "RuntimeRefuses",
        layer: Layer::Runtime,
        is: "the container runtime runs, and cannot start containers or does not start",
        fix: "mend what it says; its journal has more",
        command: Some("journalctl -u containerd -u crio -u docker -n 50 --no-pager"),
        page: "The words are the runtime's own.",
        signatures: &[
            vague(
                Source::Kubelet,
                r"OCI runtime create failed: (.*?)(?:: unknown|$)",
                "the container runtime cannot start containers: {1}",
                "E1126 05:10:11.1 900 remote_runtime.go:251] StartContainer \"32\" from runtime service failed: rpc error: code = Unknown desc = failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting \"cgroup\" to rootfs: unknown",
            ),
            vague(
                Source::Runtime,
                r#"level=fatal msg="(.*?)"( |$)"#,
                "the container runtime ends with: {1}",
                "level=fatal msg=\"creating runtime: x\"",
            ),
            vague(
                Source::Runtime,
                r"^containerd[^ ]*: containerd: (.*)",
                "containerd ends with: {1}",
                "containerd[901]: containerd: failed to get listener for main endpoint: is a directory",
            ),
        ],
    },
    Cause {
        name: "KubeletEnds",
        layer: Layer::Kubelet,
        is: "the kubelet ends as soon as it is started",
        fix: "mend what it says; its journal has more",
        command: Some("journalctl -u kubelet -n 50 --no-pager"),
        page: "The words are the kubelet's own.",
        signatures: &[
            vague(
                Source::Kubelet,
                r"(?: |^)F\d{4} [^\]]*\] (?:failed to run Kubelet: )?(.*)",
                "the kubelet ends with: {1}",
                "kubelet[1]: F1126 05:10:11.1    900 server.go:269] failed to run Kubelet: something new",
            ),
            vague(
                Source::Kubelet,
                r#"run\.go:\d+\] "command failed" err="(.*?)"?$"#,
                "the kubelet ends with: {1}",
                "kubelet[1]: E1126 05:10:11.1    900 run.go:74] \"command failed\" err=\"failed to run Kubelet: something new\"",
            ),
            vague(
                Source::Kubelet,
                r"\]: [Ee]rror: (.*)",
                "the kubelet ends with: {1}",
                "kubelet[1]: Error: something new",
            ),
        ],
    },
    Cause {
        name: "EtcdEnds",
        layer: Layer::Etcd,
        is: "etcd ends as soon as it is started",
        fix: "mend what it says",
        command: None,
        page: "The words are etcd's own.",
        signatures: &[
            vague(
                Source::Etcd,
                r" C \| (.*)",
                "etcd ends with: {1}",
                "2026-11-26 05:10:11.1 C | etcdmain: something new",
            ),
            vague(
                Source::Etcd,
                r#""level":"fatal".*"msg":"(.*?)"(?:.*"error":"(.*?)")?"#,
                "etcd ends with: {1} {2}",
                "{\"level\":\"fatal\",\"ts\":\"x\",\"caller\":\"etcdmain/etcd.go:204\",\"msg\":\"discovery failed\",\"error\":\"something new\"}",
            ),
            vague(Source::Etcd, r"^panic: (.*)", "etcd ends with: {1}", "panic: something new"),
        ],
    },
    Cause {
        name: "ApiServerEnds",
        layer: Layer::ApiServer,
        is: "the API server ends as soon as it is started",
        fix: "mend what it says",
        command: None,
        page: "The words are the API server's own. Where it is etcd that it does not reach, etcd's log comes first.",
        signatures: &[
            vague(
                Source::ApiServer,
                r"^[Ee]rror: ((?:[^c]|c[^o]).*)",
                "the API server ends with: {1}",
                "Error: something new",
            )
            .but_not("Error: context deadline exceeded"),
            vague(
                Source::ApiServer,
                r"^F\d{4} [^\]]*\] (.*)",
                "the API server ends with: {1}",
                "F1126 05:10:11.1    1 instance.go:1] something new",
            ),
        ],
    },
    Cause {
        name: "ControllersEnd",
        layer: Layer::Controllers,
        is: "the controller manager or the scheduler ends as soon as it is started",
        fix: "mend what it says",
        command: None,
        page: "The words are the program's own.",
        signatures: &[
            vague(
                Source::ControllerManager,
                r"^(?:F\d{4} [^\]]*\] |[Ee]rror: |panic: )(.*)",
                "the controller manager ends with: {1}",
                "F1126 05:10:11.1    1 controllermanager.go:190] something new",
            ),
            vague(
                Source::Scheduler,
                r"^(?:F\d{4} [^\]]*\] |[Ee]rror: |panic: )(.*)",
                "the scheduler ends with: {1}",
                "Error: something new",
            ),
        ],
    },
    Cause {
        name: "AddonsEnd",
        layer: Layer::Addons,
        is: "kube-proxy or CoreDNS ends as soon as it is started",
        fix: "mend what it says",
        command: None,
        page: "The words are the program's own.",
        signatures: &[
            vague(
                Source::Proxy,
                r"^(?:F\d{4} [^\]]*\] |[Ee]rror: |panic: )(.*)",
                "kube-proxy ends with: {1}",
                "F1126 05:10:11.1    1 server.go:495] something new",
            ),
            vague(
                Source::Dns,
                r"^(?:\[FATAL\] |panic: )(.*)",
                "CoreDNS ends with: {1}",
                "[FATAL] something new",
            ),
        ],
    },
];
