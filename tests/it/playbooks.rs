//! Playbooks: those in the binary, and what is said of a user's own that are wrong.

mod cri_o;
mod docker;
mod registries;
mod rendered;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bivouac::cluster::versions;
use bivouac::host::Change;
use bivouac::playbook::{Action, Library, Work};

use crate::support::site::{Made, embedded, preview, values};

const SINGLE: &str = "hosts:\n- {address: 10.89.7.11, roles: [control-plane]}\n";

const TWO: &str = "hosts:
- {address: 10.89.7.11, roles: [control-plane], labels: {disk: ssd}}
- {address: 10.89.7.12, roles: [worker]}
";

/// A user's library: one playbook, and the templates of the binary.
fn library(text: &str) -> Result<Library, String> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "playbooks/init/10-own.yaml", text);
    write(
        dir.path(),
        "playbooks/os/debian.yaml",
        "name: Debian\nids: [debian]\nmanagers: [apt]\npackages: {nft: [nftables]}\n",
    );
    Library::from_dir(dir.path()).map_err(|error| {
        // Where the test put it does not matter.
        error.to_string().replace(dir.path().to_str().unwrap(), "DIR")
    })
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What is said of one step, as a user wrote it.
fn refused(step: &str) -> String {
    match library(&format!("name: own\nsteps:\n- name: fine\n  module: [overlay]\n{step}")) {
        Ok(_) => panic!("it was taken: {step}"),
        Err(message) => message,
    }
}

#[test]
fn a_step_has_one_kind() {
    insta::assert_snapshot!(refused("- name: idle\n  limit: 3\n"));
    insta::assert_snapshot!(refused("- name: both\n  module: [overlay]\n  tree: [/var/lib/x]\n"));
}

#[test]
fn a_command_says_how_it_is_undone() {
    insta::assert_snapshot!(refused("- name: touch\n  command: {run: touch /x}\n"));
    insta::assert_snapshot!(refused("- name: touch\n  command: {run: touch /x, undo: ''}\n"));
    insta::assert_snapshot!(refused("- name: touch\n  command: {run: touch /x, undo: nothing}\n"));
    let ok =
        "- name: touch\n  command: {run: touch /x, undo: nothing, because: it is only a test}\n";
    library(&format!("name: own\nsteps:\n{ok}")).unwrap();
}

#[test]
fn mistakes_have_a_place() {
    insta::assert_snapshot!(refused("- name: x\n  modul: [overlay]\n"));
    insta::assert_snapshot!(refused("- name: x\n  file: {path: /x, contents: y}\n"));
    insta::assert_snapshot!(refused("- name: x\n  file: {path: /x}\n"));
    insta::assert_snapshot!(refused("- name: x\n  file: {path: /x, content: y, template: z}\n"));
    insta::assert_snapshot!(refused("- name: x\n  hosts: master\n  module: [overlay]\n"));
    insta::assert_snapshot!(refused("- name: x\n  limit: soon\n  module: [overlay]\n"));
    insta::assert_snapshot!(refused("- module: [overlay]\n"));
    insta::assert_snapshot!(refused("- name: x\n  module: [overlay]\n  module: [overlay]\n"));
}

#[test]
fn a_gate_that_nobody_opens_is_refused() {
    insta::assert_snapshot!(refused("- name: x\n  needs: the sun shines\n  module: [overlay]\n"));
}

#[test]
fn a_template_that_is_broken_or_not_there_is_named() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "templates/own.conf", "a = {{ host.node\n");
    let error = Library::from_dir(dir.path()).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("own.conf"), "{error}: {source}");

    let step = "- name: own file\n  file: {path: /x, template: own/none.conf}\n";
    let library = library(&format!("name: own\nsteps:\n{step}")).unwrap();
    let error = Made::new("v1.20.2", "", SINGLE).plan(&Arc::new(library)).unwrap_err();
    assert_eq!(error.to_string(), "template own/none.conf cannot be rendered");
}

#[test]
fn values_belong_to_late_steps_and_unknown_ones_are_errors() {
    let plan = |step: &str| {
        let library = library(&format!("name: own\nsteps:\n{step}")).unwrap();
        Made::new("v1.20.2", "", SINGLE).plan(&Arc::new(library))
    };
    let early = "- name: x\n  file: {path: /x, content: '{{ values.token }}'}\n";
    plan(early).unwrap_err();
    plan("- name: x\n  when: host.nonsense.deep == 1\n  module: [overlay]\n").unwrap_err();
    plan("- name: x\n  file: {path: '/{{ host.nod }}', content: y}\n").unwrap_err();
    let late = "- name: x\n  late: true\n  file: {path: /x, content: '{{ values.tokn }}'}\n";
    let plan = plan(late).unwrap();
    let task = &plan.lanes[0].tasks[0];
    task.work.resolve(&task.step, &values()).unwrap_err();
}

