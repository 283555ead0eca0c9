//! Families of distributions: what each of them calls things, one file a family in `playbooks/os/`.
//!
//! A family is data. Which distributions belong to it, by os-release's `ID` or `ID_LIKE`
//! (os-release(5)), which package brings a tool, release by release, and how packages are installed there:
//! all of that is read from its file, and nothing of it is known here.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::cluster::{Mistake, yaml};
use crate::host::PackageManager;
use crate::host::facts::{Facts, Os};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/playbooks/os");

/// All families, by the names of their files.
#[derive(Debug, Clone, Default)]
pub struct Families(BTreeMap<String, Family>);

/// One file of `playbooks/os/`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// What its distributions are called together, for people.
    pub name: String,
    /// os-release's `ID` of its distributions.
    ids: Vec<String>,
    /// The package managers that are used, the first that a host has.
    managers: Vec<PackageManager>,
    /// The packages that bring a tool. One that no package brings has an empty list.
    packages: BTreeMap<String, Vec<String>>,
    /// Where releases differ; the last that fits has the last word.
    #[serde(default)]
    releases: Vec<Release>,
    /// The package with the kernel modules that its smallest kernels lack.
    #[serde(default)]
    modules: Option<String>,
}

/// Distributions and releases that call things otherwise than the rest of their family.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    /// os-release's `ID`; without it all of the family.
    #[serde(default)]
    ids: Vec<String>,
    /// The first release.
    from: Option<String>,
    /// The first release that is not one of them any more.
    below: Option<String>,
    #[serde(default)]
    packages: BTreeMap<String, Vec<String>>,
    modules: Option<String>,
}

/// A host's distribution: its family, and the package manager that is there.
#[derive(Debug, Clone, Copy)]
pub struct Distribution<'a> {
    /// The family's file: `debian`.
    pub file: &'a str,
    /// The family.
    pub family: &'a Family,
    /// What installs packages on the host.
    pub manager: PackageManager,
    os: &'a Os,
}

impl Families {
    /// Those that the binary carries.
    ///
    /// # Errors
    /// When one of them cannot be read, which a test rules out.
    pub fn embedded() -> Result<Self, Box<Mistake>> {
        let files = EMBEDDED.files().filter_map(|file| {
            Some((file.path().file_stem()?.to_str()?.to_owned(), file.contents_utf8()?))
        });
        files.map(|(name, text)| Ok((name.clone(), Family::parse(&name, text)?))).collect()
    }

    /// The distribution of a host, where its family is known and one of the family's package managers is
    /// there.
    pub fn of<'a>(&'a self, facts: &'a Facts) -> Option<Distribution<'a>> {
        self.find(&facts.os, facts.package_managers.as_deref()?)
    }

    /// [`Families::of`] by what matters of the facts.
    pub fn find<'a>(&'a self, os: &'a Os, managers: &[String]) -> Option<Distribution<'a>> {
        let (file, family) = self.of_os(os)?;
        let there = |manager: &&PackageManager| managers.iter().any(|it| it == manager.command());
        let manager = *family.managers.iter().find(there)?;
        Some(Distribution { file, family, manager, os })
    }

    /// The family of a distribution: by its own name, else by the first that it is made from.
    pub fn of_os(&self, os: &Os) -> Option<(&str, &Family)> {
        let named = |id: &String| {
            let mut families = self.0.iter();
            families
                .find(|(_, family)| family.ids.contains(id))
                .map(|(file, it)| (file.as_str(), it))
        };
        os.id.iter().chain(&os.id_like).find_map(named)
    }

    /// Their names for people, for a message.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(|family| family.name.as_str())
    }

    /// The families, with the names of their files.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Family)> {
        self.0.iter().map(|(file, family)| (file.as_str(), family))
    }
}

impl FromIterator<(String, Family)> for Families {
    fn from_iter<I: IntoIterator<Item = (String, Family)>>(families: I) -> Self {
        Self(families.into_iter().collect())
    }
}

impl Family {
    /// Reads a family's file.
    ///
    /// # Errors
    /// The mistake in it, with its place.
    pub fn parse(path: &str, text: &str) -> Result<Self, Box<Mistake>> {
        yaml::from_str(path, text)
    }

    /// The package managers that are used, in their order.
    pub fn managers(&self) -> impl Iterator<Item = &'static str> {
        self.managers.iter().map(|manager| manager.command())
    }
}

