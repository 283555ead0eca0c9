//! Playbooks and templates: those in the binary, or a user's own.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};
use thiserror::Error;

use super::spec::{Action, Playbook};
use super::template::Templates;
use crate::cluster::yaml;
use crate::family::{Families, Family};
use crate::page::covers;
use crate::preflight::CHECKS;

static PLAYBOOKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/playbooks");
static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// A playbook or template that cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// A mistake in a playbook, with its place.
    #[error("{0}")]
    Playbook(String),
    /// A mistake in a template, or a value that it misses.
    #[error("template {name} cannot be rendered")]
    Template { name: String, source: tera::Error },
    /// A directory or file of the user's that cannot be read.
    #[error("`{path}` cannot be read")]
    Read { path: String, source: std::io::Error },
    /// A step that does not fit the cluster, such as an artifact that the bundle does not have.
    #[error("step `{step}`: {cause}")]
    Step { step: String, cause: String },
    /// A verb for which nothing is written.
    #[error("there is no playbook in `playbooks/{verb}`")]
    NoPlaybook { verb: String },
    /// Hosts that would wait for each other for ever.
    #[error("no host could go on: {0}")]
    Stuck(String),
}

impl Error {
    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Playbook(_) | Self::Stuck(_) => "correct the playbook",
            Self::Template { .. } => "correct the template; `bivouac render` shows what it becomes",
            Self::Read { .. } => {
                "name a directory that holds `playbooks` or `templates`, and that you may read"
            }
            Self::Step { .. } => {
                "correct the playbook, or what it names in cluster.yaml or the bundle"
            }
            Self::NoPlaybook { .. } => "write it there, or leave `--playbooks` away",
        }
    }
}

/// All playbooks and templates.
#[derive(Debug)]
pub struct Library {
    pub(super) templates: Templates,
    playbooks: BTreeMap<String, Vec<Playbook>>,
    families: Families,
}

impl Library {
    /// Those that the binary carries.
    pub fn embedded() -> Result<Self, Error> {
        Self::new("playbooks", &embedded(&PLAYBOOKS), &embedded(&TEMPLATES))
    }

    /// A user's own: `DIR/playbooks` and `DIR/templates`; what a directory lacks is taken from the binary.
    pub fn from_dir(dir: &Path) -> Result<Self, Error> {
        let own = |name: &str, inner: &Dir<'_>| {
            let dir = dir.join(name);
            if dir.is_dir() { read_dir(&dir, "") } else { Ok(embedded(inner)) }
        };
        if !dir.join("playbooks").is_dir() && !dir.join("templates").is_dir() {
            let source = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(Error::Read { path: format!("{}/playbooks", dir.display()), source });
        }
        let place = dir.join("playbooks").display().to_string();
        let mut playbooks = own("playbooks", &PLAYBOOKS)?;
        // What distributions call things, and how a host is repaired, is no matter of taste: ours serve where
        // there are none.
        for beginning in ["os/", "fix/"] {
            let is_one = |(name, _): &(String, String)| name.starts_with(beginning);
            if !playbooks.iter().any(is_one) {
                playbooks.extend(embedded(&PLAYBOOKS).into_iter().filter(is_one));
            }
        }
        Self::new(&place, &playbooks, &own("templates", &TEMPLATES)?)
    }

    /// `place`: the directory of the playbooks, for messages.
    fn new(
        place: &str,
        playbooks: &[(String, String)],
        templates: &[(String, String)],
    ) -> Result<Self, Error> {
        let mut verbs: BTreeMap<String, Vec<Playbook>> = BTreeMap::new();
        let mut families = Vec::new();
        for (name, text) in playbooks {
            let mistake =
                |mistake: Box<crate::cluster::Mistake>| Error::Playbook(mistake.to_string());
            let path = format!("{place}/{name}");
            // What lies beside the verbs' directories is not for us.
            let Some((verb, file)) = name.split_once('/') else { continue };
            let Some(stem) = file.strip_suffix(".yaml") else {
                return Err(Error::Playbook(format!(
                    "{path}: the name of a playbook ends in `.yaml`"
                )));
            };
            if verb == "os" {
                families.push((stem.to_owned(), Family::parse(&path, text).map_err(mistake)?));
            } else {
                let playbook: Playbook = yaml::from_str(&path, text).map_err(mistake)?;
                verbs.entry(verb.to_owned()).or_default().push(playbook);
            }
        }
        repairs(&format!("{place}/{FIX}"), verbs.get(FIX).map_or(&[], Vec::as_slice))?;
        for (verb, playbooks) in &verbs {
            gates(&format!("{place}/{verb}"), playbooks)?;
        }
        Ok(Self {
            templates: Templates::new(templates)?,
            playbooks: verbs,
            families: families.into_iter().collect(),
        })
    }

    /// Names of the values that steps read from hosts.
    pub(super) fn reads(&self) -> impl Iterator<Item = &str> {
        self.playbooks.values().flatten().flat_map(|playbook| &playbook.steps).filter_map(|step| {
            match &step.action {
                Action::Read(read) => Some(read.value.as_str()),
                _ => None,
            }
        })
    }

    /// The playbooks of a verb, in the order of their file names.
    pub fn playbooks(&self, verb: &str) -> &[Playbook] {
        self.playbooks.get(verb).map_or(&[], Vec::as_slice)
    }

    /// Findings that the steps of `fix` repair, by name.
    pub fn repairs(&self) -> Vec<String> {
        let steps = self.playbooks(FIX).iter().flat_map(|playbook| &playbook.steps);
        steps.filter_map(|step| step.repairs.clone()).collect()
    }

    /// What families of distributions call things.
    pub fn families(&self) -> &Families {
        &self.families
    }
}

