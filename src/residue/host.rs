//! What the things of one host say about each other: who else uses the runtime, whose a network is, whether there was ever
//! a Kubernetes here at all.

mod networks;

use std::collections::{BTreeMap, BTreeSet};

use super::ranges::Ranges;
use super::removal::{Removal, Stage};
use super::{Outcome, Past, Whose, Wishes, agents};
use crate::host::Clear;
use crate::host::inventory::{Inventory, Kind, Thing};

/// Paths that nobody but a Kubernetes makes, the plainest first.
const SIGNS: [&str; 12] = [
    "/var/lib/kubelet/config.yaml",
    "/var/lib/kubelet/kubeadm-flags.env",
    "/etc/kubernetes/kubelet.conf",
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/pki",
    "/etc/kubernetes/ssl",
    "/etc/kubernetes/manifests",
    "/var/lib/kubelet",
    "/etc/rancher/k3s",
    "/etc/rancher/rke2",
    "/var/lib/k0s",
    "/opt/rke",
];
/// Programs that make a host a node.
const PROGRAMS: [&str; 8] = [
    "/usr/bin/kubelet",
    "/usr/local/bin/kubelet",
    "/opt/kube/bin",
    "/usr/local/bin/k3s",
    "/usr/bin/k3s",
    "/opt/bin/k3s",
    "/usr/local/bin/k0s",
    "/usr/local/bin/rke2",
];
/// Programs that run docker, whose containerd it is then.
const DOCKER: [&str; 2] = ["/usr/bin/dockerd", "/usr/local/bin/dockerd"];
/// Others that have networks of the standard plugins.
pub(super) const CNI_USERS: [&str; 5] = [
    "/usr/bin/podman",
    "/usr/local/bin/nerdctl",
    "/usr/bin/nerdctl",
    "/usr/bin/nomad",
    "/usr/local/bin/nomad",
];
/// Others that have images and containers where CRI-O has them.
const STORE_USERS: [&str; 5] = [
    "/usr/bin/podman",
    "/usr/local/bin/podman",
    "/usr/bin/buildah",
    "/usr/local/bin/buildah",
    "/usr/bin/skopeo",
];
/// A Kubernetes that is a snap: snapd alone can end and remove it, and what it made while it runs is its own.
const SNAPS: [(&str, &str); 2] = [("/snap/microk8s", "microk8s"), ("/snap/k8s", "k8s")];
/// Certificates that kubeadm makes for an etcd of its own.
pub(super) const ETCD_PKI: &str = "/etc/kubernetes/pki/etcd";

/// The paths that say something about others.
pub(super) fn asked() -> impl Iterator<Item = &'static str> {
    let snaps = SNAPS.into_iter().map(|(path, _)| path);
    let others = DOCKER.into_iter().chain(CNI_USERS).chain(STORE_USERS).chain([ETCD_PKI]);
    SIGNS
        .into_iter()
        .chain(PROGRAMS)
        .chain(others)
        .chain(snaps)
        .chain(agents::asked())
        .chain(networks::asked())
}

/// One host.
pub(super) struct Host<'a> {
    inventory: &'a Inventory,
    wishes: &'a Wishes,
    past: &'a Past,
    owners: BTreeMap<&'a str, &'a str>,
    paths: BTreeMap<&'a str, &'a Thing>,
    /// What says that there is, or was, a Kubernetes.
    sign: Option<String>,
    ranges: Ranges,
}

/// Whose a container runtime is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Runtime {
    /// Nobody's: it is not there.
    Absent,
    /// The cluster's alone, and why.
    Cluster(String),
    /// Others use it as well, and who.
    Shared(String),
    /// That is not known, and why.
    Unknown(String),
}

impl<'a> Host<'a> {
    pub(super) fn new(inventory: &'a Inventory, wishes: &'a Wishes, past: &'a Past) -> Self {
        let owners =
            inventory.of(Kind::Owner).map(|it| (it.name.as_str(), it.get("package"))).collect();
        let paths = inventory.of(Kind::Path).map(|it| (it.name.as_str(), it)).collect();
        let ranges = Ranges::default();
        let mut host = Self { inventory, wishes, past, owners, paths, sign: None, ranges };
        host.sign = host.find_sign();
        host.ranges = host.find_ranges();
        host
    }

