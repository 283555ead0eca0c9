//! Whether the cri-o that is there can carry a node. Every reason why not is a finding, for its owner to settle:
//! bivouac changes nothing of it but where it finds the images of a bundle, for the time of a run.

use super::super::{Context, Finding, HostFacts, quoted};
use super::CHECK;
use crate::cluster::cri_o;
use crate::cluster::versions::Release;
use crate::host::facts::CriO;

/// Where an owner writes what his configuration lacks.
const CONFIG: &str = "a file below `/etc/crio/crio.conf.d`";
const RESTART: &str = "and `systemctl restart crio`";

pub(super) fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // Who does not know its units does not know whether it runs.
    if host.facts.units.is_none() {
        return vec![];
    }
    let Some(runs) = &host.facts.cri_o else {
        let there = host.facts.unit(context.cluster.runtime.traits.unit).is_some();
        let (state, fix) = if there {
            ("does not run", "`systemctl start crio`, or see `journalctl -u crio`")
        } else {
            ("is not there", "install it, or take `existing: true` out: then bivouac brings one")
        };
        let message = format!("`existing: true`, but `crio.service` {state}");
        return vec![host.error(CHECK.name, message, fix)];
    };
    let checks = [
        version(context, runs),
        socket(context, runs),
        cgroups(runs),
        plugins(runs),
        logins(context, runs),
        others(runs),
    ];
    checks.into_iter().flatten().map(|(what, fix)| host.error(CHECK.name, what, fix)).collect()
}

/// What does not fit, and what its owner can do.
type Misfit = Option<(String, String)>;

fn version(context: &Context<'_>, runs: &CriO) -> Misfit {
    let Some(version) = &runs.version else {
        let what = "cri-o runs, but `crio --version` does not say which".to_owned();
        return Some((what, "see that `crio` is in `PATH` and runs".to_owned()));
    };
    let kubernetes = &context.cluster.kubernetes.version;
    let expected = cri_o::instead_of(version.parse::<Release>().ok()?, kubernetes.facts())?;
    let what = format!("cri-o is {version}; Kubernetes {kubernetes} goes with {expected}");
    Some((what, "install that, or take another version of Kubernetes".to_owned()))
}

/// A line below a table of its configuration.
fn line(table: &str, line: &str) -> String {
    format!("set `{line}` below `[{table}]` in {CONFIG} {RESTART}")
}

fn socket(context: &Context<'_>, runs: &CriO) -> Misfit {
    let wanted = context.cluster.runtime.traits.socket();
    let listen = runs.listen.as_ref()?;
    let path = listen.trim_start_matches("unix://");
    if path == wanted || path == wanted.trim_start_matches("/var") {
        return None;
    }
    let what = format!("cri-o answers at `{listen}`, where nobody looks for it");
    Some((what, line("crio.api", &format!("listen = \"{wanted}\""))))
}

/// kubelets are told `systemd` for the whole cluster.
fn cgroups(runs: &CriO) -> Misfit {
    let manager = runs.cgroup.as_ref().filter(|manager| *manager != "systemd")?;
    let what =
        format!("cri-o's cgroup manager is `{manager}`, and the cluster's kubelets use `systemd`");
    Some((what, line("crio.runtime", "cgroup_manager = \"systemd\"")))
}

fn plugins(runs: &CriO) -> Misfit {
    const BIN: &str = "/opt/cni/bin";
    const CONF: &str = "/etc/cni/net.d";
    let is = |dir: &str, wanted: &str| dir.trim_end_matches('/') == wanted;
    if let Some(dirs) = runs.cni_bin.as_ref().filter(|dirs| !dirs.split(',').any(|it| is(it, BIN)))
    {
        let what = format!("cri-o looks for network plugins in `{dirs}`, not in `{BIN}`");
        return Some((what, line("crio.network", &format!("plugin_dirs = [\"{BIN}/\"]"))));
    }
    let dir = runs.cni_conf.as_ref().filter(|dir| !is(dir, CONF))?;
    let what = format!("cri-o reads the network's configuration from `{dir}`, not from `{CONF}`");
    Some((what, line("crio.network", &format!("network_dir = \"{CONF}/\""))))
}

/// The images of a bundle it pulls from the host that serves it, with a login for the time of the run: where it looks for
/// logins there may be none of its owner's.
fn logins(context: &Context<'_>, runs: &CriO) -> Misfit {
    if context.cluster.bundle.is_none() || runs.has_auth != Some(true) {
        return None;
    }
    let file = runs.auth.as_deref().filter(|file| !file.is_empty());
    let file = file.unwrap_or("/run/containers/0/auth.json");
    let what = format!(
        "cri-o has logins of its owner's (`{file}`), so it cannot be given that of the bundle's server"
    );
    let fix = "move the file away for the time of the run, or put the images into a registry and take `bundle` out of `artifacts`";
    Some((what, fix.to_owned()))
}

/// A wipe takes away the pods that came since.
fn others(runs: &CriO) -> Misfit {
    let there = runs.pods.as_ref().filter(|there| !there.is_empty())?;
    let what =
        format!("pods are in cri-o already, as another cluster leaves them: {}", quoted(there));
    Some((what, "remove them if nobody needs them: `crictl rmp -f POD`".to_owned()))
}
