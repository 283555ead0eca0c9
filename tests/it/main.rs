//! The one integration binary.

mod bundle;
