//! What several tests need.

pub mod server;
pub mod site;
pub mod sshd;
pub mod user;
