//! `spec.ssh`, and a host's own `ssh` over it, field by field.

use std::path::PathBuf;

use super::{Check, names};
use crate::cluster::free::Node;
use crate::cluster::mistake::quote;
use crate::cluster::yaml::{At, Spot};
use crate::cluster::{Ssh, Sudo, raw};
use crate::secret::Secret;

/// One `ssh` block, checked by itself: only the fields that it gives.
#[derive(Debug, Clone, Default)]
pub struct Part {
    user: Option<At<String>>,
    port: Option<u16>,
    private_keys: Option<Vec<PathBuf>>,
    passphrase_file: Option<PathBuf>,
    password_file: Option<PathBuf>,
    password: Option<Secret>,
    agent: Option<bool>,
    sudo: Option<Sudo>,
}

impl Check<'_> {
    /// Checks one `ssh` block; `field` is its name in messages.
    pub(super) fn ssh(&mut self, given: Option<&raw::Ssh>, field: &str) -> Part {
        let Some(given) = given else { return Part::default() };
        for (name, node) in [("jump", &given.jump), ("certificate", &given.certificate)] {
            if let Some(node) = node.as_ref().filter(|node| !node.value.is_empty()) {
                let spot = node.spot.start();
                self.not_supported(spot, &format!("`{field}.{name}`"), "the field to be left out");
            }
        }
        let user = given.user.as_ref();
        let user =
            user.filter(|user| self.text(user, "a login name", names::user).is_some()).cloned();
        Part {
            user,
            port: given.port.as_ref().and_then(|port| self.port(port)),
            private_keys: given.private_key.as_ref().map(|keys| self.keys(keys)),
            passphrase_file: given.passphrase_file.as_ref().and_then(|file| self.path(file)),
            password_file: given.password_file.as_ref().and_then(|file| self.path(file)),
            password: given.password.clone(),
            agent: given.agent,
            sudo: given.sudo.as_ref().map(|sudo| Sudo {
                password_file: sudo.password_file.as_ref().and_then(|file| self.path(file)),
                password: sudo.password.clone(),
            }),
        }
    }

    fn port(&mut self, given: &At<String>) -> Option<u16> {
        let port = names::port(&given.value);
        if port.is_none() {
            self.wrong(given.spot, format!("{} is not a port", quote(&given.value)), |it| {
                it.found(&given.value).expected("a number from 1 to 65535")
            });
        }
        port
    }

    fn keys(&mut self, given: &At<Node>) -> Vec<PathBuf> {
        match &given.value {
            Node::List(keys) => keys.iter().filter_map(|key| self.key(key)).collect(),
            _ => self.key(given).into_iter().collect(),
        }
    }

    fn key(&mut self, given: &At<Node>) -> Option<PathBuf> {
        if let Node::Text(file) = &given.value {
            return self.path(&At { value: file.clone(), spot: given.spot });
        }
        let found = self.source.spelled(given.spot);
        let what = match &given.value {
            Node::List(_) => "a list in a list".to_owned(),
            Node::Map(_) => "fields (`key: value`)".to_owned(),
            _ => quote(found),
        };
        self.wrong(given.spot, format!("{what} is not a private key"), |it| {
            it.found(found).expected("the name of a file, or a list of them")
        });
        None
    }

    /// The host's settings over the common ones, and the defaults below both.
    pub(super) fn merged(&mut self, common: &Part, own: Part, host: Spot) -> Ssh {
        let user = own.user.or_else(|| common.user.clone());
        let sudo = own.sudo.or_else(|| common.sudo.clone());
        let root = user.as_ref().is_none_or(|user| user.value == "root");
        if !root && sudo.is_none() {
            let name = user.as_ref().map_or("", |user| user.value.as_str());
            let spot = user.as_ref().map_or(host, |user| user.spot);
            let message = format!(
                "user {} is not root: add `sudo: {{}}`, or `sudo: {{passwordFile: FILE}}` where \
                 sudo asks for a password",
                quote(name)
            );
            self.wrong(spot, message, |it| it.found(name));
        }
        let private_keys =
            own.private_keys.or_else(|| common.private_keys.clone()).unwrap_or_default();
        let password_file = own.password_file.or_else(|| common.password_file.clone());
        let password = own.password.or_else(|| common.password.clone());
        // Nothing named means what `ssh` does: ask the agent.
        let nothing = private_keys.is_empty() && password_file.is_none() && password.is_none();
        Ssh {
            user: user.map_or_else(|| "root".to_owned(), |user| user.value),
            port: own.port.or(common.port).unwrap_or(22),
            passphrase_file: own.passphrase_file.or_else(|| common.passphrase_file.clone()),
            agent: own.agent.or(common.agent).unwrap_or(nothing),
            private_keys,
            password_file,
            password,
            sudo,
        }
    }
}
