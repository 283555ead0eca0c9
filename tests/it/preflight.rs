//! Facts as hosts print them, and what preflight makes of them.

#![allow(clippy::unwrap_used, reason = "tests")]

mod hosts;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use bivouac::cluster::{
    self, CRI_O, Cluster, DOCKER, Download, Host, Kubernetes, LoadBalancer, Network, Plugin,
    ProxyMode, Runtime, Security, Sources, Ssh, Sudo, Version,
};
use bivouac::event::Severity;
use bivouac::family::Families;
use bivouac::host::facts::{
    Address, AppArmor, Claim, Containerd, Docker, Endpoint, EtcdAnswer, Facts, FactsError, Journal,
    Listener, Process, Reached, Route, Said, Unit,
};
use bivouac::preflight::{
    Api, CHECKS, Context, Finding, HostFacts, Judgement, Size, Stored, check, named, pages,
};
use serde_json::json;

mod between;
mod quiet;
mod script;

const ALPINE: &str = include_str!("../fixtures/facts/alpine-3.19.txt");
const DEBIAN_11: &str = include_str!("../fixtures/facts/debian-11.txt");
const DEBIAN_12: &str = include_str!("../fixtures/facts/debian-12.txt");
const DEBIAN_13: &str = include_str!("../fixtures/facts/debian-13.txt");
const HOSTILE: &str = include_str!("../fixtures/facts/hostile.txt");
const LAB: &str = include_str!("../fixtures/facts/lab.txt");
const OLD_CLUSTER: &str = include_str!("../fixtures/facts/old-cluster.txt");
const ARCH: &str = include_str!("../fixtures/facts/arch.txt");
const ROCKY: &str = include_str!("../fixtures/facts/rocky-9.txt");
const UBUNTU: &str = include_str!("../fixtures/facts/ubuntu-22.04.txt");

/// A cluster and what its hosts said; by default one control plane and two workers, all well.
struct Scene {
    cluster: Cluster,
    facts: Vec<Facts>,
    archs: Vec<String>,
    sizes: Vec<Size>,
    /// The operator's clock, relative to each host's.
    ahead: Vec<Duration>,
    round_trip: Duration,
    /// The cluster is there already.
    api: Api,
    /// What a playbook repairs.
    repairs: Vec<String>,
    /// The cluster is another tool's.
    foreign: bool,
}

impl Scene {
    fn healthy() -> Self {
        Self::of(&[("cp1", DEBIAN_12), ("w1", UBUNTU), ("w2", DEBIAN_13)])
    }

    /// The first host is the control plane.
    fn of(hosts: &[(&str, &str)]) -> Self {
        let facts: Vec<Facts> = hosts.iter().map(|(_, text)| Facts::parse(text).unwrap()).collect();
        let hosts: Vec<Host> =
            hosts.iter().enumerate().map(|(i, (n, _))| host(n, i == 0)).collect();
        let ahead = vec![Duration::ZERO; facts.len()];
        let round_trip = Duration::from_millis(200);
        let archs = vec!["amd64".into()];
        let (cluster, api, repairs) = (cluster(hosts), Api::Nowhere, vec![]);
        let (sizes, foreign) = (vec![], false);
        Self { cluster, facts, archs, sizes, ahead, round_trip, api, repairs, foreign }
    }

    /// What is wrong.
    fn check(&self) -> Vec<Finding> {
        self.judged().findings
    }

    /// What nobody knows: names and reasons.
    fn unchecked(&self) -> Vec<String> {
        let all = self.judged().unchecked.into_iter();
        all.map(|it| format!("{} on {}: {}", it.name, it.hosts.join(", "), it.because)).collect()
    }

    fn judged(&self) -> Judgement {
        let half = self.round_trip / 2;
        let hosts = self.cluster.hosts.iter().zip(&self.facts).zip(&self.ahead);
        let hosts: Vec<HostFacts<'_>> = hosts
            .map(|((host, facts), ahead)| {
                let now = facts.clock.unwrap_or(SystemTime::UNIX_EPOCH) + *ahead;
                HostFacts { host, facts, asked: now - half, answered: now + half }
            })
            .collect();
        let (cluster, api) = (&self.cluster, self.api);
        let families = &Families::embedded().unwrap();
        let archs = &self.archs;
        let repairs = &self.repairs;
        let foreign = self.foreign;
        check(&Context {
            cluster,
            bundle_archs: archs,
            sizes: &self.sizes,
            hosts: &hosts,
            families,
            repairs,
            api,
            foreign,
        })
    }
}

fn cluster(hosts: Vec<Host>) -> Cluster {
    Cluster {
        name: "demo".into(),
        kubernetes: Kubernetes {
            version: version("1.20.2"),
            image_repository: None,
            skip_phases: vec![],
            ignore_preflight_errors: vec![],
            kubeadm: serde_json::Map::new(),
            kubelet: serde_json::Map::new(),
            kube_proxy: serde_json::Map::new(),
        },
        control_plane_endpoint: None,
        load_balancer: LoadBalancer::None,
        network: Network {
            plugin: Plugin::Bridge,
            pod_subnet: "10.244.0.0/16".parse().unwrap(),
            service_subnet: "10.96.0.0/16".parse().unwrap(),
            proxy_mode: ProxyMode::Iptables,
            dns_domain: "cluster.local".into(),
        },
        runtime: bivouac::cluster::Runtime::default(),
        registries: Vec::new(),
        security: Security::default(),
        bundle: None,
        signers: None,
        serve: None,
        sources: Sources::default(),
        proxy: None,
        skips: Vec::new(),
        nodes: Vec::new(),
        hosts,
    }
}

/// One that fits.
fn containerd() -> Containerd {
    let text = |text: &str| Some(text.to_owned());
    Containerd {
        version: text("1.7.24~ds1"),
        config_version: Some(2),
        address: text("/run/containerd/containerd.sock"),
        cri_disabled: Some(false),
        ill: Some(vec![]),
        cgroup: text("systemd"),
        cni_bin: text("/usr/lib/cni,/opt/cni/bin"),
        cni_conf: text("/etc/cni/net.d"),
        containers: Some(vec![]),
        ..Containerd::default()
    }
}

