//! A node's name must be one that Kubernetes takes, and must stay.

use std::net::IpAddr;

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
    [renamed(host), cloud(host), elsewhere(host)].into_iter().flatten().collect()
}

/// Another name after a reboot. kubeadm makes a node's name of the host's, in lower case.
fn renamed(host: &HostFacts<'_>) -> Option<Finding> {
    let (now, later) = (host.facts.hostname.as_ref()?, host.facts.static_hostname.as_ref()?);
    if host.host.node_name.is_some() || now.eq_ignore_ascii_case(later) || later.starts_with('#') {
        return None;
    }
    let message = format!("the host is `{now}` now, and `{later}` after a reboot");
    let command = format!("hostnamectl set-hostname {}", quote(now));
    Some(host.warning(CHECK.name, message, FIX).typed(command))
}

/// cloud-init sets the name that its configuration has at each boot, unless it is told to leave it alone
/// (cloud-init's modules `set_hostname` and `update_hostname`).
fn cloud(host: &HostFacts<'_>) -> Option<Finding> {
    let names = &host.facts.names;
    let (now, later) = (host.facts.hostname.as_ref()?, names.cloud_name.as_ref()?);
    if host.host.node_name.is_some()
        || names.cloud_keeps != Some(false)
        || now.eq_ignore_ascii_case(later)
    {
        return None;
    }
    let message =
        format!("the host is `{now}` now, and cloud-init makes it `{later}` at the next boot");
    let command = "echo 'preserve_hostname: true' >/etc/cloud/cloud.cfg.d/99-preserve-hostname.cfg";
    Some(host.warning(CHECK.name, message, "have cloud-init leave the name alone").typed(command))
}

/// Programs of the host that look for it by its name find another machine. The kubelet is told its address.
fn elsewhere(host: &HostFacts<'_>) -> Option<Finding> {
    let own = host.facts.addresses.as_ref()?;
    let name = host.facts.hostname.as_ref()?;
    let is_own = |ip: IpAddr| ip.is_loopback() || own.iter().any(|it| it.net.addr() == ip);
    let mut all = host.facts.names.addresses(name).filter_map(|it| it.parse::<IpAddr>().ok());
    let other = all.find(|ip| !is_own(*ip))?;
    let message =
        format!("`{name}`, its own name, is `{other}` in `/etc/hosts`, which is no address of it");
    let pattern = other.to_string().replace('.', r"\.");
    let (lines, word) = (pattern, name.replace('.', r"\."));
    let command = format!(
        r#"h=$(sed -E '/^[[:space:]]*{lines}[[:space:]]/s/[[:space:]]{word}([[:space:]]|$)/\1/' /etc/hosts) && printf '%s\n127.0.1.1 {name}\n' "$h" >/etc/hosts"#
    );
    let fix = "take it away from that address";
    is_dns(name).then(|| host.warning(CHECK.name, message, fix).typed(command))
}

fn is_dns(name: &str) -> bool {
    name.to_lowercase().split('.').all(is_label)
}

/// A part of a DNS name (RFC 1123), in lower case.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
