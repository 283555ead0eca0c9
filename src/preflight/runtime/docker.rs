//! docker: whether the one that is there can carry a node, and whether the distribution has one. Every reason
//! why not is a finding, for its owner to settle: bivouac changes nothing of an existing one.

use super::super::{Context, Finding, HostFacts, quoted};
use super::CHECK;
use crate::event::Severity;
use crate::host::facts::Docker;

/// Its configuration.
const CONFIG: &str = "/etc/docker/daemon.json";
const RESTART: &str = "and `systemctl restart docker`";

/// The oldest API that cri-dockerd speaks (`MinimumDockerAPIVersion` in Mirantis/cri-dockerd `libdocker`, and in
/// the kubelet's dockershim before it). From Mirantis/cri-dockerd#346 of April 2024 on it is 1.42, of docker 23, on its main branch; which
/// releases of 0.3 have that is not known here, so README says it.
const OLDEST_API: (u32, u32) = (1, 26);

/// The package that dockerd comes with.
pub(super) fn package(context: &Context<'_>, host: &HostFacts<'_>) -> Option<Finding> {
    host.facts.package_managers.as_ref()?;
    let distribution = context.families.of(host.facts);
    if distribution.is_some_and(|it| it.packages("docker").is_some()) {
        return None;
    }
    let name = host.facts.os.name().unwrap_or_else(|| "this distribution".to_owned());
    let message = format!("bivouac knows no package of docker for `{name}`");
    let fix = "install docker, from the distribution if it has one or as docker's project says \
               (docs.docker.com/engine/install names the distributions that it has packages for), and write \
               `runtime: {name: docker, existing: true}` in cluster.yaml; or take another runtime";
    Some(host.error(CHECK.name, message, fix))
}

/// The existing one.
pub(super) fn existing(host: &HostFacts<'_>) -> Vec<Finding> {
    // Who does not know its units does not know whether it runs.
    if host.facts.units.is_none() {
        return vec![];
    }
    let mut findings: Vec<Finding> = another_s(host).into_iter().collect();
    // One that does not run is found by `Service-Docker`.
    let Some(runs) = &host.facts.docker else { return findings };
    let checks = [version(runs), twice(runs), log(runs), users(runs), forward(runs), pods(runs)];
    let errors = checks.into_iter().flatten();
    findings.extend(errors.map(|(what, fix)| host.error(CHECK.name, what, fix)));
    let doubts = [live_restore(runs), swarm(runs)].into_iter().flatten();
    findings.extend(doubts.map(|(what, fix)| Finding {
        severity: Severity::Warning,
        ..host.error(CHECK.name, what, fix)
    }));
    findings
}

/// Two would take turns at one socket.
fn another_s(host: &HostFacts<'_>) -> Option<Finding> {
    let unit = host.facts.unit("cri-docker.service").filter(|unit| unit.is_running())?;
    if host.facts.has_claimed(&format!("/etc/systemd/system/{}", unit.name)) {
        return None;
    }
    let message = "a `cri-docker.service` is there already, and bivouac brings its own".to_owned();
    let fix = "`systemctl disable --now cri-docker.service cri-docker.socket`, and remove it if no other \
               cluster needs it";
    Some(host.error(CHECK.name, message, fix))
}

/// What does not fit, and what its owner can do.
type Misfit = Option<(String, String)>;

fn version(runs: &Docker) -> Misfit {
    let Some(api) = &runs.api else {
        let what = "docker runs, but `docker version` has no answer from it".to_owned();
        let fix = "see `journalctl -u docker`, and that `docker` is installed and `/run/docker.sock` is there";
        return Some((what, fix.to_owned()));
    };
    let (major, minor) = api.split_once('.')?;
    if (major.parse().ok()?, minor.parse().ok()?) >= OLDEST_API {
        return None;
    }
    let version = runs.version.as_deref().unwrap_or("unknown");
    let (major, minor) = OLDEST_API;
    let what = format!(
        "docker {version} has API {api}; cri-dockerd needs {major}.{minor}, of docker 1.13, or newer"
    );
    Some((what, "install a newer docker".to_owned()))
}

