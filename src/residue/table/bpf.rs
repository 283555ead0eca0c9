//! Programs of BPF that Cilium and Calico hang on links and cgroups, and what they pin. Left without its agent a program answers for nobody, and with its maps
//! gone it drops what it sees: hosts were cut off by it (residue.md, D13). So each goes by its name, programs before maps; what is
//! another's by its name is passed over.

use super::super::host::{Host, goes, owners, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "TcFilters",
        classes: &["R28"],
        what: "filters of BPF that Cilium and Calico hang on links",
        known: "the name of the filter or of its program (`cil_...`, `bpf_lxc.o:[from-container]` of old ones, `cali_...`, `calico_...`), and another sign of the plugin and of a Kubernetes",
        undone: "`tc filter del` one by one, by its exact words, when no agent runs any more; a `clsact` in which nothing else was goes with the last one",
        never: "filters of other names; a `clsact` with anything left in it, or with a block that links share",
        kinds: &[Kind::Filter, Kind::Fact],
        judge: filter,
        ..NONE
    },
    Entry {
        name: "XdpPrograms",
        classes: &["R28"],
        what: "programs of XDP of Cilium and Calico",
        known: "the program's name (`cil_xdp_entry`, `cali_xdp_...`, `prefilter` where Calico has pinned it for this very link), and another sign of the plugin and of a Kubernetes",
        undone: "its pin is taken away, or `ip link set dev LINK xdpgeneric off` (`xdpdrv`, `xdpoffload`) in the mode that it is in",
        never: "programs of other names: of Suricata, Katran, xdp-tools, the owner (cilium#25117: one that is left cuts the host off)",
        kinds: &[Kind::Xdp],
        judge: xdp,
        ..NONE
    },
    Entry {
        name: "SocketPrograms",
        classes: &["R28"],
        what: "programs of Cilium's and Calico's balancing at the socket, on the cgroup above all others",
        known: "the program's name, where `bpftool` is there to tell; without it those that are held by a pin go with the pin, and of others it is said that they may be there",
        undone: "its pin is taken away, or `bpftool cgroup detach`",
        never: "programs of systemd and others",
        kinds: &[Kind::Attached, Kind::Fact],
        judge: socket,
        ..NONE
    },
    Entry {
        name: "BpfPins",
        classes: &["R28"],
        what: "programs and maps that Cilium and Calico pinned",
        known: "their places below `/sys/fs/bpf`: `cilium`, `tc/globals/cilium_*`, `calico`, `calico_connect4`, `cali_*` and `calico_*`, and another sign of the plugin and of a Kubernetes",
        undone: "when no filter and no program of XDP leads to them any more: those of links first, which detaches what they hold, then programs and maps, then empty directories",
        never: "pins of others: systemd's, snapd's, Tetragon's, bpfman's, those of xdp-tools, the owner's; maps before the programs (\"missed tail call\": packets are dropped)",
        kinds: &[Kind::Pin],
        judge: pin,
        ..NONE
    },
    Entry {
        name: "BpfMounts",
        classes: &["R28"],
        what: "file systems that Cilium and Calico mounted: cgroups, BPF",
        known: "`/run/cilium/cgroupv2`, `/run/calico/cgroup`, `/run/cilium/bpffs`; `/sys/fs/bpf` where it is not as systemd mounts it, nobody else has pinned anything there, and there are signs of the plugin and of a Kubernetes",
        undone: "unmounted, one of BPF only when nothing is in it; whoever needs it mounts it again (tc and bpftool do so by themselves)",
        never: "what /etc/fstab or a unit mounts; one that anybody has something in",
        kinds: &[Kind::Mount],
        judge: mount,
        ..NONE
    },
];

/// What the host says instead of things that no tool is there for.
const FILTERS: &str = "filters of tc";
const ON_CGROUPS: &str = "programs on cgroups";
pub(in super::super) const UNSEEN: [&str; 2] = [FILTERS, ON_CGROUPS];

/// Who hangs such programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plugin {
    Cilium,
    Calico,
}
use Plugin::{Calico, Cilium};

impl Plugin {
    fn name(self) -> &'static str {
        match self {
            Cilium => "Cilium",
            Calico => "Calico",
        }
    }

    /// What else than a thing of one of these kinds says that it was here.
    fn sign(self, host: &Host<'_>, besides: &[Kind]) -> Option<String> {
        let sign = match self {
            Cilium => host.cilium(),
            Calico => host.calico(),
        };
        let of = |thing: &&Thing| match thing.kind {
            Kind::Filter => of_filter(thing),
            Kind::Xdp => of_xdp(thing),
            _ => of_pin(thing),
        };
        let program = || {
            let kinds = [Kind::Filter, Kind::Xdp, Kind::Pin];
            let mut things = kinds
                .into_iter()
                .filter(|kind| !besides.contains(kind))
                .flat_map(|kind| host.of(kind));
            let thing = things.find(|it| of(it) == Some(self))?;
            Some(format!("`{}` is there", thing.name))
        };
        sign.or_else(program)
    }

    /// Something of its name goes where something else says so too; `by_hand` is what takes it away otherwise.
    fn owns(
        self,
        thing: &Thing,
        host: &Host<'_>,
        clear: Clear,
        stage: Stage,
        by_hand: &str,
    ) -> Outcome {
        let name = self.name();
        match (host.sign(), self.sign(host, &[thing.kind])) {
            (Some(_), Some(sign)) => {
                goes(format!("it has a name of {name}'s, and {sign}"), stage, clear, &[&thing.name])
            }
            (Some(_), None) => unsure(format!(
                "it has a name of {name}'s, and nothing else says that {name} was here: if it is not yours, {by_hand}"
            )),
            (None, _) => unsure(format!(
                "it has a name of {name}'s, which works without Kubernetes too, and nothing else says that there was one: if it is not yours, {by_hand}"
            )),
        }
    }
}

