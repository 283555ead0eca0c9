//! Programs are found by their names: what lies before ours in the `PATH` of services and scripts is taken for them.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};
use crate::ssh::quote;

pub(crate) const CHECK: Check = Check {
    name: "KubeletVersion",
    description: "kubelets go with the control plane, and no program of another version is found before ours",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "kubeadm asks another kubelet for its version, or the runtime starts another `runc`",
    kubeadm: Some("in every version, for the kubelet that is found in `PATH`"),
    needs: &[],
    page: "Seen by the files in `/usr/local/sbin`. The programs are installed in `/usr/local/bin`, and files of the same name there are kept and put back by a wipe. In `/usr/local/sbin`, which comes before it \
           in the `PATH` of services and of the installation, they would be used in the place of ours. Others, in `/usr/bin` or of packages, \
           are passed over. Of a host that is a node its kubelet is asked \
           (`kubelet --version`) and compared with the API servers: the same or older, by two minors until 1.27 and three from 1.28 on.\n\nMove \
           programs away that hide ours; give a node the kubelet of its cluster.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let finding = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let message = format!("`{path}` would be found before the `{name}` of the installation");
        let command = format!("mv {} {}", quote(path), quote(&format!("{path}.off")));
        host.error(CHECK.name, message, "move it away").typed(command)
    };
    let skew = super::kubelet_skew::run(context, host);
    host.facts.shadows.iter().map(finding).chain(skew).collect()
}
