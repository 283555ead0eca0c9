//! The one integration binary.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod bundle;
mod catalogue;
mod cli;
mod cluster;
mod diagnose;
mod distributions;
mod findings;
mod http;
mod kernel;
mod nodes;
mod plan;
mod playbooks;
mod preflight;
mod registry;
mod release;
mod report;
mod residue;
mod serve;
mod shell;
mod sources;
mod ssh;
mod ssh_faults;
mod ssh_host_key;
mod ssh_login;
mod ssh_sudo;
mod status;
mod support;
mod templates;
