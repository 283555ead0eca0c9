//! `bivouac status`: one look at a cluster.

use std::time::{Duration, SystemTime};

use super::exit::{Exit, Stop};
use super::hosts;
use super::options::Options;
use super::session::Session;
use crate::cluster::versions::Wish;
use crate::event::{EventKind, Finding};
use crate::host::Remote;
use crate::report;
use crate::status::{self, Context, Look, Status, Unseen};

#[derive(Debug, clap::Args)]
pub struct Args {}

/// Limit for the look at one host. Each command on it has a shorter one of its own.
const LOOK: Duration = Duration::from_secs(90);

pub async fn run(options: &Options, _args: &Args) -> Result<Exit, Stop> {
    let wished = options.wished(false)?;
    let wish = options.version_is_known().then(|| wished.wish().clone());
    let mut session = Session::begin(options, "status", wished.guessed());
    let status = match look(&mut session, options, wish.as_ref()).await {
        Ok(status) => status,
        Err(stop) => {
            let exit = stop.show();
            return Ok(session.end(exit).await);
        }
    };
    tell(&session, &status);
    let exit = if status.is_well() { Exit::Done } else { Exit::Failed };
    let exit = session.end(exit).await;
    let silent = options.quiet && status.findings.is_empty();
    if options.output() == report::Output::Text && !silent {
        report::styled(|style| report::status_text(&status, options.verbose, style))
            .map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    }
    Ok(exit)
}

async fn look(
    session: &mut Session,
    options: &Options,
    wish: Option<&Wish>,
) -> Result<Status, Stop> {
    let reached = hosts::try_connect(session, options).await?;
    let read = |mut remote: Remote| async move { remote.survey(LOOK).await };
    let seen = session.unless_stopped(hosts::read_each(reached, options.parallel, read)).await?;
    let unseen = |(message, fix)| Unseen { message, fix };
    let hosts = session.cluster.hosts.iter().zip(seen);
    let looks: Vec<Look<'_>> =
        hosts.map(|(host, seen)| Look { host, seen: seen.map_err(unseen) }).collect();
    Ok(status::assess(&Context {
        cluster: &session.cluster,
        looks: &looks,
        wish,
        now: SystemTime::now(),
    }))
}

/// Everything as events, for programs and for the logs.
fn tell(session: &Session, status: &Status) {
    let events = &session.events;
    let tell = |host: Option<&str>, kind| match host {
        Some(host) => events.host(host, kind),
        None => events.run(kind),
    };
    for (host, row) in &status.hosts {
        tell(host.as_deref(), EventKind::HostStatus(Box::new(row.clone())));
    }
    for (host, row) in &status.etcd {
        tell(host.as_deref(), EventKind::EtcdStatus(Box::new(row.clone())));
    }
    for (host, row) in &status.certificates {
        tell(Some(host), EventKind::CertificateStatus(row.clone()));
    }
    for found in &status.findings {
        let it = Finding::new(found.name, found.severity, &found.message, &found.fix);
        tell(found.host.as_deref(), EventKind::Finding(it));
    }
}
