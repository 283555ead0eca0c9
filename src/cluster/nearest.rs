//! The nearest right word.

/// Words longer than this are not compared: nobody mistypes them, and the cost is quadratic.
const LONGEST: usize = 64;

/// The candidate that the word was probably meant to be: the same but for case, `-` and `_`; one
/// or two slips of the finger away; or a part of it.
pub fn nearest(word: &str, candidates: &[&str]) -> Option<String> {
    let word = fold(word);
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let distance = |candidate: &str| {
        let candidate = fold(candidate);
        let slips = strsim::damerau_levenshtein(&word, &candidate);
        let near = slips <= (word.len().max(candidate.len()) / 3).max(1);
        let part = word.len() >= 3 && (candidate.contains(&word) || word.contains(&candidate));
        (near || part).then_some((!near, slips))
    };
    candidates
        .iter()
        .filter_map(|candidate| distance(candidate).map(|distance| (distance, *candidate)))
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// A list of words for "expected ...": `a`, `b` or `c`.
pub fn one_of(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [word] => format!("`{word}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}

fn fold(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let fields = ["address", "roles", "name", "ssh", "labels", "taints"];
        for (word, right) in [
            ("adress", Some("address")),
            ("Address", Some("address")),
            ("role", Some("roles")),
            ("label", Some("labels")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &fields).as_deref(), right, "{word}");
        }
        let keys = ["privateKey", "passphraseFile", "passwordFile", "podSubnet"];
        for (word, right) in
            [("pod_subnet", "podSubnet"), ("password", "passwordFile"), ("key", "privateKey")]
        {
            assert_eq!(nearest(word, &keys).as_deref(), Some(right), "{word}");
        }
    }

    #[test]
    fn lists_words() {
        assert_eq!(one_of(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
