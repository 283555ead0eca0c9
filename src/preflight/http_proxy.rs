//! A kubelet that is led to a proxy for its own API server does not reach it. What the SSH session has of
//! proxies is left out of the run (`ssh/loop.sh`), and so no static pod gets it; what systemd gives its
//! services is seen here.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::cluster::API_PORT;
use crate::ssh::quote;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "HTTPProxy",
    description: "no proxy stands between kubelets and the API server",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the kubelet asks the proxy for the API server, and the node never registers",
    kubeadm: Some(
        "a warning in every version, by the environment of kubeadm itself, which here has none",
    ),
    needs: &[need::KUBELET_PROXIES],
    page: "Seen by `DefaultEnvironment` of systemd, by drop-ins of the kubelet and of all services, by the files \
           that these name, and by `/etc/default/kubelet`, less what `UnsetEnvironment` takes away. The kubelet goes to the API server by HTTPS, and so \
           through `https_proxy`, unless `no_proxy` has the address, a network that it is in, or the name. What \
           runtimes need for their pulls belongs into `spec.proxy` of cluster.yaml.\n\n\
           Add the addresses of the control planes to what is reached without the proxy.",
    run: Run::EachHost(run),
};

const DROP_IN: &str = "/etc/systemd/system/kubelet.service.d";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // Go reads the name in capitals first (golang.org/x/net/http/httpproxy, `FromEnvironment`).
    let given = ["HTTPS_PROXY", "https_proxy"].into_iter().find_map(|name| given(host, name));
    let Some((file, name, proxy)) = given else { return vec![] };
    let without = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| self::given(host, name));
    let without = without.map_or("", |(_, _, value)| value);
    let wanted = api_servers(context);
    let lost: Vec<&String> = wanted
        .iter()
        .filter(|(name, port)| !is_without(without, name, *port))
        .map(|(name, _)| name)
        .collect();
    let Some(first) = lost.first() else { return vec![] };
    let place =
        if file == "systemd" { "systemd's environment".to_owned() } else { format!("`{file}`") };
    let message = format!(
        "{place} gives the kubelet `{name}={proxy}`, and `no_proxy` has no `{first}`, where the API server is"
    );
    let mut all: Vec<&str> = without.split(',').filter(|one| !one.is_empty()).collect();
    all.extend(lost.iter().map(|it| it.as_str()));
    let all = quote(&all.join(","));
    let command = format!(
        r#"mkdir -p {DROP_IN} && printf '[Service]\nEnvironment="NO_PROXY=%s" "no_proxy=%s"\n' {all} {all} >{DROP_IN}/zz-no-proxy.conf"#
    );
    let fix = "have it reached without the proxy";
    vec![host.error(CHECK.name, message, fix).typed(command)]
}

/// What systemd gives the kubelet by this name at last, and the file that says so. The last one counts; an empty one
/// takes it away, and so does `UnsetEnvironment=`.
fn given<'a>(host: &HostFacts<'a>, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let packets = &host.facts.packets;
    let all = packets.kubelet_proxies.as_deref().unwrap_or_default();
    let (file, name, value) = all.iter().rev().find(|(_, one, _)| one == name)?;
    let is_unset = packets.kubelet_unset.iter().any(|one| match one.split_once('=') {
        Some((unset, only)) => unset == name && only == value,
        None => one == name,
    });
    (!value.is_empty() && !is_unset).then_some((file.as_str(), name.as_str(), value.as_str()))
}

/// Where kubelets find API servers: the cluster's own address, and each control plane; with the ports.
fn api_servers(context: &Context<'_>) -> Vec<(String, u16)> {
    let endpoint = context.cluster.outer_endpoint();
    let endpoint = endpoint.as_deref().and_then(|it| it.rsplit_once(':')).map(|(host, port)| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (host.to_owned(), port.parse().unwrap_or(API_PORT))
    });
    let planes = context.hosts.iter().filter(|host| host.host.control_plane);
    let own = planes.filter_map(|host| host.facts.node_address(&host.host.address));
    endpoint.into_iter().chain(own.map(|ip| (ip.to_string(), API_PORT))).collect()
}

/// Whether a Go program reaches a port of a host without the proxy (golang.org/x/net/http/httpproxy: `init` of its
/// configuration reads the list, `useProxy` asks it).
fn is_without(list: &str, host: &str, port: u16) -> bool {
    let ip: Option<IpAddr> = host.parse().ok();
    if ip.is_some_and(|ip| ip.is_loopback()) || host == "localhost" {
        return true;
    }
    list.split(',').map(str::trim).filter(|one| !one.is_empty()).any(|one| {
        if one == "*" {
            return true;
        }
        if let Ok(net) = one.parse::<IpNet>() {
            return ip.is_some_and(|ip| net.contains(&ip));
        }
        // A port behind it is the only one that it is for.
        let (one, only) = with_port(one);
        if only.is_some_and(|only| only.parse() != Ok(port)) {
            return false;
        }
        if let Some(ip) = ip {
            return one.parse() == Ok(ip);
        }
        let (host, one) = (host.to_lowercase(), one.to_lowercase());
        let domain = one.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(&one);
        let bare = domain.strip_prefix('.').unwrap_or(domain);
        host.strip_suffix(bare).is_some_and(|rest| {
            (rest.is_empty() && !domain.starts_with('.')) || rest.ends_with('.')
        })
    })
}

/// `HOST:PORT` or `[ADDRESS]:PORT` apart; an IPv6 address without brackets has no port.
fn with_port(one: &str) -> (&str, Option<&str>) {
    match one.rsplit_once(':') {
        Some((host, port)) if host.starts_with('[') && host.ends_with(']') => {
            (host.trim_matches(['[', ']']), Some(port))
        }
        Some((host, port)) if !host.contains(':') => (host, Some(port)),
        _ => (one, None),
    }
}

#[cfg(test)]
mod tests {
    use super::is_without;

    #[test]
    fn what_go_reaches_without_a_proxy() {
        for (list, host) in [
            ("10.0.0.0/8", "10.1.2.3"),
            ("a, 10.1.2.3", "10.1.2.3"),
            ("10.1.2.3:6443", "10.1.2.3"),
            ("fd00::1", "fd00::1"),
            ("[fd00::1]:6443", "fd00::1"),
            ("*", "10.1.2.3"),
            (".example", "api.example"),
            ("*.example", "api.example"),
            ("example", "api.example"),
            ("example:6443", "api.example"),
            ("api.example", "API.example"),
            ("", "127.0.0.1"),
        ] {
            assert!(is_without(list, host, 6443), "{list} {host}");
        }
        for (list, host) in [
            ("", "10.1.2.3"),
            ("10.1.2", "10.1.2.3"),
            ("10.1.2.3:443", "10.1.2.3"),
            ("10.1.2.0/31", "10.1.2.3"),
            ("[fd00::1]:8443", "fd00::1"),
            (".example", "example"),
            ("*.example", "example"),
            ("example:8443", "api.example"),
            ("ample", "api.example"),
        ] {
            assert!(!is_without(list, host, 6443), "{list} {host}");
        }
        // It is for the port that is asked: that of a load balancer may be another.
        assert!(is_without("api.example:8443", "api.example", 8443));
        assert!(!is_without("api.example:6443", "api.example", 8443));
    }
}
