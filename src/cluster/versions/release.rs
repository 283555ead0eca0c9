//! The release of a component: three numbers.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// `1.7.29`, in an order that is that of the releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Release(pub u64, pub u64, pub u64);

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl From<Release> for semver::Version {
    fn from(release: Release) -> Self {
        Self::new(release.0, release.1, release.2)
    }
}

impl FromStr for Release {
    type Err = semver::Error;

    /// Reads `1.7.29`, `v1.7.29` and what distributions make of it: `1.6.20~ds1`, `1.7.24-0ubuntu1`.
    fn from_str(text: &str) -> Result<Self, semver::Error> {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
        let version = semver::Version::parse(&bare[..end])?;
        Ok(Self(version.major, version.minor, version.patch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_with_what_distributions_add() {
        for text in ["1.6.20", "v1.6.20", "1.6.20~ds1", "1.6.20-0ubuntu1", "1.6.20+unknown"] {
            assert_eq!(text.parse::<Release>().unwrap(), Release(1, 6, 20), "{text}");
        }
        for text in ["", "v", "1.6", "1.6.x", "~1.6.20", "1.6.20.1"] {
            assert!(text.parse::<Release>().is_err(), "{text}");
        }
        assert_eq!(Release(1, 7, 29).to_string(), "1.7.29");
        assert_eq!(semver::Version::from(Release(1, 7, 29)).to_string(), "1.7.29");
        assert!(Release(1, 10, 0) > Release(1, 9, 1) && Release(2, 0, 0) > Release(1, 99, 99));
    }
}
