//! The Plan: each host's own list of what is to be done, a pure function of cluster, facts, playbooks
//! and templates.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::context;
use super::library::{Error, FIX, Library};
use super::order;
use super::resolve::{Scope, Work};
use super::site::{Artifacts, Site};
use super::spec::{Action, Each, Selector, Step};
use super::stage;
use super::values::{SERVE_TOKEN, Values};
use crate::cluster::Cluster;
use crate::event::StepName;
use crate::host::facts::Os;
use crate::page::covers;

/// All lanes, in the order of cluster.yaml.
#[derive(Debug)]
pub struct Plan {
    pub lanes: Vec<Lane>,
}

/// One host's work.
#[derive(Debug)]
pub struct Lane {
    /// Index into `cluster.hosts`.
    pub host: usize,
    /// Display name.
    pub name: String,
    pub tasks: Vec<Task>,
}

/// One step on one host.
#[derive(Debug)]
pub struct Task {
    pub step: StepName,
    /// The gate that must be open first.
    pub needs: Option<String>,
    /// It goes on when all who can have passed that gate, though somebody cannot.
    pub anyway: bool,
    /// The gate that opens when every task with its name is done.
    pub opens: Option<String>,
    /// Tasks with the same name here are done by one host at a time.
    pub alone: Option<String>,
    /// It is stopped after this time.
    pub limit: Duration,
    /// How often it may be tried.
    pub tries: u32,
    pub work: Pending,
}

/// Work that is known, or that will be when its values are.
#[derive(Debug)]
pub enum Pending {
    Ready(Work),
    Late(Box<Late>),
}

/// A step that uses `values`.
#[derive(Debug)]
pub struct Late {
    action: Action,
    context: Arc<Value>,
    os: Os,
    package_managers: Vec<String>,
    arch: String,
    shared: Arc<Shared>,
}

/// What late steps of all lanes need of the site.
#[derive(Debug)]
struct Shared {
    library: Arc<Library>,
    cluster: Cluster,
    artifacts: Artifacts,
}

impl Pending {
    /// The work, with what is known by now.
    pub fn resolve(&self, step: &StepName, values: &Values) -> Result<Work, Error> {
        match self {
            Self::Ready(work) => Ok(work.clone()),
            Self::Late(late) => late.work(step, values.json()),
        }
    }
}

impl Plan {
    /// Makes the plan of a verb. Performs no I/O.
    pub fn build(verb: &str, library: &Arc<Library>, site: &Site<'_>) -> Result<Self, Error> {
        Self::chain(&[verb], library, site)
    }

    /// Makes the plan that repairs what was found on each host, by its name. Hosts that have nothing of it have no
    /// lane. Performs no I/O.
    pub fn fix(
        library: &Arc<Library>,
        site: &Site<'_>,
        found: &[Vec<String>],
    ) -> Result<Self, Error> {
        let mut plan = Self::made(&[FIX], library, site, Some(found))?;
        plan.lanes.retain(|lane| !lane.tasks.is_empty());
        Ok(plan)
    }

    /// Makes one plan of several verbs' playbooks, one after the other. Performs no I/O.
    pub fn chain(verbs: &[&str], library: &Arc<Library>, site: &Site<'_>) -> Result<Self, Error> {
        Self::made(verbs, library, site, None)
    }

    fn made(
        verbs: &[&str],
        library: &Arc<Library>,
        site: &Site<'_>,
        found: Option<&[Vec<String>]>,
    ) -> Result<Self, Error> {
        if let Some(verb) = verbs.iter().find(|verb| library.playbooks(verb).is_empty()) {
            return Err(Error::NoPlaybook { verb: (*verb).to_owned() });
        }
        let shared = Arc::new(Shared {
            library: Arc::clone(library),
            cluster: site.cluster.clone(),
            artifacts: Artifacts(site.artifacts.0.clone()),
        });
        let mut lanes = (0..site.cluster.hosts.len())
            .map(|host| {
                let found = found.map(|found| found.get(host).map_or(&[][..], Vec::as_slice));
                Self::lane(verbs, &shared, site, host, found)
            })
            .collect::<Result<Vec<_>, _>>()?;
        stage::insert(&mut lanes);
        order::check(&lanes)?;
        Ok(Self { lanes })
    }

