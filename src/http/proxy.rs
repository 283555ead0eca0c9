//! The proxies on the way to servers.

use reqwest::{ClientBuilder, NoProxy};

use super::Error;
use crate::secret::Secret;

/// The proxies for each kind of address. Their addresses may have a user and a password in them.
#[derive(Debug, Clone, Default)]
pub struct Proxy {
    /// For `http://` addresses.
    pub http: Option<Secret>,
    /// For `https://` addresses.
    pub https: Option<Secret>,
    /// Names, domains, addresses and networks that are reached without one, with commas.
    pub no_proxy: String,
}

impl Proxy {
    /// The proxies of this process's environment.
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// As curl reads them (its manual, "ENVIRONMENT"): small letters go before large ones, and
    /// `HTTP_PROXY` is not read at all, because CGI sets it to what a client sends.
    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| variable(name).or_else(|| variable(&name.to_uppercase()));
        let all = either("all_proxy");
        let address = |own: Option<String>| own.or_else(|| all.clone()).map(Secret::new);
        Self {
            http: address(variable("http_proxy")),
            https: address(either("https_proxy")),
            no_proxy: either("no_proxy").unwrap_or_default(),
        }
    }

    pub(super) fn set(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        let mut builder = builder.no_proxy();
        for (address, is_secure) in [(&self.http, false), (&self.https, true)] {
            let Some(address) = address else { continue };
            let from = if is_secure { "the proxy for https" } else { "the proxy for http" };
            // As with curl, one without a scheme speaks HTTP.
            let url = match address.expose() {
                url if url.contains("://") => url.to_owned(),
                bare => format!("http://{bare}"),
            };
            let proxy =
                if is_secure { reqwest::Proxy::https(&url) } else { reqwest::Proxy::http(&url) };
            let proxy = proxy.map_err(|_| Error::Proxy { from })?;
            builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&self.no_proxy)));
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> [String; 3] {
        let proxy = Proxy::from_variables(|name| {
            variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned())
        });
        let text = |it: Option<Secret>| it.map_or_else(String::new, |it| it.expose().to_owned());
        [text(proxy.http), text(proxy.https), proxy.no_proxy]
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        assert_eq!(of(&[]), ["", "", ""]);
        assert_eq!(of(&[("HTTP_PROXY", "a"), ("HTTPS_PROXY", "b")]), ["", "b", ""]);
        let both = [("https_proxy", "small"), ("HTTPS_PROXY", "large"), ("http_proxy", "h")];
        assert_eq!(of(&both), ["h", "small", ""]);
        let all = [("ALL_PROXY", "all"), ("http_proxy", "h"), ("NO_PROXY", ".x,10.0.0.0/8")];
        assert_eq!(of(&all), ["h", "all", ".x,10.0.0.0/8"]);
    }
}
