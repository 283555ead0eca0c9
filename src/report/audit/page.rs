//! The parts of a page: tables, and what comes from hosts as text that is no markup.

use std::fmt::Write as _;

use super::super::clean;

/// The beginning of every page. Nothing may be loaded, and nothing run.
pub const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"><style>\
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse;margin:.5rem 0}th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd}\
code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}.good{color:#176b2c}.bad{color:#b3261e}</style>";

/// A table: its first column as code.
pub fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = "<table><tr>".to_owned();
    for name in head {
        let _ = write!(table, "<th>{}</th>", text(name));
    }
    table += "</tr>";
    for row in rows {
        table += "<tr>";
        for (place, cell) in row.iter().enumerate() {
            let cell = text(cell);
            let _ = match place {
                0 => write!(table, "<td><code>{cell}</code></td>"),
                _ => write!(table, "<td>{cell}</td>"),
            };
        }
        table += "</tr>";
    }
    table + "</table>"
}

/// Names and their values, without what is not known.
pub fn facts<'a>(rows: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut table = "<table>".to_owned();
    for (name, value) in rows {
        if let Some(value) = value {
            let _ = write!(table, "<tr><th>{}</th><td>{}</td></tr>", text(name), text(value));
        }
    }
    table + "</table>"
}

/// What comes from hosts, as text of a page: no control characters, no markup.
pub fn text(raw: &str) -> String {
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
