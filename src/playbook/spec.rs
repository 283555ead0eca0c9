//! Playbooks as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One file of `playbooks/<verb>/`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// Short name, for events: `runtime`.
    pub name: String,
    /// As a step's: all of them are left out where it is false.
    pub when: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// One step as written: what it does is exactly one of the kinds.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawStep")]
pub struct Step {
    /// What an operator reads.
    pub name: String,
    /// Which hosts it runs on.
    pub hosts: Selector,
    /// A template expression over what an install does not change; the step is left out where it is
    /// false.
    pub when: Option<String>,
    /// The gate that must be open before it starts.
    pub needs: Option<String>,
    /// It goes on when all who can have passed that gate, though some host cannot.
    pub anyway: bool,
    /// The gate that opens when every host with this step has done it.
    pub opens: Option<String>,
    /// It is done once for each of these, which its templates see by the same name.
    pub each: Option<Each>,
    /// What only one host at a time may do, by a name: hosts whose steps have the same one take turns. A template,
    /// which is empty for a host that need not.
    pub alone: Option<String>,
    /// The finding of preflight that it repairs, by name; one may end with `*`. It is left out on hosts without one.
    pub repairs: Option<String>,
    /// It uses `values`, so it is rendered when it is reached.
    pub late: bool,
    /// Seconds after which it is stopped.
    pub limit: u64,
    /// How often it is tried. More than once only where a second try is safe.
    pub tries: u32,
    /// What it does.
    pub action: Action,
}

/// What a step can be repeated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Each {
    /// The hosts that leave the cluster, in the order in which they may.
    Leaving,
    /// The registries that containerd is told how to reach.
    Registries,
}

/// Which hosts a step runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selector {
    /// Every host.
    #[default]
    All,
    /// Hosts with the role `control-plane`.
    ControlPlane,
    /// Hosts without it.
    Worker,
    /// The control plane that acts for the cluster: the first of the file that is in the cluster
    /// already, or the first of all, which then initialises it.
    FirstControlPlane,
    /// The control planes but that one: those that join.
    OtherControlPlanes,
}

/// What a step does. Strings are templates.
#[derive(Debug, Clone)]
pub enum Action {
    /// A file with rendered content.
    File(FileSpec),
    /// Files of the bundle.
    Artifact(ArtifactSpec),
    /// Container images of the bundle, by name.
    Images(Vec<String>),
    /// What Kubernetes makes in a container runtime that was there.
    Store(StoreSpec),
    /// Directories that programs fill, and that are the cluster's alone.
    Tree(Vec<String>),
    /// Directories and files that programs make where they are missing; others may use them too.
    Trace(Vec<String>),
    /// Directories that programs make where they are missing, and that go when nothing is in them.
    Made(Vec<String>),
    /// Distribution packages, by the names of `playbooks/os/<family>.yaml`.
    Package(Vec<String>),
    /// Addresses and networks that a firewall which is on lets in; each may be several, with commas.
    Firewall(Vec<String>),
    /// A system group.
    Group(String),
    /// A systemd unit.
    Service(ServiceSpec),
    /// Kernel settings.
    Sysctl(BTreeMap<String, String>),
    /// Swap is off.
    Swap,
    /// Kernel modules.
    Module(Vec<String>),
    /// What the cluster's programs do in the kernel.
    Kernel(KernelSpec),
    /// `kubeadm init` or `join`, or the join of a control plane.
    Kubeadm(KubeadmSpec),
    /// A shell line with its undo.
    Command(CommandSpec),
    /// Waits until a shell line that only reads succeeds.
    Wait(WaitSpec),
    /// Keeps the output of a shell line that only reads for later steps, as `values.<name>`.
    Read(ReadSpec),
    /// Fetches a file to the operator's machine.
    Fetch(FetchSpec),
}

/// `file:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    pub path: String,
    #[serde(default = "mode_file")]
    pub mode: String,
    #[serde(default = "root")]
    pub owner: String,
    /// A template below `templates/`.
    pub template: Option<String>,
    /// Or the content itself.
    pub content: Option<String>,
    /// The user's overrides that are merged in: `containerd`, `docker`, `kubelet`.
    pub merge: Option<String>,
}

/// `artifact:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactSpec {
    /// `binary` or `cni`.
    pub kind: String,
    /// Its names; without names all of the kind.
    #[serde(default)]
    pub names: Vec<String>,
    /// The directory it goes to.
    pub into: String,
}

/// `store:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSpec {
    /// The runtime's directory of images and containers.
    pub root: String,
    /// Its directory of what runs.
    pub state: String,
}

/// `service:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    pub unit: String,
    #[serde(default)]
    pub enabled: bool,
    #[serde(default)]
    pub active: bool,
    /// Files after whose change it is restarted.
    #[serde(default)]
    pub files: Vec<String>,
}

/// `swap:`, which has one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Off {
    Off,
}

/// `kernel:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelSpec {
    pub pod_subnet: String,
}

/// `kubeadm:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KubeadmSpec {
    /// `init`, `join`, one half of the join of a control plane: `prepare-control-plane`,
    /// `join-control-plane`; or `move`, which gives the cluster another address.
    pub verb: String,
    /// The template of its configuration.
    pub template: String,
    /// What the verbs of ours need to know besides; not for kubeadm.
    #[serde(default)]
    pub words: Vec<String>,
}

/// `command:`. There is no command without an undo: `undo: nothing` needs a `because`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandSpec {
    pub run: String,
    pub undo: String,
    pub because: Option<String>,
    /// A line that succeeds when the command is not needed; without it the journal says so.
    #[serde(default)]
    pub unless: String,
    /// What the command reads.
    #[serde(default)]
    pub stdin: String,
}

/// `wait:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitSpec {
    pub until: String,
}

