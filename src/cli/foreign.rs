//! Hosts that another installer made: what is on them, and what of it goes. `wipe --foreign`, `plan wipe`, `verify-clean`.

mod also;

use std::time::Duration;

use super::exit::{Exit, Stop};
use super::hosts;
use super::options::Options;
use super::others;
use super::session::Session;
use super::signals;
use super::told::Told;
use crate::engine::{self, Clearing, Unreached, Wiped};
use crate::event::{EventKind, Events, Fate, Leftover, Looked as Look, Shipped, Sight};
use crate::host::inventory::{Inventory, InventoryError};
use crate::host::{Entry, Error, Remote};
use crate::report::{self, Looked};
use crate::residue::{self, Judged, Outcome, Past, Verdict, Whose, Wishes};

/// What may be asked for beyond what goes by itself.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Wanted {
    /// Hosts by their addresses; with `-f`, hosts of that file by name or address. None means all of the file.
    #[arg(value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Put settings that installers changed back to what the distribution ships.
    #[arg(long, requires = "foreign")]
    pub restore_defaults: bool,
    /// Data that stays otherwise goes too: a directory of volumes, a snapshot, `etcd.service`; may be given several times.
    #[arg(long, value_name = "NAME", requires = "foreign")]
    pub also: Vec<String>,
    /// Wipe what another installer made: only what is provably Kubernetes' own goes, after it was shown.
    #[arg(long)]
    pub foreign: bool,
    #[command(flatten)]
    pub told: Told,
}

impl Wanted {
    pub fn wishes(&self) -> Wishes {
        Wishes {
            defaults: self.restore_defaults,
            // A directory is the same with a slash behind it; the root of everything is no name.
            also: self.also.iter().map(|it| it.trim_end_matches('/').to_owned()).collect(),
        }
    }
}

/// Limit for the look at one host. Each command on it has a shorter one of its own.
const LOOK: Duration = Duration::from_secs(180);

/// What one host showed.
pub struct Seen {
    pub remote: Remote,
    pub entries: Vec<Entry>,
    pub judged: Judged,
    pub past: Past,
    pub inventory: Inventory,
}

impl Seen {
    /// Whether something of Kubernetes' is there, or a wipe that is not done.
    fn is_left(&self) -> bool {
        self.judged.residue().next().is_some() || Entry::are_cut_off(&self.entries)
    }
}

/// Why nothing was seen of a host.
#[derive(Debug)]
pub struct Unseen {
    exit: Exit,
    why: String,
    fix: String,
    /// The same as a finding, of a host that cannot be reached.
    finding: Option<EventKind>,
}

impl Unseen {
    fn new(exit: Exit, error: &Error) -> Self {
        Self { exit, why: error.to_string(), fix: error.fix(), finding: None }
    }
}

impl From<InventoryError> for Unseen {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Remote(error) => Self::new(Exit::Failed, &error),
            cut @ InventoryError::CutShort { .. } => Self {
                exit: Exit::Failed,
                why: cut.to_string(),
                fix: "look at the host by hand, then run the same command again".to_owned(),
                finding: None,
            },
        }
    }
}

/// Looks at all hosts that can be reached, side by side; for each host what was seen, or why nothing was.
pub async fn look(
    session: &Session,
    reached: Vec<Result<Remote, Unreached>>,
    parallel: usize,
    wishes: &Wishes,
) -> Result<Vec<Result<Seen, Unseen>>, Stop> {
    let looks = hosts::side_by_side(reached, parallel, |_, reached| {
        let wishes = wishes.clone();
        async move {
            let mut remote = reached.map_err(|it| Unseen {
                finding: Some(hosts::unreachable(&it)),
                ..Unseen::new(Exit::Unreachable, &it.error)
            })?;
            let entries = remote.entries().await;
            let entries = entries.map_err(|error| Unseen::new(Exit::Failed, &error))?;
            let past = Past::of(&entries);
            let inventory = remote.inventory(&residue::wanted(&past), LOOK).await?;
            let judged = residue::judge(&inventory, &wishes, &past);
            Ok(Seen { remote, entries, judged, past, inventory })
        }
    });
    session.unless_stopped(looks).await
}

