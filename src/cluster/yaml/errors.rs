//! The YAML crate's errors, in our words.

use serde_yaml::Error;

use super::{DEPTH, NODES, Source, Spot};
use crate::cluster::mistake::{Mistake, quote};
use crate::cluster::nearest::{nearest, one_of};

/// What the parser says, and what the person who wrote the file can do about it.
const SYNTAX: [(&str, &str); 10] = [
    ("simple key expected ':'", "a field has a `:` behind its name"),
    ("tabs disallowed", "indent with spaces, not with tabs"),
    ("mapping values are not allowed", "check the indentation, or quote the value that has a `:`"),
    ("did not find expected key", "a line here begins at another column than its neighbours"),
    ("did not find expected <document start>", "a line here begins left of the first one"),
    ("unclosed quote", "the quote that begins here is never closed"),
    ("misplaced bracket", "a bracket is closed that was not opened"),
    ("unexpected character", "quote a value that begins with this character"),
    ("block sequence entries are not allowed", "put the list on its own lines"),
    ("unknown escape", "in double quotes write `\\\\` for a backslash"),
];

/// An error of the crate as a mistake in the source.
pub(super) fn mistake(source: Source<'_>, error: &Error) -> Mistake {
    let spot = error.location().map(Spot::from).unwrap_or_default();
    let (error, aliased) = match error.without_snippet() {
        Error::AliasError { error, .. } => (error.without_snippet(), true),
        error => (error, false),
    };
    let found = if aliased { Found::Value(after(source, spot)) } else { Found::at(source, spot) };
    let base = |message: String| source.mistake(spot, message);
    let wrong_type = |expected: &str| {
        let what = found.describe();
        let message = match field_before(source, spot) {
            Some(field) => format!("{} is {what}", quote(field)),
            None => format!("found {what}"),
        };
        base(message).found(found.text()).expected(expected)
    };
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            base(format!("unknown field {}", quote(field)))
                .found(field)
                .expected(one_of(expected))
                .nearest(nearest(field, expected))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            base(format!("unknown word {}", quote(variant)))
                .found(variant)
                .expected(one_of(expected))
                .nearest(nearest(variant, expected))
        }
        Error::SerdeMissingField { field, .. } => {
            base(format!("the field `{field}` is missing")).expected(format!("`{field}`"))
        }
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or_default();
            base(format!("the key {} is given twice", quote(key)))
                .found(key)
                .expected("each key once")
        }
        Error::Unexpected { expected, .. } => wrong_type(kind(expected)),
        Error::InvalidScalar { ty, .. } => wrong_type(kind(ty)),
        Error::NullIntoString { .. } => wrong_type("text"),
        Error::InvalidBooleanStrict { .. } => {
            let word = match found.text().to_ascii_lowercase().as_str() {
                "yes" | "y" | "on" | "1" => Some("true"),
                "no" | "n" | "off" | "0" => Some("false"),
                _ => None,
            };
            wrong_type("`true` or `false`").nearest(word.map(str::to_owned))
        }
        Error::SerdeInvalidType { expected, .. }
        | Error::SerdeInvalidValue { expected, .. }
        | Error::SerdeInvalidLength { expected, .. } => wrong_type(expected),
        Error::NonFiniteFloat { value, .. } => base(format!("{} is not finite", quote(value)))
            .found(value)
            .expected("a finite number, or text in quotes"),
        Error::MultipleDocuments { .. } => {
            base("a second document begins before this place".into()).expected("one document")
        }
        Error::UnsupportedTag { tag, .. } | Error::TaggedStructFieldName { tag, .. } => {
            base(format!("the tag {} is not supported", quote(tag)))
                .found(tag)
                .expected("a value without a tag")
        }
        Error::UnknownAnchor { .. } => {
            let end = |c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}');
            let alias = after(source, spot).split(end).next().unwrap_or_default();
            base(format!("the alias {} has no anchor before it", quote(alias)))
                .found(alias)
                .expected("the name of an anchor above (`&name`)")
        }
        Error::Budget { breach, .. } => budget(base, breach),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => {
            base(format!("aliases unfold to more than {NODES} values")).expected("fewer aliases")
        }
        Error::ExternalMessage { msg, .. } => syntax(base, msg),
        Error::Message { msg, .. } => base(msg.clone()),
        other => syntax(base, &other.to_string()),
    }
}

