//! What programs in images expect of a processor.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, quoted};

pub(super) const CHECK: Check = Check {
    name: "Processor",
    description: "programs in today's images can run on the processor",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "add-ons end at once: `Fatal glibc error: CPU does not support x86-64-v2`, `Unsupported system page size`",
    kubeadm: None,
    // Kernels of other architectures say neither.
    needs: &[],
    page: "Seen by the flags of `/proc/cpuinfo`, and on arm64 by the size of a page (`getconf PAGESIZE`). Kubernetes' own programs are content \
           with any processor; images built on RHEL 9 (Calico since 2023) want x86-64-v2, which virtual processors like `qemu64` and `kvm64` do not \
           have, and many allocators 4096 bytes to a page.\n\nGive the machine its host's processor in the hypervisor (`cpu: host`), or boot a \
           kernel with pages of 4096 bytes.",
    run: Run::EachHost(run),
};

const PAGE: u64 = 4096;

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let processor = &host.facts.processor;
    let mut findings = Vec::new();
    if let Some(lacks) = processor.lacks.as_ref().filter(|lacks| !lacks.is_empty()) {
        let message = format!("its processor is older than x86-64-v2; it lacks {}", quoted(lacks));
        let fix = "give the machine its host's own processor in the hypervisor";
        findings.push(host.warning(CHECK.name, message, fix));
    }
    if let Some(size) = processor.page_size.filter(|size| *size != PAGE) {
        let message =
            format!("its kernel has pages of {size} bytes: programs built for {PAGE} end");
        let fix =
            "boot a kernel with pages of 4096 bytes, if add-ons are to run here that need them";
        findings.push(host.warning(CHECK.name, message, fix));
    }
    findings
}
