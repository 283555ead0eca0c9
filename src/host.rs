//! What is on a host.

pub mod facts;