    /// The things of one kind.
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &'a Thing> {
        self.inventory.of(kind)
    }

    /// What is at a path.
    pub(super) fn path(&self, path: &str) -> Option<&'a Thing> {
        self.paths.get(path).copied()
    }

    /// The package that brought a path.
    pub(super) fn package_of(&self, path: &str) -> Option<&'a str> {
        self.owners.get(path).copied()
    }

    /// The value of a fact; empty where the host told none.
    pub(super) fn fact(&self, name: &str) -> &'a str {
        self.of(Kind::Fact).find(|it| it.name == name).map_or("", |it| it.get("value"))
    }

    /// What says that there is a Kubernetes here, or was.
    pub(super) fn sign(&self) -> Option<&str> {
        self.sign.as_deref()
    }

    /// Whether a server's address is one of this host's, or what installers call an API server of their own.
    pub(super) fn is_own(&self, server: &str) -> bool {
        let address = server.split("//").nth(1).unwrap_or(server);
        let address = address.split('/').next().unwrap_or_default();
        let address = address.rsplit_once(':').map_or(address, |(address, _)| address);
        let address = address.trim_matches(['[', ']']);
        let names =
            ["127.0.0.1", "::1", "localhost", "apiserver.cluster.local", "lb.kubesphere.local"];
        let mut links = self.of(Kind::Link).flat_map(|it| it.get("addresses").split(' '));
        names.contains(&address) || links.any(|it| it.split('/').next() == Some(address))
    }

    /// The snap of a Kubernetes that is installed.
    pub(super) fn snap(&self) -> Option<&'static str> {
        SNAPS.into_iter().find(|(path, _)| self.path(path).is_some()).map(|(_, name)| name)
    }

    /// Whether an earlier wipe that was cut off was about to take this away.
    pub(super) fn was_planned(&self, name: &str) -> bool {
        self.past.removal_of(name).is_some()
    }

    /// Whether the operator wants defaults back.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.wishes.also.contains(name)
    }

    /// How something goes that is kept but for the operator's word.
    pub(super) fn asked_for(&self, thing: &str) -> Option<Removal> {
        if !self.wants(thing) {
            return None;
        }
        if self.of(Kind::Image).any(|it| it.name == thing && !it.garbled) {
            return Some(Removal::new(Stage::Runtime, Clear::Images, [thing]));
        }
        if self.path(thing).is_some_and(|it| it.get("type") == "d") {
            return Some(Removal::new(Stage::Data, Clear::Tree, [thing]));
        }
        let named = |kind| self.of(kind).filter(|it| it.name == thing);
        // Two may name one place, and what holds one of them holds it.
        if named(Kind::Place).any(|it| elsewhere(it).is_none()) {
            return None;
        }
        named(Kind::Place).chain(named(Kind::HostPath)).next().and_then(elsewhere)
    }

    /// The strongest sign there is. Only what nobody but a Kubernetes makes counts.
    fn find_sign(&self) -> Option<String> {
        let file = SIGNS.iter().find(|path| self.path(path).is_some());
        file.map(|path| format!("`{path}` is there"))
            .or_else(|| {
                let names = ["kubelet", "kubeadm"];
                let package =
                    self.of(Kind::Package).find(|it| names.contains(&it.name.as_str()))?;
                Some(format!("the package `{}` is installed", package.name))
            })
            .or_else(|| {
                let names = [
                    "kubelet.service",
                    "k3s.service",
                    "k3s-agent.service",
                    "rke2-server.service",
                    "rke2-agent.service",
                ];
                let unit = self.of(Kind::Unit).find(|it| names.contains(&it.name.as_str()))?;
                Some(format!("the unit `{}` is there", unit.name))
            })
            .or_else(|| {
                let program = PROGRAMS.iter().find(|path| self.path(path).is_some())?;
                Some(format!("`{program}` is there"))
            })
            .or_else(|| {
                let chain = self.of(Kind::Chain).find(|it| it.name.contains(" KUBE-"))?;
                Some(format!("the chain `{}` is there", chain.name))
            })
            .or_else(|| {
                self.of(Kind::Cgroup).next().map(|it| format!("the cgroup `{}` is there", it.name))
            })
            .or_else(|| self.past.is_there().then(|| "an earlier wipe was cut off here".to_owned()))
    }

    /// Whose CRI-O is. It serves nobody but a kubelet.
    pub(super) fn crio(&self) -> Runtime {
        let paths = ["/usr/bin/crio", "/usr/local/bin/crio", "/etc/crio", "/var/lib/crio"];
        let is_there = paths.iter().any(|path| self.path(path).is_some())
            || self.of(Kind::Package).any(|it| it.name == "cri-o")
            || self.of(Kind::Unit).any(|it| it.name == "crio.service");
        if !is_there {
            return Runtime::Absent;
        }
        if self.wants("cri-o") {
            return Runtime::Cluster("named on the command line".to_owned());
        }
        if self.fact("kubelet-runtime").contains("crio") {
            return Runtime::Cluster("the kubelet's runtime, and it serves nobody else".to_owned());
        }
        if self.past.removal_of("/etc/crio").or_else(|| self.past.removal_of("cri-o")).is_some() {
            return Runtime::Cluster("an earlier wipe that was cut off knew it".to_owned());
        }
        Runtime::Unknown("nothing says that a kubelet here used it".to_owned())
    }

    /// Whose the store of CRI-O is: podman and buildah have theirs in the same place.
    pub(super) fn crio_store(&self) -> Runtime {
        let crio = self.crio();
        if crio == Runtime::Absent {
            return crio;
        }
        if let Some(path) = STORE_USERS.iter().find(|path| self.path(path).is_some()) {
            return Runtime::Shared(format!("`{path}` has its images and containers in it too"));
        }
        match self.fact("store-others").trim() {
            "" => crio,
            names => Runtime::Shared(format!("containers that are no pods are in it: {names}")),
        }
    }

    /// Whose containerd is.
    pub(super) fn containerd(&self) -> Runtime {
        let programs = ["/usr/bin/containerd", "/usr/local/bin/containerd"];
        let stores = ["/var/lib/containerd", "/run/containerd", "/etc/containerd"];
        let is_there = |paths: &[&str]| paths.iter().any(|path| self.path(path).is_some());
        if !is_there(&programs) && !is_there(&stores) {
            return Runtime::Absent;
        }
        let others: Vec<&str> = self
            .of(Kind::Namespace)
            .map(|it| it.name.as_str())
            .filter(|name| *name != "k8s.io")
            .collect();
        if !others.is_empty() {
            let names = others.join("`, `");
            return Runtime::Shared(format!("others have namespaces in it: `{names}`"));
        }
        let docker = ["docker.io", "docker-ce", "moby-engine", "docker"];
        if let Some(package) = self.of(Kind::Package).find(|it| docker.contains(&it.name.as_str()))
        {
            return Runtime::Shared(format!("the package `{}` uses it", package.name));
        }
        if let Some(path) = DOCKER.iter().find(|it| self.path(it).is_some()) {
            return Runtime::Shared(format!("`{path}` uses it"));
        }
        let needs: Vec<&str> = self
            .fact("needs-containerd")
            .split(' ')
            .filter(|name| {
                !name.is_empty()
                    && !["containerd", "containerd.io", "runc", "kubelet", "kubeadm"].contains(name)
            })
            .collect();
        if !needs.is_empty() {
            return Runtime::Shared(format!("packages need it: `{}`", needs.join("`, `")));
        }
        if !is_there(&programs) {
            return match &self.sign {
                Some(sign) => {
                    Runtime::Cluster(format!("there is no containerd any more, and {sign}"))
                }
                None => Runtime::Unknown("nothing says whose it was".to_owned()),
            };
        }
        // What said so goes in the course of a wipe.
        if self.past.removal_of("/var/lib/containerd").is_some() {
            return Runtime::Cluster("an earlier wipe that was cut off knew it".to_owned());
        }
        let is_kubelets = self.fact("kubelet-runtime").contains("containerd");
        let has_pods = self.of(Kind::Namespace).any(|it| it.name == "k8s.io");
        match (is_kubelets, has_pods) {
            (true, true) => Runtime::Cluster(
                "the kubelet's runtime, and nobody but Kubernetes has a namespace in it".to_owned(),
            ),
            (true, false) => Runtime::Cluster(
                "the kubelet's runtime, and nobody has a namespace in it".to_owned(),
            ),
            (false, true) if self.sign.is_some() => {
                Runtime::Cluster("only Kubernetes has a namespace in it".to_owned())
            }
            _ => Runtime::Unknown("nothing says whether it came for Kubernetes".to_owned()),
        }
    }
}

