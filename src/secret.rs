//! A value that must not leave its place.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A password, passphrase, token or key: not printed, not serialized, wiped when dropped.
///
/// `Debug` shows dots and there is no `Display` and no `Serialize`, so that a secret cannot reach
/// a log, an event or a message by accident.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Shows the value, for the few places that must hand it on.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
