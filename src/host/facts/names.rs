//! Names, as the host's programs find them, and the time.

use super::parse::Read;

/// What the host's files say of names, and who sets its clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The lines of `/etc/hosts` for `localhost` and for the host's own name: address, name in lower case.
    pub hosts: Option<Vec<(String, String)>>,
    /// Where host names are looked up, by `nsswitch.conf`: `files`, `dns`.
    pub lookup: Option<Vec<String>>,
    /// `/etc/resolv.conf`.
    pub etc: Option<ResolvConf>,
    /// The upstream servers that systemd-resolved writes down.
    pub resolved: Option<ResolvConf>,
    /// Those that `NetworkManager` writes down.
    pub manager: Option<ResolvConf>,
    /// Whether systemd-resolved runs: kubeadm then gives kubelets its file.
    pub resolved_runs: Option<bool>,
    /// The name that cloud-init's configuration has for the host.
    pub cloud_name: Option<String>,
    /// Whether cloud-init leaves the name alone (`preserve_hostname`); unknown where it is not there.
    pub cloud_keeps: Option<bool>,
    /// Whether cloud-init writes `/etc/hosts` anew at each boot.
    pub cloud_hosts: bool,
    /// Units that are enabled and write routing rules of a cloud's own.
    pub cloud_routes: Option<Vec<String>>,
    /// Whether it is a container, whose clock is its machine's.
    pub container: Option<bool>,
    /// Services that set the clock and run.
    pub time_sync: Option<Vec<String>>,
}

/// A file of name servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolvConf {
    /// With these servers, as they are written.
    There(Vec<String>),
    /// Nothing has the name.
    Missing,
    /// A link to what is not there.
    Dangling(String),
    /// Something else: a directory.
    NoFile,
}

impl Names {
    pub(super) fn read(read: &Read) -> Self {
        let line = |value: &str| {
            let (address, name) = value.split_once(' ')?;
            Some((address.to_owned(), name.to_owned()))
        };
        let file = |key: &str| {
            Some(match read.text(key)?.as_str() {
                "there" => ResolvConf::There(read.texts(&format!("{key}.server"))?),
                "missing" => ResolvConf::Missing,
                "no file" => ResolvConf::NoFile,
                other => ResolvConf::Dangling(other.strip_prefix("dangling ")?.to_owned()),
            })
        };
        Self {
            hosts: read.list("hosts", line),
            lookup: read
                .text("lookup")
                .map(|it| it.split_whitespace().map(str::to_owned).collect()),
            etc: file("resolv.etc"),
            resolved: file("resolv.resolved"),
            manager: file("resolv.manager"),
            resolved_runs: read.flag("resolved"),
            cloud_name: read.text("cloud.name"),
            cloud_keeps: read.flag("cloud.keeps"),
            cloud_hosts: read.flag("cloud.hosts").unwrap_or_default(),
            cloud_routes: read.texts("cloud_routes"),
            container: read.flag("container"),
            time_sync: read.texts("time_sync"),
        }
    }

    /// The addresses that `/etc/hosts` has for a name.
    pub fn addresses(&self, name: &str) -> impl Iterator<Item = &str> {
        let of = move |(_, named): &&(String, String)| named.eq_ignore_ascii_case(name);
        self.hosts.iter().flatten().filter(of).map(|(address, _)| address.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Facts;
    use super::*;

    #[test]
    fn names_are_read() {
        let text = "facts 1\nhosts -\nhosts 127.0.1.1 cp1\nhosts ::1 localhost\nlookup files dns\n\
                    resolv.etc dangling ../run/x\nresolv.resolved there\nresolv.resolved.server -\n\
                    resolv.resolved.server 10.0.0.2\nresolv.manager missing\nresolved 1\ntime_sync -\n\
                    container 0\ncloud.keeps 0\nend\n";
        let names = Facts::parse(text).unwrap().names;
        assert_eq!(names.addresses("CP1").collect::<Vec<_>>(), ["127.0.1.1"]);
        assert_eq!(names.lookup, Some(vec!["files".to_owned(), "dns".to_owned()]));
        assert_eq!(names.etc, Some(ResolvConf::Dangling("../run/x".into())));
        assert_eq!(names.resolved, Some(ResolvConf::There(vec!["10.0.0.2".into()])));
        assert_eq!(names.manager, Some(ResolvConf::Missing));
        assert_eq!((names.resolved_runs, names.container), (Some(true), Some(false)));
        assert_eq!((names.time_sync, names.cloud_name), (Some(vec![]), None));
    }
}
