//! The kernel: modules, settings, security profiles.

use super::super::host::{Host, Runtime, goes, owners};
use super::super::installers::{self, Installer};
use super::super::removal::{Removal, Stage};
use super::super::{Entry, NONE, Outcome};
use super::file;
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

/// Files of settings that installers write: kubernetes.io's own instructions, kubeadm's and containerd's packages, kubespray, kubekey, sealos, kainstall,
/// `KubeOne`, Cilium.
const SYSCTL_FILES: &[&str] = &[
    "/etc/sysctl.d/k8s.conf",
    "/etc/sysctl.d/kubernetes.conf",
    "/etc/sysctl.d/99-kubernetes.conf",
    "/etc/sysctl.d/99-kubernetes-cri.conf",
    "/etc/sysctl.d/99-k8s.conf",
    "/etc/sysctl.d/90-kubelet.conf",
    "/etc/sysctl.d/99-kube.conf",
    "/etc/sysctl.d/k8s-sysctl.conf",
    "/etc/sysctl.d/95-k8s-sysctl.conf",
    "/etc/sysctl.d/99-zzz-override_cilium.conf",
    "/etc/sysctl.d/90-k3s.conf",
    "/etc/sysctl.d/90-rke2.conf",
];

/// The owner's own file, and Debian's link to it.
const SHARED_FILES: [&str; 2] = ["/etc/sysctl.conf", "/etc/sysctl.d/99-sysctl.conf"];

/// Values that the kernel starts with (Documentation/admin-guide/sysctl, networking/ip-sysctl): what installers, kubelet and kube-proxy change.
const DEFAULTS: [(&str, &str); 14] = [
    ("vm.swappiness", "60"),
    ("vm.overcommit_memory", "0"),
    ("vm.panic_on_oom", "0"),
    ("kernel.panic", "0"),
    ("kernel.panic_on_oops", "0"),
    ("kernel.softlockup_panic", "0"),
    ("net.ipv4.ip_forward", "0"),
    ("net.ipv6.conf.all.forwarding", "0"),
    ("net.ipv6.conf.all.disable_ipv6", "0"),
    ("net.ipv4.conf.all.route_localnet", "0"),
    ("net.ipv4.ip_nonlocal_bind", "0"),
    ("net.ipv4.tcp_tw_reuse", "2"),
    ("net.ipv4.conf.all.arp_ignore", "0"),
    ("net.ipv4.conf.all.arp_announce", "0"),
];

/// Likewise, of settings that others change as well: they count only where a file of an installer's sets them. What the kernel computes from
/// the memory or the processors of a host has no place here.
const TUNED: [(&str, &str); 19] = [
    ("vm.max_map_count", "65530"),
    ("vm.dirty_ratio", "20"),
    ("vm.dirty_background_ratio", "10"),
    ("kernel.softlockup_all_cpu_backtrace", "0"),
    ("fs.inotify.max_user_instances", "128"),
    ("fs.inotify.max_queued_events", "16384"),
    ("net.core.netdev_max_backlog", "1000"),
    ("net.ipv4.conf.all.log_martians", "0"),
    ("net.ipv4.tcp_fin_timeout", "60"),
    ("net.ipv4.tcp_keepalive_time", "7200"),
    ("net.ipv4.tcp_keepalive_intvl", "75"),
    ("net.ipv4.tcp_keepalive_probes", "9"),
    ("net.ipv4.tcp_synack_retries", "5"),
    ("net.ipv4.tcp_slow_start_after_idle", "1"),
    ("net.ipv4.tcp_no_metrics_save", "0"),
    ("net.ipv4.tcp_rfc1337", "0"),
    ("net.ipv4.neigh.default.gc_thresh1", "128"),
    ("net.ipv4.neigh.default.gc_thresh2", "512"),
    ("net.ipv4.neigh.default.gc_thresh3", "1024"),
];

