//! From lines `key value` to [`Facts`].

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipnet::IpNet;

use super::{
    Address, Apt, Claim, Containerd, CriO, Disk, Docker, Facts, FactsError, Journal, Leftovers,
    Limits, Link, Listener, Os, Places, Process, Route, Services, Unit,
};

/// The script's first line; its number changes when older programs would misread newer facts.
const FIRST: &str = "facts 1";
const LAST: &str = "end";
/// Longer values are cut: no fact needs more, and messages stay readable.
const VALUE_CHARS: usize = 400;
/// Those that are judged by their ends, too.
const WHOLE: [&str; 3] = ["filter", "ruleset", "kubelet_proxy"];

pub(super) fn facts(stdout: &str) -> Result<Facts, FactsError> {
    let mut lines = stdout.lines();
    if !lines.by_ref().any(|line| line == FIRST) {
        let line = stdout.lines().map(str::trim).find(|line| !line.is_empty());
        let found = line.map_or_else(|| "nothing".to_owned(), |line| format!("`{}`", clean(line)));
        return Err(FactsError::NotFacts { found });
    }
    let mut read = Read::default();
    let mut last = FIRST.to_owned();
    for line in lines {
        if line == LAST {
            return Ok(read.facts());
        }
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        let most = if WHOLE.contains(&key) { usize::MAX } else { VALUE_CHARS };
        read.values.entry(key.to_owned()).or_default().push(cut(value, most));
        last = clean(key);
    }
    Err(FactsError::CutShort { last })
}

/// Takes out what could play tricks on a terminal or in a log.
fn clean(value: &str) -> String {
    cut(value, VALUE_CHARS)
}

fn cut(value: &str, most: usize) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    value.trim().chars().take(most).map(visible).collect()
}

/// The lines, by key.
#[derive(Default)]
pub(super) struct Read {
    values: BTreeMap<String, Vec<String>>,
}

