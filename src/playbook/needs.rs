//! What a plan takes from sources, whatever these are: a bundle, release servers, registries.

use std::collections::BTreeSet;

use super::plan::{Pending, Plan};
use super::resolve::{Work, image_name};
use crate::host::Change;

/// Files and images that changes of a plan bring to hosts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Some host gets a program.
    pub files: bool,
    /// Hosts by their index, and the images that they get, as playbooks call them.
    pub images: BTreeSet<(usize, String)>,
}

impl Needs {
    /// Whether the plan can do without any source.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        !self.files && self.images.is_empty()
    }
}

impl Plan {
    /// What its changes take from sources.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for lane in &self.lanes {
            for task in &lane.tasks {
                let work = match &task.work {
                    Pending::Ready(work) => Some(work.clone()),
                    Pending::Late(late) => late.preview(&task.step),
                };
                let Some(Work::Changes(changes)) = work else { continue };
                let mut add = |reference: &str| {
                    needs.images.insert((lane.host, image_name(reference).to_owned()));
                };
                for change in &changes {
                    match change {
                        Change::Artifact { .. } => needs.files = true,
                        Change::Image { references, .. }
                        | Change::DockerImage { references, .. }
                        | Change::DockerPull { references } => {
                            for (_, source) in references {
                                add(source);
                            }
                        }
                        Change::Cri { images, .. } => {
                            for (reference, _) in images {
                                add(reference);
                            }
                        }
                        Change::Pull { references } => {
                            for reference in references {
                                add(reference);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        needs
    }
}
