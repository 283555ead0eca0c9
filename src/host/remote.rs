//! A host that can be read.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc;

use super::change::Change;
use super::facts::Facts;
use super::journal::Entry;
use crate::ssh::{self, Connection, Exit, HostKeys, Output, Request, Shell, Stdin, Target};

/// The shell half of the host floor: sent once a connection, as functions.
const PRELUDE: &[&str] = &[
    include_str!("kind/networks.sh"),
    include_str!("journal.sh"),
    include_str!("guard.sh"),
    include_str!("baseline.sh"),
    include_str!("kind/file.sh"),
    include_str!("kind/served.sh"),
    include_str!("kind/artifact.sh"),
    include_str!("kind/tree.sh"),
    include_str!("kind/package.sh"),
    include_str!("kind/package/apt.sh"),
    include_str!("kind/package/rpm.sh"),
    include_str!("kind/package/dnf.sh"),
    include_str!("kind/package/zypper.sh"),
    include_str!("kind/firewall.sh"),
    include_str!("kind/service.sh"),
    include_str!("kind/sysctl.sh"),
    include_str!("kind/swap.sh"),
    include_str!("kind/module.sh"),
    include_str!("kind/chains.sh"),
    include_str!("kind/bpf.sh"),
    include_str!("kind/kernel.sh"),
    include_str!("kind/kubeadm.sh"),
    include_str!("kind/kubeadm_move.sh"),
    include_str!("kind/security.sh"),
    include_str!("kind/image.sh"),
    include_str!("kind/pull.sh"),
    include_str!("kind/store.sh"),
    include_str!("kind/docker.sh"),
    include_str!("kind/group.sh"),
    include_str!("kind/cri.sh"),
    include_str!("kind/command.sh"),
    include_str!("walk.sh"),
    include_str!("kind/clear.sh"),
    include_str!("kind/clear/files.sh"),
    include_str!("kind/clear/elsewhere.sh"),
    include_str!("kind/clear/running.sh"),
    include_str!("kind/clear/network.sh"),
    include_str!("kind/clear/bpf.sh"),
    include_str!("kind/clear/system.sh"),
    include_str!("members.sh"),
    include_str!("authorities.sh"),
    include_str!("stage.sh"),
];

/// Where the lines of a script's output go as they come.
pub type Lines = mpsc::UnboundedSender<String>;

/// What went wrong on or on the way to a host.
#[derive(Debug, Error)]
pub enum Error {
    /// The connection, or the command as a whole.
    #[error(transparent)]
    Ssh(#[from] ssh::Error),
    /// A script ended with a status other than 0.
    #[error("{cause}")]
    Script { cause: String, answer: Answer },
    /// Another run holds the host.
    #[error("another run of bivouac holds this host: {holder}")]
    Locked { holder: String },
    /// What another run started still runs.
    #[error("what an earlier run started still runs: {processes} (of the run {holder})")]
    Orphan { holder: String, processes: String },
    /// Another run has changed the host since it was looked at.
    #[error("another run has changed this host meanwhile: its last step was `{step}`")]
    Moved { step: String },
    /// After rules were taken out of the packet filter, or routes away, no new login worked.
    #[error("without the cluster's rules no login works ({cause}): {}", back(*.is_back))]
    ShutOut {
        cause: String,
        /// The rules are there again; otherwise the host puts them back by itself, and nothing more can be done there until then.
        is_back: bool,
    },
    /// After links went no new login works, and nothing can put these back.
    #[error(
        "since the cluster's links and routes went no new login works ({cause}); the connection of this run stood until then"
    )]
    CutOff { cause: String },
    /// The journal holds something that this version does not write.
    #[error("the journal's line `{line}` cannot be read")]
    Journal { line: String },
}

