//! cri-o: its files, where it finds images, and what is left of that when a run is over.

use bivouac::cluster::versions;
use bivouac::host::Change;
use bivouac::host::facts::CriO;
use bivouac::playbook::Work;
use bivouac::secret::Secret;
use serde_json::{Value, json};

use super::{SINGLE, TWO};
use crate::support::site::{Made, changes, file, one, preview, works};

const REGISTRIES: &str = "/etc/containers/registries.conf.d/10-bivouac.conf";
const AUTH: &str = "/etc/crio/auth.json";
const UNIT: &str = "/etc/systemd/system/crio.service";

/// A cluster whose bundle has cri-o in it, of this version, and images that are known by their sums.
fn with(version: &str, cri_o: &str, spec: &str) -> Made {
    let mut made = Made::new(version, "", &format!("runtime: {{name: cri-o}}\n{spec}"));
    fill(&mut made, cri_o);
    made
}

fn fill(made: &mut Made, cri_o: &str) {
    made.artifacts
        .0
        .retain(|it| !["containerd", "containerd-shim-runc-v2", "ctr"].contains(&it.name.as_str()));
    for name in ["crio", "conmon", "pinns", "crun"] {
        let mut program = one("binary", name, vec![]);
        cri_o.clone_into(&mut program.version);
        made.artifacts.0.push(program);
    }
    made.artifacts.0.extend(["bundle", "bivouac"].map(|name| one("serve", name, vec![])));
    for image in made.artifacts.0.iter_mut().filter(|it| it.kind == "image") {
        image.ids = image.references.iter().map(|name| (name.clone(), "cd".repeat(32))).collect();
    }
}

/// All contents that a lane gives a file, in order.
fn contents(made: &Made, lane: usize, wanted: &str) -> Vec<String> {
    let all = changes(&made.init().lanes[lane]).into_iter();
    all.filter_map(|change| match change {
        Change::File { path, content, .. } if path == wanted => {
            Some(String::from_utf8(content).unwrap())
        }
        _ => None,
    })
    .collect()
}

fn joined(made: &mut Made, images: &[&str]) {
    for state in &mut made.states {
        state.joined = true;
        let images = images.iter().map(|it| (*it).to_owned()).collect();
        state.cri_o = Some(CriO { images: Some(images) });
    }
}

/// The tables and fields of crio.conf(5) that the template uses.
fn unknown_fields(value: &Value) -> Vec<String> {
    const FIELDS: [(&str, &[&str]); 6] = [
        (
            "",
            &[
                "root",
                "runroot",
                "storage_driver",
                "imagestore",
                "version_file",
                "version_file_persist",
            ],
        ),
        ("api", &["listen"]),
        (
            "runtime",
            &[
                "default_runtime",
                "cgroup_manager",
                "conmon",
                "conmon_cgroup",
                "pinns_path",
                "namespaces_dir",
                "runtimes",
            ],
        ),
        ("image", &["pause_image", "global_auth_file", "signature_policy"]),
        ("network", &["network_dir", "plugin_dirs"]),
        ("metrics", &["enable_metrics"]),
    ];
    let top = value.as_object().unwrap();
    assert_eq!(top.keys().collect::<Vec<_>>(), ["crio"]);
    let known = |table: &str, field: &str| {
        FIELDS.iter().any(|(name, fields)| *name == table && fields.contains(&field))
    };
    let mut unknown = Vec::new();
    for (name, value) in top["crio"].as_object().unwrap() {
        match value.as_object() {
            None if !known("", name) => unknown.push(name.clone()),
            None => {}
            Some(fields) => {
                unknown.extend(
                    fields
                        .keys()
                        .filter(|field| !known(name, field))
                        .map(|field| format!("{name}.{field}")),
                );
            }
        }
    }
    unknown
}

