//! The file of name servers that pods get. Without it no pod starts, not even those of the control plane;
//! the cluster's DNS does not start with one that names nobody, or itself.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::host::facts::ResolvConf;

pub(super) const CHECK: Check = Check {
    name: "ResolvConf",
    description: "the file of name servers that pods get is there, and names servers that pods can ask",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "no pod starts without the file, and CoreDNS not with one that names no server, or itself",
    kubeadm: None,
    needs: &[need::RESOLV_CONF],
    page: "Seen by the file itself: `/etc/resolv.conf`, or systemd-resolved's \
           `/run/systemd/resolve/resolv.conf` where that runs. kubeadm gives all nodes what is right on the \
           first control plane (kubernetes/kubeadm#3034); a host that differs is given its own, but the pods of \
           a control plane start before that. A kubelet that does not find the file makes no pod \
           (kubernetes/kubernetes#103110). CoreDNS ends with `no nameservers found` where there is none \
           (coredns/coredns#5764), and with `Loop ... detected` where the server is the host's own loopback, \
           which in a pod is the pod itself.\n\n\
           Name a server that the pods can reach. Where the site has none, any address that is not a \
           loopback lets CoreDNS start: it is asked only for names outside of the cluster.",
    run: Run::EachHost(run),
};

/// The kubelet's field for the file.
const FIELD: &str = "resolvConf";
const ETC: &str = "/etc/resolv.conf";
const RESOLVED: &str = "/run/systemd/resolve/resolv.conf";
const MANAGER: &str = "/run/NetworkManager/no-stub-resolv.conf";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    kubeadms(context, host).or_else(|| own(context, host)).into_iter().collect()
}

/// Pods of the control plane start before a kubelet has settings of its own (`playbooks/init/53-kubelet.yaml`).
fn kubeadms(context: &Context<'_>, host: &HostFacts<'_>) -> Option<Finding> {
    let path = kubeadms_file(context)?;
    let found = content(host, path).filter(|_| host.host.control_plane)?;
    (!matches!(found, ResolvConf::There(_))).then(|| missing(host, path, found))
}

fn own(context: &Context<'_>, host: &HostFacts<'_>) -> Option<Finding> {
    let names = &host.facts.names;
    let path = own_file(context, host)?;
    let gateway = gateway(host);
    let servers = match content(host, path)? {
        ResolvConf::There(servers) => servers,
        lacking => return Some(missing(host, path, lacking)),
    };
    let skipped = &context.cluster.kubernetes.skip_phases;
    if skipped.iter().any(|phase| phase == "addon" || phase == "addon/coredns") {
        return None;
    }
    if servers.is_empty() {
        let message = format!("`{path}` names no server: CoreDNS does not start with it");
        let fix = "name one; without any in the site the gateway's address will do, which then is asked for \
                   names outside of the cluster alone";
        let command = gateway.map(|ip| format!("echo 'nameserver {ip}' >>{path}"));
        return Some(host.error(CHECK.name, message, fix).maybe_typed(command));
    }
    let own = servers.iter().find(|it| it.starts_with("127.") || *it == "::1")?;
    let message = format!(
        "`{path}` names `{own}`, the host's own: in a pod that is the pod, and CoreDNS would ask itself"
    );
    // What stands behind it is often written down.
    let behind = [(RESOLVED, &names.resolved), (MANAGER, &names.manager)];
    let is_good = |servers: &Vec<String>| {
        !servers.is_empty() && !servers.iter().any(|it| it.starts_with("127.") || it == "::1")
    };
    let real = behind.iter().find(
        |(other, content)| matches!(content, Some(ResolvConf::There(all)) if is_good(all) && *other != path),
    );
    if let Some((real, _)) = real {
        let fix = format!("write `kubelet: {{resolvConf: {real}}}` for this host in cluster.yaml");
        return Some(host.error(CHECK.name, message, fix));
    }
    let fix = "name the servers that stand behind it (the command takes the gateway for one)";
    let command = gateway.map(|ip| {
        format!(r#"h=$(sed -E 's/^nameserver[[:space:]]+(127\.|::1).*/nameserver {ip}/' {path}) && printf '%s\n' "$h" >{path}"#)
    });
    Some(host.error(CHECK.name, message, fix).maybe_typed(command))
}

fn missing(host: &HostFacts<'_>, path: &str, lacking: &ResolvConf) -> Finding {
    let message = match lacking {
        ResolvConf::Dangling(to) => format!("`{path}` is a link to `{to}`, which is not there"),
        ResolvConf::NoFile => format!("`{path}` is no file"),
        _ => format!("`{path}` is not there"),
    };
    if path == RESOLVED && host.facts.names.resolved_runs == Some(false) {
        let message = format!(
            "{message}, and kubeadm has all kubelets begin with it: systemd-resolved runs on the first control plane"
        );
        let fix = "have it lead to the host's own file until the kubelet has settings of its own";
        let command = format!("mkdir -p /run/systemd/resolve && ln -s {ETC} {RESOLVED}");
        return host.error(CHECK.name, message, fix).typed(command);
    }
    let fix = "make it, with the name servers of the site (the command takes the gateway for one)";
    let aside = match lacking {
        ResolvConf::Missing => String::new(),
        _ => format!("mv {path} {path}.old && "),
    };
    let command = gateway(host).map(|ip| format!("{aside}echo 'nameserver {ip}' >{path}"));
    host.error(CHECK.name, message, fix).maybe_typed(command)
}

fn content<'a>(host: &'a HostFacts<'_>, path: &str) -> Option<&'a ResolvConf> {
    let names = &host.facts.names;
    match path {
        ETC => names.etc.as_ref(),
        RESOLVED => names.resolved.as_ref(),
        // Another file is the operator's own choice, and not looked at.
        _ => None,
    }
}

/// The file of kubeadm's own configuration, which all kubelets begin with.
fn kubeadms_file<'a>(context: &'a Context<'_>) -> Option<&'a str> {
    if let Some(given) = context.cluster.kubernetes.kubelet.get(FIELD) {
        return given.as_str();
    }
    // `isServiceActive("systemd-resolved")` of kubeadm's componentconfigs/kubelet.go, on who initialises.
    let first = context.hosts.iter().find(|host| host.host.control_plane)?;
    file_of(first)
}

/// The file that the kubelet will have: a host that differs from the first control plane gets its own
/// (`playbook/context.rs`).
fn own_file<'a>(context: &'a Context<'_>, host: &'a HostFacts<'_>) -> Option<&'a str> {
    let own = [&host.host.kubelet, &context.cluster.kubernetes.kubelet];
    match own.into_iter().find_map(|kubelet| kubelet.get(FIELD)) {
        Some(given) => given.as_str(),
        None => file_of(host),
    }
}

fn file_of(host: &HostFacts<'_>) -> Option<&'static str> {
    Some(if host.facts.names.resolved_runs? { RESOLVED } else { ETC })
}

/// Who the default route leads to.
fn gateway<'a>(host: &'a HostFacts<'_>) -> Option<&'a str> {
    host.facts.packets.gateway.as_deref()
}
