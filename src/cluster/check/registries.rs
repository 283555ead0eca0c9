//! `spec.registries`: logins and authorities of container registries.

use super::{Check, names};
use crate::cluster::mistake::quote;
use crate::cluster::yaml::At;
use crate::cluster::{Registry, raw};

impl Check<'_> {
    /// Checks every registry that has something of its own.
    pub(super) fn registries(&mut self, spec: &raw::Spec) -> Option<Vec<Registry>> {
        let Some(given) = &spec.registries else { return Some(Vec::new()) };
        let mut all: Vec<Registry> = Vec::new();
        let mut whole = true;
        for one in given {
            let Some(registry) = self.registry(one) else {
                whole = false;
                continue;
            };
            if all.iter().any(|earlier| earlier.address == registry.address) {
                let spot = one.value.address.as_ref().map_or(one.spot, |address| address.spot);
                let message = format!("the registry {} is there twice", quote(&registry.address));
                self.wrong(spot, message, |it| it.expected("each registry once"));
                whole = false;
            }
            all.push(registry);
        }
        whole.then_some(all)
    }

    fn registry(&mut self, given: &At<raw::Registry>) -> Option<Registry> {
        let (spot, given) = (given.spot, &given.value);
        if given.address.is_none() {
            self.missing(spot, "address", "a registry like `registry.example:5000`");
        }
        let address = given.address.as_ref();
        let address = address.and_then(|it| self.text(it, "a registry's address", names::registry));
        let username = match &given.username {
            Some(name) => Some(self.text(name, "a user of a registry", names::registry_user)?),
            None => None,
        };
        let password_file = match &given.password_file {
            Some(file) => Some(self.path(file)?),
            None => None,
        };
        let ca = match &given.ca {
            Some(file) => Some(self.path(file)?),
            None => None,
        };
        match (&username, &password_file) {
            (Some(_), None) => {
                self.missing(spot, "passwordFile", "the name of a file with the password");
                return None;
            }
            (None, Some(_)) => {
                self.missing(spot, "username", "the user whose password it is");
                return None;
            }
            (None, None) if ca.is_none() => {
                let expected = "`username` and `passwordFile`, or `ca`, or no such entry";
                self.wrong(spot, "a registry of which nothing is said", |it| it.expected(expected));
                return None;
            }
            _ => {}
        }
        let login = username.zip(password_file);
        Some(Registry { address: address?, login, ca, password: None, authorities: None })
    }
}
