//! Templates: Tera, with the two ways of quoting that files for hosts need.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tera::{Context, Kwargs, State, Tera};

use super::library::Error;
use crate::members;
use crate::members::serving::{Asker, Verdict};

/// All templates of a library, parsed; a mistake in any of them is found before anything runs.
#[derive(Debug)]
pub(super) struct Templates(Tera);

impl Templates {
    pub(super) fn new(files: &[(String, String)]) -> Result<Self, Error> {
        let mut tera = Tera::new();
        // Nothing that is rendered here is HTML.
        tera.autoescape_on(Vec::<&str>::new());
        tera.register_filter("quote", |value: tera::Value, _: Kwargs, _: &State<'_>| quote(&value));
        tera.register_filter("shell", |value: tera::Value, _: Kwargs, _: &State<'_>| {
            crate::ssh::quote(&text(&value))
        });
        tera.register_filter("base64", |value: tera::Value, _: Kwargs, _: &State<'_>| {
            STANDARD.encode(text(&value))
        });
        tera.register_filter("serving", |value: tera::Value, kwargs: Kwargs, _: &State<'_>| {
            serving(&text(&value), &kwargs)
        });
        tera.add_raw_templates(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
            .map_err(|source| Error::Template { name: "templates".to_owned(), source })?;
        Ok(Self(tera))
    }

    /// Renders the template `name`.
    pub(super) fn file(&self, name: &str, context: &Value) -> Result<String, Error> {
        let failed = |source| Error::Template { name: name.to_owned(), source };
        self.0.render(name, &Context::from_serialize(context).map_err(failed)?).map_err(failed)
    }

    /// Renders a string of a playbook.
    pub(super) fn text(&self, text: &str, context: &Value) -> Result<String, Error> {
        if !text.contains("{{") && !text.contains("{%") {
            return Ok(text.to_owned());
        }
        let failed = |source| Error::Template { name: format!("`{text}`"), source };
        let context = Context::from_serialize(context).map_err(failed)?;
        let mut tera = self.0.clone();
        tera.add_raw_template("a playbook's text", text).map_err(failed)?;
        tera.render("a playbook's text", &context).map_err(failed)
    }

    /// Whether a `when:` expression holds.
    pub(super) fn holds(&self, expression: &str, context: &Value) -> Result<bool, Error> {
        Ok(self.text(&format!("{{% if {expression} %}}yes{{% endif %}}"), context)? == "yes")
    }
}

/// A JSON string, which is a valid YAML and TOML string: YAML 1.1 readers such as kubeadm's turn a
/// bare `no` or `1.30` into something else.
fn quote(value: &tera::Value) -> String {
    Value::String(text(value)).to_string()
}

/// The words of `bv_serving_approve`: what the cluster's list of certificate requests has for nodes, judged.
fn serving(list: &str, kwargs: &Kwargs) -> tera::TeraResult<String> {
    let nodes = kwargs.must_get::<String>("nodes")?;
    let misfit = |error: String| tera::Error::message(error);
    let nodes: Vec<Asker> =
        serde_json::from_str(&nodes).map_err(|error| misfit(error.to_string()))?;
    // A preview has the value's name in its place.
    if !list.trim_start().starts_with('{') {
        return Ok(String::new());
    }
    let word = |verdict: &Verdict| match &verdict.wrong {
        None => format!("approve {}", crate::ssh::quote(&verdict.name)),
        Some(why) => {
            let said = format!("`{}` of `{}` is not approved: {why}", verdict.name, verdict.user);
            format!("refuse {}", crate::ssh::quote(&said))
        }
    };
    let words: Vec<String> =
        members::serving::judge(list, &nodes).map_err(misfit)?.iter().map(word).collect();
    Ok(words.join(" "))
}

fn text(value: &tera::Value) -> String {
    value.to_string()
}
