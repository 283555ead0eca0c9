//! What came or went by name between the supported minors: kubeadm's phases and the components' flags.
//! Names that all of them have are listed too for the phases, which a user may skip by name; of the
//! flags only those that some minor does not have.

use super::VersionFacts;

/// A name that some minors know.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    /// Whose: `init` of a phase, `kube-apiserver` of a flag.
    pub of: &'static str,
    /// The name, without dashes in front; a part of a phase is `addon/coredns`.
    pub name: &'static str,
    /// The first minor that knows it; 0: all of the table's first ones.
    pub since: u64,
    /// The first minor that does not know it any more.
    pub gone: Option<u64>,
    /// Where that is from.
    pub source: &'static str,
}

impl Name {
    /// Whether a minor knows it.
    pub fn is_known(&self, minor: u64) -> bool {
        self.since <= minor && self.gone.is_none_or(|gone| minor < gone)
    }
}

const fn always(name: &'static str) -> Name {
    Name {
        of: "init",
        name,
        since: 0,
        gone: None,
        source: "`kubeadm init --help` of 1.20 and 1.34",
    }
}

/// Phases of `kubeadm init`, those it does not show included.
pub const PHASES: &[Name] = &[
    always("preflight"),
    always("certs"),
    always("certs/ca"),
    always("certs/apiserver"),
    always("certs/apiserver-kubelet-client"),
    always("certs/front-proxy-ca"),
    always("certs/front-proxy-client"),
    always("certs/etcd-ca"),
    always("certs/etcd-server"),
    always("certs/etcd-peer"),
    always("certs/etcd-healthcheck-client"),
    always("certs/apiserver-etcd-client"),
    always("certs/sa"),
    always("kubeconfig"),
    always("kubeconfig/admin"),
    Name {
        of: "init",
        name: "kubeconfig/super-admin",
        since: 29,
        gone: None,
        source: "kubernetes/kubeadm#2414",
    },
    always("kubeconfig/kubelet"),
    always("kubeconfig/controller-manager"),
    always("kubeconfig/scheduler"),
    always("etcd"),
    always("etcd/local"),
    always("control-plane"),
    always("control-plane/apiserver"),
    always("control-plane/controller-manager"),
    always("control-plane/scheduler"),
    always("kubelet-start"),
    // Hidden until 1.29.
    always("wait-control-plane"),
    always("upload-config"),
    always("upload-config/kubeadm"),
    always("upload-config/kubelet"),
    always("upload-certs"),
    always("mark-control-plane"),
    always("bootstrap-token"),
    always("kubelet-finalize"),
    Name {
        of: "init",
        name: "kubelet-finalize/experimental-cert-rotation",
        since: 0,
        gone: Some(32),
        source: "kubernetes/kubernetes#126913",
    },
    Name {
        of: "init",
        name: "kubelet-finalize/enable-client-cert-rotation",
        since: 31,
        gone: None,
        source: "kubernetes/kubernetes#124419",
    },
    always("addon"),
    always("addon/coredns"),
    always("addon/kube-proxy"),
    Name {
        of: "init",
        name: "show-join-command",
        since: 26,
        gone: None,
        source: "kubernetes/kubernetes#111512, CHANGELOG-1.26 (v1.26.0-alpha.1)",
    },
];

const fn join(name: &'static str, since: u64, source: &'static str) -> Name {
    Name { of: "join", name, since, gone: None, source }
}

/// Phases of `kubeadm join`, in their order. Some patches do not show all of them (`Hidden` in their source:
/// kubernetes/kubeadm#3262), and a name that kubeadm does not know is an error (`computePhaseRunFlags` in
/// cmd/phases/workflow): so they are told from the version, not from what it prints.
pub const JOIN_PHASES: &[Name] = &[
    join("preflight", 0, JOIN),
    join("control-plane-prepare", 0, JOIN),
    join("check-etcd", 0, JOIN),
    join("kubelet-start", 0, JOIN),
    join("etcd-join", 31, "kubernetes/kubernetes#125582"),
    join("kubelet-wait-bootstrap", 31, "kubernetes/kubernetes#125582"),
    join("control-plane-join", 0, JOIN),
    join("wait-control-plane", 30, "kubernetes/cmd/kubeadm/app/cmd/phases/join of v1.30.0"),
];
const JOIN: &str = "kubernetes/cmd/kubeadm/app/cmd/join.go of 1.20 and 1.34";

const fn gone(of: &'static str, name: &'static str, gone: u64, source: &'static str) -> Name {
    Name { of, name, since: 0, gone: Some(gone), source }
}

const fn since(of: &'static str, name: &'static str, since: u64, source: &'static str) -> Name {
    Name { of, name, since, gone: None, source }
}

