//! What root cannot write shows itself only at the first write: a file system that is mounted read-only, a file that may not be
//! changed.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(crate) const CHECK: Check = Check {
    name: "Writable",
    description: "system directories can be written",
    severity: Severity::Error,
    phase: Phase::Files,
    breaks: "files cannot be written: `Read-only file system`, `Operation not permitted`",
    kubeadm: None,
    needs: &[need::READ_ONLY],
    page: "Seen by access(2), which says no to root only where a file system is mounted read-only, or a file has the attribute \
           `i` or `a` (`lsattr -d`). The kubelet makes the pods' cgroups below `/sys/fs/cgroup`.\n\nMount it read-write, where \
           the kernel made it read-only after an error `dmesg` says why; take the attribute away with `chattr`.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let places = &host.facts.places;
    let Some(all) = &places.read_only else { return vec![] };
    let all: Vec<&String> = all.iter().filter(|path| super::counts(context, host, path)).collect();
    let mut findings = Vec::new();
    let is_immutable = |path: &&&String| places.immutable.iter().flatten().any(|it| it == **path);
    let fixed: Vec<&String> = all.iter().filter(is_immutable).copied().collect();
    if !fixed.is_empty() {
        let message = format!("an attribute keeps even root from changing {}", quoted(&fixed));
        let fix = "take it away, once its reason is known";
        let paths: Vec<&str> = fixed.iter().map(|path| path.as_str()).collect();
        findings.push(
            host.error(CHECK.name, message, fix).typed(format!("chattr -i -a {}", paths.join(" "))),
        );
    }
    let mut mounts: Vec<(&str, Vec<&String>)> = Vec::new();
    for path in all.iter().filter(|path| !is_immutable(path)) {
        // What is mounted there itself is no place of ours, but of the kernel's (`/sys/fs/cgroup/memory`).
        let mount = places.at(path).map_or(path.as_str(), |place| place.mount.as_str());
        match mounts.iter_mut().find(|(at, _)| *at == mount) {
            // What lies below says the same.
            Some((_, paths)) if paths.iter().any(|it| is_below(path, it)) => {}
            Some((_, paths)) => paths.push(path),
            None => mounts.push((mount, vec![path])),
        }
    }
    findings.extend(mounts.into_iter().map(|(mount, paths)| {
        let message = format!("not writable, even by root: {}", quoted(paths));
        let fix = format!(
            "mount `{mount}` read-write, and so for the next boot in `/etc/fstab`; `dmesg` says whether the kernel made it \
             read-only after an error"
        );
        host.error(CHECK.name, message, fix).typed(format!("mount -o remount,rw {mount} || mount -o remount,bind,rw {mount}"))
    }));
    findings
}

fn is_below(path: &str, other: &str) -> bool {
    let rest = path.strip_prefix(other.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.starts_with('/'))
}
