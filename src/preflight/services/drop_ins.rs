//! A drop-in beside a unit of ours is read with it, whoever left it: the packages of an earlier kubeadm bring one that starts their own
//! kubelet.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use crate::host::facts::DropIn;
use crate::ssh::quote;

pub(crate) const CHECK: Check = Check {
    name: "DropIns",
    description: "no file of somebody's changes what the kubelet's or the runtime's service does",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the kubelet or the runtime is started otherwise, or not at all",
    kubeadm: Some(
        "in every version, as `Service-Kubelet`: a warning where the unit is not there or not enabled, which the installation sees to",
    ),
    needs: &[need::DROP_INS],
    page: "Seen by the files in `NAME.service.d` of systemd's directories, in `service.d`, which holds for all services, and in `system.slice.d`, where all of them are \
           (systemd.unit(5)). Settings that start another program, take paths, rights or memory away, or name a file that is not there count; \
           others, like a proxy or more open files, do not. Values of variables are not read. Nothing is said of a node that bivouac made: \
           there they are its owner's.\n\nMove the file away, or hide one of a package behind a link to `/dev/null`, and have systemd read its \
           files again.",
    run: Run::EachHost(run),
};

const KUBELET: &str = "kubelet.service";
/// All services have it.
const ALL: &str = "service";
/// Where both services are, with all others of the host.
const SLICE: &str = "system.slice";
/// What our unit of the kubelet calls its arguments (`templates/systemd/kubelet.service`).
const ARGUMENTS: [&str; 3] =
    ["KUBELET_KUBECONFIG_ARGS", "KUBELET_CONFIG_ARGS", "KUBELET_KUBEADM_ARGS"];

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if host.facts.is_our_node() {
        return vec![];
    }
    let runtime = &context.cluster.runtime;
    let counts = |it: &&DropIn| {
        let its = it.unit == runtime.traits.unit || it.unit == runtime.traits.engine;
        let is_ours = it.path.ends_with("/bivouac-proxy.conf");
        ([KUBELET, ALL, SLICE].contains(&it.unit.as_str()) || (its && !runtime.existing))
            && !is_ours
            && matters(it)
    };
    let all: Vec<&DropIn> = host.facts.services.drop_ins.iter().flatten().filter(counts).collect();
    let mut paths: Vec<&str> = all.iter().map(|it| it.path.as_str()).collect();
    paths.dedup();
    paths.into_iter().map(|path| finding(host, path, &all)).collect()
}

fn finding(host: &HostFacts<'_>, path: &str, all: &[&DropIn]) -> Finding {
    let its = || all.iter().filter(|it| it.path == path);
    let unit = its().next().map_or("", |it| it.unit.as_str());
    let of = if unit == ALL { "all services".to_owned() } else { format!("`{unit}`") };
    let mut settings: Vec<String> = its().map(|it| shown(it)).collect();
    settings.dedup();
    let message = format!("`{path}` changes {of}: {}", quoted(settings));
    let (fix, command) = if path.starts_with("/usr/") || path.starts_with("/lib/") {
        let name = path.rsplit('/').next().unwrap_or_default();
        let directory = format!("/etc/systemd/system/{unit}.d");
        let link = quote(&format!("{directory}/{name}"));
        (
            "remove the package that it is of, or hide it",
            format!("mkdir -p {directory} && ln -sf /dev/null {link}"),
        )
    } else {
        ("move it away", format!("mv {} {}", quote(path), quote(&format!("{path}.off"))))
    };
    host.error(CHECK.name, message, fix).typed(format!("{command} && systemctl daemon-reload"))
}

/// Whether it changes what the service does, or what it can.
fn matters(it: &DropIn) -> bool {
    let value = it.value.trim().trim_start_matches('-');
    let is_off = ["", "no", "false", "off", "0", "none", "default", "all", "inherit"]
        .contains(&value.to_lowercase().as_str());
    let is_kubelet = it.unit == KUBELET;
    match it.setting.as_str() {
        // An empty one only makes room for the next.
        "ExecStart" => !value.is_empty(),
        "Environment" if is_kubelet => ARGUMENTS.contains(&value),
        "Environment" => value == "PATH",
        // Those that are told are the ones whose path is not there.
        "EnvironmentFile" | "ConditionPathExists" | "AssertPathExists" => true,
        "MemoryMax" | "MemoryHigh" | "MemoryLimit" => bytes(value).is_some_and(|it| it < 256 << 20),
        "TasksMax" => {
            value.parse::<u64>().is_ok_and(|most| most < if is_kubelet { 100 } else { 1024 })
        }
        "LimitNOFILE" => {
            let hard = value.rsplit(':').next().unwrap_or(value);
            hard.parse::<u64>().is_ok_and(|most| most < 1024)
        }
        "LimitFSIZE" | "LimitAS" => bytes(value.rsplit(':').next().unwrap_or(value)).is_some(),
        // The kubelet leaves none to anybody; the runtime makes the containers' own.
        "Delegate" => is_off && !is_kubelet && !value.is_empty(),
        "User" | "Group" => !["", "root", "0"].contains(&value),
        "MountFlags" => !["", "shared"].contains(&value),
        "DevicePolicy" => !["", "auto"].contains(&value),
        _ => !is_off,
    }
}

/// What is told of a setting: lists of what is forbidden are long.
fn shown(it: &DropIn) -> String {
    let value: String = it.value.chars().take(60).collect();
    match it.setting.as_str() {
        "Environment" => format!("Environment={value}=..."),
        setting => format!("{setting}={value}"),
    }
}

/// `512M` in bytes; `None` for `infinity` and percentages.
fn bytes(value: &str) -> Option<u64> {
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let shift = match unit {
        "" | "B" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_change_nothing_are_nobody_s_business() {
        for (unit, setting, value, expected) in [
            ("kubelet.service", "ExecStart", "", false),
            ("kubelet.service", "ExecStart", "/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS", true),
            ("kubelet.service", "Environment", "HTTP_PROXY", false),
            ("kubelet.service", "Environment", "KUBELET_CONFIG_ARGS", true),
            ("containerd.service", "Environment", "PATH", true),
            ("containerd.service", "Environment", "NO_PROXY", false),
            ("containerd.service", "MemoryMax", "100M", true),
            ("containerd.service", "MemoryMax", "2G", false),
            ("containerd.service", "MemoryMax", "infinity", false),
            ("containerd.service", "MemoryMax", "50%", false),
            ("containerd.service", "TasksMax", "200", true),
            ("kubelet.service", "TasksMax", "200", false),
            ("containerd.service", "TasksMax", "infinity", false),
            ("containerd.service", "LimitNOFILE", "1024:524288", false),
            ("containerd.service", "LimitNOFILE", "64", true),
            ("containerd.service", "LimitFSIZE", "1G", true),
            ("containerd.service", "LimitFSIZE", "infinity", false),
            ("containerd.service", "Delegate", "no", true),
            ("containerd.service", "Delegate", "yes", false),
            ("kubelet.service", "Delegate", "no", false),
            ("kubelet.service", "ProtectSystem", "strict", true),
            ("kubelet.service", "ProtectSystem", "no", false),
            ("kubelet.service", "User", "root", false),
            ("kubelet.service", "User", "kube", true),
            ("containerd.service", "MountFlags", "shared", false),
            ("containerd.service", "MountFlags", "slave", true),
        ] {
            let text = |text: &str| text.to_owned();
            let it = DropIn {
                unit: text(unit),
                path: text("/x.conf"),
                setting: text(setting),
                value: text(value),
            };
            assert_eq!(matters(&it), expected, "{unit} {setting}={value}");
        }
    }
}
