//! What installers change in the system. Nobody but them knows how it was before: it is listed with what the distribution ships, and put
//! back only where the operator asks for it.

use super::super::host::{Host, goes, owners, unsure};
use super::super::removal::{Removal, Stage};
use super::super::{Entry, NONE, Outcome};
use super::held;
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

/// What is not looked for, because nothing on the host tells how it was.
const UNKNOWABLE: &str = "not at all: nothing on the host says how it was before";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "SwapLine",
        classes: &["R36"],
        what: "swap that installers switch off",
        known: "a line of /etc/fstab that was made a comment (`#/dev/... swap`)",
        undone: "only with `--restore-defaults`: the line is a line again (fstab is saved before), and the swap is switched on",
        never: "a line that installers deleted (KubeOne, kubespray and kubeasz do) cannot be had back; no device is formatted",
        kinds: &[Kind::Line],
        judge: |thing, host| {
            (thing.name == "fstab" && host.sign().is_some()).then(|| {
                setting(
                    thing.get("text"),
                    "swap is on",
                    Some(Removal::new(Stage::Settings, Clear::Fstab, [thing.get("text")])),
                )
            })
        },
        ..NONE
    },
    Entry {
        name: "SelinuxMode",
        classes: &["R37"],
        what: "SELinux, which installers set to permissive or disabled",
        known: "`SELINUX=` in /etc/selinux/config",
        undone: "only with `--restore-defaults`: from permissive back to enforcing, in the file (saved before) and now",
        never: "from disabled: files have no labels then, and the next boot would fail",
        kinds: &[Kind::Line],
        judge: |thing, host| {
            if thing.name != "selinux" || host.sign().is_none() {
                return None;
            }
            match thing.get("text") {
                "SELINUX=permissive" => Some(setting(
                    "SELINUX=permissive",
                    "SELINUX=enforcing",
                    Some(Removal::new(Stage::Settings, Clear::Selinux, ["enforcing"])),
                )),
                "SELINUX=disabled" => Some(setting(
                    "SELINUX=disabled",
                    "SELINUX=enforcing, after a relabelling",
                    None,
                )),
                _ => None,
            }
        },
        ..NONE
    },
    Entry {
        name: "FirewallService",
        classes: &["R38"],
        what: "the host's firewall service, which installers switch off",
        known: "firewalld or ufw is installed and not enabled",
        undone: "by its owner: `systemctl enable --now firewalld`",
        never: "by itself: a firewall that starts without a rule for our own way in would cut it",
        units: &["firewalld.service", "ufw.service"],
        judge: |thing, host| {
            let is_off = matches!(thing.get("enabled"), "disabled" | "masked");
            // Ubuntu ships ufw enabled as a unit and switched off in its own file.
            let is_shipped_on =
                thing.name == "firewalld.service" || host.fact("os").contains("ubuntu");
            (is_off && is_shipped_on && host.sign().is_some()).then(|| {
                setting(
                    &format!("{} is {}", thing.name, thing.get("enabled")),
                    "it is enabled (see that ssh is let in first)",
                    None,
                )
            })
        },
        ..NONE
    },
    Entry {
        name: "HostsEntries",
        classes: &["R39"],
        what: "lines of /etc/hosts for nodes and API servers",
        known: "between the marks that kubekey and kubespray set; kainstall's lines by their names (`k8s-worker-node1`, `apiserver.cluster.local`), sealos' likewise (`sealos.hub`, `lvscare.node.ip`), and by nothing less",
        undone: "only with `--restore-defaults`: the file is saved, and only these lines go",
        never: "lines of other names (kainstall's own reset deletes any that contains `-worker-`)",
        kinds: &[Kind::Line],
        judge: hosts,
        ..NONE
    },
    Entry {
        name: "NodeHostname",
        classes: &["R40"],
        what: "the host's name, which installers set",
        known: UNKNOWABLE,
        undone: "by its owner: `hostnamectl set-hostname`",
        never: "by itself",
        ..NONE
    },
    Entry {
        name: "Resolver",
        classes: &["R41"],
        what: "what installers write into /etc/resolv.conf: kainstall's options, the node's own cache of names",
        known: "kainstall's line `options timeout:2 attempts:3 rotate single-request-reopen`; a name server at 169.254.20.10 or 169.254.25.10, where only NodeLocal DNSCache listens, and another sign of a Kubernetes",
        undone: "only with `--restore-defaults`: the file is saved, and only this line goes",
        never: "other lines; the only name server; a file that is a link; the network is not restarted",
        kinds: &[Kind::Line],
        judge: resolver,
        ..NONE
    },
    Entry {
        name: "Users",
        classes: &["R42"],
        what: "users and groups that installers make",
        known: "kubeadm's own names (`kubeadm-etcd`); k0s' by their home `/var/lib/k0s`; kubespray's `kube` and `etcd` by its comment and another sign of a Kubernetes",
        undone: "`userdel` and `groupdel` at the end, where no process and no file of this host's own file systems is theirs",
        never: "a user of such a name that nothing else marks; one that something is still of; homes",
        kinds: &[Kind::User, Kind::Group],
        judge: user,
        ..NONE
    },
    Entry {
        name: "TimeSettings",
        classes: &["R43"],
        what: "time zone and time servers",
        known: UNKNOWABLE,
        undone: "by their owner",
        never: "by itself: the clock is never set back",
        ..NONE
    },
    Entry {
        name: "Originals",
        classes: &["R14", "R43"],
        what: "package sources and time servers that kainstall replaced",
        known: "it leads to `mirrors.aliyun.com` or `ntp.aliyun.com`, kainstall's copy `_bak` lies beside it, and kainstall's other marks are there",
        undone: "only with `--restore-defaults`: the file is saved, and what kainstall kept gets its place back",
        never: "a file that leads elsewhere by now; a copy without kainstall's other marks",
        kinds: &[Kind::Line],
        judge: |thing, host| {
            let leads = thing.get("leads").trim();
            (thing.name == "original" && !leads.is_empty() && is_kainstall_here(host)).then(|| {
                let (file, kept) = (thing.get("file"), thing.get("text"));
                setting(
                    &format!("it leads to {leads}"),
                    &format!("what `{kept}` has"),
                    Some(Removal::new(Stage::Settings, Clear::Original, [file, kept])),
                )
            })
        },
        ..NONE
    },
    Entry {
        name: "TuningBlocks",
        classes: &["R44"],
        what: "blocks that kainstall and kubekey add to files of the system (limits, systemd, audit rules, bashrc)",
        known: "the marks `## Kainstall managed start` and `## Kainstall managed end`, `# kubekey ... BEGIN` and `# kubekey ... END`",
        undone: "only with `--restore-defaults`: the file is saved, and only what is between the marks goes",
        never: "a block without its end: then nobody knows where it ends",
        kinds: &[Kind::Line],
        judge: block,
        ..NONE
    },
    Entry {
        name: "ShellLines",
        classes: &["R44"],
        what: "lines of shells' own files by which kubeasz has its programs found",
        known: "its mark `# generated by kubeasz`, or the directory `/opt/kube/bin`, and another sign of a Kubernetes",
        undone: "only with `--restore-defaults`: the file is saved, and only a line with the mark, or one that adds nothing but this directory, goes",
        never: "a line that has other directories as well: it is named",
        kinds: &[Kind::Line],
        judge: shell_line,
        ..NONE
    },
    Entry {
        name: "TuningFiles",
        classes: &["R44"],
        what: "files of kainstall's for logins, journald, apt and the boot",
        known: "its own file names; `policy-rc.d` by its words `exit 101`",
        undone: "only with `--restore-defaults`: saved and removed",
        never: "a `policy-rc.d` of other words: containers' images have one on purpose",
        paths: &[
            "/etc/profile.d/zz-ssh-login-info.sh",
            "/etc/systemd/journald.conf.d",
            "/etc/systemd/journald.conf.d/99-prophet.conf",
            "/etc/apt/apt.conf.d/10cloudinit-disable",
            "/usr/sbin/policy-rc.d",
            "/etc/modules-load.d/ipvs.conf",
        ],
        judge: tuning,
        ..NONE
    },
    Entry {
        name: "MaskedUnits",
        classes: &["R44", "R36"],
        what: "units that installers mask (apt's daily ones, `swap.target`)",
        known: "a link to /dev/null in /etc/systemd/system, and another sign of a Kubernetes",
        undone: "only with `--restore-defaults`: unmasked, not started",
        never: "other masks",
        kinds: &[Kind::Line],
        judge: |thing, host| {
            (thing.name == "masked" && host.sign().is_some()).then(|| {
                setting(
                    &format!("{} is masked", thing.get("text")),
                    "it is not",
                    Some(Removal::new(Stage::Settings, Clear::Unmask, [thing.get("text")])),
                )
            })
        },
        ..NONE
    },
];