/// One that fits.
fn docker() -> Docker {
    let text = |text: &str| Some(text.to_owned());
    Docker {
        version: text("20.10.24+dfsg1"),
        api: text("1.41"),
        cgroup: text("systemd"),
        root: text("/var/lib/docker"),
        driver: text("overlay2"),
        log: text("json-file"),
        live_restore: Some(true),
        swarm: text("inactive"),
        security: text("[name=seccomp,profile=default]"),
        forward: text("ACCEPT"),
        pods: Some(vec![]),
        flags: Some(vec!["H".into(), "containerd".into()]),
        keys: Some(vec!["live-restore".into()]),
    }
}

fn version(text: &str) -> Version {
    Version(text.parse().unwrap())
}

fn host(name: &str, control_plane: bool) -> Host {
    Host {
        display: name.into(),
        node_name: None,
        address: format!("{name}.example"),
        control_plane,
        worker: !control_plane,
        ssh: Ssh {
            user: "ops".into(),
            port: 22,
            private_keys: vec![],
            passphrase_file: None,
            password_file: None,
            password: None,
            agent: true,
            sudo: None,
        },
        labels: BTreeMap::new(),
        taints: vec![],
        kubelet: serde_json::Map::new(),
    }
}

fn unit(name: &str) -> Unit {
    Unit { name: name.into(), active: "active".into(), enabled: "enabled".into() }
}

fn shown(finding: &Finding) -> String {
    let Finding { name, severity, hosts, message, fix, command, .. } = finding;
    let severity = format!("{severity:?}").to_lowercase();
    let run = command.as_ref().map_or(String::new(), |command| format!("  run: {command}\n"));
    format!("{severity} {name} on {}: {message}\n  fix: {fix}\n{run}", hosts.join(", "))
}

/// What would be installed is there.
fn has_all_tools(facts: &mut Facts) {
    facts.commands.values_mut().for_each(|there| *there = true);
}

/// A cluster of two families on hosts that have both.
fn dual(scene: &mut Scene) {
    let network = &mut scene.cluster.network;
    network.pod_subnet = "10.244.0.0/16,fd00:10:244::/56".parse().unwrap();
    network.service_subnet = "10.96.0.0/16,fd00:10:96::/112".parse().unwrap();
    for (index, facts) in scene.facts.iter_mut().enumerate() {
        let net = format!("2001:db8::{}/64", index + 1).parse().unwrap();
        facts.addresses.as_mut().unwrap().push(Address { interface: "eth0".into(), net });
        facts.ipv6 = Some(true);
    }
}

/// The first host is the control plane of a cluster of ours, whose programs have these arguments.
fn made_with(scene: &mut Scene, arguments: &[&str]) {
    scene.api = Api::There;
    let facts = &mut scene.facts[0];
    facts.kubelet_conf = Some(true);
    facts.encryption_key = Some(true);
    facts.arguments = Some(arguments.iter().map(|it| (*it).to_owned()).collect());
    facts.claims = vec![Claim { kind: "kubeadm".into(), subject: "init".into() }];
}

/// What is wrong, the check that must say so, and how it comes about.
type Case = (&'static str, &'static str, fn(&mut Scene));

fn old_cgroups(facts: &mut Facts) {
    facts.cgroup = Some(1);
    let all = ["cpuset", "cpu", "cpuacct", "memory", "devices", "freezer", "pids"];
    facts.cgroup_controllers = Some(all.map(str::to_owned).to_vec());
}

fn settings(value: &serde_json::Value) -> cluster::Overrides {
    value.as_object().unwrap().clone()
}

