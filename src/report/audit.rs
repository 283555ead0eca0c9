//! What a wipe proved, or a look at hosts found, to be kept or handed to an auditor: `--report FILE`, as JSON and as a page that needs nothing
//! else. Pure.
//!
//! No secret is in it: of files only paths, no sums, since the sum of a file with a short secret tells who guesses it that he was right.

mod cleared;
mod compared;
mod page;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::state::{Failure, Host, State};
use super::{Settings, words};
use crate::compare::noise;
use page::{HEAD, facts, table, text};

/// The form of the file, for programs that read it; it changes with its meaning.
const FORMAT: &str = "bivouac wipe report 2";

/// Everything that a run has to prove.
#[derive(Debug, Serialize)]
pub struct Audit {
    format: &'static str,
    tool: String,
    run: String,
    who: String,
    verb: String,
    cluster: String,
    #[serde(skip)]
    is_look: bool,
    started: Option<String>,
    ended: Option<String>,
    /// Whether every host is what was to be proven.
    ok: bool,
    /// What that says.
    means: &'static str,
    hosts: Vec<Report>,
    never_a_difference: Vec<Reasoned>,
    not_looked_at: Vec<Reasoned>,
}

/// What was proven of one host.
#[derive(Debug, Serialize)]
struct Report {
    host: String,
    address: Option<String>,
    host_key: Option<String>,
    os: Option<String>,
    kubernetes: Option<String>,
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(flatten)]
    proof: Proof,
    failures: Vec<Failed>,
}

/// How it was proven.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Proof {
    /// Against the host's baseline.
    Compared(compared::Compared),
    /// Against what any Kubernetes is known to leave.
    Cleared(cleared::Cleared),
}

/// What is proven, in a word, and what the word means.
#[derive(Debug, Clone, Copy, Serialize)]
struct Verdict {
    result: &'static str,
    means: &'static str,
    #[serde(skip)]
    is_good: bool,
}

/// Something, and why it is taken for what it is.
#[derive(Debug, Serialize)]
struct Reasoned {
    what: String,
    because: String,
}

/// A step that did not work.
#[derive(Debug, Serialize)]
struct Failed {
    step: String,
    cause: String,
    fix: String,
}

impl Audit {
    /// What the run came to.
    pub fn of(state: &State, settings: &Settings) -> Self {
        let Settings { run_id: run, who, by_proof: is_look, .. } = settings;
        let is_look = *is_look;
        let end = state.end.as_ref();
        let ended = state.started.zip(end).and_then(|(started, end)| {
            started.checked_add(Duration::try_from_secs_f64(end.seconds).ok()?)
        });
        let hosts: Vec<Report> =
            state.hosts.iter().map(|host| Report::of(host, &state.failures, is_look)).collect();
        let is_good = hosts.iter().all(|it| it.verdict.is_good);
        let ok = is_good && end.is_some_and(|end| end.ok || is_look);
        Self {
            format: FORMAT,
            tool: format!("bivouac {}", env!("CARGO_PKG_VERSION")),
            run: run.clone(),
            who: who.clone(),
            verb: state.verb.clone(),
            cluster: state.cluster.clone(),
            is_look,
            started: state.started.map(moment),
            ended: ended.map(moment),
            ok,
            means: match (is_look, ok) {
                (false, true) => {
                    "Every host is as it was before, but for what its owner changed since."
                }
                (false, false) => "Not every host is proven to be as it was before.",
                (true, true) => {
                    "Every host is clean of what any Kubernetes is known to leave. How the hosts were before nobody wrote down, so this does not say that they are as before."
                }
                (true, false) => {
                    "Not every host is clean of what any Kubernetes is known to leave."
                }
            },
            hosts,
            never_a_difference: if is_look { Vec::new() } else { reasoned(noise::list()) },
            not_looked_at: if is_look {
                cleared::unseen()
            } else {
                reasoned(noise::UNSEEN.iter().copied())
            },
        }
    }

