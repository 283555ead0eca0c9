//! The command line: one file a verb, a few lines each.

mod bundle;
mod control_plane;
mod credentials;
mod diagnose;
mod exit;
mod explain;
mod fix;
mod foreign;
mod gather;
mod hosts;
mod images;
mod init;
mod join;
mod kubeconfig;
mod kubectl;
mod later;
mod needed;
mod options;
mod others;
mod pages;
mod plan;
mod preflight;
mod reach;
mod registries;
mod remove;
mod render;
mod running;
mod serving;
mod session;
mod shell;
mod signals;
mod signing;
mod skips;
mod sources;
mod status;
mod told;
mod verify_clean;
mod version;
mod ways;
mod wipe;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use exit::Stop;
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
    /// Look whether anything of Kubernetes' is on hosts, whoever installed it; changes nothing.
    ///
    /// Exits 0 when a host is clean of what is known, 6 with the list when it is not.
    VerifyClean(verify_clean::Args),
    /// Only check whether `init` would work; changes nothing.
    #[command(visible_alias = "check")]
    Preflight(preflight::Args),
    /// Show what `init` would do, host by host, with file diffs; changes nothing.
    Plan(plan::Args),
    /// Print the rendered files, without any host.
    Render(render::Args),
    /// Show how the cluster is: nodes, etcd, certificates, what differs from the file.
    ///
    /// Reads every host over SSH, so it works with the API dead too; changes nothing and takes no
    /// lock. Exits 0 when everything is healthy and as cluster.yaml says, 1 otherwise, with the list
    /// of what is not. Warnings alone leave it at 0. What could not be read is an error too.
    Status(status::Args),
    /// Say why it does not work: read every host's logs and state, name the cause and the fix.
    ///
    /// Works at any time, with the API, the kubelet or the runtime dead; changes nothing and takes no lock.
    /// Exits 0 when nothing is wrong that could be seen, 1 when something is, 4 when hosts could not be
    /// read and nothing else was found. After a run that did not work it is done by itself.
    Diagnose(diagnose::Args),
    /// Fetch the kubeconfig from a control plane that answers.
    ///
    /// It goes to `NAME.kubeconfig`, readable for you alone; standard output has the line that tells
    /// kubectl of it: `eval "$(bivouac kubeconfig)"`. A server at `127.0.0.1` becomes the control
    /// plane's address.
    Kubeconfig(kubeconfig::Args),
    /// Run kubectl on a control plane that answers: `bivouac kubectl -- get nodes`.
    ///
    /// Standard input, output and error are passed through, and kubectl's exit status is the exit
    /// status. No kubectl is needed on this machine. Files are those of the control plane: your own go
    /// in on standard input, `bivouac kubectl -- apply -f - < FILE`.
    Kubectl(kubectl::Args),
    /// Make, sign, show, verify and serve bundles.
    #[command(subcommand)]
    Bundle(Box<bundle::Args>),
    /// Say what a finding means: what it breaks, how it is seen, what to do.
    Explain(explain::Args),
    /// Print the completion script of a shell.
    Completion(shell::CompletionArgs),
    /// Print the manual page.
    Man,
    #[command(flatten)]
    Later(later::Later),
}

/// The page of every finding and cause, for the list in `docs/findings.md`.
///
/// # Errors
/// A playbook of the binary's own is wrong.
pub fn pages() -> Result<Vec<crate::page::Page>, String> {
    explain::all().map_err(|stop| format!("{stop:?}"))
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
    cli.run().unwrap_or_else(|stop| stop.show().into())
}

impl Cli {
    fn run(self) -> Result<ExitCode, Stop> {
        let options = &self.options;
        let exit = match &self.verb {
            Verb::Init(args) => session::block_on(init::run(options, args)),
            Verb::Join(args) => session::block_on(join::run(options, args)),
            Verb::Remove(args) => session::block_on(remove::run(options, args)),
            Verb::Wipe(args) => session::block_on(wipe::run(options, args)),
            Verb::VerifyClean(args) => session::block_on(verify_clean::run(options, args)),
            Verb::Preflight(args) if args.lists() => explain::checks(options),
            Verb::Preflight(args) => session::block_on(preflight::run(options, args)),
            Verb::Plan(args) => session::block_on(plan::run(options, args)),
            Verb::Status(args) => session::block_on(status::run(options, args)),
            Verb::Diagnose(args) => session::block_on(diagnose::run(options, args)),
            Verb::Kubeconfig(args) => session::block_on(kubeconfig::run(options, args)),
            // Its exit status is kubectl's own.
            Verb::Kubectl(args) => return session::block_on(kubectl::run(options, args)),
            Verb::Render(args) => render::run(options, args),
            Verb::Bundle(args) => bundle::run(options, args),
            Verb::Explain(args) => explain::run(options, args),
            Verb::Completion(args) => shell::completion(args, &mut Self::command()),
            Verb::Man => shell::man(Self::command()),
            Verb::Later(later) => later.run(),
        };
        exit.map(ExitCode::from)
    }
}
