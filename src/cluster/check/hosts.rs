//! `spec.hosts`: each host by itself, and all of them against each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use super::{Check, names, ssh};
use crate::cluster::mistake::quote;
use crate::cluster::nearest::{nearest, one_of};
use crate::cluster::yaml::{At, Spot};
use crate::cluster::{Host, Taint, raw};

const ROLES: [&str; 2] = ["control-plane", "worker"];
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
/// What other tools call the roles.
const OTHER_WORDS: [(&str, &str); 8] = [
    ("master", "control-plane"),
    ("controller", "control-plane"),
    ("controlplane", "control-plane"),
    ("server", "control-plane"),
    ("etcd", "control-plane"),
    ("node", "worker"),
    ("agent", "worker"),
    ("minion", "worker"),
];

impl Check<'_> {
    pub(super) fn hosts(&mut self, spec: Spot, given: &raw::Spec) -> Option<Vec<Host>> {
        let common = self.ssh(given.ssh.as_ref(), "spec.ssh");
        let Some(list) = given.hosts.as_ref() else {
            self.missing(spec, "spec.hosts", "a list of hosts");
            return None;
        };
        let hosts: Vec<Option<Host>> =
            list.value.iter().map(|host| self.host(&common, host)).collect();
        self.same_host_twice(&list.value, &hosts);
        self.control_planes(list);
        hosts.into_iter().collect()
    }

    fn host(&mut self, common: &ssh::Part, host: &At<raw::Host>) -> Option<Host> {
        let (spot, host) = (host.spot.start(), &host.value);
        let own = self.ssh(host.ssh.as_ref(), "spec.hosts[].ssh");
        let ssh = self.merged(common, own, spot);
        let node_name =
            host.name.as_ref().map(|name| self.text(name, "a node name", names::subdomain));
        let roles = self.roles(spot, host.roles.as_ref());
        let labels = self.labels(host.labels.as_ref());
        let taints = self.taints(host.taints.as_deref().unwrap_or_default());
        let kubelet = self.kubelets(&host.kubelet);
        let Some(address) = host.address.as_ref() else {
            self.missing(spot, "address", "an IP address or a DNS name");
            return None;
        };
        let address = self.text(address, "a host address", names::address)?;
        // A name that was given and refused is no missing name.
        let node_name = match node_name {
            Some(name) => Some(name?),
            None => None,
        };
        let (control_plane, worker) = roles?;
        Some(Host {
            display: node_name.clone().unwrap_or_else(|| address.clone()),
            node_name,
            address,
            control_plane,
            worker,
            ssh,
            labels,
            taints,
            kubelet,
        })
    }

    fn roles(&mut self, host: Spot, given: Option<&At<Vec<At<String>>>>) -> Option<(bool, bool)> {
        let expected = format!("{} or both", one_of(&ROLES));
        let Some(given) = given else {
            self.missing(host, "roles", &expected);
            return None;
        };
        if given.value.is_empty() {
            let spot = given.spot.start();
            self.wrong(spot, "the host has no role", |it| it.found("[]").expected(expected));
            return None;
        }
        let mut seen = BTreeSet::new();
        for role in &given.value {
            let word = role.value.as_str();
            if !ROLES.contains(&word) {
                let other = OTHER_WORDS.iter().find(|(other, _)| *other == word.to_lowercase());
                let near = other.map(|(_, right)| (*right).to_owned());
                self.wrong(role.spot, format!("{} is not a role", quote(word)), |it| {
                    it.found(word)
                        .expected(one_of(&ROLES))
                        .nearest(near.or_else(|| nearest(word, &ROLES)))
                });
            } else if !seen.insert(word) {
                let message = format!("the role {} is given twice", quote(word));
                self.wrong(role.spot, message, |it| it.found(word).expected("each role once"));
            }
        }
        Some((seen.contains(ROLES[0]), seen.contains(ROLES[1])))
    }

    fn labels(&mut self, given: Option<&raw::Labels>) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::new();
        for (key, value) in given.map(|labels| labels.0.as_slice()).unwrap_or_default() {
            let key = self.text(key, "a label key", names::key);
            let value = self.text(value, "a label value", names::value);
            labels.extend(key.zip(value));
        }
        labels
    }

    fn taints(&mut self, given: &[At<String>]) -> Vec<Taint> {
        let mut taints: Vec<Taint> = Vec::new();
        for text in given {
            let Some(taint) = self.taint(text) else { continue };
            if taints.iter().any(|other| other.key == taint.key && other.effect == taint.effect) {
                let message = format!(
                    "the taint {} with the effect {} is given twice",
                    quote(&taint.key),
                    quote(&taint.effect)
                );
                self.wrong(text.spot, message, |it| it.found(&text.value));
            }
            taints.push(taint);
        }
        taints
    }

    fn taint(&mut self, given: &At<String>) -> Option<Taint> {
        const FORM: &str = "`key=value:Effect` or `key:Effect`";
        let text = &given.value;
        let (rest, effect) = text.rsplit_once(':').unwrap_or((text, ""));
        let (key, value) = rest.split_once('=').map_or((rest, None), |(k, v)| (k, Some(v)));
        let problem = names::key(key).and_then(|()| names::value(value.unwrap_or_default()));
        if EFFECTS.contains(&effect) && problem.is_ok() {
            let value = value.filter(|value| !value.is_empty()).map(str::to_owned);
            return Some(Taint { key: key.to_owned(), value, effect: effect.to_owned() });
        }
        let near = nearest(effect, &EFFECTS).filter(|_| problem.is_ok());
        let expected = match problem {
            Err(expected) if !effect.is_empty() => format!("{FORM}, with {expected}"),
            _ => format!("{FORM}, with an effect of {}", one_of(&EFFECTS)),
        };
        self.wrong(given.spot, format!("{} is not a taint", quote(text)), |it| {
            it.found(text).expected(expected).nearest(near.map(|effect| format!("{rest}:{effect}")))
        });
        None
    }

    /// One machine is one host: by address and port (several machines may hide behind one address
    /// with a port each), and by name. What the file cannot show, preflight finds by machine id.
    fn same_host_twice(&mut self, given: &[At<raw::Host>], hosts: &[Option<Host>]) {
        let mut machines = HashMap::new();
        let mut displays = HashMap::new();
        for (given, host) in given.iter().zip(hosts) {
            let Some(host) = host else { continue };
            let address = given.value.address.as_ref().map_or(given.spot, |it| it.spot);
            let name = given.value.name.as_ref().map_or(address, |it| it.spot);
            let machine = (canonical(&host.address), host.ssh.port);
            if let Some(first) = machines.get(&machine) {
                let message = format!(
                    "the host {} is given twice: {}",
                    quote(&host.address),
                    seen(*first, "its address was given")
                );
                self.wrong(address, message, |it| {
                    it.found(&host.address).expected("each host once")
                });
                continue;
            }
            machines.insert(machine, address);
            // Log files, messages and the journal tell hosts apart by this word.
            let display = canonical(&host.display);
            if let Some(first) = displays.get(&display) {
                let message = format!(
                    "the name {} is taken: {}",
                    quote(&host.display),
                    seen(*first, "another host has it")
                );
                self.wrong(name, message, |it| {
                    it.found(&host.display).expected("a `name` of its own for each host")
                });
            } else {
                displays.insert(display, name);
            }
        }
    }

    fn control_planes(&mut self, list: &At<Vec<At<raw::Host>>>) {
        let mut places = list.value.iter().filter_map(|host| {
            let roles = &host.value.roles.as_ref()?.value;
            roles.iter().find(|role| role.value == ROLES[0]).map(|role| role.spot)
        });
        let first = places.next();
        // A host whose roles are wrong may be the missing one; one mistake is enough then.
        let known = |role: &At<String>| ROLES.contains(&role.value.as_str());
        let all_known = list.value.iter().all(|host| {
            host.value.roles.as_ref().is_some_and(|roles| roles.value.iter().all(known))
        });
        if first.is_none() && all_known {
            let spot = list.spot.start();
            self.wrong(spot, "no host has the role `control-plane`", |it| {
                it.expected("one host with `roles: [control-plane]`")
            });
        }
    }
}

/// An address or name as it compares: `Host.`, `host` and `HOST` are one, and so are the ways to
/// write an IP address.
fn canonical(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().to_string(),
        Err(_) => text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase(),
    }
}

fn seen(spot: Spot, what: &str) -> String {
    if spot.line == 0 { format!("{what} before") } else { format!("{what} on line {}", spot.line) }
}
