//! Published lists of sums.

use crate::content::Digest;

/// The sum of `file` in a published list; otherwise why there is none.
///
/// Lists are of three forms: a bare sum (Kubernetes: `kubelet.sha256`), lines of `sha256sum`
/// (`SUM  NAME`, `SUM *NAME`, perhaps with a directory before the name), and such lines in a clear-signed
/// message (opencontainers/runc `script/release_sign.sh`). The signature is not checked here: there is no
/// key to check it by that would not come from the same place.
pub fn find(list: &str, file: &str) -> Result<Digest, String> {
    let mut lines = list.lines().map(str::trim).filter(|line| !line.is_empty());
    if let (Some(line), None) = (lines.next(), lines.next())
        && !line.contains(char::is_whitespace)
    {
        return parse(line).ok_or_else(|| "it holds no SHA-256".to_owned());
    }
    let mut found = None;
    let mut others = Vec::new();
    for (sum, name) in list.lines().filter_map(entry) {
        let base = name.rsplit('/').next().unwrap_or(name);
        if base != file {
            others.push(base);
        } else if found.is_some_and(|before| before != sum) {
            return Err(format!("it names two sums for `{file}`"));
        } else {
            found = Some(sum);
        }
    }
    found.ok_or_else(|| match others.as_slice() {
        [] => "it holds no SHA-256".to_owned(),
        [other] => format!("it holds the sum of `{other}`, expected that of `{file}`"),
        _ => format!("it has no sum for `{file}`"),
    })
}

fn entry(line: &str) -> Option<(Digest, &str)> {
    let (sum, name) = line.trim().split_once(char::is_whitespace)?;
    let name = name.trim_start();
    Some((parse(sum)?, name.strip_prefix('*').unwrap_or(name)))
}

fn parse(text: &str) -> Option<Digest> {
    Digest::parse(&text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const B: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn each_project_s_form_is_read() {
        for list in [
            A.to_owned(),
            format!("{A}\n"),
            A.to_uppercase(),
            format!("{A}  x.tgz\n"),
            format!("{A} *x.tgz\n"),
            format!("{A}  releases/x.tgz"),
            format!("{B}  y.tgz\n{A}  x.tgz\n"),
            format!(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{B} *runc.arm64\n{A} *x.tgz\n-----BEGIN PGP SIGNATURE-----\n\niHUEARYKAB\n=abcd\n-----END PGP SIGNATURE-----\n"
            ),
        ] {
            assert_eq!(find(&list, "x.tgz").unwrap().to_string(), A, "{list}");
        }
    }

    #[test]
    fn a_list_for_another_file_is_refused() {
        for (list, words) in [
            (String::new(), "no SHA-256"),
            ("<html>".to_owned(), "no SHA-256"),
            ("<html>\n<body>no\n".to_owned(), "no SHA-256"),
            (A[1..].to_owned(), "no SHA-256"),
            (format!("{A}  y.tgz\n"), "the sum of `y.tgz`, expected that of `x.tgz`"),
            (format!("{A}  y.tgz\n{B}  z.tgz\n"), "no sum for `x.tgz`"),
            (format!("{A}  x.tgz\n{B}  x.tgz\n"), "two sums"),
            (format!("{A}  x.tgz.asc\n"), "x.tgz.asc"),
        ] {
            let error = find(&list, "x.tgz").unwrap_err();
            assert!(error.contains(words), "{list}: {error}");
        }
    }
}
