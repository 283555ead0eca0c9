//! What several tests need.

pub mod sshd;
pub mod user;
