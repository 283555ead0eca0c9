//! What hosts told each other during a run: tokens, certificates, addresses.

use std::collections::BTreeMap;
use std::fmt;

use crate::secret::Secret;

/// The value that a host must bring which fetches from the host that serves the bundle.
pub const SERVE_TOKEN: &str = "serve_token";

/// Names and values, kept in memory only. Some are secrets, so `Debug` shows the names alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value; one of this name that is there is replaced.
    pub fn insert(&mut self, name: String, value: String) {
        self.0.insert(name, value);
    }

    /// Takes over another's values; they go before its own.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// A value that nobody else is to see.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.0.get(name).map(Secret::new)
    }

    /// As templates see them.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!(self.0)
    }
}

impl<const N: usize> From<[(String, String); N]> for Values {
    fn from(pairs: [(String, String); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl FromIterator<(String, String)> for Values {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_and_values_are_not() {
        let mut values = Values::from([("token".to_owned(), "s3cret".to_owned())]);
        values.extend(Values::from([("ca".to_owned(), "PEM".to_owned())]));
        assert_eq!(format!("{values:?}"), r#"{"ca", "token"}"#);
        assert_eq!(values.json()["token"], "s3cret");
    }
}