/// By the name that a program has in the kernel, of which it keeps 15 characters. Cilium: since 1.13 all begin with `cil_` (pkg/datapath/loader); Calico: felix/bpf-gpl and
/// `CleanUpProgramsAndPins` of felix/bpf/tc.
fn of_program(name: &str) -> Option<Plugin> {
    if name.starts_with("cil_") {
        Some(Cilium)
    } else if name.starts_with("cali_") || name.starts_with("calico_") {
        Some(Calico)
    } else {
        None
    }
}

/// By a filter's own name: `cil_from_netdev-eth0`; `cilium-eth0` of 1.12; file and section of older ones, which iproute2 loaded (`getTCFilters` of Cilium's own clean-up;
/// `listAttachedPrograms` of Calico's felix/bpf/tc).
fn of_filter(thing: &Thing) -> Option<Plugin> {
    const FILES: [&str; 5] = ["bpf_netdev", "bpf_network", "bpf_host", "bpf_lxc", "bpf_overlay"];
    const SECTIONS: [&str; 9] = [
        "from-netdev",
        "to-netdev",
        "from-host",
        "to-host",
        "from-container",
        "to-container",
        "from-overlay",
        "to-overlay",
        "from-network",
    ];
    let (label, link) = (thing.get("label"), thing.get("link"));
    if let Some((file, section)) = label.split_once(".o:[") {
        let section = section.strip_suffix(']')?;
        if SECTIONS.contains(&section) && FILES.iter().any(|it| file.starts_with(it)) {
            return Some(Cilium);
        }
        if section.starts_with("calico_") {
            return Some(Calico);
        }
    }
    if label.strip_prefix("cilium-") == Some(link) {
        return Some(Cilium);
    }
    of_program(label).or_else(|| of_program(thing.get("program")))
}

fn of_xdp(thing: &Thing) -> Option<Plugin> {
    of_program(thing.get("program"))
}

/// The same places as `bv_pins_allow` of `kind/bpf.sh` lets go.
fn of_pin(thing: &Thing) -> Option<Plugin> {
    let path = thing.name.strip_prefix("/sys/fs/bpf/")?;
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_plain = name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_:.@%+-".contains(&c));
    let is_calicos = ["cali_", "calico_", "xdp_cali_"].iter().any(|it| name.starts_with(it));
    match (above, name) {
        ("", "cilium") => Some(Cilium),
        ("", "calico" | "calico_connect4") => Some(Calico),
        _ if !is_plain || thing.name.contains("/../") => None,
        ("tc/globals", name) if name.starts_with("cilium_") => Some(Cilium),
        ("" | "xdp/globals", _) if is_calicos => Some(Calico),
        (above, _) if is_calicos && above.starts_with("tc/") => Some(Calico),
        _ => None,
    }
}

fn filter(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.kind == Kind::Fact {
        return unseen(thing, host, FILTERS, |_| true, "`tc` (iproute2, or iproute-tc)");
    }
    let plugin = of_filter(thing)?;
    let word = |at| thing.name.split(' ').nth(at).unwrap_or_default();
    let by_hand = format!(
        "`tc filter del dev {} {} protocol {} pref {} chain {} handle {} bpf` takes it away",
        word(0),
        word(1),
        word(3),
        word(5),
        word(7),
        word(9)
    );
    Some(plugin.owns(thing, host, Clear::Filters, Stage::Programs, &by_hand))
}

fn xdp(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (link, program) = (thing.get("link"), thing.get("program"));
    let mode = thing.name.split(' ').nth(1).unwrap_or_default();
    let by_hand = format!("`ip link set dev {link} {mode} off` takes it away");
    if let Some(plugin) = of_program(program) {
        return Some(plugin.owns(thing, host, Clear::Xdp, Stage::Programs, &by_hand));
    }
    // Of names that others may give too, and of none, nothing is known but what else is here.
    let plugin = match program {
        // felix/bpf/bpf.go of Calico pins it under the link's name.
        "prefilter" if thing.is("pinned") => {
            return Some(Calico.owns(thing, host, Clear::Xdp, Stage::Programs, &by_hand));
        }
        "prefilter" => Calico,
        "bpf_xdp_entry" => Cilium,
        "-" => [Cilium, Calico]
            .into_iter()
            .find(|it| host.sign().is_some() && it.sign(host, &[Kind::Xdp]).is_some())?,
        _ => return None,
    };
    host.sign().and_then(|_| plugin.sign(host, &[Kind::Xdp]))?;
    // Of a program without a number nothing but the link is told.
    let look = match thing.get("id") {
        "" | "-" => format!("net show dev {link}"),
        id => format!("prog show id {id}"),
    };
    Some(unsure(format!(
        "it may be {}'s or yours (`bpftool {look}` tells more): if it is not yours, {by_hand}",
        plugin.name(),
    )))
}