impl Read {
    fn facts(&self) -> Facts {
        Facts {
            uid: self.number("uid"),
            hostname: self.text("hostname"),
            static_hostname: self.text("static_hostname"),
            node: self.text("node").map(|name| name.trim().to_lowercase()),
            machine_id: self.text("machine_id"),
            has_machine_id: self.flag("has_machine_id"),
            product_uuid: self.text("product_uuid"),
            boot_id: self.text("boot_id"),
            os: Os {
                id: self.one("os.id").map(unquote),
                id_like: self.one("os.id_like").map(unquote).map(|s| words(&s)).unwrap_or_default(),
                version_id: self.one("os.version_id").map(unquote),
                pretty_name: self.one("os.pretty_name").map(unquote),
            },
            arch: self.one("machine").map(go_arch),
            package_arch: self.one("package_arch").map(go_arch),
            kernel: self.text("kernel"),
            init: self.text("init"),
            systemd: self.number("systemd"),
            cpus: self.number("cpus"),
            memory_kib: self.number("memory_kib"),
            swaps: self.texts("swap"),
            disks: self.list("disk", disk).unwrap_or_default(),
            places: Places::read(self),
            asked: self
                .list("asked", |it| {
                    it.split_once(' ').map(|(kind, path)| (path.to_owned(), kind.to_owned()))
                })
                .unwrap_or_default(),
            limits: Limits::read(self),
            services: Services::read(self),
            processor: super::Processor::read(self),
            member: super::Node::read(self),
            apt: Apt::read(self),
            shadows: self.texts("shadow").unwrap_or_default(),
            ill_commands: self
                .list("ill_command", |it| {
                    it.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()))
                })
                .unwrap_or_default(),
            clock: self.one("clock").and_then(clock),
            addresses: self.list("address", address),
            links: self.list("link", Link::parse),
            routes: self.routes(),
            listeners: self.list("listener", listener),
            commands: self.commands(),
            package_managers: self
                .one("package_manager")
                .map(|value| words(value).into_iter().filter(|name| name != "none").collect()),
            dpkg_broken: self.texts("dpkg_broken"),
            dpkg_interrupted: self.flag("dpkg_interrupted"),
            package_locks: self.list("package_lock", process),
            cgroup: self.number("cgroup"),
            cgroup_controllers: self.one("cgroup_controllers").map(words),
            missing_modules: self.texts("module_missing"),
            ipv6: self.flag("ipv6"),
            accept_ra: self.texts("accept_ra"),
            ip_forward: self.flag("ip_forward"),
            sysctl_writable: self.flag("sysctl_writable"),
            bridge_nf: self.flag("bridge_nf"),
            selinux: self.flag("selinux"),
            units: self.list("unit", unit),
            ufw: self.one("ufw").map(|value| unquote(value).eq_ignore_ascii_case("yes")),
            runtime_config: self.texts("runtime_config").unwrap_or_default(),
            runtime_data: self.texts("runtime_data").unwrap_or_default(),
            containerd: self.containerd(),
            cri_o: self.cri_o(),
            registries_conf: self.flag("registries_conf"),
            docker: self.docker(),
            leftovers: Leftovers {
                paths: self.texts("leftover"),
                kubeadm_files: self.texts("kubeadm_file").unwrap_or_default(),
                manifests: self.texts("manifest").unwrap_or_default(),
                links: self.texts("leftover_link"),
                tables: self.texts("leftover_table"),
                servers: self.number("leftover_servers"),
                processes: self.list("leftover_process", process),
                chains: self.texts("leftover_chain"),
            },
            api_server: self.text("api_server"),
            api_version: self.text("api_version"),
            balancer: self.text("balancer"),
            kubelet_conf: self.flag("kubelet_conf"),
            arguments: self.texts("argument"),
            proxy_mode: self.text("proxy_mode"),
            encryption_key: self.flag("encryption_key"),
            names: super::Names::read(self),
            packets: super::Packets::read(self),
            journal: self.one("journal").map(journal).unwrap_or_default(),
            claims: self.list("claim", claim).unwrap_or_default(),
            endpoint: None,
            external_etcd: None,
            ways: Vec::new(),
        }
    }

    fn one(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.first().map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.one(key).map(str::to_owned)
    }

    pub(super) fn number<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        // systemd's version may be `254.5-1` and a controller's count anything.
        let digits = |value: &str| value.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
        self.one(key).and_then(digits)
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.one(key).map(|value| value.starts_with('1'))
    }

    /// The items of a list; those that cannot be understood are left out.
    pub(super) fn list<T>(&self, key: &str, item: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        let values = self.values.get(key)?;
        Some(values.iter().filter(|value| *value != "-").filter_map(|value| item(value)).collect())
    }

    pub(super) fn texts(&self, key: &str) -> Option<Vec<String>> {
        self.list(key, |value| (!value.is_empty()).then(|| value.to_owned()))
    }

    /// It is told of where one runs, before anything that it says itself.
    fn containerd(&self) -> Option<Containerd> {
        self.values.get("containerd")?;
        Some(Containerd {
            version: self.text("containerd.version"),
            config_version: self.number("containerd.config_version"),
            address: self.text("containerd.address"),
            root: self.text("containerd.root"),
            state: self.text("containerd.state"),
            cri_disabled: self.flag("containerd.cri_disabled"),
            ill: self.texts("containerd.ill"),
            cgroup: self.text("containerd.cgroup"),
            sandbox: self.text("containerd.sandbox"),
            has_sandbox: self.flag("containerd.has_sandbox"),
            cni_bin: self.text("containerd.cni_bin"),
            cni_conf: self.text("containerd.cni_conf"),
            certs: self.text("containerd.certs"),
            containers: self.texts("containerd.container"),
        })
    }

    /// Likewise.
    fn docker(&self) -> Option<Docker> {
        self.values.get("docker")?;
        Some(Docker {
            version: self.text("docker.version"),
            api: self.text("docker.api"),
            cgroup: self.text("docker.cgroup"),
            root: self.text("docker.root"),
            driver: self.text("docker.driver"),
            log: self.text("docker.log"),
            live_restore: self.one("docker.live_restore").map(|it| it == "true"),
            swarm: self.text("docker.swarm"),
            security: self.text("docker.security"),
            forward: self.text("docker.forward"),
            pods: self.texts("docker.pod"),
            flags: self.texts("docker.flag"),
            keys: self.texts("docker.key"),
        })
    }

    /// Likewise.
    fn cri_o(&self) -> Option<CriO> {
        self.values.get("crio")?;
        Some(CriO { images: self.texts("crio.image") })
    }

    fn routes(&self) -> Option<Vec<Route>> {
        let mut routes = self.list("route", |line| route(line, false))?;
        routes.extend(self.list("route6", |line| route(line, true)).into_iter().flatten());
        Some(routes)
    }

    fn commands(&self) -> BTreeMap<String, bool> {
        let of = |key: &str, there: bool| {
            let names = self.one(key).map(words).unwrap_or_default();
            names.into_iter().map(move |name| (name, there))
        };
        of("absent", false).chain(of("present", true)).collect()
    }
}

