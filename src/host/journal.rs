//! A host's journal: the only way to change the host.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use super::change::{Change, Data, Upload};
use super::guard;
use super::lock::{self, Locked};
use super::remote::{Answer, Error, Lines, Remote};
use super::words;
use crate::secret::Secret;
use crate::ssh::{self, Stdin};

/// Exit status of the shell half for "the host is already so" (`BV_UNCHANGED`).
const UNCHANGED: i32 = 79;

/// Limit for what only touches small files.
const SHORT: Duration = Duration::from_secs(60);

/// How often one undo may take something out of the packet filter, each time with a proof.
const PROOFS: u32 = 3;

/// How far an entry got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Recorded; whether the change was made is not known.
    Started,
    /// The change was made.
    Done,
    /// The state before was restored, but for what is no longer ours.
    Kept,
    /// The state before was restored.
    Undone,
}

/// One change that was made, or begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1.
    pub seq: u64,
    /// The run that made it.
    pub run: String,
    /// `playbook: step`.
    pub step: String,
    /// The step kind.
    pub kind: String,
    /// The kind's arguments.
    pub arguments: Vec<String>,
    /// What the kind noted of the state before; empty for an entry of this very run.
    pub before: Vec<String>,
    /// How far it got.
    pub state: State,
}

impl Entry {
    /// Whether it has anything to put back on the host. What only asked a cluster for something has not.
    pub fn restores(&self) -> bool {
        self.kind != "command" || self.arguments.get(1).is_none_or(|undo| !undo.is_empty())
    }

    /// Whether it takes away what another installer left.
    pub fn clears(&self) -> bool {
        self.kind == "clear"
    }

    /// Whether all that stands in a journal takes away what another installer left: such a wipe was cut off there. Its entries put back what it saved
    /// on the way, so that playing them back would bring a dead cluster's things.
    pub fn are_cut_off(entries: &[Self]) -> bool {
        let mut standing = entries.iter().filter(|it| it.state != State::Undone).peekable();
        standing.peek().is_some() && standing.all(Self::clears)
    }

    /// Whether it makes the host a node. A control plane that is only prepared is none yet.
    pub fn is_join(&self) -> bool {
        let verb = self.arguments.first().map(String::as_str);
        self.kind == "kubeadm" && verb != Some("prepare-control-plane") && !self.is_move()
    }

    /// Whether it gave the cluster another address.
    pub fn is_move(&self) -> bool {
        self.kind == "kubeadm" && self.arguments.first().is_some_and(|verb| verb == "move")
    }
}

/// What a change came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The host was already so; nothing was done and nothing recorded.
    Unchanged,
    /// The host was changed.
    Changed,
}

/// What a host differs in from its baseline, as it says it itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// SHA-256 of the baseline.
    pub baseline: String,
    /// When it was taken.
    pub taken: Option<SystemTime>,
    /// `+` what is new, `-` what is gone.
    pub lines: Vec<String>,
    /// Lines of looks a moment apart that differ: what moves by itself.
    pub restless: Vec<String>,
}

impl Compared {
    fn read(text: &str) -> Self {
        let mut compared = Self::default();
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("baseline", rest)) => {
                    let (sum, seconds) = rest.split_once(' ').unwrap_or((rest, ""));
                    sum.clone_into(&mut compared.baseline);
                    let since = seconds.trim().parse().ok().map(Duration::from_secs);
                    compared.taken = since.and_then(|since| UNIX_EPOCH.checked_add(since));
                }
                Some(("~", rest)) => compared.restless.push(rest.to_owned()),
                _ => compared.lines.push(line.to_owned()),
            }
        }
        compared
    }
}

/// Whether something was taken out of the packet filter that may have let the operator in.
fn is_unproven(answer: &Answer) -> bool {
    answer.stdout.lines().any(|line| line == "unproven")
}

/// What an undo came to: things that were left alone because they are no longer ours.
pub type Undone = Vec<String>;

/// A host that is locked and has its baseline: changes can be made, each with an entry.
#[derive(Debug)]
pub struct Journal {
    remote: Remote,
    entries: Vec<Entry>,
    /// Something was taken out of the packet filter, and no new login has proven yet that it may stay out.
    went: bool,
}

