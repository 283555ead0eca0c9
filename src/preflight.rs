//! What would go wrong, found before anything is changed: pure functions from facts to findings.
//!
//! A check says nothing about what it does not know; the registry says so for it, by what the check
//! [needs](Check::needs). Names are kubeadm's own where kubeadm has the check, so that
//! `ignorePreflightErrors` of cluster.yaml means the same to both.
//!
//! A new check is a file in `preflight/` and a line in [`CHECKS`]. Its findings are made with
//! [`HostFacts::error`] and [`HostFacts::warning`]; what can be typed is added with [`Finding::typed`].

mod architecture;
pub mod between;
mod certificates;
mod clock;
mod clock_year;
mod clones;
mod context;
mod control_plane_count;
mod cpus;
mod directories;
mod disk_inodes;
mod disk_pressure;
mod disk_space;
mod downloads;
mod dpkg;
mod dual_stack;
mod endpoint;
mod ephemeral_ports;
mod external_etcd;
mod finding;
mod firewall;
mod host_paths;
mod hostname;
mod http_proxy;
mod kernel;
mod kernel_modules;
mod kubernetes_version;
mod leftover_files;
mod leftovers;
mod loopback;
mod made_with;
mod memory;
mod need;
mod network_interface;
mod node_addresses;
mod node_names;
mod operating_system;
mod other_kubernetes;
mod package_lock;
mod packages;
mod packet_filter;
mod places;
mod pod_addresses;
mod ports;
mod processor;
mod proxy_mode;
mod resolv_conf;
mod root;
mod routing;
mod runtime;
mod same_machine;
mod services;
mod settings;
mod subnets;
mod swap;
mod sysctls;
mod sysctls_at_boot;
mod system_verification;
mod systemd;
mod time_sync;
mod tools;

use std::collections::HashMap;

use crate::cluster::nearest;
use crate::event::{Breaks, Phase, Severity};
use crate::page::{Page, covers};

pub use certificates::RENEW;
pub use context::{Api, Context, HostFacts, Size, Stored};
pub use finding::{EVERYTHING, Finding, Judgement, Unchecked};
pub use host_paths::asked;
pub use need::Need;

use finding::{amount, quoted};

/// Every check, in the order in which findings are shown.
pub const CHECKS: &[Check] = &[
    root::CHECK,
    operating_system::CHECK,
    systemd::CHECK,
    architecture::CHECK,
    same_machine::CHECK,
    node_names::CHECK,
    node_addresses::CHECK,
    control_plane_count::CHECK,
    hostname::CHECK,
    loopback::CHECK,
    resolv_conf::CHECK,
    network_interface::CHECK,
    routing::DEFAULT,
    routing::POLICY,
    http_proxy::CHECK,
    clones::CHECK,
    clock::CHECK,
    clock_year::CHECK,
    time_sync::CHECK,
    other_kubernetes::CHECK,
    directories::CHECK,
    leftover_files::CHECK,
    leftovers::CHECK,
    runtime::CHECK,
    runtime::cri::CHECK,
    runtime::version::CHECK,
    runtime::docker_service::CHECK,
    runtime::docker_cgroups::CHECK,
    runtime::apparmor::CHECK,
    between::runtimes::CHECK,
    ports::CHECK,
    subnets::CHECK,
    pod_addresses::CHECK,
    ephemeral_ports::CHECK,
    between::hardware::CHECK,
    between::addresses::CHECK,
    between::one_network::CHECK,
    between::reached::PORTS,
    between::reached::MTU,
    endpoint::CHECK,
    kubernetes_version::CHECK,
    settings::CHECK,
    host_paths::CHECK,
    host_paths::ETCD,
    external_etcd::CHECK,
    certificates::CHECK,
    made_with::CHECK,
    cpus::CHECK,
    processor::CHECK,
    memory::CHECK,
    disk_space::CHECK,
    disk_inodes::CHECK,
    disk_pressure::CHECK,
    places::kinds::CHECK,
    places::writable::CHECK,
    places::no_exec::CHECK,
    places::devices::CHECK,
    places::image_store::CHECK,
    places::state_store::CHECK,
    places::propagation::CHECK,
    swap::CHECK,
    services::swap_at_boot::CHECK,
    services::drop_ins::CHECK,
    services::kubelet_flags::CHECK,
    system_verification::CHECK,
    kernel_modules::CHECK,
    kernel::blocked_modules::CHECK,
    kernel::inotify::CHECK,
    kernel::processes::CHECK,
    kernel::namespaces::CHECK,
    kernel::login_limits::CHECK,
    kernel::service_limits::CHECK,
    kernel::defaults::CHECK,
    kernel::conntrack::CHECK,
    kernel::reserved::CHECK,
    proxy_mode::CHECK,
    dual_stack::CHECK,
    sysctls::CHECK,
    sysctls_at_boot::CHECK,
    tools::CHECK,
    downloads::CHECK,
    dpkg::CHECK,
    package_lock::CHECK,
    packages::apt::CHECK,
    packages::shadows::CHECK,
    firewall::CHECK,
    packet_filter::CHECK,
];

