//! The one place that calls the YAML crate: limits, places, and its errors in our words.

mod errors;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_yaml::{Location, Spanned};

use super::mistake::Mistake;
use super::text;

/// Deepest nesting of lists and mappings. The deepest that anyone writes is containerd's
/// `plugins.*.containerd.runtimes.*.options`, ten with what is around it. A level takes some 55 KB
/// of stack in a debug build (measured), and the threads of tests and of tokio have 2 MiB.
const DEPTH: usize = 16;
/// Most values in a file, before and after aliases are replaced: twice those of 1,000 hosts with
/// every field given.
const NODES: usize = 50_000;

/// A value and where it was written.
#[derive(Debug, Clone, Default)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it begins; no place when it does not come from a file.
    pub spot: Spot,
}

impl<T> At<T> {
    /// A value that does not come from a file.
    pub fn nowhere(value: T) -> Self {
        Self { value, spot: Spot::default() }
    }
}

/// A place in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spot {
    /// Line, counted from 1; 0 when there is no place.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Characters to underline.
    pub len: usize,
    /// Bytes of the text that spell the value; for an alias those of what it stands for.
    spelled: Option<(usize, usize)>,
}

impl Spot {
    /// The first character only: for what is about a whole list or mapping.
    #[must_use]
    pub fn start(self) -> Self {
        Self { len: 1, ..self }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        let mut spot = Spot::from(spanned.referenced);
        spot.spelled = Spot::from(spanned.defined).spelled;
        Ok(Self { value: spanned.value, spot })
    }
}

impl From<Location> for Spot {
    fn from(location: Location) -> Self {
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let span = location.span();
        Self {
            line: size(location.line()),
            column: size(location.column()),
            len: size(span.len()),
            spelled: span.byte_offset().zip(span.byte_len()).map(|(at, len)| (size(at), size(len))),
        }
    }
}

/// A text with its name: what mistakes are made of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    /// Its text, without a byte order mark.
    pub text: &'a str,
}

impl<'a> Source<'a> {
    /// A named text.
    pub fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text: text::without_mark(text) }
    }

    /// A mistake at a place of this text.
    pub fn mistake(&self, spot: Spot, message: impl Into<String>) -> Mistake {
        Mistake::new(self.file, message).at(self.text, spot.line, spot.column.max(1), spot.len)
    }

    /// The value as it is spelled in the text, quotes included; empty when it has no place.
    pub fn spelled(&self, spot: Spot) -> &'a str {
        spot.spelled.and_then(|(at, len)| self.text.get(at..at + len)).unwrap_or_default()
    }
}

/// Reads one YAML document into a typed value.
///
/// # Errors
///
/// The first mistake: the text is too large, empty or has invisible characters; it is no YAML; or
/// it does not have the form of `T`.
pub fn from_str<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Box<Mistake>> {
    let source = Source::new(file, text);
    text::screen(file, source.text)?;
    if text::is_empty(source.text) {
        let mistake = Mistake::new(file, "the file is empty").at_start();
        return Err(mistake.found("nothing").expected("fields (`key: value`)").into());
    }
    serde_yaml::from_str_with_options(source.text, options())
        .map_err(|error| errors::mistake(source, &error).into())
}

fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        // A thousand hosts may share one anchor, so that the ratio of aliases to anchors says
        // nothing; what aliases may unfold to is limited by count instead. Comments are read past
        // and cost nothing, but there may be pages of them.
        budget: serde_yaml::budget! {
            max_depth: DEPTH,
            flow_nesting_limit: DEPTH,
            max_nodes: NODES,
            max_events: 4 * NODES,
            max_recorded_anchor_events: 4 * NODES,
            enforce_alias_anchor_ratio: false,
            max_buffered_comment_events: 100_000,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: NODES,
            max_replay_stack_depth: 16,
        },
        emit_comments: false,
        // YAML 1.1 takes `no` for false and `0644` for 420, YAML 1.2 does not: here both are text.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        reject_tagged_field_names: true,
        with_snippet: false,
    }
}

/// Reads every document of a text that bivouac itself rendered.
pub fn documents(text: &str) -> Result<Vec<serde_json::Value>, String> {
    serde_yaml::from_multiple_with_options(text, options()).map_err(|error| error.to_string())
}

/// Writes a value as YAML that a YAML 1.1 reader, such as kubeadm's, understands the same way.
pub fn to_string(value: &serde_json::Value) -> Result<String, String> {
    serde_yaml::to_string(value).map_err(|error| error.to_string())
}
