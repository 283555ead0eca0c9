//! What is planned on each distribution whose facts are recorded.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use bivouac::family::Families;
use bivouac::host::Change;
use bivouac::host::facts::Facts;
use bivouac::playbook::{Action, HostState};

use crate::support::site::{Made, changes, embedded};

const ONE: &str = "hosts:\n- {address: 10.89.7.11, roles: [control-plane]}\n";

/// The recorded hosts, by their files.
fn recorded() -> Vec<(String, Facts)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/facts");
    let mut all: Vec<(String, Facts)> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_stem().unwrap() != "hostile")
        .map(|path| {
            let facts = Facts::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), facts)
        })
        .collect();
    all.sort_by(|one, two| one.0.cmp(&two.0));
    all
}

#[test]
fn each_distribution_gets_its_own_packages() {
    let mut planned = String::new();
    for (name, facts) in recorded() {
        let mut made = Made::new("v1.20.2", "", ONE);
        made.states[0] = HostState {
            os: facts.os.clone(),
            package_managers: facts.package_managers.clone().unwrap(),
            ..made.states[0].clone()
        };
        let plan = made.init();
        let package = changes(&plan.lanes[0]).into_iter().find_map(|change| match change {
            Change::Package { .. } => Some(change.arguments().join(" ")),
            _ => None,
        });
        let _ = writeln!(planned, "{name}: {}", package.as_deref().unwrap_or("nothing"));
    }
    insta::assert_snapshot!(planned);
}

#[test]
fn every_family_knows_all_tools() {
    let library = embedded();
    let steps = ["init", "remove"].into_iter().flat_map(|verb| library.playbooks(verb));
    let mut tools: BTreeSet<&str> = steps
        .flat_map(|playbook| &playbook.steps)
        .filter_map(|step| match &step.action {
            Action::Package(tools) => Some(tools.iter().map(String::as_str)),
            _ => None,
        })
        .flatten()
        .collect();
    assert!(tools.contains("conntrack"));
    // Not all have one; preflight says so.
    assert!(tools.remove("docker"));
    // What preflight names where it is missing.
    tools.extend(["awk", "coreutils", "diffutils", "findutils", "getent", "grep", "ip", "kmod"]);
    tools.extend(["mount", "sed", "systemd", "tar", "util-linux"]);
    let families = Families::embedded().unwrap();
    assert_eq!(families.iter().count(), 4);
    let known: Vec<(String, Facts)> =
        recorded().into_iter().filter(|(_, facts)| families.of(facts).is_some()).collect();
    let seen: BTreeSet<&str> =
        known.iter().map(|(_, facts)| families.of(facts).unwrap().file).collect();
    assert_eq!(seen.len(), 4, "each family has a host whose facts are recorded: {seen:?}");
    for (name, facts) in &known {
        for tool in &tools {
            let packages = families.of(facts).unwrap().packages(tool);
            assert!(packages.is_some_and(|it| !it.is_empty()), "{name}: {tool}");
        }
    }
}

#[test]
fn docker_is_a_package_of_some() {
    let families = Families::embedded().unwrap();
    let mut said = String::new();
    for (name, facts) in recorded() {
        let packages = families.of(&facts).and_then(|it| Some(it.packages("docker")?.join(" ")));
        let _ = writeln!(said, "{name}: {}", packages.as_deref().unwrap_or("none"));
    }
    insta::assert_snapshot!(said);
}
