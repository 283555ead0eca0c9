//! The row of each host, and of nodes that are on none.

use super::{Context, Look, is_control_plane};
use crate::event::{Health, HostStatus};
use crate::host::survey::{Lock, Node, Ready, Survey};

pub(super) fn rows(context: &Context<'_>) -> Vec<(Option<String>, HostStatus)> {
    let ours = context.looks.iter().map(|look| {
        let node = context.node(look);
        (Some(look.host.display.clone()), row(look, node))
    });
    let others = context.foreign().into_iter().map(|node| {
        let control_plane = is_control_plane(node);
        (None, with_node(HostStatus { control_plane, ..HostStatus::default() }, node))
    });
    ours.chain(others).collect()
}

fn row(look: &Look<'_>, node: Option<&Node>) -> HostStatus {
    let mut row = HostStatus {
        node: look.node_name(),
        control_plane: look.host.control_plane,
        api_server: look.host.control_plane.then_some(Health::Unknown),
        ..HostStatus::default()
    };
    if let Some(survey) = look.survey() {
        row = with_survey(row, survey);
    }
    match node {
        Some(node) => with_node(row, node),
        None => row,
    }
}

fn with_survey(row: HostStatus, survey: &Survey) -> HostStatus {
    HostStatus {
        reached: true,
        kubelet: Health::of(survey.kubelet.as_ref().map(|unit| unit.state == "active")),
        version: survey.kubelet_version.clone(),
        runtime: Health::of(survey.runtime),
        api_server: row.api_server.map(|_| health(survey.api.as_ref())),
        load_balancer: survey.balancer.is_some().then(|| health(survey.balancer.as_ref())),
        lock: match &survey.lock {
            Lock::Held(holder) | Lock::Orphan(holder) => Some(holder.clone()),
            Lock::Free | Lock::Unknown => None,
        },
        ..row
    }
}

fn with_node(row: HostStatus, node: &Node) -> HostStatus {
    HostStatus {
        node: Some(node.name.clone()),
        // A kubelet that is not heard any more is no kubelet that works.
        ready: Health::of(Some(node.ready == Some(true))),
        since: node.since.clone(),
        version: node.version.clone().or(row.version),
        ..row
    }
}

fn health(answer: Option<&Ready>) -> Health {
    Health::of(answer.map(|answer| *answer == Ready::Up))
}
