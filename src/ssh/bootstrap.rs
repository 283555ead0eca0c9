//! From a login to a script that runs as root.
//!
//! The remote command line is a constant but for random words: `ps`, sudo's log and auditd see
//! neither the script nor a secret. The script comes on stdin. dash would read it from there in
//! blocks and swallow what follows, so `dd` reads exactly its bytes and `eval` runs them. All of
//! the line is in single quotes and without `!`, so that csh and fish pass it on like sh.

use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::time::timeout;

use super::Sudo;
use super::connection::Link;
use super::error::{Error, SudoProblem};
use super::verifier::plain;

/// What a login prints before our script runs is kept up to this size, for the error's text.
const NOISE: usize = 16 << 10;

/// A channel on which a script has been started, as root.
pub(super) struct Started {
    pub(super) read: ChannelReadHalf,
    pub(super) write: ChannelWriteHalf<Msg>,
    /// What has come on stdout so far.
    pub(super) stdout: Vec<u8>,
    /// What has come on stderr so far.
    pub(super) stderr: Vec<u8>,
    ended: Option<String>,
}

/// Opens a channel and sends `script` to a root shell on it.
pub(super) async fn start(link: &Link, script: &str) -> Result<Started, Error> {
    limited(link, async {
        let channel =
            link.handle.channel_open_session().await.map_err(|error| refused(link, &error))?;
        let (read, write) = channel.split();
        let mut started =
            Started { read, write, stdout: Vec::new(), stderr: Vec::new(), ended: None };
        let sh = format!(r#"eval "$(dd bs=1 count={} 2>/dev/null)""#, script.len());
        match &link.target.sudo {
            None => started.exec(link, format!("sh -c '{sh}'")).await?,
            Some(sudo) => started.sudo(link, sudo, &sh).await?,
        }
        let sent = started.write.data_bytes(script.as_bytes().to_vec()).await;
        sent.map_err(|_| link.lost())?;
        Ok(started)
    })
    .await
}

/// Runs a part of the start within the connection's own time limit.
pub(super) async fn limited<T>(
    link: &Link,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let limit = link.target.connect_timeout;
    timeout(limit, work).await.unwrap_or_else(|_| {
        let cause = format!("the login shell did not start `sh` within {} s", limit.as_secs());
        Err(Error::NoShell { user: link.target.user.clone(), cause })
    })
}

impl Started {
    async fn exec(&self, link: &Link, command: String) -> Result<(), Error> {
        self.write.exec(true, command).await.map_err(|error| refused(link, &error))
    }

    /// Starts sudo, answers its prompt once, and waits until it has made us root.
    async fn sudo(&mut self, link: &Link, sudo: &Sudo, sh: &str) -> Result<(), Error> {
        let user = &link.target.user;
        if sudo.password.as_ref().is_some_and(|word| word.expose().contains(['\n', '\0'])) {
            let problem = SudoProblem::Other("the password has a line break or NUL in it".into());
            return Err(Error::Sudo { user: user.clone(), problem });
        }
        let (prompt, hello) = (random(link)?, random(link)?);
        // `env` sets a variable in any login shell; with LC_ALL=C sudo's refusals can be told apart.
        let ask = match &sudo.password {
            Some(_) => format!("-S -p {prompt}"),
            None => "-n".to_owned(),
        };
        let command = format!("env LC_ALL=C sudo -H {ask} sh -c 'echo {hello}; {sh}'");
        self.exec(link, command).await?;
        let mut answered = false;
        loop {
            if let Some(at) = find(&self.stdout, hello.as_bytes()) {
                self.stdout.drain(..at + hello.len());
                return Ok(());
            }
            if let (Some(at), Some(password)) =
                (find(&self.stderr, prompt.as_bytes()), &sudo.password)
            {
                self.stderr.drain(..at + prompt.len());
                if answered {
                    // The same word again would only count as one more wrong try.
                    let _ = self.write.eof().await;
                    return Err(Error::Sudo {
                        user: user.clone(),
                        problem: SudoProblem::WrongPassword,
                    });
                }
                answered = true;
                let answer = format!("{}\n", password.expose()).into_bytes();
                self.write.data_bytes(answer).await.map_err(|_| link.lost())?;
            }
            if !self.next().await {
                if link.handle.is_closed() && self.ended.is_none() {
                    return Err(link.lost());
                }
                let said = self.said();
                return Err(Error::Sudo {
                    user: user.clone(),
                    problem: sudo_problem(&said, answered),
                });
            }
        }
    }

    /// Waits for the next message; `false` at the channel's end.
    pub(super) async fn next(&mut self) -> bool {
        match self.read.wait().await {
            Some(ChannelMsg::Data { data }) => keep(&mut self.stdout, &data),
            Some(ChannelMsg::ExtendedData { data, ext: 1 }) => keep(&mut self.stderr, &data),
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                self.ended = Some(format!("status {exit_status}"));
            }
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                self.ended = Some(format!("signal {signal_name:?}"));
            }
            Some(ChannelMsg::Failure) => {
                self.ended = Some("the server refuses to start commands".into());
                return false;
            }
            Some(_) => {}
            None => return false,
        }
        true
    }

    /// The error for a channel that ended before the script did its part.
    pub(super) fn no_shell(&self, link: &Link) -> Error {
        if link.handle.is_closed() && self.ended.is_none() {
            return link.lost();
        }
        let how = self.ended.as_deref().unwrap_or("the channel was closed");
        let said = self.said();
        let cause = match said.as_str() {
            // It began, and read nothing: `dd` could not be started.
            "" if link.target.sudo.is_some() => {
                format!("{how}: the shell that sudo started could start no command (`noexec`?)")
            }
            "" => how.to_owned(),
            said => format!("{how}, `{said}`"),
        };
        Error::NoShell { user: link.target.user.clone(), cause }
    }

    /// The last words on stderr, or on stdout, in one line that is safe to show.
    fn said(&self) -> String {
        let text = if self.stderr.trim_ascii().is_empty() { &self.stdout } else { &self.stderr };
        let text = String::from_utf8_lossy(text);
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines[lines.len().saturating_sub(4)..].join("; ");
        last.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }
}

