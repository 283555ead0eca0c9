//! The one integration binary.

mod bundle;
mod cluster;
mod preflight;
mod report;
