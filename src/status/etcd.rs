//! etcd: its members, and whether each is healthy.

use super::{Context, Finding, Look};
use crate::event::{EtcdStatus, Health, Severity};
use crate::host::survey::{Etcd, EtcdMember, Ready};

pub(super) fn rows(context: &Context<'_>) -> Vec<(Option<String>, EtcdStatus)> {
    let Some(members) = members(context) else { return Vec::new() };
    members
        .iter()
        .map(|member| {
            let look = host_of(context, member);
            let etcd = look.and_then(etcd_of);
            // Any member that answers knows who leads.
            let leader = seen(context).find_map(|(_, etcd)| etcd.leader).filter(|id| *id != 0);
            let status = EtcdStatus {
                member: member.name.clone(),
                id: format!("{:x}", member.id),
                health: Health::of(etcd.and_then(health).map(|ready| *ready == Ready::Up)),
                leader: leader.map(|id| id == member.id),
                learner: member.learner,
                version: etcd.and_then(|etcd| etcd.version.clone()),
                bytes: etcd.and_then(|etcd| etcd.size),
            };
            (look.map(|look| look.host.display.clone()), status)
        })
        .collect()
}

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    if is_external(context) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (look, survey) in context.installed().filter(|(look, _)| look.host.control_plane) {
        let unknown = |why: &str| {
            look.error(
                "Etcd",
                format!("how etcd is on it is unknown: {why}"),
                "look at the host by hand",
            )
        };
        match &survey.etcd {
            None => findings.push(unknown(
                "there is no `/etc/kubernetes/pki/etcd/healthcheck-client.key`, or no `kubectl`, to ask it with",
            )),
            Some(etcd) => match &etcd.health {
                Some(Ready::Up) => {}
                Some(Ready::Down(cause)) => findings.push(look.error(
                    "Etcd",
                    format!("etcd on it is not healthy: {cause}"),
                    "`crictl ps -a` on the host shows whether it runs, `crictl logs` why not",
                )),
                None => findings.push(unknown("it gave no answer that can be read")),
            },
        }
    }
    match members(context) {
        Some(members) => findings.extend(membership(context, members)),
        None => findings.push(Context::finding(
            Severity::Error,
            "Etcd",
            "no member of etcd could be asked: who its members are is unknown",
            "bring a control plane back first",
        )),
    }
    findings.extend(two_clusters(context));
    findings
}

fn membership(context: &Context<'_>, members: &[EtcdMember]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in members {
        let look = host_of(context, member);
        let finding = |severity, message: String, fix: &str| Finding {
            host: look.map(|look| look.host.display.clone()),
            ..Context::finding(severity, "EtcdMember", message, fix)
        };
        let id = format!("{:x}", member.id);
        if member.name.is_empty() {
            let peers = member.peers.join(", ");
            findings.push(finding(
                Severity::Error,
                format!("etcd waits for a member that has never started: {id} at `{peers}`"),
                "let its control plane join, or take the member out with `etcdctl member remove`",
            ));
        } else if look.is_none() {
            findings.push(finding(
                Severity::Error,
                format!(
                    "etcd's member `{}` ({id}) is on no control plane of cluster.yaml",
                    member.name
                ),
                "add its host to the file, or take the member out with `etcdctl member remove`",
            ));
        } else if member.learner {
            findings.push(finding(
                Severity::Warning,
                format!("etcd's member `{}` has no vote yet: it still learns", member.name),
                "wait until it has caught up",
            ));
        }
    }
    for (look, _) in context.installed().filter(|(look, _)| look.host.control_plane) {
        let is_member = |member: &EtcdMember| {
            host_of(context, member).is_some_and(|other| std::ptr::eq(other, look))
        };
        if !members.iter().any(is_member) {
            findings.push(look.error(
                "EtcdMember",
                "it is a control plane, but no member of etcd",
                "wipe the host and let it join again",
            ));
        }
    }
    findings
}

fn two_clusters(context: &Context<'_>) -> Option<Finding> {
    let mut known: Option<(u64, &str)> = None;
    for (look, etcd) in seen(context) {
        let Some(cluster) = etcd.cluster else { continue };
        match known {
            None => known = Some((cluster, &look.host.display)),
            Some((first, name)) if first != cluster => {
                return Some(look.error(
                    "Etcd",
                    format!("its etcd belongs to another cluster than that of `{name}`"),
                    "find out which of them is the right one, then wipe the other host",
                ));
            }
            Some(_) => {}
        }
    }
    None
}

/// The members, by the first control plane whose etcd told them.
fn members<'a>(context: &'a Context<'_>) -> Option<&'a [EtcdMember]> {
    seen(context).find_map(|(_, etcd)| etcd.members.as_deref())
}

fn seen<'a>(context: &'a Context<'_>) -> impl Iterator<Item = (&'a Look<'a>, &'a Etcd)> {
    context.seen().filter_map(|(look, survey)| Some((look, survey.etcd.as_ref()?)))
}

/// The control plane that a member is on: by its own word, else by its name, which kubeadm makes the node's.
fn host_of<'a>(context: &'a Context<'_>, member: &EtcdMember) -> Option<&'a Look<'a>> {
    let by_id = |look: &&Look<'_>| etcd_of(look).is_some_and(|etcd| etcd.id == Some(member.id));
    let planes = || context.looks.iter().filter(|look| look.host.control_plane);
    planes()
        .find(by_id)
        .or_else(|| planes().find(|look| look.node_name().is_some_and(|name| name == member.name)))
}

fn etcd_of<'a>(look: &'a Look<'_>) -> Option<&'a Etcd> {
    look.survey()?.etcd.as_ref()
}

fn health(etcd: &Etcd) -> Option<&Ready> {
    etcd.health.as_ref()
}

/// Whether cluster.yaml has kubeadm use an etcd of the user's own.
fn is_external(context: &Context<'_>) -> bool {
    let etcd = context.cluster.kubernetes.kubeadm.get("etcd");
    etcd.is_some_and(|etcd| etcd.get("external").is_some())
}
