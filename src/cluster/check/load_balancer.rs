//! `spec.loadBalancer`: what makes one address of all API servers.

use std::net::Ipv4Addr;

use super::{Check, names};
use crate::cluster::mistake::quote;
use crate::cluster::nearest::{nearest, one_of};
use crate::cluster::yaml::{At, Spot};
use crate::cluster::{LoadBalancer, raw};

const KINDS: [&str; 3] = ["internal", "kube-vip", "external"];

impl Check<'_> {
    pub(super) fn load_balancer(&mut self, at: Spot, spec: &raw::Spec) -> Option<LoadBalancer> {
        let endpoint = spec.control_plane_endpoint.as_ref().filter(|it| !it.value.is_empty());
        let Some(given) = spec.load_balancer.as_ref() else {
            return Some(match endpoint {
                Some(_) => LoadBalancer::External,
                None if several_control_planes(spec) => LoadBalancer::Internal,
                None => LoadBalancer::None,
            });
        };
        let (spot, given) = (given.spot.start(), &given.value);
        let Some(kind) = given.kind.as_ref() else {
            self.missing(spot, "kind", &one_of(&KINDS));
            return None;
        };
        if kind.value != "kube-vip" {
            self.only_for_kube_vip(given.vip.as_ref(), "vip");
            self.only_for_kube_vip(given.interface.as_ref(), "interface");
        }
        match (kind.value.as_str(), endpoint) {
            ("internal", Some(endpoint)) => {
                let message =
                    "`controlPlaneEndpoint` is given, but the load balancer is `internal`";
                self.wrong(endpoint.spot, message, |it| {
                    it.found(&endpoint.value).expected(
                        "either no `controlPlaneEndpoint`, or `loadBalancer: {kind: external}`",
                    )
                });
                None
            }
            ("internal", None) => Some(LoadBalancer::Internal),
            ("external", Some(_)) => Some(LoadBalancer::External),
            ("external", None) => {
                let message = "the field `controlPlaneEndpoint` is missing";
                self.wrong(at.start(), message, |it| {
                    it.expected("the external load balancer's `host:port`, like `api.example:6443`")
                });
                None
            }
            ("kube-vip", _) => self.kube_vip(spot, spec, given),
            (other, _) => {
                self.wrong(kind.spot, format!("{} is no load balancer", quote(other)), |it| {
                    it.found(other).expected(one_of(&KINDS)).nearest(nearest(other, &KINDS))
                });
                None
            }
        }
    }

    fn only_for_kube_vip(&mut self, given: Option<&At<String>>, field: &str) {
        if let Some(given) = given {
            let message = format!("`{field}` belongs to the load balancer `kube-vip` only");
            self.wrong(given.spot, message, |it| {
                it.found(&given.value).expected("the field to be left out, or `kind: kube-vip`")
            });
        }
    }

    fn kube_vip(
        &mut self,
        spot: Spot,
        spec: &raw::Spec,
        given: &raw::LoadBalancer,
    ) -> Option<LoadBalancer> {
        const EXPECTED: &str = "an IPv4 address in the control planes' network that nobody has";
        let interface = given.interface.as_ref();
        let interface = self.optional(interface, "a network interface", names::interface);
        let Some(vip) = given.vip.as_ref() else {
            self.missing(spot, "vip", EXPECTED);
            return None;
        };
        let address = vip.value.parse::<Ipv4Addr>().ok().filter(|ip| {
            !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast() && !ip.is_broadcast()
        });
        let Some(address) = address else {
            let message = format!("{} is no virtual address", quote(&vip.value));
            self.wrong(vip.spot, message, |it| it.found(&vip.value).expected(EXPECTED));
            return None;
        };
        let hosts = spec.hosts.as_ref().map(|hosts| hosts.value.as_slice()).unwrap_or_default();
        let own = |host: &&At<raw::Host>| {
            host.value.address.as_ref().is_some_and(|it| it.value.parse() == Ok(address))
        };
        if hosts.iter().any(|host| own(&host)) {
            let message = format!("the virtual address `{address}` is a host's own");
            self.wrong(vip.spot, message, |it| it.found(&vip.value).expected(EXPECTED));
        }
        Some(LoadBalancer::KubeVip { vip: address, interface })
    }
}

fn several_control_planes(spec: &raw::Spec) -> bool {
    let hosts = spec.hosts.as_ref().map(|hosts| hosts.value.as_slice()).unwrap_or_default();
    let carries = |host: &&At<raw::Host>| {
        let roles = host.value.roles.as_ref().map(|roles| roles.value.as_slice());
        roles.unwrap_or_default().iter().any(|role| role.value == "control-plane")
    };
    hosts.iter().filter(carries).count() > 1
}