/// What was seen, for people; and as events, for programs and logs.
pub fn shown(session: &Session, seen: &[Result<Seen, Unseen>]) -> Vec<Looked> {
    let hosts = session.cluster.hosts.iter().zip(seen);
    hosts
        .map(|(host, seen)| match seen {
            Ok(seen) => {
                for taken in residue::earlier(&seen.entries) {
                    session.events.host(&host.display, EventKind::Taken(taken));
                }
                tell(&session.events, &host.display, Ok(&seen.judged), BEFORE);
                (host.display.clone(), Ok(seen.judged.clone()))
            }
            Err(Unseen { why, .. }) => {
                tell(&session.events, &host.display, Err(why), BEFORE);
                (host.display.clone(), Err(why.clone()))
            }
        })
        .collect()
}

/// A look before a wipe, or without one; and one after it.
const BEFORE: bool = false;
const AFTER: bool = true;

/// What a look came to, as events: each thing, and then all of them.
fn tell(events: &Events, host: &str, judged: Result<&Judged, &String>, after: bool) {
    let seen = judged.map_err(Clone::clone).map(|judged| {
        for installer in &judged.installers {
            let (name, value) = ("installer".to_owned(), installer.name().to_owned());
            events.host(host, EventKind::Fact { name, value });
        }
        let leftovers: Vec<Leftover> = judged.verdicts.iter().map(leftover).collect();
        for leftover in &leftovers {
            events.host(host, EventKind::Residue(leftover.clone()));
        }
        Sight { leftovers, passed_over: judged.passed_over.clone() }
    });
    events.host(host, EventKind::Looked(Box::new(Look { after, seen })));
}

fn leftover(verdict: &Verdict) -> Leftover {
    let (fate, setting) = match &verdict.outcome {
        Outcome::Goes { .. } => (Fate::Goes, None),
        Outcome::Stays { whose: Whose::Owner, .. } => (Fate::Stays, None),
        Outcome::Stays { whose: Whose::Cluster, .. } => (Fate::Kept, None),
        Outcome::Unsure { .. } => (Fate::Unsure, None),
        Outcome::Setting { now, ships, removal } => {
            let (now, ships) = (now.clone(), ships.clone());
            (Fate::Setting, Some(Shipped { now, ships, by_hand: removal.is_none() }))
        }
    };
    Leftover {
        name: verdict.entry.name,
        classes: verdict.entry.classes,
        thing: verdict.thing.clone(),
        fate,
        because: report::residue_because(&verdict.outcome),
        setting,
    }
}

/// Says something of the run's own, unless only events are wanted.
fn say(options: &Options, told: &Told, hosts: &[Looked], what: Say) -> Result<(), Stop> {
    let is_left = |it: &&Looked| {
        !options.quiet || it.1.as_ref().map_or(true, |it| it.residue().next().is_some())
    };
    let hosts: Vec<Looked> = hosts.iter().filter(is_left).cloned().collect();
    if options.output() == report::Output::Json || hosts.is_empty() {
        return Ok(());
    }
    report::styled(|style| {
        let mut text = match what {
            Say::Found => report::residue_text(&hosts, options.verbose, style),
            Say::Left => report::residue_left(&hosts, options.verbose, style),
        };
        if told.show_ignored {
            text += &report::residue_ignored(&hosts);
        }
        text
    })
    .map_err(|error| Stop::error(Exit::Failed, &error, ""))
}

/// What is said of hosts.
#[derive(Debug, Clone, Copy)]
enum Say {
    /// What is there, and what becomes of it.
    Found,
    /// What is left after a wipe.
    Left,
}

/// How a look at hosts ends: the worst of them.
pub fn verdict(seen: &[Result<Seen, Unseen>]) -> Exit {
    let failed =
        seen.iter().find_map(|it| it.as_ref().err().filter(|unseen| unseen.exit == Exit::Failed));
    if failed.is_some() {
        Exit::Failed
    } else if seen.iter().any(Result::is_err) {
        Exit::Unreachable
    } else if seen.iter().flatten().any(Seen::is_left) {
        Exit::Differs
    } else {
        Exit::Done
    }
}

