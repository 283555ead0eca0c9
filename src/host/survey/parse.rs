//! From lines `key value` to [`Survey`].

use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use super::{
    Certificate, Etcd, EtcdMember, Journal, Lock, Node, Ready, Survey, SurveyError, Unit,
    certificate,
};
use crate::host::words;

/// The script's first line; its number changes when older programs would misread newer surveys.
const FIRST: &str = "survey 1";
const LAST: &str = "end";
/// Longer values are cut where they are shown to people.
const SHOWN: usize = 400;

pub(super) fn survey(stdout: &str) -> Result<Survey, SurveyError> {
    let mut lines = stdout.lines();
    if !lines.by_ref().any(|line| line == FIRST) {
        return Err(SurveyError::CutShort { last: "nothing".to_owned() });
    }
    let mut survey = Survey::default();
    let mut last = FIRST.to_owned();
    for line in lines {
        if line == LAST {
            return Ok(survey);
        }
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        take(&mut survey, key, value);
        last = clean(key);
    }
    Err(SurveyError::CutShort { last })
}

/// Takes in one line; what is not understood stays unknown.
fn take(survey: &mut Survey, key: &str, value: &str) {
    match key {
        "clock" => {
            survey.clock =
                value.parse().ok().and_then(|s| UNIX_EPOCH.checked_add(Duration::from_secs(s)));
        }
        "hostname" => survey.hostname = some(value),
        "journal" => {
            survey.journal = match (value, value.parse()) {
                ("-", _) => Journal::Absent,
                (_, Ok(entries)) => Journal::Present { entries, begun: Vec::new(), clears: false },
                _ => Journal::Unknown,
            }
        }
        "clears" => {
            if let Journal::Present { clears, .. } = &mut survey.journal {
                *clears = true;
            }
        }
        "begun" => {
            if let (Journal::Present { begun, .. }, Some(words)) =
                (&mut survey.journal, words::split(value))
                && let [_, _, run, step, ..] = &words[..]
            {
                begun.push((clean(run), clean(step)));
            }
        }
        "lock" => {
            let (state, holder) = value.split_once(' ').unwrap_or((value, "an unknown run"));
            survey.lock = match state {
                "free" => Lock::Free,
                "held" => Lock::Held(clean(holder)),
                "orphan" => Lock::Orphan(clean(holder)),
                _ => Lock::Unknown,
            };
        }
        "kubelet" => survey.kubelet = unit(value),
        "kubelet.version" => survey.kubelet_version = some(value),
        "runtime" => survey.runtime = Some(value == "up"),
        "manifest" if value != "-" => survey.manifests.push(clean(value)),
        "api.version" => survey.api_version = some(value),
        "api" => survey.api = Some(ready(value)),
        "server" => survey.server = Some(some(value).filter(|server| server != "-")),
        "reach" => survey.reach = Some(ready(value)),
        "balancer" => survey.balancer = Some(ready(value)),
        "nodes" => survey.nodes = Some(Vec::new()),
        "secrets" => survey.secrets = Some(Vec::new()),
        "secret" => survey.secrets.get_or_insert_default().push(clean(value)),
        "requests" => survey.requests = Some(Vec::new()),
        "request" => survey.requests.get_or_insert_default().push(clean(value)),
        "certificate" => survey.certificates.extend(one_certificate(value)),
        _ => {
            if let Some(key) = key.strip_prefix("etcd.") {
                etcd(survey.etcd.get_or_insert_default(), key, value);
            } else if let Some(nodes) = &mut survey.nodes {
                node(nodes, key, value);
            }
        }
    }
}

fn node(nodes: &mut Vec<Node>, key: &str, value: &str) {
    if key == "node" {
        nodes.push(Node { name: clean(value), ..Node::default() });
    }
    let Some(node) = nodes.last_mut() else { return };
    match key {
        "node.version" => node.version = some(value),
        "node.cordoned" => node.cordoned = true,
        "node.ready" => {
            let (status, since) = value.split_once(' ').unwrap_or((value, ""));
            node.ready = match status {
                "True" => Some(true),
                "False" => Some(false),
                _ => None,
            };
            node.since = some(since);
        }
        "node.address" => node.addresses.push(clean(value)),
        "node.label" => {
            let (key, value) = value.split_once('=').unwrap_or((value, ""));
            node.labels.push((clean(key), clean(value)));
        }
        "node.taint" => {
            let (effect, rest) = value.split_once(' ').unwrap_or((value, ""));
            let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
            node.taints.push((clean(effect), clean(key), clean(value)));
        }
        _ => {}
    }
}

fn etcd(etcd: &mut Etcd, key: &str, value: &str) {
    if key == "down" {
        etcd.health = Some(Ready::Down(clean(value)));
        return;
    }
    let Ok(json) = serde_json::from_str::<Value>(value) else { return };
    match key {
        "health" => {
            // `"true"` in 3.4, with a `reason` since 3.5.
            let healthy = json["health"] == "true" || json["health"] == true;
            let reason = json["reason"].as_str().filter(|reason| !reason.is_empty());
            let down = || Ready::Down(clean(reason.unwrap_or("it says that it is not healthy")));
            etcd.health = Some(if healthy { Ready::Up } else { down() });
        }
        "status" => {
            // One version of the gateway writes names as etcd's source has them, another in JSON's way.
            let names = &json["header"];
            let header = |name, other| if names[name].is_null() { other } else { name };
            etcd.id = number(&names[header("member_id", "memberId")]);
            etcd.cluster = number(&names[header("cluster_id", "clusterId")]);
            // Zero is left out of JSON by etcd's gateway.
            etcd.leader = Some(number(&json["leader"]).unwrap_or(0));
            etcd.version = json["version"].as_str().map(clean);
            etcd.size = number(&json["dbSize"]);
        }
        "list" => {
            let member = |member: &Value| EtcdMember {
                id: number(&member["ID"]).unwrap_or(0),
                name: member["name"].as_str().map(clean).unwrap_or_default(),
                learner: member["isLearner"] == true,
                peers: member["peerURLs"]
                    .as_array()
                    .map(|urls| urls.iter().filter_map(Value::as_str).map(clean).collect())
                    .unwrap_or_default(),
            };
            etcd.members =
                json["members"].as_array().map(|members| members.iter().map(member).collect());
        }
        _ => {}
    }
}

/// etcd's gateway writes 64-bit numbers as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn unit(value: &str) -> Option<Unit> {
    let (state, age) = value.split_once(' ')?;
    // The state is empty where systemd did not answer.
    let state = some(state)?;
    Some(Unit { state, age: Duration::from_secs(age.parse().unwrap_or(0)) })
}

fn ready(value: &str) -> Ready {
    match value.split_once(' ') {
        None if value == "up" => Ready::Up,
        Some(("down", cause)) if !cause.trim().is_empty() => Ready::Down(clean(cause)),
        _ => Ready::Down("no answer".to_owned()),
    }
}

fn one_certificate(value: &str) -> Option<Certificate> {
    // The path is the last word, because it is the one that may have blanks in it.
    let (base64, path) = value.split_once(' ')?;
    Some(Certificate { path: clean(path), ends: certificate::ends(base64) })
}

fn some(value: &str) -> Option<String> {
    Some(clean(value)).filter(|value| !value.is_empty())
}

/// Takes out what could play tricks on a terminal or in a log.
fn clean(value: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    value.trim().chars().take(SHOWN).map(visible).collect()
}
