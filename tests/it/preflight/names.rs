//! Names, addresses, routes, packets: what of a host's own settings stands in the cluster's way.

use bivouac::host::facts::{AtBoot, Claim, Interface, ResolvConf, Route};
use serde_json::json;

use super::{Case, Scene, settings, version};

pub const CASES: &[Case] = &[
    ("a host whose name is another's address", "Hostname", |s| {
        s.facts[1].names.hosts.as_mut().unwrap().push(("192.0.2.9".into(), "jammy".into()));
    }),
    ("a name that cloud-init sets back", "Hostname", |s| {
        s.facts[1].names.cloud_name = Some("ip-10-0-0-5".into());
        s.facts[1].names.cloud_keeps = Some(false);
    }),
    ("loopback that is off, or has no address", "Loopback", |s| {
        s.facts[0].packets.interfaces = Some(vec![interface("lo", false, true)]);
        s.facts[1].addresses.as_mut().unwrap().retain(|it| it.interface != "lo");
    }),
    ("`localhost` that is another, and that is nobody", "Loopback", |s| {
        let localhost = |address: &str| (address.to_owned(), "localhost".to_owned());
        s.facts[0].names.hosts = Some(vec![localhost("192.0.2.1"), localhost("::1")]);
        s.facts[1].names.hosts = Some(vec![]);
        s.facts[2].names.hosts = Some(vec![localhost("::1")]);
    }),
    (
        "names that are looked up by DNS alone, with a kubeadm that asks by address",
        "Loopback",
        |s| {
            s.cluster.kubernetes.version = version("1.31.2");
            s.facts[1].names.lookup = Some(vec!["dns".into()]);
        },
    ),
    ("files of name servers that are not there", "ResolvConf", |s| {
        s.facts[0].names.etc = Some(ResolvConf::Missing);
        s.facts[1].names.etc = Some(ResolvConf::Dangling("../run/gone".into()));
        s.facts[2].names.etc = Some(ResolvConf::NoFile);
    }),
    ("no name server, and the host's own", "ResolvConf", |s| {
        s.facts[0].names.etc = Some(ResolvConf::There(vec![]));
        s.facts[2].names.etc = Some(ResolvConf::There(vec!["127.0.0.1".into()]));
    }),
    ("systemd-resolved on the first control plane alone", "ResolvConf", |s| {
        s.facts[0].names.resolved_runs = Some(true);
        s.facts[0].names.resolved = Some(ResolvConf::There(vec!["192.168.7.1".into()]));
        s.cluster.hosts[1].control_plane = true;
        s.cluster.hosts[2].control_plane = true;
    }),
    ("an address that is on its way out", "NetworkInterface", |s| {
        let net = "192.168.7.22/24".parse().unwrap();
        s.cluster.hosts[1].address = "192.168.7.22".into();
        let (interface, why) = ("ens3".into(), "deprecated".into());
        let unusable = bivouac::host::facts::Unusable { net, interface, why };
        s.facts[1].packets.unusable = Some(vec![unusable]);
    }),
    ("an interface with nothing at its other end, and one that is off", "NetworkInterface", |s| {
        for (facts, is_up) in s.facts[..2].iter_mut().zip([true, false]) {
            let name = facts.global_addresses().next().unwrap().interface.clone();
            facts.packets.interfaces = Some(vec![interface(&name, is_up, false)]);
        }
    }),
    ("no default route, and an address of its own", "DefaultRoute", |s| {
        s.facts[1].routes.as_mut().unwrap().retain(|route| route.destination.is_some());
        s.cluster.hosts[1].address =
            s.facts[1].global_addresses().next().unwrap().net.addr().to_string();
    }),
    ("a rule that leads packets for pods to a VPN", "PolicyRouting", |s| {
        let rules = s.facts[1].packets.rules.as_mut().unwrap();
        rules.insert(0, "100: from all lookup vpn".into());
        let route = Route {
            destination: None,
            interface: Some("wg0".into()),
            source: None,
            ipv6: false,
            gateway: false,
        };
        s.facts[1].packets.tables = vec![("vpn".into(), route)];
    }),
    ("a proxy for all services", "HTTPProxy", |s| {
        let line = |name: &str, value: &str| {
            ("/etc/systemd/system.conf.d/proxy.conf".to_owned(), name.to_owned(), value.to_owned())
        };
        s.facts[1].packets.kubelet_proxies = Some(vec![
            line("https_proxy", "http://proxy:3128"),
            line("no_proxy", "localhost,.example"),
        ]);
    }),
    ("ports that connections take", "EphemeralPorts", |s| {
        s.facts[1].packets.ephemeral = Some((1024, 65535));
        s.facts[1].packets.reserved = Some(vec![(8080, 8080)]);
    }),
    ("a file that switches forwarding off at boot", "SysctlsAtBoot", |s| {
        let line = |place: &str, value: &str| AtBoot {
            place: place.into(),
            file: format!("/etc/sysctl.d/{place}"),
            key: "net.ipv4.ip_forward".into(),
            value: value.into(),
        };
        s.facts[0].packets.at_boot = Some(vec![line("10-early.conf", "0")]);
        s.facts[1].packets.at_boot = Some(vec![line("99-hard.conf", "0")]);
        s.facts[2].packets.at_boot = Some(vec![line("95-a.conf", "0"), line("99-b.conf", "1")]);
    }),
    ("more pods than addresses", "PodAddresses", |s| {
        s.cluster.kubernetes.kubeadm =
            settings(&json!({"controllerManager": {"extraArgs": {"node-cidr-mask-size": "26"}}}));
        s.cluster.hosts[1].kubelet = settings(&json!({"maxPods": 50}));
    }),
    ("clocks that were never set", "ClockYear", |s| {
        for facts in &mut s.facts {
            facts.clock = Some(std::time::UNIX_EPOCH + std::time::Duration::from_secs(86_400));
        }
    }),
    ("a clock that nobody sets", "TimeSync", |s| s.facts[1].names.time_sync = Some(vec![])),
    ("a firewall of one's own", "PacketFilter", |s| {
        let lines = |text: &[&str]| {
            Some(text.iter().map(|line| ("nft".to_owned(), (*line).to_owned())).collect())
        };
        s.facts[0].packets.filter = lines(&[":FORWARD DROP [0:0]"]);
        s.facts[1].packets.filter =
            lines(&[":OUTPUT ACCEPT [0:0]", "-A OUTPUT -p tcp -m tcp --dport 6443 -j REJECT"]);
        let table = "table inet own {|chain in {|type filter hook input priority 0; policy drop;|tcp dport 22 accept|}|}";
        s.facts[2].packets.ruleset = Some(table.split('|').map(str::to_owned).collect());
    }),
    ("a name server among the pods", "Subnets", |s| {
        s.facts[1].names.etc = Some(ResolvConf::There(vec!["10.96.0.2".into()]));
    }),
    ("values with which no cluster comes about", "KubeadmSettings", |s| {
        s.cluster.kubernetes.version = version("1.26.2");
        s.cluster.kubernetes.kubeadm = settings(&json!({
            "apiServer": {"extraArgs": {
                "anonymous-auth": "false",
                "authorization-mode": "RBAC",
                "feature-gates": "IPv6DualStack=true,Some=true",
            }},
            "controllerManager": {"extraArgs": {"allocate-node-cidrs": "false", "controllers": "*,tokencleaner"}},
        }));
        s.cluster.kubernetes.kubelet =
            settings(&json!({"featureGates": {"DynamicKubeletConfig": true}}));
    }),
];