impl Error {
    /// What the finding is called, where it keeps a run from a host.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ssh(error) => error.name(),
            _ => "Reachable",
        }
    }

    /// What mends it, to be typed as root on the host, where that is one line.
    pub fn command(&self) -> Option<String> {
        match self {
            Self::Ssh(error) => error.command(),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::Ssh(error) => error.fix(),
            Self::Script { .. } => {
                "mend the cause, then run the same command again: it goes on from here".to_owned()
            }
            Self::Locked { .. } => {
                "wait until that run has ended, then run the same command again".to_owned()
            }
            Self::Orphan { .. } => {
                "see what it waits for on the host, or end it there (`kill`); then run the same command again".to_owned()
            }
            Self::Moved { .. } => "run the same command again: it plans with what is there now".to_owned(),
            Self::ShutOut { .. } => {
                "let SSH from here in by a rule of the host's own, then run the same command again".to_owned()
            }
            Self::CutOff { .. } => {
                "look on its console at `ip addr`, `ip route` and its rules of the packet filter: a reboot sets all of that as its configuration says; then run the same command again".to_owned()
            }
            Self::Journal { .. } => "use the version of bivouac that wrote it".to_owned(),
        }
    }
}

fn back(is_back: bool) -> String {
    if is_back {
        "they were put back".to_owned()
    } else {
        format!("the host puts them back by itself within {} s", super::guard::WAIT.as_secs())
    }
}

/// What a script answered.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Its exit status; 128 + N when signal N killed it.
    pub status: i32,
    /// Standard output, as text; invalid UTF-8 is replaced.
    pub stdout: String,
    /// The end of standard error.
    pub stderr: String,
}