fn setting(now: &str, ships: &str, removal: Option<Removal>) -> Outcome {
    Outcome::Setting { now: now.to_owned(), ships: ships.to_owned(), removal }
}

/// What an installer alone calls a node: `PREFIX-master-node1` (kainstall).
fn is_kainstalls(name: &str) -> bool {
    ["-master-node", "-worker-node"].iter().any(|middle| {
        name.split_once(middle).is_some_and(|(before, number)| {
            !before.is_empty() && !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit())
        })
    })
}

fn hosts(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.name != "hosts" {
        return None;
    }
    let text = thing.get("text");
    for (begin, end) in [
        ("# kubekey hosts BEGIN", "# kubekey hosts END"),
        ("# kubernetes hosts BEGIN", "# kubernetes hosts END"),
        ("# Ansible inventory hosts BEGIN", "# Ansible inventory hosts END"),
    ] {
        if text == begin {
            let ends = host.of(Kind::Line).any(|it| it.name == "hosts" && it.get("text") == end);
            return Some(if ends {
                setting(
                    begin,
                    "no such block",
                    Some(Removal::new(
                        Stage::Settings,
                        Clear::Block,
                        [thing.get("file"), begin, end],
                    )),
                )
            } else {
                unsure("its end is missing: where it ends is not known")
            });
        }
    }
    let mut words = text.split_whitespace();
    words.next().filter(|it| it.parse::<std::net::IpAddr>().is_ok())?;
    let names: Vec<&str> = words.collect();
    let known = |name: &&str| {
        is_kainstalls(name)
            || *name == "apiserver.cluster.local"
            || *name == "sealos.hub"
            || *name == "lvscare.node.ip"
            || *name == "lb.kubesphere.local"
    };
    (!names.is_empty() && names.iter().all(known)).then(|| {
        setting(
            text,
            "no such line",
            Some(Removal::new(Stage::Settings, Clear::Lines, [thing.get("file"), text])),
        )
    })
}

