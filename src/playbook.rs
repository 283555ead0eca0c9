//! What happens, in order: typed steps read from `playbooks/`, rendered with `templates/` into a
//! [`Plan`].
//!
//! YAML says what and where, templates say what a file looks like; how a kind of step is checked,
//! applied and undone is [`crate::host`]'s.

mod components;
mod context;
mod library;
mod merge;
mod needs;
mod order;
mod plan;
mod proxy;
mod registries;
mod resolve;
mod site;
mod spec;
mod stage;
mod template;
mod values;

pub use library::{Error, Library};
pub use needs::Needs;
pub use plan::{Lane, Pending, Plan, Task};
pub use proxy::{runtimes_without_proxy, without_proxy};
pub use resolve::{Fetch, Work};
pub use site::{Artifacts, Available, HostState, Leaving, Site, acting};
pub use spec::{Action, Each, Playbook, Step};
pub use stage::GATE as STAGED;
pub use values::{SERVE_TOKEN, Values};
