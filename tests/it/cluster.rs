//! cluster.yaml: what it means, and what is said of every mistake in it.

mod good;
mod hostile;
mod mistakes;
mod snapshots;

use bivouac::cluster::{self, Cluster, Mistakes};

const MINIMAL: &str = include_str!("../fixtures/clusters/minimal.yaml");
const FULL: &str = include_str!("../fixtures/clusters/full.yaml");

fn parse(text: &str) -> Result<Cluster, Mistakes> {
    cluster::parse("cluster.yaml", text)
}

/// `minimal.yaml` with one piece replaced, which must be there.
fn minimal_with(from: &str, to: &str) -> String {
    assert!(MINIMAL.contains(from), "{from:?} is not in minimal.yaml");
    MINIMAL.replacen(from, to, 1)
}