/// How something goes that the operator names in a place of its own. What an etcd that is a service writes goes with that, and docker's store is not ours at all.
fn elsewhere(thing: &Thing) -> Option<Removal> {
    const OF: [&str; 9] = [
        "etcd",
        "kubelet",
        "k3s",
        "rke2",
        "k0s",
        "containerd",
        "containerd-state",
        "crio",
        "containers",
    ];
    if !thing.get("denied").is_empty() || thing.get("mount") == "remote" || thing.get("type") == "l"
    {
        return None;
    }
    let of = match thing.kind {
        Kind::HostPath => "all",
        _ if matches!(thing.get("own"), "" | "0") => return None,
        _ if !thing.is("signed") => return None,
        _ => OF.into_iter().find(|of| *of == thing.get("of"))?,
    };
    Some(Removal::new(Stage::Data, Clear::Elsewhere, [of, &thing.name]))
}

/// What a host told of besides the things at these places, which entries spoke of. What is only told about such things is left out.
pub(super) fn passed_over(inventory: &Inventory, spoken: &BTreeSet<usize>) -> Vec<String> {
    let things = inventory.things.iter().enumerate();
    let others = things.filter(|(place, thing)| {
        let is_thing = !matches!(
            thing.kind,
            Kind::Fact
                | Kind::Owner
                | Kind::Setting
                | Kind::Line
                | Kind::Attachment
                | Kind::Range
                | Kind::Connection
                | Kind::Neighbour
        );
        is_thing && !spoken.contains(place)
    });
    let mut names: Vec<String> = others.map(|(_, thing)| shown(thing)).collect();
    names.sort();
    names.dedup();
    names
}

