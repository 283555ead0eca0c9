//! Files by their SHA-256 on the operator's machine: what bundles are unpacked to and downloads go to,
//! and what uploads are streamed and resumed from.
//!
//! All functions here block; call them from a blocking thread where they read or write much.

mod cache;
mod digest;
mod error;
mod identity;
mod incoming;
mod prune;
mod sums;

pub use cache::{Cache, Part, Store, cache_dir};
pub use digest::{Digest, Hasher};
pub use error::Error;
pub use identity::Identity;
pub use incoming::Incoming;
pub use sums::{Summed, Sums, Wanted, unhex};
