//! `bivouac verify-clean`: whether anything of Kubernetes' is on hosts, also on those that this tool never saw.

use super::exit::{Exit, Stop};
use super::foreign::{self, Wanted};
use super::options::Options;
use super::told::Told;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Hosts by their addresses; with `-f`, hosts of that file by name or address. None means all of the file.
    #[arg(value_name = "HOST")]
    hosts: Vec<String>,
    #[command(flatten)]
    told: Told,
}

pub async fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let wanted = Wanted { hosts: args.hosts.clone(), told: args.told.clone(), ..Wanted::default() };
    foreign::inspect(options, "verify-clean", &wanted).await
}
