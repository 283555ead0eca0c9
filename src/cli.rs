//! The command line: one file a verb, a few lines each.

mod bundle;
mod credentials;
mod exit;
mod hosts;
mod init;
mod join;
mod later;
mod options;
mod plan;
mod preflight;
mod remove;
mod render;
mod running;
mod session;
mod shell;
mod signals;
mod wipe;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use exit::{Exit, Stop};
use options::Options;

/// Pitches a Kubernetes cluster on your own hosts over SSH; strikes it and leaves no trace.
///
/// Exit codes: 0 done; 1 failed part way, a second try goes on; 2 the command line or the file is
/// wrong; 3 preflight refused, nothing changed; 4 a host cannot be reached, nothing changed;
/// 5 another run holds a host; 6 wiped, but something differs from before; 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "bivouac", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Install the cluster; on a cluster that is half there, go on.
    Init(init::Args),
    /// Add the hosts of cluster.yaml that are not in the cluster yet, or some of them.
    #[command(visible_alias = "add")]
    Join(join::Args),
    /// Take hosts out of the cluster: drain, leave etcd, delete the node, wipe the host.
    #[command(visible_alias = "del")]
    Remove(remove::Args),
    /// Remove everything from all hosts, restore them, and prove it.
    #[command(visible_alias = "reset")]
    Wipe(wipe::Args),
    /// Only check whether `init` would work; changes nothing.
    #[command(visible_alias = "check")]
    Preflight(preflight::Args),
    /// Show what `init` would do, host by host, with file diffs; changes nothing.
    Plan(plan::Args),
    /// Print the rendered files, without any host.
    Render(render::Args),
    /// Make, show and verify bundles.
    #[command(subcommand)]
    Bundle(bundle::Args),
    /// Print the completion script of a shell.
    Completion(shell::CompletionArgs),
    /// Print the manual page.
    Man,
    #[command(flatten)]
    Later(later::Later),
}

/// Parses the command line, does what it says, and tells how it ended.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap knows where help and mistakes belong; a closed pipe is no mistake.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let exit = cli.run().unwrap_or_else(|stop| stop.show());
    exit.into()
}

impl Cli {
    fn run(self) -> Result<Exit, Stop> {
        let options = &self.options;
        match &self.verb {
            Verb::Init(args) => session::block_on(init::run(options, args)),
            Verb::Join(args) => session::block_on(join::run(options, args)),
            Verb::Remove(args) => session::block_on(remove::run(options, args)),
            Verb::Wipe(args) => session::block_on(wipe::run(options, args)),
            Verb::Preflight(args) => session::block_on(preflight::run(options, args)),
            Verb::Plan(args) => session::block_on(plan::run(options, args)),
            Verb::Render(args) => render::run(options, args),
            Verb::Bundle(args) => bundle::run(options, args),
            Verb::Completion(args) => shell::completion(args, &mut Self::command()),
            Verb::Man => shell::man(Self::command()),
            Verb::Later(later) => later.run(),
        }
    }
}