/// `read:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadSpec {
    pub run: String,
    /// The name of the value.
    pub value: String,
    /// Every host gets it; otherwise it is this host's own.
    #[serde(default)]
    pub shared: bool,
}

/// `fetch:`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchSpec {
    /// The file on the host.
    pub path: String,
    /// The file on the operator's machine; made with mode 0600.
    pub to: String,
    /// A kubeconfig's `server:` is replaced by this URL: what it says may be right on the host alone.
    pub server: Option<String>,
}

fn mode_file() -> String {
    "0644".to_owned()
}

fn root() -> String {
    "root:root".to_owned()
}

/// A step with all its possible keys; [`Step`] is made of it when exactly one kind is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    name: String,
    #[serde(default)]
    hosts: Selector,
    when: Option<String>,
    needs: Option<String>,
    #[serde(default)]
    anyway: bool,
    opens: Option<String>,
    each: Option<Each>,
    alone: Option<String>,
    repairs: Option<String>,
    #[serde(default)]
    late: bool,
    limit: Option<u64>,
    tries: Option<u32>,
    file: Option<FileSpec>,
    artifact: Option<ArtifactSpec>,
    images: Option<Vec<String>>,
    store: Option<StoreSpec>,
    tree: Option<Vec<String>>,
    trace: Option<Vec<String>>,
    made: Option<Vec<String>>,
    package: Option<Vec<String>>,
    firewall: Option<Vec<String>>,
    group: Option<String>,
    service: Option<ServiceSpec>,
    sysctl: Option<BTreeMap<String, String>>,
    swap: Option<Off>,
    module: Option<Vec<String>>,
    kernel: Option<KernelSpec>,
    kubeadm: Option<KubeadmSpec>,
    command: Option<CommandSpec>,
    wait: Option<WaitSpec>,
    read: Option<ReadSpec>,
    fetch: Option<FetchSpec>,
}

/// What `kind/kubeadm.sh` can do and undo.
const KUBEADM_VERBS: [&str; 5] =
    ["init", "join", "prepare-control-plane", "join-control-plane", "move"];

pub(super) fn is_mode(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit))
}

fn is_owner(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with('-')
            && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c))
    };
    text.split_once(':').is_some_and(|(user, group)| is_name(user) && is_name(group))
}

/// Seconds that a step may take unless it says otherwise.
const LIMIT: u64 = 300;

impl TryFrom<RawStep> for Step {
    type Error = String;

    fn try_from(raw: RawStep) -> Result<Self, String> {
        let actions: Vec<Action> = [
            raw.file.map(Action::File),
            raw.artifact.map(Action::Artifact),
            raw.images.map(Action::Images),
            raw.store.map(Action::Store),
            raw.tree.map(Action::Tree),
            raw.trace.map(Action::Trace),
            raw.made.map(Action::Made),
            raw.package.map(Action::Package),
            raw.firewall.map(Action::Firewall),
            raw.group.map(Action::Group),
            raw.service.map(Action::Service),
            raw.sysctl.map(Action::Sysctl),
            raw.swap.map(|Off::Off| Action::Swap),
            raw.module.map(Action::Module),
            raw.kernel.map(Action::Kernel),
            raw.kubeadm.map(Action::Kubeadm),
            raw.command.map(Action::Command),
            raw.wait.map(Action::Wait),
            raw.read.map(Action::Read),
            raw.fetch.map(Action::Fetch),
        ]
        .into_iter()
        .flatten()
        .collect();
        let name = raw.name;
        if raw.anyway && raw.needs.is_none() {
            return Err(format!(
                "step `{name}`: `anyway` says how it `needs` a gate, and it names none"
            ));
        }
        let count = actions.len();
        let Ok([action]) = <[Action; 1]>::try_from(actions) else {
            return Err(format!(
                "step `{name}` has {count} kinds where it needs one, such as `file` or `service`"
            ));
        };
        match &action {
            Action::Command(command) if command.undo.trim().is_empty() => {
                return Err(format!(
                    "step `{name}`: `undo` is empty; say how it is undone, or `nothing` and `because`"
                ));
            }
            Action::Command(command)
                if command.undo == "nothing"
                    && command.because.as_deref().is_none_or(|why| why.trim().is_empty()) =>
            {
                return Err(format!("step `{name}`: `undo: nothing` needs a `because`"));
            }
            Action::File(file) if !file.mode.contains("{%") && !is_mode(&file.mode) => {
                return Err(format!(
                    "step `{name}`: `{}` is not a mode; expected four octal digits, such as `0644`",
                    file.mode
                ));
            }
            Action::File(file) if !is_owner(&file.owner) => {
                return Err(format!(
                    "step `{name}`: `{}` is not an owner; expected `user:group`",
                    file.owner
                ));
            }
            Action::Kubeadm(kubeadm) if !KUBEADM_VERBS.contains(&kubeadm.verb.as_str()) => {
                return Err(format!(
                    "step `{name}`: `{}` is not a verb of kubeadm that can be undone; expected {}",
                    kubeadm.verb,
                    KUBEADM_VERBS.map(|verb| format!("`{verb}`")).join(", ")
                ));
            }
            Action::File(file) if file.template.is_some() == file.content.is_some() => {
                return Err(format!(
                    "step `{name}`: a file has either a `template` or a `content`"
                ));
            }
            _ => {}
        }
        Ok(Self {
            name,
            hosts: raw.hosts,
            when: raw.when,
            needs: raw.needs,
            anyway: raw.anyway,
            opens: raw.opens,
            each: raw.each,
            alone: raw.alone,
            repairs: raw.repairs,
            late: raw.late,
            limit: raw.limit.unwrap_or(LIMIT),
            tries: raw.tries.unwrap_or(1).max(1),
            action,
        })
    }
}
