//! bivouac pitches a Kubernetes cluster on your own hosts over SSH; strikes it and leaves no trace.
//!
//! Data flows one way: cluster.yaml -> [`cluster::Cluster`] -> [`playbook::Plan`] -> [`engine`]
//! -> hosts; events flow back to [`report`]. A module uses only the modules above it in this list:
//!
//! - [`secret`], [`event`], [`page`]: the types that every floor speaks.
//! - [`content`]: files by their SHA-256 on the operator's machine.
//! - [`ssh`]: one connection per host. Knows nothing of Kubernetes.
//! - [`http`]: downloads, into the content cache.
//! - [`host`]: what is on a host: facts, journal, baseline, and the shell half of each step kind.
//! - [`compare`]: pure functions from what differs after a wipe to whose it is.
//! - [`members`]: who is in a running cluster, and who may leave it.
//! - [`registry`]: images from container registries.
//! - [`bundle`]: all artifacts of a version in one file.
//! - [`serve`]: the bundle for a whole site, from one of its hosts.
//! - [`cluster`]: what the user asked for, checked and typed.
//! - [`release`]: what an install needs, and where the projects publish it.
//! - [`family`]: what families of distributions call things, read from `playbooks/os/`.
//! - [`preflight`]: pure functions from facts to findings.
//! - [`status`]: pure functions from what hosts show of a cluster to what is wrong with it.
//! - [`residue`]: pure functions from what any Kubernetes left on a host to what of it goes.
//! - [`playbook`]: typed steps, rendered with templates into a Plan.
//! - [`engine`]: runs a Plan: lanes, gates, limits, cancellation, events.
//! - [`report`]: events to terminal, JSON and log files.
//! - [`cli`]: one file per verb.

pub mod bundle;
pub mod cli;
pub mod cluster;
pub mod compare;
pub mod content;
pub mod diagnose;
pub mod engine;
pub mod event;
pub mod family;
pub mod host;
pub mod http;
pub mod members;
pub mod page;
pub mod playbook;
pub mod preflight;
pub mod registry;
pub mod release;
pub mod report;
pub mod residue;
pub mod secret;
pub mod serve;
pub mod ssh;
pub mod status;
