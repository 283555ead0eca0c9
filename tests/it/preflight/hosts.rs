//! What one host has of its own: places, kernel, services, packages, what an earlier cluster left.

use bivouac::host::facts::Facts;

use super::{Case, DEBIAN_12, DEBIAN_13, Scene, UBUNTU, said};

/// A recorded host that says this besides, where it says something of it already instead.
pub(super) fn with(recorded: &str, lines: &str) -> Facts {
    let keys: Vec<&str> = lines.lines().filter_map(|line| line.split(' ').next()).collect();
    let is_list = |line: &str| {
        line.split(' ').next().is_some_and(|key| keys.contains(&key)) && line.ends_with(" -")
    };
    let kept: Vec<&str> =
        recorded.lines().filter(|line| *line != "end" && !is_list(line)).collect();
    Facts::parse(&format!("{}\n{lines}\nend\n", kept.join("\n"))).unwrap()
}

pub(super) const CASES: &[Case] = &[
    ("a file where a directory must be, and the other way round", "Places", |s| {
        s.facts[0] = with(
            DEBIAN_12,
            "place /etc/kubernetes 644 / regular file\nplace /usr/local/bin/kubelet 755 / directory\n\
             place /var/lib/etcd 644 / regular file\nplace /etc/docker 644 / regular file",
        );
        s.facts[1] = with(UBUNTU, "place /var/lib/etcd 644 / regular file");
    }),
    ("a link that leads nowhere", "Places", |s| {
        s.facts[1] = with(
            UBUNTU,
            "dangling /var/lib/kubelet /data/kubelet\ndangling /usr/local/bin/kubelet /gone",
        );
    }),
    ("a /tmp of root alone, and none", "Places", |s| {
        let tmp = s.facts[0].places.all.as_mut().unwrap().iter_mut().find(|it| it.path == "/tmp");
        tmp.unwrap().mode = 0o755;
        s.facts[1].places.all.as_mut().unwrap().retain(|it| it.path != "/tmp");
    }),
    ("places that nobody may change", "Writable", |s| {
        s.facts[0] = with(
            DEBIAN_12,
            "read_only /etc\nread_only /usr/local/bin\nread_only /root\nread_only /sys/fs/cgroup/memory\nimmutable /etc\nimmutable /usr/local/bin",
        );
        s.facts[1] = with(UBUNTU, "read_only /\nread_only /etc\nread_only /usr\nread_only /run");
    }),
    ("file systems without the right to execute", "NoExec", |s| {
        for facts in &mut s.facts[..2] {
            let root = facts.places.mounts.iter_mut().find(|mount| mount.path == "/");
            root.unwrap().options.push("noexec".into());
        }
    }),
    ("a node's state in memory, and etcd's on a server", "StateStore", |s| {
        s.facts[0] = with(
            DEBIAN_12,
            "place /etc/kubernetes 755 /etc/kubernetes directory\nplace /var/lib/etcd 700 /var/lib/etcd directory\n\
             mount /etc/kubernetes rw tmpfs 1\nmount /var/lib/etcd rw nfs4 1",
        );
        // A worker has no etcd.
        s.facts[1] = with(
            UBUNTU,
            "place /var/lib/etcd 700 /var/lib/etcd directory\nmount /var/lib/etcd rw nfs4 1\n\
             place /var/lib/kubelet 700 /var/lib/kubelet directory\nmount /var/lib/kubelet rw ramfs 1",
        );
    }),
    ("an old processor, and large pages", "Processor", |s| {
        s.facts[1] = with(UBUNTU, "cpu_lacks -\ncpu_lacks popcnt\ncpu_lacks sse4_2");
        s.facts[2] = with(DEBIAN_13, "page_size 65536");
    }),
    ("small files and little memory for services", "ServiceLimits", |s| {
        s.facts[1] =
            with(UBUNTU, "number DefaultLimitFSIZE 1048576\nnumber DefaultLimitAS 4294967296");
    }),
    ("few threads", "PidLimits", |s| {
        s.facts[1] = with(UBUNTU, "number kernel.threads-max 500");
    }),
    ("a node's kubelet that is newer, and one that is too old", "KubeletVersion", |s| {
        s.facts[0].api_version = Some("v1.28.3".into());
        s.facts[1] = with(UBUNTU, "kubelet_version v1.29.0");
        s.facts[2] = with(DEBIAN_13, "kubelet_version v1.24.17+k3s1");
    }),
    (
        "a control plane whose certificates have ended, and one with some days left",
        "CertificateExpired",
        |s| {
            for (facts, days) in s.facts.iter_mut().zip([-2, 20]) {
                let now = facts.clock.unwrap();
                let day = std::time::Duration::from_secs(86_400);
                let ends = if days < 0 { now - day * 2 } else { now + day * 20 };
                let later = now + day * 3000;
                let names =
                    ["apiserver", "apiserver-kubelet-client", "front-proxy-client", "etcd/server"];
                let mut all: Vec<_> = names
                    .map(|name| (format!("/etc/kubernetes/pki/{name}.crt"), Some(ends)))
                    .into();
                all.push(("/etc/kubernetes/pki/ca.crt".into(), Some(later)));
                all.push(("/etc/kubernetes/pki/odd.crt".into(), None));
                facts.member.certificates = Some(all);
                facts.kubelet_conf = Some(true);
            }
        },
    ),
    ("no kernel's log, and a file as /dev/null", "Devices", |s| {
        for device in &mut s.facts[1].places.devices {
            device.1 = false;
        }
    }),
    ("images on an old XFS", "ImageStore", |s| {
        for facts in &mut s.facts {
            let root = facts.places.mounts.iter_mut().find(|mount| mount.path == "/");
            root.unwrap().file_system = "xfs".into();
            facts.places.ftypes = vec![("/var/lib".into(), true)];
        }
        s.facts[1].places.ftypes.push(("/var/lib/containerd".into(), false));
    }),
    ("images on overlayfs, and on NFS", "ImageStore", |s| {
        for (facts, kind) in s.facts.iter_mut().zip(["overlay", "nfs4"]) {
            let root = facts.places.mounts.iter_mut().find(|mount| mount.path == "/");
            root.unwrap().file_system = kind.into();
        }
    }),
    ("a private mount", "MountPropagation", |s| {
        for facts in &mut s.facts[..2] {
            let root = facts.places.mounts.iter_mut().find(|mount| mount.path == "/");
            root.unwrap().shared = false;
        }
        s.facts[1].names.container = Some(true);
    }),
    ("swap from the next boot on", "SwapAtBoot", |s| {
        s.facts[0] = with(DEBIAN_12, "swap_at_boot fstab /dev/sda2\nswap_at_boot dphys-swapfile");
        s.facts[1] = with(
            UBUNTU,
            "swap_at_boot zram /usr/lib/systemd/zram-generator.conf\nswap_at_boot other x",
        );
    }),
    ("files beside our units", "DropIns", |s| {
        let kubeadm = "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf";
        s.facts[0] = with(
            DEBIAN_12,
            &format!(
                "drop_in kubelet.service {kubeadm} Environment KUBELET_KUBECONFIG_ARGS\ndrop_in kubelet.service {kubeadm} ExecStart\n\
                 drop_in kubelet.service {kubeadm} ExecStart /usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS\n\
                 drop_in containerd.service /etc/systemd/system.control/containerd.service.d/50-TasksMax.conf TasksMax 200\n\
                 drop_in docker.service /etc/systemd/system/docker.service.d/x.conf ExecStart /x"
            ),
        );
        s.facts[1] = with(
            UBUNTU,
            "drop_in service /etc/systemd/system/service.d/hard.conf ProtectSystem strict\n\
             drop_in kubelet.service /etc/systemd/system/kubelet.service.d/env.conf EnvironmentFile /etc/gone\n\
             drop_in kubelet.service /etc/systemd/system/kubelet.service.d/proxy.conf Environment HTTP_PROXY",
        );
    }),
    ("flags of an earlier kubelet", "KubeletFlags", |s| {
        s.cluster.kubernetes.version = super::version("1.35.1");
        s.facts[0] = with(
            DEBIAN_12,
            "kubelet_flag --network-plugin\nkubelet_flag --node-ip\nkubelet_flag --hostname-override",
        );
        s.facts[1] = with(
            UBUNTU,
            "kubelet_flag -\nkubelet_variable KUBELET_CONFIG_ARGS\nkubelet_variable OTHER",
        );
    }),
    ("modules that modprobe is told not to load", "BlockedModules", |s| {
        s.facts[0] = with(
            DEBIAN_12,
            "module_blocked overlay absent /etc/modprobe.d/cis.conf\nmodule_blocked br_netfilter loaded /etc/modprobe.d/cis.conf\n\
             module_blocked nf_conntrack built-in /etc/modprobe.d/cis.conf\nmodule_blocked ip_vs absent /etc/modprobe.d/cis.conf",
        );
    }),
    ("few watchers of files", "InotifyLimits", |s| {
        s.facts[0] = with(DEBIAN_12, "number fs.inotify.max_user_instances 16");
        s.facts[1] = with(UBUNTU, "number fs.inotify.max_user_watches 100");
    }),
    ("few processes", "PidLimits", |s| {
        s.facts[0] = with(DEBIAN_12, "number kernel.pid_max 1000\nnumber DefaultTasksMax 40");
        s.facts[1] = with(UBUNTU, "number kernel.pid_max 30000");
    }),
    ("no namespaces", "NamespaceLimits", |s| {
        s.facts[1] =
            with(UBUNTU, "number user.max_net_namespaces 0\nnumber user.max_ipc_namespaces 10");
    }),
    ("a login with limits", "LoginLimits", |s| {
        s.facts[1] = with(UBUNTU, "number ulimit_f 1000\nnumber ulimit_n 64");
    }),
    ("the kernel's settings protected", "ProtectKernelDefaults", |s| {
        s.cluster.kubernetes.kubelet =
            super::settings(&serde_json::json!({"protectKernelDefaults": true}));
    }),
    ("connections that may not be set", "ConntrackMax", |s| {
        s.facts[0] =
            with(DEBIAN_12, "number net.netfilter.nf_conntrack_max 262144\nconntrack_writable 0");
        s.facts[1] =
            with(UBUNTU, "number net.netfilter.nf_conntrack_max 131072\nconntrack_writable 0");
    }),
    ("more kept than there is", "Reserved", |s| {
        s.cluster.kubernetes.kubelet = super::settings(&serde_json::json!({
            "kubeReserved": {"memory": "6Gi", "cpu": "3"},
            "systemReserved": {"memory": "2Gi", "cpu": "1500m"},
            "evictionHard": {"memory.available": "5%"},
        }));
    }),
    ("packages that apt would not install", "Packages", |s| {
        s.facts[0] = with(
            DEBIAN_12,
            "apt_wanted conntrack socat\napt_held conntrack\napt error Held packages were changed and -y was used without --allow-change-held-packages.",
        );
        s.facts[1] = with(
            UBUNTU,
            "apt_wanted socat\napt_gone /etc/apt/sources.list.d/kubernetes.list\napt_key /etc/apt/keyrings/k.gpg\napt_key /etc/apt/trusted.gpg.d/t.gpg",
        );
        s.facts[2] = with(
            super::DEBIAN_13,
            "apt error Type 'debx' is not known on line 2 in source list /etc/apt/sources.list.d/x.list",
        );
    }),
    ("packages that would change others", "Packages", |s| {
        s.facts[0] = with(DEBIAN_12, "apt upgrade libc6\napt remove firewalld");
        s.facts[0].apt.plan.as_mut().unwrap().retain(|line| !line.starts_with("error"));
        s.facts[1] = with(
            UBUNTU,
            "apt error Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution).",
        );
    }),
    ("a kubeadm's files of another cluster", "FileAvailable-*", |s| {
        s.facts[0].leftovers.kubeadm_files = vec![
            "/etc/kubernetes/admin.conf".into(),
            "/etc/kubernetes/kubelet.conf".into(),
            "/etc/kubernetes/pki/ca.crt".into(),
        ];
    }),
    ("manifests of another cluster", "DirAvailable-*", |s| {
        s.facts[1].leftovers.manifests = vec!["/etc/kubernetes/manifests/kube-vip.yaml".into()];
    }),
    ("programs, tables and servers of another cluster", "Leftovers", |s| {
        s.facts[0] = with(
            DEBIAN_12,
            "leftover_process 812 kube-apiserver\nleftover_process 820 kube-scheduler\nleftover_table ip kube-proxy\nleftover_servers 4",
        );
        s.facts[1] = with(UBUNTU, "leftover_link kube-ipvs0\nleftover_servers 4");
    }),
    ("an existing containerd that does not run, does not answer, or has no plugin", "CRI", |s| {
        s.cluster.runtime.existing = true;
        s.facts[0].units.as_mut().unwrap().push(super::unit("containerd.service"));
        s.facts[1].containerd = Some(super::Containerd { version: None, ..super::containerd() });
        s.facts[2].containerd =
            Some(super::Containerd { cri_disabled: Some(true), ..super::containerd() });
    }),
    ("an existing containerd that is not well", "CRI", |s| {
        s.cluster.runtime.existing = true;
        for facts in &mut s.facts {
            facts.containerd = Some(super::containerd());
        }
        s.facts[1].containerd.as_mut().unwrap().ill =
            Some(vec!["io.containerd.grpc.v1.cri is error".into()]);
    }),
    ("an existing containerd of before 2.0", "ContainerRuntimeVersion", |s| {
        s.cluster.skips = vec![super::skip("RuntimesDiffer")];
        s.cluster.kubernetes.version = super::version("1.35.1");
        s.cluster.runtime.existing = true;
        for facts in &mut s.facts {
            facts.containerd = Some(super::containerd());
        }
        let version = Some("1.7.30".to_owned());
        s.facts[0].containerd = Some(super::Containerd { version, ..super::containerd() });
        s.facts[2].containerd.as_mut().unwrap().version = Some("2.1.5".to_owned());
    }),
    ("an existing docker that does not run", "Service-Docker", |s| {
        s.cluster.runtime =
            super::Runtime { traits: &super::DOCKER, existing: true, ..super::Runtime::default() };
        s.facts[1].units.as_mut().unwrap().push(super::unit("docker.service"));
        s.facts[2].docker = Some(super::docker());
    }),
    ("an existing docker with another driver", "IsDockerSystemdCheck", |s| {
        s.cluster.runtime =
            super::Runtime { traits: &super::DOCKER, existing: true, ..super::Runtime::default() };
        for facts in &mut s.facts {
            facts.docker = Some(super::docker());
        }
        s.facts[1].docker.as_mut().unwrap().cgroup = Some("cgroupfs".into());
    }),
    ("cgroups that nobody mounted, and a kernel without options", "SystemVerification", |s| {
        s.facts[0] = with(DEBIAN_12, "kernel_option_missing MEMCG\nkernel_option_missing CPUSETS");
        s.facts[1].cgroup = Some(1);
        let all = "cpuset cpu cpuacct memory pids devices freezer";
        s.facts[1].cgroup_controllers = Some(all.split(' ').map(str::to_owned).collect());
        s.facts[1].limits.mounted = Some(vec!["cpu".into(), "cpuacct".into(), "cpuset".into()]);
        s.facts[2].limits.config = Some("none".into());
    }),
    ("a kernel that takes no modules", "KernelModules", |s| {
        s.facts[1] = with(UBUNTU, "number kernel.modules_disabled 1\nmodule_missing overlay");
    }),
    ("a systemd that does not answer, and a host that goes down", "Systemd", |s| {
        s.facts[0].services.manager = Some("silent".into());
        s.facts[1].services.manager = Some("stopping".into());
        s.facts[2].services.manager = Some("degraded".into());
    }),
    ("commands that are there and cannot be run", "FileExisting-*", |s| {
        s.facts[0] = with(
            DEBIAN_12,
            "ill_command iptables /usr/sbin/iptables\nill_command socat /usr/bin/socat\nill_command tc /usr/sbin/tc",
        );
    }),
    ("files of the control plane that are not there", "HostPaths", |s| {
        s.cluster.kubernetes.kubeadm = super::settings(
            &serde_json::json!({"apiServer": {"extraVolumes": [
                {"name": "a", "hostPath": "/usr/share/zoneinfo/Asia/Shanghai", "mountPath": "/etc/localtime", "pathType": "File"},
                {"name": "b", "hostPath": "/srv/b", "mountPath": "/b", "pathType": "Directory"},
                {"name": "c", "hostPath": "/srv/c", "mountPath": "/c", "pathType": "DirectoryOrCreate"},
            ]}}),
        );
        assert_eq!(
            bivouac::preflight::asked(&s.cluster),
            ["/usr/share/zoneinfo/Asia/Shanghai", "/srv/b"]
        );
        for facts in &mut s.facts {
            facts.asked = vec![
                ("/usr/share/zoneinfo/Asia/Shanghai".into(), "absent".into()),
                ("/srv/b".into(), "file".into()),
            ];
        }
    }),
    (
        "certificates of an external etcd that are not there",
        "ExternalEtcdClientCertificates",
        |s| {
            s.cluster.kubernetes.kubeadm = super::settings(
                &serde_json::json!({"etcd": {"external": {
                    "endpoints": ["https://192.0.2.1:2379"], "caFile": "/srv/ca.crt", "certFile": "/srv/client.crt", "keyFile": "/srv/client.key",
                }}}),
            );
            s.facts[0].asked = vec![
                ("/srv/ca.crt".into(), "file".into()),
                ("/srv/client.crt".into(), "absent".into()),
            ];
        },
    ),
    ("a host without an identity", "MachineID", |s| s.facts[1].has_machine_id = Some(false)),
    ("kernel settings that the kubelet cannot set", "ProtectKernelDefaults", |s| {
        s.facts[0].limits.defaults_writable = Some(false);
    }),
    ("programs before ours", "KubeletVersion", |s| {
        s.facts[1] = with(UBUNTU, "shadow /usr/local/sbin/kubelet\nshadow /usr/local/sbin/runc");
    }),
];

#[test]
fn every_check_of_a_host_names_cause_and_fix() {
    insta::assert_snapshot!(said(CASES));
}

#[test]
fn what_is_not_written_need_not_be_writable() {
    let mut scene = Scene::healthy();
    scene.facts[1] = with(
        UBUNTU,
        "read_only /root\nread_only /var/lib/docker\nread_only /var/lib/etcd\nplace /etc/docker 644 / regular file",
    );
    assert_eq!(scene.check(), []);
}
