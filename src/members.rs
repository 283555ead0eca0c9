//! Who is in a running cluster: what `bv_members` (`host/members.sh`) reads on one of its control planes.

mod quorum;
pub mod serving;

use std::net::IpAddr;

use crate::cluster::Subnets;

pub use quorum::{Refusal, order};

/// Prints what [`Members::parse`] reads, on a control plane whose API server answers.
pub const SCRIPT: &str = "bv_members";

/// The script's exit status where the API server answers on that host and the cluster's address does not
/// (`BV_WAY_LOST`).
pub const WAY_LOST: i32 = 80;

/// A running cluster, as it describes itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Version of the API server that was asked: `v1.20.2`.
    pub version: String,
    /// `controlPlaneEndpoint` of kubeadm's configuration: `host:port`; `None` where there is none.
    pub endpoint: Option<String>,
    /// `podSubnet` of kubeadm's configuration; `None` where there is none that can be read.
    pub pod_subnet: Option<Subnets>,
    /// `cgroupDriver` that kubelets get which join; `None` where that cannot be read.
    pub cgroup_driver: Option<String>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The members of etcd; `None` where the cluster's etcd is not on its control planes.
    pub etcd: Option<Vec<Member>>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its kubelet said so a short while ago.
    pub ready: bool,
    /// Its internal addresses.
    pub addresses: Vec<IpAddr>,
}

/// A member of etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name; empty for one that has not started yet.
    pub name: String,
    /// Where the other members reach it.
    pub address: Option<IpAddr>,
    /// It answers, and says that it has a leader.
    pub healthy: bool,
    /// It has no vote yet: kubeadm adds members as learners from 1.29 on (kubernetes/kubernetes#113318) and promotes
    /// them when they are in step. It may look as healthy as another.
    pub learner: bool,
}

impl Members {
    /// Reads the script's lines; lines that are not known are left out.
    pub fn parse(text: &str) -> Self {
        let mut members = Self::default();
        let mut healthy: Vec<&str> = Vec::new();
        for line in text.lines() {
            let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
            match kind {
                "version" => rest.trim().clone_into(&mut members.version),
                "endpoint" if !rest.trim().is_empty() => {
                    members.endpoint = Some(rest.trim().to_owned());
                }
                "pods" => members.pod_subnet = rest.trim().parse().ok(),
                "cgroups" if !rest.trim().is_empty() => {
                    members.cgroup_driver = Some(rest.trim().to_owned());
                }
                "node" => members.nodes.extend(node(rest)),
                "etcd" => members.etcd = Some(etcd(rest)),
                "health" => healthy.extend(answers(rest)),
                _ => {}
            }
        }
        let healthy: Vec<IpAddr> = healthy.into_iter().filter_map(host_of).collect();
        for member in members.etcd.iter_mut().flatten() {
            member.healthy = member.address.is_some_and(|address| healthy.contains(&address));
        }
        members
    }

    /// The node with this name or one of these addresses. Exactly: `w1` is not `w10`.
    pub fn node(&self, name: &str, address: Option<IpAddr>) -> Option<&Node> {
        let by_address = |node: &&Node| address.is_some_and(|it| node.addresses.contains(&it));
        self.nodes
            .iter()
            .find(|node| node.name == name)
            .or_else(|| self.nodes.iter().find(by_address))
    }

    /// The member of etcd on a host: at one of its node's addresses or at this one, or by the node's name,
    /// which kubeadm gives to both.
    pub fn member_of(
        &self,
        name: &str,
        node: Option<&Node>,
        address: Option<IpAddr>,
    ) -> Option<&Member> {
        let mut addresses =
            node.iter().flat_map(|node| node.addresses.iter().copied()).chain(address);
        let at = addresses.find_map(|address| self.member(address));
        at.or_else(|| self.etcd.iter().flatten().find(|member| member.name == name))
    }

    /// The member of etcd at an address.
    pub fn member(&self, address: IpAddr) -> Option<&Member> {
        self.etcd.iter().flatten().find(|member| member.address == Some(address))
    }
}

/// `NAME ready=True ADDRESS...`.
fn node(line: &str) -> Option<Node> {
    let mut words = line.split_whitespace();
    let name = words.next()?.to_owned();
    let ready = words.next() == Some("ready=True");
    Some(Node { name, ready, addresses: words.filter_map(|word| word.parse().ok()).collect() })
}

/// etcd's own list (`/v3/cluster/member/list`).
fn etcd(json: &str) -> Vec<Member> {
    let list: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let members = list["members"].as_array().into_iter().flatten();
    members
        .map(|member| Member {
            name: member["name"].as_str().unwrap_or_default().to_owned(),
            address: member["peerURLs"][0].as_str().and_then(host_of),
            healthy: false,
            learner: member["isLearner"].as_bool().unwrap_or_default(),
        })
        .collect()
}

