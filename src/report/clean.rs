//! Text from hosts and files, made safe to show: nothing in it can move the cursor, change the
//! colours, hide a line or reorder what is read.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Characters of a line that a terminal gets to see; the rest is counted.
pub const LINE: usize = 400;
/// Characters of a line that a log file keeps.
pub const LOG_LINE: usize = 16 * 1024;

/// One line, with everything that is not plain text escaped (`\r`, `\x1b`, `\u{202e}`) and the
/// part beyond `most` characters replaced by its length. A newline is escaped too.
pub fn line(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most && !text.chars().any(hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len().min(most) + 32);
    for character in text.chars().take(most) {
        push(&mut shown, character);
    }
    let rest = text.chars().skip(most).count();
    if rest > 0 {
        let _ = write!(shown, "... ({rest} more characters)");
    }
    Cow::Owned(shown)
}

/// Text of several lines: newlines stay, everything else is as in [`line`]. Not cut.
pub fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' { shown.push('\n') } else { push(&mut shown, character) }
    }
    shown
}

/// Bytes that should be UTF-8 as a line that is: the others become `\xff`. The escapes are plain
/// text, so that [`line`] leaves them alone.
pub fn bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// JSON text with the characters escaped that JSON allows and a terminal obeys (DEL, C1 controls,
/// bidirectional overrides). They can only stand inside strings, so the meaning is the same.
pub fn json(text: String) -> String {
    if !text.chars().any(hostile) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if hostile(character) {
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

fn push(shown: &mut String, character: char) {
    match character {
        // kubeadm and systemctl indent with tabs; a tab's width would break the columns.
        '\t' => shown.push_str("    "),
        '\r' => shown.push_str("\\r"),
        '\n' => shown.push_str("\\n"),
        _ if !hostile(character) => shown.push(character),
        _ if u32::from(character) < 0x100 => {
            let _ = write!(shown, "\\x{:02x}", u32::from(character));
        }
        _ => {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
        }
    }
}

/// Control characters (C0, DEL, C1), line separators, and what Unicode reorders or hides text with.
/// All of them are below U+10000, which [`json`] relies on.
fn hostile(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(line("grüße, 世界", LINE), Cow::Borrowed("grüße, 世界")));
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(line("\x1b[31mred\x1b]0;title\x07", LINE), "\\x1b[31mred\\x1b]0;title\\x07");
        assert_eq!(line("10%\r20%\0\x7f\u{9b}2J", LINE), "10%\\r20%\\x00\\x7f\\x9b2J");
        assert_eq!(line("a\u{202e}b\u{feff}\u{2028}", LINE), "a\\u{202e}b\\u{feff}\\u{2028}");
        assert_eq!(line("two\nlines\tand a tab", LINE), "two\\nlines    and a tab");
        assert_eq!(text("two\nlines\x1b"), "two\nlines\\x1b");
    }

    #[test]
    fn long_lines_are_cut_with_a_count() {
        assert_eq!(line("äöüß", 2), "äö... (2 more characters)");
        // As many bytes as allowed characters, or more, is not long yet.
        assert_eq!(line("äöüß", 4), "äöüß");
    }

    #[test]
    fn invalid_bytes_are_shown_as_such() {
        assert_eq!(bytes(b"ok \xff\xfe gr\xc3\xbc\xc3"), "ok \\xff\\xfe grü\\xc3");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!("\u{9b}2J\u{7f}\u{202e}\x1b\n");
        let shown = json(value.to_string());
        assert!(shown.is_ascii(), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
