//! The guard of the way in (`guard.sh`): what was taken out of a host's packet filter stays out only if a new login works without it.

use std::time::{Duration, Instant};

use super::remote::{Answer, Error, Remote};
use crate::ssh::{self, Connection};

/// How long the host waits for a new login, from the last removal on (`BV_GUARD_WAIT`).
pub(super) const WAIT: Duration = Duration::from_secs(45);

/// Kinds of steps whose undo takes something out of the packet filter.
pub(super) const KINDS: [&str; 2] = ["firewall", "kernel"];

/// Limit for the logins that are tried; the host waits for longer.
const LOGIN: Duration = Duration::from_secs(30);

/// A refusal that comes at once may be of a server that is just being started anew: as long it is asked again.
const AGAIN: Duration = Duration::from_secs(3);

/// Pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Limit for what the host does about it.
const SHORT: Duration = Duration::from_secs(60);

/// What the host says of its guard (`bv_guard_look`).
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// Something waits for a new login.
    Armed,
    /// There is none: it was put back, or confirmed.
    Gone,
    /// It could not be put back.
    Failed(String),
}

impl Look {
    fn read(text: &str) -> Self {
        match text.trim() {
            "armed" => Self::Armed,
            "gone" => Self::Gone,
            other => Self::Failed(other.strip_prefix("failed ").unwrap_or(other).to_owned()),
        }
    }

    /// What is left to do: whether a login is to be proven. `went` where something has just been taken out: then a guard that is gone has put it
    /// back, for nobody else confirms.
    fn judged(self, went: bool, answer: Answer) -> Result<bool, Error> {
        match self {
            Self::Armed => Ok(true),
            Self::Gone if went => {
                let cause = format!("none came within {} s", WAIT.as_secs());
                Err(Error::ShutOut { cause, is_back: true })
            }
            Self::Gone => Ok(false),
            Self::Failed(cause) => Err(Error::Script { cause, answer }),
        }
    }
}

/// Where something waits for a new login, logs in and confirms it, or has it put back. `went` where something has just been taken out on
/// this connection; `anyway` where a login is wanted although nothing waits: what went the host could not put back.
pub(super) async fn prove(remote: &mut Remote, went: bool, anyway: bool) -> Result<(), Error> {
    let look = remote.read("bv_guard_look", SHORT).await;
    let answer = look.map_err(|error| cut_off(error, went))?;
    let is_armed = Look::read(&answer.stdout).judged(went, answer)?;
    if !is_armed && !anyway {
        return Ok(());
    }
    let Err(cause) = Box::pin(login(&remote.connection)).await else {
        if is_armed {
            remote.read("bv_guard_confirm", SHORT).await?;
        }
        return Ok(());
    };
    if !is_armed {
        return Err(Error::CutOff { cause });
    }
    match remote.read("bv_guard_back", SHORT).await {
        Ok(_) => Err(Error::ShutOut { cause, is_back: true }),
        Err(Error::Script { cause: why, answer }) => {
            let cause = format!("without what was taken away no login works ({cause}), and {why}");
            Err(Error::Script { cause, answer })
        }
        Err(_) => Err(Error::ShutOut { cause, is_back: false }),
    }
}

/// Logs in anew, the way that the host was reached before; says why that does not work.
async fn login(connection: &Connection) -> Result<(), String> {
    let began = Instant::now();
    let logins = async {
        loop {
            let cause = match connection.again().await {
                Ok(connection) => {
                    connection.close().await;
                    return Ok(());
                }
                Err(error) if lets_in(&error) => return Ok(()),
                Err(error) => error.to_string(),
            };
            if began.elapsed() > AGAIN {
                return Err(cause);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let late = |_| Err(format!("no answer within {} s", LOGIN.as_secs()));
    tokio::time::timeout(LOGIN, logins).await.unwrap_or_else(late)
}

/// Whether the packets came through all the same: a second login may be refused where the first was not, for its password was good for one
/// time. Another key is another machine's.
fn lets_in(error: &ssh::Error) -> bool {
    error.is_login() && !error.is_host_key()
}

/// A connection that breaks while something is taken out of the packet filter was cut off by that, as far as anybody can tell.
pub(super) fn cut_off(error: Error, guarded: bool) -> Error {
    match error {
        Error::Ssh(it @ (ssh::Error::Lost { .. } | ssh::Error::Hung { stopped: false, .. }))
            if guarded =>
        {
            Error::ShutOut { cause: it.to_string(), is_back: false }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> ssh::Error {
        ssh::Error::Refused { address: "h".to_owned(), port: 22 }
    }

    #[test]
    fn the_host_waits_for_longer_than_logins_are_tried() {
        let line = format!("\nBV_GUARD_WAIT={}\n", WAIT.as_secs());
        assert!(include_str!("guard.sh").contains(&line));
        assert!(LOGIN + Duration::from_secs(5) < WAIT);
    }

    #[test]
    fn a_guard_that_is_gone_proves_nothing_where_something_went() {
        let judged = |text, went| Look::read(text).judged(went, Answer::default());
        assert!(judged("armed\n", true).unwrap());
        assert!(!judged("gone\n", false).unwrap(), "nothing was to be proven");
        let back = judged("gone\n", true).unwrap_err();
        assert!(matches!(&back, Error::ShutOut { is_back: true, .. }));
        assert!(back.to_string().contains("none came within 45 s"), "{back}");
        for went in [true, false] {
            let failed = judged("failed it could not be put back (no chain)\n", went).unwrap_err();
            assert!(matches!(&failed, Error::Script { .. }));
            assert_eq!(failed.to_string(), "it could not be put back (no chain)");
            assert!(judged("", went).is_err(), "an answer that is none is no proof");
        }
    }

    #[test]
    fn kinds_whose_undo_waits_for_a_login_are_listed() {
        let kinds = concat!(env!("CARGO_MANIFEST_DIR"), "/src/host/kind");
        let mut waiting: Vec<String> = std::fs::read_dir(kinds)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.is_file())
            .filter(|path| std::fs::read_to_string(path).unwrap().contains("bv_unproven"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            // What the kinds share.
            .filter(|name| name != "chains")
            .collect();
        waiting.sort();
        assert_eq!(waiting, KINDS);
    }

    #[test]
    fn a_login_that_is_refused_came_through_the_packet_filter() {
        let login = ssh::Error::LoginRefused {
            user: "ops".to_owned(),
            tried: Vec::new(),
            accepts: Vec::new(),
            farewell: None,
        };
        assert!(lets_in(&login));
        assert!(!lets_in(&refused()));
        let unknown = ssh::Error::HostName("h".to_owned());
        assert!(!lets_in(&unknown), "somebody else may have answered");
    }

    #[test]
    fn a_connection_that_breaks_is_a_cut_only_where_rules_went() {
        let lost = || Error::Ssh(ssh::Error::Lost { reason: "silent".to_owned() });
        let cut = cut_off(lost(), true);
        assert!(matches!(&cut, Error::ShutOut { is_back: false, .. }));
        assert!(cut.to_string().contains("by itself within 45 s"), "{cut}");
        assert!(matches!(cut_off(lost(), false), Error::Ssh(_)));
        assert!(matches!(cut_off(Error::Ssh(refused()), true), Error::Ssh(_)));
    }
}
