//! What a name may look like. Each rule says what it expects where a name does not fit.

use std::net::{IpAddr, Ipv6Addr};

/// A check of one piece of text: what is expected where it does not fit.
pub type Rule = fn(&str) -> Result<(), &'static str>;

/// An RFC 1123 label: the name of a cluster.
pub fn label(text: &str) -> Result<(), &'static str> {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let good = (1..=63).contains(&text.len())
        && text.bytes().all(inside)
        && !text.starts_with('-')
        && !text.ends_with('-');
    good.then_some(()).ok_or("lower-case letters, digits and `-` inside, at most 63")
}

/// An RFC 1123 subdomain: the name of a node, a DNS domain.
pub fn subdomain(text: &str) -> Result<(), &'static str> {
    let good = text.len() <= 253 && text.split('.').all(|part| label(part).is_ok());
    good.then_some(()).ok_or("lower-case letters, digits, `-` and `.` inside, at most 253")
}

/// What SSH connects to: an address or a DNS name, in which underscores do occur.
pub fn address(text: &str) -> Result<(), &'static str> {
    const EXPECTED: &str =
        "an IP address or a DNS name (user and port go into `ssh`, a node's name into `name`)";
    if let Ok(ip) = text.parse::<IpAddr>() {
        return if ip.is_unspecified() || ip.is_multicast() || is_broadcast(ip) {
            Err("the address of one host")
        } else {
            Ok(())
        };
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let part_is_good = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(inside)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    // `10.0.0.300` is a mistyped address and no name: no top-level domain is a number.
    let number = name.rsplit('.').next().is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    let good = name.len() <= 253 && name.split('.').all(part_is_good) && !number;
    good.then_some(()).ok_or(EXPECTED)
}

fn is_broadcast(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.is_broadcast())
}

/// A login name: what POSIX allows, and `@` for directory services.
pub fn user(text: &str) -> Result<(), &'static str> {
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@');
    let good = (1..=64).contains(&text.len())
        && text.bytes().all(inside)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    good.then_some(()).ok_or("a login name of letters, digits, `-`, `_`, `.` and `@`")
}

/// A phase or a preflight check of kubeadm: `addon/kube-proxy`, `NumCPU`.
pub fn phase(text: &str) -> Result<(), &'static str> {
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-');
    let good = (1..=128).contains(&text.len()) && text.bytes().all(inside);
    good.then_some(()).ok_or("a name of letters, digits, `-`, `_` and `/`")
}

/// `registry.k8s.io`, `mirror.example:5000/k8s`: a registry and a path, no scheme and no tag.
pub fn image_repository(text: &str) -> Result<(), &'static str> {
    const EXPECTED: &str = "a registry like `registry.k8s.io` or `mirror.example:5000/k8s`, \
                            without `https://` and without a tag";
    let (host, path) = text.split_once('/').map_or((text, None), |(h, p)| (h, Some(p)));
    let (host, number) = host.split_once(':').map_or((host, None), |(h, n)| (h, Some(n)));
    let part = |part: &str| {
        let inside =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        let edge = |c: char| c.is_ascii_alphanumeric();
        part.bytes().all(inside) && part.starts_with(edge) && part.ends_with(edge)
    };
    let good = text.len() <= 255
        && part(host)
        && number.is_none_or(|number| port(number).is_some())
        && path.is_none_or(|path| path.split('/').all(part));
    good.then_some(()).ok_or(EXPECTED)
}

/// `registry.example:5000`: the first part of an image reference. Without a dot and a port it would be the
/// first directory at Docker's own registry (distribution, `reference/normalize.go`).
pub fn registry(text: &str) -> Result<(), &'static str> {
    const EXPECTED: &str = "a registry's name and port, like `registry.example:5000`, without \
                            `https://` and without a path";
    let is_host = text.contains(['.', ':']) || text == "localhost";
    (!text.contains('/') && is_host && image_repository(text).is_ok()).then_some(()).ok_or(EXPECTED)
}

/// A user of a registry. Basic authentication ends the name at a colon (RFC 7617).
pub fn registry_user(text: &str) -> Result<(), &'static str> {
    let good = (1..=255).contains(&text.len())
        && !text.contains(':')
        && !text.chars().any(|c| c.is_control() || crate::cluster::text::is_invisible(c));
    good.then_some(()).ok_or("a name without `:` and control characters")
}

