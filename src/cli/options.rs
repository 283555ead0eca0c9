//! Options of every verb.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::exit::{Exit, Stop};
use crate::cluster::versions::Wished;
use crate::cluster::{self, Cluster, Flags};
use crate::report;
use crate::secret::Secret;

/// Where the cluster is described and how the run is shown.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Options {
    /// The cluster's file.
    #[arg(short, long, global = true, value_name = "FILE", help_heading = "Cluster")]
    file: Option<PathBuf>,
    /// Control planes, without a file: `-m 10.0.0.1`.
    #[arg(
        short,
        long,
        global = true,
        value_name = "HOSTS",
        conflicts_with = "file",
        help_heading = "Cluster"
    )]
    master: Vec<String>,
    /// Workers, without a file: `-w 10.0.0.2,10.0.0.3`.
    #[arg(
        short,
        long,
        global = true,
        value_name = "HOSTS",
        conflicts_with = "file",
        help_heading = "Cluster"
    )]
    worker: Vec<String>,
    /// Login name, without a file.
    #[arg(
        short,
        long,
        global = true,
        value_name = "NAME",
        env = "SSH_USER",
        help_heading = "Cluster"
    )]
    user: Option<String>,
    /// Private key, without a file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SSH_PRIVATE_KEY",
        help_heading = "Cluster"
    )]
    private_key: Option<PathBuf>,
    /// SSH port, without a file.
    #[arg(
        short = 'P',
        long,
        global = true,
        value_name = "PORT",
        env = "SSH_PORT",
        help_heading = "Cluster"
    )]
    port: Option<u16>,
    /// Kubernetes version, without a file.
    #[arg(
        long,
        global = true,
        value_name = "VERSION",
        env = "KUBE_VERSION",
        help_heading = "Cluster"
    )]
    kube_version: Option<String>,
    /// Bundle to install from; goes before the file's.
    #[arg(
        long = "from-bundle",
        global = true,
        value_name = "FILE",
        env = "BIVOUAC_BUNDLE",
        help_heading = "Cluster"
    )]
    bundle: Option<PathBuf>,
    /// A directory with your own `playbooks` and `templates`.
    #[arg(long, global = true, value_name = "DIR", help_heading = "Run")]
    pub playbooks: Option<PathBuf>,
    /// Answer yes to every question, but for that of new host keys.
    #[arg(long, global = true, help_heading = "Run")]
    pub yes: bool,
    /// Record the keys of hosts that are not in `known_hosts` yet, without asking.
    #[arg(long, global = true, help_heading = "Run")]
    pub accept_new_host_keys: bool,
    /// Hosts that work at the same time.
    #[arg(long, global = true, value_name = "N", default_value_t = 50, value_parser = at_least_one::<usize>, help_heading = "Run")]
    pub parallel: usize,
    /// Seconds until a host counts as not answering.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 15, value_parser = at_least_one::<u64>, help_heading = "Run")]
    timeout: u64,
    /// What goes to standard output.
    #[arg(long, global = true, value_enum, default_value_t = Output::Text, help_heading = "Run")]
    output: Output,
    /// Where the log files of the run go.
    #[arg(long, global = true, value_name = "DIR", help_heading = "Run")]
    pub log_dir: Option<PathBuf>,
    /// Say only what went wrong.
    #[arg(short, long, global = true, help_heading = "Run")]
    pub quiet: bool,
    /// Say everything, the output of the steps included.
    #[arg(long, global = true, help_heading = "Run")]
    pub verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn at_least_one<N: std::str::FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    text.parse()
        .ok()
        .filter(|number| *number >= N::from(1))
        .ok_or_else(|| "expected a number from 1 on".to_owned())
}

impl Options {
    /// What goes to standard output.
    pub fn output(&self) -> report::Output {
        match self.output {
            Output::Text => report::Output::Text,
            Output::Json => report::Output::Json,
        }
    }

    /// Limit for a dial, and again for a login.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// The cluster, from the file or from flags, for verbs that install nothing: its version means nothing.
    pub fn cluster(&self) -> Result<Cluster, Stop> {
        self.wished(false).map(Wished::guessed)
    }

    /// The hosts that a verb names: those of the file that `-f` gives, or addresses with the login of the flags. None
    /// means all of the cluster.
    pub fn cluster_of(&self, hosts: &[String]) -> Result<Cluster, Stop> {
        let has_masters = !self.master.is_empty() || !self.worker.is_empty();
        if hosts.is_empty() {
            if !self.names_a_file() && self.masters().is_empty() && !self.path().exists() {
                return Err(Stop::new(
                    Exit::Usage,
                    "no host is named, and there is no cluster.yaml here\n  fix: name hosts by their addresses, with `-u` and `--private-key` for the login (`bivouac verify-clean 192.0.2.11`), or a file with `-f`",
                ));
            }
            return self.cluster();
        }
        if has_masters {
            return Err(Stop::new(
                Exit::Usage,
                "hosts are named twice, by themselves and with `-m` or `-w`\n  fix: name all of them in one way",
            ));
        }
        if self.names_a_file() {
            let cluster = self.cluster()?;
            let named = super::join::named(&cluster, hosts)?;
            return Ok(cluster.only(&named));
        }
        let mistakes = |mistakes: cluster::Mistakes| Stop::new(Exit::Usage, mistakes.to_string());
        // What they are to each other is not known, and does not matter.
        cluster::from_flags(self.flags(hosts.to_vec(), false))
            .map_err(mistakes)
            .map(Wished::guessed)
    }

