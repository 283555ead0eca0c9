//! What cluster.yaml names for kubeadm and the components it configures: the version has to know it, or `init`
//! ends half way.

mod values;

use serde_json::Value;

use super::{Api, Check, Context, Finding, HostFacts, Phase, Run, Severity};

pub(super) const CHECK: Check = Check {
    name: "KubeadmSettings",
    description: "phases, arguments and feature gates in cluster.yaml suit the Kubernetes version",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "`kubeadm init` ends half way, or a component does not start: `unknown flag`",
    kubeadm: None,
    needs: &[],
    page: "Seen in cluster.yaml, by what is known of each version: phases of kubeadm, \
           arguments of the components and their form, feature gates; and by values with which no \
           cluster comes about.\n\nTake out what the finding names.",
    run: Run::AllHosts(run),
};

/// Components with arguments of their own, and where `kubernetes.kubeadm` has them.
const COMPONENTS: [(&str, &str); 4] = [
    ("kube-apiserver", "/apiServer/extraArgs"),
    ("kube-controller-manager", "/controllerManager/extraArgs"),
    ("kube-scheduler", "/scheduler/extraArgs"),
    ("etcd", "/etcd/local/extraArgs"),
];

fn run(context: &Context<'_>) -> Vec<Finding> {
    // They are for the making of the cluster.
    if context.api != Api::Nowhere {
        return vec![];
    }
    let Some(plane) = context.hosts.iter().find(|host| host.host.control_plane) else {
        return vec![];
    };
    let mut findings = phases(context, plane);
    let settings = Value::Object(context.cluster.kubernetes.kubeadm.clone());
    for (component, path) in COMPONENTS {
        if let Some(arguments) = settings.pointer(path) {
            findings.extend(self::arguments(context, plane, component, path, arguments));
            let field = format!("kubernetes.kubeadm{}", path.replace('/', "."));
            findings.extend(values::arguments(context, plane, component, &field, arguments));
        }
    }
    findings.extend(gates(context, plane, &settings["featureGates"]));
    let kubernetes = &context.cluster.kubernetes;
    let components = [
        ("kubelet", "kubernetes.kubelet.featureGates", &kubernetes.kubelet),
        ("kube-proxy", "kubernetes.kubeProxy.featureGates", &kubernetes.kube_proxy),
    ];
    for (component, field, settings) in components {
        let given = settings.get("featureGates");
        findings.extend(values::gates(context, plane, component, field, given));
    }
    findings
}

/// Gates of kubeadm itself: one that it does not know ends it.
fn gates(context: &Context<'_>, plane: &HostFacts<'_>, given: &Value) -> Vec<Finding> {
    let version = &context.cluster.kubernetes.version;
    let unknown = |gate: &String| {
        let why = version.facts().flag_is_unknown("kubeadm", gate)?;
        let message =
            format!("kubeadm of {version} does not know the feature gate `{gate}`: {why}");
        let fix = "take it out of `kubernetes.kubeadm.featureGates`";
        Some(plane.error(CHECK.name, message, fix))
    };
    given.as_object().into_iter().flat_map(|gates| gates.keys()).filter_map(unknown).collect()
}

fn phases(context: &Context<'_>, plane: &HostFacts<'_>) -> Vec<Finding> {
    let kubernetes = &context.cluster.kubernetes;
    let known: Vec<&str> = kubernetes.version.facts().init_phases().collect();
    let unknown = kubernetes.skip_phases.iter().filter(|phase| !known.contains(&phase.as_str()));
    unknown
        .map(|phase| {
            let message =
                format!("`kubeadm init` of {} has no phase `{phase}`", kubernetes.version);
            plane.error(CHECK.name, message, "take it out of `kubernetes.skipPhases`")
        })
        .collect()
}

/// Whether a component's arguments have the form that this version of kubeadm reads, and are known to it.
fn arguments(
    context: &Context<'_>,
    plane: &HostFacts<'_>,
    component: &str,
    path: &str,
    given: &Value,
) -> Vec<Finding> {
    let version = &context.cluster.kubernetes.version;
    let field = format!("kubernetes.kubeadm{}", path.replace('/', "."));
    let wants_list = version.facts().kubeadm_api >= "v1beta4";
    let names: Vec<&str> = match given {
        Value::Object(map) if !wants_list => map.keys().map(String::as_str).collect(),
        Value::Array(list) if wants_list => {
            list.iter().filter_map(|argument| argument["name"].as_str()).collect()
        }
        _ => {
            let (form, like) = if wants_list {
                ("a list", "[{name: v, value: '2'}]")
            } else {
                ("a mapping", "{v: '2'}")
            };
            let message = format!("`{field}` is not {form}, as kubeadm of {version} reads it");
            return vec![plane.error(CHECK.name, message, format!("write it like `{like}`"))];
        }
    };
    let unknown = |name: &str| {
        let why = version.facts().flag_is_unknown(component, name)?;
        let message = format!("`{component}` of {version} does not know `--{name}`: {why}");
        Some(plane.error(CHECK.name, message, format!("take it out of `{field}`")))
    };
    names.into_iter().filter_map(unknown).collect()
}
