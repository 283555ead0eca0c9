//! `bivouac wipe`: take the cluster away and prove that the hosts are as before.

use super::exit::{Exit, Stop};
use super::foreign::{self, Wanted};
use super::options::Options;
use super::session::Session;
use super::{hosts, others};
use crate::engine;
use crate::report;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    wanted: Wanted,
}

pub async fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    if args.wanted.foreign {
        return Box::pin(foreign::wipe(options, &args.wanted)).await;
    }
    if !args.wanted.hosts.is_empty() {
        return Err(Stop::new(
            Exit::Usage,
            "a wipe of our own clusters takes all hosts of cluster.yaml\n  fix: `bivouac remove HOST` takes one out of the cluster; `bivouac wipe --foreign HOST` is for what another installer made",
        ));
    }
    let cluster = options.cluster()?;
    args.wanted.told.writable()?;
    if !options.yes {
        confirm(&cluster)?;
    }
    let mut session = Session::begin(options, "wipe", cluster);
    session.proves(&args.wanted.told);
    let exit = match wipe(&mut session, options).await {
        Ok(exit) => exit,
        Err(stop) => stop.show(),
    };
    Ok(session.end(exit).await)
}

async fn wipe(session: &mut Session, options: &Options) -> Result<Exit, Stop> {
    // A host that is gone for good must not keep the others from being wiped.
    let mut reached = hosts::reached(session, options).await?;
    let cut_off = others::cut_off_hosts(session, &mut reached);
    let cut_off = session.unless_stopped(cut_off).await?;
    if !cut_off.is_empty() {
        session.goes_on_with(options.foreign(&cut_off));
        return Err(others::cut_off(options, &cut_off));
    }
    session.show();
    if reached.iter().all(Result::is_err) {
        for unreached in reached.into_iter().filter_map(Result::err) {
            session.events.host(&unreached.host, hosts::unreachable(&unreached));
        }
        return Err(Stop::said(Exit::Unreachable));
    }
    let spared = Box::pin(others::spare(session, &mut reached));
    session.unless_stopped(spared).await??;
    let named = session.cluster.hosts.iter().map(|host| host.display.clone());
    let named = named.zip(reached).collect();
    let run = engine::Options {
        parallel: options.parallel,
        cancel: session.cancel.clone(),
        started: session.started,
    };
    session.concluded = true;
    Ok(match engine::wipe(named, &session.events, &run).await {
        engine::Wiped::Clean => Exit::Done,
        engine::Wiped::Differs => Exit::Differs,
        engine::Wiped::Failed => Exit::Failed,
        engine::Wiped::Locked => Exit::Locked,
    })
}

/// A wipe takes a cluster's data for good: its name has to be typed.
fn confirm(cluster: &crate::cluster::Cluster) -> Result<(), Stop> {
    let hosts: Vec<&str> = cluster.hosts.iter().map(|host| host.display.as_str()).collect();
    let name = &cluster.name;
    if !report::is_terminal() {
        return Err(Stop::new(
            Exit::Usage,
            format!(
                "wiping the cluster `{name}` needs an answer and there is no terminal\n  fix: add `--yes`"
            ),
        ));
    }
    let question = format!(
        "this removes the cluster `{name}` with all its data from {}\ntype the cluster's name to go on: ",
        hosts.join(", ")
    );
    match report::ask(&question) {
        Some(answer) if answer.trim() == name => Ok(()),
        _ => Err(Stop::new(Exit::Usage, "nothing was changed: the name was not typed")),
    }
}
