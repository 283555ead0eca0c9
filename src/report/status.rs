//! How a cluster is, as tables: the result of `bivouac status`.

use std::time::SystemTime;

use super::style::{self, Style};
use super::{clean, findings, words};
use crate::event::{CertificateStatus, EtcdStatus, Finding as Found, Health, HostStatus};
use crate::status::Status;

/// Certificates in the table; the later ones are counted.
const CERTIFICATES: usize = 8;

/// The tables, what is not as it should be, and the verdict; `all` shows every certificate.
pub fn text(status: &Status, all: bool, style: Style) -> String {
    let mut lines = hosts(status, style);
    lines.extend(etcd(status, style));
    lines.extend(certificates(status, all, style));
    let found: Vec<super::Finding> = status.findings.iter().map(finding).collect();
    if !found.is_empty() {
        lines.push(String::new());
        lines.extend(findings::table(&found, status.hosts.len(), style));
    }
    lines.push(String::new());
    let name = clean::line(&status.cluster, clean::LINE);
    lines.push(if status.is_well() {
        let warnings = match status.findings.len() {
            0 => String::new(),
            some => format!(", with {}", words::count(some, "warning")),
        };
        style.green(&format!("the cluster `{name}` is healthy and as cluster.yaml says{warnings}"))
    } else {
        style.red(&format!("the cluster `{name}` is not as it should be"))
    });
    lines.join("\n") + "\n"
}

fn hosts(status: &Status, style: Style) -> Vec<String> {
    let of_some = |wanted: fn(&HostStatus) -> bool| status.hosts.iter().any(|(_, row)| wanted(row));
    // A column that says nothing is left out.
    let (balancers, locks) =
        (of_some(|row| row.load_balancer.is_some()), of_some(|row| row.lock.is_some()));
    let mut head = vec![
        "host",
        "node",
        "role",
        "ready",
        "since",
        "kubelet",
        "version",
        "runtime",
        "api server",
    ];
    head.extend(balancers.then_some("load balancer"));
    head.extend(locks.then_some("locked by"));
    let row = |(host, row): &(Option<String>, HostStatus)| {
        let mut cells = vec![
            said(host.as_deref()),
            said(row.node.as_deref()),
            words::role(row.control_plane).to_owned(),
            match row.ready {
                Health::Up => "yes".to_owned(),
                Health::Down => style.red("no"),
                Health::Unknown => style.yellow("unknown"),
            },
            said(row.since.as_deref()),
            health(row.kubelet, style),
            said(row.version.as_deref()),
            health(row.runtime, style),
            row.api_server.map_or_else(none, |api| health(api, style)),
        ];
        if balancers {
            cells.push(row.load_balancer.map_or_else(none, |balancer| health(balancer, style)));
        }
        if locks {
            cells.push(said(row.lock.as_deref()));
        }
        cells
    };
    table(&head, status.hosts.iter().map(row), style)
}

fn etcd(status: &Status, style: Style) -> Vec<String> {
    let row = |(host, row): &(Option<String>, EtcdStatus)| {
        let role = match (row.leader, row.learner) {
            (_, true) => "learner".to_owned(),
            (Some(true), _) => "leader".to_owned(),
            (Some(false), _) => "follower".to_owned(),
            (None, _) => style.yellow("unknown"),
        };
        vec![
            said(Some(row.member.as_str()).filter(|name| !name.is_empty())),
            said(host.as_deref()),
            health(row.health, style),
            role,
            said(row.version.as_deref()),
            row.bytes.map_or_else(none, words::size),
            said(Some(row.id.as_str())),
        ]
    };
    let rows: Vec<Vec<String>> = status.etcd.iter().map(row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let head = ["etcd member", "host", "health", "role", "version", "data", "id"];
    std::iter::once(String::new()).chain(table(&head, rows.into_iter(), style)).collect()
}

fn certificates(status: &Status, all: bool, style: Style) -> Vec<String> {
    if status.certificates.is_empty() {
        return Vec::new();
    }
    let most = if all { usize::MAX } else { CERTIFICATES };
    let row = |(host, row): &(String, CertificateStatus)| {
        let left = match row.days {
            Some(days @ ..0) => style.red(&format!("ended {} ago", spelt(days))),
            Some(days @ 0..30) => style.yellow(&spelt(days)),
            Some(days) => spelt(days),
            None => style.yellow("unknown"),
        };
        vec![said(Some(&row.path)), said(Some(host)), row.ends.map_or_else(none, minute), left]
    };
    let rows = status.certificates.iter().take(most).map(row);
    let mut lines = vec![String::new()];
    lines.extend(table(&["certificate", "host", "ends", "left"], rows, style));
    let rest = status.certificates.len().saturating_sub(most);
    if rest > 0 {
        let more = words::count(rest, "more certificate");
        lines.push(format!("  and {more} with later ends (`--verbose` shows all)"));
    }
    lines
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>, style: Style) -> Vec<String> {
    let head = head.iter().map(|cell| style.bold(cell)).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    style::table(&rows)
}

fn finding(found: &crate::status::Finding) -> super::Finding {
    super::Finding {
        host: found.host.clone(),
        found: Found::new(found.name, found.severity, &found.message, &found.fix),
    }
}

fn health(health: Health, style: Style) -> String {
    match health {
        Health::Up => "up".to_owned(),
        Health::Down => style.red("down"),
        Health::Unknown => style.yellow("unknown"),
    }
}

/// A cell with text that may come from a host.
fn said(text: Option<&str>) -> String {
    text.map_or_else(none, |text| clean::line(text, clean::LINE).into_owned())
}

fn spelt(days: i64) -> String {
    words::count(usize::try_from(days.unsigned_abs()).unwrap_or(usize::MAX), "day")
}

fn none() -> String {
    "-".to_owned()
}

/// `2027-11-23 05:38`, in UTC.
fn minute(time: SystemTime) -> String {
    words::moment(time).chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}
