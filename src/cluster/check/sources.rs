//! `spec.artifacts` and `spec.proxy`: where files come from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Check, names};
use crate::cluster::free::Node;
use crate::cluster::mistake::quote;
use crate::cluster::nearest::{nearest, one_of};
use crate::cluster::yaml::{At, Spot};
use crate::cluster::{Download, Mirrors, Proxy, Sources, raw};

const DOWNLOADS: [&str; 2] = ["operator", "hosts"];
const PRESETS: [&str; 1] = ["china"];
const MIRRORS: [&str; 4] = ["cri-o", "github", "images", "kubernetes"];

impl Check<'_> {
    /// The bundle, and what holds where there is none. `download` holds for images that are not in the bundle, too.
    pub(super) fn artifacts(
        &mut self,
        given: Option<&At<raw::Artifacts>>,
    ) -> (Option<PathBuf>, Sources) {
        let Some(given) = given else { return (None, Sources::default()) };
        let given = &given.value;
        if given.bundle.is_some() {
            let mirror = given.mirror.as_ref().map(|mirror| mirror.spot.start());
            let others = [("mirror", mirror), ("ca", given.ca.as_ref().map(|it| it.spot))];
            for (field, spot) in others.into_iter().filter_map(|it| Some((it.0, it.1?))) {
                let message = format!("`{field}` is given, but files come from the bundle");
                self.wrong(spot, message, |it| {
                    it.expected(format!("either no `bundle`, or no `{field}`"))
                });
            }
        }
        let bundle = given.bundle.as_ref().and_then(|bundle| self.path(bundle));
        let sources = Sources {
            mirrors: given.mirror.as_ref().map(|mirror| self.mirrors(mirror)).unwrap_or_default(),
            ca: given.ca.as_ref().and_then(|ca| self.path(ca)),
            download: self.download(given.download.as_ref()),
        };
        (bundle, sources)
    }

    fn download(&mut self, given: Option<&At<String>>) -> Download {
        match given.map(|given| given.value.as_str()) {
            None | Some("operator") => Download::Operator,
            Some("hosts") => Download::Hosts,
            Some(other) => {
                let spot = given.map_or_else(Spot::default, |given| given.spot);
                self.wrong(spot, format!("{} cannot download", quote(other)), |it| {
                    let nearest = nearest(other, &DOWNLOADS);
                    it.found(other).expected(one_of(&DOWNLOADS)).nearest(nearest)
                });
                Download::Operator
            }
        }
    }

    /// A preset's name, or base addresses by name.
    fn mirrors(&mut self, given: &At<Node>) -> Mirrors {
        match &given.value {
            Node::Map(map) => self.own_mirrors(map),
            Node::Text(name) if name == "china" => Mirrors::china(),
            _ => {
                let found = self.source.spelled(given.spot).to_owned();
                self.wrong(given.spot, format!("{} is no mirror", quote(&found)), |it| {
                    let nearest = nearest(&found, &PRESETS);
                    it.found(&found)
                        .expected("`china`, or base addresses: `{kubernetes: URL, github: URL}`")
                        .nearest(nearest)
                });
                Mirrors::default()
            }
        }
    }

    fn own_mirrors(&mut self, map: &BTreeMap<String, At<Node>>) -> Mirrors {
        let mut mirrors = Mirrors::default();
        for (key, node) in map {
            let Node::Text(text) = &node.value else {
                let found = self.source.spelled(node.spot).to_owned();
                self.wrong(node.spot, format!("{} is no base address", quote(&found)), |it| {
                    it.found(&found).expected("text like `https://mirror.example/dl.k8s.io`")
                });
                continue;
            };
            let value = At { value: text.clone(), spot: node.spot };
            match key.as_str() {
                "kubernetes" | "github" | "cri-o" => {
                    let Some(base) = self.text(&value, "a base address", names::base_address)
                    else {
                        continue;
                    };
                    let base = base.trim_end_matches('/').to_owned();
                    match key.as_str() {
                        "github" => mirrors.github = base,
                        "cri-o" => mirrors.cri_o = base,
                        _ => mirrors.kubernetes = base,
                    }
                }
                "images" => {
                    let rule = names::image_repository;
                    mirrors.images = self.text(&value, "an image repository", rule);
                }
                other => {
                    self.wrong(node.spot, format!("{} is not mirrored", quote(other)), |it| {
                        let nearest = nearest(other, &MIRRORS);
                        it.found(other).expected(one_of(&MIRRORS)).nearest(nearest)
                    });
                }
            }
        }
        mirrors
    }

    /// `spec.proxy`; nothing where none is given.
    pub(super) fn proxy(&mut self, given: Option<&At<raw::Proxy>>) -> Option<Proxy> {
        let (at, given) = (given?.spot, &given?.value);
        let http = self.optional(given.http.as_ref(), "a proxy", names::proxy);
        let https = self.optional(given.https.as_ref(), "a proxy", names::proxy);
        let no_proxy = given.without.as_deref().unwrap_or_default();
        let no_proxy = no_proxy.iter();
        let no_proxy = no_proxy
            .filter_map(|it| self.text(it, "something without a proxy", names::without_proxy))
            .collect();
        let username = self.optional(given.username.as_ref(), "a login name", names::user);
        let password_file = given.password_file.as_ref().and_then(|file| self.path(file));
        if given.http.is_none() && given.https.is_none() {
            self.missing(at, "https", "the address of a proxy, like `http://proxy.example:3128`");
        }
        match (&given.username, &given.password_file) {
            (Some(_), None) => self.missing(at, "passwordFile", "the file with the password"),
            (None, Some(_)) => self.missing(at, "username", "who logs in at the proxy"),
            _ => {}
        }
        Some(Proxy { http, https, no_proxy, username, password_file })
    }
}
