//! A node's name must be one that Kubernetes takes, and must stay.

use crate::ssh::quote;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, node_names};

pub(super) const CHECK: Check = Check {
    name: "Hostname",
    description: "node names are DNS names that stay the same after a reboot",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the API refuses the node, or it comes back under another name after a reboot",
    kubeadm: Some(
        "a warning in every version, for names that DNS does not know; later versions also for names that are none",
    ),
    needs: &[need::NAME],
    page: "Seen by the host's name now, in `/etc/hostname`, and in cluster.yaml. A node's name \
           is a DNS name (RFC 1123) of at most 63 characters, for it is a label's value \
           too.\n\nGive the host a `name` in cluster.yaml, or another host name.",
    run: Run::EachHost(run),
};

/// The label `kubernetes.io/hostname` carries the name, and labels are at most this long.
const LONGEST: usize = 63;
const FIX: &str = "give the host a `name` in cluster.yaml, or another host name with `hostnamectl set-hostname NAME`";

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let Some(name) = node_names::name(host) else { return vec![] };
    let error = |cause: &str| {
        vec![host.error(CHECK.name, format!("`{name}` cannot be a node's name: {cause}"), FIX)]
    };
    if name.len() > LONGEST {
        return error("it is longer than 63 characters");
    }
    if !name.split('.').all(is_label) {
        return error("it may have only letters, digits, `-` and `.`, and no `-` at an end");
    }
    if name == "localhost" || name.starts_with("localhost.") {
        return error("every host is `localhost` to itself");
    }
    let (now, later) = (&host.facts.hostname, &host.facts.static_hostname);
    match now.as_ref().zip(later.as_ref()) {
        Some((now, later))
            if host.host.node_name.is_none() && now != later && !later.starts_with('#') =>
        {
            let message = format!("the host is `{now}` now, and `{later}` after a reboot");
            let command = format!("hostnamectl set-hostname {}", quote(now));
            vec![host.warning(CHECK.name, message, FIX).typed(command)]
        }
        _ => vec![],
    }
}

/// A part of a DNS name (RFC 1123), in lower case.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