/// A thing's name, for people.
pub(super) fn shown(thing: &Thing) -> String {
    let name = &thing.name;
    match thing.kind {
        Kind::Fact if name == "unread" => thing.get("value").to_owned(),
        Kind::Path
        | Kind::Fact
        | Kind::Place
        | Kind::HostPath
        | Kind::Image
        | Kind::Owner
        | Kind::Attachment
        | Kind::Network
        | Kind::Disk
        | Kind::Pin => name.clone(),
        Kind::Unit => format!("unit {name}"),
        Kind::Package => format!("package {name} {}", thing.get("version")),
        Kind::Chain => format!("chain {name}"),
        Kind::Rule => format!("rule {name}"),
        Kind::Table => format!("table {name}"),
        Kind::Set => format!("set {name}"),
        Kind::Server => format!("virtual server {name}"),
        Kind::Link => format!("link {name}"),
        Kind::Route => {
            format!("route {}", name.split_once(' ').map_or(name.as_str(), |(_, it)| it))
        }
        Kind::Connection => format!("connections to {}", name.replacen(' ', " that lead to ", 1)),
        Kind::Policy => {
            format!("rule of routing {}", name.split_once(' ').map_or(name.as_str(), |(_, it)| it))
        }
        Kind::Address => format!("address {name}"),
        Kind::Neighbour => {
            format!("neighbour {}", name.split_once(' ').map_or(name.as_str(), |(_, it)| it))
        }
        Kind::Range => format!("network {name}"),
        Kind::User => format!("user {name}"),
        Kind::Group => format!("group {name}"),
        Kind::Filter => format!("filter {name}"),
        Kind::Xdp => format!("XDP {name}"),
        Kind::Attached => format!("program on cgroups {name}"),
        Kind::Mount => format!("mount {name}"),
        Kind::Netns => format!("network namespace {name}"),
        Kind::Cgroup => format!("cgroup {name}"),
        Kind::Namespace => format!("containerd's namespace {name}"),
        Kind::Profile => format!("profile {name}"),
        Kind::Container => format!("container {}", thing.get("name")),
        Kind::Process => format!("process {name} ({})", thing.get("pid")),
        Kind::Setting => format!("setting {name}"),
        Kind::Line if thing.get("number").is_empty() => thing.get("file").to_owned(),
        Kind::Line => format!("{}:{}", thing.get("file"), thing.get("number")),
    }
}

/// It stays, and is the owner's.
pub(super) fn owners(why: impl Into<String>) -> Outcome {
    Outcome::Stays { why: why.into(), whose: Whose::Owner }
}

/// It stays, and is the cluster's.
pub(super) fn kept(why: impl Into<String>) -> Outcome {
    Outcome::Stays { why: why.into(), whose: Whose::Cluster }
}

/// It stays, because something is not known.
pub(super) fn unsure(unknown: impl Into<String>) -> Outcome {
    Outcome::Unsure { unknown: unknown.into(), is_now: false }
}

/// It stays because of what is so now: who asks for it, or whose it may have become. An earlier wipe knew nothing of that.
pub(super) fn doubted(unknown: impl Into<String>) -> Outcome {
    Outcome::Unsure { unknown: unknown.into(), is_now: true }
}

/// It goes.
pub(super) fn goes(
    proof: impl Into<String>,
    stage: Stage,
    clear: Clear,
    words: &[&str],
) -> Outcome {
    let words = words.iter().map(|word| (*word).to_owned());
    Outcome::Goes { proof: proof.into(), removal: Removal::new(stage, clear, words) }
}
