//! Users and groups.

use super::line::{Class, Line};
use super::{Context, Whose, left, names, owner};

/// The files that users and groups are in: they are compared by their lines.
pub(super) fn file(path: &str) -> Option<&'static str> {
    match path {
        "/etc/passwd" | "/etc/shadow" | "/etc/subuid" => Some("users or their passwords"),
        "/etc/group" | "/etc/gshadow" | "/etc/subgid" => Some("groups or their members"),
        _ => None,
    }
}

pub(super) fn whose(line: &Line<'_>, context: &Context<'_>) -> Whose {
    let what = if line.class == Class::User { "user" } else { "group" };
    if line.class == Class::Group && context.claims.groups.contains(line.name) {
        return left("bivouac made this group");
    }
    if names::first(&names::ACCOUNTS, line.name).is_some() {
        return left(format!("installers of Kubernetes make this {what}"));
    }
    owner(format!("no step of bivouac made or changed this {what}"))
}
