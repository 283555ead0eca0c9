//! Bundles that were damaged or cut: refused, or at least never accepted with other content.

use std::fs;

use bivouac::bundle::{self, Digest};

use super::support::{Fixture, chain, names};

#[test]
fn a_flipped_byte_is_never_accepted() {
    let fixture = Fixture::new();
    fixture.build().unwrap();
    let good = fs::read(fixture.bundle()).unwrap();
    let content = fixture.unpack().unwrap();
    let edges = (0..700).chain(good.len() - 64..good.len());
    let (mut flips, mut refused) = (0, 0);
    for at in (0..good.len()).step_by(4096).chain(edges) {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= mask;
            fs::write(fixture.bundle(), &bytes).unwrap();
            let _ = fs::remove_dir_all(fixture.cache());
            flips += 1;
            match fixture.unpack() {
                Err(_) => refused += 1,
                Ok(found) => assert!(found == content, "accepted with byte {at} ^ {mask:#x}"),
            }
        }
    }
    assert!(good.len() / 4096 > 70, "the bundle is too small for this test");
    // zstd has a few bits that change nothing; see RFC 8878, "unused bit".
    assert!(refused + 8 >= flips, "{refused} of {flips} refused");
}

#[test]
fn a_cut_is_always_refused() {
    let fixture = Fixture::new();
    fixture.build().unwrap();
    let good = fs::read(fixture.bundle()).unwrap();
    let evenly = (0..100).map(|part| good.len() * part / 100);
    for length in evenly.chain(good.len() - 20..good.len()) {
        fs::write(fixture.bundle(), &good[..length]).unwrap();
        let error = bundle::verify(&fixture.bundle(), &mut |_| ()).unwrap_err();
        let (text, fix) = (chain(&error), error.fix());
        assert!(
            text.contains("v1.20.2.bundle") && fix.contains("bivouac bundle build"),
            "{text}: {fix}"
        );
        fixture.unpack().unwrap_err();
        for name in names(&fixture.cache()).iter().filter(|name| name.len() == 64) {
            let bytes = fs::read(fixture.cache().join(name)).unwrap();
            assert_eq!(Digest::of(&bytes).to_string(), *name, "kept before its sum was right");
        }
    }
}

#[test]
fn the_first_bad_entry_is_named() {
    let fixture = Fixture::new();
    fixture.build().unwrap();
    let mut bytes = fs::read(fixture.bundle()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(fixture.bundle(), bytes).unwrap();
    let text = chain(&bundle::verify(&fixture.bundle(), &mut |_| ()).unwrap_err());
    assert!(text.contains("entry `artifacts/amd64/binary/kubelet`"), "{text}");
}

#[test]
fn what_is_no_bundle_is_named() {
    let fixture = Fixture::new();
    let refused = |expected: &str| {
        let text = chain(&bundle::show(&fixture.bundle()).unwrap_err());
        assert!(text.contains(expected), "{text}");
    };
    refused("cannot read");
    fs::write(fixture.bundle(), "").unwrap();
    refused("begins with nothing: it is empty");
    fs::write(fixture.bundle(), "<html>").unwrap();
    refused("begins with 3c 68 74 6d");
    fs::remove_file(fixture.bundle()).unwrap();
    fs::create_dir(fixture.bundle()).unwrap();
    refused("a directory");
}