const CASES: &[Case] = &[
    ("a user without sudo", "IsPrivilegedUser", |s| s.facts[1].uid = Some(1000)),
    ("sudo to another user", "IsPrivilegedUser", |s| {
        s.facts[1].uid = Some(33);
        s.cluster.hosts[1].ssh.sudo = Some(Sudo::default());
    }),
    ("a host that says nothing of itself", "OperatingSystem", |s| {
        s.facts[0].os.id = None;
        has_all_tools(&mut s.facts[0]);
    }),
    ("an unknown distribution", "OperatingSystem", |s| {
        s.facts[0] = Facts::parse(ARCH).unwrap();
        has_all_tools(&mut s.facts[0]);
    }),
    ("a Debian without apt", "OperatingSystem", |s| {
        s.facts[0].package_managers = Some(vec!["apk".into()]);
        has_all_tools(&mut s.facts[0]);
    }),
    ("no systemd", "Systemd", |s| s.facts[2].init = Some("runit".into())),
    ("an architecture that nobody builds for", "Architecture", |s| {
        s.facts[1].arch = Some("riscv64".into());
    }),
    ("a 32-bit system on a 64-bit kernel", "Architecture", |s| {
        s.facts[1].package_arch = Some("386".into());
    }),
    ("a host that the bundle is not for", "Architecture", |s| {
        s.facts[1].arch = Some("arm64".into());
        s.facts[1].package_arch = Some("arm64".into());
    }),
    ("one machine under two addresses", "SameMachine", |s| s.facts[2] = s.facts[1].clone()),
    ("one machine under three addresses", "SameMachine", |s| {
        s.facts = vec![s.facts[0].clone(), s.facts[0].clone(), s.facts[0].clone()];
    }),
    ("two hosts of one name", "NodeName", |s| {
        s.facts[1].hostname = Some("Debian".into());
        s.facts[1].static_hostname = None;
        s.cluster.hosts[2].node_name = Some("debian".into());
    }),
    ("a node of another name", "NodeName", |s| {
        s.facts[1].node = Some("older".into());
        let claims = [("kubeadm", "join"), ("tree", "/etc/kubernetes")];
        let claim =
            |(kind, subject): (&str, &str)| Claim { kind: kind.into(), subject: subject.into() };
        s.facts[1].claims = claims.map(claim).into();
        s.facts[1].kubelet_conf = Some(true);
    }),
    ("two hosts behind NAT", "NodeAddress", |s| {
        s.facts[2].addresses = s.facts[1].addresses.clone();
        s.facts[2].routes = s.facts[1].routes.clone();
    }),
    ("no default route", "NodeAddress", |s| {
        s.facts[1].routes.as_mut().unwrap().retain(|route| route.destination.is_some());
    }),
    ("a name with an underscore", "Hostname", |s| s.facts[1].hostname = Some("my_host".into())),
    ("a name that is too long", "Hostname", |s| s.facts[1].hostname = Some("a".repeat(64))),
    ("localhost", "Hostname", |s| s.facts[1].hostname = Some("localhost.localdomain".into())),
    ("a name that will change", "Hostname", |s| s.facts[1].static_hostname = Some("old".into())),
    ("cloned machine ids", "MachineID", |s| s.facts[2].machine_id = s.facts[1].machine_id.clone()),
    ("cloned hardware UUIDs", "MachineID", |s| {
        s.facts[2].product_uuid = s.facts[1].product_uuid.clone();
    }),
    ("a clock far behind ours", "Clock", |s| s.ahead = vec![Duration::from_secs(31); 3]),
    ("a clock somewhat behind the others", "Clock", |s| s.ahead[2] = Duration::from_secs(4)),
    ("k3s", "OtherKubernetes", |s| {
        s.facts[1].units.as_mut().unwrap().push(unit("k3s-agent.service"));
    }),
    ("an old control plane", "DirAvailable-*", |s| {
        s.facts[0].leftovers.paths = Some(vec![
            "/etc/kubernetes/admin.conf".into(),
            "/etc/kubernetes/pki".into(),
            "/var/lib/kubelet/config.yaml".into(),
            "/var/lib/etcd/member".into(),
            "/etc/cni/net.d/05-cilium.conflist".into(),
        ]);
    }),
    ("etcd on a disk of its own", "DirAvailable-*", |s| {
        s.facts[0].leftovers.paths = Some(vec!["/var/lib/etcd/lost+found".into()]);
    }),
    ("traces of a cluster", "Leftovers", |s| {
        s.facts[1].leftovers.paths = Some(vec!["/var/lib/rancher".into()]);
        s.facts[1].leftovers.links = Some(vec!["cni0".into(), "flannel.1".into()]);
        s.facts[1].leftovers.chains = Some(vec!["KUBE-SERVICES".into()]);
    }),
    ("docker", "ContainerRuntime", |s| {
        let units = s.facts[1].units.as_mut().unwrap();
        units.extend([unit("containerd.service"), unit("docker.service")]);
        s.facts[1].runtime_config = vec!["/etc/containerd/config.toml".into()];
    }),
    ("an existing runtime that is not there", "CRI", |s| {
        s.cluster.runtime.existing = true;
        s.facts[1].units.as_mut().unwrap().push(unit("containerd.service"));
    }),
    ("an existing runtime that does not fit", "ContainerRuntime", |s| {
        s.cluster.skips = vec![skip("RuntimesDiffer")];
        s.cluster.kubernetes.version = version("1.32.0");
        s.cluster.runtime.existing = true;
        for facts in &mut s.facts {
            facts.containerd = Some(containerd());
        }
        let text = |text: &str| Some(text.to_owned());
        // As Debian's package brings it, one of 2.x, and one of another cluster.
        let debian = s.facts[1].containerd.as_mut().unwrap();
        (debian.cgroup, debian.cni_bin) = (text("cgroupfs"), text("/usr/lib/cni"));
        let new = s.facts[2].containerd.as_mut().unwrap();
        (new.version, new.config_version) = (text("2.1.9+unknown"), Some(3));
        (new.cgroup, new.cni_conf) = (text("cgroupfs"), text("/etc/cni/conf.d"));
        new.containers = Some(vec!["ab12".into()]);
        new.address = text("/srv/containerd.sock");
    }),
    ("existing runtimes of two kinds of releases", "RuntimesDiffer", |s| {
        s.cluster.runtime.existing = true;
        let version = Some("1.6.20~ds1".to_owned());
        s.facts[0].containerd = Some(containerd());
        s.facts[1].containerd = Some(Containerd { version, ..containerd() });
        s.facts[2].containerd = Some(containerd());
    }),
    ("a containerd that wants AppArmor's tool", "AppArmor", |s| {
        s.cluster.runtime.existing = true;
        let version = Some("1.6.2".to_owned());
        for facts in &mut s.facts {
            facts.containerd = Some(Containerd { version: version.clone(), ..containerd() });
        }
        s.facts[1].processor.apparmor = Some(AppArmor::Alone);
        s.facts[2].processor.apparmor = Some(AppArmor::Tool);
    }),
    ("a docker that would not start again", "ContainerRuntime", |s| {
        s.cluster.runtime.traits = &DOCKER;
        s.cluster.runtime.existing = true;
        for facts in &mut s.facts {
            facts.docker = Some(docker());
        }
        let keys = ["hosts", "log-driver", "live-restore"].map(str::to_owned);
        s.facts[1].docker.as_mut().unwrap().keys = Some(keys.into());
    }),
    ("an external etcd that is old, and one that does not answer", "ExternalEtcdVersion", |s| {
        s.cluster.kubernetes.version = version("1.35.1");
        let etcd =
            json!({"external": {"endpoints": ["https://10.0.0.5:2379", "https://10.0.0.6:2379"]}});
        s.cluster.kubernetes.kubeadm.insert("etcd".into(), etcd);
        let answer = |endpoint: &str, said| EtcdAnswer { endpoint: endpoint.into(), said };
        let why = "(7) Failed to connect to 10.0.0.6 port 2379: Connection refused";
        s.facts[0].external_etcd = Some(vec![
            answer("https://10.0.0.5:2379", Said::Version("3.4.13".into())),
            answer("https://10.0.0.6:2379", Said::Failed(why.into())),
        ]);
    }),
    ("a name that cloud-init takes out of /etc/hosts", "ControlPlaneEndpoint", |s| {
        reached(s, LoadBalancer::External, Reached::Other);
        s.facts[1].names.cloud_hosts = true;
        s.facts[1].endpoint.as_mut().unwrap().in_hosts = true;
        // Its name is in the DNS.
        s.facts[2].names.cloud_hosts = true;
    }),
    ("an existing runtime that is too old", "ContainerRuntimeVersion", |s| {
        s.cluster.skips = vec![skip("RuntimesDiffer")];
        s.cluster.kubernetes.version = version("1.30.2");
        s.cluster.runtime.existing = true;
        let version = Some("1.5.13~ds1".to_owned());
        s.facts[0].containerd = Some(Containerd { version, ..containerd() });
        s.facts[1].containerd = Some(containerd());
        s.facts[2].containerd = Some(containerd());
    }),
    (
        "a docker that is installed and stopped, and one that left its images",
        "ContainerRuntime",
        |s| {
            s.cluster.runtime.traits = &DOCKER;
            let stopped = |name: &str| Unit { active: "inactive".into(), ..unit(name) };
            s.facts[0].units.as_mut().unwrap().push(stopped("docker.service"));
            // Its containerd is stopped, too.
            s.facts[1].units.as_mut().unwrap().push(stopped("containerd.service"));
            s.facts[1].runtime_data = vec!["/var/lib/containerd".into(), "/var/lib/docker".into()];
            // Without images it is a package.
            s.facts[2].units.as_mut().unwrap().push(stopped("containerd.service"));
        },
    ),
    ("a containerd that is stopped, with its owner's images", "ContainerRuntime", |s| {
        let stopped = |name: &str| Unit { active: "inactive".into(), ..unit(name) };
        for facts in &mut s.facts[..2] {
            facts.units.as_mut().unwrap().push(stopped("containerd.service"));
        }
        s.facts[0].runtime_data = vec!["/var/lib/containerd".into()];
    }),
    ("a cri-o that nobody speaks of", "ContainerRuntime", |s| {
        s.cluster.runtime = Runtime { traits: &CRI_O, ..Runtime::default() };
        let stopped = Unit { active: "inactive".into(), ..unit("crio.service") };
        s.facts[0].units.as_mut().unwrap().push(stopped);
        s.facts[1].units.as_mut().unwrap().push(unit("crio.service"));
        s.facts[2].runtime_config = vec!["/etc/crio/crio.conf".into(), "/var/lib/crio".into()];
    }),
    ("a node of another runtime", "ContainerRuntime", |s| {
        let claim =
            |kind: &str, subject: &str| Claim { kind: kind.into(), subject: subject.into() };
        let unit = claim("file", "/etc/systemd/system/cri-docker.service");
        s.facts[1].claims = vec![claim("kubeadm", "join"), unit];
    }),
    ("no package of docker", "ContainerRuntime", |s| {
        s.cluster.runtime.traits = &DOCKER;
        s.facts[1] = Facts::parse(ROCKY).unwrap();
    }),
    ("an existing docker that does not fit", "ContainerRuntime", |s| {
        s.cluster.skips = vec![skip("RuntimesDiffer")];
        s.cluster.runtime.traits = &DOCKER;
        s.cluster.runtime.existing = true;
        let text = |text: &str| Some(text.to_owned());
        let none = Docker { api: None, version: None, ..docker() };
        let old = Docker { api: text("1.24"), version: text("1.12.6"), ..docker() };
        let own = Docker {
            log: text("journald"),
            live_restore: Some(false),
            swarm: text("active"),
            security: text("[name=seccomp,profile=default name=userns]"),
            forward: text("DROP"),
            pods: Some(vec!["k8s_POD_a_b_c_0".into()]),
            ..docker()
        };
        for (facts, docker) in s.facts.iter_mut().zip([none, old, own]) {
            facts.docker = Some(docker);
        }
        s.facts[2].units.as_mut().unwrap().push(unit("cri-docker.service"));
    }),
    ("an existing runtime that is not told of a mirror", "ContainerRuntime", |s| {
        s.cluster.runtime.existing = true;
        s.cluster.sources.mirrors.images = Some("mirror.example/k8s".to_owned());
        for facts in &mut s.facts {
            facts.containerd = Some(containerd());
        }
        s.facts[1].containerd.as_mut().unwrap().certs = None;
    }),
    ("a runtime that changed hands", "ContainerRuntime", |s| {
        let claim =
            |kind: &str, subject: &str| Claim { kind: kind.into(), subject: subject.into() };
        s.facts[1].claims = vec![claim("kubeadm", "join"), claim("store", "/var/lib/containerd")];
    }),
    ("ports of a control plane and a worker in use", "Port-*", |s| {
        let nginx = Listener { port: 6443, process: Some("nginx".into()) };
        let hidden = Listener { port: 10250, process: None };
        for facts in &mut s.facts {
            facts.listeners = Some(vec![nginx.clone(), hidden.clone()]);
        }
    }),
    ("an address among the pods'", "Subnets", |s| {
        s.cluster.network.pod_subnet = "192.168.0.0/16".parse().unwrap();
    }),
    ("a route among the services'", "Subnets", |s| s.facts[1].routes.as_mut().unwrap().push(VPN())),
    ("a route over the pods'", "Subnets", |s| {
        let wide = Route { destination: Some("10.240.0.0/12".parse().unwrap()), ..VPN() };
        s.facts[1].routes.as_mut().unwrap().push(wide);
    }),
    ("one CPU", "NumCPU", |s| s.facts.iter_mut().for_each(|facts| facts.cpus = Some(1))),
    ("little memory", "Mem", |s| s.facts[0].memory_kib = Some(1700 * 1024 - 1)),
    ("little space on one disk", "DiskSpace", |s| {
        for disk in &mut s.facts[0].disks {
            disk.free_kib = 4700 * 1024;
            disk.size_kib = 10_000 * 1024;
        }
    }),
    ("little space for packages only", "DiskSpace", |s| {
        let usr = s.facts[1].disks.iter_mut().find(|disk| disk.path == "/usr").unwrap();
        usr.free_kib = 699 * 1024;
        usr.file_system = "another".into();
    }),
    ("few inodes", "DiskInodes", |s| {
        s.facts[1].disks.iter_mut().for_each(|disk| disk.free_inodes = 49_999);
    }),
    ("a disk that is nearly full", "DiskPressure", |s| {
        for disk in &mut s.facts[1].disks {
            disk.size_kib = 500 << 20;
            disk.free_kib = 50 << 20;
        }
    }),
    ("a read-only system", "Writable", |s| {
        s.facts[1].places.read_only = Some(vec!["/usr".into(), "/opt".into()]);
    }),
    ("swap", "Swap", |s| {
        s.facts[0].swaps = Some(vec!["/dev/sda2".into()]);
        s.facts[2].swaps = Some(vec!["/dev/sda2".into()]);
    }),
    ("an ancient kernel", "SystemVerification", |s| s.facts[1].kernel = Some("2.6.32-754".into())),
    ("an old kernel for a new Kubernetes", "SystemVerification", |s| {
        s.cluster.kubernetes.version = version("1.32.0");
        s.facts[1].kernel = Some("4.18.0-553.el8".into());
    }),
    ("cgroups v1 for 1.35", "SystemVerification", |s| {
        s.cluster.kubernetes.version = version("1.35.1");
        old_cgroups(&mut s.facts[1]);
    }),
    ("cgroups v1 for 1.31", "SystemVerification", |s| {
        s.cluster.kubernetes.version = version("1.31.0");
        old_cgroups(&mut s.facts[1]);
    }),
    ("a Raspberry Pi", "SystemVerification", |s| {
        s.facts[1].cgroup_controllers.as_mut().unwrap().retain(|name| name != "memory");
    }),
    ("a kernel without its modules", "KernelModules", |s| {
        s.facts[1].missing_modules = Some(vec!["br_netfilter".into()]);
    }),
    ("no virtual servers for ipvs, and a kernel for nftables", "ProxyMode", |s| {
        s.cluster.network.proxy_mode = ProxyMode::Ipvs;
        s.cluster.kubernetes.version = version("1.33.0");
        s.facts[1].missing_modules = Some(vec!["ip_vs".into(), "ip_vs_rr".into()]);
    }),
    ("no virtual servers for ipvs, and a version without nftables", "ProxyMode", |s| {
        s.cluster.network.proxy_mode = ProxyMode::Ipvs;
        s.facts[1].missing_modules = Some(vec!["ip_vs_sh".into()]);
    }),
    ("another scheduler than the kernel has", "ProxyMode", |s| {
        s.cluster.network.proxy_mode = ProxyMode::Ipvs;
        let ipvs = json!({"scheduler": "lc"});
        s.cluster.kubernetes.kube_proxy.insert("ipvs".into(), ipvs);
        s.facts[2].missing_modules = Some(vec!["ip_vs_lc".into()]);
    }),
    ("ipvs in a version that warns of it", "ProxyMode", |s| {
        s.cluster.network.proxy_mode = ProxyMode::Ipvs;
        s.cluster.kubernetes.version = version("1.35.1");
    }),
    ("a kernel that is too old for nftables", "ProxyMode", |s| {
        s.cluster.network.proxy_mode = ProxyMode::Nftables;
        s.cluster.kubernetes.version = version("1.33.0");
        s.facts[1].kernel = Some("5.10.0-28-amd64".into());
    }),
    ("a kernel without nftables", "ProxyMode", |s| {
        s.cluster.network.proxy_mode = ProxyMode::Nftables;
        s.cluster.kubernetes.version = version("1.33.0");
        s.facts[1].missing_modules = Some(vec!["nf_tables".into()]);
    }),
    ("nftables while it is alpha", "ProxyMode", |s| {
        s.cluster.network.proxy_mode = ProxyMode::Nftables;
        s.cluster.kubernetes.version = version("1.30.0");
    }),
    ("a kernel without any packet filter", "ProxyMode", |s| {
        s.facts[1].missing_modules = Some(vec!["ip_tables".into(), "nf_tables".into()]);
    }),
    ("two families, and IPv6 switched off", "DualStack", |s| {
        dual(s);
        s.facts[1].ipv6 = Some(false);
    }),
    ("two families, and no address of one", "DualStack", |s| {
        dual(s);
        s.facts[1].addresses.as_mut().unwrap().retain(|it| it.net.addr().is_ipv4());
    }),
    ("two families, and routes by a router", "DualStack", |s| {
        dual(s);
        s.facts[1].accept_ra = Some(vec!["eth0".into()]);
    }),
    ("security that was switched on afterwards", "MadeWith", |s| {
        made_with(s, &[]);
        s.cluster.security = Security { audit: true, encryption: true, serving_certificates: true };
    }),
    ("security that was taken away afterwards", "MadeWith", |s| {
        made_with(
            s,
            &[
                "audit-policy-file=/etc/kubernetes/bivouac/audit-policy.yaml",
                "encryption-provider-config=/etc/kubernetes/bivouac/encryption.yaml",
                "kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt",
            ],
        );
    }),
    ("a key that is gone", "MadeWith", |s| {
        made_with(s, &["encryption-provider-config=/etc/kubernetes/bivouac/encryption.yaml"]);
        s.cluster.security.encryption = true;
        s.facts[0].encryption_key = Some(false);
    }),
    ("other networks than the cluster's", "MadeWith", |s| {
        made_with(s, &["cluster-cidr=10.100.0.0/16", "service-cluster-ip-range=10.101.0.0/16"]);
        s.facts[0].proxy_mode = Some("ipvs".into());
    }),
    ("security for another tool's cluster", "MadeWith", |s| {
        made_with(s, &[]);
        s.facts[0].claims = vec![];
        s.cluster.security.audit = true;
    }),
    ("a container that may not forward", "FileContent-*", |s| {
        s.facts[1].sysctl_writable = Some(false);
        s.facts[1].bridge_nf = Some(false);
    }),
    ("missing tools", "FileExisting-*", |s| {
        for name in ["awk", "flock", "sha256sum", "conntrack", "podman"] {
            s.facts[1].commands.insert(name.into(), false);
        }
    }),
    ("a host that is to download and cannot", "Downloads", |s| {
        s.cluster.sources.download = Download::Hosts;
        for name in ["curl", "wget", "gzip"] {
            s.facts[1].commands.insert(name.into(), false);
        }
    }),
    ("packages that are half installed", "Dpkg", |s| {
        s.facts[1].dpkg_broken = Some(vec!["adduser".into()]);
    }),
    ("an interrupted dpkg", "Dpkg", |s| s.facts[1].dpkg_interrupted = Some(true)),
    ("unattended upgrades at work", "PackageLock", |s| {
        let name = Some("unattended-upgr".into());
        s.facts[1].package_locks = Some(vec![Process { pid: 812, name }]);
        s.facts[1].dpkg_interrupted = Some(true);
    }),
    ("two control planes", "ControlPlaneCount", |s| s.cluster.hosts[1].control_plane = true),
    ("another listens where the bundle is to be served", "Port-*", |s| {
        let host = s.cluster.hosts[1].display.clone();
        s.cluster.serve = Some(bivouac::cluster::Serve { host, port: 8484, named: true });
        let tomcat = Listener { port: 8484, process: Some("tomcat".into()) };
        for facts in &mut s.facts {
            facts.listeners = Some(vec![tomcat.clone()]);
        }
    }),
    ("a load balancer where another listens", "Port-*", |s| {
        s.cluster.load_balancer = LoadBalancer::Internal;
        s.facts[1].listeners = Some(vec![Listener { port: 6443, process: Some("k3s".into()) }]);
    }),
    ("a cluster of another version, and no bundle", "KubernetesVersion", |s| {
        s.facts[0].api_version = Some("v1.19.7".into());
        s.facts[0].claims = vec![Claim { kind: "kubeadm".into(), subject: "init".into() }];
    }),
    ("a cluster of another version", "KubernetesVersion", |s| {
        s.cluster.bundle = Some("b".into());
        s.facts[0].api_version = Some("v1.19.7".into());
        s.facts[0].claims = vec![Claim { kind: "kubeadm".into(), subject: "init".into() }];
    }),
    ("a phase that the version does not have", "KubeadmSettings", |s| {
        s.cluster.kubernetes.version = version("1.28.2");
        s.cluster.kubernetes.skip_phases =
            ["addon/kube-proxy", "kubeconfig/super-admin"].map(str::to_owned).into();
    }),
    ("arguments that are gone", "KubeadmSettings", |s| {
        s.cluster.kubernetes.version = version("1.24.2");
        s.cluster.kubernetes.kubeadm =
            settings(&json!({"apiServer": {"extraArgs": {"insecure-port": "0", "v": "2"}}}));
    }),
    ("arguments in the later form", "KubeadmSettings", |s| {
        s.cluster.kubernetes.version = version("1.30.2");
        let list = json!([{"name": "v", "value": "2"}]);
        s.cluster.kubernetes.kubeadm = settings(&json!({"scheduler": {"extraArgs": list}}));
    }),
    ("arguments in the earlier form", "KubeadmSettings", |s| {
        s.cluster.kubernetes.version = version("1.31.2");
        s.cluster.kubernetes.kubeadm =
            settings(&json!({"etcd": {"local": {"extraArgs": {"quota-backend-bytes": "1"}}}}));
    }),
    ("a feature gate that comes later", "KubeadmSettings", |s| {
        s.cluster.kubernetes.version = version("1.31.2");
        s.cluster.kubernetes.kubeadm =
            settings(&json!({"featureGates": {"NodeLocalCRISocket": true, "Some": true}}));
    }),
    ("an endpoint without an address", "ControlPlaneEndpoint", |s| {
        reached(s, LoadBalancer::External, Reached::Unresolved);
    }),
    ("an endpoint where nobody answers", "ControlPlaneEndpoint", |s| {
        reached(s, LoadBalancer::External, Reached::Nobody);
    }),
    ("an endpoint of another cluster", "ControlPlaneEndpoint", |s| {
        reached(s, LoadBalancer::External, Reached::ApiServer);
    }),
    ("an endpoint that refuses", "ControlPlaneEndpoint", |s| {
        reached(s, LoadBalancer::External, Reached::Refused);
    }),
    ("an endpoint that has lost the cluster", "ControlPlaneEndpoint", |s| {
        reached(s, LoadBalancer::External, Reached::Other);
        runs(s);
    }),
    ("an endpoint that a cluster is to get, and that leads nowhere", "ControlPlaneEndpoint", |s| {
        reached(s, LoadBalancer::External, Reached::Other);
        runs(s);
        s.api = Api::Moves;
    }),
    (
        "a virtual address that a cluster is to get, and that is taken",
        "ControlPlaneEndpoint",
        |s| {
            reached(s, kube_vip("192.168.7.200"), Reached::Silent);
            s.facts[0].addresses.as_mut().unwrap()[1].net = "192.168.7.23/24".parse().unwrap();
            runs(s);
            s.api = Api::Moves;
        },
    ),
    ("a virtual address that has lost the cluster", "ControlPlaneEndpoint", |s| {
        reached(s, kube_vip("192.168.7.200"), Reached::Nobody);
        s.facts[0].addresses.as_mut().unwrap()[1].net = "192.168.7.23/24".parse().unwrap();
        runs(s);
    }),
    ("a virtual address of a silent machine", "ControlPlaneEndpoint", |s| {
        reached(s, kube_vip("192.168.7.200"), Reached::Silent);
        s.facts[0].addresses.as_mut().unwrap()[1].net = "192.168.7.23/24".parse().unwrap();
    }),
    ("a virtual address that is taken", "ControlPlaneEndpoint", |s| {
        reached(s, kube_vip("192.168.7.200"), Reached::Refused);
        s.facts[0].addresses = s.facts[1].addresses.clone();
        s.facts[0].addresses.as_mut().unwrap().iter_mut().for_each(|address| {
            if address.net.addr().to_string() == "192.168.7.22" {
                address.net = "192.168.7.23/24".parse().unwrap();
            }
        });
    }),
    ("a virtual address of another network", "ControlPlaneEndpoint", |s| {
        reached(s, kube_vip("203.0.113.9"), Reached::Nobody);
    }),
    ("one hardware address twice", "DuplicateMAC", |s| between::mac(s, [1, 2])),
    ("another host has the address as well", "DuplicateAddress", |s| {
        let net = "192.168.7.12/32".parse().unwrap();
        let address = Address { interface: "lo".into(), net };
        s.facts[2].addresses.as_mut().unwrap().push(address);
    }),
    ("a network of containers in the way", "DuplicateAddress", |s| {
        between::route(&mut s.facts[1], "192.168.7.0/28", "br-0123456789ab");
    }),
    ("a host of another network", "NodeNetwork", |s| {
        between::network(&mut s.facts[2], "10.9.8.7/24");
    }),
    ("a port that one host does not reach on another", "PortsBetweenHosts", |s| {
        between::try_all(s, |from, to, port| (from, to, port) == ("cp1", "w1", "TCP 10250"));
    }),
    ("large packets that are lost", "PathMTU", |s| {
        between::try_all(s, |from, to, port| (from, to, port) == ("w2", "w1", "large"));
    }),
    ("firewalls", "Firewalld", |s| {
        s.facts[0].units.as_mut().unwrap().push(unit("firewalld.service"));
        s.facts[1].ufw = Some(true);
    }),
];