impl Journal {
    /// Whether the host has a journal: something may be there to undo.
    pub async fn is_there(remote: &mut Remote) -> Result<bool, Error> {
        Ok(remote.try_read("bv_known", SHORT).await?.status == 0)
    }

    /// Opens a locked host for changes; the baseline is taken if there is none.
    pub async fn open(host: Locked) -> Result<Self, Error> {
        Self::begin(host, "bv_open").await
    }

    /// Opens a locked host for undos alone. It needs no room on the host; without an entry nothing is made there.
    pub async fn reopen(host: Locked) -> Result<Self, Error> {
        Self::begin(host, "bv_reopen").await
    }

    async fn begin(host: Locked, script: &str) -> Result<Self, Error> {
        let (mut remote, entries) = host.into_parts();
        remote.read(script, Duration::from_secs(600)).await?;
        let mut journal = Self { remote, entries, went: false };
        // A run that was cut off may have left it to us.
        journal.prove().await?;
        Ok(journal)
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The host, to be read.
    pub fn reader(&mut self) -> &mut Remote {
        &mut self.remote
    }

    /// Makes a change, unless the host is already so: check, record, effect and mark are one round
    /// trip; a file that is uploaded takes one more, to find out where to go on. A file that the host can
    /// fetch by itself it does, with `token`; only where it has nothing to fetch with it is sent from here.
    pub async fn change(
        &mut self,
        step: &str,
        change: &Change,
        token: Option<&Secret>,
        limit: Duration,
        lines: Option<Lines>,
        progress: Option<mpsc::UnboundedSender<u64>>,
    ) -> Result<Outcome, Error> {
        let call = change
            .arguments()
            .iter()
            .fold(String::new(), |call, word| call + " " + &ssh::quote(word));
        let kind = change.kind();
        let mut fetch = String::new();
        let stdin = match change.data() {
            Data::Bytes([]) => Stdin::Empty,
            Data::Bytes(bytes) => Stdin::Bytes(bytes.to_vec()),
            Data::Upload(upload) => {
                match self.rest_of(upload, &format!("bv_need {kind}{call}")).await? {
                    Rest::Nothing => return Ok(Outcome::Unchanged),
                    Rest::Sent(rest) => {
                        if let (Some(_), Some(lines)) = (&upload.served, &lines) {
                            let said = "this host has neither curl, wget nor bash: what it cannot fetch is sent to it";
                            // A display that is gone must not stop the work.
                            let _ = lines.send(said.to_owned());
                        }
                        rest
                    }
                    Rest::Fetched { url, client } => {
                        let [url, client] = [url, client.as_str()].map(ssh::quote);
                        fetch = format!("BV_URL={url}\nBV_CLIENT={client}\n");
                        let token = token.map_or("", Secret::expose);
                        Stdin::Bytes(format!("{token}\n").into_bytes())
                    }
                }
            }
        };
        let seq = self.entries.last().map_or(1, |entry| entry.seq + 1);
        let step_word = ssh::quote(step);
        let bytes = match &stdin {
            Stdin::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        let from = match change {
            Change::Artifact { upload, .. } => upload.origin.as_ref(),
            _ => None,
        };
        let from = from.map_or_else(String::new, |origin| format!("BV_FROM={}\n", origin.staged()));
        let script = format!(
            "{}{from}{fetch}BV_BYTES={bytes}\nbv_change {seq} {step_word} {kind}{call}",
            within(limit)
        );
        let answer = self.remote.ask(&script, stdin, limit, lines, progress).await;
        let answer = match answer {
            Ok(answer) if answer.status == UNCHANGED => return Ok(Outcome::Unchanged),
            other => other,
        };
        // Whatever came of it, the number may be taken.
        self.entries.push(Entry {
            seq,
            run: self.remote.run.clone(),
            step: step.to_owned(),
            kind: kind.to_owned(),
            arguments: change.arguments(),
            before: Vec::new(),
            state: State::Started,
        });
        self.settled(&answer).await;
        let answer = answer.map_err(|error| guard::cut_off(error, change.is_guarded()))?.good()?;
        let went = change.is_guarded() && is_unproven(&answer);
        self.went |= went;
        // Others go together, and have one proof together (engine/clear.rs).
        if went && matches!(change, Change::Firewall { .. }) {
            self.prove().await?;
            self.remote.read(&format!("bv_firewall_for_good{call}"), SHORT).await?;
        }
        if let Some(entry) = self.entries.last_mut() {
            entry.state = State::Done;
        }
        Ok(Outcome::Changed)
    }

    /// How the part of a file comes to the host that it does not have yet.
    async fn rest_of<'a>(&mut self, upload: &'a Upload, question: &str) -> Result<Rest<'a>, Error> {
        let question = match &upload.served {
            Some(url) => format!("BV_URL={}\n{question}", ssh::quote(url)),
            None => question.to_owned(),
        };
        let answer = self.remote.read(&question, SHORT).await?;
        let mut words = answer.stdout.split_whitespace();
        let first = words.next().unwrap_or_default();
        if first == "unchanged" {
            return Ok(Rest::Nothing);
        }
        match (&upload.served, words.next()) {
            (Some(url), Some(client)) if client != "none" => {
                return Ok(Rest::Fetched { url, client: client.to_owned() });
            }
            _ => {}
        }
        let offset = first.parse().unwrap_or(0).min(upload.size);
        let (path, length) = (upload.path.clone(), upload.size - offset);
        Ok(Rest::Sent(Stdin::File { path, offset, length }))
    }

