//! Private key files.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use russh::keys::{self, PrivateKey, decode_secret_key};
use zeroize::Zeroizing;

use super::error::KeyProblem;
use crate::secret::Secret;

/// Reads a private key: OpenSSH, PEM or PKCS#8, encrypted or not.
///
/// Refuses a file of ours that others can read, by ssh's own rule. Blocks, and takes a tenth of a
/// second or more for an encrypted key.
pub(super) fn load(path: &Path, passphrase: Option<&Secret>) -> Result<PrivateKey, KeyProblem> {
    let unreadable = |error: std::io::Error| KeyProblem::Unreadable(error.to_string());
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let mode = metadata.mode() & 0o7777;
    if metadata.uid() == rustix::process::geteuid().as_raw() && mode & 0o077 != 0 {
        return Err(KeyProblem::TooOpen(mode));
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(unreadable)?;
    decode(&text, passphrase)
}

/// The same, for those who must not block.
pub(super) async fn load_aside(
    path: &Path,
    passphrase: Option<&Secret>,
) -> Result<PrivateKey, KeyProblem> {
    let (path, passphrase) = (path.to_owned(), passphrase.cloned());
    tokio::task::spawn_blocking(move || load(&path, passphrase.as_ref()))
        .await
        .unwrap_or_else(|error| Err(KeyProblem::Unreadable(error.to_string())))
}

fn decode(text: &str, passphrase: Option<&Secret>) -> Result<PrivateKey, KeyProblem> {
    if !text.contains("PRIVATE KEY-----") {
        let cause = "it has no `PRIVATE KEY` line";
        return Err(KeyProblem::NotAKey(cause.into()));
    }
    // The first try is without the passphrase: one that is not needed does no harm.
    match decode_secret_key(text, None) {
        Ok(key) => return Ok(key),
        Err(error) if is_short(&error) => return Err(KeyProblem::ShortNumber),
        Err(error) if !is_encrypted(text, &error) => {
            return Err(KeyProblem::NotAKey(error.to_string()));
        }
        Err(_) => {}
    }
    let passphrase = passphrase.ok_or(KeyProblem::NeedsPassphrase)?;
    decode_secret_key(text, Some(passphrase.expose())).map_err(|error| {
        if is_short(&error) { KeyProblem::ShortNumber } else { KeyProblem::WrongPassphrase }
    })
}

fn is_short(error: &keys::Error) -> bool {
    use keys::ssh_key::{Error, encoding};
    matches!(error, keys::Error::SshKey(Error::Encoding(encoding::Error::Length)))
}

fn is_encrypted(text: &str, error: &keys::Error) -> bool {
    matches!(error, keys::Error::KeyIsEncrypted)
        || text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || text.contains("Proc-Type: 4,ENCRYPTED")
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use super::*;

    fn keygen(arguments: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let status =
            Command::new("ssh-keygen").arg("-q").args(arguments).arg("-f").arg(&path).status();
        assert!(status.unwrap().success());
        (directory, path)
    }

    #[test]
    fn every_format_opens_with_its_passphrase_and_only_with_it() {
        let formats: [&[&str]; 6] = [
            &["-t", "ed25519"],
            &["-t", "ecdsa"],
            &["-t", "rsa", "-b", "2048"],
            &["-t", "rsa", "-b", "2048", "-m", "PEM"],
            &["-t", "rsa", "-b", "2048", "-m", "PKCS8"],
            &["-t", "ecdsa", "-m", "PKCS8"],
        ];
        let word = Secret::new("a b'$(id)ü");
        for format in formats {
            let (_open, path) = keygen(&[format, &["-N", ""]].concat());
            // One ECDSA key of some hundred is a case of its own: the next test's.
            if matches!(load(&path, None), Err(KeyProblem::ShortNumber)) {
                continue;
            }
            load(&path, None).unwrap_or_else(|error| panic!("{format:?}: {error}"));
            load(&path, Some(&word)).unwrap_or_else(|error| panic!("{format:?}: {error}"));
            let (_locked, path) = keygen(&[format, &["-N", word.expose()]].concat());
            assert_eq!(load(&path, None).unwrap_err(), KeyProblem::NeedsPassphrase, "{format:?}");
            let wrong = load(&path, Some(&Secret::new("no"))).unwrap_err();
            assert_eq!(wrong, KeyProblem::WrongPassphrase, "{format:?}");
            match load(&path, Some(&word)) {
                Ok(_) | Err(KeyProblem::ShortNumber) => {}
                Err(error) => panic!("{format:?}: {error}"),
            }
        }
    }

    /// A key of the tests' own, of which nothing depends.
    const SHORT: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQTPNYN7IiK8nSung028RuYQDfDwK4/z
eKzWZB5wWNvh2qVrAVODCrhSqX9QYJK4FPnJihqN+SgMTlNFmai0ITqfAAAAoGbixkZm4s
ZGAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBM81g3siIrydK6eD
TbxG5hAN8PArj/N4rNZkHnBY2+HapWsBU4MKuFKpf1BgkrgU+cmKGo35KAxOU0WZqLQhOp
8AAAAfObjyI0tFZRo/1murUpm5c4HG2fez5G8hHE9wZYa3AQAAAAVzaG9ydAECAwQ=
-----END OPENSSH PRIVATE KEY-----
";

    #[test]
    fn a_number_that_is_a_byte_short_is_named_and_another_format_has_it_whole() {
        let (_directory, path) = keygen(&["-t", "ed25519", "-N", ""]);
        std::fs::write(&path, SHORT).unwrap();
        assert_eq!(load(&path, None).unwrap_err(), KeyProblem::ShortNumber);
        let rewrite = |arguments: &[&str]| {
            let mut command = Command::new("ssh-keygen");
            command.args(["-q", "-p"]).args(arguments).arg("-f").arg(&path);
            assert!(command.status().unwrap().success(), "{arguments:?}");
        };
        rewrite(&["-P", "", "-N", "word1"]);
        let word = Secret::new("word1");
        assert_eq!(load(&path, Some(&word)).unwrap_err(), KeyProblem::ShortNumber);
        // What the fix says.
        rewrite(&["-m", "PKCS8", "-P", "word1", "-N", "word1"]);
        load(&path, Some(&word)).unwrap();
    }

    #[test]
    fn files_that_are_no_private_keys_are_named_for_what_they_are() {
        let (directory, path) = keygen(&["-t", "ed25519", "-N", ""]);
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert_eq!(load(&path, None).unwrap_err(), KeyProblem::TooOpen(0o640));
        let public = directory.path().join("key.pub");
        std::fs::set_permissions(&public, Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(load(&public, None), Err(KeyProblem::NotAKey(_))));
        let missing = load(&directory.path().join("none"), None);
        assert!(matches!(missing, Err(KeyProblem::Unreadable(_))));
    }
}