#[test]
fn its_configuration_has_only_fields_that_it_knows_and_what_the_user_adds() {
    for row in versions::supported() {
        let version = format!("v1.{}.2", row.minor);
        let cri_o = format!("1.{}.1", row.minor);
        let own = format!(
            "  config: {{crio: {{metrics: {{enable_metrics: true}}, runtime: {{log_level: debug}}}}}}\n{SINGLE}"
        );
        for own in [false, true].map(|it| it.then(|| own.clone())) {
            let spec = own.clone().unwrap_or_else(|| SINGLE.to_owned());
            let mut made = Made::new(&version, "", &format!("runtime:\n  name: cri-o\n{spec}"));
            fill(&mut made, &cri_o);
            let text = file(&made.init().lanes[0], "/etc/crio/crio.conf.d/10-bivouac.conf");
            let value: Value =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let unknown = unknown_fields(&value);
            let oci = if row.minor < 31 { "runc" } else { "crun" };
            let runtime = &value["crio"]["runtime"];
            assert_eq!(runtime["default_runtime"], oci, "{version}");
            assert_eq!(runtime["runtimes"][oci]["runtime_path"], format!("/usr/local/bin/{oci}"));
            let pause = value["crio"]["image"]["pause_image"].as_str().unwrap();
            assert!(pause.ends_with(&format!("/pause:{}", row.pause)), "{pause}");
            if own.is_some() {
                assert_eq!(unknown, ["runtime.log_level"]);
                assert_eq!(value["crio"]["metrics"]["enable_metrics"], true);
            } else {
                assert_eq!(unknown, Vec::<String>::new(), "{version}");
            }
        }
    }
}

#[test]
fn kubeadm_and_crictl_are_led_to_its_socket_and_nothing_of_containerd_is_there() {
    for (version, socket) in
        [("v1.20.2", "/var/run/crio/crio.sock"), ("v1.30.2", "unix:///var/run/crio/crio.sock")]
    {
        let made = with(version, "1.20.9", SINGLE);
        let lane = &made.init().lanes[0];
        let (_, _, config) = crate::support::site::kubeadm(lane).unwrap();
        assert!(
            config.contains(&format!("criSocket: {socket}"))
                || config.contains(&format!("criSocket: \"{socket}\"")),
            "{config}"
        );
        assert!(file(lane, "/etc/crictl.yaml").contains("unix:///var/run/crio/crio.sock"));
        for change in changes(lane) {
            let subject = change.subject();
            assert!(!subject.contains("containerd"), "{subject}");
        }
    }
}

#[test]
fn a_bundle_s_images_come_from_the_host_that_serves_it_and_that_is_forgotten() {
    let made = with("v1.30.2", "1.30.14", TWO);
    assert_eq!(
        made.cluster.serve.as_ref().unwrap().host,
        "10.89.7.11",
        "the first control plane, where none is named"
    );
    for lane in 0..2 {
        let [during, after] = <[String; 2]>::try_from(contents(&made, lane, REGISTRIES)).unwrap();
        let during: Value = toml::from_str(&during).unwrap();
        let pause = json!({"prefix": "registry.k8s.io/pause", "location": "10.89.7.11:8484/pause", "insecure": true});
        assert!(during["registry"].as_array().unwrap().contains(&pause), "{during}");
        assert_eq!(
            toml::from_str::<Value>(&after).unwrap(),
            json!({"unqualified-search-registries": ["docker.io"]})
        );
        let [during, after] = <[String; 2]>::try_from(contents(&made, lane, AUTH)).unwrap();
        let during: Value = serde_json::from_str(&during).unwrap();
        // `bivouac:5e4e`
        assert_eq!(during, json!({"auths": {"10.89.7.11:8484": {"auth": "Yml2b3VhYzo1ZTRl"}}}));
        assert_eq!(serde_json::from_str::<Value>(&after).unwrap(), json!({"auths": {}}));
    }
    let names: Vec<String> =
        works(&made.init().lanes[1]).into_iter().map(|(name, _)| name).collect();
    let at = |wanted: &str| {
        names
            .iter()
            .position(|name| name == wanted)
            .unwrap_or_else(|| panic!("{wanted}: {names:?}"))
    };
    assert!(at("lead cri-o to the bundle's server") < at("start cri-o"));
    assert!(at("start cri-o") < at("import the images of every node"));
    assert!(at("have everything of the bundle") < at("forget the bundle's server"));
    assert!(at("forget the login of the bundle's server") < at("start cri-o anew"));
}

