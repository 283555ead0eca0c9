//! `--skip`, and the names that cluster.yaml skips, judged by who knows the checks.

use super::exit::{Exit, Stop};
use crate::cluster::{Cluster, Mistake, Skip};
use crate::preflight;

/// For verbs that check before they act.
#[derive(Debug, Default, clap::Args)]
pub struct Skips {
    /// A check that is not to be made, or one of its findings (`Port-6443`); may be given several times.
    #[arg(long = "skip", value_name = "NAME")]
    names: Vec<String>,
}

impl Skips {
    /// The cluster with these skips added to its own.
    pub fn added(&self, mut cluster: Cluster) -> Result<Cluster, Stop> {
        for name in &self.names {
            if cluster.skips.iter().any(|skip| skip.name == *name) {
                continue;
            }
            let message = format!("`{name}` is no check of preflight");
            cluster.skips.push(Skip {
                name: name.clone(),
                reason: "`--skip` on the command line".to_owned(),
                unknown: Mistake::new("--skip", message),
            });
        }
        let mistakes: Vec<String> = cluster.skips.iter().filter_map(mistake).collect();
        if mistakes.is_empty() {
            return Ok(cluster);
        }
        Err(Stop::new(Exit::Usage, mistakes.join("\n")))
    }
}

/// What is wrong with it.
fn mistake(skip: &Skip) -> Option<String> {
    let expected = "a name of `bivouac preflight --list`";
    match preflight::named(&skip.name) {
        Ok(check) if check.can_be_skipped() => None,
        Ok(check) => {
            let message =
                format!("`{}` cannot be skipped: what the others say hangs on it", check.name);
            Some(Mistake { message, ..skip.unknown.clone() }.to_string())
        }
        Err(nearest) => Some(skip.unknown.clone().expected(expected).nearest(nearest).to_string()),
    }
}