/// What the names of links begin with whose packets the host forwards for others: docker, libvirt, LXD, LXC, Incus, podman, nerdctl, VPNs.
pub(super) const FORWARDED: [&str; 13] = [
    "docker0",
    "br-",
    "virbr",
    "lxdbr",
    "lxcbr",
    "incusbr",
    "podman",
    "cni-podman",
    "nerdctl",
    "tailscale",
    "wg",
    "tun",
    "zt",
];

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "ModuleFiles",
        classes: &["R31"],
        what: "lists of kernel modules for the boot",
        known: "the file names of kubernetes.io's instructions, of kubespray and of kubekey",
        undone: "saved and removed",
        never: "lists of other names",
        paths: &[
            "/etc/modules-load.d/k8s.conf",
            "/etc/modules-load.d/kubernetes.conf",
            "/etc/modules-load.d/99-kubernetes.conf",
            "/etc/modules-load.d/kube_proxy-ipvs.conf",
            "/etc/modules-load.d/kubespray-br_netfilter.conf",
            "/etc/modules-load.d/10-k8s-modules.conf",
            "/etc/modprobe.d/kubernetes.conf",
        ],
        judge: file,
        ..NONE
    },
    Entry {
        name: "Modules",
        classes: &["R32"],
        what: "kernel modules that are loaded",
        known: "not looked for: a module does not say who wanted it",
        undone: "by a reboot",
        never: "by force; `br_netfilter` and `nf_conntrack` while docker or firewalld use them",
        ..NONE
    },
    Entry {
        name: "SysctlFiles",
        classes: &["R33"],
        what: "files of kernel settings",
        known: "the file names of kubernetes.io's instructions and of installers",
        undone: "saved and removed; values stay as they are until they are written (`--restore-defaults`) or the host boots",
        never: "`/etc/sysctl.d/99-sysctl.conf`, which on Debian is a link to the owner's `/etc/sysctl.conf` (kubespray deletes it)",
        paths: SYSCTL_FILES,
        judge: file,
        ..NONE
    },
    Entry {
        name: "Sysctls",
        classes: &["R34"],
        what: "kernel settings that installers, the kubelet and kube-proxy change",
        known: "a value that is neither the kernel's own nor set by a file that stays",
        undone: "only with `--restore-defaults`: written back, `ip_forward` first; what the kernel overwrites with it (`accept_redirects`, the forwarding of single links) is put back as files of settings say, or as it was",
        never: "by itself: docker and routers need `ip_forward` as well; forwarding where a link of docker's, libvirt's, LXC's, podman's or a VPN's is",
        kinds: &[Kind::Setting],
        judge: sysctl,
        ..NONE
    },
    Entry {
        name: "SysctlRest",
        classes: &["R34"],
        what: "what an installer's file of kernel settings sets besides",
        known: "the setting has the value of that file, and no other file sets it",
        undone: "by the next boot: the kernel computes these from the host's memory and processors",
        never: "by a guess of what the kernel would have computed",
        kinds: &[Kind::Line],
        judge: |thing, _| {
            let (file, keys) = (thing.get("file"), thing.get("text").trim());
            (thing.name == "sysctls" && SYSCTL_FILES.contains(&file)).then(|| Outcome::Setting {
                now: format!("set by it until the next boot: {keys}"),
                ships: "what the kernel computes at the boot".to_owned(),
                removal: None,
            })
        },
        ..NONE
    },
    Entry {
        name: "SecurityProfiles",
        classes: &["R35"],
        what: "profiles that runtimes load into AppArmor",
        known: "`cri-containerd.apparmor.d` where containerd goes or is gone, `crio-default` likewise with CRI-O",
        undone: "taken out of the kernel when no process is confined by it any more",
        never: "a profile that a process has (it would be free); one whose runtime stays, or may be of others; modules of SELinux, which go with their packages",
        kinds: &[Kind::Profile],
        judge: profile,
        ..NONE
    },
];

fn profile(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let runtime = if thing.name == "crio-default" { host.crio() } else { host.containerd() };
    Some(match runtime {
        // What holds it now may be a pod, which goes before: it is looked at once more then.
        Runtime::Cluster(proof) => goes(proof, Stage::Settings, Clear::Profiles, &[&thing.name]),
        Runtime::Absent if host.sign().is_some() => {
            goes("its runtime is gone", Stage::Settings, Clear::Profiles, &[&thing.name])
        }
        Runtime::Absent => owners("nothing here says that there was a Kubernetes"),
        Runtime::Shared(who) | Runtime::Unknown(who) => owners(format!("its runtime stays: {who}")),
    })
}

fn sysctl(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (file, now) = (thing.get("file"), thing.get("now"));
    let is_installers = SYSCTL_FILES.contains(&file);
    let known = |list: &[(&'static str, &'static str)]| {
        list.iter().find(|(name, _)| *name == thing.name).map(|(_, value)| *value)
    };
    let default = known(&DEFAULTS).or_else(|| known(&TUNED).filter(|_| is_installers))?;
    host.sign()?;
    let family = host.fact("os");
    let is_red = ["rhel", "fedora", "centos", "suse"].iter().any(|it| family.contains(it));
    let default = match thing.name.as_str() {
        "kernel.panic_on_oops" if is_red => "1",
        _ => default,
    };
    // kubespray writes its values between the owner's (`sysctl_file_path`, on Debian a link to this file): whose a line is nobody knows.
    if SHARED_FILES.contains(&file) && installers::of(host).contains(&Installer::Kubespray) {
        return (now != default).then(|| Outcome::Setting {
            now: now.to_owned(),
            ships: format!("{default} (the kernel's own); kubespray writes its lines into `{file}`, between yours"),
            removal: None,
        });
    }
    // With the installer's file gone, what an earlier one of the owner's says counts.
    let (ships, from) = match (is_installers, thing.get("own"), file) {
        (true, "", _) | (false, _, "") => (default, "the kernel's own"),
        (true, own, _) => (thing.get("owned"), own),
        (false, _, file) => (thing.get("set"), file),
    };
    let is_forwarding =
        matches!(thing.name.as_str(), "net.ipv4.ip_forward" | "net.ipv6.conf.all.forwarding");
    let user = host.of(Kind::Link).map(|it| it.name.as_str()).find(|name| {
        is_forwarding && *name != "tunl0" && FORWARDED.iter().any(|it| name.starts_with(it))
    });
    (now != ships && !ships.is_empty()).then(|| Outcome::Setting {
        now: now.to_owned(),
        ships: match user {
            Some(link) => format!("{ships} ({from}); it stays: `{link}` may need it"),
            None => format!("{ships} ({from})"),
        },
        removal: user.is_none().then(|| {
            Removal::new(Stage::Settings, Clear::Sysctls, [format!("{}={ships}", thing.name)])
        }),
    })
}
