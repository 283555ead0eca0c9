//! Bundles: made, shown, verified, unpacked, refused.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "tests"
)]

mod building;
mod damage;
mod hostile;
mod signing;
pub mod support;
mod unpacking;