impl<'a> Distribution<'a> {
    /// The packages that bring a tool; `None` where the family's file does not say.
    pub fn packages(&self, tool: &str) -> Option<&'a [String]> {
        let own = self.releases().rev().find_map(|release| release.packages.get(tool));
        own.or_else(|| self.family.packages.get(tool)).map(Vec::as_slice)
    }

    /// How a package is installed by hand.
    pub fn install(&self, package: &str) -> String {
        format!("{} install -y {package}", self.manager.command())
    }

    /// The package with the rest of the kernel's modules, where there is one.
    pub fn modules(&self) -> Option<&'a str> {
        let own = self.releases().rev().find_map(|release| release.modules.as_deref());
        own.or(self.family.modules.as_deref())
    }

    fn releases(&self) -> impl DoubleEndedIterator<Item = &'a Release> {
        let os = self.os;
        self.family.releases.iter().filter(move |release| release.fits(os))
    }
}

impl Release {
    fn fits(&self, os: &Os) -> bool {
        let named = |id: &String| self.ids.contains(id);
        if !self.ids.is_empty() && !os.id.iter().chain(&os.id_like).any(named) {
            return false;
        }
        // What has no version rolls: it is newer than all that have one.
        let own = os.version_id.as_deref().map(numbers);
        let from = self.from.as_deref().map(numbers);
        let below = self.below.as_deref().map(numbers);
        match own {
            None => below.is_none(),
            Some(own) => {
                from.is_none_or(|from| own >= from) && below.is_none_or(|below| own < below)
            }
        }
    }
}

/// The numbers of a version: `15.6`, `V10`, `8.10`.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(id: &str, like: &[&str], version: Option<&str>) -> Os {
        Os {
            id: Some(id.into()),
            id_like: like.iter().map(|&it| it.into()).collect(),
            version_id: version.map(Into::into),
            pretty_name: None,
        }
    }

    #[test]
    fn releases_are_told_apart_by_their_numbers() {
        let release = Release {
            ids: vec!["rhel".into()],
            from: Some("8".into()),
            below: Some("9".into()),
            packages: BTreeMap::new(),
            modules: None,
        };
        for (version, fits) in [
            ("7.9", false),
            ("8", true),
            ("8.10", true),
            ("9", false),
            ("9.0", false),
            ("10.1", false),
        ] {
            assert_eq!(release.fits(&os("rhel", &[], Some(version))), fits, "{version}");
        }
        assert!(!release.fits(&os("rhel", &[], None)), "a rolling one is the newest");
        assert!(release.fits(&os("own", &["rhel"], Some("8.4"))));
        assert!(!release.fits(&os("own", &["suse"], Some("8.4"))));
        assert_eq!(numbers("V10"), [10]);
    }

    #[test]
    fn a_distribution_is_found_by_its_own_name_first() {
        let families = Families::embedded().unwrap();
        let file = |os: &Os| families.of_os(os).map(|(file, _)| file.to_owned());
        for (id, like, expected) in [
            ("ubuntu", &["debian"][..], Some("debian")),
            ("linuxmint", &["ubuntu", "debian"], Some("debian")),
            ("rocky", &["rhel", "centos", "fedora"], Some("redhat")),
            ("amzn", &["fedora"], Some("redhat")),
            ("anolis", &["rhel", "fedora", "centos"], Some("openeuler")),
            ("kylin", &[], Some("openeuler")),
            ("opensuse-tumbleweed", &["opensuse", "suse"], Some("suse")),
            ("arch", &[], None),
        ] {
            assert_eq!(file(&os(id, like, Some("1"))).as_deref(), expected, "{id}");
        }
    }

    #[test]
    fn a_manager_of_another_family_does_not_count() {
        let families = Families::embedded().unwrap();
        // Fedora has a package of apt, and Tumbleweed one of dnf.
        let fedora = os("fedora", &[], Some("42"));
        let managers = ["apt-get".to_owned(), "dnf".to_owned()];
        assert_eq!(families.find(&fedora, &managers).unwrap().manager, PackageManager::Dnf);
        assert!(families.find(&fedora, &managers[..1]).is_none());
        let el7 = os("centos", &["rhel", "fedora"], Some("7"));
        assert_eq!(families.find(&el7, &["yum".to_owned()]).unwrap().manager, PackageManager::Yum);
    }
}
