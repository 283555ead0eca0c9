//! Cases of the room `elsewhere` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
    case(
        "DataElsewhere",
        sign!(
            "place;/data/etcd;of=etcd;from=the manifest;type=d;empty=no;own=1;signed=yes;denied=|place;/data/kubelet;of=kubelet;from=the option;type=d;empty=no;own=4;signed=yes;denied="
        ),
        &["/data/etcd: goes", "/data/kubelet: goes"],
    ),
    // An etcd on another host; an option that is there, and a place in which nothing is the kubelet's.
    case(
        "DataElsewhere",
        sign!(
            "fact;etcd-servers;value=https://10.0.0.9:2379|place;/data/etcd;of=etcd;from=the manifest;type=d;empty=no;own=1;signed=yes;denied=|place;/data/kubelet;of=kubelet;from=the option;type=d;empty=no;own=0;denied=|place;/data/none;of=kubelet;from=x;type=d;empty=yes;own=0;denied="
        ),
        &["/data/etcd: kept", "/data/kubelet: unsure"],
    ),
    // What nobody may remove by its path is named with the reason.
    case(
        "DataElsewhere",
        sign!(
            "place;/home/ops/etcd;of=etcd;from=m;type=d;empty=no;own=1;signed=yes;denied=it lies in the home of `ops`|place;/data/link;of=etcd;from=m;type=l;target=/srv|place;/data/nfs;of=etcd;from=m;type=d;mount=remote|place;/data/kept;of=etcd;from=m;type=d;empty=no;own=1;signed=yes;kept=1;denied="
        ),
        &["/home/ops/etcd: unsure", "/data/link: unsure", "/data/nfs: kept", "/data/kept: kept"],
    ),
    case(
        "DataElsewhere",
        "unit;etcd.service;load=loaded;enabled=enabled;active=active|place;/data/etcd;of=etcd-service;from=u;type=d;empty=no;own=1;signed=yes;denied=",
        &["/data/etcd: kept"],
    ),
    case(
        "DataElsewhere",
        "place;/data/etcd;of=etcd-service;from=u;type=d;empty=no;own=1;signed=yes;denied=|place;/data/docker;of=docker;from=u;type=d;empty=no;own=0;denied=|place;/data/k3s;of=k3s;from=u;type=d;empty=no;own=3;signed=yes;denied=",
        &["/data/docker: stays", "/data/k3s: unsure"],
    ),
    case(
        "DataElsewhere",
        "path;/etc/rancher/k3s;type=d|path;/usr/local/bin/k0s;type=f|place;/data/k3s;of=k3s;from=u;type=d;empty=no;own=3;signed=yes;denied=|place;/data/k0s;of=k0s;from=u;type=d;empty=no;own=3;signed=yes;denied=",
        &["/data/k3s: goes", "/data/k0s: goes"],
    ),
    case(
        "DataElsewhere",
        sign!(
            "place;/data/containerd;of=containerd;from=r;type=d;empty=no;own=5;signed=yes;denied=|place;/run/cd;of=containerd-state;from=s;type=d;empty=no;own=2;signed=yes;denied=|path;/usr/bin/containerd;type=f|namespace;k8s.io"
        ),
        &["/data/containerd: goes", "/run/cd: goes"],
    ),
    case(
        "DataElsewhere",
        sign!(
            "place;/data/containerd;of=containerd;from=r;type=d;empty=no;own=5;signed=yes;denied=|path;/usr/bin/containerd;type=f|namespace;k8s.io|namespace;moby"
        ),
        &["/data/containerd: stays"],
    ),
    case(
        "DataElsewhere",
        sign!(
            "fact;kubelet-runtime;value=/var/run/crio/crio.sock |path;/etc/crio;type=d|place;/data/containers;of=crio;from=r;type=d;empty=no;own=4;signed=yes;denied="
        ),
        &["/data/containers: goes"],
    ),
    case(
        "DataElsewhere",
        sign!(
            "fact;kubelet-runtime;value=/var/run/crio/crio.sock |path;/etc/crio;type=d|path;/usr/bin/podman;type=f|place;/data/containers;of=crio;from=r;type=d;empty=no;own=4;signed=yes;denied="
        ),
        &["/data/containers: stays"],
    ),
    // Names that anybody has, without what only the program makes.
    case(
        "DataElsewhere",
        sign!(
            "path;/etc/rancher/k3s;type=d|place;/srv/app;of=k3s;from=k;type=d;empty=no;own=2;signed=no;denied=|place;/srv/data;of=k0s;from=o;type=d;empty=no;own=3;denied=|place;/srv/pods;of=kubelet;from=o;type=d;empty=no;own=2;signed=no;denied="
        ),
        &["/srv/app: unsure", "/srv/data: unsure", "/srv/pods: unsure"],
    ),
    // A left manifest names what an etcd that runs writes to.
    case(
        "DataElsewhere",
        sign!(
            "unit;etcd.service;load=loaded;enabled=enabled;active=active|place;/data/etcd;of=etcd;from=m;type=d;empty=no;own=1;signed=yes;denied=|place;/data/etcd;of=etcd-service;from=u;type=d;empty=no;own=1;signed=yes;denied="
        ),
        &["/data/etcd: kept"],
    ),
    // Where that writes elsewhere, and where nobody knows where.
    case(
        "DataElsewhere",
        sign!(
            "unit;etcd.service;load=loaded;enabled=enabled;active=active|place;/data/etcd;of=etcd;from=m;type=d;empty=no;own=1;signed=yes;denied=|place;/data/other;of=etcd-service;from=u;type=d;empty=no;own=1;signed=yes;denied="
        ),
        &["/data/etcd: goes", "/data/other: kept"],
    ),
    case(
        "DataElsewhere",
        sign!(
            "unit;etcd.service;load=loaded;enabled=enabled;active=active|place;/data/etcd;of=etcd;from=m;type=d;empty=no;own=1;signed=yes;denied="
        ),
        &["/data/etcd: kept"],
    ),
    // No unit starts it, and whose it is nothing says; two that name one place.
    case(
        "DataElsewhere",
        sign!(
            "path;/usr/local/bin/k0s;type=f|place;/data/etcd;of=etcd;from=m;type=d;empty=no;own=1;signed=yes;denied=|place;/data/etcd;of=etcd-service;from=u;type=d;empty=no;own=1;signed=yes;denied=|place;/data/x;of=k0s;from=o;type=d;empty=no;own=1;signed=yes;denied=|place;/data/x;of=k3s;from=o;type=d;empty=no;own=1;signed=yes;denied="
        ),
        &["/data/etcd: unsure", "/data/x: unsure"],
    ),
    // podman reads storage.conf too; and what is in a store is asked at each place.
    case(
        "DataElsewhere",
        sign!(
            "fact;kubelet-runtime;value=/var/run/crio/crio.sock |path;/etc/crio;type=d|place;/data/graph;of=containers;from=g;type=d;empty=no;own=4;signed=yes;others=;denied=|place;/data/mine;of=crio;from=r;type=d;empty=no;own=4;signed=yes;others=web db ;denied=|place;/data/both;of=crio;from=r;type=d;empty=no;own=4;signed=yes;others=;denied=|place;/data/both;of=containers;from=g;type=d;empty=no;own=4;signed=yes;others=;denied="
        ),
        &["/data/graph: kept", "/data/mine: stays", "/data/both: kept"],
    ),
    case(
        "DataElsewhere",
        sign!(
            "path;/usr/bin/podman;type=f|place;/data/graph;of=containers;from=g;type=d;empty=no;own=4;signed=yes;others=web ;denied="
        ),
        &[],
    ),
    case(
        "PodPaths",
        "hostpath;/srv/web;of=-;from=default/web;type=d;empty=no;denied=|hostpath;/etc/mine;of=DirectoryOrCreate;from=/etc/kubernetes/manifests/x.yaml;type=d;empty=yes;denied=it is a place of the system",
        &["/srv/web: kept", "/etc/mine: kept"],
    ),
    // The kubelet makes none of these; the table knows them; the system has them; a package brought one.
    case(
        "PodPaths",
        "hostpath;/srv/given;of=Directory;from=m;type=d|hostpath;/srv/given;of=-;from=default/x;type=d|hostpath;/etc/kubernetes/pki;of=DirectoryOrCreate;from=m;type=d|hostpath;/var/lib/rancher/k3s/storage/pvc-1;of=-;from=x;type=d|hostpath;/;of=-;from=x;type=d|hostpath;/var/log;of=-;from=x;type=d|hostpath;/lib/modules;of=-;from=x;type=d|hostpath;/run/xtables.lock;of=FileOrCreate;from=x;type=f|hostpath;/etc/ssl/certs;of=DirectoryOrCreate;from=x;type=d|place;/data/etcd;of=etcd;from=m;type=d;empty=yes|hostpath;/data/etcd;of=DirectoryOrCreate;from=m;type=d|hostpath;/opt/pkg;of=-;from=x;type=d|owner;/opt/pkg;package=mine",
        &["/srv/given: stays"],
    ),
    // Beside what the table knows, and below a directory that it only removes when it is empty.
    case(
        "PodPaths",
        "hostpath;/etc/kubernetes-mine;of=-;from=x;type=d;empty=no;denied=it is a place of the system|hostpath;/var/lib/rancher/mine;of=-;from=x;type=d;empty=no",
        &["/etc/kubernetes-mine: kept", "/var/lib/rancher/mine: kept"],
    ),
];
