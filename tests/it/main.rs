//! The one integration binary.

mod bundle;
mod cluster;
mod preflight;
mod report;
mod ssh;
mod support;