#[test]
fn values_of_a_user_s_own_steps_can_be_previewed() {
    let steps = "- name: ask\n  read: {run: uname -r, value: kernel}\n- name: tell\n  late: true\n  file: {path: /etc/x, content: '{{ values.kernel }}'}\n";
    let library = library(&format!("name: own\nsteps:\n{steps}")).unwrap();
    let plan = Made::new("v1.20.2", "", SINGLE).plan(&Arc::new(library)).unwrap();
    let (_, work) = preview(&plan.lanes[0]).remove(1);
    let Some(Work::Changes(changes)) = work else { panic!("{work:?}") };
    assert!(
        matches!(&changes[0], Change::File { content, .. } if content == b"(known when it runs: kernel)"),
        "{changes:?}"
    );
}

#[test]
fn a_verb_without_playbooks_has_no_plan() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "playbooks/intit/10-own.yaml", "name: own\nsteps: []\n");
    let library = Library::from_dir(dir.path()).unwrap();
    let error = Made::new("v1.20.2", "", SINGLE).plan(&Arc::new(library)).unwrap_err();
    assert_eq!(error.to_string(), "there is no playbook in `playbooks/init`");
}

#[test]
fn hosts_that_would_wait_for_each_other_for_ever_are_refused() {
    let steps = "- name: one\n  needs: g\n  module: [overlay]\n- name: two\n  opens: g\n  module: [overlay]\n";
    let library = library(&format!("name: own\nsteps:\n{steps}")).unwrap();
    let error = Made::new("v1.20.2", "", TWO).plan(&Arc::new(library)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no host could go on: 10.89.7.11 waits at `one` for `g`, which 10.89.7.11 opens only after that at `two`"
    );
}

#[test]
fn only_playbooks_are_read() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "playbooks/init/10-own.yaml", "name: own\nsteps: []\n");
    // What editors and archivers leave.
    std::fs::write(dir.path().join("playbooks/init/.10-own.yaml.swp"), b"b0VIM\xff\x00").unwrap();
    write(dir.path(), "playbooks/init/10-own.yaml~", "name: old\nsteps: []\n");
    write(dir.path(), "playbooks/README.md", "These are ours.\n");
    let library = Library::from_dir(dir.path()).unwrap();
    assert_eq!(library.playbooks("init").len(), 1);
    // This one is meant as a playbook.
    write(dir.path(), "playbooks/init/20-more.yml", "name: more\nsteps: []\n");
    let message = Library::from_dir(dir.path()).unwrap_err().to_string();
    assert!(
        message.ends_with("playbooks/init/20-more.yml: the name of a playbook ends in `.yaml`"),
        "{message}"
    );
}

#[test]
fn a_directory_without_playbooks_and_templates_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let error = Library::from_dir(dir.path()).unwrap_err();
    assert_eq!(error.to_string(), format!("`{}/playbooks` cannot be read", dir.path().display()));
}

#[test]
fn names_of_steps_are_unique() {
    let mut seen = BTreeSet::new();
    for playbook in embedded().playbooks("init") {
        for step in &playbook.steps {
            assert!(seen.insert((playbook.name.clone(), step.name.clone())), "{}", step.name);
        }
    }
    assert!(seen.len() > 30, "{}", seen.len());
}

#[test]
fn every_template_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut there = BTreeSet::new();
    files(&root, &mut |path| {
        there.insert(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
    });
    let mut used = BTreeSet::new();
    // Those that others take in.
    for name in &there {
        let text = std::fs::read_to_string(root.join(name)).unwrap();
        let included = text.split("include \"").skip(1).filter_map(|rest| rest.split('"').next());
        used.extend(included.map(str::to_owned));
    }
    for playbook in embedded().playbooks("init") {
        for step in &playbook.steps {
            let name = match &step.action {
                Action::File(file) => file.template.clone(),
                Action::Kubeadm(kubeadm) => Some(kubeadm.template.clone()),
                _ => None,
            };
            for row in versions::supported() {
                for config in ["2", "3"] {
                    used.extend(name.iter().map(|it| {
                        it.replace("{{ kubernetes.api }}", row.kubeadm_api)
                            .replace("{{ runtime.config_version }}", config)
                    }));
                }
            }
        }
    }
    assert_eq!(there, used);
}

fn files(dir: &Path, found: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found(&path) }
    }
}

#[test]
fn overrides_of_another_name_are_refused() {
    let step = "- name: x\n  file: {path: /x, content: y, merge: dockerd}\n";
    let library = library(&format!("name: own\nsteps:\n{step}")).unwrap();
    let error = Made::new("v1.20.2", "", SINGLE).plan(&Arc::new(library)).unwrap_err();
    assert_eq!(error.to_string(), "step `x`: there are no overrides called `dockerd`");
}

#[test]
fn every_file_of_the_repository_is_a_playbook_that_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/init");
    let mut there: Vec<PathBuf> = Vec::new();
    files(&root, &mut |path| there.push(path.to_owned()));
    assert_eq!(embedded().playbooks("init").len(), there.len());
    // The same files from disk give the same playbooks.
    let disk = Library::from_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert_eq!(
        format!("{:?}", disk.playbooks("init")),
        format!("{:?}", embedded().playbooks("init"))
    );
}
