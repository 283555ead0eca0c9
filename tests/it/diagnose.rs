//! What `bivouac diagnose` says, as its user sees it.

use bivouac::event::{Diagnosis, Named, Proof};
use bivouac::report::{Style, diagnosis_text};

fn text(found: &Diagnosis) -> String {
    diagnosis_text(found, "demo", Style::of(&|_| None, false))
}

fn proof(place: &str, what: &str) -> Proof {
    Proof { place: place.to_owned(), what: what.to_owned() }
}

fn pause() -> Named {
    Named {
        name: "PauseImage".to_owned(),
        hosts: vec!["w1".to_owned(), "w2".to_owned()],
        message: "the pause image `k8s.gcr.io/pause:9.9`, which containerd is set to, is not on the host".to_owned(),
        proofs: vec![
            proof("`containerd config dump`", "sandbox_image = k8s.gcr.io/pause:9.9"),
            proof("`journalctl -u kubelet`, 3 times", "failed to get sandbox image \"k8s.gcr.io/pause:9.9\"\u{1b}[2J"),
        ],
        fix: "set it to `k8s.gcr.io/pause:3.2`, which the host has, and start containerd anew".to_owned(),
        command: Some("sed -i 's|k8s.gcr.io/pause:9.9|k8s.gcr.io/pause:3.2|' /etc/containerd/config.toml && systemctl restart containerd".to_owned()),
    }
}

#[test]
fn a_cause_has_its_evidence_and_its_fix() {
    let other = Named {
        name: "IpForward".to_owned(),
        hosts: vec!["w2".to_owned()],
        message: "the kernel does not pass packets on".to_owned(),
        ..pause()
    };
    let found = Diagnosis {
        cause: Some(pause()),
        others: vec![other],
        broken: vec![("w1".to_owned(), "the pod `kube-proxy-x` is not ready".to_owned())],
        last_words: vec![],
        unread: vec![(
            "w3".to_owned(),
            "no route to host".to_owned(),
            "see whether it runs".to_owned(),
        )],
        read: 3,
    };
    insta::assert_snapshot!("diagnose__cause", text(&found));
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let found = Diagnosis {
        broken: vec![("cp1".to_owned(), "etcd does not answer: connection refused".to_owned())],
        last_words: vec![("cp1".to_owned(), proof("`journalctl -u kubelet`", "E1126 x.go:1] odd"))],
        read: 1,
        ..Diagnosis::default()
    };
    insta::assert_snapshot!("diagnose__unknown", text(&found));
}

#[test]
fn a_cluster_that_is_well_is_one_line() {
    let found = Diagnosis { read: 2, ..Diagnosis::default() };
    assert_eq!(text(&found), "nothing is wrong with `demo` that could be seen on 2 hosts\n");
}