fn kube_vip(vip: &str) -> LoadBalancer {
    LoadBalancer::KubeVip { vip: vip.parse().unwrap(), interface: None }
}

/// Every host looked for the cluster's address, and this came back.
fn reached(scene: &mut Scene, load_balancer: LoadBalancer, reached: Reached) {
    scene.cluster.load_balancer = load_balancer;
    for facts in &mut scene.facts {
        let (name, addresses) = ("api.example:6443".into(), vec!["192.0.2.1".parse().unwrap()]);
        facts.endpoint = Some(Endpoint { name, addresses, in_hosts: false, reached });
    }
}

/// The first host is the control plane of a cluster that runs.
fn runs(scene: &mut Scene) {
    scene.api = Api::There;
    scene.facts[0].listeners = Some(vec![Listener { port: 6443, process: None }]);
    scene.facts[0].claims = vec![Claim { kind: "kubeadm".into(), subject: "init".into() }];
}

#[expect(non_snake_case, reason = "it stands for a constant, which an IpNet cannot be")]
fn VPN() -> Route {
    Route {
        destination: Some("10.96.128.0/20".parse().unwrap()),
        interface: Some("tun0".into()),
        source: None,
        ipv6: false,
        gateway: false,
    }
}

#[test]
fn every_check_names_cause_and_fix() {
    insta::assert_snapshot!(said(&[CASES, names::CASES].concat()));
}

