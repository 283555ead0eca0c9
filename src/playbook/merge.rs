//! The user's overrides, merged into rendered configuration.

use serde_json::Value;

use crate::cluster::{Overrides, yaml};

/// Merges `overrides` into `base`: maps key by key, lists of what has names by those names (kubeadm's
/// `extraVolumes`, and its `extraArgs` from v1beta4 on, where a name may be there twice), everything else replaced.
fn merge(base: &mut Value, overrides: &Value) {
    match (base, overrides) {
        (Value::Object(base), Value::Object(overrides)) => {
            for (key, value) in overrides {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(base), Value::Array(overrides))
            if are_named(base) && are_named(overrides) =>
        {
            base.retain(|ours| !overrides.iter().any(|own| own["name"] == ours["name"]));
            base.extend(overrides.iter().cloned());
        }
        (base, overrides) => *base = overrides.clone(),
    }
}

fn are_named(list: &[Value]) -> bool {
    list.iter().all(|item| item.get("name").is_some_and(Value::is_string))
}

/// Merges overrides into a TOML document.
pub(super) fn toml(text: &str, overrides: &Overrides) -> Result<String, String> {
    if overrides.is_empty() {
        return Ok(text.to_owned());
    }
    let document: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut value = serde_json::to_value(document).map_err(|error| error.to_string())?;
    merge(&mut value, &Value::Object(overrides.clone()));
    toml::to_string(&value).map_err(|error| format!("the overrides do not fit TOML: {error}"))
}

/// Merges overrides into a JSON document.
pub(super) fn json(text: &str, overrides: &Overrides) -> Result<String, String> {
    let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    merge(&mut value, &Value::Object(overrides.clone()));
    let text = serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

/// Merges overrides into those YAML documents of `text` whose `kind` they name.
pub(super) fn documents(text: &str, overrides: &[(&str, &Overrides)]) -> Result<String, String> {
    let mut documents = yaml::documents(text)?;
    let mut out = String::new();
    for document in &mut documents {
        let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        for (_, own) in overrides.iter().filter(|(name, _)| *name == kind) {
            merge(document, &Value::Object((*own).clone()));
        }
        if !out.is_empty() {
            out.push_str("---\n");
        }
        out.push_str(&yaml::to_string(document)?);
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn overrides(value: &Value) -> Overrides {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn overrides_reach_into_toml_tables_and_leave_the_rest() {
        let text =
            "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"a\"\nx = 1\n";
        let own = overrides(&json!({"plugins": {"io.containerd.grpc.v1.cri": {"x": true}}}));
        let merged: toml::Table = toml::from_str(&toml(text, &own).unwrap()).unwrap();
        let cri = &merged["plugins"]["io.containerd.grpc.v1.cri"];
        assert_eq!(cri["sandbox_image"].as_str(), Some("a"));
        assert_eq!(cri["x"].as_bool(), Some(true));
        assert_eq!(merged["version"].as_integer(), Some(2));
    }

    #[test]
    fn what_has_names_is_merged_by_them() {
        let text = "kind: A\nx: [{name: a, value: '1'}, {name: b, value: '2'}]\ny: [1, 2]\n";
        let own = overrides(
            &json!({"x": [{"name": "b", "value": "3"}, {"name": "b", "value": "4"}], "y": [3]}),
        );
        let merged = yaml::documents(&documents(text, &[("A", &own)]).unwrap()).unwrap();
        let named = |name, value| json!({"name": name, "value": value});
        assert_eq!(merged[0]["x"], json!([named("a", "1"), named("b", "3"), named("b", "4")]));
        assert_eq!(merged[0]["y"], json!([3]));
    }

    #[test]
    fn each_document_gets_the_overrides_of_its_kind() {
        let text = "kind: A\nx: {y: 1, z: 2}\n---\nkind: B\nx: 1\n";
        let own = overrides(&json!({"x": {"z": 3}}));
        let merged = yaml::documents(&documents(text, &[("A", &own)]).unwrap()).unwrap();
        assert_eq!(
            merged,
            [json!({"kind": "A", "x": {"y": 1, "z": 3}}), json!({"kind": "B", "x": 1})]
        );
    }
}
