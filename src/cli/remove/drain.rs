//! What a drain would lose, before one begins.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::exit::{Exit, Stop};
use super::super::session::Session;
use crate::event::{EventKind, Finding, Severity};
use crate::host::{Probe, Remote};
use crate::members::Members;
use crate::playbook::Leaving;
use crate::ssh::quote;

/// Limit for the look at a node's pods.
const LOOK: Duration = Duration::from_secs(60);

/// Asks kubectl which pods a drain would not move; each is a finding with the flag that allows it.
pub(super) async fn drains(
    session: &Session,
    remote: &mut Remote,
    leaving: &[Leaving],
    members: &Members,
) -> Result<bool, Stop> {
    let mut well = true;
    for it in leaving {
        let is_there = members.nodes.iter().any(|node| node.name == it.node);
        let Some(flags) = it.drain.as_ref().filter(|_| !it.dead && is_there) else { continue };
        let line = format!(
            "kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 30s drain {} --ignore-daemonsets {flags} --dry-run=client",
            quote(&it.node)
        );
        let failed =
            |error: crate::host::Error| Stop::error(Exit::Unreachable, &error, &error.fix());
        let look = Probe::new(line);
        let answer = session.unless_stopped(remote.probe(&look, LOOK)).await?.map_err(failed)?;
        if answer.status == 0 {
            continue;
        }
        well = false;
        for (message, fix) in lost(&answer.stderr) {
            let found = Finding::new("Drain", Severity::Error, message, fix);
            session.events.host(&it.name, EventKind::Finding(found));
        }
    }
    Ok(well)
}

/// What `kubectl drain --dry-run` refuses to do, with what would allow it.
fn lost(said: &str) -> Vec<(String, String)> {
    let mut found = BTreeSet::new();
    for line in said.lines() {
        let line = line.trim().trim_start_matches("error:").trim();
        // A sentence ends where the next begins: kubectl joins them with a comma or a line break.
        for part in line.split(", cannot delete ") {
            let part = part.trim_start_matches("cannot delete ");
            let Some((what, pods)) = part.split_once("): ") else { continue };
            let fix = match what {
                what if what.contains("local storage") || what.contains("emptydir") => {
                    "move the data, or let it go with `--delete-emptydir-data`"
                }
                what if what.contains("--force") => {
                    "delete or move them, or let them go with `--force`"
                }
                _ => "move them first",
            };
            let (what, _) = what.split_once(" (").unwrap_or((what, ""));
            found.insert((
                format!("the drain would lose {what}: {}", pods.trim_end_matches(']')),
                fix.to_owned(),
            ));
        }
    }
    if found.is_empty() {
        let first =
            said.lines().find(|line| !line.trim().is_empty()).unwrap_or("kubectl said nothing");
        found.insert((
            format!("the node cannot be drained: {first}"),
            "mend the cause, or use `--skip-drain`".to_owned(),
        ));
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_drain_would_lose_is_named_with_the_flag_that_allows_it() {
        let said = "node/w1 cordoned (dry run)
error: unable to drain node \"w1\", aborting command...

There are pending nodes to be drained:
 w1
cannot delete Pods with local storage (use --delete-emptydir-data to override): default/cache, default/tmp
cannot delete Pods not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet (use --force to override): default/bare
";
        let found = lost(said);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found.iter().any(|(message, fix)| message.contains("default/cache, default/tmp")
                && fix.contains("--delete-emptydir-data")),
            "{found:?}"
        );
        assert!(
            found.iter().any(|(message, fix)| message.ends_with("StatefulSet: default/bare")
                && fix.contains("--force")),
            "{found:?}"
        );
        // kubectl of later versions says all in one line.
        let said = "error: unable to drain node \"w1\" due to error:[cannot delete Pods with local storage (use --delete-emptydir-data to override): default/cache, cannot delete Pods declare no controller (use --force to override): default/bare], continuing command...";
        let found = lost(said);
        assert_eq!(found.len(), 2, "{found:?}");
        // Something else altogether.
        assert!(lost("Error from server: no\n")[0].0.contains("Error from server: no"));
    }
}