/// `host:port`, with brackets around an IPv6 address.
pub fn endpoint(text: &str) -> Result<(), &'static str> {
    const EXPECTED: &str = "`host:port`, like `api.example:6443`";
    let (host, number) = text.rsplit_once(':').ok_or(EXPECTED)?;
    let host_is_good = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => !host.contains(':') && address(host).is_ok(),
    };
    (host_is_good && port(number).is_some()).then_some(()).ok_or(EXPECTED)
}

/// The cluster's own address. kubeadm takes for a name only what Kubernetes takes for one (`ParseHostPort` in
/// kubernetes/cmd/kubeadm/app/util/endpoint.go; kubernetes/kubernetes#82399).
pub fn cluster_endpoint(text: &str) -> Result<(), &'static str> {
    const EXPECTED: &str = "`host:port` in small letters and without `_`, like `api.example:6443`";
    endpoint(text)?;
    let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let good = bare.parse::<IpAddr>().is_ok() || subdomain(host).is_ok();
    good.then_some(()).ok_or(EXPECTED)
}

/// The base address of a mirror: `https://mirror.example/dl.k8s.io`.
pub fn base_address(text: &str) -> Result<(), &'static str> {
    const EXPECTED: &str = "an address like `https://mirror.example/dl.k8s.io`";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let rest = rest.ok_or(EXPECTED)?;
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
    if host.contains('@') {
        return Err("an address without user and password");
    }
    let inside = |b: u8| b.is_ascii_alphanumeric() || b"-._~/+%:@!$&'()*,;=".contains(&b);
    let good = text.len() <= 1024 && host_and_port(host) && path.bytes().all(inside);
    good.then_some(()).ok_or(EXPECTED)
}

/// The address of a proxy: `http://proxy.example:3128`.
pub fn proxy(text: &str) -> Result<(), &'static str> {
    const EXPECTED: &str = "an address like `http://proxy.example:3128`";
    if text.contains('@') {
        return Err(
            "an address without user and password: they go into `username` and `passwordFile`",
        );
    }
    let rest = text.strip_prefix("http://").ok_or(EXPECTED)?;
    let host = rest.strip_suffix('/').unwrap_or(rest);
    host_and_port(host).then_some(()).ok_or(EXPECTED)
}

/// What is reached without a proxy: a name, a domain (`.example`), an address, a network or `*`.
pub fn without_proxy(text: &str) -> Result<(), &'static str> {
    let bare = text.strip_prefix('.').unwrap_or(text);
    let good = text == "*"
        || bare.parse::<ipnet::IpNet>().is_ok()
        || bare.parse::<IpAddr>().is_ok()
        || address(bare).is_ok();
    good.then_some(()).ok_or("a name, a domain like `.example`, an address, a network or `*`")
}

/// A host with or without a port.
fn host_and_port(text: &str) -> bool {
    endpoint(text).is_ok()
        || text.strip_prefix('[').map_or_else(
            || !text.contains(':') && address(text).is_ok(),
            |rest| rest.strip_suffix(']').is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok()),
        )
}

/// A network interface: what the kernel takes (`dev_valid_name`).
pub fn interface(text: &str) -> Result<(), &'static str> {
    let inside = |b: u8| b.is_ascii_graphic() && !matches!(b, b'/' | b':' | b'"' | b'\'' | b'\\');
    let good =
        (1..=15).contains(&text.len()) && text.bytes().all(inside) && !matches!(text, "." | "..");
    good.then_some(()).ok_or("the name of a network interface, like `eth0`")
}

/// A file name: anything visible, absolute, relative or under the own home directory.
pub fn path(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.ends_with('/') {
        Err("the name of a file")
    } else if text.chars().any(|c| c.is_control() || crate::cluster::text::is_invisible(c)) {
        Err("a file name without control characters")
    } else if text.starts_with('~') && !text.starts_with("~/") {
        Err("`~/...`, or a name without `~` (another user's home directory is not looked up)")
    } else {
        Ok(())
    }
}

/// A TCP port.
pub fn port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

