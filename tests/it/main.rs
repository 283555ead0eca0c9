//! The one integration binary.

mod bundle;
mod report;
mod support;
