//! Whether the containerd that is there can carry a node. Every reason why not is a finding, for its owner
//! to settle: bivouac changes nothing of it.

use super::super::{Context, Finding, HostFacts, quoted};
use super::CHECK;
use crate::cluster::containerd::{CRI, IMAGES, RUNTIME};
use crate::host::facts::Containerd;

/// Where its configuration is, as most have it.
const CONFIG: &str = "/etc/containerd/config.toml";
const RESTART: &str = "and `systemctl restart containerd`";

pub(super) fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // Who does not know its units does not know whether it runs.
    if host.facts.units.is_none() {
        return vec![];
    }
    // One that does not run is found by `CRI`.
    let Some(runs) = &host.facts.containerd else { return vec![] };
    let checks = [
        socket(context, runs),
        cgroups(runs),
        plugins(runs),
        registries(context, runs),
        others(runs),
    ];
    checks.into_iter().flatten().map(|(what, fix)| host.error(CHECK.name, what, fix)).collect()
}

/// What does not fit, and what its owner can do.
type Misfit = Option<(String, String)>;

fn socket(context: &Context<'_>, runs: &Containerd) -> Misfit {
    let wanted = context.cluster.runtime.traits.socket();
    let address = runs.address.as_ref().filter(|address| *address != wanted)?;
    let what = format!("containerd answers at `{address}`, where nobody looks for it");
    Some((what, format!("set `address = \"{wanted}\"` below `[grpc]` in `{CONFIG}` {RESTART}")))
}

/// A line below a table of the plugin for containers.
fn line(runs: &Containerd, table: &str, line: &str) -> String {
    let plugin = if is_3(runs) { RUNTIME } else { CRI };
    format!("set `{line}` below `[plugins.\"{plugin}\".{table}]` in `{CONFIG}` {RESTART}")
}

fn is_3(runs: &Containerd) -> bool {
    runs.config_version == Some(3)
}

/// kubelets are told `systemd` for the whole cluster.
fn cgroups(runs: &Containerd) -> Misfit {
    let driver = runs.cgroup.as_ref().filter(|driver| *driver != "systemd")?;
    let what = format!(
        "containerd's cgroup driver is `{driver}`, and the cluster's kubelets use `systemd`"
    );
    Some((what, line(runs, "containerd.runtimes.runc.options", "SystemdCgroup = true")))
}

fn plugins(runs: &Containerd) -> Misfit {
    const BIN: &str = "/opt/cni/bin";
    const CONF: &str = "/etc/cni/net.d";
    if let Some(dirs) = runs.cni_bin.as_ref().filter(|dirs| !dirs.split(',').any(|it| it == BIN)) {
        let what = format!("containerd looks for network plugins in `{dirs}`, not in `{BIN}`");
        let wanted = if is_3(runs) {
            format!("bin_dirs = [\"{BIN}\"]")
        } else {
            format!("bin_dir = \"{BIN}\"")
        };
        return Some((what, line(runs, "cni", &wanted)));
    }
    let dir = runs.cni_conf.as_ref().filter(|dir| *dir != CONF)?;
    let what =
        format!("containerd reads the network's configuration from `{dir}`, not from `{CONF}`");
    Some((what, line(runs, "cni", &format!("conf_dir = \"{CONF}\""))))
}

/// Mirrors and authorities of registries are written where it looks for them at each pull; its configuration says
/// where. (Logins are the kubelet's; this machine has them where it pulls.)
fn registries(context: &Context<'_>, runs: &Containerd) -> Misfit {
    const CERTS: &str = "/etc/containerd/certs.d";
    let looks = runs.certs.as_deref().is_some_and(|dirs| dirs.split(':').any(|it| it == CERTS));
    let has_ca = context.cluster.registries.iter().any(|it| it.ca.is_some());
    let what = match &context.cluster.sources.mirrors.images {
        _ if looks || runs.config_version.is_none() => return None,
        _ if has_ca => "the `ca` of `spec.registries`",
        Some(_) => "the mirror for images",
        None => return None,
    };
    let plugin = if is_3(runs) { IMAGES } else { CRI };
    let what = format!("containerd does not look into `{CERTS}`, where {what} is written");
    let fix = format!(
        "set `config_path = \"{CERTS}\"` below `[plugins.\"{plugin}\".registry]` in `{CONFIG}` {RESTART}"
    );
    Some((what, fix))
}

/// A wipe takes away what is in Kubernetes' namespace.
fn others(runs: &Containerd) -> Misfit {
    let there = runs.containers.as_ref().filter(|there| !there.is_empty())?;
    let what = format!(
        "containers are in containerd's namespace `k8s.io` already, as another cluster leaves them: {}",
        quoted(there)
    );
    Some((what, "remove them if nobody needs them: `ctr -n k8s.io containers ls`".to_owned()))
}
