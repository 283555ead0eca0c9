//! Network interfaces.

use super::{Facts, IpAddr};

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// `eth0`.
    pub name: String,
    /// The largest packet that it sends.
    pub mtu: u32,
    /// Its hardware address, where it has one: `02:62:0a:5b:02:0b`.
    pub mac: Option<String>,
}

impl Link {
    /// Reads `NAME MTU ADDRESS`.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let (name, mtu) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
        // Loopback and tunnels have none, or zeros.
        let is_mac = |word: &&str| {
            word.len() == 17 && word.split(':').count() == 6 && *word != "00:00:00:00:00:00"
        };
        let mac = words.next().filter(is_mac).map(str::to_lowercase);
        Some(Self { name, mtu, mac })
    }
}

impl Facts {
    /// The interface that has this address.
    pub fn link_of(&self, address: IpAddr) -> Option<&Link> {
        let own = self.addresses.iter().flatten().find(|own| own.net.addr() == address)?;
        self.links.iter().flatten().find(|link| link.name == own.interface)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_with_and_without_hardware() {
        let link = Link::parse("eth0 1500 02:62:0A:5b:02:0b").unwrap();
        assert_eq!((link.name.as_str(), link.mtu), ("eth0", 1500));
        assert_eq!(link.mac.as_deref(), Some("02:62:0a:5b:02:0b"));
        for bare in ["lo 65536 00:00:00:00:00:00", "tun0 1420", "ib0 2044 80:00:02:08:fe:80:00:00"]
        {
            assert_eq!(Link::parse(bare).unwrap().mac, None, "{bare}");
        }
        assert_eq!(Link::parse("eth0 x"), None);
    }
}