/// What is said of each case.
fn said(cases: &[Case]) -> String {
    let mut said = String::new();
    for (title, name, breaks) in cases {
        let mut scene = Scene::healthy();
        breaks(&mut scene);
        let findings = scene.check();
        let check = CHECKS.iter().find(|check| check.name == *name).unwrap();
        assert!(!findings.is_empty(), "{title}: nothing found");
        writeln!(said, "# {title}").unwrap();
        for finding in &findings {
            assert!(check.finds(&finding.name), "{title}: {finding:?}");
            assert!(!finding.fix.is_empty() && !finding.hosts.is_empty(), "{title}: {finding:?}");
            assert!(finding.breaks.is_some_and(|it| !it.what.is_empty()), "{title}: {finding:?}");
            // It is copied and pasted.
            let is_line = |it: &String| !it.contains('\n') && it.trim() == it && !it.is_empty();
            assert!(finding.command.as_ref().is_none_or(is_line), "{title}: {finding:?}");
            said += &shown(finding);
        }
    }
    said
}

#[test]
fn every_check_has_a_case_a_name_of_its_own_and_a_description() {
    let cases = CASES.iter().chain(names::CASES).chain(hosts::CASES);
    let cases: BTreeSet<&str> = cases.map(|(_, name, _)| *name).collect();
    let mut names = BTreeSet::new();
    let mut list = String::new();
    for check in CHECKS {
        assert!(names.insert(check.name), "{} twice", check.name);
        assert!(cases.contains(check.name), "no case for {}", check.name);
        assert!(!check.description.is_empty(), "{}", check.name);
        writeln!(list, "{:<20} {}", check.name, check.description).unwrap();
    }
    insta::assert_snapshot!(list);
}

