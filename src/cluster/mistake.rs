//! What is wrong in a file that a person wrote, and where.

use std::fmt;

/// Longest piece of a line that a message shows, in characters; the rest is cut away.
const LINE_SHOWN: usize = 100;
/// How many characters before the place are kept when a long line is cut.
const BEFORE_PLACE: usize = 40;
/// Longest value that a message quotes, in characters.
const VALUE_SHOWN: usize = 60;
/// Keys whose values never appear in a message. The contract has no such field (passwords are
/// named by file), so that one of them is a mistake; but its value is a secret all the same.
const SECRET_KEYS: [&str; 5] = ["password", "passphrase", "passwd", "secret", "token"];

/// One mistake in a file (or on the command line) and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file as the user named it, or `the command line`.
    pub file: String,
    /// Line, counted from 1; 0 when the mistake has no place.
    pub line: usize,
    /// Column in characters, counted from 1; 0 when the mistake has no place.
    pub column: usize,
    /// What is wrong, one sentence without its full stop.
    pub message: String,
    /// What was found at the place, as written.
    pub found: Option<String>,
    /// What belongs there.
    pub expected: Option<String>,
    /// The nearest right word.
    pub nearest: Option<String>,
    /// The line of the file with a caret under the place; empty when there is none.
    pub snippet: String,
}

impl Mistake {
    /// A mistake without a place: the file cannot be read, or there is no file.
    pub fn new(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: plain(file),
            line: 0,
            column: 0,
            message: message.into(),
            found: None,
            expected: None,
            nearest: None,
            snippet: String::new(),
        }
    }

    /// Puts the mistake at a place of `text`; `len` is the number of characters to underline.
    #[must_use]
    pub fn at(mut self, text: &str, line: usize, column: usize, len: usize) -> Self {
        if line > 0 {
            self.line = line;
            self.column = column;
            self.snippet = snippet(text, line, column, len);
        }
        self
    }

    /// Puts the mistake at the first character, for what is about the file as a whole.
    #[must_use]
    pub fn at_start(mut self) -> Self {
        (self.line, self.column) = (1, 1);
        self
    }

    /// Says what was found.
    #[must_use]
    pub fn found(mut self, found: &str) -> Self {
        self.found = Some(found.to_owned());
        self
    }

    /// Says what belongs there.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Offers the nearest right word, if there is one.
    #[must_use]
    pub fn nearest(mut self, nearest: Option<String>) -> Self {
        self.nearest = nearest;
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean `{nearest}`?")?;
        }
        if !self.snippet.is_empty() {
            write!(f, "\n{}", self.snippet)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistake {}

/// One or more mistakes, in the order of the file. The command line exits with 2 on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// Sorts the mistakes by place and drops those that say the same of the same place.
    pub(super) fn new(mut mistakes: Vec<Mistake>) -> Self {
        mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        mistakes.dedup();
        Self(mistakes)
    }

    /// The mistakes, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Mistake;
    type IntoIter = std::slice::Iter<'a, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Box<Mistake>> for Mistakes {
    fn from(mistake: Box<Mistake>) -> Self {
        Self(vec![*mistake])
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// A value in backticks, without anything that could disturb a terminal, and cut when long.
pub fn quote(value: &str) -> String {
    let mut shown: String = value.chars().take(VALUE_SHOWN).collect();
    if shown.len() < value.len() {
        shown.push_str("...");
    }
    format!("`{}`", plain(&shown))
}

/// Text with invisible and control characters written out (`\u{202e}`).
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || super::text::is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The line with a caret under the place, as compilers show it.
fn snippet(text: &str, line: usize, column: usize, len: usize) -> String {
    // A mistake at the very end of the file may lie behind the last line.
    let content = text.split('\n').nth(line - 1).unwrap_or("").trim_end_matches('\r');
    let (content, len) = without_secret(content, column, len);
    // One character on the screen for each character of the line keeps the caret in its place.
    let chars: Vec<char> = content
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() || super::text::is_invisible(c) => '?',
            c => c,
        })
        .collect();
    let start = if chars.len() > LINE_SHOWN { column.saturating_sub(BEFORE_PLACE) } else { 0 };
    let start = start.min(chars.len());
    let end = (start + LINE_SHOWN).min(chars.len());
    let before = if start > 0 { "..." } else { "" };
    let after = if end < chars.len() { "..." } else { "" };
    let shown: String = chars[start..end].iter().collect();
    let indent = before.len() + (column - 1).saturating_sub(start);
    let room = end.saturating_sub(column - 1);
    let carets = "^".repeat(len.min(room).max(1));
    format!("{line:>5} | {before}{shown}{after}\n      | {}{carets}", " ".repeat(indent))
}

/// The line with the value of a secret key masked, and the underline cut before it.
fn without_secret(content: &str, column: usize, len: usize) -> (String, usize) {
    let lower = content.to_ascii_lowercase();
    let colon = SECRET_KEYS
        .iter()
        .flat_map(|key| lower.match_indices(key).map(|(at, key)| at + key.len()))
        .filter_map(|end| {
            let rest = lower[end..].trim_start_matches(['"', '\'', ' ', '\t']);
            rest.starts_with(':').then(|| lower.len() - rest.len())
        })
        .min();
    match colon {
        Some(colon) if colon + 1 < content.trim_end().len() => {
            let kept = &content[..=colon];
            let room = kept.chars().count().saturating_sub(column - 1);
            (format!("{kept} ***"), len.min(room))
        }
        _ => (content.to_owned(), len),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_has_place_message_expectation_and_caret() {
        let mistake = Mistake::new("c.yaml", "unknown field `adress`")
            .at("a: 1\n- adress: x\r\n", 2, 3, 6)
            .expected("`address`")
            .nearest(Some("address".into()));
        assert_eq!(
            mistake.to_string(),
            "c.yaml:2:3: unknown field `adress`; expected `address`; did you mean `address`?\n    \
             2 | - adress: x\n      |   ^^^^^^"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let shown = snippet(&line, 1, 501, 1);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[0].len() < 130, "{shown}");
        assert_eq!(lines[0].find('X'), lines[1].find('^'), "{shown}");
    }

    #[test]
    fn a_secret_on_the_line_is_masked() {
        for line in ["  password: hunter2", "ssh: {\"Password\" : hunter2}", "apiToken: hunter2"] {
            let shown = snippet(line, 1, 3, 8);
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("***"), "{shown}");
        }
        assert!(snippet("passwordFile: ~/p", 1, 1, 3).contains("~/p"));
    }

    #[test]
    fn values_are_quoted_without_control_characters() {
        assert_eq!(quote("a\u{1b}[31mb"), "`a\\u{1b}[31mb`");
        assert_eq!(quote("a\u{202e}b"), "`a\\u{202e}b`");
        assert!(quote(&"x".repeat(1000)).len() < 70);
    }

    #[test]
    fn a_place_behind_the_end_does_not_panic() {
        for (line, column, len) in [(1, 1, 0), (1, 99, 5), (9, 1, 1), (2, 1, 1)] {
            assert!(snippet("abc\n", line, column, len).contains('^'));
        }
    }
}
