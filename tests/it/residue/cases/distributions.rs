//! Cases of the room `distributions` of the table.

use super::{Case, case};

pub const CASES: &[Case] = &[
    case(
        "DistributionConfig",
        "path;/etc/rancher/k3s;type=d;empty=no",
        &["/etc/rancher/k3s: goes"],
    ),
    case("DistributionConfig", "path;/etc/rancher/mine;type=d", &[]),
    case(
        "SealosRegistry",
        "path;/var/lib/sealos;type=d;empty=no|unit;registry.service;load=loaded;enabled=enabled;active=active|path;/etc/registry;type=d;empty=no|path;/usr/bin/registry;type=f|path;/etc/systemd/system/registry.service;type=f",
        &[
            "unit registry.service: kept",
            "/etc/registry: kept",
            "/usr/bin/registry: kept",
            "/etc/systemd/system/registry.service: kept",
        ],
    ),
    case(
        "SealosRegistry",
        "unit;registry.service;load=loaded;enabled=enabled;active=active|path;/etc/registry;type=d;empty=no|path;/usr/bin/registry;type=f",
        &[],
    ),
    case(
        "SealosRecords",
        "path;/var/lib/kubelet/config.yaml;type=f|path;/usr/bin/sealos;type=f",
        &["/usr/bin/sealos: kept"],
    ),
    case("SealosRecords", "path;/usr/bin/sealos;type=f", &["/usr/bin/sealos: stays"]),
    case(
        "DistributionData",
        "path;/etc/rancher/k3s;type=d|path;/var/lib/rancher/k3s/agent;type=d|path;/var/lib/rancher/k3s/server/token;type=f|path;/var/lib/rancher/k3s/server/db;type=d|path;/var/lib/rancher/k3s/server/db/state.db;type=f",
        &[
            "/var/lib/rancher/k3s/agent: goes",
            "/var/lib/rancher/k3s/server/token: goes",
            "/var/lib/rancher/k3s/server/db/state.db: goes",
        ],
    ),
    case(
        "DistributionData",
        "path;/var/lib/rancher/k3s/storage;type=d|path;/var/lib/rancher/k3s/server/db/snapshots;type=d;empty=no",
        &[],
    ),
    // Rancher in a container.
    case(
        "DistributionData",
        "path;/var/lib/rancher/k3s/agent;type=d|path;/var/lib/rancher/k3s/server/db/state.db;type=f",
        &["/var/lib/rancher/k3s/agent: unsure", "/var/lib/rancher/k3s/server/db/state.db: unsure"],
    ),
    case(
        "SealosRecords",
        "path;/root/.sealos;type=d;empty=no|path;/var/lib/sealos;type=d;empty=no",
        &["/root/.sealos: kept", "/var/lib/sealos: kept"],
    ),
    case("SealosRecords", "path;/root/.sealosrc;type=f|path;/var/lib/sealos;type=d;empty=yes", &[]),
    case(
        "DistributionPrograms",
        "path;/usr/local/bin/k3s-killall.sh;type=f|path;/usr/local/bin/ctr;type=l;target=k3s|path;/opt/bin/k3s;type=f|path;/usr/bin/k3s;type=f",
        &[
            "/usr/local/bin/k3s-killall.sh: goes",
            "/usr/local/bin/ctr: goes",
            "/opt/bin/k3s: goes",
            "/usr/bin/k3s: goes",
        ],
    ),
    case(
        "DistributionPrograms",
        "path;/usr/local/bin/ctr;type=f|path;/usr/bin/rke2;type=f|owner;/usr/bin/rke2;package=rke2-server",
        &["/usr/bin/rke2: stays"],
    ),
    case(
        "DistributionDirectories",
        "path;/etc/rancher/k3s;type=d|path;/var/lib/rancher/k3s;type=d;empty=no|path;/var/lib/rancher/k3s/agent;type=d;empty=no",
        &["/var/lib/rancher/k3s: goes"],
    ),
    case(
        "DistributionDirectories",
        "path;/var/lib/rancher/k3s;type=d;empty=no|path;/var/lib/rancher/k3s/storage;type=d;empty=no",
        &[],
    ),
];
