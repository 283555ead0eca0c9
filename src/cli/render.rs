//! `bivouac render`: the rendered files, without any host.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::exit::{Exit, Stop};
use super::options::Options;
use super::preflight;
use super::{images, sources, version};
use crate::host::Change;
use crate::playbook::{HostState, Pending, Plan, Site, Work};
use crate::report;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only files whose path has this in it: `kubeadm`, `containerd`.
    filter: Option<String>,
}

pub fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let cluster = version::settled_without_hosts(options)?;
    let library = Arc::new(preflight::library(options)?);
    // Without hosts there are no facts: names and addresses are those of cluster.yaml.
    let (artifacts, arch) = if cluster.bundle.is_some() {
        let bundle = preflight::opened(&cluster)?;
        let bundle = preflight::vouched(bundle, cluster.signers.as_deref())?;
        let arch = preflight::architectures(&bundle).into_iter().next();
        (preflight::listed(&bundle, None), arch.unwrap_or_default())
    } else {
        let arch = sources::ARCHITECTURES[0].to_owned();
        (sources::named(&cluster, std::slice::from_ref(&arch)), arch)
    };
    let states: Vec<HostState> = cluster
        .hosts
        .iter()
        .map(|host| {
            let node = host.node_name.as_ref().unwrap_or(&host.address);
            let unknown = std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
            let address = host.address.parse().unwrap_or(unknown);
            let other: std::net::IpAddr = if address.is_ipv6() {
                std::net::Ipv4Addr::UNSPECIFIED.into()
            } else {
                std::net::Ipv6Addr::UNSPECIFIED.into()
            };
            HostState {
                arch: arch.clone(),
                other_address: Some(other),
                ..HostState::bare(node, address)
            }
        })
        .collect();
    let artifacts = images::with_names(&cluster, &states, artifacts);
    let site = Site {
        cluster: &cluster,
        hosts: &states,
        artifacts: &artifacts,
        kubeconfig: "kubeconfig",
        leaving: &[],
    };
    let plan = Plan::build("init", &library, &site)
        .map_err(|error| Stop::error(Exit::Usage, &error, error.fix()))?;
    let mut files: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for lane in &plan.lanes {
        for task in &lane.tasks {
            let work = match &task.work {
                Pending::Ready(work) => Some(work.clone()),
                Pending::Late(late) => late.preview(&task.step),
            };
            let Some(Work::Changes(changes)) = work else { continue };
            for change in changes {
                let (path, content) = match change {
                    Change::File { path, content, .. } => (path, content),
                    Change::Kubeadm { verb, config, .. } => {
                        (format!("kubeadm-{verb}.yaml"), config)
                    }
                    _ => continue,
                };
                if args.filter.as_ref().is_none_or(|filter| path.contains(filter)) {
                    let key = (path, String::from_utf8_lossy(&content).into_owned());
                    files.entry(key).or_default().push(lane.name.clone());
                }
            }
        }
    }
    let mut text = String::new();
    for ((path, content), hosts) in &files {
        let _ = writeln!(text, "# {path} on {}\n{}", hosts.join(", "), content.trim_end());
        text.push('\n');
    }
    report::out(&text).map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    Ok(Exit::Done)
}
