//! Whole messages, as a user sees them.

use super::parse;

#[test]
fn messages_of_the_bad_fixtures() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clusters/bad");
    let mut files: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let shown = parse(&text).expect_err(name).to_string();
        insta::assert_snapshot!(name, shown);
    }
}
