//! A clock that was never set, on this machine and on the hosts alike, makes certificates that nobody takes once it
//! is right. Where the clocks differ, `clock.rs` says so.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};

pub(super) const CHECK: Check = Check {
    name: "ClockYear",
    description: "the clocks are of our time",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "certificates are not valid yet, or no more, once the clock is right",
    kubeadm: None,
    // Whether the clock is known is `Clock`'s to say.
    needs: &[],
    page: "Seen by the host's clock, where it agrees with this machine's: a time before 2024, when this program was \
           not yet, or after 2037. A machine whose battery is empty begins at 1970, or when its firmware was \
           made.\n\nSet the clock of this machine and of the hosts before anything is made that has an end.",
    run: Run::EachHost(run),
};

/// 2024-01-01 and 2038-01-01, in seconds since 1970.
const OURS: std::ops::Range<u64> = 1_704_067_200..2_145_916_800;
/// What `clock.rs` calls too much.
const ALIKE: Duration = Duration::from_secs(30);

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let Some(clock) = host.facts.clock else { return vec![] };
    let seconds = clock.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if OURS.contains(&seconds) || apart(clock, host.asked) > ALIKE {
        return vec![];
    }
    let years = 1970 + seconds / 31_556_952;
    let message = format!("its clock, and this machine's, say that it is {years}");
    let fix = "set both clocks (`timedatectl set-time`), and have a time service keep them";
    vec![host.error(CHECK.name, message, fix)]
}

fn apart(one: SystemTime, two: SystemTime) -> Duration {
    one.duration_since(two).unwrap_or_else(|error| error.duration())
}
