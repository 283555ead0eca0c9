//! Cases of the room `settings` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
    case(
        "SwapLine",
        sign!("line;fstab;file=/etc/fstab;number=3;text=#/dev/sda2 none swap sw 0 0"),
        &["/etc/fstab:3: setting"],
    ),
    case("SwapLine", "line;fstab;file=/etc/fstab;number=3;text=#/dev/sda2 none swap sw 0 0", &[]),
    case(
        "SelinuxMode",
        sign!("line;selinux;file=/etc/selinux/config;number=2;text=SELINUX=permissive"),
        &["/etc/selinux/config:2: setting"],
    ),
    case(
        "SelinuxMode",
        sign!("line;selinux;file=/etc/selinux/config;number=2;text=SELINUX=enforcing"),
        &[],
    ),
    case(
        "FirewallService",
        sign!("unit;firewalld.service;load=loaded;enabled=disabled;active=inactive"),
        &["unit firewalld.service: setting"],
    ),
    case(
        "FirewallService",
        sign!(
            "unit;firewalld.service;load=loaded;enabled=enabled;active=active|unit;ufw.service;load=loaded;enabled=disabled;active=inactive|fact;os;value=debian "
        ),
        &[],
    ),
    case(
        "HostsEntries",
        "line;hosts;file=/etc/hosts;number=4;text=10.0.0.9 k8s-worker-node1|line;hosts;file=/etc/hosts;number=5;text=# kubekey hosts BEGIN|line;hosts;file=/etc/hosts;number=9;text=# kubekey hosts END",
        &["/etc/hosts:4: setting", "/etc/hosts:5: setting"],
    ),
    case(
        "HostsEntries",
        "line;hosts;file=/etc/hosts;number=4;text=10.0.0.9 my-worker-1|line;hosts;file=/etc/hosts;number=6;text=10.0.0.9 my-worker-node1 db|line;hosts;file=/etc/hosts;number=7;text=# 10.0.0.9 k8s-worker-node1",
        &[],
    ),
    case(
        "HostsEntries",
        "line;hosts;file=/etc/hosts;number=5;text=# kubekey hosts BEGIN",
        &["/etc/hosts:5: unsure"],
    ),
    case(
        "Resolver",
        "line;resolv;file=/etc/resolv.conf;number=1;text=options timeout:2 attempts:3 rotate single-request-reopen",
        &["/etc/resolv.conf:1: setting"],
    ),
    case(
        "Resolver",
        "line;resolv;file=/etc/resolv.conf;number=1;text=options single-request-reopen",
        &[],
    ),
    case(
        "TuningBlocks",
        "line;block;file=/etc/security/limits.conf;number=50;text=## Kainstall managed start|line;block;file=/etc/security/limits.conf;number=60;text=## Kainstall managed end",
        &["/etc/security/limits.conf:50: setting"],
    ),
    case(
        "TuningBlocks",
        "line;block;file=/etc/security/limits.conf;number=50;text=## Kainstall managed start|line;block;file=/etc/profile;number=60;text=## Kainstall managed end",
        &["/etc/security/limits.conf:50: unsure"],
    ),
    case(
        "TuningFiles",
        "path;/etc/systemd/journald.conf.d/99-prophet.conf;type=f|path;/usr/sbin/policy-rc.d;type=f;words=exit 101,",
        &[
            "/etc/systemd/journald.conf.d/99-prophet.conf: setting",
            "/usr/sbin/policy-rc.d: setting",
        ],
    ),
    case(
        "TuningFiles",
        "path;/usr/sbin/policy-rc.d;type=f;words=exit 101,|path;/etc/modules-load.d/ipvs.conf;type=f",
        &[],
    ),
    case(
        "MaskedUnits",
        sign!("line;masked;file=/etc/systemd/system/apt-daily.service;text=apt-daily.service"),
        &["/etc/systemd/system/apt-daily.service: setting"],
    ),
    case("MaskedUnits", "line;masked;file=/etc/systemd/system/swap.target;text=swap.target", &[]),
    case(
        "Resolver",
        sign!(
            "line;resolv;file=/etc/resolv.conf;number=1;text=nameserver 169.254.20.10|line;resolv;file=/etc/resolv.conf;number=2;text=nameserver 10.0.0.1"
        ),
        &["/etc/resolv.conf:1: setting"],
    ),
    case(
        "Resolver",
        sign!("line;resolv;file=/etc/resolv.conf;number=1;text=nameserver 169.254.169.254"),
        &[],
    ),
    case(
        "Users",
        sign!(
            "user;kube;uid=990;comment=Kubernetes user;home=/home/kube|user;kubeadm-etcd;uid=991;comment=;home=/home/kubeadm-etcd|user;kube-apiserver;uid=992;comment=;home=/var/lib/k0s|group;kube-cert;gid=990;members=;primary=kube |group;kubeadm-sa-key-readers;gid=991;members="
        ),
        &[
            "user kube: goes",
            "user kubeadm-etcd: goes",
            "user kube-apiserver: goes",
            "group kube-cert: goes",
            "group kubeadm-sa-key-readers: goes",
        ],
    ),
    // The owner's, of the same names.
    case(
        "Users",
        sign!(
            "user;kube;uid=1001;comment=Karl Ube;home=/home/kube|user;etcd;uid=105;comment=;home=/var/lib/etcd|group;kube-cert;gid=990;members=deploy;primary="
        ),
        &["user kube: stays", "user etcd: stays", "group kube-cert: stays"],
    ),
    case(
        "Users",
        sign!(
            "user;etcd;uid=105;comment=Etcd user;home=/var/lib/etcd|unit;etcd.service;load=loaded;enabled=enabled;active=active"
        ),
        &["user etcd: stays"],
    ),
    case(
        "Users",
        "user;kube;uid=990;comment=Kubernetes user;home=/home/kube",
        &["user kube: unsure"],
    ),
    case(
        "Users",
        "user;etcd;uid=105;comment=;home=/var/lib/etcd|group;kube-cert;gid=990;members=;primary=",
        &[],
    ),
    case(
        "Originals",
        "path;/etc/sysctl.d/99-kube.conf;type=f|line;original;file=/etc/apt/sources.list;text=/etc/apt/sources.list_bak;leads=mirrors.aliyun.com ",
        &["/etc/apt/sources.list: setting"],
    ),
    // It leads elsewhere by now; and kainstall was not here.
    case(
        "Originals",
        "path;/etc/sysctl.d/99-kube.conf;type=f|line;original;file=/etc/apt/sources.list;text=/etc/apt/sources.list_bak;leads=",
        &[],
    ),
    case(
        "Originals",
        sign!(
            "line;original;file=/etc/apt/sources.list;text=/etc/apt/sources.list_bak;leads=mirrors.aliyun.com "
        ),
        &[],
    ),
];