#[test]
fn what_serves_is_named_by_its_ipv4_address_and_is_no_other_tool_s() {
    let mut made = with("v1.30.2", "1.30.14", TWO);
    for (place, state) in made.states.iter_mut().enumerate() {
        state.other_address = Some(state.address);
        state.address = format!("fd00::{}", 11 + place).parse().unwrap();
    }
    assert!(contents(&made, 1, REGISTRIES)[0].contains("location = \"10.89.7.11:8484/pause\""));
    made.states[0].foreign = true;
    made.states[0].joined = true;
    assert_eq!(made.site().unserved(), None);
    let during = contents(&made, 1, REGISTRIES);
    assert!(during[0].contains("location = \"10.89.7.12:8484/pause\""), "{during:?}");
    made.states[1].other_address = None;
    assert!(made.site().unserved().unwrap().0.contains("has an IPv6 address alone"));
    made.states[1].foreign = true;
    assert_eq!(made.site().unserved(), None, "nobody lacks images");
    made.states[1].foreign = false;
    made.states[1].arch = "arm64".to_owned();
    assert!(made.site().unserved().unwrap().0.contains("and none can"));
}

#[test]
fn an_image_is_known_again_by_its_sum_and_no_secret_is_among_arguments() {
    let made = with("v1.30.2", "1.30.14", SINGLE);
    let all = changes(&made.init().lanes[0]);
    let pause = [
        "unix:///var/run/crio/crio.sock".to_owned(),
        format!("registry.k8s.io/pause:3.9={}", "cd".repeat(32)),
    ];
    assert!(all.iter().any(|change| change.kind() == "cri" && change.arguments() == pause));
    for change in &all {
        let seen = format!("{:?}{}", change.arguments(), change.subject());
        assert!(!seen.contains("5e4e") && !seen.contains("Yml2b3VhYzo1ZTRl"), "{seen}");
        if let Change::File { path, mode, .. } = change
            && path == AUTH
        {
            assert_eq!(mode, "0600");
        }
    }
}

#[test]
fn who_has_all_images_is_served_nothing_and_who_lacks_one_is() {
    let mut made = with("v1.30.2", "1.30.14", SINGLE);
    let all: Vec<String> = made.artifacts.0.iter().flat_map(|it| it.references.clone()).collect();
    // CoreDNS lies where kubeadm looks for it.
    let all: Vec<String> = all.iter().map(|name| made.cluster.kubernetes.name_of(name)).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    joined(&mut made, &all);
    assert_eq!(contents(&made, 0, REGISTRIES).len(), 1);
    let plain = contents(&made, 0, AUTH);
    joined(&mut made, &all[1..]);
    assert_eq!(contents(&made, 0, REGISTRIES).len(), 2);
    assert_eq!(contents(&made, 0, AUTH)[1], plain[0], "a second run finds what the first one left");
    // One that says nothing has them all: it ran.
    made.states[0].cri_o = None;
    assert_eq!(contents(&made, 0, REGISTRIES).len(), 1);
}

#[test]
fn another_repository_s_port_is_no_part_of_the_name_that_is_asked_for() {
    let mut made = Made::new(
        "v1.30.2",
        "imageRepository: 'r.example:5000/k8s'",
        &format!("runtime: {{name: cri-o}}\n{SINGLE}"),
    );
    fill(&mut made, "1.30.14");
    let during: Value = toml::from_str(&contents(&made, 0, REGISTRIES)[0]).unwrap();
    let etcd = json!({"prefix": "r.example:5000/k8s/etcd", "location": "10.89.7.11:8484/etcd", "insecure": true});
    assert!(during["registry"].as_array().unwrap().contains(&etcd), "{during}");
}

