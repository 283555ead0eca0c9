//! Files and directories of Kubernetes itself.

use super::super::host::{ETCD_PKI, Host, goes, kept, owners, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome};
use super::network::works_alone;
use super::{by_sign, file, file_by_sign, held, hollow, program, tree, tree_by_sign};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "KubernetesConfig",
        classes: &["R01"],
        what: "the configuration of Kubernetes",
        known: "`/etc/kubernetes`, which nobody else makes",
        undone: "saved whole (it is root's alone, keys included), then removed by a walk that crosses no mount",
        never: "what a link there leads to; a mount below it",
        paths: &["/etc/kubernetes"],
        judge: |thing, host| {
            Some(held(thing, host).unwrap_or_else(|| {
                goes("only Kubernetes makes it", Stage::Files, Clear::Files, &[&thing.name])
            }))
        },
        ..NONE
    },
    Entry {
        name: "KubeletState",
        classes: &["R01", "R17"],
        what: "what the kubelet and kube-proxy write while they run",
        known: "directories that nobody else makes",
        undone: "everything below is unmounted (a network file system within a limit, then lazily), the list of mounts is read again, and only then the tree is removed, by a walk in which no mount can be seen",
        never: "a disk that is mounted there by /etc/fstab: it is emptied and stays mounted (kubeadm#2247); anything behind a mount (kubernetes#120376: volumes were deleted through mounts that stayed)",
        paths: &[
            "/var/lib/kubelet",
            "/var/lib/dockershim",
            "/var/lib/kube-proxy",
            "/run/kubernetes",
            "/usr/libexec/kubernetes",
            "/var/lib/kubernetes",
        ],
        judge: tree,
        ..NONE
    },
    Entry {
        name: "ClusterEtcd",
        classes: &["R02"],
        what: "the data of the cluster's own etcd",
        known: "kubeadm's manifest of etcd names the directory, or kubeadm's certificates for an etcd of its own are there",
        undone: "`member` is removed, and the directory when nothing else is in it",
        never: "snapshots (`*.db`, kainstall's copies); an etcd that this host's API server reaches elsewhere (kubeadm#3225); the default path when nothing says that it was the cluster's",
        paths: &["/var/lib/etcd/member", "/var/lib/etcd"],
        judge: etcd,
        ..NONE
    },
    Entry {
        name: "EtcdSnapshots",
        classes: &["R02"],
        what: "snapshots of etcd",
        known: "a file `*.db`, or one with `snapshot` or `backup` in its name, beside etcd's data",
        undone: "only where it is named with `--also`",
        never: "by itself: it may be all that is left of the cluster",
        paths: &[
            "/var/lib/etcd/*.db",
            "/var/lib/etcd/*snapshot*",
            "/var/lib/etcd/*backup*",
            "/var/lib/etcd-backup*",
            "/var/backups/etcd*",
            "/var/backups/kube_etcd*",
            "/var/lib/rancher/k3s/server/db/snapshots",
            "/var/lib/rancher/rke2/server/db/snapshots",
            "/opt/rke/etcd-snapshots",
        ],
        judge: |thing, host| {
            if thing.get("empty") == "yes" {
                return hollow(thing, host);
            }
            Some(if host.wants(&thing.name) {
                let clear = if thing.get("type") == "d" { Clear::Tree } else { Clear::Programs };
                goes("named on the command line", Stage::Data, clear, &[&thing.name])
            } else {
                kept("a snapshot of etcd: it goes only where it is named with `--also`")
            })
        },
        ..NONE
    },
    Entry {
        name: "PodLogs",
        classes: &["R04"],
        what: "logs of pods and of the cluster's own programs",
        known: "directories that only the kubelet, kube-proxy, the API server's audit and network plugins write",
        undone: "removed; links in them are not followed",
        never: "journald's files and other logs: they are the host's",
        paths: &[
            "/var/log/pods",
            "/var/log/containers",
            "/var/log/calico",
            "/var/log/cilium",
            "/var/log/kube-ovn",
            "/var/log/antrea",
            "/var/log/kube-audit",
            "/var/log/kubernetes",
        ],
        judge: |thing, host| {
            if works_alone(&thing.name) { tree_by_sign(thing, host) } else { tree(thing, host) }
        },
        ..NONE
    },
    Entry {
        name: "Kubeconfigs",
        classes: &["R05"],
        what: "the administrator's access to the cluster",
        known: "a `~/.kube/config` whose servers are this cluster's only; where they are loopback addresses, by this cluster's authority",
        undone: "saved and removed",
        never: "a file that has other clusters in it as well; `~/.config/helm` and other clients' settings",
        kinds: &[Kind::Path],
        judge: kubeconfig,
        ..NONE
    },
    Entry {
        name: "KubectlCache",
        classes: &["R05"],
        what: "what kubectl remembers of servers",
        known: "`~/.kube/cache`, which kubectl makes anew whenever it needs it",
        undone: "removed; `~/.kube` when nothing else is in it",
        never: "other files in `~/.kube`",
        paths: &["/root/.kube/cache", "/root/.kube/http-cache"],
        judge: |thing, host| match host.sign() {
            Some(_) => tree_by_sign(thing, host),
            None => Some(owners("a client's: there is no cluster on this host that it came with")),
        },
        ..NONE
    },
    Entry {
        name: "SharedDirectories",
        classes: &["R01", "R05"],
        what: "directories in which others may have files too",
        known: "Kubernetes' installers make them",
        undone: "removed where they are empty in the end",
        never: "anything in them that is not listed by itself",
        paths: &["/root/.kube"],
        judge: hollow,
        ..NONE
    },
    Entry {
        name: "KubeadmInputs",
        classes: &["R05"],
        what: "kubeadm's own configuration in root's home",
        known: "its first lines say `apiVersion: kubeadm.k8s.io`",
        undone: "saved and removed, and only where it is named with `--also`",
        never: "by itself: somebody wrote it; other YAML files: manifests are the owner's work",
        kinds: &[Kind::Path],
        judge: |thing, host| {
            if thing.get("words") != "apiVersion: kubeadm" || !thing.name.starts_with("/root/") {
                return None;
            }
            Some(if host.wants(&thing.name) {
                held(thing, host).unwrap_or_else(|| {
                    goes("named on the command line", Stage::Files, Clear::Files, &[&thing.name])
                })
            } else if host.sign().is_none() {
                owners("there is no cluster on this host that it is for")
            } else {
                kept("somebody wrote it: it goes only where it is named with `--also`")
            })
        },
        ..NONE
    },
    Entry {
        name: "SmallConfig",
        classes: &["R06"],
        what: "small files for the cluster's tools",
        known: "files of names that only these tools read",
        undone: "saved and removed",
        never: "`/etc/crictl.yaml` where nothing else says that there was a Kubernetes; other completions",
        paths: &[
            "/etc/crictl.yaml",
            "/etc/bash_completion.d/kubectl",
            "/etc/bash_completion.d/kubectl.sh",
            "/etc/bash_completion.d/kubeadm",
            "/etc/bash_completion.d/crictl",
            "/etc/bash_completion.d/crio",
            "/etc/sudoers.d/crictl",
            "/etc/etcd.env",
            "/etc/image-cri-shim.yaml",
            "/etc/kubeone",
            "/etc/kubekey",
            "/etc/NetworkManager/conf.d/k8s.conf",
            "/etc/NetworkManager/conf.d/calico.conf",
        ],
        judge: file_by_sign,
        ..NONE
    },
    Entry {
        name: "BalancerConfig",
        classes: &["R07"],
        what: "load balancers in front of API servers",
        known: "kubeasz' own directory; an haproxy, keepalived or nginx whose configuration speaks of Kubernetes is only named",
        undone: "kubeasz' is saved and removed",
        never: "the configuration of an haproxy, keepalived or nginx of the host's own (kubespray deletes `/etc/nginx` whole)",
        paths: &[
            "/etc/kube-lb",
            "/etc/haproxy/haproxy.cfg",
            "/etc/keepalived/keepalived.conf",
            "/etc/nginx/nginx.conf",
        ],
        judge: balancer,
        ..NONE
    },
    Entry {
        name: "TrustedAuthorities",
        classes: &["R08"],
        what: "the cluster's authorities among those that the host trusts",
        known: "the names that kubespray gives them, and another sign of a Kubernetes",
        undone: "saved and removed, and the host's list of authorities is made anew",
        never: "other authorities",
        paths: &[
            "/usr/local/share/ca-certificates/kube-ca.crt",
            "/usr/local/share/ca-certificates/etcd-ca.crt",
            "/etc/pki/ca-trust/source/anchors/kube-ca.crt",
            "/etc/pki/ca-trust/source/anchors/etcd-ca.crt",
        ],
        judge: |thing, host| by_sign(thing, host, Stage::Files, Clear::Authorities),
        ..NONE
    },
    Entry {
        name: "Programs",
        classes: &["R12"],
        what: "programs of Kubernetes that no package brought",
        known: "the program's name, no package that owns it, and another sign of a Kubernetes",
        undone: "removed; programs are not saved",
        never: "what a package brought (it goes with the package, or not at all); helm, etcdctl and other tools that are used without a cluster as well; containerd, runc and ctr by their names (kubekey and sealos delete the distribution's)",
        paths: &[
            "/usr/bin/kubelet",
            "/usr/bin/kubeadm",
            "/usr/bin/kubectl",
            "/usr/bin/crictl",
            "/usr/bin/critest",
            "/usr/bin/kube-proxy",
            "/usr/bin/kube-apiserver",
            "/usr/bin/kube-controller-manager",
            "/usr/bin/kube-scheduler",
            "/usr/local/bin/kubelet",
            "/usr/local/bin/kubeadm",
            "/usr/local/bin/kubectl",
            "/usr/local/bin/crictl",
            "/usr/local/bin/critest",
            "/usr/local/bin/kube-proxy",
            "/usr/local/bin/kube-apiserver",
            "/usr/local/bin/kube-controller-manager",
            "/usr/local/bin/kube-scheduler",
            "/usr/local/bin/calicoctl",
            "/usr/local/bin/calicoctl.sh",
            "/usr/local/bin/calico-upgrade",
            "/usr/local/bin/kubernetes-scripts",
            "/usr/local/bin/etcd-scripts",
            "/usr/local/bin/k8s-certs-renew.sh",
            "/usr/local/bin/kube-scripts",
            "/usr/bin/image-cri-shim",
            "/usr/bin/cri-dockerd",
            "/usr/local/bin/cri-dockerd",
            "/usr/bin/sealctl",
            "/opt/kube/bin",
            "/opt/bin/kubelet",
            "/opt/bin/kubeadm",
            "/opt/bin/kubectl",
        ],
        judge: kubernetes_program,
        ..NONE
    },
    Entry {
        name: "OtherTools",
        classes: &["R12"],
        what: "tools that are used with a cluster, and without one as well",
        known: "their names",
        undone: "by their owner",
        never: "by itself",
        paths: &[
            "/usr/local/bin/helm",
            "/usr/bin/helm",
            "/usr/local/bin/etcdctl",
            "/usr/local/bin/etcd",
            "/usr/local/bin/nerdctl",
            "/usr/local/bin/velero",
        ],
        judge: |_, host| host.sign().map(|_| owners("a tool that needs no cluster: perhaps yours")),
        ..NONE
    },
];