fn block(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let begin = thing.get("text");
    if thing.name != "block" {
        return None;
    }
    let end = match begin {
        "## Kainstall managed start" => "## Kainstall managed end".to_owned(),
        _ => format!("{}END", begin.strip_prefix("# kubekey ").and(begin.strip_suffix("BEGIN"))?),
    };
    let file = thing.get("file");
    let ends = host.of(Kind::Line).any(|it| it.get("file") == file && it.get("text") == end);
    Some(if ends {
        setting(
            begin,
            "no such block",
            Some(Removal::new(Stage::Settings, Clear::Block, [file, begin, &end])),
        )
    } else {
        unsure("its end is missing: where it ends is not known")
    })
}

/// kubeasz' roles write `export PATH=/opt/kube/bin:$PATH # generated by kubeasz` and the like.
fn shell_line(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    const MARK: &str = "# generated by kubeasz";
    const PATHS: [&str; 4] = [
        "export PATH=/opt/kube/bin:$PATH",
        "export PATH=$PATH:/opt/kube/bin",
        "PATH=/opt/kube/bin:$PATH",
        "PATH=$PATH:/opt/kube/bin",
    ];
    let text = thing.get("text");
    let plain = text.trim().trim_end_matches(MARK).trim_end();
    let names = text.contains("/opt/kube/bin") && !text.trim_start().starts_with('#');
    let is_kubeasz = text.trim_end().ends_with(MARK);
    if thing.name != "block" || !(names || is_kubeasz) || host.sign().is_none() {
        return None;
    }
    let goes = is_kubeasz || PATHS.contains(&plain);
    let lines = || Removal::new(Stage::Settings, Clear::Lines, [thing.get("file"), text]);
    Some(if goes {
        setting(text, "no such line", Some(lines()))
    } else {
        setting(text, "no `/opt/kube/bin` in it", None)
    })
}

