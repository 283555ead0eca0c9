//! The shell words of a journal line.

/// A line break, as the journal writes it between quoted parts of a word.
const LINE_BREAK: &str = "\"$BV_NL\"";

/// Splits a line into words as POSIX sh does, for the forms that the journal writes: bare words and
/// single-quoted ones, with `'\''` for a quote and `'"$BV_NL"'` for a line break. `None` for anything else.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(rest.next()?),
            '"' => {
                let after = rest.as_str().strip_prefix(&LINE_BREAK[1..])?;
                word.get_or_insert_default().push('\n');
                rest = after.chars();
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_come_back_as_the_shell_quoted_them() {
        let line = r"start 7 'it'\''s' 'two words' '' bare .";
        assert_eq!(split(line).unwrap(), ["start", "7", "it's", "two words", "", "bare", "."]);
    }

    #[test]
    fn a_line_break_is_written_as_a_variable() {
        let line = "'two'\"$BV_NL\"'lines' '\"$BV_NL\"'";
        assert_eq!(split(line).unwrap(), ["two\nlines", "\"$BV_NL\""]);
        assert_eq!(split("\"$HOME\""), None);
    }

    #[test]
    fn an_open_quote_is_no_line() {
        assert_eq!(split("start 'x"), None);
        assert_eq!(split("start \\"), None);
    }
}
