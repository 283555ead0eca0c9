//! Verbs of the contract that are not built yet: refused by name.

use clap::Subcommand;

use super::exit::{Exit, Stop};

#[derive(Debug, Subcommand)]
pub enum Later {
    /// Another Kubernetes version (not built yet).
    Upgrade(Rest),
    /// Check and renew certificates (not built yet).
    #[command(alias = "renew-cert")]
    Certs(Rest),
    /// Snapshot and restore etcd (not built yet).
    Etcd(Rest),
    /// Add and remove add-ons (not built yet).
    Addon(Rest),
}

#[derive(Debug, clap::Args)]
pub struct Rest {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<String>,
}

impl Later {
    pub fn run(&self) -> Result<Exit, Stop> {
        let verb = match self {
            Self::Upgrade(_) => "upgrade",
            Self::Certs(_) => "certs",
            Self::Etcd(_) => "etcd",
            Self::Addon(_) => "addon",
        };
        Err(Stop::new(
            Exit::Usage,
            format!("`bivouac {verb}` is not built yet; nothing was changed"),
        ))
    }
}
