//! The shell words of a journal line.

/// Splits a line into words as POSIX sh does, for the two forms that the journal writes: bare words
/// and single-quoted ones with `'\''` for a quote. `None` for anything else.
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
    fn an_open_quote_is_no_line() {
        assert_eq!(split("start 'x"), None);
        assert_eq!(split("start \\"), None);
    }
}
