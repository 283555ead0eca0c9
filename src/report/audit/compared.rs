//! What our own wipe proves of a host: how it compares with its baseline.

use std::fmt::Write as _;

use serde::Serialize;

use super::super::state::{Doing, Host};
use super::super::words;
use super::page::{table, text};
use super::{Reasoned, Verdict, moment};
use crate::event::{Comparison, Difference};

/// How a host compares with what it was.
#[derive(Debug, Serialize)]
pub struct Compared {
    taken_back: usize,
    baseline: Option<Baseline>,
    differences: Vec<Reasoned>,
    owners: Vec<Reasoned>,
    noise: Vec<Reasoned>,
}

/// What the host was compared with.
#[derive(Debug, Serialize)]
struct Baseline {
    sha256: String,
    taken: Option<String>,
}

/// What the comparison came to.
pub fn result(host: &Host, has_failed: bool) -> Verdict {
    match host.comparison.as_ref() {
        None => Verdict::bad("not compared", "the wipe did not come as far: see the failures"),
        Some(comparison) if !comparison.left.is_empty() => {
            Verdict::bad("differs", "something of the tool's or the cluster's is left, or not back")
        }
        Some(_) if has_failed || host.doing == Doing::Stopped => {
            Verdict::bad("not done", "nothing differs, and yet a step did not work")
        }
        Some(comparison) if comparison.baseline.is_empty() => Verdict::good(
            "nothing to undo",
            "this tool had changed nothing there, or an earlier wipe was proven",
        ),
        Some(_) => Verdict::good(
            "as before",
            "nothing of the tool's or the cluster's is left, and what they changed is back",
        ),
    }
}

impl Compared {
    pub fn of(host: &Host) -> Self {
        let comparison = host.comparison.as_ref();
        let list = |of: fn(&Comparison) -> &Vec<Difference>| {
            comparison.map(|it| of(it).iter().map(difference).collect()).unwrap_or_default()
        };
        Self {
            taken_back: host.changed,
            baseline: comparison
                .filter(|it| !it.baseline.is_empty())
                .map(|it| Baseline { sha256: it.baseline.clone(), taken: it.taken.map(moment) }),
            differences: list(|it| &it.left),
            owners: list(|it| &it.owners),
            noise: list(|it| &it.noise),
        }
    }

    pub fn page(&self) -> String {
        let mut page = format!("<p>{} taken back.</p>", words::count(self.taken_back, "change"));
        if let Some(baseline) = &self.baseline {
            let taken = baseline.taken.as_deref().unwrap_or("an unknown time");
            let _ = write!(
                page,
                "<p>Compared with the baseline of {}, SHA-256 <code>{}</code>.</p>",
                text(taken),
                text(&baseline.sha256)
            );
        }
        let lists = [
            ("Left: + is there and was not, - was there and is not", &self.differences),
            ("Changed by others since: it stays", &self.owners),
            ("Changed by itself", &self.noise),
        ];
        for (title, list) in lists {
            if !list.is_empty() {
                let rows = table(["what", "because"], list.iter().map(Reasoned::cells));
                let _ = write!(page, "<h3>{title} ({})</h3>{rows}", list.len());
            }
        }
        page
    }
}

fn difference(it: &Difference) -> Reasoned {
    Reasoned { what: without_sum(&it.line), because: it.because.clone() }
}

/// `+ content /etc/a` of `+ sum 0123... /etc/a`.
fn without_sum(line: &str) -> String {
    match *line.splitn(4, ' ').collect::<Vec<_>>() {
        [sign, "sum", _, path] => format!("{sign} content {path}"),
        _ => line.to_owned(),
    }
}
