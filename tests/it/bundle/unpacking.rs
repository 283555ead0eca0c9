//! The cache: what is skipped, what is not believed, and two runs at once.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime};

use bivouac::bundle::{Bundle, Digest, Kind};

use super::support::{Fixture, chain, names};

/// A built bundle that is old enough for its times to be believed.
fn settled() -> Fixture {
    let fixture = Fixture::new();
    fixture.build().unwrap();
    settle(&fixture);
    fixture
}

pub fn settle(fixture: &Fixture) {
    let metadata = fs::metadata(fixture.bundle()).unwrap();
    let changed = Duration::new(metadata.ctime() as u64, metadata.ctime_nsec() as u32);
    let changed = SystemTime::UNIX_EPOCH + changed;
    while SystemTime::now().duration_since(changed).unwrap() < Duration::from_millis(60) {
        thread::sleep(Duration::from_millis(5));
    }
}

fn overwrite(path: &std::path::Path, at: u64, bytes: &[u8]) {
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn a_second_run_reads_nothing() {
    let fixture = settled();
    let (first, was_read) = fixture.unpack_counting().unwrap();
    assert!(was_read);
    let (second, was_read) = fixture.unpack_counting().unwrap();
    assert!(!was_read);
    assert!(first == second);
    assert_eq!(fs::metadata(fixture.cache()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_change_of_the_same_size_is_seen() {
    let fixture = settled();
    fixture.unpack().unwrap();
    let modified = fs::metadata(fixture.bundle()).unwrap().modified().unwrap();
    let bytes = fs::read(fixture.bundle()).unwrap();
    let middle = bytes.len() / 2;
    overwrite(&fixture.bundle(), middle as u64, &[bytes[middle] ^ 1]);
    File::options().write(true).open(fixture.bundle()).unwrap().set_modified(modified).unwrap();
    let text = chain(&fixture.unpack().unwrap_err());
    assert!(text.contains("entry `artifacts/amd64/binary/kubelet`"), "{text}");
}

#[test]
fn a_bundle_that_is_replaced_is_read_again() {
    let fixture = settled();
    fixture.unpack().unwrap();
    let modified = fs::metadata(fixture.bundle()).unwrap().modified().unwrap();
    let copy = fixture.dir.path().join("copy");
    fs::copy(fixture.bundle(), &copy).unwrap();
    File::options().write(true).open(&copy).unwrap().set_modified(modified).unwrap();
    fs::rename(&copy, fixture.bundle()).unwrap();
    assert!(fixture.unpack_counting().unwrap().1);
}

#[test]
fn content_that_was_changed_is_written_anew() {
    let fixture = settled();
    let good = fixture.unpack().unwrap();
    for (artifact, _) in &good {
        let path = fixture.cache().join(artifact.sha256.to_string());
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        overwrite(&path, 9, b"!");
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        let (found, was_read) = fixture.unpack_counting().unwrap();
        assert!(was_read && found == good, "{}", artifact.path());
        fs::remove_file(&path).unwrap();
        let (found, was_read) = fixture.unpack_counting().unwrap();
        assert!(was_read && found == good, "{}", artifact.path());
        assert!(!fixture.unpack_counting().unwrap().1);
    }
}

#[test]
fn a_link_in_the_place_of_content_is_not_followed() {
    let fixture = settled();
    let good = fixture.unpack().unwrap();
    let victim = fixture.dir.path().join("victim");
    fs::write(&victim, &good[0].1).unwrap();
    let path = fixture.cache().join(good[0].0.sha256.to_string());
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&victim, &path).unwrap();
    assert!(fixture.unpack().unwrap() == good);
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
}

#[test]
fn what_was_noted_before_a_reboot_is_not_believed() {
    let fixture = settled();
    fixture.unpack().unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    for name in names(&fixture.cache()).iter().filter(|name| name.contains(".mark")) {
        let path = fixture.cache().join(name);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(boot.trim(), "another")).unwrap();
    }
    assert!(fixture.unpack_counting().unwrap().1);
    assert!(!fixture.unpack_counting().unwrap().1);
}

#[test]
fn only_what_is_wanted_is_unpacked() {
    let fixture = settled();
    let bundle = Bundle::open(&fixture.bundle()).unwrap();
    let wanted = |kind| move |it: &bivouac::bundle::Artifact| it.kind == kind;
    let store = bundle.unpack(&fixture.cache(), &wanted(Kind::Cni), &mut |_| ()).unwrap();
    let contents = || names(&fixture.cache()).into_iter().filter(|it| it.len() == 64).count();
    assert_eq!(contents(), 1);
    let bridge = bundle.manifest().find(Kind::Cni, "bridge", "amd64").unwrap();
    assert!(store.path(bridge.sha256).is_file());
    bundle.unpack(&fixture.cache(), &wanted(Kind::Image), &mut |_| ()).unwrap();
    assert_eq!(contents(), 3);
    let mut was_read = false;
    bundle.unpack(&fixture.cache(), &|_| false, &mut |_| was_read = true).unwrap();
    assert!(!was_read, "nothing wanted, and the bundle is known");
}

#[test]
fn what_a_killed_run_left_is_no_obstacle() {
    let fixture = settled();
    fs::create_dir(fixture.cache()).unwrap();
    fs::set_permissions(fixture.cache(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(fixture.cache().join("incoming"), "half").unwrap();
    let good = fixture.unpack().unwrap();
    // A mark and a stamp that were cut short.
    for name in names(&fixture.cache()) {
        if name.contains(".mark") || name.starts_with("stamp-") {
            overwrite(&fixture.cache().join(&name), 0, b"x");
        }
    }
    assert!(fixture.unpack().unwrap() == good);
    assert!(!names(&fixture.cache()).contains(&"incoming".to_owned()));
    assert_eq!(fs::metadata(fixture.cache()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_bundle_that_is_replaced_between_opening_and_unpacking_is_refused() {
    let fixture = settled();
    let bundle = Bundle::open(&fixture.bundle()).unwrap();
    fixture.add("bin/crictl", b"#!/bin/false\n");
    fixture.build().unwrap();
    let text = bundle.unpack(&fixture.cache(), &|_| true, &mut |_| ()).unwrap_err().to_string();
    assert!(text.contains("the file changed while it was read"), "{text}");
}

#[test]
fn a_bundle_that_changes_during_the_pass_is_refused() {
    let fixture = settled();
    let bundle = Bundle::open(&fixture.bundle()).unwrap();
    let length = fs::metadata(fixture.bundle()).unwrap().len();
    let mut touched = false;
    let error = bundle.verify(&mut |_| {
        if !std::mem::replace(&mut touched, true) {
            let file = File::options().write(true).open(fixture.bundle()).unwrap();
            file.set_len(length + 1).unwrap();
            file.set_len(length).unwrap();
        }
    });
    let text = error.unwrap_err().to_string();
    assert!(text.contains("the file changed while it was read"), "{text}");
}

#[test]
fn threads_share_a_cache() {
    let fixture = settled();
    let reads: usize = thread::scope(|scope| {
        let runs: Vec<_> = (0..8).map(|_| scope.spawn(|| fixture.unpack_counting())).collect();
        runs.into_iter()
            .map(|run| {
                let (content, was_read) = run.join().unwrap().unwrap();
                for (artifact, bytes) in content {
                    assert_eq!(Digest::of(&bytes), artifact.sha256);
                }
                usize::from(was_read)
            })
            .sum()
    });
    assert_eq!(reads, 1, "one reads, the others wait for it");
}

/// Not a test by itself: the processes that [`processes_share_a_cache`] starts.
#[test]
fn process_that_unpacks() {
    let Some(dir) = std::env::var_os("BIVOUAC_TEST_BUNDLE_DIR").map(std::path::PathBuf::from)
    else {
        return;
    };
    let bundle = Bundle::open(&dir.join("v1.20.2.bundle")).unwrap();
    let store = bundle.unpack(&dir.join("cache"), &|_| true, &mut |_| ()).unwrap();
    for artifact in &bundle.manifest().artifacts {
        assert_eq!(Digest::of(&fs::read(store.path(artifact.sha256)).unwrap()), artifact.sha256);
    }
}

#[test]
fn processes_share_a_cache() {
    let fixture = settled();
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "bundle::unpacking::process_that_unpacks"])
            .env("BIVOUAC_TEST_BUNDLE_DIR", fixture.dir.path())
            .output()
            .unwrap()
    };
    thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        for run in runs {
            let output = run.join().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
        }
    });
    assert!(!fixture.unpack_counting().unwrap().1);
}
