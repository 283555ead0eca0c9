//! Colours and signs, chosen once; and text in columns.

use console::measure_text_width;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Colours are wanted.
    pub colour: bool,
    /// Characters beyond ASCII are understood.
    pub unicode: bool,
}

impl Style {
    /// From the environment: `NO_COLOR` (<https://no-color.org>: set and not empty), `TERM`, and
    /// the locale's character set by the usual precedence.
    pub fn of(variable: &dyn Fn(&str) -> Option<String>, terminal: bool) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        Self {
            colour: terminal && set("NO_COLOR").is_none() && !dumb(variable),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }

    /// For what went well.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// For what did not work.
    pub fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// For warnings.
    pub fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// For headings and commands to type.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// For what matters less.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// The one sign or the other: `✓` where it can be shown.
    pub fn sign(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Whether the terminal cannot move its cursor.
pub fn dumb(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    variable("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// The text with spaces up to a width in columns.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(measure_text_width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Rows of cells as lines, the columns two spaces apart and two from the left. The last cell of
/// each row may be as long as it likes.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = measure_text_width(cell);
            match widths.get_mut(column) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| pad(cell, *width)).collect();
        format!("  {}", cells.join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The same as one text, for a verb's own result.
pub fn lines(rows: &[Vec<String>]) -> String {
    let lines = table(rows);
    let flush: Vec<&str> =
        lines.iter().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    flush.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(variables: &[(&str, &str)]) -> (bool, bool) {
        let variable = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let style = Style::of(&variable, true);
        (style.colour, style.unicode)
    }

    #[test]
    fn the_environment_decides() {
        assert_eq!(style(&[("TERM", "xterm"), ("LANG", "de_DE.UTF-8")]), (true, true));
        assert_eq!(style(&[("TERM", "xterm"), ("NO_COLOR", "1")]), (false, false));
        assert_eq!(style(&[("TERM", "xterm"), ("NO_COLOR", "")]), (true, false));
        assert_eq!(style(&[("TERM", "dumb"), ("LANG", "C.utf8")]), (false, true));
        assert_eq!(style(&[("LC_ALL", "C"), ("LANG", "C.UTF-8")]), (false, false));
    }

    #[test]
    fn columns_align_by_what_is_seen() {
        let red = Style { colour: true, unicode: true }.red("x");
        let rows = vec![vec![red, "b".into()], vec!["世界".into(), "c".into()]];
        assert_eq!(table(&rows), ["  \x1b[1;31mx\x1b[0m     b", "  世界  c"]);
    }
}
