//! What a wipe proved, to be kept or handed to an auditor: `--report FILE`, as JSON and as a page that needs nothing else. Pure.
//!
//! No secret is in it: of files only paths, no sums, since the sum of a file with a short secret tells who guesses it that he was right.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::state::{Doing, Failure, Host, State};
use super::{clean, words};
use crate::compare::noise;
use crate::event::Difference;

/// The format's name, which changes with its meaning.
const FORMAT: &str = "bivouac wipe report 1";

/// Everything that a run has to prove.
#[derive(Debug, Serialize)]
pub struct Audit {
    format: &'static str,
    tool: String,
    run: String,
    verb: String,
    cluster: String,
    started: Option<String>,
    ended: Option<String>,
    /// Whether every host is as before but for what its owner changed since.
    ok: bool,
    hosts: Vec<Proof>,
    never_a_difference: Vec<Reasoned>,
    not_looked_at: Vec<Reasoned>,
}

/// What was proven of one host.
#[derive(Debug, Serialize)]
struct Proof {
    host: String,
    result: &'static str,
    /// What the result means.
    means: &'static str,
    taken_back: usize,
    baseline: Option<Baseline>,
    differences: Vec<Reasoned>,
    owners: Vec<Reasoned>,
    noise: Vec<Reasoned>,
    failures: Vec<Failed>,
}

/// What the host was compared with.
#[derive(Debug, Serialize)]
struct Baseline {
    sha256: String,
    taken: Option<String>,
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
    pub fn of(state: &State, run: &str) -> Self {
        let end = state.end.as_ref();
        let ended = state.started.zip(end).and_then(|(started, end)| {
            started.checked_add(Duration::try_from_secs_f64(end.seconds).ok()?)
        });
        Self {
            format: FORMAT,
            tool: format!("bivouac {}", env!("CARGO_PKG_VERSION")),
            run: run.to_owned(),
            verb: state.verb.clone(),
            cluster: state.cluster.clone(),
            started: state.started.map(moment),
            ended: ended.map(moment),
            ok: end.is_some_and(|end| end.ok),
            hosts: state.hosts.iter().map(|host| Proof::of(host, &state.failures)).collect(),
            never_a_difference: reasoned(noise::list()),
            not_looked_at: reasoned(noise::UNSEEN.iter().copied()),
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
        let title = format!("{} of {}", self.verb, self.cluster);
        let _ = write!(page, "<title>{0}</title></head><body><h1>{0}</h1>", text(&title));
        let verdict = if self.ok {
            "Every host is as it was before, but for what its owner changed since."
        } else {
            "Not every host is proven to be as it was before."
        };
        let _ = write!(page, "<p class=\"{}\">{verdict}</p>", if self.ok { "good" } else { "bad" });
        let unknown = || "unknown".to_owned();
        let rows = [
            ("run", self.run.clone()),
            ("tool", self.tool.clone()),
            ("started", self.started.clone().unwrap_or_else(unknown)),
            ("ended", self.ended.clone().unwrap_or_else(unknown)),
        ];
        page += "<table>";
        for (name, value) in rows {
            let _ = write!(page, "<tr><th>{name}</th><td>{}</td></tr>", text(&value));
        }
        page += "</table>";
        for host in &self.hosts {
            page += &host.page();
        }
        page += "<h2>Never a difference</h2><p>What hosts change by themselves. Patterns of paths; what lies in a directory of the cluster's counts all the same.</p>";
        page += &table("path", &self.never_a_difference);
        page += "<h2>Not looked at</h2>";
        page += &table("what", &self.not_looked_at);
        page + "</body></html>\n"
    }
}

impl Proof {
    fn of(host: &Host, failures: &[Failure]) -> Self {
        let comparison = host.comparison.as_ref();
        let failures: Vec<Failed> = failures
            .iter()
            .filter(|failure| failure.host.as_deref() == Some(&host.name))
            .map(|failure| Failed {
                step: super::line::step(&failure.step),
                cause: failure.cause.clone(),
                fix: failure.fix.clone(),
            })
            .collect();
        let (result, means) = match comparison {
            None => ("not compared", "the wipe did not come as far: see the failures"),
            Some(comparison) if !comparison.left.is_empty() => {
                ("differs", "something of the tool's or the cluster's is left, or not back")
            }
            Some(_) if !failures.is_empty() || host.doing == Doing::Stopped => {
                ("not done", "nothing differs, and yet a step did not work")
            }
            Some(comparison) if comparison.baseline.is_empty() => (
                "nothing to undo",
                "this tool had changed nothing there, or an earlier wipe was proven",
            ),
            Some(_) => (
                "as before",
                "nothing of the tool's or the cluster's is left, and what they changed is back",
            ),
        };
        let list = |of: fn(&crate::event::Comparison) -> &Vec<Difference>| {
            comparison.map(|it| of(it).iter().map(Reasoned::of).collect()).unwrap_or_default()
        };
        Self {
            host: host.name.clone(),
            result,
            means,
            taken_back: host.changed,
            baseline: comparison
                .filter(|it| !it.baseline.is_empty())
                .map(|it| Baseline { sha256: it.baseline.clone(), taken: it.taken.map(moment) }),
            differences: list(|it| &it.left),
            owners: list(|it| &it.owners),
            noise: list(|it| &it.noise),
            failures,
        }
    }

