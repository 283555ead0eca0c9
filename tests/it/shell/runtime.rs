//! Whose containerd the shell half asks.

use std::path::{Path, PathBuf};
use std::process::Command;

use bivouac::cluster::RUNTIMES;

const IMAGE: &str = include_str!("../../../src/host/kind/image.sh");

/// Where containerd answers.
fn socket() -> &'static str {
    RUNTIMES.iter().find(|it| it.name == "containerd").unwrap().socket()
}

/// All scripts below a directory.
fn scripts(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            found.extend(scripts(&path));
        } else if path.extension().is_some_and(|it| it == "sh") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_call_of_ctr_names_the_socket() {
    let all = scripts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/host"));
    let socket = socket();
    let mut calls = 0;
    for path in all {
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let line = line.trim_start();
            if line.starts_with('#') || line.starts_with("for name in ") {
                continue;
            }
            for (at, _) in line.match_indices("ctr ") {
                let before = line[..at].chars().next_back();
                // `bv_ctr` names it itself, and `command -v ctr` calls nobody.
                let is_call = before.is_none_or(|c| " ({=$|;&".contains(c))
                    && !line[..at].ends_with("-v ")
                    && !line[..at].ends_with("has ");
                if !is_call {
                    continue;
                }
                calls += 1;
                let rest = &line[at + 4..];
                let named = ["\"$BV_CONTAINERD\"", "$BV_CONTAINERD", "\"$bv_socket\"", socket];
                assert!(
                    named.iter().any(|it| rest.starts_with(&format!("--address {it} "))),
                    "{}: {line}",
                    path.display()
                );
            }
        }
    }
    assert!(calls > 15, "{calls}");
    assert!(IMAGE.contains(&format!("\nBV_CONTAINERD={socket}\n")));
}

/// k3s' own, which comes first in the path of its hosts, asks k3s' containerd unless it is told another.
#[test]
fn another_s_ctr_asks_our_containerd() {
    let another = r#"ctr() {
    socket=/run/k3s/containerd/containerd.sock
    if [ "$1" = --address ]; then socket=$2; shift 2; fi
    echo "$socket $*"
}
"#;
    let output =
        Command::new("sh").arg("-c").arg(format!("{another}{IMAGE}\nbv_images")).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("{} -n k8s.io images ls -q\n", socket())
    );
}

/// docker's own way to fill in a line of its list: a label that is not there is nothing.
const LIST: &str = r#"
has() { true; }
timeout() { shift; "$@"; }
say() { case $1 in container) shift; echo "$*" ;; esac; }
row() {
    printf '%s\n' "$format" | sed -e "s/{{.ID}}/$1/; s/{{.Names}}/$2/; s/{{.State}}/running/; s/{{.Label \"io.kubernetes.pod.name\"}}/$3/; s/{{.Label \"io.rancher.rke.container.name\"}}/$4/" \
        -e "s/{{json (.Label \"io.kubernetes.pod.name\")}}/\"$3\"/; s/{{json (.Label \"io.rancher.rke.container.name\")}}/\"$4\"/; s/{{\"\\\\t\"}}/$tab/g"
}
docker() {
    for format; do :; done
    row ab kubelet '' kubelet
    row cd k8s_web web-0 ''
    row ef mine 'my label' ''
    row 01 plain '' ''
}
"#;

#[test]
fn containers_of_docker_are_known_by_their_labels_whatever_is_in_them() {
    const RUNTIME: &str = include_str!("../../../src/host/inventory/runtime.sh");
    let from = RUNTIME.find("answers=no\nif has docker").unwrap();
    let part = &RUNTIME[from..from + RUNTIME[from..].find("# Its images").unwrap()];
    let part = part.replace("[ -S /run/docker.sock ]", "true");
    let script = format!("tab='\t'\n{LIST}{part}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "ab name kubelet kubernetes rke\ncd name k8s_web kubernetes yes\nef name mine kubernetes no\n01 name plain kubernetes no\n"
    );
}
