//! Facts that checks cannot do without. Where one is unknown on a host, the check is told as unchecked there,
//! by the registry: a check that says nothing must not be taken for one that found nothing.
//!
//! A need that does not count for a host is met there: memory is asked of control planes alone. What hosts of
//! a kind can never tell (containers have no product UUID), and what another check's need covers, is none.

use super::{Context, HostFacts, node_names};
use crate::host::facts::{EtcdAnswer, Said};

/// A fact, or several.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// Why the check says nothing without, as a clause: `the clock is unknown`.
    pub because: &'static str,
    /// Whether it is missing on this host, where it counts.
    pub lacks: fn(&Context<'_>, &HostFacts<'_>) -> bool,
}

pub(super) const UID: Need = Need {
    because: "the user that commands run as is unknown",
    lacks: |_, host| host.facts.uid.is_none(),
};
pub(super) const PACKAGE_MANAGERS: Need = Need {
    because: "the package managers are unknown",
    lacks: |_, host| host.facts.package_managers.is_none(),
};
pub(super) const INIT: Need =
    Need { because: "process 1 is unknown", lacks: |_, host| host.facts.init.is_none() };
pub(super) const ARCH: Need =
    Need { because: "the architecture is unknown", lacks: |_, host| host.facts.arch.is_none() };
pub(super) const IDENTITY: Need = Need {
    because: "the machine id or boot id is unknown",
    lacks: |_, host| host.facts.machine_id.is_none() || host.facts.boot_id.is_none(),
};
pub(super) const NAME: Need =
    Need { because: "the host name is unknown", lacks: |_, host| node_names::name(host).is_none() };
pub(super) const ADDRESSES: Need = Need {
    because: "the addresses or routes are unknown",
    lacks: |_, host| host.facts.addresses.is_none() || host.facts.routes.is_none(),
};
pub(super) const HOSTS: Need =
    Need { because: "`/etc/hosts` is unknown", lacks: |_, host| host.facts.names.hosts.is_none() };
pub(super) const RESOLV_CONF: Need = Need {
    because: "`/etc/resolv.conf` is unknown",
    lacks: |_, host| host.facts.names.etc.is_none(),
};
pub(super) const TIME_SYNC: Need = Need {
    because: "who sets the clock is unknown",
    lacks: |_, host| {
        let names = &host.facts.names;
        names.container.is_none() || (names.container == Some(false) && names.time_sync.is_none())
    },
};
pub(super) const INTERFACES: Need = Need {
    because: "the network interfaces are unknown",
    lacks: |_, host| host.facts.packets.interfaces.is_none(),
};
pub(super) const RULES: Need = Need {
    because: "the rules of policy routing are unknown",
    lacks: |_, host| host.facts.packets.rules.is_none(),
};
pub(super) const PORT_RANGE: Need = Need {
    because: "the ports that connections begin at are unknown",
    lacks: |_, host| host.facts.packets.ephemeral.is_none(),
};
pub(super) const AT_BOOT: Need = Need {
    because: "the settings for the next boot are unknown",
    lacks: |_, host| host.facts.packets.at_boot.is_none(),
};
pub(super) const KUBELET_PROXIES: Need = Need {
    because: "the environment of services is unknown",
    lacks: |_, host| host.facts.packets.kubelet_proxies.is_none(),
};
/// Without a tool that is asked there may still be rules.
pub(super) const FILTER: Need = Need {
    because: "the rules of the packet filter could not be read",
    lacks: |_, host| host.facts.packets.filter.is_none(),
};
pub(super) const CLOCK: Need =
    Need { because: "the clock is unknown", lacks: |_, host| host.facts.clock.is_none() };
/// One without systemd is refused by name.
pub(super) const UNITS: Need = Need {
    because: "the services are unknown",
    lacks: |_, host| {
        host.facts.units.is_none()
            && host.facts.init.as_deref().is_none_or(|init| init == "systemd")
    },
};
pub(super) const PATHS: Need = Need {
    because: "what is in the directories of Kubernetes is unknown",
    lacks: |_, host| host.facts.leftovers.paths.is_none(),
};
pub(super) const TRACES: Need = Need {
    because: "the network links or firewall chains are unknown",
    lacks: |_, host| host.facts.leftovers.links.is_none() || host.facts.leftovers.chains.is_none(),
};
pub(super) const LISTENERS: Need = Need {
    because: "who listens on the ports is unknown",
    lacks: |_, host| host.facts.listeners.is_none() && !host.facts.is_our_node(),
};
pub(super) const CPUS: Need =
    Need { because: "the number of CPUs is unknown", lacks: |_, host| host.facts.cpus.is_none() };