    /// Stops the cluster's pods, before anything is removed under them.
    pub async fn still(&mut self, limit: Duration) -> Result<(), Error> {
        self.remote.read("bv_still", limit).await?;
        Ok(())
    }

    /// Restores the state before an entry. An entry of which something was kept stands.
    pub async fn undo(
        &mut self,
        seq: u64,
        limit: Duration,
        lines: Option<Lines>,
    ) -> Result<Undone, Error> {
        let script = format!("{}bv_undo {seq}", within(limit));
        let mut proofs = 0;
        let answer = loop {
            let ask = self.remote.ask(&script, Stdin::Empty, limit, lines.clone(), None);
            let answer = ask.await;
            self.settled(&answer).await;
            let guarded = self
                .entries
                .iter()
                .any(|it| it.seq == seq && guard::KINDS.contains(&it.kind.as_str()));
            let answer = answer.map_err(|error| guard::cut_off(error, guarded))?.good()?;
            if !(guarded && is_unproven(&answer)) {
                break answer;
            }
            self.went = true;
            // With the login it goes on where it stopped.
            proofs += 1;
            if proofs > PROOFS {
                let cause = "the cluster's rules come back into the packet filter as soon as they are taken out: something of it still runs".to_owned();
                return Err(Error::Script { cause, answer });
            }
            self.prove().await?;
        };
        let kept: Undone = answer
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("kept "))
            .map(str::to_owned)
            .collect();
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.seq == seq) {
            entry.state = if kept.is_empty() { State::Undone } else { State::Kept };
        }
        Ok(kept)
    }

    /// Where something was taken out of the packet filter, proves with a new login that the host still lets its operator in; without one
    /// it is put back. All of it has one proof.
    pub async fn prove(&mut self) -> Result<(), Error> {
        let went = std::mem::take(&mut self.went);
        guard::prove(&mut self.remote, went, false).await
    }

    /// The same behind links and routes, of which not all can be put back: a new login is wanted also where nothing waits for one.
    pub async fn prove_way(&mut self) -> Result<(), Error> {
        let went = std::mem::take(&mut self.went);
        guard::prove(&mut self.remote, went, true).await
    }

    /// Lets systemd forget what is gone, then compares the host with its baseline.
    pub async fn compare(&mut self) -> Result<Compared, Error> {
        self.remote.read("bv_settle", SHORT).await?;
        let answer: Answer = self.remote.read("bv_compare", Duration::from_secs(600)).await?;
        Ok(Compared::read(&answer.stdout))
    }

    /// Lets systemd forget what is gone, after another installer's cluster went.
    pub async fn settle(&mut self) -> Result<(), Error> {
        self.remote.read("bv_clear_settle", SHORT).await?;
        Ok(())
    }

    /// Removes the journal and everything else of ours: the last act of a wipe that was proven.
    pub async fn forget(mut self) -> Result<Remote, Error> {
        self.remote.read("bv_close", SHORT).await?;
        Ok(self.remote)
    }

    /// Ends the changes, and the lock with them; the journal stays.
    pub async fn close(self) {
        lock::release(self.remote).await;
    }

    /// A change that was stopped at its limit is over, but could not say so itself.
    async fn settled(&mut self, answer: &Result<Answer, Error>) {
        if let Err(Error::Ssh(ssh::Error::Hung { stopped: true, .. })) = answer {
            let _ = self.remote.try_read("bv_idle", SHORT).await;
        }
    }
}