/// A label's or taint's key: a name of at most 63, behind an optional DNS domain.
///
/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/>.
pub fn key(text: &str) -> Result<(), &'static str> {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(p, n)| (Some(p), n));
    let good = qualified(name) && prefix.is_none_or(|prefix| subdomain(prefix).is_ok());
    good.then_some(()).ok_or(
        "a key: letters, digits, `-`, `_` and `.` inside, at most 63, after an optional `domain/`",
    )
}

/// A label's or taint's value: empty, or like the name of a key.
pub fn value(text: &str) -> Result<(), &'static str> {
    let good = text.is_empty() || qualified(text);
    good.then_some(()).ok_or("a value: letters, digits, `-`, `_` and `.` inside, at most 63")
}

fn qualified(text: &str) -> bool {
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let edge = |c: char| c.is_ascii_alphanumeric();
    (1..=63).contains(&text.len())
        && text.bytes().all(inside)
        && text.starts_with(edge)
        && text.ends_with(edge)
}

/// A name as it was probably meant: without a scheme or blanks at its ends, in lower case, with
/// `-` for what stands between words.
pub fn repaired(text: &str) -> Option<String> {
    let bare = text.trim();
    let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    let word = bare.trim_end_matches('/').to_ascii_lowercase().replace(['_', ' '], "-");
    (word != text && word.len() <= 253).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(rule: Rule, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(rule(text), Ok(()), "{text:?}");
        }
        let long = "x".repeat(300);
        let hostile = ["$(touch /x)", "a;b", "a b", "a\nb", "a'b", "`id`", "a|b", "a\0b", &long];
        for text in bad.iter().chain(&hostile) {
            assert!(rule(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_fit_or_do_not() {
        all(label, &["demo", "a", "a-1", "1a"], &["", "-a", "a-", "A", "a.b", "a_b", "é"]);
        all(subdomain, &["cp1", "cp1.example.com"], &["", ".a", "a.", "a..b", "CP1"]);
        all(user, &["root", "ops", "_a", "a.b", "j@corp"], &["", "-a", "a:b", "é"]);
        all(phase, &["addon/kube-proxy", "NumCPU", "all"], &["", "a,b", "--x=y", "a.b"]);
        all(key, &["a", "a/b", "k8s.io/a_b.c"], &["", "/a", "a/", "a/b/c", "A/b", "-a", "a="]);
        all(value, &["", "a", "A.b_c-1", "true"], &["-a", "a=", "a/b"]);
    }

    #[test]
    fn addresses_fit_or_do_not() {
        all(
            address,
            &["10.0.0.1", "fd00::1", "host", "Host.Example.com", "my_host", "a.b.", "127.0.0.1"],
            &[
                "",
                "10.0.0.300",
                "10.0.0",
                "1",
                "010.0.0.1",
                "10.0.0.1:22",
                "root@a",
                "ssh://a",
                "-oProxyCommand=x",
                "fe80::1%eth0",
                "0.0.0.0",
                "255.255.255.255",
                "224.0.0.1",
                "a..b",
                "host-",
                "é",
            ],
        );
    }

    #[test]
    fn endpoints_and_repositories_fit_or_do_not() {
        all(
            endpoint,
            &["api:6443", "10.0.0.1:6443", "[fd00::1]:6443"],
            &["api", "api:", "api:0", "api:65536", "https://api:6443", "fd00::1:6443", ":6443"],
        );
        all(
            cluster_endpoint,
            &["api.example:6443", "10.0.0.1:6443", "[fd00::1]:6443"],
            &["API.example:6443", "my_api:6443", "api.example.:6443", "api"],
        );
        all(
            image_repository,
            &["registry.k8s.io", "localhost:5000", "mirror.example:5000/k8s/x", "10.0.0.1:5000/a"],
            &["", "https://a", "a:b", "a/", "/a", "a//b", "a/b:tag", "a@sha256:0", "A.io"],
        );
    }

    #[test]
    fn ports_are_numbers() {
        for (text, right) in [("22", Some(22)), ("65535", Some(65535)), ("1", Some(1))] {
            assert_eq!(port(text), right);
        }
        for text in ["0", "65536", "-1", "+22", "022", "0x16", "22 ", "", "1_0", "ssh"] {
            assert_eq!(port(text), None, "{text:?}");
        }
    }
}