    /// As JSON.
    pub fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        // Texts and numbers: there is nothing that JSON has no form for.
        text.unwrap_or_default() + "\n"
    }

    /// As a page.
    pub fn page(&self) -> String {
        let mut page = String::from(HEAD);
        let title = if self.is_look {
            // Nobody gave these hosts' cluster a name.
            let hosts: Vec<&str> = self.hosts.iter().map(|it| it.host.as_str()).collect();
            let verb = if self.verb == "verify-clean" { "" } else { " --foreign" };
            format!("{}{verb} of {}", self.verb, words::list(&hosts, 4))
        } else {
            format!("{} of {}", self.verb, self.cluster)
        };
        let _ = write!(page, "<title>{0}</title></head><body><h1>{0}</h1>", text(&title));
        let class = if self.ok { "good" } else { "bad" };
        let _ = write!(page, "<p class=\"{class}\">{}</p>", text(self.means));
        let unknown = Some("unknown");
        page += &facts([
            ("run", Some(self.run.as_str())),
            ("by", Some(self.who.as_str()).filter(|it| !it.is_empty())),
            ("tool", Some(self.tool.as_str())),
            ("started", self.started.as_deref().or(unknown)),
            ("ended", self.ended.as_deref().or(unknown)),
        ]);
        for host in &self.hosts {
            page += &host.page();
        }
        if !self.never_a_difference.is_empty() {
            page += "<h2>Never a difference</h2><p>What hosts change by themselves. Patterns of paths; what lies in a directory of the cluster's counts all the same.</p>";
            let rows = self.never_a_difference.iter().map(Reasoned::cells);
            page += &table(["path", "because"], rows);
        }
        page += "<h2>Not looked at</h2>";
        page += &table(["what", "because"], self.not_looked_at.iter().map(Reasoned::cells));
        page + "</body></html>\n"
    }
}

impl Report {
    fn of(host: &Host, failures: &[Failure], is_look: bool) -> Self {
        let mut failures: Vec<Failed> = failures
            .iter()
            .filter(|failure| failure.host.as_deref() == Some(&host.name))
            .map(|failure| Failed {
                step: super::line::step(&failure.step),
                cause: failure.cause.clone(),
                fix: failure.fix.clone(),
            })
            .collect();
        if is_look && failures.is_empty() {
            failures.extend(cleared::unseen_host(host));
        }
        let fact = |name: &str| host.fact(name).map(str::to_owned);
        let (verdict, proof) = if is_look {
            let verdict = cleared::result(host, !failures.is_empty());
            (verdict, Proof::Cleared(cleared::Cleared::of(host)))
        } else {
            let verdict = compared::result(host, !failures.is_empty());
            (verdict, Proof::Compared(compared::Compared::of(host)))
        };
        Self {
            host: host.name.clone(),
            address: fact("address"),
            host_key: fact("host key"),
            os: fact("os"),
            kubernetes: fact("kubernetes"),
            verdict,
            proof,
            failures,
        }
    }

    fn page(&self) -> String {
        let Verdict { result, means, is_good } = self.verdict;
        let class = if is_good { "good" } else { "bad" };
        let mut page = format!(
            "<h2>{}: <span class=\"{class}\">{result}</span></h2><p>{}.</p>",
            text(&self.host),
            text(means)
        );
        page += &facts([
            ("address", self.address.as_deref()),
            ("host key", self.host_key.as_deref()),
            ("distribution", self.os.as_deref()),
            ("Kubernetes", self.kubernetes.as_deref()),
        ]);
        for failure in &self.failures {
            let _ = write!(
                page,
                "<p class=\"bad\">{}: {}. {}</p>",
                text(&failure.step),
                text(failure.cause.trim_end_matches('.')),
                text(&failure.fix)
            );
        }
        page + &match &self.proof {
            Proof::Compared(proof) => proof.page(),
            Proof::Cleared(proof) => proof.page(),
        }
    }
}

impl Verdict {
    fn good(result: &'static str, means: &'static str) -> Self {
        Self { result, means, is_good: true }
    }

    fn bad(result: &'static str, means: &'static str) -> Self {
        Self { result, means, is_good: false }
    }
}

impl Reasoned {
    fn cells(&self) -> [String; 2] {
        [self.what.clone(), self.because.clone()]
    }
}

fn reasoned(rows: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<Reasoned> {
    rows.map(|(what, because)| Reasoned { what: what.to_owned(), because: because.to_owned() })
        .collect()
}

fn moment(time: SystemTime) -> String {
    words::moment(time)
}

/// The files that a name stands for: by its ending JSON or a page, without one of these both.
pub fn files(name: &Path) -> Vec<(PathBuf, Form)> {
    match name.extension().and_then(|it| it.to_str()) {
        Some("json") => vec![(name.to_owned(), Form::Json)],
        Some("html" | "htm") => vec![(name.to_owned(), Form::Page)],
        _ => [("json", Form::Json), ("html", Form::Page)]
            .map(|(ending, form)| {
                let mut whole = name.as_os_str().to_owned();
                whole.push(".");
                whole.push(ending);
                (PathBuf::from(whole), form)
            })
            .to_vec(),
    }
}

/// What a file of the report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For programs.
    Json,
    /// For people.
    Page,
}
