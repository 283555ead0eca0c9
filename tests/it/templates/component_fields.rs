//! The fields of the kubelet's and kube-proxy's own configurations, as far as templates, features and tests
//! use them, with the minors that know them.
//!
//! Sources: kubernetes/staging/src/k8s.io/kubelet/config/v1beta1/types.go and
//! kubernetes/staging/src/k8s.io/kube-proxy/config/v1alpha1/types.go; what came later by the KEP or change that
//! is named at the field. A kubelet and a kube-proxy refuse what they do not know (strict decoding, KEP-785).

use super::kubeadm_fields::Type::{
    self, Bool, Both, Duration, Fields, Int, List, Map, Since, Text,
};
use super::kubeadm_fields::{META, TEXTS};

pub(super) const KUBELET: Type = Both(&META, &Both(&KUBELET_ALL, &KUBELET_SOME));

/// What the kubelets of all supported minors know.
const KUBELET_ALL: Type = Fields(&[
    ("address", Text),
    (
        "authentication",
        Fields(&[
            ("x509", Fields(&[("clientCAFile", Text)])),
            ("webhook", Fields(&[("enabled", Bool), ("cacheTTL", Duration)])),
            ("anonymous", Fields(&[("enabled", Bool)])),
        ]),
    ),
    (
        "authorization",
        Fields(&[
            ("mode", Text),
            (
                "webhook",
                Fields(&[("cacheAuthorizedTTL", Duration), ("cacheUnauthorizedTTL", Duration)]),
            ),
        ]),
    ),
    ("cgroupDriver", Text),
    ("clusterDNS", TEXTS),
    ("clusterDomain", Text),
    ("containerLogMaxFiles", Int),
    ("containerLogMaxSize", Text),
    ("cpuManagerPolicy", Text),
    ("eventRecordQPS", Int),
    ("evictionHard", Map(&Text)),
    ("evictionSoft", Map(&Text)),
    ("evictionSoftGracePeriod", Map(&Text)),
    ("failSwapOn", Bool),
    ("featureGates", Map(&Bool)),
    ("healthzBindAddress", Text),
    ("healthzPort", Int),
    ("imageGCHighThresholdPercent", Int),
    ("imageGCLowThresholdPercent", Int),
    ("kubeReserved", Map(&Text)),
    ("maxPods", Int),
    ("protectKernelDefaults", Bool),
    ("readOnlyPort", Int),
    ("resolvConf", Text),
    ("rotateCertificates", Bool),
    ("serializeImagePulls", Bool),
    ("serverTLSBootstrap", Bool),
    ("staticPodPath", Text),
    ("systemReserved", Map(&Text)),
    ("tlsCertFile", Text),
    ("tlsCipherSuites", TEXTS),
    ("tlsMinVersion", Text),
    ("tlsPrivateKeyFile", Text),
]);

/// What only some of them know.
const KUBELET_SOME: Type = Fields(&[
    // KEP-2400.
    ("memorySwap", Since(22, &Fields(&[("swapBehavior", Text)]))),
    // KEP-2413.
    ("seccompDefault", Since(22, &Bool)),
    // KEP-361.
    ("localStorageCapacityIsolation", Since(25, &Bool)),
    // kubernetes/kubernetes#112136.
    ("containerRuntimeEndpoint", Since(27, &Text)),
    ("imageServiceEndpoint", Since(27, &Text)),
    // KEP-3673.
    ("maxParallelImagePulls", Since(27, &Int)),
    // KEP-4210.
    ("imageMaximumGCAge", Since(29, &Duration)),
    // KEP-4569.
    ("failCgroupV1", Since(31, &Bool)),
    // KEP-4603.
    ("crashLoopBackOff", Since(32, &Fields(&[("maxContainerRestartPeriod", Duration)]))),
    // KEP-2535.
    ("imagePullCredentialsVerificationPolicy", Since(33, &Text)),
]);

pub(super) const KUBE_PROXY: Type = Both(
    &META,
    &Fields(&[
        ("bindAddress", Text),
        ("clusterCIDR", Text),
        ("featureGates", Map(&Bool)),
        ("healthzBindAddress", Text),
        ("metricsBindAddress", Text),
        ("mode", Text),
        ("nodePortAddresses", List(&Text)),
        (
            "iptables",
            Fields(&[
                ("masqueradeAll", Bool),
                ("masqueradeBit", Int),
                ("minSyncPeriod", Duration),
                ("syncPeriod", Duration),
                // kubernetes/kubernetes#108250.
                ("localhostNodePorts", Since(26, &Bool)),
            ]),
        ),
        (
            "ipvs",
            Fields(&[
                ("excludeCIDRs", List(&Text)),
                ("minSyncPeriod", Duration),
                ("scheduler", Text),
                ("strictARP", Bool),
                ("syncPeriod", Duration),
            ]),
        ),
        // KEP-3866.
        (
            "nftables",
            Since(
                29,
                &Fields(&[
                    ("masqueradeAll", Bool),
                    ("masqueradeBit", Int),
                    ("minSyncPeriod", Duration),
                    ("syncPeriod", Duration),
                ]),
            ),
        ),
    ]),
);