fn etcd(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let elsewhere = host.fact("etcd-servers").split(',').any(|url| {
        !url.is_empty()
            && !url.contains("127.0.0.1")
            && !url.contains("[::1]")
            && !url.contains("localhost")
    });
    let named = host.fact("etcd-data") == "/var/lib/etcd";
    if thing.name == "/var/lib/etcd" {
        // What is in it has verdicts of its own.
        return if thing.get("empty") == "yes" || named {
            hollow_or_kept(thing, host)
        } else {
            None
        };
    }
    if elsewhere {
        return Some(kept(
            "this host's API server uses an etcd elsewhere: whose this one is is not known",
        ));
    }
    let is_unit = host.of(Kind::Unit).any(|it| it.name == "etcd.service");
    if is_unit && !host.wants("etcd.service") {
        return Some(kept("an etcd that is a service of its own writes there"));
    }
    if let Some(outcome) = held(thing, host) {
        return Some(outcome);
    }
    let has_pki = host.path(ETCD_PKI).is_some();
    Some(if named || host.wants("etcd.service") {
        goes(
            "the manifest of the cluster's etcd names it",
            Stage::Data,
            Clear::Tree,
            &[&thing.name],
        )
    } else if has_pki {
        goes(
            "kubeadm's certificates for an etcd of its own are there",
            Stage::Data,
            Clear::Tree,
            &[&thing.name],
        )
    } else {
        unsure("nothing says any more whose etcd it was: name it with `--also`")
    })
}