impl Answer {
    fn new(output: &Output) -> Self {
        Self {
            status: match output.exit {
                Exit::Code(code) => code,
                Exit::Signal(signal) => 128 + signal,
            },
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The answer of a script that had to end with status 0.
    pub fn good(self) -> Result<Self, Error> {
        if self.status == 0 {
            return Ok(self);
        }
        let cause = first_cause(&self);
        Err(Error::Script { cause, answer: self })
    }
}

/// The first line that says why, not the last: tools go on complaining after the first trouble.
fn first_cause(answer: &Answer) -> String {
    let lines = || answer.stderr.lines().chain(answer.stdout.lines()).map(str::trim);
    // kubeadm's preflight says what is wrong in lines of their own, below one that only counts.
    // What we found out ourselves comes first (`bv_lost_said`, `bv_kubelet_said`): kubeadm then only says
    // that it waited in vain.
    let known = [
        "only the way to the API server",
        "[ERROR ",
        "the kubelet ended: ",
        "error execution phase",
        "E: ",
        "dpkg: error",
        "ctr: ",
        "Error: ",
    ];
    let known = known.iter().find_map(|beginning| lines().find(|line| line.starts_with(beginning)));
    let plain = || answer.stderr.lines().map(str::trim).find(|line| !line.is_empty());
    match known.or_else(plain) {
        Some(line) => line.to_owned(),
        None if answer.status > 128 => format!("killed by signal {}", answer.status - 128),
        None => format!("ended with status {} and said nothing", answer.status),
    }
}

/// A shell text that only looks: the line of a `wait:` or `read:` step.
///
/// A playbook's author declares it so; no other text of a playbook runs outside of a journal entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe(String);

impl Probe {
    /// Declares that this text changes nothing.
    pub fn new(script: impl Into<String>) -> Self {
        Self(script.into())
    }

    /// The text, for whoever reads a plan.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A run of the tool, as hosts know it.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its name in journals.
    pub id: String,
    /// What it does and who began it, for others who find a host locked: `init by ops@laptop`.
    pub who: String,
}

/// A connected host. It can be read; to change it, [lock](super::Locked) it and open its journal.
#[derive(Debug)]
pub struct Remote {
    pub(super) shell: Shell,
    pub(super) connection: Connection,
    /// Who is running this, for the journal and for others who find the host locked.
    pub(super) run: String,
    /// The journal's entries, as they were read last.
    pub(super) seen: Option<Vec<Entry>>,
    /// A cut point is set for this host.
    #[cfg(debug_assertions)]
    cut: bool,
}

impl Remote {
    /// Connects, becomes root and defines the shell half.
    pub async fn connect(target: &Target, keys: Arc<HostKeys>, run: &Run) -> Result<Self, Error> {
        let connection = Connection::open(target, keys).await?;
        let mut shell = connection.shell().await?;
        let mut prelude = PRELUDE.join("\n");
        // Tools that keep caches in a home directory, such as kubectl, keep them in ours.
        prelude.push_str("\numask 022\nexport HOME=\"$BV/home\"\nBV_RUN=");
        prelude.push_str(&ssh::quote(&run.id));
        prelude.push_str("\nBV_WHO=");
        prelude.push_str(&ssh::quote(&run.who));
        prelude.push('\n');
        #[cfg(debug_assertions)]
        let cut = cut_point(&target.name);
        #[cfg(debug_assertions)]
        if let Some(cut) = &cut {
            prelude.push_str("BV_CUT=");
            prelude.push_str(&ssh::quote(cut));
            prelude.push('\n');
        }
        shell.define(&prelude).await?;
        Ok(Self {
            shell,
            connection,
            run: run.id.clone(),
            seen: None,
            #[cfg(debug_assertions)]
            cut: cut.is_some(),
        })
    }

    /// Runs a look, whatever its status.
    pub async fn probe(&mut self, probe: &Probe, limit: Duration) -> Result<Answer, Error> {
        // Where our directory is not there yet, a look must not make it: kubectl does without its cache (in
        // /proc nobody can make a directory).
        let script = format!("[ -d \"$BV\" ] || HOME=/proc/nonexistent\n{}", probe.0);
        self.try_read(&script, limit).await
    }

    /// Reads the facts, as text for [`Facts::parse`]; of these paths, what is there.
    pub async fn facts(&mut self, asked: &[String], limit: Duration) -> Result<String, Error> {
        let script = format!("asked={}\n{}", ssh::quote(&asked.join("\n")), Facts::SCRIPT);
        Ok(self.read(&script, limit).await?.stdout)
    }

    /// Runs a script of this module, and insists on status 0.
    pub(super) async fn read(&mut self, script: &str, limit: Duration) -> Result<Answer, Error> {
        self.try_read(script, limit).await?.good()
    }

    /// Runs a script of this module, whatever its status.
    pub(super) async fn try_read(
        &mut self,
        script: &str,
        limit: Duration,
    ) -> Result<Answer, Error> {
        self.ask(script, Stdin::Empty, limit, None, None).await
    }

    /// Whether the host is already as the change would make it.
    pub async fn is(&mut self, change: &Change, limit: Duration) -> Result<bool, Error> {
        let mut script = format!("bv_{}_is", change.kind());
        for word in change.arguments() {
            script.push(' ');
            script.push_str(&ssh::quote(&word));
        }
        Ok(self.try_read(&script, limit).await?.status == 0)
    }

    /// A file's content as text; nothing for a file that is not there.
    pub async fn content(&mut self, path: &str, limit: Duration) -> Result<String, Error> {
        let script = format!("cat -- {} 2>/dev/null", ssh::quote(path));
        Ok(self.try_read(&script, limit).await?.stdout)
    }

    /// A file's mode and owner, as `0644 root:root`; nothing for a file that is not there.
    pub async fn mode(&mut self, path: &str, limit: Duration) -> Result<String, Error> {
        let script = format!("stat -c '0%a %U:%G' -- {} 2>/dev/null", ssh::quote(path));
        Ok(self.try_read(&script, limit).await?.stdout.trim().to_owned())
    }

    /// A file's content as text; an error for one that cannot be read.
    pub async fn file(&mut self, path: &str, limit: Duration) -> Result<String, Error> {
        Ok(self.read(&format!("cat -- {}", ssh::quote(path)), limit).await?.stdout)
    }

    /// Says goodbye to the host.
    pub async fn close(self) {
        drop(self.shell);
        self.connection.close().await;
    }

    pub(super) async fn ask(
        &mut self,
        script: &str,
        stdin: Stdin,
        limit: Duration,
        lines: Option<Lines>,
        progress: Option<mpsc::UnboundedSender<u64>>,
    ) -> Result<Answer, Error> {
        // What is shown as it comes is kept for the cause of a failure alone.
        let keep = if lines.is_some() { ssh::KEEP_STDERR } else { ssh::KEEP };
        let request = Request { stdin, lines, progress, keep, ..Request::new(script, limit) };
        let output = self.shell.run(request).await;
        // The operator's machine dies with the host, in the middle of everything.
        #[cfg(debug_assertions)]
        if self.cut && matches!(output, Err(ssh::Error::Killed { .. } | ssh::Error::Lost { .. })) {
            std::process::abort();
        }
        Ok(Answer::new(&output?))
    }
}

/// Test builds only: `BIVOUAC_CUT=HOST:ENTRY:POINT` makes that host die there (see `bv_cut`).
#[cfg(debug_assertions)]
fn cut_point(host: &str) -> Option<String> {
    let cut = std::env::var("BIVOUAC_CUT").ok()?;
    cut.strip_prefix(host)?.strip_prefix(':').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: i32, stdout: &str, stderr: &str) -> Answer {
        Answer { status, stdout: stdout.to_owned(), stderr: stderr.to_owned() }
    }

    /// What `kubeadm init` of 1.20 says where something is in its way.
    const KUBEADM_PREFLIGHT: &str = "[WARNING IsDockerSystemdCheck]: detected \"cgroupfs\" as the Docker cgroup driver
error execution phase preflight: [preflight] Some fatal errors occurred:
\t[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2
\t[ERROR Port-6443]: Port 6443 is in use
[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`
To see the stack trace of this error execute with --v=5 or higher
";

    #[test]
    fn the_line_that_says_why_is_the_cause() {
        for (stdout, stderr, expected) in [
            (
                "[init] Using Kubernetes version: v1.20.2\n",
                KUBEADM_PREFLIGHT,
                "[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2",
            ),
            (
                "",
                "W1123 common.go:77] a warning\nerror execution phase wait-control-plane: couldn't initialize a Kubernetes cluster\nTo see the stack trace of this error execute with --v=5 or higher\n",
                "error execution phase wait-control-plane: couldn't initialize a Kubernetes cluster",
            ),
            (
                "Reading package lists...\n",
                "debconf: delaying package configuration\nE: Unable to locate package conntrack\n",
                "E: Unable to locate package conntrack",
            ),
            (
                "",
                "ctr: failed to dial \"/run/containerd/containerd.sock\"\nmore\n",
                "ctr: failed to dial \"/run/containerd/containerd.sock\"",
            ),
            (
                "",
                "error execution phase wait-control-plane\nonly the way to the API server is missing: see the load balancer\n",
                "only the way to the API server is missing: see the load balancer",
            ),
            (
                "",
                "error execution phase kubelet-start: timed out waiting for the condition\nthe kubelet ended: failed to run Kubelet: no such runtime\nkubelet: server.go: failed to run Kubelet: no such runtime\n",
                "the kubelet ended: failed to run Kubelet: no such runtime",
            ),
            // Nobody that is known: the first line of standard error.
            (
                "out\n",
                "\n  modprobe: FATAL: Module x not found.\nagain\n",
                "modprobe: FATAL: Module x not found.",
            ),
            // Some tools complain on standard output.
            ("Error: unknown flag\n", "usage\n", "Error: unknown flag"),
        ] {
            assert_eq!(first_cause(&answer(1, stdout, stderr)), expected);
        }
    }

    #[test]
    fn a_silent_end_is_named_by_its_status() {
        assert_eq!(first_cause(&answer(7, "", "")), "ended with status 7 and said nothing");
        assert_eq!(first_cause(&answer(137, "half a line", "\n")), "killed by signal 9");
    }

    #[test]
    fn a_script_is_good_when_it_ends_with_0() {
        assert_eq!(answer(0, "x", "E: harmless").good().unwrap().stdout, "x");
        let error = answer(1, "", "E: bad").good().unwrap_err();
        assert_eq!(error.to_string(), "E: bad");
        assert!(matches!(error, Error::Script { answer, .. } if answer.status == 1));
    }
}