/// The verb whose steps repair what preflight finds.
pub(super) const FIX: &str = "fix";

/// Looks for steps that repair what nobody finds: they would never run.
fn repairs(place: &str, playbooks: &[Playbook]) -> Result<(), Error> {
    for step in playbooks.iter().flat_map(|playbook| &playbook.steps) {
        let cause = match &step.repairs {
            None => "names no finding that it `repairs`".to_owned(),
            Some(name) if CHECKS.iter().any(|it| it.finds(name) || covers(name, it.name)) => {
                continue;
            }
            Some(name) => format!("repairs `{name}`, and no check of preflight finds that"),
        };
        return Err(Error::Playbook(format!("{place}: step `{}` {cause}", step.name)));
    }
    Ok(())
}

/// Looks for gates that nobody opens: a wrong name would leave out the wait in silence.
fn gates(place: &str, playbooks: &[Playbook]) -> Result<(), Error> {
    let steps = || playbooks.iter().flat_map(|playbook| &playbook.steps);
    let opened: Vec<&str> = steps().filter_map(|step| step.opens.as_deref()).collect();
    for step in steps() {
        let Some(gate) = step.needs.as_deref().filter(|gate| !opened.contains(gate)) else {
            continue;
        };
        let known = match opened.as_slice() {
            [] => "no step has `opens`".to_owned(),
            _ => format!("the gates are `{}`", opened.join("`, `")),
        };
        return Err(Error::Playbook(format!(
            "{place}: step `{}` needs the gate `{gate}`, which no step opens; {known}",
            step.name
        )));
    }
    Ok(())
}

/// All files of an embedded directory with their paths, sorted.
fn embedded(dir: &Dir<'_>) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = dir
        .files()
        .filter_map(|file| {
            Some((file.path().to_str()?.to_owned(), file.contents_utf8()?.to_owned()))
        })
        .chain(dir.dirs().flat_map(embedded))
        .collect();
    files.sort();
    files
}

fn read_dir(dir: &Path, prefix: &str) -> Result<Vec<(String, String)>, Error> {
    let failed = |path: &Path, source| Error::Read { path: path.display().to_string(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|source| failed(dir, source))? {
        let path = entry.map_err(|source| failed(dir, source))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // What editors leave behind is nobody's playbook.
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            files.extend(read_dir(&path, &format!("{name}/"))?);
        } else {
            let text = std::fs::read_to_string(&path).map_err(|source| failed(&path, source))?;
            files.push((name, text));
        }
    }
    files.sort();
    Ok(files)
}
