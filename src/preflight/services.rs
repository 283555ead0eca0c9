//! systemd's services: what somebody lays over those that will be installed.

pub(super) mod drop_ins;
pub(super) mod kubelet_flags;
pub(super) mod swap_at_boot;
