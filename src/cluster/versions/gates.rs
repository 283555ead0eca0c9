//! Feature gates that are gone: a component that is given one does not start (`unrecognized feature gate`).
//!
//! Source: kubernetes/website, `feature-gates-removed.md` (03655030, of 1.27), its last column. A gate that went
//! later, or is of another kind, is not judged.

/// The last minor that knows them, and their names.
const LAST: &[(u64, &[&str])] = &[
    (19, &["DynamicAuditing", "PodShareProcessNamespace", "ResourceLimitsPriorityFunction"]),
    (
        20,
        &[
            "HyperVContainer",
            "ServiceLoadBalancerFinalizer",
            "SupportIPVSProxyMode",
            "TaintBasedEvictions",
            "WindowsGMSA",
            "WindowsRunAsUserName",
        ],
    ),
    (
        21,
        &[
            "AttachVolumeLimit",
            "BlockVolume",
            "CSIBlockVolume",
            "CSIDriverRegistry",
            "CSIMigrationAWSComplete",
            "CSIMigrationAzureDiskComplete",
            "CSIMigrationAzureFileComplete",
            "CSIMigrationGCEComplete",
            "CSIMigrationOpenStackComplete",
            "EvenPodsSpread",
            "RotateKubeletClientCertificate",
            "TokenRequest",
            "TokenRequestProjection",
            "VolumePVCDataSource",
        ],
    ),
    (
        22,
        &[
            "BalanceAttachedNodeVolumes",
            "CRIContainerLogRotation",
            "CSIMigrationvSphereComplete",
            "CSINodeInfo",
            "ExternalPolicyForExternalIP",
            "LegacyNodeRoleBehavior",
            "NodeDisruptionExclusion",
            "RootCAConfigMap",
            "RunAsGroup",
            "SCTPSupport",
            "ServiceAppProtocol",
            "ServiceNodeExclusion",
            "ServiceTopology",
            "Sysctls",
            "VolumeSnapshotDataSource",
        ],
    ),
    (
        23,
        &[
            "BoundServiceAccountTokenVolume",
            "CronJobControllerV2",
            "EnableEquivalenceClassCache",
            "NamespaceDefaultLabelName",
            "NodeLease",
            "ServiceAccountIssuerDiscovery",
            "StartupProbe",
            "SupportNodePidsLimit",
            "SupportPodPidsLimit",
        ],
    ),
    (
        24,
        &[
            "CSIServiceAccountToken",
            "EndpointSlice",
            "EndpointSliceNodeName",
            "EndpointSliceProxying",
            "GenericEphemeralVolume",
            "HugePageStorageMediumSize",
            "IPv6DualStack",
            "ImmutableEphemeralVolumes",
            "IngressClassNamespacedParams",
            "RuntimeClass",
            "SetHostnameAsFQDN",
            "StorageObjectInUseProtection",
            "StreamingProxyRedirects",
            "TTLAfterFinished",
            "ValidateProxyRedirects",
            "VolumeSubpath",
            "VolumeSubpathEnvExpansion",
            "WarningHeaders",
            "WindowsEndpointSliceProxying",
        ],
    ),
    (
        25,
        &[
            "AllowInsecureBackendProxy",
            "CSIMigrationOpenStack",
            "CSIVolumeFSGroupPolicy",
            "CSRDuration",
            "ConfigurableFSGroupPolicy",
            "DefaultPodTopologySpread",
            "DynamicKubeletConfig",
            "IndexedJob",
            "NonPreemptingPriority",
            "PodAffinityNamespaceSelector",
            "PodDisruptionBudget",
            "PodOverhead",
            "PreferNominatedNode",
            "SelectorIndex",
            "ServiceLBNodePortControl",
            "ServiceLoadBalancerClass",
            "SuspendJob",
        ],
    ),
    (
        26,
        &[
            "CSIInlineVolume",
            "CSIMigration",
            "CSIMigrationAWS",
            "CSIMigrationAzureDisk",
            "ControllerManagerLeaderMigration",
            "DaemonSetUpdateSurge",
            "EphemeralContainers",
            "ExpandCSIVolumes",
            "ExpandInUsePersistentVolumes",
            "ExpandPersistentVolumes",
            "IdentifyPodOS",
            "LocalStorageCapacityIsolation",
            "NetworkPolicyEndPort",
            "StatefulSetMinReadySeconds",
        ],
    ),
];

/// The last minor that knew a feature gate, where this one does not any more.
pub fn gone(gate: &str, minor: u64) -> Option<u64> {
    let row = LAST.iter().find(|(_, names)| names.contains(&gate));
    row.map(|(last, _)| *last).filter(|last| *last < minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_go_after_their_last_minor() {
        assert_eq!(gone("IPv6DualStack", 24), None);
        assert_eq!(gone("IPv6DualStack", 25), Some(24));
        assert_eq!(gone("RotateKubeletServerCertificate", 34), None);
        let mut names: Vec<&str> =
            LAST.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "each is there once");
        assert!(LAST.is_sorted_by_key(|(last, _)| *last));
    }
}