#[test]
fn every_check_has_a_page() {
    for (check, page) in CHECKS.iter().zip(pages()) {
        assert_eq!(check.name, page.name);
        for text in [check.breaks, check.page, check.description] {
            let is_clause = !text.is_empty() && text.trim() == text && !text.contains("  ");
            assert!(is_clause, "{}: {text:?}", check.name);
        }
        assert!(check.page.starts_with("Seen "), "{}: how is it seen?", check.name);
        assert!(check.page.contains("\n\n"), "{}: and what is to be done?", check.name);
    }
}

#[test]
fn checks_are_as_severe_as_they_say() {
    let mut worst: BTreeMap<&str, Severity> = BTreeMap::new();
    for (_, name, breaks) in CASES.iter().chain(names::CASES).chain(hosts::CASES) {
        let mut scene = Scene::healthy();
        breaks(&mut scene);
        for finding in scene.check() {
            let worst = worst.entry(name).or_insert(finding.severity);
            *worst = finding.severity.max(*worst);
        }
    }
    for check in CHECKS {
        assert_eq!(worst.get(check.name), Some(&check.severity), "{}", check.name);
    }
}

fn skip(name: &str) -> bivouac::cluster::Skip {
    bivouac::cluster::Skip {
        name: name.to_owned(),
        reason: "known".to_owned(),
        unknown: bivouac::cluster::Mistake::new("cluster.yaml", "no check"),
    }
}