    fn lane(
        verbs: &[&str],
        shared: &Arc<Shared>,
        site: &Site<'_>,
        host: usize,
        found: Option<&[String]>,
    ) -> Result<Lane, Error> {
        let spec = &site.cluster.hosts[host];
        let context = Arc::new(context::of(site, host));
        let playbooks = verbs.iter().flat_map(|verb| shared.library.playbooks(verb));
        let holds = |when| shared.library.templates.holds(when, &context);
        let mut steps = Vec::new();
        for playbook in playbooks {
            if playbook.when.as_deref().map(holds).transpose()?.unwrap_or(true) {
                steps.extend(playbook.steps.iter().map(|step| (playbook, step)));
            }
        }
        let mut tasks = Vec::new();
        for (playbook, step) in steps {
            let is_wanted = |name: &String| {
                found.is_none_or(|found| found.iter().any(|finding| covers(name, finding)))
            };
            if !Self::chosen(step, site, host) || !step.repairs.as_ref().is_none_or(is_wanted) {
                continue;
            }
            let contexts = match step.each {
                None => vec![Arc::clone(&context)],
                Some(Each::Leaving) => context::of_leaving(site, &context),
                Some(Each::Registries) => context::of_registries(&context),
            };
            for context in contexts {
                tasks.extend(Self::task(&playbook.name, step, &context, shared, site, host)?);
            }
        }
        Ok(Lane { host, name: spec.display.clone(), tasks })
    }

    /// Whether a step is for this host.
    fn chosen(step: &Step, site: &Site<'_>, host: usize) -> bool {
        let control_plane = site.cluster.hosts[host].control_plane;
        let first = site.first_control_plane() == Some(host);
        let chosen = match step.hosts {
            Selector::All => true,
            Selector::ControlPlane => control_plane,
            Selector::Worker => !control_plane,
            Selector::FirstControlPlane => first,
            Selector::OtherControlPlanes => control_plane && !first,
        };
        // A node that others made is left as it is; through a control plane of theirs others join.
        chosen && (!site.hosts[host].foreign || step.hosts == Selector::FirstControlPlane)
    }

    /// A step on a host, unless its `when` leaves it out.
    fn task(
        playbook: &str,
        step: &Step,
        context: &Arc<Value>,
        shared: &Arc<Shared>,
        site: &Site<'_>,
        host: usize,
    ) -> Result<Option<Task>, Error> {
        let state = &site.hosts[host];
        let holds = |when| shared.library.templates.holds(when, context);
        if !step.when.as_deref().map(holds).transpose()?.unwrap_or(true) {
            return Ok(None);
        }
        let text = |text| shared.library.templates.text(text, context);
        let alone = step.alone.as_deref().map(text).transpose()?.filter(|name| !name.is_empty());
        let name = StepName { playbook: playbook.to_owned(), step: step.name.clone() };
        let pending = Pending::Late(Box::new(Late {
            action: step.action.clone(),
            context: Arc::clone(context),
            os: state.os.clone(),
            package_managers: state.package_managers.clone(),
            arch: state.arch.clone(),
            shared: Arc::clone(shared),
        }));
        let work = if step.late {
            pending
        } else {
            Pending::Ready(pending.resolve(&name, &Values::new())?)
        };
        Ok(Some(Task {
            step: name,
            needs: step.needs.clone(),
            anyway: step.anyway,
            opens: step.opens.clone(),
            alone,
            limit: Duration::from_secs(step.limit),
            tries: step.tries,
            work,
        }))
    }
}

/// Values that a run has from its start; the others are those that steps read from hosts.
const VALUES: [&str; 9] = [
    "token",
    "token_id",
    "token_secret",
    "token_expiry",
    "certificate_key",
    "proxy_http",
    "proxy_https",
    "no_proxy",
    SERVE_TOKEN,
];

impl Late {
    /// The work, with these values.
    fn work(&self, step: &StepName, values: Value) -> Result<Work, Error> {
        let mut context = Value::clone(&self.context);
        context["values"] = values;
        let scope = Scope {
            library: &self.shared.library,
            cluster: &self.shared.cluster,
            artifacts: &self.shared.artifacts,
            os: &self.os,
            package_managers: &self.package_managers,
            arch: &self.arch,
            context: &context,
        };
        scope.work(&step.step, &self.action)
    }

    /// The work as far as it can be shown before its values are known: each value prints as its name.
    pub fn preview(&self, step: &StepName) -> Option<Work> {
        let mut values = Map::new();
        for name in VALUES.into_iter().chain(self.shared.library.reads()) {
            values.insert(name.to_owned(), Value::String(format!("(known when it runs: {name})")));
        }
        self.work(step, Value::Object(values)).ok()
    }
}
