//! What a cluster's network is made of: its subnets, and how services are balanced.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;

use super::Version;

/// Addresses of pods, or of services: one network, or one of each family. The first one's family is the
/// cluster's own: it is that of the nodes' first addresses, and of services that ask for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnets {
    first: IpNet,
    second: Option<IpNet>,
}

impl Subnets {
    /// Both networks; `None` where they are of one family.
    pub fn both(first: IpNet, second: IpNet) -> Option<Self> {
        let differ = is_v6(&first) != is_v6(&second);
        differ.then_some(Self { first, second: Some(second) })
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = IpNet> {
        [Some(self.first), self.second].into_iter().flatten()
    }

    /// Whether there are two.
    pub fn is_dual(&self) -> bool {
        self.second.is_some()
    }

    /// Whether the first one's addresses are IPv6.
    pub fn is_v6_first(&self) -> bool {
        is_v6(&self.first)
    }
}

impl From<IpNet> for Subnets {
    fn from(first: IpNet) -> Self {
        Self { first, second: None }
    }
}

/// As kubeadm and the components write it: `10.244.0.0/16,fd00:10:244::/56`.
impl fmt::Display for Subnets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        self.second.map_or(Ok(()), |second| write!(f, ",{second}"))
    }
}

/// What is no list of one or two networks of different families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no network, and no two of different families")]
pub struct NoSubnets;

impl FromStr for Subnets {
    type Err = NoSubnets;

    fn from_str(text: &str) -> Result<Self, NoSubnets> {
        let net = |text: &str| text.trim().parse::<IpNet>().map_err(|_| NoSubnets);
        match text.split_once(',') {
            None => net(text).map(Self::from),
            Some((first, second)) => Self::both(net(first)?, net(second)?).ok_or(NoSubnets),
        }
    }
}

fn is_v6(net: &IpNet) -> bool {
    matches!(net, IpNet::V6(_))
}

/// How kube-proxy leads services' addresses to pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyMode {
    /// Chains of the packet filter, what every version of Kubernetes chooses by itself.
    #[default]
    Iptables,
    /// Virtual servers of the kernel.
    Ipvs,
    /// Maps of nftables.
    Nftables,
}

impl ProxyMode {
    /// All of them, as cluster.yaml and kube-proxy call them.
    pub const WORDS: [(&'static str, Self); 3] =
        [("iptables", Self::Iptables), ("ipvs", Self::Ipvs), ("nftables", Self::Nftables)];

    /// What cluster.yaml and kube-proxy call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Iptables => "iptables",
            Self::Ipvs => "ipvs",
            Self::Nftables => "nftables",
        }
    }

    /// The first minor that has it, be it behind a gate. Source: `kep.yaml` of KEP-3866 (nftables: alpha in
    /// 1.29, beta in 1.31, stable in 1.33).
    pub fn since(self) -> u64 {
        match self {
            Self::Iptables | Self::Ipvs => 0,
            Self::Nftables => 29,
        }
    }

    /// kube-proxy's feature gate that has to be switched on for it, in versions whose row does not list it.
    pub fn gate(self, version: &Version) -> Option<&'static str> {
        let is_listed = version.facts().proxy_modes.contains(&self.word());
        (self == Self::Nftables && !is_listed).then_some("NFTablesProxyMode")
    }

    /// Whether that version warns of it. Source: KEP-5495 (ipvs is deprecated from 1.35 on, and still there in
    /// 1.37).
    pub fn is_deprecated(self, version: &Version) -> bool {
        self == Self::Ipvs && version.minor() >= 35
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_or_two_of_different_families() {
        for text in ["10.244.0.0/16", "10.244.0.0/16,fd00::/56", "fd00::/56,10.244.0.0/16"] {
            assert_eq!(text.parse::<Subnets>().unwrap().to_string(), text);
        }
        for text in ["", "x", "10.0.0.0/16,", "10.0.0.0/16,10.1.0.0/16", "fd00::/56,fd01::/56"] {
            text.parse::<Subnets>().unwrap_err();
        }
        assert_eq!("10.0.0.0/8,10.1.0.0/16,fd00::/8".parse::<Subnets>(), Err(NoSubnets));
    }

    #[test]
    fn a_mode_belongs_to_versions() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert_eq!(ProxyMode::Nftables.gate(&version("v1.30.0")), Some("NFTablesProxyMode"));
        assert_eq!(ProxyMode::Nftables.gate(&version("v1.31.0")), None);
        assert!(!ProxyMode::Ipvs.is_deprecated(&version("v1.34.0")));
        assert!(ProxyMode::Ipvs.is_deprecated(&version("v1.35.0")));
        for (word, mode) in ProxyMode::WORDS {
            assert_eq!(mode.word(), word);
        }
    }
}