/// `verify-clean` and `plan wipe --foreign`: shows what is there, and changes nothing.
pub async fn inspect(options: &Options, verb: &str, wanted: &Wanted) -> Result<Exit, Stop> {
    let cluster = options.cluster_of(&wanted.hosts)?;
    wanted.told.writable()?;
    let mut session = Session::begin(options, verb, cluster);
    session.proves(&wanted.told);
    session.by_proof();
    let wishes = wanted.wishes();
    let looked = async {
        let reached = hosts::reached(&session, options).await?;
        let seen = look(&session, reached, options.parallel, &wishes).await?;
        also::check(&seen, &wishes)?;
        Ok::<_, Stop>(seen)
    };
    let seen = match looked.await {
        Ok(seen) => seen,
        Err(stop) => {
            let exit = stop.show();
            return Ok(session.end(exit).await);
        }
    };
    let hosts = shown(&session, &seen);
    for (host, seen) in session.cluster.hosts.iter().zip(&seen) {
        if let Some(finding) = seen.as_ref().err().and_then(|it| it.finding.clone()) {
            session.events.host(&host.display, finding);
        }
    }
    let cut_off: Vec<String> = session
        .cluster
        .hosts
        .iter()
        .zip(&seen)
        .filter(|(_, seen)| seen.as_ref().is_ok_and(|it| Entry::are_cut_off(&it.entries)))
        .map(|(host, _)| {
            session.events.host(&host.display, others::is_cut_off(options, host));
            format!(
                "{}: {}; it goes on with `{}`",
                host.display,
                others::CUT_OFF,
                options.foreign([host])
            )
        })
        .collect();
    let exit = match (verb, verdict(&seen)) {
        // A plan that could be made is done, whatever it says.
        ("plan", Exit::Differs) => Exit::Done,
        (_, exit) => exit,
    };
    let exit = session.end(exit).await;
    say(options, &wanted.told, &hosts, Say::Found)?;
    if options.output() == report::Output::Text {
        for line in &cut_off {
            report::err(line);
        }
    }
    Ok(exit)
}

/// `wipe --foreign`.
pub async fn wipe(options: &Options, wanted: &Wanted) -> Result<Exit, Stop> {
    let cluster = options.cluster_of(&wanted.hosts)?;
    wanted.told.writable()?;
    let mut session = Session::begin(options, "wipe", cluster);
    session.proves(&wanted.told);
    session.by_proof();
    let ended = match work(&mut session, options, wanted).await {
        Ok(ended) => ended,
        Err(stop) => (stop.show(), Vec::new()),
    };
    let (exit, left) = ended;
    let exit = session.end(exit).await;
    say(options, &wanted.told, &left, Say::Left)?;
    Ok(exit)
}