fn keep(buffer: &mut Vec<u8>, new: &[u8]) {
    buffer.extend_from_slice(new);
    if buffer.len() > NOISE {
        buffer.drain(..buffer.len() - NOISE);
    }
}

/// Where `needle` begins.
pub(super) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, needle)
}

/// Thirty-two random hexadecimal digits that nothing else prints.
pub(super) fn random(link: &Link) -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::NoShell {
        user: link.target.user.clone(),
        cause: format!("no random numbers on this machine: {error}"),
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The script without its comments: dd reads it byte by byte.
pub(super) fn compact(script: &str) -> String {
    let code = script.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    code.fold(String::new(), |text, line| text + line + "\n")
}

fn refused(link: &Link, error: &russh::Error) -> Error {
    if link.handle.is_closed() {
        return link.lost();
    }
    Error::ChannelRefused(match error {
        russh::Error::ChannelOpenFailure(_) => "it opens no more sessions (`MaxSessions`)".into(),
        other => plain(other),
    })
}

/// Names sudo's refusal by its words, which are English because of `LC_ALL=C`.
fn sudo_problem(said: &str, answered: bool) -> SudoProblem {
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["incorrect password attempt"]) {
        SudoProblem::WrongPassword
    } else if says(&["must have a tty"]) {
        SudoProblem::RequireTty
    } else if says(&["not in the sudoers file", "not allowed to", "may not run sudo"]) {
        SudoProblem::NotAllowed(said.to_owned())
    } else if says(&[
        "a password is required",
        "no password was provided",
        "a terminal is required",
        "no tty present and no askpass program specified",
    ]) {
        if answered { SudoProblem::WrongPassword } else { SudoProblem::PasswordNeeded }
    } else if says(&["'sudo': No such file", "sudo: not found", "can't execute 'sudo'"]) {
        SudoProblem::Missing
    } else if said.is_empty() {
        SudoProblem::Other("it ended without a word".into())
    } else {
        SudoProblem::Other(said.to_owned())
    }
}

#[cfg(test)]
mod tests;
