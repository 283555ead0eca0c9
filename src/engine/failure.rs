//! Why a task did not end well, in the operator's words.

use crate::host::Error;

/// Why a task did not end well.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) cause: String,
    pub(super) fix: String,
    pub(super) tail: Vec<String>,
    /// A second try may help: the host answered, the work did not succeed.
    pub(super) again: bool,
}

impl Failure {
    /// The failure of a step whose first try had ended with another: what went wrong first is the cause,
    /// since what follows may only come of it.
    pub(super) fn after(self, first: Option<Self>) -> Self {
        match first {
            Some(first) if first.cause != self.cause => {
                let cause = format!("{}; tried again: {}", first.cause, self.cause);
                Self { cause, tail: first.tail, ..self }
            }
            _ => self,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let tail = match &error {
            Error::Script { answer, .. } => tail(&answer.stdout, &answer.stderr),
            _ => Vec::new(),
        };
        let again = matches!(error, Error::Script { .. });
        Self { cause: describe(&error), fix: error.fix(), tail, again }
    }
}

/// An error with its sources, one sentence.
pub fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    text
}

/// The last lines of what a script said.
pub(super) fn tail(stdout: &str, stderr: &str) -> Vec<String> {
    const LINES: usize = 15;
    let lines: Vec<&str> =
        stdout.lines().chain(stderr.lines()).filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].iter().map(|line| (*line).to_owned()).collect()
}

/// The failure of what a stop cut short.
pub(super) fn interrupted() -> Failure {
    Failure {
        cause: "interrupted".to_owned(),
        fix: "run the same command again: it goes on from here".to_owned(),
        tail: Vec::new(),
        again: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Answer;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    fn chain(texts: &[&'static str]) -> Option<Box<Link>> {
        let (text, rest) = texts.split_first()?;
        Some(Box::new(Link { text, source: chain(rest) }))
    }

    #[test]
    fn an_error_and_its_sources_are_one_sentence() {
        for (texts, expected) in [
            (vec!["no answer"], "no answer"),
            (vec!["no answer", "timed out"], "no answer: timed out"),
            // What was said is not said again.
            (vec!["no answer: timed out", "timed out"], "no answer: timed out"),
            (vec!["a", "b: c", "c", "d"], "a: b: c: d"),
        ] {
            assert_eq!(describe(&chain(&texts).unwrap()), expected);
        }
    }

    #[test]
    fn the_tail_is_the_end_of_both_streams_without_empty_lines() {
        assert_eq!(tail("", "\n \n"), Vec::<String>::new());
        assert_eq!(tail("out\n\n", "  err\n"), ["out", "  err"]);
        let many = (0..40).fold(String::new(), |all, line| format!("{all}{line}\n"));
        let lines = tail(&many, "the end\n");
        assert_eq!(lines.len(), 15);
        assert_eq!((lines[0].as_str(), lines[14].as_str()), ("26", "the end"));
    }

    #[test]
    fn the_first_try_s_cause_comes_first() {
        let failure = |cause: &str, fix: &str| Failure {
            cause: cause.to_owned(),
            fix: fix.to_owned(),
            tail: vec![format!("said {cause}")],
            again: true,
        };
        let one = failure("a", "x").after(None);
        assert_eq!((one.cause.as_str(), one.fix.as_str()), ("a", "x"));
        let alike = failure("a", "y").after(Some(failure("a", "x")));
        assert_eq!((alike.cause.as_str(), alike.fix.as_str()), ("a", "y"));
        let other = failure("b", "y").after(Some(failure("a", "x")));
        assert_eq!((other.cause.as_str(), other.fix.as_str()), ("a; tried again: b", "y"));
        assert_eq!(other.tail, ["said a"]);
    }

    #[test]
    fn only_a_script_s_own_failure_is_worth_a_second_try() {
        let answer =
            Answer { status: 1, stdout: "doing\n".to_owned(), stderr: "E: no\n".to_owned() };
        let failure: Failure = Error::Script { cause: "E: no".to_owned(), answer }.into();
        assert!(failure.again);
        assert_eq!(
            (failure.cause.as_str(), failure.tail.as_slice()),
            ("E: no", ["doing".to_owned(), "E: no".to_owned()].as_slice())
        );
        let failure: Failure = Error::Locked { holder: "run x".to_owned() }.into();
        assert!(!failure.again && failure.tail.is_empty());
        assert!(failure.cause.contains("run x"), "{}", failure.cause);
        assert!(!failure.fix.is_empty());
        assert!(!interrupted().again);
    }
}