const INSECURE: &str = "kubernetes/kubernetes#95856 (inert since 1.20), CHANGELOG-1.24";
const DOCKERSHIM: &str = "kubernetes/kubernetes#106907, CHANGELOG-1.24";
const REMOVALS_1_27: &str = "Kubernetes blog, 2023-03-17: removals and major changes in 1.27";
const ETCD_3_7: &str = "etcd-io/etcd#19959, kubernetes/kubernetes#132838";

/// Flags that some minor has and another has not.
pub const FLAGS: &[Name] = &[
    gone("kube-apiserver", "address", 24, INSECURE),
    gone("kube-apiserver", "insecure-bind-address", 24, INSECURE),
    gone("kube-apiserver", "insecure-port", 24, INSECURE),
    gone("kube-apiserver", "port", 24, INSECURE),
    // Of kubeadm these are feature gates.
    gone("kubeadm", "PublicKeysECDSA", 37, "kubernetes/kubernetes#136016"),
    Name {
        of: "kubeadm",
        name: "NodeLocalCRISocket",
        since: 32,
        gone: Some(37),
        source: "KEP-4656, kubernetes/kubernetes#138645",
    },
    since("kube-apiserver", "authentication-config", 29, "KEP-3331"),
    since("kube-apiserver", "authorization-config", 29, "KEP-3221"),
    gone("kube-controller-manager", "address", 24, "CHANGELOG-1.24"),
    gone("kube-controller-manager", "port", 24, "CHANGELOG-1.24"),
    gone("kube-controller-manager", "enable-taint-manager", 27, REMOVALS_1_27),
    gone("kube-controller-manager", "pod-eviction-timeout", 27, REMOVALS_1_27),
    gone("kubelet", "cni-bin-dir", 24, DOCKERSHIM),
    gone("kubelet", "cni-cache-dir", 24, DOCKERSHIM),
    gone("kubelet", "cni-conf-dir", 24, DOCKERSHIM),
    gone("kubelet", "docker-endpoint", 24, DOCKERSHIM),
    gone("kubelet", "image-pull-progress-deadline", 24, DOCKERSHIM),
    gone("kubelet", "network-plugin", 24, DOCKERSHIM),
    gone("kubelet", "network-plugin-mtu", 24, DOCKERSHIM),
    gone("kubelet", "container-runtime", 27, REMOVALS_1_27),
    gone("kubelet", "pod-infra-container-image", 35, "kubernetes/kubernetes#133779"),
    since("kubelet", "config-dir", 28, "KEP-3983"),
    gone("etcd", "experimental-initial-corrupt-check", 37, ETCD_3_7),
    gone("etcd", "experimental-watch-progress-notify-interval", 37, ETCD_3_7),
    gone("etcd", "experimental-compact-hash-check-enabled", 37, ETCD_3_7),
];

/// klog's own flags, which all components lost with 1.26.
pub const KLOG: &[&str] = &[
    "add-dir-header",
    "alsologtostderr",
    "log-backtrace-at",
    "log-dir",
    "log-file",
    "log-file-max-size",
    "logtostderr",
    "one-output",
    "skip-headers",
    "skip-log-headers",
    "stderrthreshold",
];

/// The first minor without klog's own flags (KEP-2845).
const KLOG_GONE: u64 = 26;

/// Phases to skip in each part of a control plane's join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinParts {
    /// Certificates and manifests.
    pub first: String,
    /// Its member of etcd, where that is a part of its own: a kubelet that comes in through its own API server is
    /// waited for afterwards only. Otherwise empty.
    pub etcd: String,
    /// What is left.
    pub last: String,
}

