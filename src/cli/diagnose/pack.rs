//! `--bundle FILE`: everything that was read, for a report. No secret is in it.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::exit::{Exit, Stop};
use super::super::options::Options;
use super::last_run::LastRun;
use crate::cluster::Cluster;
use crate::diagnose::{Look, redacted};
use crate::report::{self, words};

/// The name of the directory within the archive.
const TOP: &str = "bivouac-diagnosis";
/// Larger log files are cut in front.
const LARGEST: usize = 4 << 20;

/// Refuses a file that is there already, before anything is read.
pub(super) fn is_free(file: &Path) -> Result<(), Stop> {
    if fs::symlink_metadata(file).is_err() {
        return Ok(());
    }
    let message = format!("`{}` is there already\n  fix: give another name", file.display());
    Err(Stop::new(Exit::Usage, message))
}

/// Writes the archive; what is said of it then.
pub(super) fn write(
    file: &Path,
    options: &Options,
    cluster: &Cluster,
    looks: &[Look<'_>],
    diagnosis: &str,
    last: Option<&LastRun>,
) -> Result<String, Stop> {
    let mut parts = vec![
        ("diagnosis.txt".to_owned(), diagnosis.to_owned()),
        ("versions.txt".to_owned(), versions(cluster)),
    ];
    if let Some(text) = options.file_text() {
        parts.push(("cluster.yaml".to_owned(), text));
    }
    for look in looks {
        let text = match &look.seen {
            Ok(seen) => seen.text.clone(),
            Err((why, fix)) => format!("not read: {why}\nfix: {fix}\n"),
        };
        parts.push((format!("hosts/{}.txt", safe(&look.host.display)), text));
    }
    parts.extend(last.into_iter().flat_map(|last| logs(&last.directory)));
    let count = parts.len();
    pack(file, &parts).map_err(|error| {
        let fix = "see that the directory is there and has room";
        Stop::new(Exit::Failed, format!("`{}`: {error}\n  fix: {fix}", file.display()))
    })?;
    Ok(format!(
        "packed {} into `{}`, readable for you alone; secrets are taken out, and yet: look through it before you send it",
        words::count(count, "file"),
        file.display()
    ))
}

/// One archive of texts, each without its secrets.
fn pack(file: &Path, parts: &[(String, String)]) -> io::Result<()> {
    let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    let mut archive = tar::Builder::new(GzEncoder::new(out, Compression::default()));
    for (name, text) in parts {
        let text = redacted(text);
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, format!("{TOP}/{name}"), text.as_bytes())?;
    }
    archive.into_inner()?.finish()?.sync_all()
}

fn versions(cluster: &Cluster) -> String {
    format!(
        "bivouac {}\nthis machine {} {}\nKubernetes of cluster.yaml {}\nruntime {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        cluster.kubernetes.version,
        cluster.runtime.traits.name,
    )
}

/// The log files of a run.
fn logs(directory: &Path) -> Vec<(String, String)> {
    report::log_files(directory)
        .iter()
        .filter_map(|path| {
            let text = String::from_utf8_lossy(&fs::read(path).ok()?).into_owned();
            let mut from = text.len().saturating_sub(LARGEST);
            while !text.is_char_boundary(from) {
                from += 1;
            }
            let name = safe(&path.file_name()?.to_string_lossy());
            Some((format!("run/{name}"), text[from..].to_owned()))
        })
        .collect()
}

/// A name that is a file's own, whatever is in it.
fn safe(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    if name.starts_with('.') { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// Each kind of secret, as logs and files have them.
    const SECRETS: &[(&str, &str)] = &[
        ("kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef", "0123456789abcdef"),
        ("password: hunter2", "hunter2"),
        ("password: |\n  hunter3\n  hunter4\nnext: 1", "hunter4"),
        (
            "| -----BEGIN RSA PRIVATE KEY-----\n| TUlJRW93\n| -----END RSA PRIVATE KEY-----",
            "TUlJRW93",
        ),
        ("    client-key-data: LS0tLS1CRUdJTiBSU0E=", "LS0tLS1CRUdJTiBSU0E"),
        ("proxy: {http: \"http://ops:s3cret@proxy:3128\"}", "s3cret"),
        ("{\"auths\":{\"r.example\":{\"auth\":\"b3BzOnMzY3JldA==\"}}}", "b3BzOnMzY3JldA"),
        ("SSH_PASSWORD='pass word'", "word'"),
    ];

    #[test]
    fn the_archive_is_its_owner_s_alone_and_has_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.tar.gz");
        let parts: Vec<(String, String)> = SECRETS
            .iter()
            .enumerate()
            .map(|(at, (text, _))| (format!("{at}.txt"), format!("before\n{text}\nafter\n")))
            .collect();
        pack(&file, &parts).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let mut archive =
            tar::Archive::new(flate2::read::GzDecoder::new(fs::File::open(&file).unwrap()));
        let mut read = 0;
        for (entry, (text, secret)) in archive.entries().unwrap().zip(SECRETS) {
            let mut content = String::new();
            entry.unwrap().read_to_string(&mut content).unwrap();
            assert!(content.starts_with("before\n") && content.ends_with("after\n"), "{content}");
            assert!(!content.contains(secret), "{text} became {content}");
            read += 1;
        }
        assert_eq!(read, SECRETS.len());
        assert!(is_free(&file).is_err(), "an archive that is there is not written over");
    }

    #[test]
    fn only_files_of_runs_are_taken_from_their_directory() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        write("events.jsonl", "{\"event\":\"step_failed\",\"host\":\"cp1\"}\nno event\n");
        write("_run.log", "run");
        write("cp1.log", "cp1");
        write("notes.txt", "mine");
        write("mail.log", "mine");
        assert_eq!(
            logs(dir.path()).iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["run/events.jsonl", "run/_run.log", "run/cp1.log"]
        );
        // A link that stands in a log's place leads to what is none.
        fs::remove_file(dir.path().join("cp1.log")).unwrap();
        std::os::unix::fs::symlink("notes.txt", dir.path().join("cp1.log")).unwrap();
        assert_eq!(logs(dir.path()).len(), 2);
    }

    #[test]
    fn names_stay_in_the_archive() {
        assert_eq!(safe("../../etc/passwd"), "_.._.._etc_passwd");
        assert_eq!(safe("cp1.example"), "cp1.example");
    }
}
