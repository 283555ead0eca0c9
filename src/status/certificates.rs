//! When certificates end.

use std::time::{Duration, SystemTime};

use super::{Context, Finding, Look};
use crate::event::CertificateStatus;
use crate::host::survey::Certificate;

/// What is left when an end is worth a warning.
const SOON: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 86_400;

pub(super) fn rows(context: &Context<'_>) -> Vec<(String, CertificateStatus)> {
    let mut rows: Vec<(String, CertificateStatus)> = context
        .seen()
        .flat_map(|(look, survey)| survey.certificates.iter().map(move |c| (look, c)))
        .map(|(look, certificate)| {
            let status = CertificateStatus {
                path: certificate.path.clone(),
                ends: certificate.ends,
                days: certificate.ends.map(|ends| days(context.now, ends)),
            };
            (look.host.display.clone(), status)
        })
        .collect();
    // One that cannot be read comes first: it may be over.
    rows.sort_by_key(|(_, status)| status.ends);
    rows
}

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (look, survey) in context.installed() {
        if survey.certificates.is_empty() {
            findings.push(look.error(
                "Certificates",
                "when its certificates end is unknown: none could be read",
                "look at the host by hand",
            ));
        }
        findings.extend(of_host(context.now, look, &survey.certificates));
    }
    findings
}

/// One finding for each kind of trouble: certificates of one day end on one day.
fn of_host(now: SystemTime, look: &Look<'_>, certificates: &[Certificate]) -> Vec<Finding> {
    let paths = |wanted: &dyn Fn(&Certificate) -> bool| -> Vec<&str> {
        certificates.iter().filter(|c| wanted(c)).map(|c| c.path.as_str()).collect()
    };
    let is_over = |c: &Certificate| c.ends.is_some_and(|ends| ends <= now);
    let is_near = |c: &Certificate| !is_over(c) && c.ends.is_some_and(|ends| ends < now + SOON);
    let least = |wanted: &dyn Fn(&Certificate) -> bool| {
        let ends = certificates.iter().filter(|c| wanted(c)).filter_map(|c| c.ends);
        ends.min().map_or(0, |ends| days(now, ends))
    };
    let renew = "`kubeadm certs renew all` on each control plane, then restart its static pods; a kubelet renews its own when it is restarted";
    let mut findings = Vec::new();
    let (unread, over, near) = (paths(&|c| c.ends.is_none()), paths(&is_over), paths(&is_near));
    if !unread.is_empty() {
        let message =
            format!("ends are unknown, no certificate can be read from {}", some(&unread));
        findings.push(look.error("Certificates", message, "look at the files by hand"));
    }
    if !over.is_empty() {
        let ago = spelt(-least(&is_over));
        let message = format!("have ended, the first {ago} ago: {}", some(&over));
        findings.push(look.error("Certificates", message, renew));
    }
    if !near.is_empty() {
        let left = spelt(least(&is_near));
        let message = format!("end soon, the first in {left}: {}", some(&near));
        findings.push(look.warning("Certificates", message, renew));
    }
    findings
}

/// The first few, and the number of the others.
fn some(paths: &[&str]) -> String {
    const MOST: usize = 3;
    let shown: Vec<String> = paths.iter().take(MOST).map(|path| format!("`{path}`")).collect();
    match paths.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn spelt(days: i64) -> String {
    format!("{days} day{}", if days == 1 { "" } else { "s" })
}

/// Whole days until then; negative when it is over, -1 on the day that it ended.
fn days(now: SystemTime, ends: SystemTime) -> i64 {
    let whole = |span: Duration| i64::try_from(span.as_secs() / DAY).unwrap_or(i64::MAX);
    match ends.duration_since(now) {
        Ok(left) => whole(left),
        Err(over) => -whole(over.duration()) - 1,
    }
}