    fn page(&self) -> String {
        let class =
            if matches!(self.result, "as before" | "nothing to undo") { "good" } else { "bad" };
        let mut page = format!(
            "<h2>{}: <span class=\"{class}\">{}</span></h2><p>{}. {} taken back.</p>",
            text(&self.host),
            self.result,
            self.means,
            words::count(self.taken_back, "change")
        );
        if let Some(baseline) = &self.baseline {
            let taken = baseline.taken.as_deref().unwrap_or("an unknown time");
            let _ = write!(
                page,
                "<p>Compared with the baseline of {}, SHA-256 <code>{}</code>.</p>",
                text(taken),
                text(&baseline.sha256)
            );
        }
        for failure in &self.failures {
            let _ = write!(
                page,
                "<p class=\"bad\">{}: {}. {}</p>",
                text(&failure.step),
                text(&failure.cause),
                text(&failure.fix)
            );
        }
        let lists = [
            ("Left: + is there and was not, - was there and is not", &self.differences),
            ("Changed by others since: it stays", &self.owners),
            ("Changed by itself", &self.noise),
        ];
        for (title, list) in lists {
            if !list.is_empty() {
                let _ = write!(page, "<h3>{title} ({})</h3>{}", list.len(), table("what", list));
            }
        }
        page
    }
}

impl Reasoned {
    fn of(difference: &Difference) -> Self {
        Self { what: without_sum(&difference.line), because: difference.because.clone() }
    }
}

fn reasoned(rows: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<Reasoned> {
    rows.map(|(what, because)| Reasoned { what: what.to_owned(), because: because.to_owned() })
        .collect()
}

/// `+ content /etc/a` of `+ sum 0123... /etc/a`.
fn without_sum(line: &str) -> String {
    match *line.splitn(4, ' ').collect::<Vec<_>>() {
        [sign, "sum", _, path] => format!("{sign} content {path}"),
        _ => line.to_owned(),
    }
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

fn table(head: &str, rows: &[Reasoned]) -> String {
    let mut table = format!("<table><tr><th>{head}</th><th>because</th></tr>");
    for row in rows {
        let _ = write!(
            table,
            "<tr><td><code>{}</code></td><td>{}</td></tr>",
            text(&row.what),
            text(&row.because)
        );
    }
    table + "</table>"
}

/// What comes from hosts, as text of a page: no control characters, no markup.
fn text(raw: &str) -> String {
    let mut escaped = String::with_capacity(raw.len());
    for c in clean::line(raw, usize::MAX).chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}

/// Nothing may be loaded, and nothing run.
const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><style>\
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse;margin:.5rem 0}th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd}\
code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}.good{color:#176b2c}.bad{color:#b3261e}</style>";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Comparison, Event, EventKind, StepName};

    fn state(events: Vec<(Option<&str>, EventKind)>) -> State {
        let mut state = State::default();
        for (host, kind) in events {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
            state.apply(&Event { time, host: host.map(str::to_owned), kind });
        }
        state
    }

    fn difference(line: &str) -> Difference {
        Difference { line: line.to_owned(), because: "it is so".to_owned() }
    }

    fn ended(ok: bool) -> (Option<&'static str>, EventKind) {
        let end = EventKind::RunDone { ok, seconds: 2.0, differences: None, critical_path: vec![] };
        (None, end)
    }

    fn started() -> (Option<&'static str>, EventKind) {
        let hosts = ["a", "b", "c"].map(str::to_owned).to_vec();
        (None, EventKind::RunStarted { verb: "wipe".into(), cluster: "demo".into(), hosts })
    }

    #[test]
    fn each_host_has_its_result_and_what_it_was_compared_with() {
        let comparison = Comparison {
            owners: vec![difference("+ user deploy")],
            baseline: "ab12".to_owned(),
            taken: Some(SystemTime::UNIX_EPOCH),
            ..Comparison::default()
        };
        let left = Comparison { left: vec![difference("+ link cni0")], ..comparison.clone() };
        let failed = EventKind::StepFailed {
            step: StepName { playbook: "wipe".into(), step: "connect".into() },
            cause: "no route".into(),
            fix: "see to it".into(),
            stderr_tail: vec![],
            seconds: 1.0,
        };
        let state = state(vec![
            started(),
            (Some("a"), EventKind::Compared(Box::new(comparison))),
            (Some("b"), EventKind::Compared(Box::new(left))),
            (Some("c"), failed),
            ended(false),
        ]);
        let json: serde_json::Value =
            serde_json::from_str(&Audit::of(&state, "r1").json()).unwrap();
        let results: Vec<_> =
            (0..3).map(|n| json["hosts"][n]["result"].as_str().unwrap()).collect();
        assert_eq!(results, ["as before", "differs", "not compared"]);
        assert_eq!(json["hosts"][0]["baseline"]["sha256"], "ab12");
        assert_eq!(json["hosts"][0]["owners"][0]["what"], "+ user deploy");
        assert_eq!(json["hosts"][1]["differences"][0]["because"], "it is so");
        assert_eq!(json["hosts"][2]["failures"][0]["cause"], "no route");
        assert_eq!((json["ok"].as_bool(), json["run"].as_str()), (Some(false), Some("r1")));
        assert!(json["never_a_difference"].as_array().unwrap().len() > 5);
    }

    #[test]
    fn no_sum_of_a_file_is_in_it() {
        let comparison = Comparison {
            left: vec![difference("+ sum 5e88489 /etc/a b")],
            ..Comparison::default()
        };
        let state = state(vec![
            started(),
            (Some("a"), EventKind::Compared(Box::new(comparison))),
            ended(false),
        ]);
        let audit = Audit::of(&state, "r");
        for text in [audit.json(), audit.page()] {
            assert!(text.contains("+ content /etc/a b") && !text.contains("5e88489"), "{text}");
        }
    }

    #[test]
    fn what_hosts_say_is_no_markup() {
        let evil = "+ path f 644 0:0 /etc/<script>alert(\"1\")</script>&\u{1b}[2J'";
        let comparison = Comparison { left: vec![difference(evil)], ..Comparison::default() };
        let state = state(vec![
            started(),
            (Some("a"), EventKind::Compared(Box::new(comparison))),
            ended(false),
        ]);
        let page = Audit::of(&state, "<b>").page();
        assert!(
            !page.contains("<script") && !page.contains('\u{1b}') && !page.contains("<b>"),
            "{page}"
        );
        assert!(
            page.contains("&lt;script&gt;alert(&quot;1&quot;)") && page.contains("&amp;"),
            "{page}"
        );
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains(" src="));
    }

    #[test]
    fn the_ending_says_the_form() {
        let names = |name: &str| {
            files(Path::new(name))
                .into_iter()
                .map(|(path, form)| (path.display().to_string(), form))
                .collect::<Vec<_>>()
        };
        assert_eq!(names("a.json"), [("a.json".to_owned(), Form::Json)]);
        assert_eq!(names("a.html"), [("a.html".to_owned(), Form::Page)]);
        assert_eq!(
            names("x/a.b"),
            [("x/a.b.json".to_owned(), Form::Json), ("x/a.b.html".to_owned(), Form::Page)]
        );
    }
}