fn interface(name: &str, is_up: bool, has_carrier: bool) -> Interface {
    Interface { name: name.into(), is_up, has_carrier }
}

/// Nothing of this is anybody's mistake.
#[test]
fn settings_that_are_as_they_should_be() {
    type Makes = fn(&mut Scene);
    let well: [(&str, Makes); 11] = [
        ("a kubelet that is told its file", |s| {
            s.facts[1].names.etc = Some(ResolvConf::Missing);
            s.cluster.hosts[1].kubelet = settings(&json!({"resolvConf": "/srv/resolv.conf"}));
        }),
        ("no server, and no CoreDNS", |s| {
            s.facts[0].names.etc = Some(ResolvConf::There(vec![]));
            s.cluster.kubernetes.skip_phases = vec!["addon/coredns".into()];
        }),
        ("resolved everywhere", |s| {
            for facts in &mut s.facts {
                facts.names.resolved_runs = Some(true);
                facts.names.resolved = Some(ResolvConf::There(vec!["192.168.7.1".into()]));
                facts.names.etc = Some(ResolvConf::There(vec!["127.0.0.53".into()]));
            }
        }),
        ("a clock that is the machine's", |s| {
            s.facts[1].names.time_sync = Some(vec![]);
            s.facts[1].names.container = Some(true);
        }),
        ("a proxy that is passed by", |s| {
            let line =
                |name: &str, value: &str| ("systemd".to_owned(), name.to_owned(), value.to_owned());
            s.facts[1].packets.kubelet_proxies = Some(vec![
                line("HTTPS_PROXY", "http://proxy:3128"),
                line("NO_PROXY", "192.168.0.0/16,.example"),
            ]);
        }),
        ("proxies that systemd takes away again, or that go around a port", |s| {
            let line =
                |name: &str, value: &str| ("x".to_owned(), name.to_owned(), value.to_owned());
            s.facts[0].packets.kubelet_proxies = Some(vec![line("https_proxy", "http://proxy:1")]);
            s.facts[0].packets.kubelet_unset = vec!["no_proxy".into(), "https_proxy".into()];
            let own: Vec<String> = (s.cluster.hosts.iter().zip(&s.facts))
                .filter(|(host, _)| host.control_plane)
                .map(|(host, facts)| format!("{}:6443", facts.node_address(&host.address).unwrap()))
                .collect();
            s.facts[1].packets.kubelet_proxies = Some(vec![
                line("https_proxy", "http://proxy:3128"),
                line("no_proxy", &own.join(",")),
            ]);
        }),
        ("few ports, and those of Kubernetes kept free", |s| {
            s.facts[1].packets.ephemeral = Some((1024, 65535));
            let kept = [(2379, 2380), (6443, 6443), (10248, 10259), (30000, 32767)];
            s.facts[1].packets.reserved = Some(kept.into());
        }),
        ("ufw, which has a finding of its own", |s| {
            s.facts[1].packets.filter = Some(vec![("nft".into(), ":FORWARD DROP [0:0]".into())]);
            s.facts[1].ufw = Some(false);
            s.facts[1].packets.filter = Some(vec![
                ("nft".into(), ":FORWARD DROP [0:0]".into()),
                ("nft".into(), "-A FORWARD -s 10.244.0.0/16 -j ACCEPT".into()),
                ("nft".into(), "-A FORWARD -d 10.244.0.0/16 -j ACCEPT".into()),
            ]);
        }),
        ("few watchers, and a node of ours that has its own of them", |s| {
            let line = |used: u32| {
                format!("number fs.inotify.max_user_instances 128\nnumber inotify_used {used}")
            };
            s.facts[0] = super::hosts::with(super::DEBIAN_12, &line(103));
            s.facts[1] = super::hosts::with(super::UBUNTU, &line(120));
            let claim = Claim { kind: "kubeadm".into(), subject: "join".into() };
            s.facts[1].claims = vec![claim];
        }),
        ("a name in another case", |s| s.facts[1].static_hostname = Some("JAMMY".into())),
        ("the host's own address for its name", |s| {
            let own = s.facts[1].global_addresses().next().unwrap().net.addr().to_string();
            s.facts[1].names.hosts.as_mut().unwrap().push((own, "jammy".into()));
        }),
    ];
    for (title, makes) in well {
        let mut scene = Scene::healthy();
        makes(&mut scene);
        assert_eq!(scene.check(), [], "{title}");
    }
}
