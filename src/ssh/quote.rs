/// Quotes `text` as one word of POSIX sh.
///
/// The result is always in single quotes, the only quotes in which sh leaves every character
/// alone; a single quote inside becomes `'\''`. This is the one function that quotes for a shell.
///
/// ```
/// assert_eq!(bivouac::ssh::quote("it's $HOME"), r"'it'\''s $HOME'");
/// ```
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn sh_reads_back_what_was_quoted() {
        let nasty =
            ["", " ", "'", "''", "a'b", "$(id)`id`\\\"!*?[x]~#;&|<>\n\t\r", "-n", "ü\u{7f}"];
        for text in nasty {
            let script = format!("printf %s {}", quote(text));
            let output = Command::new("sh").arg("-c").arg(&script).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{script}");
        }
    }
}
