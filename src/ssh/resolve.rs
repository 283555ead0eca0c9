//! Names to addresses without libc, so that a static binary resolves them too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use tokio::time::timeout;

use super::error::Error;
use super::known_hosts;

/// The addresses of `name`, in the order in which they should be tried; never empty.
///
/// An IP address and `localhost` need no files and no network. Everything else is looked up in
/// `/etc/hosts` and with the DNS servers and search domains of `/etc/resolv.conf`.
pub async fn resolve(name: &str, limit: Duration) -> Result<Vec<IpAddr>, Error> {
    if let Ok(address) = known_hosts::bare(name).parse() {
        return Ok(vec![address]);
    }
    if name.eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let failed = |cause: String| Error::Resolve { name: name.to_owned(), cause };
    let resolver = resolver().map_err(|error| failed(error.to_string()))?;
    let answer = timeout(limit, resolver.lookup_ip(name))
        .await
        .map_err(|_| failed(format!("no answer within {} s", limit.as_secs())))?
        .map_err(|error| failed(cause(&error)))?;
    let mut addresses: Vec<IpAddr> = answer.iter().collect();
    // Stable: IPv4 first, because half-configured IPv6 is the more common trouble in data centres.
    addresses.sort_by_key(IpAddr::is_ipv6);
    if addresses.is_empty() { Err(failed("it has no address".into())) } else { Ok(addresses) }
}

fn resolver() -> Result<TokioResolver, NetError> {
    let mut builder = match TokioResolver::builder_tokio() {
        Ok(builder) => builder,
        // As glibc does where there is no resolv.conf: ask this machine. /etc/hosts still counts.
        Err(_) => TokioResolver::builder_with_config(
            ResolverConfig::from_name_servers(vec![NameServerConfig::udp_and_tcp(
                Ipv4Addr::LOCALHOST.into(),
            )]),
            TokioRuntimeProvider::default(),
        ),
    };
    builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    builder.build()
}

fn cause(error: &NetError) -> String {
    if error.is_no_records_found() || error.is_nx_domain() {
        return "no such name".into();
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn addresses_and_localhost_need_no_lookup() {
        let v4 = resolve("192.0.2.7", LIMIT).await.unwrap();
        assert_eq!(v4, [IpAddr::from([192, 0, 2, 7])]);
        assert!(resolve("[2001:db8::1]", LIMIT).await.unwrap()[0].is_ipv6());
        assert_eq!(
            resolve("LocalHost", LIMIT).await.unwrap()[0],
            IpAddr::from(Ipv4Addr::LOCALHOST)
        );
    }

    #[tokio::test]
    async fn an_unknown_name_is_an_error_that_names_it() {
        let error = resolve("no-such-host.invalid", LIMIT).await.unwrap_err();
        assert!(matches!(&error, Error::Resolve { name, .. } if name == "no-such-host.invalid"));
        assert!(error.is_unreachable());
    }
}
