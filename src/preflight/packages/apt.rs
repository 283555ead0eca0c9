//! What apt would say to the packages of the installation: asked beforehand with what the host knows of its sources, without a refresh.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, quoted};
use crate::ssh::quote;

pub(crate) const CHECK: Check = Check {
    name: "Packages",
    description: "the tools that the cluster needs can be installed, and nothing else changes with them",
    severity: Severity::Error,
    phase: Phase::Packages,
    breaks: "the installation ends at its package step",
    kubeadm: None,
    // Where all are installed nobody asks.
    needs: &[],
    page: "Seen by `apt-get -s install`, which changes nothing, for those of conntrack, ebtables, ethtool, iproute2, iptables, nftables and socat that are not \
           installed: a package on hold, dependencies that are broken, sources or settings that cannot be read, packages that would be upgraded or removed \
           besides. Where the lists do not have a package they are refreshed by the installation; then sources that are no more (`apt.kubernetes.io`) and keys that \
           apt's own user cannot read are in its way. Hosts with dnf, yum or zypper are not asked.\n\nEach finding names its own way out.",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let apt = &host.facts.apt;
    let Some(wanted) = apt.wanted.as_ref().filter(|wanted| !wanted.is_empty()) else {
        return vec![];
    };
    // Other checks speak of a dpkg that is at work or was interrupted, and our own step mends what it left.
    let is_busy = host.facts.package_locks.as_ref().is_some_and(|locks| !locks.is_empty());
    if is_busy || host.facts.dpkg_interrupted == Some(true) || host.facts.has_begun_packages() {
        return vec![];
    }
    let mut findings = Vec::new();
    let plan = || apt.plan.iter().flatten();
    let errors: Vec<&str> = plan().filter_map(|line| line.strip_prefix("error ")).collect();
    if let Some(error) = errors.iter().find(|error| is_final(error)) {
        // That one is said above, in words.
        if apt.held.is_empty() || !error.contains("Held packages") {
            findings.push(refusal(host, error, wanted));
        }
    } else if errors.iter().any(|error| !is_final(error)) {
        findings.extend(refresh(host));
    }
    // After errors of its sources: apt-mark reads them too.
    if !apt.held.is_empty() {
        let message = format!("packages that the cluster needs are on hold: {}", quoted(&apt.held));
        let fix = "let them be installed";
        let command = format!("apt-mark unhold {}", apt.held.join(" "));
        findings.push(host.error(CHECK.name, message, fix).typed(command));
    }
    let changes: Vec<String> = plan()
        .filter(|line| line.starts_with("remove ") || line.starts_with("upgrade "))
        .map(String::to_owned)
        .collect();
    if !changes.is_empty() {
        let message = format!("with {} others would change: {}", quoted(wanted), quoted(&changes));
        let fix = "bring the host's packages up to date yourself, or install these";
        // What would be removed is to be seen and answered for.
        let yes = if changes.iter().any(|line| line.starts_with("remove ")) { "" } else { "-y " };
        let command = format!(
            "DEBIAN_FRONTEND=noninteractive apt-get {yes}--no-install-recommends install {}",
            wanted.join(" ")
        );
        findings.push(host.error(CHECK.name, message, fix).typed(command));
    }
    findings
}

/// Whether a refresh of the lists would not help.
fn is_final(error: &str) -> bool {
    const OF_THE_LISTS: [&str; 6] = [
        "Unable to locate package",
        "has no installation candidate",
        "Couldn't find any package",
        "was not found",
        "is invalid for APT::Default-Release",
        "held broken packages",
    ];
    // What comes of another that is told as well.
    const OF_OTHERS: [&str; 1] = ["dpkg was interrupted"];
    !OF_THE_LISTS.iter().chain(&OF_OTHERS).any(|it| error.contains(it))
}

