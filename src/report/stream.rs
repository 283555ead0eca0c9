//! The three standard streams: the only file that touches them.

use std::io::{self, BufRead, IsTerminal, Write};

use super::clean;
use super::style::Style;
use crate::secret::Secret;

/// Writes text to standard output as it is, so that it can be piped or redirected unchanged; on a
/// terminal what the terminal would obey is escaped. The caller brings the newlines.
///
/// A reader that went away (`bivouac render | head`) is not an error.
///
/// # Errors
/// The text could not be written: a full disk behind `>`, say. An unwritten kubeconfig must not
/// look like one.
pub fn out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        write(&mut stdout, clean::text(text).as_bytes())
    } else {
        write(&mut stdout, text.as_bytes())
    }
}

/// Writes what was made for standard output's own style and is clean already.
///
/// # Errors
/// As [`out`].
pub fn styled(make: impl FnOnce(Style) -> String) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let style = Style::of(&|name| std::env::var(name).ok(), stdout.is_terminal());
    write(&mut stdout, make(style).as_bytes())
}

/// The three streams as they are, for a program that runs elsewhere.
pub fn pipes() -> (tokio::io::Stdin, tokio::io::Stdout, tokio::io::Stderr) {
    (tokio::io::stdin(), tokio::io::stdout(), tokio::io::stderr())
}

/// Writes lines to standard error, cleaned, and ends them with a newline. There is nobody left to
/// tell when that does not work.
pub fn err(text: &str) {
    let mut text = clean::text(text);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let _ = write(&mut io::stderr().lock(), text.as_bytes());
}

/// Asks on the terminal and reads one line, without its newline and the space around it. `None`
/// when nobody is there ([`is_terminal`]) or the answer is an end of file.
pub fn ask(question: &str) -> Option<String> {
    if !is_terminal() {
        return None;
    }
    let question = clean::text(question);
    write(&mut io::stderr().lock(), question.as_bytes()).ok()?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer).ok()?;
    if !answer.ends_with('\n') {
        // The end of the input leaves the cursor behind the question.
        write(&mut io::stderr().lock(), b"\n").ok()?;
    }
    (read > 0).then(|| answer.trim().to_owned())
}

/// Asks on the terminal for a secret, which is not echoed. `None` as with [`ask`].
pub fn ask_secret(question: &str) -> Option<Secret> {
    if !is_terminal() {
        return None;
    }
    write(&mut io::stderr().lock(), clean::text(question).as_bytes()).ok()?;
    rpassword::read_password().ok().map(Secret::new)
}

/// Whether somebody sees a question and can answer it: standard input and error are terminals.
pub fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Writes and flushes; a broken pipe counts as written.
fn write(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    match stream.write_all(bytes).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_went_away_is_not_an_error() {
        let (reader, mut writer) = io::pipe().unwrap();
        drop(reader);
        assert!(writer.write_all(b"x").is_err(), "the pipe is not broken");
        write(&mut writer, b"text").unwrap();
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(write(&mut full, b"text").unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