#[test]
fn what_is_unknown_is_said_to_be_unchecked() {
    let told = |facts: &str| Scene::of(&[("h", facts)]).unchecked();
    for (name, facts) in [
        ("debian-11", DEBIAN_11),
        ("debian-12", DEBIAN_12),
        ("debian-13", DEBIAN_13),
        ("lab", LAB),
        ("rocky", ROCKY),
        ("ubuntu", UBUNTU),
    ] {
        assert_eq!(told(facts), [""; 0], "{name} is healthy");
    }
    let nothing = told("facts 1\nuid 0\nend\n");
    insta::assert_snapshot!(nothing.join("\n"));
    let mut scene = Scene::healthy();
    scene.facts[1].uid = Some(1000);
    scene.facts[1].clock = None;
    scene.facts[2].clock = None;
    let expected =
        ["* on w1: commands do not run as root there", "Clock on w2: the clock is unknown"];
    assert_eq!(scene.unchecked(), expected);
}

#[test]
fn each_distribution_is_taken_for_what_it_is() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/facts");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    let mut said = String::new();
    for file in files.iter().filter(|file| !["hostile", "old-cluster"].contains(&stem(file))) {
        let facts = std::fs::read_to_string(file).unwrap();
        let _ = writeln!(said, "{}", stem(file));
        for finding in Scene::of(&[("h", &facts)]).check() {
            let _ = write!(said, "{}", shown(&finding));
        }
    }
    insta::assert_snapshot!(said);
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

