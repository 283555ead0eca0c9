//! What the kernel is, has and allows.

pub(super) mod blocked_modules;
pub(super) mod conntrack;
pub(super) mod defaults;
pub(super) mod inotify;
pub(super) mod login_limits;
pub(super) mod namespaces;
pub(super) mod processes;
pub(super) mod reserved;
pub(super) mod service_limits;
