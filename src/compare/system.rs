//! Packages, units, swap, settings of the kernel.

use super::line::Line;
use super::names;
use super::{Context, UNCLAIMED, Whose, left, owner};

pub(super) fn package(line: &Line<'_>, context: &Context<'_>) -> Whose {
    if context.claims.packages.contains(line.name) {
        return left("bivouac installed it");
    }
    if names::first(&names::PACKAGES, line.name).is_some() {
        return left("a package of Kubernetes'");
    }
    owner("no step of bivouac installed, upgraded or removed it")
}

pub(super) fn unit(line: &Line<'_>, context: &Context<'_>) -> Whose {
    if context.claims.units.contains(line.name) {
        return left("bivouac enabled or started this unit");
    }
    match names::first(&names::UNITS, line.name) {
        Some(why) => left(why),
        None => owner(UNCLAIMED),
    }
}

pub(super) fn swap(line: &Line<'_>, context: &Context<'_>) -> Whose {
    if context.claims.swap && !line.is_new {
        return left("bivouac switched it off");
    }
    owner("no step of bivouac makes swap, or switched this off")
}

/// Settings that the cluster's programs change were put back: what differs still is left, unless the value is one that neither they nor
/// a step would have written.
pub(super) fn setting(line: &Line<'_>, context: &Context<'_>) -> Whose {
    let claims = &context.claims;
    let key = line.name;
    let now = context.lines.iter().find(|it| it.class == line.class && it.name == key && it.is_new);
    let now = now.map(|line| line.value);
    // Those of links that are gone, or new, go with these.
    if let Some(link) = names::link_of(key)
        && !matches!(link.as_str(), "all" | "default")
        && context.lines.iter().any(|it| it.class == super::Class::Link && it.name == link)
    {
        return match names::first(&names::LINKS, &link) {
            Some(_) => left(format!("the link `{link}` is a pod network's")),
            None => owner(format!("it goes with the link `{link}`, which is not the cluster's")),
        };
    }
    if let Some(user) = names::forwarding(key).then(|| context.forwards_for()).flatten()
        && now == Some("1")
    {
        return owner(format!("`{user}`, which is not the cluster's and came since, needs it"));
    }
    if let Some(ours) = claims.settings.get(key) {
        return match now {
            Some(now) if now != ours => {
                owner(format!("bivouac had set it to {ours}: somebody chose {now} since"))
            }
            _ => left("bivouac set it"),
        };
    }
    match names::written_by_cluster(key) {
        None => owner("neither a step of bivouac nor a program of the cluster writes it"),
        Some(values) if now.is_some_and(|now| !values.is_empty() && !values.contains(&now)) => {
            owner("it is neither as before nor as a program of the cluster sets it")
        }
        Some(_) if !claims.kernel => owner("no cluster was made here that would have set it"),
        Some(_) => left("programs of the cluster set it"),
    }
}