/// What apt does not get over.
fn refusal(host: &HostFacts<'_>, error: &str, wanted: &[String]) -> Finding {
    let message =
        format!("apt cannot install {}: {}", quoted(wanted), error.trim_end_matches(['.', ' ']));
    if error.contains("nmet dependencies")
        || error.contains("broken packages")
        || error.contains("pkgProblemResolver")
    {
        let fix = "have apt put its packages right";
        return host
            .error(CHECK.name, message, fix)
            .typed("DEBIAN_FRONTEND=noninteractive apt-get -y --fix-broken install");
    }
    match (file(error), line(error)) {
        // A stanza of the newer form is several lines.
        (Some(file), Some(line)) if !error.contains("stanza") => {
            let fix = format!("put line {line} of `{file}` right, or take it out");
            host.error(CHECK.name, message, fix)
                .typed(format!("sed -i '{line}s/^/#/' {}", quote(file)))
        }
        (Some(file), _) => {
            let fix = format!("put `{file}` right, or move it away");
            host.error(CHECK.name, message, fix).typed(format!(
                "mv {} {}",
                quote(file),
                quote(&format!("{file}.off"))
            ))
        }
        _ => {
            let fix =
                format!("put it right, until `apt-get -s install {}` is content", wanted.join(" "));
            host.error(CHECK.name, message, fix)
        }
    }
}

/// The file of apt's settings that an error names.
fn file(error: &str) -> Option<&str> {
    let start = error.find("/etc/apt/")?;
    let rest = &error[start..];
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '\'' | '"' | ')'))
        .unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches('.'))
}

/// The line that it names: `line 3`, `entry 3`.
fn line(error: &str) -> Option<u32> {
    let mut words = error.split_whitespace();
    words.find(|word| matches!(*word, "line" | "entry" | "Malformed"))?;
    error.split_whitespace().find_map(|word| word.parse().ok())
}

/// Keys that count for each source which names none.
const TRUSTED: &str = "/etc/apt/trusted.gpg.d/";

/// What is in the way of a refresh of apt's lists.
fn refresh(host: &HostFacts<'_>) -> Vec<Finding> {
    let apt = &host.facts.apt;
    let mut findings = Vec::new();
    for file in &apt.gone {
        let message =
            format!("`{file}` names a source that is no more: apt's lists cannot be refreshed");
        let fix = "move it away; Kubernetes comes as files, not as packages";
        let command = if file.ends_with("sources.list") {
            format!(
                r"sed -i -E 's/^[^#].*(apt\.kubernetes\.io|packages\.cloud\.google\.com\/apt\/? +kubernetes-)/#&/' {}",
                quote(file)
            )
        } else {
            format!("mv {} {}", quote(file), quote(&format!("{file}.off")))
        };
        findings.push(host.error(CHECK.name, message, fix).typed(command));
    }
    let trusted = |path: &&String| path.starts_with(TRUSTED);
    let (all, own): (Vec<&String>, Vec<&String>) = apt.unreadable_keys.iter().partition(trusted);
    let fix = "let everybody read them: they are public";
    let command = |keys: &[&String]| {
        let paths: Vec<String> = keys.iter().map(|path| quote(path)).collect();
        format!("chmod a+r {}", paths.join(" "))
    };
    if !own.is_empty() {
        let message = format!("apt's own user cannot read keys of its sources: {}", quoted(&own));
        findings.push(host.error(CHECK.name, message, fix).typed(command(&own)));
    }
    // Perhaps no source is signed with that one: apt says so itself, and goes on.
    if !all.is_empty() {
        let message = format!("apt's own user cannot read keys that it trusts: {}", quoted(&all));
        findings.push(host.warning(CHECK.name, message, fix).typed(command(&all)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_apt_name_their_place() {
        for (error, at, number) in [
            (
                "Malformed entry 3 in list file /etc/apt/sources.list (Component)",
                "/etc/apt/sources.list",
                Some(3),
            ),
            (
                "Type 'debx' is not known on line 2 in source list /etc/apt/sources.list.d/x.list",
                "/etc/apt/sources.list.d/x.list",
                Some(2),
            ),
            (
                "Syntax error /etc/apt/apt.conf.d/99x:4: Extra junk at end of file",
                "/etc/apt/apt.conf.d/99x",
                None,
            ),
            (
                "Malformed stanza 1 in source list /etc/apt/sources.list.d/x.sources (type)",
                "/etc/apt/sources.list.d/x.sources",
                Some(1),
            ),
        ] {
            assert_eq!((file(error), line(error)), (Some(at), number), "{error}");
        }
        assert_eq!(file("Held packages were changed and -y was used"), None);
        assert!(!is_final("Unable to locate package socat"));
        assert!(is_final("Malformed entry 3 in list file /etc/apt/sources.list (Component)"));
    }
}