fn socket(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.kind == Kind::Fact {
        // Who has mounted it has hung programs on it, as a rule; since 1.14 Cilium pins what holds them, and the pins are seen.
        let is_old = |plugin| match plugin {
            Cilium => is_mounted(host, "/run/cilium/cgroupv2"),
            Calico => is_mounted(host, "/run/calico/cgroup"),
        };
        return unseen(thing, host, ON_CGROUPS, is_old, "`bpftool`");
    }
    let plugin = of_program(thing.get("program"))?;
    let mut words = thing.name.split(' ');
    let (of, id) = (words.next().unwrap_or_default(), words.next_back().unwrap_or_default());
    let by_hand = format!("`bpftool cgroup detach CGROUP {of} id {id}` takes it away");
    Some(plugin.owns(thing, host, Clear::Attached, Stage::Programs, &by_hand))
}

fn is_mounted(host: &Host<'_>, path: &str) -> bool {
    host.was_planned(path) || host.of(Kind::Mount).any(|it| it.name == path)
}

/// What cannot be seen for want of a tool, where a plugin may have left something of the kind.
fn unseen(
    thing: &Thing,
    host: &Host<'_>,
    what: &str,
    may: impl Fn(Plugin) -> bool,
    tool: &str,
) -> Option<Outcome> {
    host.sign().filter(|_| thing.name == what && thing.get("value") == "unseen")?;
    let plugin =
        [Cilium, Calico].into_iter().find(|it| may(*it) && it.sign(host, &[]).is_some())?;
    Some(unsure(format!(
        "{} may have left some, and without {tool} they cannot be seen: install it and run this again, or reboot",
        plugin.name()
    )))
}

fn pin(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let by_hand = format!("`rm -r {}` takes it away", thing.name);
    if let Some(plugin) = of_pin(thing) {
        return Some(plugin.owns(thing, host, Clear::Pins, Stage::Programs, &by_hand));
    }
    // Calico's links of tcx are called like the host's links (`ProgPinPath` of felix/bpf/tc), in a directory that others may have too.
    let name = thing.name.strip_prefix("/sys/fs/bpf/tcx/")?;
    let link = name.strip_suffix("_ingress").or_else(|| name.strip_suffix("_egress"))?;
    host.sign().and_then(|_| host.calico())?;
    let is_here = host.of(Kind::Link).any(|it| it.name.replace('.', "") == link);
    let has_maps = host.of(Kind::Pin).any(|it| of_pin(it) == Some(Calico));
    Some(if is_calicos(link) || (is_here && has_maps) {
        goes(
            "Calico calls what it pins there so, and its maps are here",
            Stage::Programs,
            Clear::Pins,
            &[&thing.name],
        )
    } else {
        unsure(format!("it may be Calico's or yours: if it is not yours, {by_hand}"))
    })
}

fn is_calicos(link: &str) -> bool {
    super::is_calicos_end(link)
}

fn mount(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let is_owned = |it: Outcome| match thing.get("by") {
        "" => it,
        _ => owners("/etc/fstab or a unit mounts it"),
    };
    mounted(thing, host).map(is_owned)
}

fn mounted(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let plugin = match (thing.name.as_str(), thing.get("type")) {
        ("/run/cilium/cgroupv2", "cgroup2") | ("/run/cilium/bpffs", "bpf") => Cilium,
        ("/run/calico/cgroup", "cgroup2") => Calico,
        ("/sys/fs/bpf", "bpf") => {
            // As systemd mounts it since 238 (src/shared/mount-setup.c), and as nobody else does.
            let is_systemds = ["nosuid", "nodev", "noexec"]
                .iter()
                .all(|it| thing.get("options").contains(&format!(",{it},")));
            if is_systemds {
                return None;
            }
            let plugin = [Cilium, Calico].into_iter().find(|it| it.sign(host, &[]).is_some())?;
            host.sign()?;
            let is_lists = |it: &Thing| {
                ["/sys/fs/bpf/maps.debug", "/sys/fs/bpf/progs.debug"].contains(&it.name.as_str())
            };
            if let Some(other) = host.of(Kind::Pin).find(|it| of_pin(it).is_none() && !is_lists(it))
            {
                return Some(owners(format!("`{}` is in it", other.name)));
            }
            plugin
        }
        _ => return None,
    };
    Some(match host.sign() {
        Some(sign) => goes(
            format!("{} mounts it, and {sign}", plugin.name()),
            Stage::Network,
            Clear::Mounts,
            &[&thing.name],
        ),
        None => unsure(format!(
            "{} mounts it, and nothing else here says that there was a Kubernetes: `umount {}`",
            plugin.name(),
            thing.name
        )),
    })
}