/// `URL {"health":"true"}`: the URL, if that is the answer.
fn answers(line: &str) -> Option<&str> {
    let (url, answer) = line.split_once(' ')?;
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    // A word until etcd 3.5, and a word still.
    let healthy = answer["health"].as_str() == Some("true") || answer["health"] == true;
    healthy.then_some(url)
}

/// The address in `https://10.0.0.1:2380` or `https://[fd00::1]:2380`.
fn host_of(url: &str) -> Option<IpAddr> {
    let rest = url.split_once("://")?.1;
    let (host, _) = rest.rsplit_once(':')?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"version v1.20.2
endpoint 127.0.0.1:6443
pods 10.244.0.0/16
cgroups cgroupfs
node cp1 ready=True 10.0.0.1
node w1 ready=Unknown 10.0.0.10 fd00::10
node odd ready=
etcd {"header":{"cluster_id":"1","member_id":"7"},"members":[{"ID":"7","name":"cp1","peerURLs":["https://10.0.0.1:2380"],"clientURLs":["https://10.0.0.1:2379"]},{"ID":"8","name":"cp2","peerURLs":["https://10.0.0.2:2380"],"clientURLs":["https://10.0.0.2:2379"]},{"ID":"9","peerURLs":["https://[fd00::3]:2380"]}]}
health https://10.0.0.1:2379 {"health":"true"}
health https://10.0.0.2:2379 
something else
"#;

    #[test]
    fn a_member_of_etcd_is_found_by_its_node_too() {
        let at = |address: &str| address.parse::<IpAddr>().ok();
        let member = |name: &str, address: &str| Member {
            name: name.to_owned(),
            address: at(address),
            learner: false,
            healthy: false,
        };
        let members = Members {
            nodes: vec![Node {
                name: "cp2".to_owned(),
                ready: false,
                addresses: vec![at("10.0.0.2").unwrap()],
            }],
            etcd: Some(vec![member("cp1", "10.0.0.1"), member("cp2", "10.0.0.2")]),
            ..Members::default()
        };
        let found = |name: &str, address: &str| {
            let node = members.node(name, at(address));
            let member = members.member_of(name, node, at(address));
            member.map(|member| member.name.as_str())
        };
        assert_eq!(found("cp2", "203.0.113.2"), Some("cp2"), "SSH goes to another address");
        assert_eq!(found("other", "10.0.0.2"), Some("cp2"));
        assert_eq!(found("cp1", "203.0.113.1"), Some("cp1"), "its node is gone already");
        assert_eq!(found("cp", "10.0.0.20"), None);
    }

    #[test]
    fn the_lines_of_the_script_are_read() {
        let members = Members::parse(TEXT);
        assert_eq!(members.version, "v1.20.2");
        assert_eq!(members.endpoint.as_deref(), Some("127.0.0.1:6443"));
        assert_eq!(members.pod_subnet, "10.244.0.0/16".parse().ok());
        assert_eq!(members.cgroup_driver.as_deref(), Some("cgroupfs"));
        assert_eq!(members.nodes.len(), 3);
        assert!(members.nodes[0].ready && !members.nodes[1].ready && !members.nodes[2].ready);
        let etcd = members.etcd.as_ref().unwrap();
        let healthy: Vec<bool> = etcd.iter().map(|member| member.healthy).collect();
        assert_eq!(healthy, [true, false, false]);
        assert_eq!(members.member("fd00::3".parse().unwrap()).unwrap().name, "");
        assert_eq!(members.member("10.0.0.20".parse().unwrap()), None);
    }

    #[test]
    fn a_node_is_found_by_its_whole_name_or_address() {
        let members = Members::parse(TEXT);
        let find = |name: &str, address: &str| {
            members.node(name, address.parse().ok()).map(|node| node.name.as_str())
        };
        assert_eq!(find("w1", ""), Some("w1"));
        assert_eq!(find("w", ""), None);
        assert_eq!(find("?", "10.0.0.1"), Some("cp1"), "not 10.0.0.10");
        assert_eq!(find("?", "fd00::10"), Some("w1"));
        assert_eq!(find("?", "10.0.0.100"), None);
    }

    #[test]
    fn an_etcd_elsewhere_is_not_ours() {
        assert_eq!(Members::parse("version v1.20.2\n").etcd, None);
        assert_eq!(Members::parse("etcd no json\n").etcd, Some(Vec::new()));
    }
}