async fn work(
    session: &mut Session,
    options: &Options,
    wanted: &Wanted,
) -> Result<(Exit, Vec<Looked>), Stop> {
    let wishes = wanted.wishes();
    let reached = hosts::reached(session, options).await?;
    let seen = look(session, reached, options.parallel, &wishes).await?;
    refuse_ours(session, &seen)?;
    also::check(&seen, &wishes)?;
    let hosts = shown(session, &seen);
    let mut exit = match verdict(&seen) {
        Exit::Differs => Exit::Done,
        exit => exit,
    };
    let mut clearings = Vec::new();
    let mut quiet = Vec::new();
    let mut unseen = Vec::new();
    for ((name, looked), seen) in hosts.iter().zip(seen) {
        let Seen { remote, entries, judged, past, .. } = match seen {
            Ok(seen) => seen,
            Err(why) => {
                unseen.push((name, why));
                quiet.push((name.clone(), looked.clone()));
                continue;
            }
        };
        let removals = residue::removals(&judged, &wishes);
        // One that was killed at its end has only its journal left.
        if removals.is_empty() && entries.is_empty() {
            if judged.residue().next().is_some() && exit == Exit::Done {
                exit = Exit::Differs;
            }
            quiet.push((name.clone(), looked.clone()));
            remote.close().await;
        } else {
            clearings.push(Clearing { name: name.clone(), remote, removals, judged, past });
        }
    }
    let goes = clearings.iter().any(|it| !it.removals.is_empty());
    if goes && !options.yes {
        say(options, &Told::default(), &hosts, Say::Found)?;
        confirm(session).await?;
    }
    session.show();
    if clearings.is_empty() {
        // What stays is told, and the same once more would not help.
        if exit == Exit::Differs {
            session.conclude(true);
        }
        return Ok((exit, quiet));
    }
    let run = engine::Options {
        parallel: options.parallel,
        cancel: session.cancel.clone(),
        started: session.started,
    };
    if exit == Exit::Unreachable {
        // That status would say that nothing was changed.
        exit = Exit::Failed;
    }
    let all = unseen.is_empty();
    for (name, Unseen { why, fix, .. }) in unseen {
        session.events.host(name, engine::not_seen(why, fix));
        session.events.host(name, EventKind::HostDone { ok: false, changed: 0, seconds: 0.0 });
    }
    let cleared = engine::clear(clearings, &wishes, &session.events, &run).await;
    for (name, judged) in cleared.hosts {
        let judged = judged.ok_or_else(|| "it was not wiped to the end".to_owned());
        tell(&session.events, &name, judged.as_ref(), AFTER);
        quiet.push((name, judged));
    }
    // What stays is the table's to say; the work itself was done.
    session.conclude(all && cleared.how <= Wiped::Differs);
    // In the order of the hosts.
    let place = |name: &str| hosts.iter().position(|(host, _)| host == name);
    quiet.sort_by_key(|(name, _)| place(name));
    let own = match cleared.how {
        Wiped::Clean => Exit::Done,
        Wiped::Differs => Exit::Differs,
        Wiped::Failed => Exit::Failed,
        Wiped::Locked => Exit::Locked,
    };
    Ok((worst(exit, own), quiet))
}

/// Who reads the status wants to know first what can be mended.
fn worst(one: Exit, other: Exit) -> Exit {
    let order = [Exit::Locked, Exit::Failed, Exit::Unreachable, Exit::Differs];
    order.into_iter().find(|it| *it == one || *it == other).unwrap_or(Exit::Done)
}

/// A host with our own journal is wiped by playing that back: it knows more than any table.
fn refuse_ours(session: &Session, seen: &[Result<Seen, Unseen>]) -> Result<(), Stop> {
    let hosts = session.cluster.hosts.iter().zip(seen);
    let ours: Vec<&str> = hosts
        .filter(|(_, seen)| {
            seen.as_ref().is_ok_and(|it| it.entries.iter().any(|entry| !entry.clears()))
        })
        .map(|(host, _)| host.display.as_str())
        .collect();
    if ours.is_empty() {
        return Ok(());
    }
    Err(Stop::new(
        Exit::Refused,
        format!(
            "{}: bivouac's own journal is there, which knows how the host was before\n  fix: `bivouac wipe` plays it back; what another installer left besides goes with `wipe --foreign` after it",
            ours.join(", ")
        ),
    ))
}

async fn confirm(session: &Session) -> Result<(), Stop> {
    if !report::is_terminal() {
        return Err(Stop::new(
            Exit::Usage,
            "a wipe needs an answer and there is no terminal\n  fix: look at it with `bivouac plan wipe --foreign`, then add `--yes`",
        ));
    }
    let hosts: Vec<&str> = session.cluster.hosts.iter().map(|host| host.display.as_str()).collect();
    let question = format!(
        "this removes what is listed as `goes` from {}; what is saved on the way goes as well when the wipe is whole, so nothing can be put back then\ntype `wipe` to go on: ",
        hosts.join(", ")
    );
    match signals::ask(&session.cancel, question).await? {
        Some(answer) if answer.trim() == "wipe" => Ok(()),
        _ => Err(Stop::new(Exit::Usage, "nothing was changed: `wipe` was not typed")),
    }
}
