//! What kube-proxy's mode asks of the kernel. Who cannot have it is told the next best.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use crate::cluster::ProxyMode;

pub(super) const CHECK: Check = Check {
    name: "ProxyMode",
    description: "the kernel can do what kube-proxy's mode needs",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "kube-proxy does not start, or takes another mode: services are not reached",
    kubeadm: Some("only for ipvs, in versions before 1.20"),
    needs: &[need::MODULES],
    page: "Seen by the kernel's modules and release, by kube-proxy's mode in cluster.yaml: \
           ipvs needs virtual servers and sets, nftables a kernel from 5.13 on, iptables either of \
           its two kernel halves.\n\nTake the mode that the finding names, or another kernel.",
    run: Run::EachHost(run),
};

/// Sources: `GetRequiredIPVSModules` (pkg/util/ipvs of 1.20) for the first five, without which kube-proxy takes
/// iptables instead, or from 1.22 on does not start; pkg/proxy/ipvs/README.md for the sets.
const IPVS: [&str; 6] = ["ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "nf_conntrack", "ip_set"];
/// kube-proxy refuses an older one (kubernetes.io, "Virtual IPs and Service Proxies"; `getNFTablesInterface`).
const NFTABLES_KERNEL: (u32, u32) = (5, 13);

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let kubernetes = &context.cluster.kubernetes;
    // Then services are somebody else's business.
    if kubernetes.skip_phases.iter().any(|phase| phase == "addon/kube-proxy" || phase == "addon") {
        return vec![];
    }
    let mode = context.cluster.network.proxy_mode;
    let word = mode.word();
    let set = |next: ProxyMode| format!("set `network.proxyMode: {}` in cluster.yaml", next.word());
    let next = next_best(context, mode);
    if let Some(lack) = lacks(context, host, mode) {
        let fix = match next {
            Some(next) => format!("{}; or {}", set(next), lack.remedy),
            None => lack.remedy,
        };
        let message = format!("{}, which kube-proxy's mode `{word}` needs", lack.what);
        return vec![host.error(CHECK.name, message, fix)];
    }
    let version = &kubernetes.version;
    let fix = format!("{} before the cluster is made", set(next.unwrap_or_default()));
    if mode.is_deprecated(version) {
        let message = format!(
            "kube-proxy's mode `{word}` is deprecated from v1.35 on (KEP-5495), and will go"
        );
        return vec![host.warning(CHECK.name, message, fix)];
    }
    if let Some(gate) = mode.gate(version) {
        let message =
            format!("kube-proxy's mode `{word}` is alpha in {version} (feature gate `{gate}`)");
        return vec![host.warning(CHECK.name, message, fix)];
    }
    vec![]
}

/// What a kernel cannot do, and what helps besides another mode.
struct Lack {
    what: String,
    remedy: String,
}

/// How the host gets modules that its kernel's packages may have.
fn rest(context: &Context<'_>, host: &HostFacts<'_>) -> String {
    match context.families.of(host.facts).and_then(|it| Some((it, it.modules()?))) {
        Some((it, package)) => format!(
            "reboot if the kernel was upgraded, else install the rest of it: `{}`",
            it.install(package)
        ),
        None => "reboot if the kernel was upgraded, else use a kernel that has it".to_owned(),
    }
}

fn lacks(context: &Context<'_>, host: &HostFacts<'_>, mode: ProxyMode) -> Option<Lack> {
    let kernel = host.facts.kernel.as_deref().unwrap_or("unknown");
    let missing = host.facts.missing_modules.as_ref();
    let has_not = |name: &str| missing.is_some_and(|all| all.iter().any(|other| other == name));
    // Either of the two programs called `iptables` will do; ipvs needs one besides.
    let filters = ["ip_tables", "nf_tables"].map(str::to_owned);
    let no_filter = filters.iter().all(|name| has_not(name));
    let filters = || filters.iter().filter(|_| no_filter).cloned();
    let absent: Vec<String> = match mode {
        ProxyMode::Ipvs => {
            let scheduler = scheduler(context).map(|name| format!("ip_vs_{name}"));
            let all = IPVS.map(str::to_owned).into_iter().chain(scheduler);
            let absent: BTreeSet<String> =
                all.filter(|name| has_not(name)).chain(filters()).collect();
            absent.into_iter().collect()
        }
        ProxyMode::Nftables => {
            ["nf_tables"].into_iter().filter(|name| has_not(name)).map(str::to_owned).collect()
        }
        ProxyMode::Iptables => filters().collect(),
    };
    if !absent.is_empty() {
        return Some(Lack {
            what: format!("kernel `{kernel}` has no module {}", quoted(&absent)),
            remedy: rest(context, host),
        });
    }
    let old = mode == ProxyMode::Nftables && version(kernel).is_some_and(|it| it < NFTABLES_KERNEL);
    old.then(|| Lack {
        what: format!("kernel `{kernel}` is older than 5.13"),
        remedy: "upgrade the host's kernel and reboot".to_owned(),
    })
}

/// How ipvs chooses a pod: `kubernetes.kubeProxy.ipvs.scheduler`; without it one of the modules above.
fn scheduler<'a>(context: &'a Context<'_>) -> Option<&'a str> {
    let ipvs = context.cluster.kubernetes.kube_proxy.get("ipvs")?;
    ipvs.get("scheduler").and_then(Value::as_str).filter(|name| !name.is_empty())
}

/// What suits all hosts as well as may be: one mode is the cluster's. In an alpha version nftables is no advice.
fn next_best(context: &Context<'_>, mode: ProxyMode) -> Option<ProxyMode> {
    let can = |other| context.hosts.iter().all(|host| lacks(context, host, other).is_none());
    let is_ready = |other: ProxyMode| {
        let version = &context.cluster.kubernetes.version;
        version.minor() >= other.since()
            && other.gate(version).is_none()
            && !other.is_deprecated(version)
    };
    let order = [ProxyMode::Nftables, ProxyMode::Iptables, ProxyMode::Ipvs];
    order.into_iter().find(|other| *other != mode && is_ready(*other) && can(*other))
}

/// The first two numbers of a kernel's release.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
