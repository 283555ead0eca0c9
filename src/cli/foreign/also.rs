//! `--also NAME`: what the operator names must be there, before anything is touched.

use super::{Seen, Unseen};
use crate::cli::exit::{Exit, Stop};
use crate::cluster::nearest;
use crate::report;
use crate::residue::{self, Naming, Wishes};

/// Refuses names that mean nothing on any host. One that means something on one of them is fine.
pub fn check(seen: &[Result<Seen, Unseen>], wishes: &Wishes) -> Result<(), Stop> {
    let hosts: Vec<&Seen> = seen.iter().flatten().collect();
    // Those that did not answer may have it.
    let all = hosts.len() == seen.len();
    let is_quiet = hosts.iter().all(|it| it.judged.going().next().is_none());
    for name in &wishes.also {
        let namings = hosts.iter().map(|it| residue::naming(&it.inventory, &it.past, name));
        match namings.max().unwrap_or(Naming::Absent) {
            Naming::Goes => {}
            Naming::Deaf => {
                return Err(Stop::new(
                    Exit::Usage,
                    format!(
                        "`--also {name}`: it is there and stays all the same: `--also` takes directories with data, and `etcd.service`\n  fix: leave it out, and remove that by hand if it is to go"
                    ),
                ));
            }
            Naming::Absent if !all => {
                report::err(&format!("`--also {name}`: no host that answered has it"));
            }
            // The same command once more, after it worked.
            Naming::Absent if is_quiet && residue::is_asked_for(name) => {
                report::err(&format!("`--also {name}`: no host has it, or has it any more"));
            }
            Naming::Absent => return Err(absent(name, &hosts)),
        }
    }
    Ok(())
}

fn absent(name: &str, hosts: &[&Seen]) -> Stop {
    let mut names: Vec<String> =
        hosts.iter().flat_map(|it| residue::nameable(&it.inventory, &it.past)).collect();
    names.sort();
    names.dedup();
    let candidates: Vec<&str> = names.iter().map(String::as_str).collect();
    let meant = match nearest(name, &candidates) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    };
    let may = match candidates.as_slice() {
        [] => "nothing that stays on these hosts can be named".to_owned(),
        some => format!("what stays and can be named is `{}`", some.join("`, `")),
    };
    Stop::new(Exit::Usage, format!("`--also {name}`: no host has that{meant}\n  fix: {may}"))
}
