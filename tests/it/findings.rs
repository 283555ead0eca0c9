//! All findings and causes as a set, and the page that lists them.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bivouac::page::document;

fn bivouac(arguments: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_bivouac"))
        .args(arguments)
        .current_dir(dir.path())
        .env_remove("MASTER_NODES")
        .output()
        .unwrap()
}

fn said(arguments: &[&str]) -> String {
    let output = bivouac(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_list_of_findings_is_what_the_program_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md");
    let right = document(&bivouac::cli::pages().unwrap());
    if env::var("BIVOUAC_GOLDEN").is_ok_and(|value| value == "write") {
        fs::write(&path, &right).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == right,
        "docs/findings.md is not what the program says; `BIVOUAC_GOLDEN=write cargo test findings` takes it over"
    );
}

#[test]
fn names_are_of_one_thing_and_pages_are_whole() {
    let pages = bivouac::cli::pages().unwrap();
    let names: BTreeSet<&str> = pages.iter().map(|page| page.name).collect();
    assert_eq!(names.len(), pages.len(), "a name twice");
    for page in &pages {
        let begins = |other: &&&str| **other != page.name && page.is_of(other);
        assert_eq!(names.iter().find(begins), None, "{} covers another page", page.name);
        let has_words =
            [page.what, page.breaks, page.text, page.of].iter().all(|it| !it.is_empty());
        assert!(has_words && page.kubeadm != Some(""), "{}", page.name);
        assert!(page.text.ends_with('.') && !page.what.ends_with('.'), "{}", page.name);
    }
}

#[test]
fn explain_knows_every_name_and_refuses_others_with_the_nearest() {
    for page in bivouac::cli::pages().unwrap() {
        let shown = said(&["explain", page.name]);
        assert!(shown.starts_with(&format!("{}: {}\n", page.name, page.what)), "{shown}");
    }
    let shown = said(&["explain", "Port-10250"]);
    assert!(shown.starts_with("Port-*: "), "{shown}");
    insta::assert_snapshot!(said(&["explain", "Swap"]));
    let output = bivouac(&["explain", "Swapp"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("`Swapp` is no finding and no cause; did you mean `Swap`?"), "{error}");
    let all = said(&["explain"]);
    assert!(all.contains("NodeReady") && all.contains("DirAvailable-*"), "{all}");
}

#[test]
fn checks_are_listed_without_a_cluster() {
    let list = said(&["preflight", "--list"]);
    let swap = list.lines().find(|line| line.starts_with("Swap ")).unwrap();
    for word in ["error", "kubelet", "swap is off, or the kubelet is told to bear it"] {
        assert!(swap.contains(word), "{list}");
    }
    assert_eq!(list.lines().count(), bivouac::preflight::CHECKS.len() + 1);
    let objects = said(&["preflight", "--list", "--output", "json"]);
    let objects: Vec<serde_json::Value> =
        objects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), bivouac::preflight::CHECKS.len());
    let swap = objects.iter().find(|object| object["name"] == "Swap").unwrap();
    assert_eq!((&swap["severity"], &swap["phase"]), (&"error".into(), &"kubelet".into()));
    assert!(swap["breaks"].as_str().unwrap().contains("kubelet") && swap["skips"] == true);
}
