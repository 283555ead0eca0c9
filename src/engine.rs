//! Runs a plan: one lane a host, gates where the cluster itself demands an order, a limit on hosts at
//! once, cancellation. Its only output is events.

mod cancel;
mod clear;
mod connect;
mod failure;
mod gates;
mod lane;
mod locks;
mod path;
mod run;
mod stage;
mod task;
mod turns;
mod wipe;

pub use cancel::Cancel;
pub use clear::{Cleared, Clearing, clear, not_seen};
pub use connect::{Unreached, connect};
pub use failure::describe;
pub use run::{Ended, FailedStep, Options, Outcome, Work, part, run};
pub use wipe::{Wiped, wipe};