/// Flags of dockerd that have another name in its file (docs.docker.com/reference/cli/dockerd, "Daemon configuration file"); for others it is
/// the same.
const NAMES: [(&str, &str); 20] = [
    ("H", "hosts"),
    ("host", "hosts"),
    ("D", "debug"),
    ("G", "group"),
    ("g", "data-root"),
    ("l", "log-level"),
    ("s", "storage-driver"),
    ("p", "pidfile"),
    ("b", "bridge"),
    ("exec-opt", "exec-opts"),
    ("label", "labels"),
    ("log-opt", "log-opts"),
    ("storage-opt", "storage-opts"),
    ("insecure-registry", "insecure-registries"),
    ("registry-mirror", "registry-mirrors"),
    ("default-ulimit", "default-ulimits"),
    ("authorization-plugin", "authorization-plugins"),
    ("dns-opt", "dns-opts"),
    ("default-address-pool", "default-address-pools"),
    ("node-generic-resource", "node-generic-resources"),
];

/// What runs goes on; but dockerd does not start again where its command line and its file both say one thing (`findConfigurationConflicts` of
/// moby's daemon/config). Runtimes may be in both: there the name of the flag, `add-runtime`, is no key.
fn twice(runs: &Docker) -> Misfit {
    let (flags, keys) = (runs.flags.as_ref()?, runs.keys.as_ref()?);
    // Then another file is read.
    if flags.iter().any(|flag| flag == "config-file") {
        return None;
    }
    let key = |flag: &String| {
        NAMES.iter().find(|(name, _)| name == flag).map_or(flag.as_str(), |(_, key)| key).to_owned()
    };
    let mut both: Vec<String> = flags.iter().map(key).filter(|key| keys.contains(key)).collect();
    both.sort();
    both.dedup();
    if both.is_empty() {
        return None;
    }
    let what = format!(
        "docker will not start again: its command line and `{CONFIG}` both have {}",
        quoted(&both)
    );
    let fix = format!(
        "take them out of one of the two: the flags are in `systemctl cat docker`, or a file that this names; {}",
        "then `systemctl restart docker`"
    );
    Some((what, fix))
}

/// A line of its configuration.
pub(super) fn line(line: &str) -> String {
    format!("set `{line}` in `{CONFIG}` {RESTART}")
}

/// The kubelet reads files (`IsCRISupportedLogDriver` of cri-dockerd's `core/docker_logs.go`).
fn log(runs: &Docker) -> Misfit {
    let driver = runs.log.as_ref().filter(|driver| *driver != "json-file")?;
    let what = format!("docker's logging driver is `{driver}`: `kubectl logs` would show nothing");
    // dockerd does not start where both say it (moby/moby#41725).
    let fix = line("\"log-driver\": \"json-file\"");
    Some((
        what,
        format!(
            "{fix}; where dockerd has the flag `--log-driver`, as Fedora's in `/etc/sysconfig/docker`, there instead"
        ),
    ))
}

/// Pods of the control plane use the host's network and files.
fn users(runs: &Docker) -> Misfit {
    runs.security.as_ref().filter(|it| it.contains("name=userns"))?;
    let what = "docker gives containers users of their own: pods could not use the host's network";
    let fix = format!("take `userns-remap` out of `{CONFIG}` {RESTART}");
    Some((what.to_owned(), fix))
}

/// docker sets it where it switches forwarding on itself (docs.docker.com, "Docker on a router").
fn forward(runs: &Docker) -> Misfit {
    runs.forward.as_ref().filter(|policy| *policy == "DROP")?;
    let what =
        "docker has packets dropped that the host would pass on: pods could not reach each other";
    let fix = format!(
        "`iptables -P FORWARD ACCEPT`, and for the next boot `net.ipv4.ip_forward = 1` in `/etc/sysctl.d`, so \
         that docker finds it on (from docker 28 on `\"ip-forward-no-drop\": true` in `{CONFIG}`)"
    );
    Some((what.to_owned(), fix))
}

/// A wipe takes away what pods are made of.
fn pods(runs: &Docker) -> Misfit {
    let there = runs.pods.as_ref().filter(|there| !there.is_empty())?;
    let what = format!("containers of another cluster's pods are in docker: {}", quoted(there));
    let fix = "remove them if nobody needs them: `docker ps -a --filter name=k8s_`";
    Some((what, fix.to_owned()))
}

fn live_restore(runs: &Docker) -> Misfit {
    runs.live_restore.filter(|on| !on)?;
    let what = "all pods of the node end whenever docker is restarted or upgraded".to_owned();
    let fix = format!("set `\"live-restore\": true` in `{CONFIG}`, and `systemctl reload docker`");
    Some((what, fix))
}

fn swarm(runs: &Docker) -> Misfit {
    runs.swarm.as_ref().filter(|state| !["inactive", ""].contains(&state.as_str()))?;
    let what = "docker is part of a swarm, which runs containers that Kubernetes does not count"
        .to_owned();
    Some((what, "`docker swarm leave` if it is not needed".to_owned()))
}