fn budget(base: impl Fn(String) -> Mistake, breach: &serde_yaml::budget::BudgetBreach) -> Mistake {
    use serde_yaml::budget::BudgetBreach as Breach;
    match breach {
        Breach::Depth { .. } => too_deep(base),
        _ => base("there are too many values".into()).expected(format!("at most {NODES} values")),
    }
}

fn too_deep(base: impl Fn(String) -> Mistake) -> Mistake {
    base("lists and mappings are nested too deep".into())
        .expected(format!("at most {DEPTH} levels"))
}

/// A mistake in the YAML itself: the parser's words, and a way out for the common ones.
fn syntax(base: impl Fn(String) -> Mistake, said: &str) -> Mistake {
    // Some messages of the crate end with their place, which we have already.
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    if said.contains("recursion limit") || said.contains("nesting") {
        return too_deep(base);
    }
    let hint = SYNTAX.iter().find(|(part, _)| said.contains(part)).map(|(_, hint)| *hint);
    let mistake = base(format!("not YAML: {said}"));
    match hint {
        Some(hint) => Mistake { message: format!("{}: {hint}", mistake.message), ..mistake },
        None => mistake,
    }
}

/// What stands at a place.
enum Found<'a> {
    Nothing,
    List,
    Mapping,
    Value(&'a str),
}

impl<'a> Found<'a> {
    fn at(source: Source<'a>, spot: Spot) -> Self {
        let rest = after(source, spot);
        match rest.chars().next() {
            None | Some('#') => Self::Nothing,
            Some('[') => Self::List,
            Some('{') => Self::Mapping,
            // The crate gives block lists and mappings no length.
            Some('-') if spot.len == 0 => Self::List,
            Some(_) if spot.len == 0 => Self::Mapping,
            Some(_) => {
                let end = rest.char_indices().nth(spot.len).map_or(rest.len(), |(end, _)| end);
                Self::Value(&rest[..end])
            }
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Nothing => "nothing".into(),
            Self::List => "a list".into(),
            Self::Mapping => "fields (`key: value`)".into(),
            Self::Value(text) => quote(text),
        }
    }

    fn text(&self) -> &'a str {
        match self {
            Self::Nothing => "nothing",
            Self::List => "a list",
            Self::Mapping => "fields",
            Self::Value(text) => text,
        }
    }
}

/// The field whose value begins at the place.
fn field_before(source: Source<'_>, spot: Spot) -> Option<&str> {
    let lines = source.text.split_inclusive('\n').take(spot.line.checked_sub(1)?);
    let line_start: usize = lines.map(str::len).sum();
    let line = &source.text[line_start..];
    let column = line.char_indices().nth(spot.column.checked_sub(1)?).map_or(line.len(), |at| at.0);
    let before = source.text[..line_start + column].trim_end().strip_suffix(':')?;
    let before = before.trim_end_matches(['"', '\'']);
    let start = before.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let field =
        &before[start.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))..];
    (!field.is_empty()).then_some(field)
}

/// The line from the place on.
fn after(source: Source<'_>, spot: Spot) -> &str {
    let line = source.text.lines().nth(spot.line.saturating_sub(1)).unwrap_or_default();
    let start =
        line.char_indices().nth(spot.column.saturating_sub(1)).map_or(line.len(), |at| at.0);
    line[start..].trim_end()
}

/// The crate's names of types, in words.
fn kind(name: &str) -> &str {
    match name {
        "mapping start" => "fields (`key: value`, indented or in `{}`)",
        "sequence start" => "a list (`- ...` lines or `[...]`)",
        "string scalar" | "string" => "text",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        other => other,
    }
}
