//! What an install needs, and where the projects publish it: which file of which component, its published
//! sum, and what is taken out of it.
//!
//! Pure data (`layout`), readers of what is published (`sums`, `archive`), and the way of it all into the
//! content cache (`fetch`).

mod archive;
mod error;
mod fetch;
mod layout;
mod sums;

pub use archive::{Problem, take};
pub use error::Error;
pub use fetch::{Fetched, Published, fetch, newest, published, unfetched};
pub use layout::{Contents, Source, Sum, sources};
pub use sums::find as sum_of;