#[test]
fn registries_their_logins_and_authorities_are_told_in_its_own_files() {
    let registries = "registries:
- {address: 'r.example:5000', username: u, passwordFile: f, ca: c}
- {address: docker.io, username: d, passwordFile: f}
";
    let mut made = with("v1.30.2", "1.30.14", &format!("{registries}{SINGLE}"));
    for registry in &mut made.cluster.registries {
        registry.password = Some(Secret::new("p\"a\\ss é"));
        registry.authorities = registry.ca.as_ref().map(|_| "PEM {{ x }}\n".to_owned());
    }
    made.cluster.sources.mirrors.images = Some("mirror.example:5000/k8s".to_owned());
    let lane = &made.init().lanes[0];
    assert_eq!(file(lane, "/etc/containers/certs.d/r.example:5000/ca.crt"), "PEM {{ x }}\n");
    for (place, text) in contents(&made, 0, AUTH).iter().enumerate() {
        let auth: Value = serde_json::from_str(text).unwrap();
        let names: Vec<&String> = auth["auths"].as_object().unwrap().keys().collect();
        let served = names.iter().any(|name| *name == "10.89.7.11:8484");
        assert_eq!((served, names.len()), (place == 0, if place == 0 { 3 } else { 2 }));
        assert_eq!(auth["auths"]["r.example:5000"]["auth"], "dTpwImFcc3Mgw6k=");
    }
    let after: Value = toml::from_str(&contents(&made, 0, REGISTRIES)[1]).unwrap();
    assert_eq!(
        after["registry"],
        json!([{
            "prefix": "registry.k8s.io",
            "location": "registry.k8s.io",
            "mirror": [{"location": "mirror.example:5000/k8s"}],
        }])
    );
}

#[test]
fn images_that_no_bundle_has_it_pulls_by_itself() {
    let mut made = with("v1.30.2", "1.30.14", SINGLE);
    made.artifacts.0.retain(|it| it.kind != "image" && it.kind != "serve");
    made.cluster.bundle = None;
    let pulled: Vec<String> = changes(&made.init().lanes[0])
        .iter()
        .filter(|change| change.kind() == "cri")
        .flat_map(|change| change.arguments().split_off(1))
        .collect();
    assert_eq!(pulled[0], "registry.k8s.io/pause:3.9");
    assert_eq!(pulled.len(), 7, "{pulled:?}");
    assert_eq!(contents(&made, 0, REGISTRIES).len(), 1);
}

#[test]
fn the_proxy_is_told_to_its_own_unit() {
    let made = with(
        "v1.30.2",
        "1.30.14",
        &format!("proxy: {{https: 'http://proxy.example:3128'}}\n{SINGLE}"),
    );
    let mut files = Vec::new();
    for (_, work) in preview(&made.init().lanes[0]) {
        let Some(Work::Changes(changes)) = work else { continue };
        files.extend(changes.into_iter().filter_map(|change| match change {
            Change::File { path, mode, content, .. } => {
                Some((path, mode, String::from_utf8(content).unwrap()))
            }
            _ => None,
        }));
    }
    let one = |wanted: &str| files.iter().find(|(path, ..)| path == wanted).unwrap();
    assert!(one(UNIT).2.contains("ExecStart=/usr/local/bin/crio\n"));
    let drop_in = one("/etc/systemd/system/crio.service.d/bivouac-proxy.conf");
    assert!(drop_in.2.contains("/etc/systemd/system/crio.service.d/proxy.env"), "{}", drop_in.2);
    assert_eq!(one("/etc/systemd/system/crio.service.d/proxy.env").1, "0600");
}
