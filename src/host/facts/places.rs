//! The places on a host where files will go: what is there, and what keeps root from writing.

use super::parse::Read;

/// What is at the places that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Those where something is.
    pub all: Option<Vec<Place>>,
    /// What is mounted where they lie.
    pub mounts: Vec<Mount>,
    /// Links that lead nowhere, and where that is.
    pub dangling: Option<Vec<(String, String)>>,
    /// Those that the file system keeps from being changed (`chattr +i`, `+a`); unknown without `lsattr`.
    pub immutable: Option<Vec<String>>,
    /// Those that cannot be written even by root.
    pub read_only: Option<Vec<String>>,
    /// Devices, and whether they are there as such.
    pub devices: Vec<(String, bool)>,
    /// Directories on an XFS, and whether that tells the kind of a file with its name (`ftype=1` of `xfs_info`).
    pub ftypes: Vec<(String, bool)>,
}

/// A place where something is; of a link, where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `/etc/kubernetes`.
    pub path: String,
    /// Its permissions.
    pub mode: u32,
    /// Where its file system is mounted.
    pub mount: String,
    /// `directory`, `regular file`, as `stat` has it.
    pub kind: String,
}

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// `/var`.
    pub path: String,
    /// `ro`, `noexec`.
    pub options: Vec<String>,
    /// `ext4`.
    pub file_system: String,
    /// Whether mounts made below show elsewhere too.
    pub shared: bool,
}

impl Place {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.kind == "directory"
    }
}

impl Mount {
    /// Whether it has an option.
    pub fn has(&self, option: &str) -> bool {
        self.options.iter().any(|it| it == option)
    }
}

impl Places {
    /// What is at a path.
    pub fn at(&self, path: &str) -> Option<&Place> {
        self.all.iter().flatten().find(|place| place.path == path)
    }

    /// The file system that a path lies on, or will lie on: that of its nearest parent.
    pub fn mount(&self, path: &str) -> Option<&Mount> {
        let mut path = path;
        loop {
            if let Some(place) = self.at(path) {
                return self.mounts.iter().find(|mount| mount.path == place.mount);
            }
            let (parent, _) = path.rsplit_once('/').filter(|_| path != "/")?;
            path = if parent.is_empty() { "/" } else { parent };
        }
    }

    /// Whether a device is there; `None` when nobody looked.
    pub fn device(&self, path: &str) -> Option<bool> {
        self.devices.iter().find(|(name, _)| name == path).map(|(_, there)| *there)
    }

    /// The same of an XFS's names: that of the nearest parent that was asked about.
    pub fn ftype(&self, path: &str) -> Option<bool> {
        let is_in = |it: &str| {
            path.strip_prefix(it).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let all = self.ftypes.iter().filter(|(it, _)| is_in(it));
        all.max_by_key(|(it, _)| it.len()).map(|(_, tells)| *tells)
    }

    pub(super) fn read(read: &Read) -> Self {
        let pair = |value: &str| {
            let (one, two) = value.split_once(' ').unwrap_or((value, ""));
            Some((one.to_owned(), two.to_owned()))
        };
        let device =
            |value: &str| value.split_once(' ').map(|(it, there)| (it.to_owned(), there == "1"));
        Self {
            all: read.list("place", place),
            mounts: read.list("mount", mount).unwrap_or_default(),
            dangling: read.list("dangling", pair),
            immutable: read.texts("immutable"),
            read_only: read.texts("read_only"),
            devices: read.list("device", device).unwrap_or_default(),
            ftypes: read.list("ftype", ftype).unwrap_or_default(),
        }
    }
}

/// `PATH 1`; of a file system without a word for it nothing is behind the path.
fn ftype(value: &str) -> Option<(String, bool)> {
    let (path, tells) = value.split_once(' ')?;
    matches!(tells, "0" | "1").then(|| (path.to_owned(), tells == "1"))
}

/// `PATH MODE MOUNT KIND`.
fn place(value: &str) -> Option<Place> {
    let mut words = value.splitn(4, ' ');
    let path = words.next()?.to_owned();
    let mode = u32::from_str_radix(words.next()?, 8).ok()?;
    let (mount, kind) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(Place { path, mode, mount, kind })
}

/// `PATH OPTIONS TYPE SHARED`.
fn mount(value: &str) -> Option<Mount> {
    let mut words = value.split(' ');
    let path = words.next()?.to_owned();
    let options = words.next()?.split(',').map(str::to_owned).collect();
    let (file_system, shared) = (words.next()?.to_owned(), words.next()? == "1");
    Some(Mount { path, options, file_system, shared })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_on_the_file_system_of_its_nearest_parent() {
        let text = "facts 1\nplace / 755 / directory\nplace /var/lib 755 /var directory\nmount / rw,relatime ext4 1\nmount /var ro,noexec xfs 0\nend";
        let places = crate::host::facts::Facts::parse(text).unwrap().places;
        let mount = |path: &str| places.mount(path).unwrap().path.as_str();
        assert_eq!(mount("/var/lib/kubelet/pods"), "/var");
        assert_eq!(mount("/opt/cni/bin"), "/");
        assert_eq!(mount("/"), "/");
        assert!(places.mount("/var/lib/x").unwrap().has("noexec"));
        assert!(!places.mount("/etc").unwrap().has("noexec"));
        assert_eq!(Places::default().mount("/etc"), None);
    }
}
