//! What several tests need.

pub mod site;
pub mod sshd;
pub mod user;
