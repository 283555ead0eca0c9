//! What a host is: its distribution, and the version of the Kubernetes on it. For reports that outlive both.

use std::time::Duration;

use super::remote::{Error, Remote};

/// What a host is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The distribution's name for itself.
    pub os: Option<String>,
    /// The version of the Kubernetes that is there: `v1.20.2`.
    pub kubernetes: Option<String>,
}

impl Identity {
    const SCRIPT: &'static str = include_str!("identity.sh");

    /// Understands the script's output; lines of other keys are passed over.
    pub fn parse(stdout: &str) -> Self {
        let value = |key: &str| {
            let mut lines = stdout.lines().filter_map(|line| line.split_once(' '));
            let found = lines.find(|(it, value)| *it == key && !value.is_empty());
            found.map(|(_, value)| value.to_owned())
        };
        Self { os: value("os"), kubernetes: value("kubernetes") }
    }
}

impl Remote {
    /// What the host is. Nothing is changed.
    ///
    /// # Errors
    /// When the host did not answer in time.
    pub async fn identity(&mut self, limit: Duration) -> Result<Identity, Error> {
        Ok(Identity::parse(&self.try_read(Identity::SCRIPT, limit).await?.stdout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_told_is_unknown() {
        let identity = Identity::parse("os Debian GNU/Linux 12 (bookworm)\nkubernetes v1.20.2\n");
        assert_eq!(identity.os.as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(identity.kubernetes.as_deref(), Some("v1.20.2"));
        assert_eq!(Identity::parse("kubernetes \nmotd of the day\n"), Identity::default());
    }

    #[test]
    fn the_script_reads_and_tells_of_this_machine() {
        let answer =
            std::process::Command::new("sh").args(["-c", Identity::SCRIPT]).output().unwrap();
        assert!(answer.status.success() || answer.stderr.is_empty(), "{answer:?}");
        assert!(Identity::parse(&String::from_utf8(answer.stdout).unwrap()).os.is_some());
    }
}