pub(super) const MEMORY: Need = Need {
    because: "the memory is unknown",
    lacks: |_, host| host.facts.memory_kib.is_none() && host.host.control_plane,
};
pub(super) const DISKS: Need = Need {
    because: "the space on the disks is unknown",
    lacks: |context, host| host.facts.disk(context.cluster.runtime.traits.root).is_none(),
};
pub(super) const READ_ONLY: Need = Need {
    because: "whether the directories can be written is unknown",
    lacks: |_, host| host.facts.places.read_only.is_none(),
};
pub(super) const SWAPS: Need = Need {
    because: "the swap is unknown",
    lacks: |context, host| host.facts.swaps.is_none() && !context.kubelet_has_off("failSwapOn"),
};
pub(super) const KERNEL: Need = Need {
    because: "the kernel or cgroups are unknown",
    lacks: |_, host| {
        let facts = host.facts;
        facts.kernel.is_none() || facts.cgroup.is_none() || facts.cgroup_controllers.is_none()
    },
};
pub(super) const MODULES: Need = Need {
    because: "the modules of the kernel are unknown",
    lacks: |_, host| host.facts.missing_modules.is_none(),
};
pub(super) const IPV6: Need = Need {
    because: "whether the host has IPv6 is unknown",
    lacks: |context, host| {
        context.cluster.network.pod_subnet.is_dual() && host.facts.ipv6.is_none()
    },
};
pub(super) const SYSCTLS: Need = Need {
    because: "whether the kernel settings can be written is unknown",
    lacks: |_, host| host.facts.sysctl_writable.is_none(),
};
pub(super) const COMMANDS: Need =
    Need { because: "the commands are unknown", lacks: |_, host| host.facts.commands.is_empty() };
pub(super) const DPKG: Need = Need {
    because: "the state of the package database is unknown",
    lacks: |_, host| {
        let facts = host.facts;
        let has_apt = |all: &Vec<String>| all.iter().any(|name| name == "apt-get");
        facts.package_managers.as_ref().is_some_and(has_apt)
            && facts.dpkg_broken.is_none()
            && facts.dpkg_interrupted.is_none()
    },
};
pub(super) const PACKAGE_LOCKS: Need = Need {
    because: "who holds the locks of the package manager is unknown",
    lacks: |_, host| host.facts.package_locks.is_none(),
};
/// The address is looked for only where it is no host's own.
pub(super) const ENDPOINT: Need = Need {
    because: "what is at the cluster's address could not be seen from there",
    lacks: |_, host| {
        let reached = host.facts.endpoint.as_ref().map(|endpoint| endpoint.reached);
        reached == Some(crate::host::facts::Reached::Unknown)
    },
};
pub(super) const PLACES: Need = Need {
    because: "what is where files will go is unknown",
    lacks: |_, host| host.facts.places.all.as_ref().is_none_or(Vec::is_empty),
};
pub(super) const DEVICES: Need = Need {
    because: "which devices are there is unknown",
    lacks: |_, host| host.facts.places.devices.is_empty(),
};
pub(super) const LIMITS: Need = Need {
    because: "the limits of the kernel are unknown",
    lacks: |_, host| host.facts.limits.numbers.is_empty(),
};
pub(super) const BLOCKED: Need = Need {
    because: "what keeps modules from being loaded is unknown",
    lacks: |_, host| host.facts.limits.blocked.is_none(),
};
/// One without systemd is refused by name.
pub(super) const DROP_INS: Need = Need {
    because: "what is laid over the services is unknown",
    lacks: |_, host| host.facts.services.drop_ins.is_none(),
};
pub(super) const SWAP_AT_BOOT: Need = Need {
    because: "whether swap comes back with a boot is unknown",
    lacks: |context, host| {
        host.facts.services.swap_at_boot.is_none() && !context.kubelet_has_off("failSwapOn")
    },
};
/// Asked only where cluster.yaml has one, and `curl` is there.
pub(super) const EXTERNAL_ETCD: Need = Need {
    because: "the external etcd could not be asked from there (`curl` does it)",
    lacks: |context, host| {
        let unknown = |it: &EtcdAnswer| it.said == Said::Unknown;
        let answers = host.facts.external_etcd.as_ref();
        host.host.control_plane
            && context.cluster.external_etcd().is_some()
            && answers.is_none_or(|all| all.iter().any(unknown))
    },
};
/// A way of which nobody could tell: nobody tried it, or nobody could listen.
pub(super) const WAYS: Need = Need {
    because: "some ways to other hosts could not be tried (`bash`, `timeout` and `systemd-socket-activate` do it, and no other run may be at work there)",
    lacks: |_, host| {
        host.facts.ways.iter().any(|way| way.outcome == crate::host::ways::Outcome::Unknown)
    },
};