fn words(value: &str) -> Vec<String> {
    value.split_whitespace().map(str::to_owned).collect()
}

/// A value of os-release: bare, or quoted as in a shell.
fn unquote(value: &str) -> String {
    let inside = |quote| value.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    if let Some(inner) = inside('\'') {
        return inner.to_owned();
    }
    let mut chars = inside('"').unwrap_or(value).chars();
    let mut plain = String::new();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}

/// Go's name for an architecture of `uname -m` or dpkg.
fn go_arch(name: &str) -> String {
    match name {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "i386" | "i486" | "i586" | "i686" => "386",
        "ppc64el" => "ppc64le",
        "loongarch64" => "loong64",
        arm if arm.starts_with("armv") || matches!(arm, "armhf" | "armel") => "arm",
        other => other,
    }
    .to_owned()
}

/// Nanoseconds since 1970, or seconds where `date` knows no `%N`.
fn clock(value: &str) -> Option<SystemTime> {
    let digits = value.split(|c: char| !c.is_ascii_digit()).next()?;
    let number = digits.parse().ok()?;
    // Seconds have eleven digits until the year 5138.
    let since =
        if digits.len() > 11 { Duration::from_nanos(number) } else { Duration::from_secs(number) };
    UNIX_EPOCH.checked_add(since)
}

fn disk(value: &str) -> Option<Disk> {
    let mut words = value.split(' ');
    let path = words.next()?.to_owned();
    let mut number = || words.next()?.parse::<u64>().ok();
    let (block, blocks, free) = (number()?, number()?, number()?);
    let (inodes, free_inodes) = (number()?, number()?);
    let kib = |blocks: u64| {
        u64::try_from(u128::from(blocks) * u128::from(block) / 1024).unwrap_or(u64::MAX)
    };
    let file_system = words.next()?.to_owned();
    Some(Disk {
        path,
        size_kib: kib(blocks),
        free_kib: kib(free),
        inodes,
        free_inodes,
        file_system,
    })
}

fn address(value: &str) -> Option<Address> {
    let (interface, net) = value.split_once(' ')?;
    Some(Address { interface: interface.to_owned(), net: network(net)? })
}

/// An address with its prefix, or a single address.
pub(super) fn network(value: &str) -> Option<IpNet> {
    value.parse().ok().or_else(|| value.parse::<IpAddr>().ok().map(IpNet::from))
}

/// A line of `ip -o route show`: `[TYPE] DESTINATION [via GATEWAY] [dev NAME] [src ADDRESS] ...`.
pub(super) fn route(line: &str, ipv6: bool) -> Option<Route> {
    let mut words = line.split_whitespace().peekable();
    let is_destination = |word: &str| word == "default" || network(word).is_some();
    let first = words.next()?;
    let destination = if is_destination(first) { first } else { words.next()? };
    let destination = match destination {
        "default" => None,
        other => Some(network(other)?),
    };
    let mut route = Route { destination, interface: None, source: None, ipv6, gateway: false };
    while let Some(word) = words.next() {
        match word {
            "via" => route.gateway = true,
            "dev" => route.interface = words.next().map(str::to_owned),
            "src" => route.source = words.next().and_then(|ip| ip.parse().ok()),
            _ => {}
        }
    }
    Some(route)
}

fn listener(value: &str) -> Option<Listener> {
    let (port, process) = value.split_once(' ').unwrap_or((value, ""));
    Some(Listener { port: port.parse().ok()?, process: some(process) })
}

fn process(value: &str) -> Option<Process> {
    let (pid, name) = value.split_once(' ').unwrap_or((value, ""));
    Some(Process { pid: pid.parse().ok()?, name: some(name) })
}

