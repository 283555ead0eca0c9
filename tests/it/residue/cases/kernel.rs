//! Cases of the room `kernel` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
    case(
        "ModuleFiles",
        "path;/etc/modules-load.d/k8s.conf;type=f",
        &["/etc/modules-load.d/k8s.conf: goes"],
    ),
    case("ModuleFiles", "path;/etc/modules-load.d/wireguard.conf;type=f", &[]),
    case("SysctlFiles", "path;/etc/sysctl.d/k8s.conf;type=f", &["/etc/sysctl.d/k8s.conf: goes"]),
    case(
        "SysctlFiles",
        "path;/etc/sysctl.d/99-sysctl.conf;type=l;target=../sysctl.conf|path;/etc/sysctl.d/10-mine.conf;type=f",
        &[],
    ),
    case(
        "Sysctls",
        sign!(
            "setting;vm.overcommit_memory;now=1;file=;set=|setting;net.ipv4.ip_forward;now=1;file=/etc/sysctl.d/k8s.conf;set=1"
        ),
        &["setting vm.overcommit_memory: setting", "setting net.ipv4.ip_forward: setting"],
    ),
    // Others may need it; it is shown and not written (`forwarding_stays_where_others_need_it`).
    // A file of the owner's wants it so; and no Kubernetes was here.
    case(
        "Sysctls",
        sign!("setting;net.ipv4.ip_forward;now=1;file=/etc/sysctl.d/10-router.conf;set=1"),
        &[],
    ),
    case("Sysctls", "setting;net.ipv4.ip_forward;now=1;file=;set=", &[]),
    // In the owner's own file kubespray writes too: shown, and neither its value nor the kernel's is written.
    case(
        "Sysctls",
        sign!(
            "path;/etc/kubernetes/kubelet.env;type=f|setting;kernel.panic_on_oops;now=0;file=/etc/sysctl.conf;set=1;own=/etc/sysctl.conf;owned=1|setting;vm.overcommit_memory;now=1;file=/etc/sysctl.d/99-sysctl.conf;set=1;own=/etc/sysctl.d/99-sysctl.conf;owned=1"
        ),
        &["setting vm.overcommit_memory: setting"],
    ),
    // Others tune the same: it counts where an installer's file sets it.
    case(
        "Sysctls",
        sign!(
            "setting;net.ipv4.tcp_fin_timeout;now=15;file=/etc/sysctl.d/99-kube.conf;set=15|setting;vm.max_map_count;now=262144;file=/etc/sysctl.d/10-elastic.conf;set=262144|setting;fs.inotify.max_user_instances;now=8192;file=;set="
        ),
        &["setting net.ipv4.tcp_fin_timeout: setting"],
    ),
    case(
        "SysctlRest",
        "line;sysctls;file=/etc/sysctl.d/99-kube.conf;text=net.core.wmem_max net.ipv4.tcp_mem ",
        &["/etc/sysctl.d/99-kube.conf: setting"],
    ),
    case("SysctlRest", "line;sysctls;file=/etc/sysctl.d/10-mine.conf;text=net.core.wmem_max ", &[]),
    case(
        "SecurityProfiles",
        sign!(
            "profile;cri-containerd.apparmor.d;used=no|path;/usr/bin/containerd;type=f|namespace;k8s.io|profile;crio-default;used=no"
        ),
        &["profile cri-containerd.apparmor.d: goes", "profile crio-default: goes"],
    ),
    // Others have that runtime; nobody here had a cluster.
    case(
        "SecurityProfiles",
        sign!(
            "profile;cri-containerd.apparmor.d;used=no|path;/usr/bin/containerd;type=f|namespace;moby"
        ),
        &["profile cri-containerd.apparmor.d: stays"],
    ),
    case("SecurityProfiles", "profile;crio-default;used=no", &["profile crio-default: stays"]),
];
