//! Whether the lanes of a plan can all come to their end.

use std::collections::BTreeMap;

use super::library::Error;
use super::plan::Lane;

/// Walks all lanes as far as their gates let them; refuses a plan in which some host would wait for
/// ever.
pub(super) fn check(lanes: &[Lane]) -> Result<(), Error> {
    // What is still to be done before a gate opens. One that nobody opens here is open.
    let mut closed: BTreeMap<&str, usize> = BTreeMap::new();
    for gate in lanes.iter().flat_map(|lane| &lane.tasks).filter_map(|task| task.opens.as_deref()) {
        *closed.entry(gate).or_default() += 1;
    }
    let is_closed = |closed: &BTreeMap<&str, usize>, gate: &str| {
        closed.get(gate).is_some_and(|missing| *missing > 0)
    };
    let mut done = vec![0; lanes.len()];
    loop {
        let mut moved = false;
        for (lane, done) in lanes.iter().zip(&mut done) {
            for task in &lane.tasks[*done..] {
                if task.needs.as_deref().is_some_and(|gate| is_closed(&closed, gate)) {
                    break;
                }
                if let Some(missing) = task.opens.as_deref().and_then(|gate| closed.get_mut(gate)) {
                    *missing -= 1;
                }
                *done += 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let stuck = lanes.iter().zip(&done).find_map(|(lane, done)| {
        let task = lane.tasks.get(*done)?;
        Some((lane, task, task.needs.as_deref()?))
    });
    let Some((lane, task, gate)) = stuck else { return Ok(()) };
    let opener = lanes.iter().zip(&done).find_map(|(lane, done)| {
        let rest = &lane.tasks[*done..];
        Some((lane, rest.iter().find(|task| task.opens.as_deref() == Some(gate))?))
    });
    let opener = opener.map_or_else(String::new, |(lane, task)| {
        format!(", which {} opens only after that at `{}`", lane.name, task.step.step)
    });
    Err(Error::Stuck(format!("{} waits at `{}` for `{gate}`{opener}", lane.name, task.step.step)))
}
