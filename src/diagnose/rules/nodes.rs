//! The kubelet's way to the API server, and its node.

use super::machine::{address_in, is_lost};
use super::{Look, Part, Scene, Suspect, Weight};
use crate::host::survey::Ready;

pub(super) fn rule(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    if scene.look.is_node() {
        all.extend(endpoint(scene, "kubelet.conf", &[Part::Way, Part::Kubelet, Part::Node]));
        all.extend(endpoint(scene, "scheduler.conf", &[Part::Scheduler]));
        all.extend(endpoint(scene, "controller-manager.conf", &[Part::ControllerManager]));
        all.extend(blocked(scene));
        all.extend(deleted(scene));
    }
    all
}

/// `host:port` of a kubeconfig's `server:`.
fn server<'a>(look: &'a Look<'_>, file: &str) -> Option<&'a str> {
    let text = look.evidence()?.text(&format!("kubeconfig {file}"))?;
    let server =
        text.lines().find_map(|line| line.trim().strip_prefix("server:")).map(str::trim)?;
    Some(server.trim_start_matches("https://").trim_end_matches('/'))
}

/// A kubeconfig that leads to nobody.
fn endpoint(scene: &Scene<'_>, file: &str, parts: &[Part]) -> Option<Suspect> {
    if !scene.is_any_broken(parts) {
        return None;
    }
    let has = server(scene.look, file)?;
    let right = expected(scene, file)?;
    if has == right || is_known(scene, has) {
        return None;
    }
    // Where all are wrong alike it is the cluster's address that leads nowhere.
    let cause = if file == "kubelet.conf" { "EndpointWrong" } else { "ControllerKubeconfig" };
    let path = format!("/etc/kubernetes/{file}");
    let message = format!(
        "`{path}` leads to `{has}`, where no API server of this cluster is; it should be `{right}`"
    );
    let then = if file == "kubelet.conf" {
        " && systemctl restart kubelet".to_owned()
    } else {
        format!(" && pkill -f -- --kubeconfig={path}")
    };
    Some(
        scene
            .suspect(cause, Weight::Certain, message)
            .proof(path.clone(), format!("server: https://{has}"))
            .fix(format!("mend `server:` in {path}, and start its program anew"))
            .command(format!(
                "sed -i 's|server: https://{has}|server: https://{right}|' {path}{then}"
            )),
    )
}

/// Where the kubeconfig should lead: where most others do.
fn expected(scene: &Scene<'_>, file: &str) -> Option<String> {
    if let Some(outer) = scene.case.cluster.outer_endpoint() {
        return Some(outer);
    }
    let own = ["admin.conf", "controller-manager.conf", "scheduler.conf", "kubelet.conf"];
    let here = own
        .iter()
        .filter(|other| **other != file)
        .filter_map(|other| server(scene.look, other))
        .find(|it| is_known(scene, it));
    let others = || {
        scene
            .case
            .looks
            .iter()
            .filter_map(|look| server(look, "kubelet.conf"))
            .find(|it| is_known(scene, it))
    };
    let admin = || {
        scene
            .case
            .looks
            .iter()
            .filter_map(|look| server(look, "admin.conf"))
            .find(|it| is_known(scene, it))
    };
    let planes = || {
        scene.case.looks.iter().find_map(|look| {
            let text = look.manifest("kube-apiserver")?;
            let address = super::machine::flag_value(text, "--advertise-address=")?;
            let port = super::machine::flag_value(text, "--secure-port=").unwrap_or("6443");
            Some(format!("{address}:{port}"))
        })
    };
    here.or_else(others).or_else(admin).map(str::to_owned).or_else(planes)
}

/// Whether an API server of the cluster may be there.
fn is_known(scene: &Scene<'_>, server: &str) -> bool {
    if scene.case.cluster.outer_endpoint().as_deref() == Some(server) {
        return true;
    }
    let port = server.rsplit_once(':').map_or("443", |(_, port)| port);
    let Some(address) = address_in(server) else {
        // A name: whether it leads there only a look-up tells, which the kubelet made.
        return !matches!(&scene.survey.reach, Some(Ready::Down(why)) if why.contains("no such host"));
    };
    let runs_here = |look: &Look<'_>| {
        let ports = look
            .manifest("kube-apiserver")
            .map(|text| super::machine::flag_value(text, "--secure-port=").unwrap_or("6443"));
        ports == Some(port)
    };
    if address.is_loopback() {
        // The host's own API server, or its load balancer.
        return runs_here(scene.look)
            || (scene
                .look
                .manifests()
                .any(|(name, _)| !name.starts_with("kube-") && name != "etcd")
                && port == "6443");
    }
    let hosts = &scene.case.looks;
    let known = hosts.iter().any(|look| {
        look.evidence().is_some_and(|it| it.addresses.contains(&address)) && runs_here(look)
    });
    // Of a control plane that could not be read nobody knows.
    known || hosts.iter().any(|look| look.seen.is_err() && look.host.control_plane)
}

/// The address is right, an API server answers on its own host, and packets do not come through.
fn blocked(scene: &Scene<'_>) -> Option<Suspect> {
    let Some(Ready::Down(why)) = &scene.survey.reach else { return None };
    let has = server(scene.look, "kubelet.conf")?;
    let right = expected(scene, "kubelet.conf")?;
    let answers = scene
        .case
        .looks
        .iter()
        .any(|look| look.survey().is_some_and(|survey| survey.api == Some(Ready::Up)));
    if has != right || !answers {
        return None;
    }
    if scene.case.cluster.outer_endpoint().as_deref() == Some(has) {
        let message = format!(
            "API servers answer, and the cluster's address `{has}` does not lead to them: {why}"
        );
        return Some(
            scene
                .suspect("LoadBalancerDown", Weight::Likely, message)
                .proof("asked from the host", why.clone()),
        );
    }
    if !is_lost(why) {
        return None;
    }
    let message = format!(
        "the API server answers on its own host, and packets from here to `{has}` are lost on the way"
    );
    let route = scene.evidence.answer("route").unwrap_or("unknown");
    Some(
        scene
            .suspect("WayBlocked", Weight::Likely, message)
            .proof("asked from the host", why.clone())
            .proof("`ip route get`", route),
    )
}

/// The kubelet runs and is well, and the cluster has no node of it.
fn deleted(scene: &Scene<'_>) -> Option<Suspect> {
    let name = scene.look.node_name()?;
    if scene.is_any_broken(&[Part::Kubelet, Part::Way, Part::Runtime])
        || scene.survey.reach != Some(Ready::Up)
    {
        return None;
    }
    // It may only just have been started.
    if scene.evidence.unit("kubelet")?.age.is_none_or(|age| age < 30)
        || !scene.is_broken(Part::Node)
    {
        return None;
    }
    let symptom = scene.symptom(Part::Node)?;
    if !symptom.starts_with("the cluster has no node") {
        return None;
    }
    let message = format!(
        "the node `{name}` was deleted from the cluster, and its kubelet runs on without it"
    );
    Some(
        scene
            .suspect("NodeDeleted", Weight::Certain, message)
            .proof("the cluster's nodes", symptom.to_owned()),
    )
}
