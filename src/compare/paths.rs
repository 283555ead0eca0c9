//! Files, directories, mounts.

use super::claims::is_below;
use super::line::{Class, Line};
use super::{Context, UNCLAIMED, Whose, accounts, left, names, noise, owner};

pub(super) fn whose(line: &Line<'_>, context: &Context<'_>) -> Whose {
    let path = line.name;
    if let Some(whose) = claimed(path, context) {
        return whose;
    }
    if let Some(reason) = noise::reason(path).filter(|_| line.is_file()) {
        return Whose::Noise(reason.to_owned());
    }
    if line.class == Class::Run {
        return run(path, context);
    }
    if line.class == Class::Bpf {
        return match names::first(&names::BPF_OF_OTHERS, path) {
            Some(_) => owner("another program than a pod network keeps it there"),
            None => left("a program or map in the kernel that a pod network may have left"),
        };
    }
    if let Some(file) = accounts::file(path) {
        return owner(format!(
            "{file} have changed, and no step of bivouac changes others' entries"
        ));
    }
    owner(UNCLAIMED)
}

/// What a step claims, and what is a cluster's by its name.
fn claimed(path: &str, context: &Context<'_>) -> Option<Whose> {
    let claims = &context.claims;
    if claims.wrote(path) {
        return Some(left("bivouac wrote it"));
    }
    // The runtime is its owner's, who goes on using it; what Kubernetes has in it has names of its own.
    if let Some(root) =
        claims.stores.iter().flat_map(|store| &store.roots).find(|root| is_below(path, root))
    {
        return Some(if names::first(&names::IN_STORES, path).is_some() {
            left(format!("Kubernetes' part of the runtime's directory `{root}`"))
        } else {
            owner(format!(
                "the runtime's owner uses `{root}`; what Kubernetes had in it is under other names"
            ))
        });
    }
    if let Some(tree) = claims.tree(path) {
        return Some(left(format!("it is in `{}`, which is the cluster's", tree.path)));
    }
    if let Some(line) = claims.lines.iter().find(|line| mentions(line, path)) {
        return Some(left(format!("a step's command, or its undo, names it: `{line}`")));
    }
    if names::first(&names::PLUGINS_OF_OTHERS, path).is_some() {
        return Some(owner("a network of another program's than Kubernetes'"));
    }
    names::first(&names::PATHS, path).map(|why| left(format!("clusters make it: {why}")))
}

fn mentions(text: &str, path: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ';'))
        .any(|word| word == path)
}

/// The few places below /run that are looked at.
fn run(path: &str, context: &Context<'_>) -> Whose {
    match path {
        "/run/netns" | "/run/ipcns" | "/run/utsns" | "/run/userns" | "/run/pidns" => {
            let prefix = format!("{path}/");
            let is_used = context.any_of_owner(Class::Run, |line| {
                line.name.starts_with(&prefix) && names::first(&names::PATHS, line.name).is_none()
            });
            if is_used {
                owner("namespaces of others are in it")
            } else {
                left("nothing of others is in it")
            }
        }
        "/run/xtables.lock" => {
            if context.any_of_owner(Class::Iptables, |line| {
                matches!(super::firewall::whose(line, context), Whose::Owner(_))
            }) {
                owner("others have rules of iptables")
            } else {
                left("kube-proxy makes it, and nobody else has rules of iptables")
            }
        }
        _ => owner(UNCLAIMED),
    }
}

/// /tmp is everybody's, for a while.
pub(super) fn temporary(line: &Line<'_>) -> Whose {
    match names::first(&names::PATHS, line.name) {
        Some(why) => left(format!("clusters make it: {why}")),
        None => Whose::Noise("files in /tmp come and go".to_owned()),
    }
}

pub(super) fn mount(line: &Line<'_>, context: &Context<'_>) -> Whose {
    let path = line.name;
    if path == "/sys/fs/bpf" && line.is_new {
        return left("pod networks mount it, and nothing else here has");
    }
    claimed(path, context).unwrap_or_else(|| owner(UNCLAIMED))
}
