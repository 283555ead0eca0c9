//! An etcd outside of the cluster: asked as kubeadm asks it.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::cluster::versions::Release;
use crate::host::facts::{EtcdAnswer, Said};

pub(super) const CHECK: Check = Check {
    name: "ExternalEtcdVersion",
    description: "an external etcd answers the control planes, and is new enough",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "kubeadm ends at its own checks, and the API server finds no etcd",
    kubeadm: Some("an error in every version, at `init`; 3.2.18 until 1.27, later more"),
    needs: &[need::EXTERNAL_ETCD],
    page: "Seen by asking `/version` of each of the `endpoints` of `kubernetes: {kubeadm: {etcd: {external: ...}}}`, from each control plane, with `curl` and the \
           certificates that the API server will have; where one of these is not there, that is said alone.\n\nCorrect the address, the certificates \
           or the firewall, as the finding says; or bring etcd up to date.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if !host.host.control_plane || !super::host_paths::certificates(context, host).is_empty() {
        return vec![];
    }
    let least = context.cluster.kubernetes.version.facts().external_etcd;
    let finding = |EtcdAnswer { endpoint, said }: &EtcdAnswer| match said {
        Said::Unknown => None,
        Said::Failed(why) => {
            let message =
                format!("the external etcd `{endpoint}` does not answer from here: {why}");
            let fix = "see that it runs there, that no firewall is in between, and that it takes \
                       the certificates of `kubernetes.kubeadm.etcd.external`";
            Some(host.error(CHECK.name, message, fix))
        }
        Said::Version(version) => {
            let release = version.parse::<Release>().ok().filter(|it| *it < least)?;
            let kubernetes = &context.cluster.kubernetes.version;
            let message = format!(
                "the external etcd `{endpoint}` is {release}; Kubernetes {kubernetes} needs {least} or newer"
            );
            Some(host.error(CHECK.name, message, "bring etcd up to date first"))
        }
    };
    host.facts.external_etcd.iter().flatten().filter_map(finding).collect()
}
