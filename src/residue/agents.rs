//! Pod networks by what only they leave: who made a route, a link or a rule that does not say so itself.

use super::host::Host;
use super::table;
use crate::host::inventory::Kind;

/// Whose pod network it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agent {
    Antrea,
    Calico,
    Cilium,
    Flannel,
    KubeOvn,
    KubeRouter,
    OvnKubernetes,
    Weave,
}

/// What only one of them makes. Sources: the host paths in the projects' own manifests, and the names in their sources.
struct Marks {
    agent: Agent,
    name: &'static str,
    paths: &'static [&'static str],
    /// What names of its links begin with.
    links: &'static [&'static str],
    /// What names of its chains begin with.
    chains: &'static [&'static str],
    /// Plugins in configurations of networks.
    plugins: &'static [&'static str],
}

const MARKS: [Marks; 8] = [
    Marks {
        agent: Agent::Antrea,
        name: "Antrea",
        paths: &["/run/antrea", "/var/lib/antrea", "/var/log/antrea", "/opt/cni/bin/antrea"],
        links: &["antrea-gw0", "antrea-tun0"],
        chains: &["ANTREA-"],
        plugins: &["antrea"],
    },
    Marks {
        agent: Agent::Calico,
        name: "Calico",
        paths: &[
            "/var/lib/calico",
            "/run/calico",
            "/etc/calico",
            "/opt/cni/bin/calico",
            "/opt/cni/bin/calico-ipam",
            "/etc/cni/net.d/calico-kubeconfig",
        ],
        links: &[
            "vxlan.calico",
            "vxlan-v6.calico",
            "wireguard.cali",
            "wg-v6.cali",
            "bpfin.cali",
            "bpfout.cali",
        ],
        chains: &["cali-"],
        plugins: &["calico"],
    },
    Marks {
        agent: Agent::Cilium,
        name: "Cilium",
        paths: &[
            "/run/cilium",
            "/var/lib/cilium",
            "/etc/cilium",
            "/etc/sysctl.d/99-zzz-override_cilium.conf",
        ],
        links: &["cilium_"],
        chains: &["CILIUM_", "OLD_CILIUM_"],
        plugins: &["cilium-cni"],
    },
    Marks {
        agent: Agent::Flannel,
        name: "flannel",
        // Its program in /opt/cni/bin came with the standard plugins until 1.0.
        paths: &["/run/flannel", "/etc/kube-flannel", "/etc/flannel"],
        links: &["flannel."],
        chains: &["FLANNEL-"],
        plugins: &["flannel"],
    },
    Marks {
        agent: Agent::KubeOvn,
        name: "kube-ovn",
        paths: &["/opt/cni/bin/kube-ovn", "/var/log/kube-ovn"],
        links: &["ovn0"],
        chains: &["OVN-PREROUTING", "OVN-POSTROUTING", "OVN-NAT-", "OVN-MASQUERADE"],
        plugins: &["kube-ovn"],
    },
    Marks {
        agent: Agent::KubeRouter,
        name: "kube-router",
        paths: &[
            "/var/lib/kube-router",
            "/etc/cni/net.d/10-kuberouter.conf",
            "/etc/cni/net.d/10-kuberouter.conflist",
        ],
        links: &["kube-bridge"],
        // k3s has chains of kube-router's for network policies.
        chains: &[],
        plugins: &["kube-router"],
    },
    Marks {
        agent: Agent::OvnKubernetes,
        name: "OVN-Kubernetes",
        paths: &["/opt/cni/bin/ovn-k8s-cni-overlay"],
        links: &["ovn-k8s-mp0"],
        chains: &["OVN-KUBE-"],
        plugins: &["ovn-k8s-cni-overlay"],
    },
    Marks {
        agent: Agent::Weave,
        name: "Weave",
        paths: &["/var/lib/weave", "/etc/weave.env", "/opt/cni/bin/weave-net"],
        links: &["vethwe", "vxlan-6784"],
        chains: &["WEAVE"],
        plugins: &["weave-net"],
    },
];

/// The paths that tell of them.
pub(super) fn asked() -> impl Iterator<Item = &'static str> {
    MARKS.iter().flat_map(|it| it.paths).copied()
}

impl Agent {
    pub(super) fn name(self) -> &'static str {
        MARKS.iter().find(|it| it.agent == self).map_or("", |it| it.name)
    }
}

impl Host<'_> {
    /// What says that Cilium was here.
    pub(super) fn cilium(&self) -> Option<String> {
        self.agent(Agent::Cilium)
    }

    /// What says that Calico was here.
    pub(super) fn calico(&self) -> Option<String> {
        self.agent(Agent::Calico)
    }

    /// What says that one of them was here. A wipe takes it away, and knows of it still.
    pub(super) fn agent(&self, agent: Agent) -> Option<String> {
        let marks = MARKS.iter().find(|it| it.agent == agent)?;
        let begins = |names: &[&str], name: &str| names.iter().any(|it| name.starts_with(it));
        let path = || {
            let path = marks.paths.iter().find(|path| self.path(path).is_some())?;
            Some(format!("`{path}` is there"))
        };
        let link = || {
            let is_its = |name: &str| {
                let is_end = agent == Agent::Calico && table::is_calicos_end(name);
                is_end || begins(marks.links, name)
            };
            let link = self.of(Kind::Link).find(|it| is_its(&it.name))?;
            Some(format!("the link `{}` is there", link.name))
        };
        let chain = || {
            let is =
                |name: &str| name.rsplit(' ').next().is_some_and(|it| begins(marks.chains, it));
            let chain = self.of(Kind::Chain).find(|it| is(&it.name))?;
            Some(format!("the chain `{}` is there", chain.name))
        };
        let plugin = || {
            let is = |plugins: &str| plugins.split(',').any(|it| marks.plugins.contains(&it));
            let network = self.of(Kind::Network).find(|it| is(it.get("plugins")))?;
            Some(format!("`{}` is its network", network.name))
        };
        let tables = || {
            let mut names = self.of(Kind::Line).filter(|it| it.name == "rt_tables");
            let name = names.find(|it| it.get("text").ends_with(" kube-router"))?;
            let is_its = agent == Agent::KubeRouter;
            is_its.then(|| format!("`{}` has a table `kube-router`", name.get("file")))
        };
        let past = || {
            let path = marks.paths.iter().find(|path| self.was_planned(path))?;
            Some(format!("`{path}` was there before a wipe that was cut off"))
        };
        path().or_else(link).or_else(chain).or_else(plugin).or_else(tables).or_else(past)
    }
}
