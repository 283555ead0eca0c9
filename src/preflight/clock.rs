//! Certificates and tokens are valid from now on, by the clock of the host that makes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Check, Context, Finding, HostFacts, Phase, Run, need};
use crate::event::Severity;

pub(super) const CHECK: Check = Check {
    name: "Clock",
    description: "the clocks of the hosts and of this machine agree",
    severity: Severity::Error,
    phase: Phase::Join,
    breaks: "certificates and tokens are not valid yet, or not any more: `x509: certificate has expired or is not yet valid`",
    kubeadm: None,
    needs: &[need::CLOCK],
    page: "Seen by reading each host's clock between two looks at this machine's. A difference \
           is told only as far as it is certain, whatever the connection takes: from 2 s on as a \
           warning, from 30 s on as an error.\n\nHave the clock set by the network (`timedatectl \
           set-ntp true`, or chrony). Where all hosts are alike it is this machine's clock that is \
           wrong.",
    run: Run::AllHosts(run),
};

/// A certificate made on one host is not valid yet on the others for this long, and a join waits
/// for less than that between two tries.
const TOO_MUCH: Duration = Duration::from_secs(30);
/// etcd warns of a drift above one second; twice that is no noise of a busy host any more.
const MUCH: Duration = Duration::from_secs(2);
const FIX: &str = "set the clock: `timedatectl set-ntp true`, or start chrony, and run this again";

const COMMAND: &str = "timedatectl set-ntp true";

/// How far a host's clock is ahead of ours, at least and at most, in nanoseconds: the host read it
/// at some moment between our question and its answer.
#[derive(Clone, Copy)]
struct Ahead {
    least: i128,
    most: i128,
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let known: Vec<_> = context.hosts.iter().filter_map(|h| Some((h, ahead(h)?))).collect();
    let mut findings: Vec<Finding> = known.iter().filter_map(|(h, a)| with_us(h, *a)).collect();
    // The two clocks that are furthest apart for certain tell of all.
    let pairs = known.iter().flat_map(|one| known.iter().map(move |two| (one, two)));
    let furthest = pairs.max_by_key(|((_, slow), (_, fast))| fast.least - slow.most);
    if let Some(((slow, slowest), (fast, fastest))) = furthest {
        let gap = between(fastest.least - slowest.most);
        if let Some(severity) = severity(gap) {
            let (ahead, behind) = (&fast.host.display, &slow.host.display);
            let message = format!("`{ahead}`'s clock is {} ahead of `{behind}`'s", shown(gap));
            let finding = fast.error(CHECK.name, message, FIX).typed(COMMAND).and(slow);
            findings.push(Finding { severity, ..finding });
        }
    }
    findings
}

fn with_us(host: &HostFacts<'_>, ahead: Ahead) -> Option<Finding> {
    let (gap, word) = match (between(ahead.least), between(-ahead.most)) {
        (Duration::ZERO, behind) => (behind, "behind"),
        (ahead, _) => (ahead, "ahead of"),
    };
    let severity = severity(gap)?;
    let message = format!("its clock is {} {word} this machine's", shown(gap));
    let fix = format!("{FIX}; if all hosts are alike, it is this machine's that is wrong");
    Some(Finding { severity, ..host.error(CHECK.name, message, fix).typed(COMMAND) })
}

fn severity(gap: Duration) -> Option<Severity> {
    match gap {
        gap if gap > TOO_MUCH => Some(Severity::Error),
        gap if gap > MUCH => Some(Severity::Warning),
        _ => None,
    }
}

fn ahead(host: &HostFacts<'_>) -> Option<Ahead> {
    let theirs = nanoseconds(host.facts.clock?);
    let (asked, answered) = (nanoseconds(host.asked), nanoseconds(host.answered));
    // Where our own clock was set back meanwhile, the two are the wrong way round.
    let (first, last) = (asked.min(answered), asked.max(answered));
    Some(Ahead { least: theirs - last, most: theirs - first })
}

fn nanoseconds(time: SystemTime) -> i128 {
    let signed = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX / 4);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => signed(since),
        Err(before) => -signed(before.duration()),
    }
}

/// A distance that is certain; none where it is negative.
fn between(nanoseconds: i128) -> Duration {
    Duration::from_nanos(u64::try_from(nanoseconds.max(0)).unwrap_or(u64::MAX))
}

fn shown(gap: Duration) -> String {
    match gap.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
