//! Hosts by what the user calls them.

use super::{Cluster, nearest::nearest};

impl Cluster {
    /// The host with exactly this display name, address or node name, as an index into `hosts`.
    ///
    /// # Errors
    ///
    /// What is wrong, and what was probably meant: a host is never guessed.
    pub fn named(&self, word: &str) -> Result<usize, String> {
        let is = |host: &super::Host| {
            host.display == word
                || host.address == word
                || host.node_name.as_deref().is_some_and(|name| name == word)
        };
        if let Some(index) = self.hosts.iter().position(is) {
            return Ok(index);
        }
        let names: Vec<&str> = self
            .hosts
            .iter()
            .flat_map(|host| [host.display.as_str(), host.address.as_str()])
            .collect();
        if let Some(near) = nearest(word, &names) {
            return Err(format!("`{word}` is no host of the cluster; did you mean `{near}`?"));
        }
        let all: Vec<&str> = self.hosts.iter().map(|host| host.display.as_str()).collect();
        Err(format!("`{word}` is no host of the cluster; its hosts are `{}`", all.join("`, `")))
    }

    /// The same cluster with only these of its hosts, in the file's order.
    #[must_use]
    pub fn only(&self, hosts: &[usize]) -> Self {
        let mut cluster = self.clone();
        let mut index = 0;
        cluster.hosts.retain(|_| {
            index += 1;
            hosts.contains(&(index - 1))
        });
        cluster
    }
}

#[cfg(test)]
mod tests {
    fn cluster() -> crate::cluster::Cluster {
        let text = "apiVersion: bivouac/v1alpha1
kind: Cluster
metadata: {name: demo}
spec:
  kubernetes: {version: v1.20.2}
  artifacts: {bundle: b}
  hosts:
  - {address: 10.0.0.1, roles: [control-plane], name: cp1}
  - {address: 10.0.0.10, roles: [worker], name: w1}
  - {address: 10.0.0.11, roles: [worker]}
";
        crate::cluster::parse("cluster.yaml", text).unwrap()
    }

    #[test]
    fn a_host_is_named_as_a_whole() {
        let cluster = cluster();
        for (word, found) in [("cp1", 0), ("10.0.0.1", 0), ("w1", 1), ("10.0.0.11", 2)] {
            assert_eq!(cluster.named(word), Ok(found), "{word}");
        }
        for (word, said) in [
            ("w", "did you mean `w1`?"),
            ("zebra", "its hosts are `cp1`, `w1`, `10.0.0.11`"),
            ("w11", "did you mean `w1`?"),
            ("10.0.0", "did you mean `10.0.0.1`?"),
            ("10.0.0.12", "did you mean `10.0.0.1"),
            ("W1", "did you mean `w1`?"),
            ("", "its hosts are"),
        ] {
            let error = cluster.named(word).unwrap_err();
            assert!(error.contains(said), "{word}: {error}");
        }
    }

    #[test]
    fn a_part_of_a_cluster_keeps_the_file_s_order() {
        let part = cluster().only(&[2, 0]);
        let names: Vec<&str> = part.hosts.iter().map(|host| host.display.as_str()).collect();
        assert_eq!(names, ["cp1", "10.0.0.11"]);
    }
}
