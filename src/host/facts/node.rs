//! What a host shows that is a node already.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::parse::Read;
use crate::host::survey::certificate;

/// What was read of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// The version of its kubelet: `v1.20.2`.
    pub kubelet: Option<String>,
    /// The certificates of a control plane, and when they end; authorities among them. Unknown where none was looked for.
    pub certificates: Option<Vec<(String, Option<SystemTime>)>>,
}

impl Node {
    pub(super) fn read(read: &Read) -> Self {
        let line = |value: &str| {
            let (path, text) = value.rsplit_once(' ')?;
            Some((path.to_owned(), text.to_owned()))
        };
        let whole = |lines: Vec<(String, String)>| {
            let mut texts: BTreeMap<String, String> = BTreeMap::new();
            for (path, text) in lines {
                texts.entry(path).or_default().push_str(&text);
            }
            texts.into_iter().map(|(path, text)| (path, certificate::ends(&text))).collect()
        };
        Self {
            kubelet: read.text("kubelet_version"),
            certificates: read.list("certificate", line).map(whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::Facts;

    /// That of `survey/certificate.rs`, in lines as files have it.
    #[test]
    fn a_certificate_is_put_together_of_its_lines() {
        let lines = [
            "MIIBLDCB36ADAgECAhQMCaZSAfDabcrn6gKGptYZzsSbmTAFBgMrZXAwDDEKMAgGA1UEAwwBeDAeFw0y",
            "NjExMjMwNTM4NTFaFw0yNzAzMDMwNTM4NTFaMAwxCjAIBgNVBAMMAXgwKjAFBgMrZXADIQDp8KMaBZt+",
            "ICoF/N2DLqEcxYZG9hFAedba0TVwfA7VDKNTMFEwHQYDVR0OBBYEFO7etiKP+TsxIrIN03YfFWSanYiI",
            "MB8GA1UdIwQYMBaAFO7etiKP+TsxIrIN03YfFWSanYiIMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA",
            "gEnr6BNNszchrlR/cz8+xsiKs4XjSw7j9MbvcFToHiFdqjaCILQ93wyxGT6Cj2lx9PtNOOsKURAjKIj9",
            "6790DQ==",
        ];
        let told: Vec<String> =
            lines.iter().map(|line| format!("certificate /x.crt {line}")).collect();
        let text = format!(
            "facts 1\ncertificate -\ncertificate /bad.crt AAAA\n{}\nend\n",
            told.join("\n")
        );
        let ends = UNIX_EPOCH + Duration::from_secs(1_804_052_331);
        let expected = vec![("/bad.crt".to_owned(), None), ("/x.crt".to_owned(), Some(ends))];
        assert_eq!(Facts::parse(&text).unwrap().member.certificates, Some(expected));
    }
}
