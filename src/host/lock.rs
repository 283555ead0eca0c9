//! Who may change a host: one run at a time, by a lock that dies with its connection.

use std::time::{Duration, Instant};

use super::journal::{Entry, State, parse};
use super::remote::{Error, Lines, Remote};

/// Limit for a look at the lock.
const SHORT: Duration = Duration::from_secs(60);

/// How often the lock is looked at.
const EVERY: Duration = Duration::from_millis(300);

/// How long a holder's connection may be silent. One that stands says something every 5 s and gives
/// itself up after 20: a holder that is silent for longer is gone, or sleeps.
const SILENCE: Duration = Duration::from_secs(30);

/// A host that no other run can change, until it is let go or its connection ends.
#[derive(Debug)]
pub struct Locked {
    remote: Remote,
    entries: Vec<Entry>,
}

impl Locked {
    /// Locks a host. Waits up to `patience` for a run whose connection is gone but whose last command
    /// still runs, and says so. An error if another run has changed the host since its entries were
    /// read: what was planned from them may be wrong.
    pub async fn take(
        mut remote: Remote,
        patience: Duration,
        lines: &Lines,
    ) -> Result<Self, Error> {
        let entries = parse(&Lock::new(&mut remote, patience, lines).take().await?)?;
        match remote.seen.as_deref().and_then(|seen| news(seen, &entries)) {
            None => Ok(Self { remote, entries }),
            Some(step) => Err(Error::Moved { step: step.to_owned() }),
        }
    }

    /// Lets the host go, unchanged.
    pub async fn release(self) {
        release(self.remote).await;
    }

    pub(super) fn into_parts(self) -> (Remote, Vec<Entry>) {
        (self.remote, self.entries)
    }
}

/// Lets a host go and says goodbye to it.
pub(super) async fn release(mut remote: Remote) {
    // What it does not take away is no lock once the connection is closed.
    let _ = remote.try_read("bv_unlock", SHORT).await;
    remote.close().await;
}

/// The step of the last entry in which two readings of a journal differ. That a change which was under
/// way has ended is no difference: it was waited for, and its step looks at the host by itself.
fn news<'a>(before: &[Entry], now: &'a [Entry]) -> Option<&'a str> {
    let ended = |entry: &Entry| match entry.state {
        State::Started => State::Done,
        other => other,
    };
    let same = |index: usize| match (before.get(index), now.get(index)) {
        (Some(a), Some(b)) => ended(a) == ended(b) && (a.seq, &a.run) == (b.seq, &b.run),
        (before, now) => before.is_none() && now.is_none(),
    };
    let last = (0..before.len().max(now.len())).rev().find(|index| !same(*index))?;
    Some(now.get(last).map_or("wipe", |entry| &entry.step))
}

/// Whether the lock is ours; if so, the journal.
const TAKEN: &str = "bv_locked || exit 78; bv_journal";

/// Exit status of [`TAKEN`] for a lock that is somebody else's.
const OTHERS: i32 = 78;

/// The taking of a host's lock.
#[derive(Debug)]
struct Lock<'a> {
    remote: &'a mut Remote,
    patience: Duration,
    lines: &'a Lines,
    started: Instant,
    /// How often it was seen held by an operator's leftovers.
    orphans: u32,
    /// What was last said of the wait.
    told: Option<String>,
    /// A silent holder, since he was first seen as he is.
    silent: Option<Silence>,
}

/// A holder who has said nothing.
#[derive(Debug)]
struct Silence {
    state: String,
    since: Instant,
    /// His change has just ended: what the host says to him may still be on its way.
    ended: bool,
}

impl Silence {
    fn of(state: &str) -> Self {
        Self { state: state.to_owned(), since: Instant::now(), ended: false }
    }

    /// What it is to be now that his state is another; `None` if it was he who spoke.
    fn after(&self, state: &str) -> Option<Self> {
        let is_busy = |state: &str| state.split(' ').nth(1).is_some_and(|n| n.ends_with(":busy"));
        match (is_busy(&self.state), is_busy(state)) {
            (true, false) => Some(Self { ended: true, ..Self::of(state) }),
            (false, false) if self.ended => Some(Self::of(state)),
            _ => None,
        }
    }
}

impl<'a> Lock<'a> {
    fn new(remote: &'a mut Remote, patience: Duration, lines: &'a Lines) -> Self {
        Self {
            remote,
            patience,
            lines,
            started: Instant::now(),
            orphans: 0,
            told: None,
            silent: None,
        }
    }