/// A check. All that `preflight --list` and `explain` say of it is here.
#[derive(Debug)]
pub struct Check {
    /// The name of its findings; one that ends with `*` is what their names begin with.
    pub name: &'static str,
    /// What it makes sure of, as a clause.
    pub description: &'static str,
    /// The worst that it says.
    pub severity: Severity,
    /// When it would break something.
    pub phase: Phase,
    /// What it would break, as a clause: `the kubelet does not start`.
    pub breaks: &'static str,
    /// What kubeadm has of it, by versions: `an error until 1.22, a warning since`; `None` for nothing.
    pub kubeadm: Option<&'static str>,
    /// What it cannot do without on a host. Say only what a healthy host of any kind can tell.
    pub needs: &'static [Need],
    /// How it is seen, and what to do: sentences, paragraphs between empty lines.
    pub page: &'static str,
    run: Run,
}

/// What a check looks at.
#[derive(Debug)]
enum Run {
    /// One host at a time.
    EachHost(fn(&Context<'_>, &HostFacts<'_>) -> Vec<Finding>),
    /// All hosts together.
    AllHosts(fn(&Context<'_>) -> Vec<Finding>),
}

/// Checks of kubeadm that are parts of ours with another name.
pub const KUBEADM: &[(&str, &str)] = &[
    ("HTTPProxyCIDR", "HTTPProxy"),
    ("RequiredIPVSKernelModulesAvailable", "ProxyMode"),
    ("Service-Kubelet", "DropIns"),
];

/// What a check is called here that kubeadm may call otherwise.
pub fn called(name: &str) -> &str {
    KUBEADM.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours)
}

/// The check of this name, or of this finding's; else the nearest name.
pub fn named(name: &str) -> Result<&'static Check, Option<String>> {
    let called = called(name);
    CHECKS.iter().find(|check| check.name == called || check.finds(called)).ok_or_else(|| {
        let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        nearest(name, &names)
    })
}

/// The page of every check, for `explain`.
pub fn pages() -> impl Iterator<Item = Page> {
    CHECKS.iter().map(Check::page)
}

/// Runs every check. Findings that differ in nothing but the host are one.
///
/// Errors that `ignorePreflightErrors` names are warnings; what the user skips is not looked at. On a host where commands do not run as
/// root, that is the only finding of its own: what the others would say is not reliable.
pub fn check(context: &Context<'_>) -> Judgement {
    let mut all = Judgement { findings: Vec::new(), unchecked: unreliable(context) };
    let mut places: HashMap<Finding, usize> = HashMap::new();
    for check in CHECKS {
        if context.skips(check.name) {
            continue;
        }
        for mut finding in check.run(context) {
            if context.skips(&finding.name) {
                continue;
            }
            if context.ignores(&finding.name) {
                finding.severity = Severity::Warning;
            }
            finding.breaks = finding.breaks.or(Some(check.would_break()));
            finding.repairs = context.repairs.iter().any(|name| covers(name, &finding.name));
            let hosts = std::mem::take(&mut finding.hosts);
            let place = *places.entry(finding).or_insert_with_key(|finding| {
                all.findings.push(finding.clone());
                all.findings.len() - 1
            });
            all.findings[place].hosts.extend(hosts);
        }
        all.unchecked.extend(check.unchecked(context));
    }
    all
}

/// Hosts of which nothing can be believed.
fn unreliable(context: &Context<'_>) -> Vec<Unchecked> {
    let hosts = context.hosts.iter().filter(|host| !host.is_root());
    let hosts: Vec<String> = hosts.map(|host| host.host.display.clone()).collect();
    if hosts.is_empty() {
        return vec![];
    }
    let because = "commands do not run as root there".to_owned();
    vec![Unchecked { name: EVERYTHING.to_owned(), hosts, because }]
}

impl Check {
    /// Whether a finding of this name is one of this check.
    pub fn finds(&self, name: &str) -> bool {
        covers(self.name, name)
    }

    /// Whether anything that the others say can be believed without it.
    pub fn can_be_skipped(&self) -> bool {
        self.name != root::CHECK.name
    }

    /// Its page for `explain`.
    pub fn page(&self) -> Page {
        Page {
            name: self.name,
            of: "preflight",
            what: self.description,
            severity: Some(self.severity),
            phase: self.phase,
            breaks: self.breaks,
            text: self.page,
            kubeadm: self.kubeadm,
            repairs: false,
            skips: self.can_be_skipped(),
        }
    }

    fn would_break(&self) -> Breaks {
        Breaks { phase: self.phase, what: self.breaks }
    }

    fn run(&self, context: &Context<'_>) -> Vec<Finding> {
        match self.run {
            Run::AllHosts(run) => run(context),
            Run::EachHost(run) => {
                let reliable =
                    |host: &&HostFacts<'_>| host.is_root() || self.name == root::CHECK.name;
                context.hosts.iter().filter(reliable).flat_map(|host| run(context, host)).collect()
            }
        }
    }

    /// Where it could not look.
    fn unchecked(&self, context: &Context<'_>) -> Vec<Unchecked> {
        let of = |need: &Need| {
            let lacks = |host: &&HostFacts<'_>| host.is_root() && (need.lacks)(context, host);
            let hosts = context.hosts.iter().filter(lacks);
            let hosts: Vec<String> = hosts.map(|host| host.host.display.clone()).collect();
            let (name, because) = (self.name.to_owned(), need.because.to_owned());
            (!hosts.is_empty()).then_some(Unchecked { name, hosts, because })
        };
        self.needs.iter().filter_map(of).collect()
    }
}
