//! The controller manager and the scheduler.

use super::super::{Cause, Layer, Source};
use super::{likely, symptom};

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "ControllerManagerFlag",
        layer: Layer::Controllers,
        is: "the controller manager is given a flag, or a value of one, that it does not take",
        fix: "mend /etc/kubernetes/manifests/kube-controller-manager.yaml; the kubelet starts it anew by itself",
        command: None,
        page: "`kubeadm init phase control-plane controller-manager` writes the manifest anew.",
        signatures: &[
            likely(
                Source::ControllerManager,
                r"unknown flag: (\S+)",
                "the controller manager does not know the flag `{1}` that it is given",
                "Error: unknown flag: --no-such-flag",
            ),
            likely(
                Source::ControllerManager,
                r"unrecognized feature gate: (\S+)",
                "the controller manager does not know the feature gate `{1}`",
                "Error: unrecognized feature gate: NoSuch",
            ),
            likely(
                Source::ControllerManager,
                r#"invalid argument "([^"]*)" for "([^"]+)" flag"#,
                "the controller manager does not take `{1}` for its flag `{2}`",
                "Error: invalid argument \"x\" for \"--v\" flag: strconv.ParseInt",
            ),
        ],
    },
    Cause {
        name: "SchedulerFlag",
        layer: Layer::Controllers,
        is: "the scheduler is given a flag, or a value of one, that it does not take",
        fix: "mend /etc/kubernetes/manifests/kube-scheduler.yaml; the kubelet starts it anew by itself",
        command: None,
        page: "`kubeadm init phase control-plane scheduler` writes the manifest anew.",
        signatures: &[
            likely(
                Source::Scheduler,
                r"unknown flag: (\S+)",
                "the scheduler does not know the flag `{1}` that it is given",
                "Error: unknown flag: --no-such-flag",
            ),
            likely(
                Source::Scheduler,
                r"unrecognized feature gate: (\S+)",
                "the scheduler does not know the feature gate `{1}`",
                "Error: unrecognized feature gate: NoSuch",
            ),
            likely(
                Source::Scheduler,
                r#"invalid argument "([^"]*)" for "([^"]+)" flag"#,
                "the scheduler does not take `{1}` for its flag `{2}`",
                "Error: invalid argument \"x\" for \"--v\" flag: strconv.ParseInt",
            ),
        ],
    },
    Cause {
        name: "ControllerKubeconfig",
        layer: Layer::Controllers,
        is: "the kubeconfig of the controller manager or of the scheduler does not lead to an API server, or is not let in there",
        fix: "write it anew: take the file away and run `kubeadm init phase kubeconfig scheduler` (or `controller-manager`), then start that pod anew",
        command: None,
        page: "/etc/kubernetes/scheduler.conf and /etc/kubernetes/controller-manager.conf.",
        signatures: &[
            likely(
                Source::Scheduler,
                r#"error loading config file "([^"]+)": (.*)"#,
                "`{1}` is none that can be read: {2}",
                "error loading config file \"/etc/kubernetes/scheduler.conf\": yaml: line 3: mapping values are not allowed",
            ),
            likely(
                Source::ControllerManager,
                r#"error loading config file "([^"]+)": (.*)"#,
                "`{1}` is none that can be read: {2}",
                "error loading config file \"/etc/kubernetes/controller-manager.conf\": yaml: line 3: mapping values are not allowed",
            ),
            likely(
                Source::Scheduler,
                r"invalid configuration: (.*)",
                "/etc/kubernetes/scheduler.conf is none that can be used: {1}",
                "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable",
            ),
            likely(
                Source::ControllerManager,
                r"invalid configuration: (.*)",
                "/etc/kubernetes/controller-manager.conf is none that can be used: {1}",
                "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable",
            ),
            likely(
                Source::Scheduler,
                r"error retrieving resource lock .*?(Unauthorized|x509: .*|is forbidden.*)",
                "the API server does not let the scheduler in: {1}",
                "E1126 05:10:11.1 1 leaderelection.go:325] error retrieving resource lock kube-system/kube-scheduler: Unauthorized",
            ),
            likely(
                Source::ControllerManager,
                r"error retrieving resource lock .*?(Unauthorized|x509: .*|is forbidden.*)",
                "the API server does not let the controller manager in: {1}",
                "E1126 05:10:11.1 1 leaderelection.go:325] error retrieving resource lock kube-system/kube-controller-manager: Unauthorized",
            ),
            symptom(
                Source::Scheduler,
                r"error retrieving resource lock .*(connection refused|i/o timeout|no route to host|EOF)",
                "E1126 05:10:11.1 1 leaderelection.go:325] error retrieving resource lock kube-system/kube-scheduler: Get \"https://10.0.0.1:6443/api\": dial tcp 10.0.0.1:6443: connect: connection refused",
            ),
        ],
    },
    Cause {
        name: "ControllerFrozen",
        layer: Layer::Controllers,
        is: "a program of the control plane is stopped by a signal (`kill -STOP`): it is there and does nothing",
        fix: "let it go on",
        command: None,
        page: "Its state in `ps` is `T`.",
        signatures: &[],
    },
    Cause {
        name: "PodRangeUsedUp",
        layer: Layer::Controllers,
        is: "the network for pods has no range left for another node",
        fix: "a cluster of more nodes needs a larger `podSubnet`, or smaller ranges (`--node-cidr-mask-size`)",
        command: None,
        page: "A network of /16 has ranges for 256 nodes of /24.",
        signatures: &[likely(
            Source::ControllerManager,
            r"no remaining CIDRs available|CIDR allocation failed; there are no remaining CIDRs",
            "",
            "E1126 05:10:11.1 1 controller_utils.go:260] Error while processing Node Add/Delete: failed to allocate cidr from cluster cidr at idx:0: CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range",
        )],
    },
];
