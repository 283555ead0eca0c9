//! The free-form parts of cluster.yaml (`kubelet`, `runtime.config`, ...), kept as written.
//!
//! They are merged into files that programs with other YAML readers read. A plain `no` is false
//! to a YAML 1.1 reader and text to a YAML 1.2 reader, `0644` is 420 to one and 644 to the other:
//! whoever wrote it meant one of them, and we cannot know which. So such values are refused here,
//! where the line can be named, and not guessed.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::mistake::{Mistake, quote};
use super::yaml::{At, Source};
use super::{Overrides, text};

/// A value of any form, with the places of its parts.
#[derive(Debug)]
pub enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<At<Node>>),
    Map(BTreeMap<String, At<Node>>),
}

impl Node {
    /// Whether nothing is in it: `[]`, `{}`, `""` or null.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::List(list) => list.is_empty(),
            Self::Map(map) => map.is_empty(),
            Self::Bool(_) | Self::Number(_) => false,
        }
    }

    /// The field of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key).map(|node| &node.value),
            _ => None,
        }
    }
}

/// The fields as JSON; what is ambiguous goes into `mistakes`.
pub fn overrides(
    source: Source<'_>,
    fields: &BTreeMap<String, At<Node>>,
    mistakes: &mut Vec<Mistake>,
) -> Overrides {
    let mut object = Overrides::new();
    for (key, node) in fields {
        if !visible(key) {
            let message = format!("the key {} has control characters", quote(key));
            mistakes.push(source.mistake(node.spot, message).found(key).expected("visible text"));
        }
        object.insert(key.clone(), value(source, node, mistakes));
    }
    object
}

fn value(source: Source<'_>, node: &At<Node>, mistakes: &mut Vec<Mistake>) -> Value {
    match &node.value {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::Bool(*value),
        Node::Number(number) => {
            mistakes.extend(inexact(source, node, number));
            Value::Number(number.clone())
        }
        Node::Text(text) => {
            mistakes.extend(ambiguous(source, node, text));
            Value::String(text.clone())
        }
        Node::List(list) => {
            Value::Array(list.iter().map(|node| value(source, node, mistakes)).collect())
        }
        Node::Map(map) => Value::Object(overrides(source, map, mistakes)),
    }
}

/// A number that would not come out as it was written.
fn inexact(source: Source<'_>, node: &At<Node>, number: &Number) -> Option<Mistake> {
    let written = source.spelled(node.spot);
    let digits = written.trim_start_matches(['+', '-']);
    if !number.is_f64() || digits.is_empty() {
        return None;
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        let message = format!("the number {} does not fit into 64 bits", quote(written));
        return Some(
            source.mistake(node.spot, message).found(written).expected("a smaller number"),
        );
    }
    // `1.30` is a version far more often than it is the number 1.3.
    let (_, fraction) = digits.split_once('.')?;
    let loses = fraction.len() > 1 && fraction.ends_with('0') && !fraction.contains(['e', 'E']);
    loses.then(|| {
        let message = format!("{} would be read as the number {number}", quote(written));
        source
            .mistake(node.spot, message)
            .found(written)
            .expected(format!("text in quotes (`\"{written}\"`), or the number without the last 0"))
    })
}

/// Text that another YAML reader would take for something else.
fn ambiguous(source: Source<'_>, node: &At<Node>, text: &str) -> Option<Mistake> {
    if !visible(text) {
        let message = format!("{} has control characters", quote(text));
        return Some(source.mistake(node.spot, message).found(text).expected("visible text"));
    }
    if source.spelled(node.spot) != text {
        return None; // quoted, or a block of lines
    }
    let digits = text.trim_start_matches(['+', '-']);
    let number = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '_');
    let otherwise = match text.to_ascii_lowercase().as_str() {
        "yes" | "on" => "`true`",
        "no" | "off" => "`false`",
        _ if number => "a plain number (octal is `0o644`)",
        _ => return None,
    };
    let message = format!("{} means different things to different YAML readers", quote(text));
    let expected = format!("{otherwise}, or text in quotes (`\"{text}\"`)");
    Some(source.mistake(node.spot, message).found(text).expected(expected))
}

fn visible(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\n' | '\t') || !(c.is_control() || text::is_invisible(c)))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Number::from_f64(value)
            .map(Node::Number)
            .ok_or_else(|| E::custom("the number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.insert(key, value);
        }
        Ok(Node::Map(map))
    }
}
