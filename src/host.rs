//! What is on a host: facts, journal, baseline, and the shell half of every step kind.
//!
//! A [`Remote`] can only read. [`Locked`], no other run can change it. Changes are made by a [`Journal`],
//! which exists once the baseline is on disk too; it has no way to change anything without an entry.

mod change;
mod clear;
pub mod evidence;
pub mod facts;
mod guard;
mod identity;
pub mod inventory;
mod journal;
mod kubectl;
mod lock;
mod manager;
pub mod registry;
mod remote;
mod servers;
mod stage;
pub mod survey;
pub mod ways;
mod words;

pub use change::{Change, Data, Upload, Whose};
pub use clear::Clear;
pub use identity::Identity;
pub use journal::{Compared, Entry, Journal, Outcome, State, Undone};
pub use kubectl::Admin;
pub use lock::{Locked, WAITS};
pub use manager::PackageManager;
pub use remote::{Answer, Error, Lines, Probe, Remote, Run};
pub use stage::{Origin, Staged, Via, Wanted};