fn unit(value: &str) -> Option<Unit> {
    let mut words = value.split(' ').map(str::to_owned);
    let (name, _load, active, enabled) =
        (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(Unit { name, active, enabled })
}

fn journal(value: &str) -> Journal {
    if value == "-" {
        return Journal::Absent;
    }
    let (entries, run) = value.split_once(' ').unwrap_or((value, "-"));
    // A count that makes no sense still tells that a journal is there.
    let last_run = some(run.trim_matches('\'')).filter(|run| run != "-");
    Journal::Present { entries: entries.parse().unwrap_or(0), last_run }
}

fn claim(value: &str) -> Option<Claim> {
    let (kind, subject) = value.split_once(' ')?;
    Some(Claim { kind: kind.to_owned(), subject: subject.to_owned() })
}

fn some(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_every_shape() {
        let cases = [
            ("default via 10.0.0.1 dev eth0 src 10.0.0.9", "default eth0 10.0.0.9"),
            ("default dev wg0 scope link", "default wg0 -"),
            ("10.1.0.0/16 dev eth0 proto kernel", "10.1.0.0/16 eth0 -"),
            ("10.1.2.3 via 10.0.0.1 dev eth0", "10.1.2.3/32 eth0 -"),
            ("blackhole 10.2.0.0/16", "10.2.0.0/16 - -"),
            ("unreachable default metric 4278198272", "default - -"),
            ("10.3.0.0/16 \\ nexthop via 10.0.0.1 dev a weight 1", "10.3.0.0/16 a -"),
        ];
        for (line, expected) in cases {
            let route = route(line, false).unwrap();
            let to = route.destination.map_or("default".to_owned(), |net| net.to_string());
            let source = route.source.map_or("-".to_owned(), |ip| ip.to_string());
            let interface = route.interface.as_deref().unwrap_or("-");
            assert_eq!(format!("{to} {interface} {source}"), expected, "{line}");
        }
        for line in ["", "via", "broadcast", "10.1.0.0/99 dev eth0"] {
            assert_eq!(route(line, false), None, "{line}");
        }
    }

    #[test]
    fn clocks_with_and_without_nanoseconds() {
        let second = UNIX_EPOCH + Duration::from_secs(1_795_402_443);
        assert_eq!(clock("1795402443"), Some(second));
        assert_eq!(clock("1795402443%N"), Some(second), "busybox");
        assert_eq!(clock("1795402443000000001"), Some(second + Duration::from_nanos(1)));
        assert_eq!(clock("99999999999999999999999"), None);
        assert_eq!(clock("-1"), None);
    }

    #[test]
    fn values_of_os_release_are_unquoted() {
        for (value, plain) in [
            ("debian", "debian"),
            ("\"12\"", "12"),
            ("'a b'", "a b"),
            ("\"say \\\"x\\\" \\$5\"", "say \"x\" $5"),
            ("\"open", "\"open"),
            ("", ""),
        ] {
            assert_eq!(unquote(value), plain, "{value}");
        }
    }

    #[test]
    fn only_what_is_judged_by_its_end_stays_whole() {
        let long = "x".repeat(600);
        let text = format!(
            "facts 1\nfilter -\nfilter nft -A FORWARD -m comment --comment {long} -j ACCEPT\nruleset -\n\
             ruleset ip saddr {{ {long} }} accept\nkubelet_proxy -\nkubelet_proxy /x no_proxy={long},10.0.0.1\n\
             hostname {long}-end\nend\n"
        );
        let facts = facts(&text).unwrap();
        assert!(facts.packets.filter.unwrap()[0].1.ends_with(" -j ACCEPT"));
        assert!(facts.packets.ruleset.unwrap()[0].ends_with(" accept"));
        assert!(facts.packets.kubelet_proxies.unwrap()[0].2.ends_with(",10.0.0.1"));
        assert_eq!(facts.hostname.unwrap().len(), VALUE_CHARS);
    }

    #[test]
    fn architectures_have_go_names() {
        for (name, go) in
            [("x86_64", "amd64"), ("aarch64", "arm64"), ("armv7l", "arm"), ("riscv64", "riscv64")]
        {
            assert_eq!(go_arch(name), go);
        }
    }
}
