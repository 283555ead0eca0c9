//! One host a case: what an entry knows as its own, and what only looks like it; a file for each room of the table.

mod bpf;
mod distributions;
mod elsewhere;
mod files;
mod firewall;
mod kernel;
mod network;
mod packages;
mod pods;
mod runtime;
mod services;
mod settings;
mod storage;

/// A host, and what an entry says of it.
pub struct Case {
    pub entry: &'static str,
    /// Its lines; `;` is a tab and `|` ends one.
    pub host: &'static str,
    pub says: &'static [&'static str],
}

const fn case(entry: &'static str, host: &'static str, says: &'static [&'static str]) -> Case {
    Case { entry, host, says }
}

/// A control plane that kubeadm made, as far as order matters.
pub const KUBEADM: &str = "path;/etc/kubernetes/manifests/etcd.yaml;type=f|unit;kubelet.service;load=loaded;enabled=enabled;active=active|process;containerd-shim;pid=7;namespace=k8s.io;pods=no\
    |chain;iptables-nft nat KUBE-SERVICES|chain;iptables-nft filter KUBE-FIREWALL|set;KUBE-CLUSTER-IP|link;kube-ipvs0;type=dummy;addresses=10.96.0.1/32 |path;/var/lib/kubelet;type=d;empty=no|path;/etc/kubernetes;type=d;empty=no\
    |package;kubelet;manager=apt;version=1.20.2|path;/usr/local/bin/crictl;type=f|path;/opt/cni;type=d;empty=no|path;/opt/cni/bin;type=d;empty=no|path;/opt/cni/bin/flannel;type=f";

/// A sign of a Kubernetes, for entries that want one.
macro_rules! sign {
    ($rest:literal) => {
        concat!("path;/var/lib/kubelet/config.yaml;type=f|", $rest)
    };
}
use sign;

/// Every case.
pub fn all() -> impl Iterator<Item = &'static Case> {
    let rooms = [
        bpf::CASES,
        distributions::CASES,
        elsewhere::CASES,
        files::CASES,
        firewall::CASES,
        kernel::CASES,
        network::CASES,
        packages::CASES,
        pods::CASES,
        runtime::CASES,
        services::CASES,
        settings::CASES,
        storage::CASES,
    ];
    rooms.into_iter().flatten()
}