    /// The cluster, from the file or from flags. `installs`: a version is needed, and a bundle.
    pub fn wished(&self, installs: bool) -> Result<Wished, Stop> {
        let mistakes = |mistakes: cluster::Mistakes| Stop::new(Exit::Usage, mistakes.to_string());
        let path = self.path();
        let masters = self.masters();
        let mut cluster = if masters.is_empty() {
            cluster::load(&path, installs).map_err(mistakes)?
        } else {
            cluster::from_flags(self.flags(masters, installs)).map_err(mistakes)?
        };
        if let Some(bundle) = &self.bundle {
            cluster.set_bundle(Some(bundle.clone()));
        }
        Ok(cluster)
    }

    /// Whether somebody said which version the cluster has: the file, or a flag.
    pub fn version_is_known(&self) -> bool {
        self.masters().is_empty() || self.kube_version.is_some()
    }

    /// The text of the cluster's file; none where the cluster is on the command line.
    pub fn file_text(&self) -> Option<String> {
        self.masters().is_empty().then(|| std::fs::read_to_string(self.path()).ok())?
    }

    /// Whether `-f` was given.
    pub fn names_a_file(&self) -> bool {
        self.file.is_some()
    }

    fn path(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| PathBuf::from("cluster.yaml"))
    }

    /// The control planes of the command line or the environment; none where there is a file.
    fn masters(&self) -> Vec<String> {
        match &self.file {
            Some(_) => Vec::new(),
            None if !self.master.is_empty() => self.master.clone(),
            // A variable that was left in the environment must not win over a file that is here.
            None if self.path().exists() => Vec::new(),
            None => from_environment("MASTER_NODES"),
        }
    }

    fn flags(&self, masters: Vec<String>, installs: bool) -> Flags {
        let user = self.user.clone();
        // No option for the password: it would be in everybody's `ps` and in the shell's history.
        let password =
            std::env::var("SSH_PASSWORD").ok().filter(|text| !text.is_empty()).map(Secret::new);
        Flags {
            masters,
            // Who names the masters names the workers: a forgotten variable must not add some.
            workers: if self.worker.is_empty() && self.master.is_empty() {
                from_environment("WORKER_NODES")
            } else {
                self.worker.clone()
            },
            sudo: user.as_deref().is_some_and(|user| user != "root"),
            sudo_password: password.clone(),
            user,
            password,
            private_key: self.private_key.clone(),
            port: self.port,
            version: self.kube_version.clone(),
            bundle: self.bundle.clone(),
            hosts_only: !installs,
        }
    }

    /// The command that wipes hosts that another installer made, or goes on with that.
    pub fn foreign<'a>(&self, hosts: impl IntoIterator<Item = &'a cluster::Host>) -> String {
        let is_of_a_file =
            self.masters().is_empty() && (self.names_a_file() || self.path().exists());
        let mut words = vec!["bivouac wipe --foreign".to_owned()];
        if is_of_a_file {
            words.push(format!("-f {}", word(&self.path().to_string_lossy())));
        } else {
            words.extend(self.user.as_ref().map(|user| format!("-u {}", word(user))));
            words.extend(self.port.map(|port| format!("-P {port}")));
            let key = self.private_key.as_ref().map(|key| key.to_string_lossy());
            words.extend(key.map(|key| format!("--private-key {}", word(&key))));
        }
        let name = |host: &cluster::Host| {
            if is_of_a_file { host.display.clone() } else { host.address.clone() }
        };
        words.extend(hosts.into_iter().map(name));
        words.join(" ")
    }

    /// The command that goes on after this one failed: the same, quoted where a shell needs it.
    pub fn resume() -> String {
        std::env::args_os()
            .skip(1)
            .map(|it| word(&it.to_string_lossy()))
            .fold("bivouac".to_owned(), |line, word| format!("{line} {word}"))
    }
}

/// A word of a command that is shown: quoted where a shell needs it.
fn word(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_./,:=@~+".contains(&c));
    if is_plain { text.to_owned() } else { crate::ssh::quote(text) }
}

/// A list of hosts from one of kainstall's environment variables.
fn from_environment(name: &str) -> Vec<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).into_iter().collect()
}
