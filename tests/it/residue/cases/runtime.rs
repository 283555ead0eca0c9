//! Cases of the room `runtime` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
    case(
        "Pods",
        "process;containerd-shim;pid=7;namespace=k8s.io;pods=no|process;etcd;pid=8;pods=yes;namespace=",
        &["process containerd-shim (7): goes", "process etcd (8): goes"],
    ),
    case(
        "Pods",
        "process;kubelet;pid=9;pods=no;namespace=|unit;kubelet.service;load=not-found;enabled=-;active=active",
        &[],
    ),
    case(
        "Pods",
        "process;kubelet;pid=9;pods=no;namespace=|unit;kubelet.service;load=loaded;enabled=disabled;active=inactive",
        &["process kubelet (9): unsure"],
    ),
    case(
        "Pods",
        "process;containerd-shim;pid=7;namespace=moby;pods=no|process;etcd;pid=8;pods=no;namespace=",
        &[],
    ),
    case(
        "DockerPods",
        "container;ab;name=k8s_POD_web;kubernetes=yes|container;cd;name=etcd;kubernetes=rke",
        &["container k8s_POD_web: goes", "container etcd: goes"],
    ),
    // A name alone, or a label alone, is anybody's.
    case("DockerPods", "container;ab;name=k8s_mine;kubernetes=no", &["container k8s_mine: stays"]),
    case(
        "PodCgroups",
        "cgroup;/sys/fs/cgroup/kubepods.slice;processes=0",
        &["cgroup /sys/fs/cgroup/kubepods.slice: goes"],
    ),
    case("PodCgroups", "path;/sys/fs/cgroup/mine;type=d", &[]),
    case(
        "ContainerdPods",
        "namespace;k8s.io;containers=4;images=9|namespace;default;containers=0;images=1|path;/usr/bin/containerd;type=f|fact;containerd;value=yes",
        &["containerd's namespace k8s.io: goes", "containerd's namespace default: stays"],
    ),
    case(
        "ContainerdPods",
        "namespace;k8s.io;containers=?;images=?|namespace;moby;containers=?;images=?|path;/usr/bin/containerd;type=f|fact;containerd;value=no",
        &["containerd's namespace k8s.io: unsure", "containerd's namespace moby: stays"],
    ),
    case(
        "ContainerdPods",
        "namespace;moby;containers=1;images=1|path;/usr/bin/containerd;type=f|fact;containerd;value=yes",
        &["containerd's namespace moby: stays"],
    ),
    case(
        "ContainerdPackages",
        "package;containerd;manager=apt;version=1|path;/usr/bin/containerd;type=f|owner;/usr/bin/containerd;package=containerd|namespace;k8s.io;containers=4;images=9|fact;kubelet-runtime;value=/run/containerd/containerd.sock ",
        &["package containerd 1: goes"],
    ),
    case(
        "ContainerdPackages",
        sign!(
            "package;containerd;manager=apt;version=1|path;/usr/bin/containerd;type=f|namespace;k8s.io|fact;kubelet-runtime;value=/run/containerd/containerd.sock |fact;needs-containerd;value=docker.io "
        ),
        &["package containerd 1: stays"],
    ),
    case(
        "ContainerdPackages",
        "package;containerd;manager=apt;version=1|path;/usr/bin/containerd;type=f",
        &["package containerd 1: stays"],
    ),
    case(
        "ContainerdService",
        "unit;containerd.service;load=loaded;enabled=enabled;active=active|path;/usr/bin/containerd;type=f|namespace;k8s.io|fact;kubelet-runtime;value=/run/containerd/containerd.sock ",
        &["unit containerd.service: goes"],
    ),
    case(
        "ContainerdService",
        "unit;containerd.service;load=loaded;enabled=enabled;active=active|path;/usr/bin/containerd;type=f|namespace;k8s.io|namespace;buildkit|fact;kubelet-runtime;value=/run/containerd/containerd.sock ",
        &["unit containerd.service: stays"],
    ),
    case(
        "ContainerdStore",
        sign!("path;/var/lib/containerd;type=d;empty=no|namespace;k8s.io"),
        &["/var/lib/containerd: goes"],
    ),
    case(
        "ContainerdStore",
        sign!("path;/var/lib/containerd;type=d;empty=no|namespace;k8s.io|namespace;moby"),
        &["/var/lib/containerd: stays"],
    ),
    case(
        "ContainerdFiles",
        sign!(
            "path;/etc/containerd;type=d;empty=no|path;/usr/bin/containerd;type=f|namespace;k8s.io"
        ),
        &["/etc/containerd: goes"],
    ),
    case(
        "ContainerdFiles",
        "path;/etc/containerd;type=d;empty=no|path;/usr/bin/containerd;type=f|namespace;default",
        &["/etc/containerd: stays"],
    ),
    case(
        "ContainerdPrograms",
        sign!(
            "path;/usr/local/bin/containerd;type=f|path;/usr/local/bin/runc;type=f|namespace;k8s.io"
        ),
        &["/usr/local/bin/containerd: goes", "/usr/local/bin/runc: goes"],
    ),
    case(
        "ContainerdPrograms",
        sign!(
            "path;/usr/bin/containerd;type=f|owner;/usr/bin/containerd;package=containerd|path;/usr/local/bin/runc;type=f|namespace;k8s.io|path;/usr/bin/dockerd;type=f"
        ),
        &["/usr/local/bin/runc: stays"],
    ),
    case("Docker", "package;docker-ce;manager=apt;version=1", &["package docker-ce 1: stays"]),
    case(
        "DockerImages",
        sign!(
            "image;registry.k8s.io/pause:3.9;used=-|image;k8s.gcr.io/pause:3.2;used=pods|image;nginx:1;used=pods|image;registry.k8s.io/etcd:3;used=others"
        ),
        &[
            "registry.k8s.io/pause:3.9: goes",
            "k8s.gcr.io/pause:3.2: goes",
            "nginx:1: unsure",
            "registry.k8s.io/etcd:3: stays",
        ],
    ),
    case(
        "DockerImages",
        "image;registry.k8s.io/pause:3.9;used=-",
        &["registry.k8s.io/pause:3.9: stays"],
    ),
    case("DockerImages", sign!("namespace;moby"), &[]),
    case(
        "CriO",
        "fact;kubelet-runtime;value=/var/run/crio/crio.sock |package;cri-o;manager=rpm;version=1|unit;crio.service;load=loaded;enabled=enabled;active=active|path;/etc/crio;type=d;empty=no|path;/usr/bin/crio;type=f|owner;/usr/bin/crio;package=cri-o|path;/usr/local/bin/pinns;type=f",
        &[
            "package cri-o 1: goes",
            "unit crio.service: goes",
            "/etc/crio: goes",
            "/usr/local/bin/pinns: goes",
        ],
    ),
    // Whose it is nothing says.
    case(
        "CriO",
        "package;cri-o;manager=rpm;version=1|path;/etc/crio;type=d;empty=no",
        &["package cri-o 1: kept", "/etc/crio: kept"],
    ),
    case("CriO", "package;podman;manager=rpm;version=1|path;/usr/local/bin/conmon;type=f", &[]),
    case(
        "CriOStore",
        "fact;kubelet-runtime;value=/var/run/crio/crio.sock |path;/etc/crio;type=d|path;/var/lib/containers/storage;type=d;empty=no|fact;store-others;value=",
        &["/var/lib/containers/storage: goes"],
    ),
    case(
        "CriOStore",
        "fact;kubelet-runtime;value=/var/run/crio/crio.sock |path;/etc/crio;type=d|path;/var/lib/containers/storage;type=d;empty=no|path;/usr/bin/podman;type=f",
        &["/var/lib/containers/storage: stays"],
    ),
    case(
        "CriOStore",
        "fact;kubelet-runtime;value=/var/run/crio/crio.sock |path;/etc/crio;type=d|path;/var/lib/containers/storage;type=d;empty=no|fact;store-others;value=mine ",
        &["/var/lib/containers/storage: stays"],
    ),
    // podman alone has it, too.
    case("CriOStore", sign!("path;/var/lib/containers/storage;type=d;empty=no"), &[]),
    // Its configuration says where the store is, so it stays until that is settled.
    case(
        "ContainerdFiles",
        sign!(
            "place;/home/x/containerd;of=containerd;from=r;type=d;empty=no;own=5;signed=yes;denied=a home|path;/etc/containerd;type=d;empty=no|path;/usr/bin/containerd;type=f|namespace;k8s.io"
        ),
        &["/etc/containerd: kept"],
    ),
    case(
        "ContainerdFiles",
        sign!(
            "place;/data/containerd;of=containerd;from=r;type=d;empty=no;own=5;signed=yes;denied=|path;/etc/containerd;type=d;empty=no|path;/usr/bin/containerd;type=f|namespace;k8s.io"
        ),
        &["/etc/containerd: goes"],
    ),
];