/// Where its mount is a disk of etcd's own, the disk stays.
fn hollow_or_kept(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    match thing.get("mount") {
        "" | "-" => hollow(thing, host),
        _ => Some(owners("a disk of its own is mounted there")),
    }
}

fn kubeconfig(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.get("words") != "kubeconfig" {
        return None;
    }
    let own: Vec<&str> = host.fact("server").split(' ').filter(|it| !it.is_empty()).collect();
    let servers: Vec<&str> = thing.get("servers").split(' ').filter(|it| !it.is_empty()).collect();
    let others: Vec<&&str> = servers.iter().filter(|it| !own.contains(it)).collect();
    // Any cluster in containers, or behind a tunnel, is at such an address.
    let is_loopback =
        |it: &&str| ["//127.", "//localhost", "//[::1]"].iter().any(|address| it.contains(address));
    let authority: Vec<&str> = host.fact("authority").split_whitespace().collect();
    let mut trusted = thing.get("authorities").split_whitespace().peekable();
    let is_known = trusted.peek().is_some() && trusted.all(|it| authority.contains(&it));
    Some(if host.sign().is_none() {
        owners("a client's: there is no cluster on this host that it is for")
    } else if own.is_empty() && !servers.iter().any(|it| host.is_own(it)) {
        owners("it is for another machine, and nothing says that this host was of that cluster")
    } else if own.is_empty() {
        unsure(format!(
            "nothing says any more which server was this cluster's; it is for {}",
            servers.join(", ")
        ))
    } else if servers.is_empty() {
        unsure("it names no server")
    } else if thing.is("linked") {
        unsure("a link leads to it: what is there may be anybody's")
    } else if others.is_empty() && servers.iter().any(is_loopback) && !is_known {
        unsure(
            "its server is at a loopback address, and its authority is not known as this cluster's",
        )
    } else if others.is_empty() {
        goes("it is for this cluster only", Stage::Files, Clear::Files, &[&thing.name])
    } else {
        owners("it has other clusters as well")
    })
}

