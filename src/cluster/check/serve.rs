//! `spec.artifacts.serve`: which host has the bundle for the others.

use super::super::nearest::nearest;
use super::super::yaml::At;
use super::super::{Host, RuntimeKind, Serve, raw};
use super::{Check, quote};

/// The port, unless another is named: nobody has registered it, and nothing of Kubernetes listens there.
const PORT: u16 = 8484;

/// Below it only root's own services listen.
const PORTS: std::ops::RangeInclusive<u16> = 1024..=65_535;

impl Check<'_> {
    /// `HOST` or `HOST:PORT`, of a host of the file; where none is given and a bundle's images need a server, the
    /// first control plane.
    pub(super) fn serve(
        &mut self,
        artifacts: Option<&At<raw::Artifacts>>,
        hosts: Option<&[Host]>,
    ) -> Option<Serve> {
        let artifacts = &artifacts?.value;
        let Some(given) = artifacts.serve.as_ref() else {
            // cri-o takes images from registries alone: with a bundle there has to be one.
            artifacts.bundle.as_ref().filter(|_| self.runtime.kind == RuntimeKind::CriO)?;
            let host = hosts?.iter().find(|host| host.control_plane)?.display.clone();
            return Some(Serve { host, port: PORT, named: false });
        };
        if artifacts.bundle.is_none() {
            let message = "`serve` is given, but there is no bundle";
            self.wrong(given.spot, message, |it| it.expected("`bundle: FILE` beside it"));
        }
        // Without hosts there are mistakes enough.
        let hosts = hosts?;
        let is = |host: &Host, name: &str| {
            host.display == name || host.address == name || host.node_name.as_deref() == Some(name)
        };
        let find = |name: &str| hosts.iter().find(|host| is(host, name));
        if let Some(host) = find(&given.value) {
            return Some(Serve { host: host.display.clone(), port: PORT, named: true });
        }
        let (name, port) = match given.value.rsplit_once(':') {
            Some((name, port)) => (name.trim_matches(['[', ']']), port),
            None => (given.value.as_str(), ""),
        };
        let Some(host) = find(name) else {
            let names: Vec<&str> = hosts.iter().map(|host| host.display.as_str()).collect();
            self.wrong(given.spot, format!("{} is no host of this file", quote(name)), |it| {
                let nearest = nearest(name, &names);
                it.found(name)
                    .expected("the name or address of a host, or `HOST:PORT`")
                    .nearest(nearest)
            });
            return None;
        };
        match port.parse() {
            Ok(port) if PORTS.contains(&port) => {
                Some(Serve { host: host.display.clone(), port, named: true })
            }
            _ => {
                self.wrong(given.spot, format!("{} is no port to serve on", quote(port)), |it| {
                    it.found(port).expected("a number from 1024 to 65535")
                });
                None
            }
        }
    }
}
