use regex::Regex;

use super::*;

#[test]
fn every_signature_knows_its_sample_and_not_its_counter() {
    let mut wrong = Vec::new();
    for (cause, signature) in
        causes().flat_map(|it| it.signatures.iter().map(move |signature| (it, signature)))
    {
        let regex = match Regex::new(signature.pattern) {
            Ok(regex) => regex,
            Err(error) => {
                wrong.push(format!("{}: {error}", cause.name));
                continue;
            }
        };
        let matches = |text: &str| regex.is_match(&text.replace('\\', ""));
        if !matches(signature.sample) {
            wrong.push(format!(
                "{}: `{}` does not match `{}`",
                cause.name, signature.pattern, signature.sample
            ));
        }
        if !signature.counter.is_empty() && matches(signature.counter) {
            wrong.push(format!(
                "{}: `{}` matches `{}`",
                cause.name, signature.pattern, signature.counter
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_cause_has_a_name_of_its_own_and_a_page() {
    let mut names: Vec<&str> = causes().map(|cause| cause.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    for cause in causes() {
        assert!(!cause.is.is_empty() && !cause.fix.is_empty(), "{}", cause.name);
        assert!(!cause.is.ends_with('.') && !cause.fix.ends_with('.'), "{}", cause.name);
    }
}
