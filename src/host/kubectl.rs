//! A control plane as the place where `kubectl` runs.

use std::time::Duration;

use super::remote::{Error, Remote};
use crate::secret::Secret;
use crate::ssh::{self, Exit, Streams};

/// The administrator's kubeconfig, where kubeadm puts it.
const ADMIN: &str = "/etc/kubernetes/admin.conf";

/// What a host is good for to an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admin {
    /// It has no administrator's kubeconfig: it is no control plane, or not yet.
    None,
    /// It has one, and the API server that it names does not answer.
    Silent,
    /// The API server answers.
    Answers,
}

impl Remote {
    /// Finds out what the host is good for, within seconds.
    ///
    /// # Errors
    /// When the host did not answer.
    pub async fn admin(&mut self) -> Result<Admin, Error> {
        let script = format!(
            "[ -r {ADMIN} ] || exit 2\nHOME=/nonexistent KUBECONFIG={ADMIN} timeout 8 kubectl \
             --cache-dir=/dev/null/none --request-timeout=5s get --raw /readyz >/dev/null 2>&1 || exit 1"
        );
        Ok(match self.try_read(&script, Duration::from_secs(20)).await?.status {
            0 => Admin::Answers,
            2 => Admin::None,
            _ => Admin::Silent,
        })
    }

    /// The administrator's kubeconfig.
    ///
    /// # Errors
    /// When there is none, or the host did not answer.
    pub async fn admin_config(&mut self) -> Result<Secret, Error> {
        let answer = self.read(&format!("cat -- {ADMIN}"), Duration::from_secs(20)).await?;
        Ok(Secret::new(answer.stdout))
    }

    /// Runs kubectl as the cluster's administrator. It changes the cluster, and of the host nothing but
    /// kubectl's cache, which is in our directory, or nowhere where there is none.
    ///
    /// # Errors
    /// When the host did not start it, or the connection broke.
    pub async fn kubectl(
        self,
        arguments: &[String],
        streams: Streams<'_>,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Exit, Error> {
        let words =
            arguments.iter().fold(String::new(), |line, word| line + " " + &ssh::quote(word));
        let script = format!(
            "umask 077\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH\n\
             HOME=/proc/nonexistent\n[ ! -d /var/lib/bivouac ] || HOME=/var/lib/bivouac/home\n\
             KUBECONFIG={ADMIN}\nexport PATH HOME KUBECONFIG\ncd /\nkubectl{words}\nexit $?\n"
        );
        let Self { shell, connection, .. } = self;
        // Servers with `MaxSessions 1` have room for the one or the other.
        drop(shell);
        let exit = connection.stream(&script, streams, cancelled).await;
        connection.close().await;
        Ok(exit?)
    }
}
