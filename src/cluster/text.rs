//! What must be true of a file before a parser sees it: size, encoding, visible characters.

use super::mistake::Mistake;

/// Largest file that is read, in bytes: a thousand hosts with labels fill a quarter of it.
pub const LIMIT: usize = 1024 * 1024;

/// Bytes as text, without a byte order mark. The mistake names the first byte that is no UTF-8.
pub fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Box<Mistake>> {
    if bytes.len() > LIMIT {
        return Err(too_large(file));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let mistake = Mistake::new(file, "the file is UTF-16 text").at_start();
        return Err(mistake.found("UTF-16").expected("UTF-8 text").into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(without_mark(text)),
        Err(error) => {
            let good = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let byte = bytes[error.valid_up_to()];
            let (line, column) = place(good, good.len());
            Err(Mistake::new(file, format!("the byte 0x{byte:02x} is not UTF-8 text"))
                .at(good, line, column, 1)
                .found(&format!("0x{byte:02x}"))
                .expected("a text file in UTF-8")
                .into())
        }
    }
}

/// Text without a byte order mark, which Windows editors write and YAML allows.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Refuses text that is too large, or has characters that cannot be seen or disturb a terminal.
pub fn screen(file: &str, text: &str) -> Result<(), Box<Mistake>> {
    if text.len() > LIMIT {
        return Err(too_large(file));
    }
    let mut comment = false;
    let mut line_is_blank = true;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let name = match c {
            '\n' => {
                comment = false;
                line_is_blank = true;
                continue;
            }
            '\r' if rest.peek().is_some_and(|(_, next)| *next == '\n') => continue,
            ' ' | '\t' => continue,
            '#' if line_is_blank => {
                comment = true;
                continue;
            }
            '!'..='~' => None,
            c => name(c, comment),
        };
        line_is_blank = false;
        if let Some(name) = name {
            let (line, column) = place(text, at);
            return Err(Mistake::new(file, format!("{name} (U+{:04X}) in the file", c as u32))
                .at(text, line, column, 1)
                .found(&format!("U+{:04X}", c as u32))
                .expected("visible text with plain spaces and line ends")
                .into());
        }
    }
    Ok(())
}

/// Whether nothing but blank lines, comments and document marks is there.
pub fn is_empty(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with('#') || line == "---" || line == "...")
}

/// Whether a character takes no room, or changes the order of its neighbours on the screen.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// What to call a character that is refused. Comments may hold what only looks odd (a no-break
/// space, a joined emoji), not what can hide or reorder the lines around it.
fn name(c: char, comment: bool) -> Option<&'static str> {
    match c {
        '\0' => Some("a NUL character"),
        '\r' => Some("a carriage return without a line feed"),
        c if c.is_control() => Some("a control character"),
        '\u{2028}' | '\u{2029}' => Some("a line separator"),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("an invisible mark that changes the text's direction")
        }
        '\u{e0000}'..='\u{e007f}' => Some("an invisible character"),
        _ if comment => None,
        '\u{a0}' | '\u{202f}' => Some("a no-break space"),
        '\u{feff}' => Some("a byte order mark inside the text"),
        c if is_invisible(c) => Some("an invisible character"),
        c if c.is_whitespace() => Some("a space that is not the plain one"),
        _ => None,
    }
}

/// Line and column (in characters) of a byte of the text, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn too_large(file: &str) -> Box<Mistake> {
    Mistake::new(file, "the file is larger than 1 MiB").expected("at most 1 MiB of YAML").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (usize, usize, String) {
        let mistake = screen("f", text).unwrap_err();
        (mistake.line, mistake.column, mistake.message)
    }

    #[test]
    fn odd_characters_are_named_with_their_place() {
        for (text, line, column, word) in [
            ("a: 1\nb: \0\n", 2, 4, "NUL"),
            ("a: \u{1b}[1m", 1, 4, "control character (U+001B)"),
            ("a: \u{7f}", 1, 4, "control"),
            ("a: \u{85}", 1, 4, "control"),
            ("a:\u{a0}1", 1, 3, "no-break space (U+00A0)"),
            ("a: x\u{202e}y", 1, 5, "direction"),
            ("a: x\u{200b}y", 1, 5, "invisible"),
            ("a: 1\u{feff}", 1, 5, "byte order mark"),
            ("a:\u{3000}1", 1, 3, "space that is not"),
            ("a: 1\rb: 2", 1, 5, "carriage return"),
            ("# \u{202e}", 1, 3, "direction"),
            ("é: \u{2028}", 1, 4, "line separator"),
        ] {
            let (l, c, message) = refused(text);
            assert_eq!((l, c), (line, column), "{text:?}");
            assert!(message.contains(word), "{message}");
        }
    }

    #[test]
    fn marks_line_ends_and_comments_are_fine() {
        for text in
            ["a: 1\r\nb: 2\r\n", "a:\t1", "# a\u{a0}b \u{1f469}\u{200d}\u{1f4bb}\na: 1", "é: ü"]
        {
            screen("f", text).unwrap();
        }
        assert_eq!(decode("f", "\u{feff}a: 1".as_bytes()).unwrap(), "a: 1");
    }

    #[test]
    fn bytes_that_are_no_text_have_a_place() {
        let mistake = decode("f", b"a: 1\nb: \xff\xfe").unwrap_err();
        assert_eq!((mistake.line, mistake.column), (2, 4));
        assert!(decode("f", &[0xff, 0xfe, b'a', 0]).unwrap_err().message.contains("UTF-16"));
        assert!(decode("f", &vec![b' '; LIMIT + 1]).unwrap_err().message.contains("1 MiB"));
    }
}