fn balancer(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.name == "/etc/kube-lb" {
        return file(thing, host);
    }
    let speaks = ["kubernetes", "k8s", "kubespray", "kubekey", "kainstall"];
    let is_for = thing.get("words").split(',').any(|word| speaks.contains(&word));
    is_for.then(|| {
        unsure("it speaks of Kubernetes; whether it serves something else too is not known")
    })
}

fn kubernetes_program(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    // k3s', RKE2's and k0s' own programs under the names of others.
    if thing.get("type") == "l" {
        let target = thing.get("target").rsplit('/').next().unwrap_or_default();
        let is_theirs = ["k3s", "rke2", "k0s"].contains(&target)
            || host.sign().is_some()
                && ["kubectl", "kubelet", "kubeadm", "crictl"].contains(&target);
        if is_theirs && host.package_of(&thing.name).is_none() {
            return Some(goes(
                format!("a link to `{target}`"),
                Stage::Files,
                Clear::Symlinks,
                &[&thing.name],
            ));
        }
    }
    // A client is of use on a host without a cluster.
    let is_client = thing.name.ends_with("/kubectl")
        || thing.name.ends_with("/crictl")
        || thing.name.ends_with("/critest");
    if is_client
        && host.sign().is_none()
        && (thing.get("type") == "l" || held(thing, host).is_none())
    {
        return Some(owners("a client: there is no cluster on this host that it came with"));
    }
    program(thing, host)
}