impl VersionFacts {
    /// Phases of this minor's `kubeadm init`.
    pub fn init_phases(&self) -> impl Iterator<Item = &'static str> {
        let minor = self.minor;
        PHASES.iter().filter(move |phase| phase.is_known(minor)).map(|phase| phase.name)
    }

    /// The join of a control plane in parts: phases of `kubeadm join` that are not for each part, with commas.
    pub fn join_parts(&self) -> JoinParts {
        let but = |own: &[&str]| self.join_phases(|name| !own.contains(&name));
        let local = self.local_kubelet;
        JoinParts {
            first: but(&["preflight", "control-plane-prepare"]),
            etcd: if local { but(&["check-etcd", "etcd-join"]) } else { String::new() },
            last: if local {
                but(&["kubelet-wait-bootstrap", "control-plane-join"])
            } else {
                self.join_phases(|name| {
                    ["preflight", "control-plane-prepare", "kubelet-start", "wait-control-plane"]
                        .contains(&name)
                })
            },
        }
    }

    fn join_phases(&self, chosen: impl Fn(&str) -> bool) -> String {
        let known = JOIN_PHASES.iter().filter(|phase| phase.is_known(self.minor));
        let names = known.map(|phase| phase.name).filter(|name| chosen(name));
        names.collect::<Vec<_>>().join(",")
    }

    /// Why this minor's component does not know a flag: `since v1.24` it is gone, or it comes with `v1.29`.
    /// `None`: it knows it, as far as anybody here knows.
    pub fn flag_is_unknown(&self, component: &str, flag: &str) -> Option<String> {
        let etcd = component == "etcd";
        if !etcd && self.minor >= KLOG_GONE && KLOG.contains(&flag) {
            return Some(format!("it went with v1.{KLOG_GONE}"));
        }
        let known = FLAGS.iter().find(|known| known.of == component && known.name == flag)?;
        match known.gone {
            _ if known.is_known(self.minor) => None,
            Some(gone) if self.minor >= gone => Some(format!("it went with v1.{gone}")),
            _ => Some(format!("it comes with v1.{}", known.since)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::supported;
    use super::*;

    #[test]
    fn each_name_stands_once_has_a_source_and_says_something() {
        for (list, name) in [(PHASES, "phases"), (JOIN_PHASES, "phases"), (FLAGS, "flags")] {
            for (index, one) in list.iter().enumerate() {
                assert!(!one.source.is_empty(), "{name}: {}", one.name);
                assert!(one.gone.is_none_or(|gone| gone > one.since), "{name}: {}", one.name);
                let same = |other: &Name| (other.of, other.name) == (one.of, one.name);
                assert!(!list[index + 1..].iter().any(same), "{name}: {} twice", one.name);
            }
        }
        let (oldest, newest) = (supported()[0].minor, supported()[supported().len() - 1].minor);
        for flag in FLAGS {
            let known = (oldest..=newest).filter(|minor| flag.is_known(*minor)).count();
            let all = usize::try_from(newest - oldest).unwrap() + 1;
            assert!(known > 0 && known < all, "--{} decides nothing", flag.name);
        }
    }

    #[test]
    fn the_parts_of_a_join_skip_what_their_kubeadm_has() {
        let of = |minor: u64| {
            let row = supported().iter().find(|row| row.minor == minor).unwrap();
            row.join_parts()
        };
        assert_eq!(of(29).first, "check-etcd,kubelet-start,control-plane-join");
        assert_eq!(of(29).last, "preflight,control-plane-prepare,kubelet-start");
        let last = "preflight,control-plane-prepare,kubelet-start,wait-control-plane";
        assert_eq!([of(30).last.as_str(), of(32).last.as_str()], [last; 2]);
        assert_eq!([of(30).etcd.as_str(), of(32).etcd.as_str()], [""; 2]);
        // From 1.33 on the kubelet is waited for once its own API server may run.
        let today = of(33);
        assert_eq!(
            today.etcd,
            "preflight,control-plane-prepare,kubelet-start,kubelet-wait-bootstrap,control-plane-join,wait-control-plane"
        );
        assert_eq!(
            today.last,
            "preflight,control-plane-prepare,check-etcd,kubelet-start,etcd-join,wait-control-plane"
        );
    }

    #[test]
    fn flags_come_and_go() {
        let says = |minor: u64, component: &str, flag: &str| {
            let row = supported().iter().find(|row| row.minor == minor).unwrap();
            row.flag_is_unknown(component, flag)
        };
        assert_eq!(says(23, "kube-apiserver", "insecure-port"), None);
        let gone = says(24, "kube-apiserver", "insecure-port").unwrap();
        assert_eq!(gone, "it went with v1.24");
        assert_eq!(says(24, "kubelet", "insecure-port"), None, "another component's");
        assert_eq!(says(26, "kubelet", "container-runtime"), None);
        assert!(says(27, "kubelet", "container-runtime").is_some());
        assert!(says(35, "kubelet", "pod-infra-container-image").is_some());
        assert_eq!(says(27, "kubelet", "config-dir").unwrap(), "it comes with v1.28");
        assert_eq!(says(25, "kube-scheduler", "log-dir"), None);
        assert!(says(26, "kube-scheduler", "log-dir").is_some());
        assert_eq!(says(37, "etcd", "log-file"), None, "etcd has no klog");
        assert_eq!(says(37, "kubelet", "node-ip"), None);
    }

    #[test]
    fn phases_come_and_go() {
        let has = |minor: u64, phase: &str| {
            let row = supported().iter().find(|row| row.minor == minor).unwrap();
            row.init_phases().any(|name| name == phase)
        };
        for (phase, first) in [
            ("kubeconfig/super-admin", 29),
            ("show-join-command", 26),
            ("kubelet-finalize/enable-client-cert-rotation", 31),
        ] {
            assert!(has(first, phase) && !has(first - 1, phase), "{phase}");
        }
        let old = "kubelet-finalize/experimental-cert-rotation";
        assert!(has(31, old) && !has(32, old));
        assert!(has(20, "addon/coredns") && has(37, "addon/coredns"));
    }
}
