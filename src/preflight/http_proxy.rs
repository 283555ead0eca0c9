//! A kubelet that is led to a proxy for its own API server does not reach it. What the SSH session has of
//! proxies is left out of the run (`ssh/loop.sh`), and so no static pod gets it; what systemd gives its
//! services is seen here.

use std::net::IpAddr;

use ipnet::IpNet;

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
           that these name, and by `/etc/default/kubelet`. The kubelet goes to the API server by HTTPS, and so \
           through `https_proxy`, unless `no_proxy` has the address, a network that it is in, or the name. What \
           runtimes need for their pulls belongs into `spec.proxy` of cluster.yaml.\n\n\
           Add the addresses of the control planes to what is reached without the proxy.",
    run: Run::EachHost(run),
};

const DROP_IN: &str = "/etc/systemd/system/kubelet.service.d";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let proxies = host.facts.packets.kubelet_proxies.as_deref().unwrap_or_default();
    let is = |name: &str, one: &str| name.eq_ignore_ascii_case(one);
    // The last one counts; of the manager's own words the file says more.
    let named = proxies.iter().rev().find(|(_, name, _)| is(name, "https_proxy"));
    // An empty one takes it away.
    let Some((file, name, proxy)) = named.filter(|(_, _, value)| !value.is_empty()) else {
        return vec![];
    };
    let without = proxies.iter().rev().find(|(_, name, _)| is(name, "no_proxy"));
    let without = without.map_or("", |(_, _, value)| value.as_str());
    let wanted = api_servers(context);
    let lost: Vec<&String> = wanted.iter().filter(|name| !is_without(without, name)).collect();
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

/// Where kubelets find API servers: the cluster's own address, and each control plane.
fn api_servers(context: &Context<'_>) -> Vec<String> {
    let endpoint = context.cluster.outer_endpoint();
    let endpoint = endpoint
        .as_deref()
        .and_then(|it| it.rsplit_once(':'))
        .map(|(host, _)| host.trim_start_matches('[').trim_end_matches(']').to_owned());
    let planes = context.hosts.iter().filter(|host| host.host.control_plane);
    let own = planes.filter_map(|host| host.facts.node_address(&host.host.address));
    endpoint.into_iter().chain(own.map(|ip| ip.to_string())).collect()
}

/// Whether a Go program reaches a host without the proxy (golang.org/x/net/http/httpproxy, `FromEnvironment`).
fn is_without(list: &str, host: &str) -> bool {
    let ip: Option<IpAddr> = host.parse().ok();
    if ip.is_some_and(|ip| ip.is_loopback()) || host == "localhost" {
        return true;
    }
    // The API server's port may stand behind an address or a name.
    list.split(',').map(str::trim).filter(|one| !one.is_empty()).any(|one| {
        let one = one.strip_suffix(":6443").unwrap_or(one);
        if one == "*" {
            return true;
        }
        if let Some(ip) = ip {
            return one.parse::<IpNet>().is_ok_and(|net| net.contains(&ip))
                || one.parse() == Ok(ip);
        }
        let (host, one) = (host.to_lowercase(), one.to_lowercase());
        let bare = one.trim_start_matches("*.").trim_start_matches('.');
        host.strip_suffix(bare)
            .is_some_and(|rest| (rest.is_empty() && !one.starts_with('.')) || rest.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::is_without;

    #[test]
    fn what_go_reaches_without_a_proxy() {
        for (list, host) in [
            ("10.0.0.0/8", "10.1.2.3"),
            ("a, 10.1.2.3", "10.1.2.3"),
            ("*", "10.1.2.3"),
            (".example", "api.example"),
            ("example", "api.example"),
            ("api.example", "API.example"),
            ("", "127.0.0.1"),
        ] {
            assert!(is_without(list, host), "{list} {host}");
        }
        for (list, host) in [
            ("", "10.1.2.3"),
            ("10.1.2", "10.1.2.3"),
            ("10.1.2.0/31", "10.1.2.3"),
            (".example", "example"),
            ("ample", "api.example"),
        ] {
            assert!(!is_without(list, host), "{list} {host}");
        }
    }
}
