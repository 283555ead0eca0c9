//! `bivouac kubectl -- ARGS`: kubectl, on a control plane that answers.

use std::process::ExitCode;

use super::control_plane;
use super::exit::{Exit, Stop};
use super::options::Options;
use super::signals;
use crate::report;
use crate::ssh::{Exit as Ended, Streams};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// What kubectl is told.
    #[arg(last = true, required = true)]
    arguments: Vec<String>,
}

pub async fn run(options: &Options, args: &Args) -> Result<ExitCode, Stop> {
    let cluster = options.cluster()?;
    if let Some(why) = refused(&args.arguments) {
        return Err(Stop::new(Exit::Usage, why));
    }
    let plane = control_plane::find(&cluster, options).await?;
    let (stdin, stdout, stderr) = report::pipes();
    let streams =
        Streams { stdin: Box::pin(stdin), stdout: Box::pin(stdout), stderr: Box::pin(stderr) };
    let ended = plane
        .remote
        .kubectl(&args.arguments, streams, signals::first())
        .await
        .map_err(|error| Stop::error(Exit::Unreachable, &error, &error.fix()))?;
    let status = match ended {
        Ended::Code(code) => code,
        Ended::Signal(signal) => 128 + signal,
    };
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(1)))
}

/// What cannot work from afar, and what to do instead.
fn refused(arguments: &[String]) -> Option<String> {
    let own = arguments.split(|word| word == "--").next().unwrap_or_default();
    let verb = verb(own)?;
    let is_tty = |word: &String| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        matches!(word.as_str(), "--tty" | "--tty=true")
            || (letters.contains('t') && letters.chars().all(|c| "itq".contains(c)))
    };
    let why = match verb {
        "exec" | "attach" | "run" | "debug" if own.iter().any(is_tty) => {
            format!(
                "`kubectl {verb}` with a terminal (`-t`) does not work from here: leave `-t` out"
            )
        }
        "edit" => {
            "`kubectl edit` needs an editor and a terminal: get, change and `apply -f -`".to_owned()
        }
        "port-forward" | "proxy" => {
            format!("`kubectl {verb}` would listen on the control plane, not here")
        }
        _ => return None,
    };
    Some(format!(
        "{why}\n  fix: or use a kubectl of your own, with the file of `bivouac kubeconfig`"
    ))
}

/// kubectl's own verb: the first word that is neither a flag nor a global flag's value.
fn verb(words: &[String]) -> Option<&str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-n" | "--namespace" | "-s" | "--server" | "-v" | "--v" | "--context" | "--cluster"
            | "--user" | "--kubeconfig" | "--as" | "--as-group" | "--token" | "--cache-dir"
            | "--request-timeout" => {
                words.next();
            }
            flag if flag.starts_with('-') => {}
            verb => return Some(verb),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(line: &str) -> bool {
        refused(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).is_some()
    }

    #[test]
    fn what_needs_a_terminal_or_a_port_of_ours_is_refused_by_name() {
        for line in [
            "exec -it pod -- sh",
            "exec pod -ti -- sh",
            "-n x exec --tty pod -- sh",
            "run x --image=y -t",
            "edit node x",
            "--namespace x port-forward pod 80",
            "proxy",
        ] {
            assert!(is_refused(line), "{line}");
        }
    }

    #[test]
    fn everything_else_is_kubectl_s_own_matter() {
        for line in [
            "get nodes",
            "exec -i pod -- sh -t",
            "exec pod -- ls -t",
            "get pods edit",
            "-n proxy get pods",
            "logs -f pod --tail 3",
            "apply -f -",
            "get pods -l t",
        ] {
            assert!(!is_refused(line), "{line}");
        }
    }
}