impl Remote {
    /// The entries of the host's journal, oldest first; none where bivouac never was.
    ///
    /// They are remembered: a host whose journal another run has gone on with is [not locked](super::Locked).
    pub async fn entries(&mut self) -> Result<Vec<Entry>, Error> {
        let entries = self.peek().await?;
        self.seen = Some(entries.clone());
        Ok(entries)
    }

    /// The entries as they are now, without remembering them: who wipes takes a host however its journal
    /// went on.
    pub async fn peek(&mut self) -> Result<Vec<Entry>, Error> {
        parse(&self.read("bv_journal", SHORT).await?.stdout)
    }
}

/// Tells a change how many seconds it has: what waits for others on the host gives up before it is
/// stopped, to say for whom it waited.
fn within(limit: Duration) -> String {
    format!("BV_LIMIT={}\n", limit.as_secs())
}

/// Reads a journal's whole lines.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Error> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines() {
        let broken = || Error::Journal { line: line.to_owned() };
        let words = words::split(line.strip_suffix(" .").ok_or_else(broken)?).ok_or_else(broken)?;
        let seq = words.get(1).and_then(|seq| seq.parse().ok()).ok_or_else(broken)?;
        match words[0].as_str() {
            "start" => {
                let [_, _, run, step, kind, count, rest @ ..] = &words[..] else {
                    return Err(broken());
                };
                let count: usize = count.parse().map_err(|_| broken())?;
                let (arguments, before) = rest.split_at_checked(count).ok_or_else(broken)?;
                entries.push(Entry {
                    seq,
                    run: run.clone(),
                    step: step.clone(),
                    kind: kind.clone(),
                    arguments: arguments.to_vec(),
                    before: before.to_vec(),
                    state: State::Started,
                });
            }
            mark @ ("done" | "kept" | "undone") => {
                let state = match mark {
                    "done" => State::Done,
                    "kept" => State::Kept,
                    _ => State::Undone,
                };
                entries.iter_mut().find(|entry| entry.seq == seq).ok_or_else(broken)?.state = state;
            }
            _ => return Err(broken()),
        }
    }
    Ok(entries)
}

/// How a file gets to a host.
enum Rest<'a> {
    /// The change is not needed.
    Nothing,
    /// From here.
    Sent(Stdin),
    /// The host fetches it.
    Fetched { url: &'a str, client: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_reads_back_with_the_state_of_each_entry() {
        let text = "start 1 'r' 'p: a' 'file' '4' '/x' '0644' 'root:root' 'ab' 'absent' .\ndone 1 .\n\
                    start 2 'r' 'p: b' 'tree' '1' '/y' 'absent' .\nstart 3 'r' 'p: c' 'tree' '1' '/z' 'absent' .\n\
                    kept 2 .\nundone 3 .\n";
        let entries = parse(text).unwrap();
        let states: Vec<_> = entries.iter().map(|entry| (entry.seq, entry.state)).collect();
        assert_eq!(states, [(1, State::Done), (2, State::Kept), (3, State::Undone)]);
        assert_eq!(entries[0].arguments, ["/x", "0644", "root:root", "ab"]);
    }

    #[test]
    fn a_journal_of_nothing_but_removals_is_a_foreign_wipe_that_was_cut_off() {
        let cut_off = |text: &str| Entry::are_cut_off(&parse(text).unwrap());
        let clear = "start 1 'r' 'wipe: plan' 'clear' '1' 'plan' .\n";
        let own = "start 2 'r' 'p: b' 'tree' '1' '/y' 'absent' .\n";
        assert!(cut_off(clear) && cut_off(&format!("{clear}{own}undone 2 .\n")));
        for text in
            [String::new(), own.to_owned(), format!("{clear}{own}"), format!("{clear}undone 1 .\n")]
        {
            assert!(!cut_off(&text), "{text}");
        }
    }

    #[test]
    fn a_line_of_another_make_is_an_error_that_shows_it() {
        for line in
            ["start 1 'r' .", "done 7 .", "begin 1 .", "start x 'r' 'p' 'k' '0' .", "done 1"]
        {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }
}