#[test]
fn a_foreign_wipe_that_was_cut_off_is_taken_up_before_anything_else() {
    let mut scene = Scene::healthy();
    scene.facts[1] = hosts::with(UBUNTU, "journal 3 r1\nclaim clear plan\nclaim clear chains");
    let found = scene.check();
    assert_eq!(found.len(), 1, "{found:?}");
    let (name, fix) = (found[0].name.as_str(), found[0].fix.as_str());
    assert_eq!((name, &found[0].hosts[..]), ("Leftovers", &["w1".to_owned()][..]));
    assert_eq!(fix, "take it up again: `bivouac wipe --foreign w1`");
}

#[test]
fn an_old_cluster_is_found_and_our_own_is_not() {
    let mut scene = Scene::of(&[("cp1", OLD_CLUSTER)]);
    let said: String = scene.check().iter().map(shown).collect();
    insta::assert_snapshot!(said);
    let last_run = Some("r1".to_owned());
    scene.facts[0].journal = Journal::Present { entries: 0, last_run: None };
    assert!(scene.check().len() > 5, "a journal without entries claims nothing");
    scene.facts[0].journal = Journal::Present { entries: 3, last_run };
    let mut names_with = |claims: &[(&str, &str)]| -> Vec<String> {
        let claim = |(kind, subject): &(&str, &str)| Claim {
            kind: (*kind).to_owned(),
            subject: (*subject).to_owned(),
        };
        scene.facts[0].claims = claims.iter().map(claim).collect();
        let mut names: Vec<String> = scene.check().into_iter().map(|it| it.name).collect();
        names.dedup();
        names
    };
    // Each entry speaks for its own thing alone.
    let all = names_with(&[]);
    for (claims, gone) in [
        (vec![("tree", "/etc/kubernetes")], vec!["DirAvailable--etc-kubernetes"]),
        (vec![("tree", "/var/lib/etcd")], vec!["DirAvailable--var-lib-etcd"]),
        (vec![("kernel", "10.244.0.0/16")], vec!["Leftovers"]),
        (vec![("file", "/etc/systemd/system/kubelet.service")], vec!["OtherKubernetes"]),
    ] {
        let left = names_with(&claims);
        let expected: Vec<&String> =
            all.iter().filter(|name| !gone.contains(&name.as_str())).collect();
        assert_eq!(left.iter().collect::<Vec<_>>(), expected, "{claims:?}");
        assert_eq!(all.len(), left.len() + gone.len(), "{claims:?}: {all:?}");
    }
    let names = names_with(&[
        ("tree", "/etc/kubernetes"),
        ("tree", "/var/lib/kubelet"),
        ("tree", "/var/lib/etcd"),
        ("kernel", "10.244.0.0/16"),
        ("kubeadm", "init"),
        ("file", "/etc/systemd/system/kubelet.service"),
    ]);
    assert_eq!(names, ["PackageLock", "Firewalld"], "the rest is ours");
}

#[test]
fn hostile_text_is_only_text() {
    let facts = Facts::parse(HOSTILE).unwrap();
    assert_eq!(facts.uid, None);
    assert_eq!(facts.hostname.as_deref(), Some("\u{fffd}]0;owned\u{fffd}$(reboot)"));
    assert_eq!(facts.cpus, None);
    assert_eq!(facts.memory_kib, None);
    assert_eq!(facts.cgroup, None);
    assert_eq!(facts.disks.len(), 1);
    assert_eq!(facts.addresses, Some(vec![]));
    assert_eq!(facts.os.version_id.as_deref(), Some("\"12\\"));
    assert!(matches!(facts.journal, Journal::Present { entries: 0, .. }));
    let findings = Scene::of(&[("bad", HOSTILE)]).check();
    assert!(!findings.is_empty());
    for finding in findings {
        let text = shown(&finding);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        assert!(text.len() < 2000, "{text}");
    }
}