/// Whether kainstall was here: marks that other installers do not leave.
fn is_kainstall_here(host: &Host<'_>) -> bool {
    let marks = [
        "/etc/profile.d/zz-ssh-login-info.sh",
        "/etc/systemd/journald.conf.d/99-prophet.conf",
        "/etc/sysctl.d/99-kube.conf",
    ];
    marks.iter().any(|it| host.path(it).is_some())
        || host.of(Kind::Line).any(|it| it.get("text").contains("## Kainstall managed"))
}

fn resolver(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.name != "resolv" {
        return None;
    }
    let (file, text) = (thing.get("file"), thing.get("text"));
    let lines = || Removal::new(Stage::Settings, Clear::Lines, [file, text]);
    if text == "options timeout:2 attempts:3 rotate single-request-reopen" {
        return Some(setting(text, "no such line", Some(lines())));
    }
    let server = |text: &str| text.strip_prefix("nameserver").map(|it| it.trim().to_owned());
    // The addresses of the addon's own manifest, and of kubespray's.
    let is_cache = |text: &str| {
        server(text).is_some_and(|it| ["169.254.20.10", "169.254.25.10"].contains(&it.as_str()))
    };
    if !is_cache(text) || host.sign().is_none() {
        return None;
    }
    let mut others = host.of(Kind::Line).filter(|it| it.name == "resolv").map(|it| it.get("text"));
    let has_other = others.any(|it| server(it).is_some() && !is_cache(it));
    Some(if has_other {
        setting(text, "no such line", Some(lines()))
    } else {
        setting(text, "another name server: nobody answers there any more", None)
    })
}

fn user(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let name = thing.name.as_str();
    let clear = if thing.kind == Kind::User { Clear::Users } else { Clear::Groups };
    let mine = |proof: &str| goes(proof, Stage::Settings, clear, &[name]);
    let is_service = host.of(Kind::Unit).any(|it| it.name == "etcd.service");
    Some(match (name, thing.get("comment"), thing.get("home")) {
        (name, ..) if name.starts_with("kubeadm-") => mine("kubeadm alone calls one so"),
        ("etcd", ..) if is_service && !host.wants("etcd.service") => {
            owners("an etcd that is a service of its own may run as it")
        }
        // k0s' own EnsureUser.
        (_, _, "/var/lib/k0s") => mine("its home is k0s' directory"),
        // kubespray's roles/adduser/defaults.
        ("kube", "Kubernetes user", _) | ("etcd", "Etcd user", _) => match host.sign() {
            Some(sign) => mine(&format!("kubespray's own comment, and {sign}")),
            None => unsure(
                "kubespray makes such a user, and nothing else here says that there was a Kubernetes",
            ),
        },
        // Of a group nothing but its name is known.
        ("kube-cert", ..) if host.sign().is_some() && thing.get("members").is_empty() => {
            mine("kubespray's name of a group that nobody is in")
        }
        _ => return host.sign().map(|_| owners("nothing says that an installer made it")),
    })
}

fn tuning(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.name == "/usr/sbin/policy-rc.d"
        && !thing.get("words").split(',').any(|it| it == "exit 101")
    {
        return None;
    }
    if !is_kainstall_here(host) || held(thing, host).is_some() {
        return None;
    }
    let (stage, clear) = match thing.get("type") {
        // It goes only if nothing else is in it.
        "d" if host.path("/etc/systemd/journald.conf.d/99-prophet.conf").is_some() => {
            (Stage::Hollow, Clear::Hollow)
        }
        "d" => return None,
        _ => (Stage::Files, Clear::Files),
    };
    Some(setting(
        &format!("`{}` is there", thing.name),
        "it is not",
        Some(Removal::new(stage, clear, [&thing.name])),
    ))
}
