//! What `bivouac explain NAME` prints: one page for each finding of preflight, and for each cause that
//! `diagnose` knows.
//!
//! Who finds things lists their pages: `preflight::pages()` does. A new floor (`diagnose`) gives a function
//! of that kind, and `cli/explain.rs` puts both in one list; README's list is made of it too.

use std::fmt::Write as _;

use crate::event::{Phase, Severity};

/// What somebody wants to know who sees a name for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The name; one that ends with `*` is what names begin with.
    pub name: &'static str,
    /// Who says it, for the reader: `preflight`, `diagnose`.
    pub of: &'static str,
    /// What is made sure of, or what happened, as a clause.
    pub what: &'static str,
    /// The worst that is said of it; `None` where it is no check, but a cause.
    pub severity: Option<Severity>,
    /// When it breaks something.
    pub phase: Phase,
    /// What it breaks, as a clause.
    pub breaks: &'static str,
    /// How it is seen and what to do about it: sentences, paragraphs between empty lines.
    pub text: &'static str,
    /// What kubeadm itself has of it, and in which versions; `None` where it has nothing.
    pub kubeadm: Option<&'static str>,
    /// Whether `preflight --fix` can put it right.
    pub repairs: bool,
    /// Whether `--skip` passes over it.
    pub skips: bool,
}

impl Page {
    /// Whether it is the page for this name.
    pub fn is_of(&self, name: &str) -> bool {
        covers(self.name, name)
    }

    /// The page as text, its lines at most some 100 columns wide.
    pub fn shown(&self) -> String {
        let mut page = format!("{}: {}\n\n", self.name, self.what);
        let _ = writeln!(page, "  found by  {}", self.of);
        if let Some(severity) = self.severity {
            let _ = writeln!(page, "  severity  {}", severity.word());
        }
        let _ = writeln!(page, "  breaks    {} (phase `{}`)", self.breaks, self.phase.word());
        let kubeadm = self.kubeadm.unwrap_or("has no such check");
        let _ = writeln!(page, "  kubeadm   {kubeadm}");
        if self.repairs {
            page += "  repair    `bivouac preflight --fix`\n";
        }
        if self.skips {
            let name = self.name;
            let _ = writeln!(
                page,
                "  skip      `--skip '{name}'`, or in cluster.yaml `preflight: {{skip: [{{name: \"{name}\", reason: \"...\"}}]}}`"
            );
        }
        for paragraph in self.text.split("\n\n") {
            page.push('\n');
            page += &wrapped(paragraph, 100);
        }
        page
    }
}

/// All pages as one Markdown document, in this order.
pub fn document(pages: &[Page]) -> String {
    let mut text = String::from(
        "# Findings and causes\n\n\
         Everything that `bivouac` may find wrong, as `bivouac explain NAME` says it. A name that ends with `*` stands for all that begin so. \
         This page is generated: `BIVOUAC_GOLDEN=write cargo test findings` writes it anew.\n\n\
         | name | found by | makes sure that | breaks | phase |\n|---|---|---|---|---|\n",
    );
    for page in pages {
        let Page { name, of, what, breaks, .. } = page;
        let (cell, phase) = (|text: &str| text.replace('|', "\\|"), page.phase.word());
        let anchor = anchor(name);
        let _ = writeln!(
            text,
            "| [`{name}`](#{anchor}) | {of} | {} | {} | {phase} |",
            cell(what),
            cell(breaks)
        );
    }
    for page in pages {
        let Page { name, what, breaks, .. } = page;
        let severity = page.severity.map_or("cause", Severity::word);
        let kubeadm = page.kubeadm.unwrap_or("has no such check");
        let _ = write!(
            text,
            "\n## {name}\n\n{what}; else {breaks}.\n\n{}\n\n{severity}, phase `{}`; kubeadm: {kubeadm}",
            page.text,
            page.phase.word()
        );
        text += if page.repairs { "; `preflight --fix` repairs it.\n" } else { ".\n" };
    }
    text
}

/// What a heading is called in links: GitHub's rule, of which only this much matters here.
fn anchor(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect::<String>()
        .to_lowercase()
}

/// Whether a name is one of `pattern`'s.
pub fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

/// A paragraph in lines of at most `width` columns, as far as its words allow.
fn wrapped(paragraph: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in paragraph.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += length;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_there_is_to_know() {
        let page = Page {
            name: "Port-*",
            of: "preflight",
            what: "the ports are free",
            severity: Some(Severity::Error),
            phase: Phase::Init,
            breaks: "the API server does not start",
            text: "One paragraph.\n\nAnother, which has so many words that it does not fit into one \
                   line of a hundred columns, by far.",
            kubeadm: None,
            repairs: false,
            skips: true,
        };
        let shown = page.shown();
        assert!(page.is_of("Port-6443") && !page.is_of("Swap"));
        assert!(shown.starts_with("Port-*: the ports are free\n"), "{shown}");
        assert!(shown.contains("the API server does not start (phase `init`)"), "{shown}");
        assert!(shown.contains("has no such check") && !shown.contains("--fix"), "{shown}");
        assert!(shown.contains("--skip 'Port-*'") && shown.contains("One paragraph.\n\nAnother,"));
        let longest = shown.lines().skip(8).map(str::len).max();
        assert!(longest.is_some_and(|it| it <= 100), "{shown}");
    }
}
