//! Whether the few packages can be installed that the cluster needs, and whether our programs are found.

pub(super) mod apt;
mod kubelet_skew;
pub(super) mod shadows;
