//! What a host shows when something does not work: read in one round trip by `survey.sh` and
//! `evidence.sh`, understood by [`Evidence::parse`].
//!
//! As in a [`Survey`], what the host did not tell is unknown. Secrets were taken out on the host.

mod parse;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use super::remote::Remote;
pub use super::survey::certificate::Details as Certificate;
use super::survey::{Survey, SurveyError};

/// All that was read of a host for a diagnosis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The host's clock, in seconds since 1970.
    pub now: Option<u64>,
    /// The units of the kubelet and of runtimes that the host has, by their names without `.service`.
    pub units: BTreeMap<String, Unit>,
    /// Room on file systems.
    pub disks: Vec<Disk>,
    /// Directories that root cannot write to.
    pub read_only: Vec<String>,
    /// Mounts without the right to run programs, where programs of the cluster may lie.
    pub noexec: Vec<String>,
    /// Swap in use.
    pub swaps: Vec<String>,
    /// The host's own addresses.
    pub addresses: Vec<IpAddr>,
    /// Ports of the cluster that somebody listens on, and who.
    pub listeners: Option<Vec<(u16, String)>>,
    /// Programs of the cluster that run.
    pub processes: Vec<Process>,
    /// Files that matter.
    pub files: BTreeMap<String, File>,
    /// Files that matter and are not there.
    pub absent: Vec<String>,
    /// Programs by their names, with where they are; `None` for one that is not there.
    pub programs: BTreeMap<String, Option<String>>,
    /// The program that a unit starts, by the unit's name.
    pub starts: BTreeMap<String, String>,
    /// Settings as text, by what they are: `kubelet.config`, `manifest etcd.yaml`.
    pub texts: BTreeMap<String, String>,
    /// Paths that static pods want and that are not there, with the manifest.
    pub missing: Vec<(String, String)>,
    /// Certificates with their files; those within kubeconfigs end with `#ca`.
    pub certificates: Vec<(String, Option<Certificate>)>,
    /// What was answered to small questions: `healthz`, `cri`, `containerd.config`.
    pub answers: BTreeMap<String, String>,
    /// Names of images that the runtime has.
    pub images: Option<Vec<String>>,
    /// Pods of the cluster's own that are not ready; only where the API answers.
    pub pods: Option<Vec<Pod>>,
    /// Conditions of nodes that are not as they should be; only where the API answers.
    pub conditions: Option<Vec<Condition>>,
    /// Who leads, and when he last said so, in seconds since 1970.
    pub leases: Vec<(String, u64)>,
    /// Rules of the firewall that drop or refuse packets.
    pub rules: Vec<String>,
    /// Logs, by their sources.
    pub logs: Vec<Log>,
}

/// A unit of systemd.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// `loaded`, `masked`, `bad-setting`.
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating`.
    pub active: String,
    /// `running`, `dead`, `auto-restart`.
    pub sub: String,
    /// `success`, `exit-code`, `start-limit-hit`.
    pub result: String,
    /// `enabled`, `disabled`, `masked`.
    pub file: String,
    /// How its program ended last.
    pub status: Option<i32>,
    /// How often systemd started it anew.
    pub restarts: u32,
    /// Seconds since it was started last.
    pub age: Option<u64>,
    /// Whether a condition of the unit kept it from being started.
    pub refused: bool,
}

/// A file system, in KiB and inodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    pub path: String,
    pub size: u64,
    pub free: u64,
    pub inodes: u64,
    pub inodes_free: u64,
}

/// A program that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// The first 15 letters of its name: `kube-controller`.
    pub name: String,
    /// For how many seconds.
    pub age: u64,
    /// Whether somebody stopped it with a signal (`kill -STOP`).
    pub frozen: bool,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// `regular file`, `regular empty file`, `directory`, `socket`, `broken link`.
    pub kind: String,
    /// Its mode, octal: `644`.
    pub mode: String,
    pub size: u64,
}

/// A container of a pod that is not ready, or a pod that has none yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pod {
    pub name: String,
    pub node: String,
    /// `Running`, `Pending`.
    pub phase: String,
    /// The container; empty where there is none yet.
    pub container: String,
    pub restarts: u32,
    /// What it waits for, or how it ended: `CrashLoopBackOff: back-off 40s ...`.
    pub why: String,
}

/// A condition of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub node: String,
    /// `Ready`, `DiskPressure`.
    pub kind: String,
    /// `True`, `False`, `Unknown`.
    pub status: String,
    /// Reason and message.
    pub why: String,
}

/// A log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// `kubelet`, `containerd`, `kernel`, `events`, `pod:etcd`.
    pub source: String,
    /// Of a container: which start it is, from 0.
    pub attempt: Option<u32>,
    /// Of a container: for how many seconds nothing was written to it.
    pub age: Option<u64>,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of a log, or several that say the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub times: u32,
    /// When it was said first and last, in seconds since 1970; of containers' logs unknown, of events only
    /// the last.
    pub first: Option<u64>,
    pub last: Option<u64>,
    pub text: String,
}

impl Evidence {
    /// Understands the output of both scripts; what stands before it is passed over.
    ///
    /// # Errors
    /// When the output is not that of the script, or not all of it.
    pub fn parse(stdout: &str) -> Result<Self, SurveyError> {
        parse::evidence(stdout)
    }

    /// A unit by its name without `.service`.
    pub fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.get(name)
    }

    /// The log of this source; of a container the newest.
    pub fn log(&self, source: &str) -> Option<&Log> {
        self.logs.iter().rev().find(|log| log.source == source)
    }

    /// A program that runs, by its name.
    pub fn process(&self, name: &str) -> Option<&Process> {
        // The kernel keeps 15 letters.
        let short = name.get(..15).unwrap_or(name);
        self.processes.iter().find(|process| process.name == short)
    }

    /// A text of settings.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// What was answered.
    pub fn answer(&self, name: &str) -> Option<&str> {
        self.answers.get(name).map(String::as_str)
    }

    /// Whether a file of a name that was looked for is not there.
    pub fn lacks(&self, path: &str) -> bool {
        self.absent.iter().any(|absent| absent == path)
    }
}

/// A host's survey and evidence, with the text that they were read from.
#[derive(Debug, Clone)]
pub struct Testimony {
    pub survey: Survey,
    pub evidence: Evidence,
    /// What the host printed, its secrets taken out.
    pub text: String,
    /// The operator's clock before and after.
    pub clock: (SystemTime, SystemTime),
}

impl Remote {
    /// Reads what the host shows of a cluster that does not work. Nothing is changed, and the host is not
    /// locked.
    ///
    /// # Errors
    /// When the host did not answer, or not to the end.
    pub async fn testify(&mut self, limit: Duration) -> Result<Testimony, SurveyError> {
        let script = concat!(include_str!("survey.sh"), "\n", include_str!("evidence.sh"));
        let before = SystemTime::now();
        let text = self.read(script, limit).await?.stdout;
        let clock = (before, SystemTime::now());
        let (survey, evidence) = (Survey::parse(&text)?, Evidence::parse(&text)?);
        Ok(Testimony { survey, evidence, text, clock })
    }
}
