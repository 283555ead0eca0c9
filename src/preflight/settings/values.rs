//! Values of arguments with which a component starts, or not, and the installation goes wrong all the same; and
//! feature gates of the components.

use serde_json::Value;

use super::CHECK;
use crate::cluster::versions::gate_is_gone;
use crate::preflight::{Context, Finding, HostFacts};

/// An argument of a component, what of its values does not work, and why.
struct Wrong {
    component: &'static str,
    argument: &'static str,
    fails: fn(&Context<'_>, &str) -> bool,
    why: &'static str,
}

const fn wrong(
    component: &'static str,
    argument: &'static str,
    fails: fn(&Context<'_>, &str) -> bool,
    why: &'static str,
) -> Wrong {
    Wrong { component, argument, fails, why }
}

const API: &str = "kube-apiserver";
const MANAGER: &str = "kube-controller-manager";

const WRONG: &[Wrong] = &[
    // kubernetes/kubeadm#798, #3174.
    wrong(
        API,
        "anonymous-auth",
        |_, it| it == "false",
        "the kubelet asks the API server without a name whether it lives, and would end it again and again",
    ),
    // kubernetes.io, Using Node Authorization; kubeadm's own default is `Node,RBAC`.
    wrong(
        API,
        "authorization-mode",
        |_, it| !(has(it, "AlwaysAllow") || (has(it, "Node") && has(it, "RBAC"))),
        "kubelets are let in by `Node`, and hosts that join by `RBAC`",
    ),
    wrong(
        API,
        "enable-bootstrap-token-auth",
        |_, it| it == "false",
        "hosts join by a bootstrap token",
    ),
    wrong(
        API,
        "bind-address",
        |_, it| it.starts_with("127.") || it == "::1",
        "the other hosts could not reach the API server",
    ),
    wrong(
        API,
        "secure-port",
        |_, it| it != "6443",
        "everybody looks for the API server at port 6443",
    ),
    wrong(
        MANAGER,
        "allocate-node-cidrs",
        |_, it| it == "false",
        "each node's pods get their addresses by it",
    ),
    wrong(
        MANAGER,
        "cluster-cidr",
        |context, it| it != context.cluster.network.pod_subnet.to_string(),
        "it is `network.podSubnet`, by which routes and rules are made",
    ),
    wrong(
        MANAGER,
        "controllers",
        |_, it| {
            !has(it, "*")
                || ["-nodeipam", "-csrsigning", "-csrapproving"].iter().any(|off| has(it, off))
        },
        "nodes get their certificates and addresses from controllers that would be off",
    ),
];

fn has(list: &str, word: &str) -> bool {
    list.split(',').any(|one| one.trim() == word)
}

/// What of a component's arguments, which are in one of the two forms, does not work.
pub(super) fn arguments(
    context: &Context<'_>,
    plane: &HostFacts<'_>,
    component: &str,
    field: &str,
    given: &Value,
) -> Vec<Finding> {
    let all: Vec<(&str, String)> = match given {
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.as_str(), text(value))).collect()
        }
        Value::Array(list) => {
            let one = |it: &'_ Value| Some((it["name"].as_str()?.to_owned(), text(&it["value"])));
            return arguments_of(context, plane, component, field, list.iter().filter_map(one));
        }
        _ => return vec![],
    };
    let all = all.into_iter().map(|(name, value)| (name.to_owned(), value));
    arguments_of(context, plane, component, field, all)
}

fn arguments_of(
    context: &Context<'_>,
    plane: &HostFacts<'_>,
    component: &str,
    field: &str,
    all: impl Iterator<Item = (String, String)>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, value) in all {
        let here = |it: &&Wrong| it.component == component && it.argument == name;
        if let Some(it) = WRONG.iter().filter(here).find(|it| (it.fails)(context, &value)) {
            let message = format!("`{component}` with `--{name}={value}`: {}", it.why);
            findings.push(plane.error(CHECK.name, message, format!("take it out of `{field}`")));
        }
        if name == "feature-gates" {
            let gates = value.split(',').filter_map(|one| one.split('=').next());
            findings.extend(gates.filter_map(|gate| gone(context, plane, component, field, gate)));
        }
    }
    findings
}

/// Gates in a component's own configuration.
pub(super) fn gates(
    context: &Context<'_>,
    plane: &HostFacts<'_>,
    component: &str,
    field: &str,
    given: Option<&Value>,
) -> Vec<Finding> {
    let names = given.and_then(Value::as_object).into_iter().flat_map(|gates| gates.keys());
    names.filter_map(|gate| gone(context, plane, component, field, gate)).collect()
}

fn gone(
    context: &Context<'_>,
    plane: &HostFacts<'_>,
    component: &str,
    field: &str,
    gate: &str,
) -> Option<Finding> {
    let version = &context.cluster.kubernetes.version;
    let last = gate_is_gone(gate.trim(), version.minor())?;
    let message = format!(
        "`{component}` of {version} does not know the feature gate `{gate}`: it went after v1.{last}"
    );
    Some(plane.error(CHECK.name, message, format!("take it out of `{field}`")))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
