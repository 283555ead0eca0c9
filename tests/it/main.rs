//! The one integration binary.

mod preflight;