    /// Takes the lock, which the remote shell holds open until its connection ends. Returns the journal.
    async fn take(mut self) -> Result<String, Error> {
        loop {
            let answer = self.remote.read("bv_lock_state", SHORT).await?;
            let state = answer.stdout.trim();
            let (word, rest) = state.split_once(' ').unwrap_or((state, ""));
            match word {
                "free" | "left" => {
                    self.remote.shell.define("bv_lock").await?;
                    let answer = self.remote.try_read(TAKEN, SHORT).await?;
                    if answer.status != OTHERS {
                        return Ok(answer.good()?.stdout);
                    }
                }
                "held" => return Err(Error::Locked { holder: rest.to_owned() }),
                "silent" => self.silent(state, rest).await?,
                "orphan" => self.orphan(rest).await?,
                // Its holder is about to say who he is.
                _ => {}
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Somebody holds the host whose connection stands, as far as the host knows. It is taken from him
    /// once his silence has proved that he is gone: his session is ended first, so that he cannot
    /// change anything even if he comes back.
    async fn silent(&mut self, state: &str, rest: &str) -> Result<(), Error> {
        let holder = rest.split_once(' ').map_or("", |(_, holder)| holder);
        match &self.silent {
            Some(Silence { state: before, since, .. }) if before == state => {
                if since.elapsed() >= SILENCE {
                    let fence = format!("bv_fence {}", crate::ssh::quote(state));
                    self.remote.read(&fence, SHORT).await?;
                    self.silent = None;
                } else if since.elapsed() > SILENCE / 5 {
                    self.tell(&format!(
                        "`{holder}` holds this host and does not answer: after {} s it is taken over",
                        SILENCE.as_secs()
                    ));
                }
            }
            Some(before) => match before.after(state) {
                Some(now) => self.silent = Some(now),
                None => return Err(Error::Locked { holder: holder.to_owned() }),
            },
            None => self.silent = Some(Silence::of(state)),
        }
        Ok(())
    }

    /// A run's operator is gone, and its last command is not.
    async fn orphan(&mut self, holder: &str) -> Result<(), Error> {
        self.orphans += 1;
        // Once is not enough: a new holder writes his name after he has taken the lock.
        if self.orphans != 2 && self.started.elapsed() <= self.patience {
            return Ok(());
        }
        let names = self.remote.read("bv_lock_holders", SHORT).await?.stdout;
        let names = names.trim();
        if self.started.elapsed() > self.patience {
            return Err(Error::Orphan { holder: holder.to_owned(), processes: names.to_owned() });
        }
        self.tell(&format!(
            "the run `{holder}` was cut off and its last command still runs: {names}"
        ));
        Ok(())
    }

    /// Says why this takes long, once.
    fn tell(&mut self, what: &str) {
        if self.told.as_deref() != Some(what) {
            // A display that is gone must not stop the work.
            let _ = self.lines.send(format!("{WAITS}{what}"));
            self.told = Some(what.to_owned());
        }
    }
}

/// A line that begins so tells what a step waits for; others are output.
pub const WAITS: &str = "bivouac waits: ";

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "start 1 'a' 'p: one' 'tree' '1' '/x' 'absent' .\ndone 1 .\nstart 2 'a' 'p: two' 'tree' '1' '/y' 'absent' .\n";

    /// What is new in BEFORE with these lines after it.
    fn said(more: &str) -> Option<String> {
        let now = parse(&format!("{BEFORE}{more}")).unwrap();
        news(&parse(BEFORE).unwrap(), &now).map(str::to_owned)
    }

    #[test]
    fn what_another_run_did_meanwhile_is_named() {
        assert_eq!(said(""), None);
        assert_eq!(said("done 2 .\n"), None, "the change under way has ended");
        let three = "start 3 'b' 'p: three' 'tree' '1' '/z' 'absent' .\n";
        assert_eq!(said(three).as_deref(), Some("p: three"));
        assert_eq!(said("undone 1 .\n").as_deref(), Some("p: one"));
        assert_eq!(said("kept 2 .\n").as_deref(), Some("p: two"));
    }

    #[test]
    fn the_end_of_a_change_is_no_sign_of_life() {
        let after = |states: &[&str]| {
            let mut silence = Some(Silence::of(states[0]));
            for state in &states[1..] {
                silence = silence.and_then(|it| it.after(state));
            }
            silence.is_some()
        };
        let (busy, spoke) = ("silent 7:busy r since s", "silent 8:busy r since s");
        let (ended, said) = ("silent 7:idle r since s", "silent 9:idle r since s");
        assert!(!after(&[busy, spoke]), "a keepalive in the middle of a change");
        assert!(after(&[busy, said]), "it ended, and that was said to him");
        assert!(after(&[busy, ended, said]), "the same, seen in between");
        assert!(!after(&[busy, ended, said, "silent 10:idle r since s"]), "then he speaks");
        assert!(!after(&[busy, said, "silent 12:busy r since s"]), "he goes on");
        assert!(!after(&[ended, said]), "he spoke while nothing ended");
    }

    #[test]
    fn a_journal_that_is_gone_or_another_s_is_news() {
        let before = parse(BEFORE).unwrap();
        assert_eq!(news(&before, &[]), Some("wipe"));
        let other = parse(&BEFORE.replace("'a'", "'b'")).unwrap();
        assert_eq!(news(&before, &other), Some("p: two"), "wiped and made anew");
        assert_eq!(news(&[], &[]), None);
    }
}
