//! Signatures: ours before the real ssh-keygen, its own before us, and all that is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bivouac::bundle::{self, Bundle, NAMESPACE};
use bivouac::secret::Secret;
use bivouac::ssh;

use super::support::{Fixture, chain, names};

/// A bundle, a key of this type and a file of signers that names it.
struct Signed {
    fixture: Fixture,
    key: PathBuf,
}

impl Signed {
    fn new(kind: &[&str]) -> Self {
        let fixture = Fixture::new();
        fixture.build().unwrap();
        let key = fixture.dir.path().join("key");
        keygen(&key, kind);
        let signed = Self { fixture, key };
        signed.allow("");
        signed
    }

    fn signers(&self) -> PathBuf {
        self.fixture.dir.path().join("signers")
    }

    /// Lets the key sign, with these options.
    fn allow(&self, options: &str) {
        let public = fs::read_to_string(self.key.with_extension("pub")).unwrap();
        fs::write(self.signers(), format!("# us\nops@example.com {options} {public}")).unwrap();
    }

    fn signature(&self) -> PathBuf {
        bundle::signature_path(&self.fixture.bundle())
    }

    fn sign(&self) {
        sign(&self.fixture.bundle(), &self.key, None, None).unwrap();
    }

    /// What `ssh-keygen -Y sign` makes of the bundle.
    fn keygen_sign(&self, namespace: &str, more: &[&str]) {
        let _ = fs::remove_file(self.signature());
        let output = Command::new("ssh-keygen")
            .args(["-Y", "sign", "-q", "-n", namespace, "-f"])
            .arg(&self.key)
            .args(more)
            .arg(self.fixture.bundle())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// What `ssh-keygen -Y verify` says of it.
    fn keygen_verify(&self) -> Output {
        Command::new("ssh-keygen")
            .args(["-Y", "verify", "-I", "ops@example.com", "-n", NAMESPACE, "-f"])
            .arg(self.signers())
            .arg("-s")
            .arg(self.signature())
            .stdin(Stdio::from(fs::File::open(self.fixture.bundle()).unwrap()))
            .output()
            .unwrap()
    }

    /// Unpacks the bundle as signed by them; says who signed it and whether it was read.
    fn unpack(&self) -> Result<(String, bool), bundle::Error> {
        let bundle = Bundle::open(&self.fixture.bundle())?.signed(Some(&self.signers()))?;
        let mut was_read = false;
        bundle.unpack(&self.fixture.cache(), &|_| true, &mut |_| was_read = true)?;
        Ok((bundle.signed_by().unwrap(), was_read))
    }

    fn refused(&self, expected: &str) {
        let error = self.unpack().unwrap_err();
        let text = chain(&error);
        assert!(text.contains(expected), "found: {text}\nexpected: {expected}");
        assert!(!error.fix().is_empty(), "{text}");
    }
}

fn keygen(path: &Path, kind: &[&str]) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-C", "a comment"])
        .args(kind)
        .arg("-f")
        .arg(path)
        .status();
    assert!(status.unwrap().success());
}

/// Why [`sign`] did not.
#[derive(Debug)]
#[expect(dead_code, reason = "shown by `unwrap`")]
enum Failed {
    Bundle(bundle::Error),
    Key(ssh::Error),
}

impl From<bundle::Error> for Failed {
    fn from(error: bundle::Error) -> Self {
        Self::Bundle(error)
    }
}

fn sign(
    path: &Path,
    key: &Path,
    passphrase: Option<&Secret>,
    agent: Option<&Path>,
) -> Result<PathBuf, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Bundle::open(path)?.sign(&mut |_| (), |digest| {
        runtime.block_on(ssh::sign(digest, NAMESPACE, key, passphrase, agent)).map_err(Failed::Key)
    })
}

const KINDS: [&[&str]; 5] = [
    &["-t", "ed25519"],
    &["-t", "ecdsa", "-b", "256"],
    &["-t", "ecdsa", "-b", "384"],
    &["-t", "ecdsa", "-b", "521"],
    &["-t", "rsa", "-b", "2048"],
];

#[test]
fn ssh_keygen_accepts_what_we_sign() {
    for kind in KINDS {
        let signed = Signed::new(kind);
        signed.sign();
        let output = signed.keygen_verify();
        assert!(output.status.success(), "{kind:?}: {output:?}");
        let (who, _) = signed.unpack().unwrap();
        assert!(who.starts_with("signed by `ops@example.com` with "), "{who}");
        assert!(who.contains(" SHA256:"), "{who}");
    }
}

#[test]
fn what_ssh_keygen_signs_is_accepted() {
    for kind in KINDS {
        let signed = Signed::new(kind);
        for more in [&[][..], &["-O", "hashalg=sha256"]] {
            signed.keygen_sign(NAMESPACE, more);
            assert!(signed.keygen_verify().status.success());
            signed.unpack().unwrap_or_else(|error| panic!("{kind:?} {more:?}: {}", chain(&error)));
        }
    }
}

#[test]
fn an_unsigned_bundle_is_refused_where_signers_are_named() {
    let signed = Signed::new(KINDS[0]);
    signed.refused("it is not signed: there is no `");
    fs::write(signed.signature(), "").unwrap();
    signed.refused("its signature cannot be used: it is no SSH signature");
    fs::write(signed.signature(), [0xff; 9]).unwrap();
    signed.refused("its signature cannot be used: it is no text");
    fs::write(signed.signature(), "x".repeat(70_000)).unwrap();
    signed.refused("its signature cannot be used: it is too long");
    assert!(!names(&signed.fixture.cache()).iter().any(|name| name.starts_with("stamp-")));
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let signed = Signed::new(KINDS[0]);
    let other = signed.fixture.dir.path().join("other");
    keygen(&other, KINDS[0]);
    sign(&signed.fixture.bundle(), &other, None, None).unwrap();
    signed.refused("its signature does not count: its key ssh-ed25519 SHA256:");
}

#[test]
fn a_signature_for_something_else_is_refused() {
    let signed = Signed::new(KINDS[0]);
    signed.keygen_sign("git", &[]);
    signed.refused("its signature is for `git`, expected `bundle@bivouac`");
    signed.keygen_sign(NAMESPACE, &[]);
    signed.allow("namespaces=\"git,file\"");
    signed.refused("the key of `ops@example.com` is not for signatures of `bundle@bivouac`");
    assert!(!signed.keygen_verify().status.success());
    signed.allow("namespaces=\"git,bundle@*\"");
    signed.unpack().unwrap();
    assert!(signed.keygen_verify().status.success());
}

#[test]
fn a_key_that_is_not_valid_today_is_refused() {
    let signed = Signed::new(KINDS[0]);
    signed.sign();
    for (options, expected) in [
        (r#"valid-before="20200101""#, Some("is no longer valid since 20")),
        (r#"valid-after="20990101""#, Some("is not valid before 209")),
        (r#"valid-after="20200101",valid-before="20990101""#, None),
        (r#"valid-after="202001011200Z""#, None),
    ] {
        signed.allow(options);
        assert_eq!(signed.keygen_verify().status.success(), expected.is_none(), "{options}");
        match expected {
            Some(expected) => signed.refused(expected),
            None => drop(signed.unpack().unwrap()),
        }
    }
}

#[test]
fn the_signature_of_another_file_is_refused() {
    let (signed, other) = (Signed::new(KINDS[0]), Fixture::new());
    other.add("bin/crictl", b"#!/bin/false\n");
    other.build().unwrap();
    sign(&other.bundle(), &signed.key, None, None).unwrap();
    fs::copy(bundle::signature_path(&other.bundle()), signed.signature()).unwrap();
    signed.refused("its signature is that of other bytes");
    let bundle = Bundle::open(&signed.fixture.bundle()).unwrap();
    let error = bundle.signed(Some(&signed.signers())).unwrap().verify(&mut |_| ()).unwrap_err();
    assert!(chain(&error).contains("that of other bytes"), "{}", chain(&error));
}

#[test]
fn a_damaged_signature_is_never_accepted() {
    let signed = Signed::new(KINDS[0]);
    signed.sign();
    let good = fs::read(signed.signature()).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    let begins = text.find('\n').unwrap() + 1;
    for at in begins..text.rfind("\n-").unwrap() {
        let mut bad = good.clone();
        bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
        fs::write(signed.signature(), &bad).unwrap();
        let is_taken = signed.unpack().is_ok();
        assert!(!is_taken, "byte {at} of\n{text}");
    }
    for length in (0..good.len() - 2).step_by(7) {
        fs::write(signed.signature(), &good[..length]).unwrap();
        signed.unpack().unwrap_err();
    }
    fs::write(signed.signature(), &good).unwrap();
    signed.unpack().unwrap();
}

#[test]
fn a_bundle_that_was_changed_after_it_was_signed_is_refused() {
    let signed = Signed::new(KINDS[0]);
    signed.sign();
    // Another bundle, whole and in itself right.
    signed.fixture.add("bin/crictl", b"#!/bin/false\n");
    signed.fixture.build().unwrap();
    signed.refused("its signature is that of other bytes");
}

#[test]
fn what_the_cache_knows_is_still_compared_with_the_signature() {
    let signed = Signed::new(KINDS[0]);
    signed.sign();
    super::unpacking::settle(&signed.fixture);
    // Known from a run that asked for no signature, so without the digest.
    signed.fixture.unpack().unwrap();
    assert!(signed.unpack().unwrap().1, "the digest is not known yet");
    assert!(!signed.unpack().unwrap().1, "known, and signed");
    // The same bundle under another's signature, and then unsigned: known, and refused.
    let good = fs::read(signed.signature()).unwrap();
    let other = Fixture::new();
    other.add("bin/crictl", b"#!/bin/false\n");
    other.build().unwrap();
    sign(&other.bundle(), &signed.key, None, None).unwrap();
    fs::copy(bundle::signature_path(&other.bundle()), signed.signature()).unwrap();
    signed.refused("its signature is that of other bytes");
    fs::remove_file(signed.signature()).unwrap();
    signed.refused("it is not signed");
    fs::write(signed.signature(), good).unwrap();
    assert!(!signed.unpack().unwrap().1);
}

#[test]
fn an_encrypted_key_signs_with_its_passphrase_only() {
    let signed = Signed::new(KINDS[0]);
    let status = Command::new("ssh-keygen")
        .args(["-q", "-p", "-N", "a b'ü", "-f"])
        .arg(&signed.key)
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    let bundle = signed.fixture.bundle();
    sign(&bundle, &signed.key, None, None).unwrap_err();
    sign(&bundle, &signed.key, Some(&Secret::new("no")), None).unwrap_err();
    assert!(!signed.signature().exists());
    sign(&bundle, &signed.key, Some(&Secret::new("a b'ü")), None).unwrap();
    signed.unpack().unwrap();
}

#[test]
fn an_agent_signs_with_the_key_it_holds() {
    for kind in [KINDS[0], KINDS[1], KINDS[4]] {
        let signed = Signed::new(kind);
        let socket = signed.fixture.dir.path().join("agent");
        let mut agent = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(agent.try_wait().unwrap().is_none(), "the agent ended");
            std::thread::yield_now();
        }
        let public = signed.key.with_extension("pub");
        let empty = sign(&signed.fixture.bundle(), &public, None, Some(&socket));
        assert!(format!("{empty:?}").contains("does not hold"), "{empty:?}");
        let added = Command::new("ssh-add")
            .arg("-q")
            .arg(&signed.key)
            .env("SSH_AUTH_SOCK", &socket)
            .status();
        assert!(added.unwrap().success());
        fs::remove_file(&signed.key).unwrap();
        let by_agent = sign(&signed.fixture.bundle(), &public, None, Some(&socket));
        let verified = signed.keygen_verify();
        // The private key's own name leads to the public half beside it.
        let by_name = sign(&signed.fixture.bundle(), &signed.key, None, Some(&socket));
        agent.kill().unwrap();
        agent.wait().unwrap();
        by_agent.unwrap();
        by_name.unwrap();
        assert!(verified.status.success(), "{kind:?}: {verified:?}");
        signed.unpack().unwrap();
    }
}

#[test]
fn signers_that_are_not_understood_are_named() {
    let signed = Signed::new(KINDS[0]);
    signed.sign();
    fs::write(signed.signers(), "# nobody\n").unwrap();
    signed.refused("it names nobody");
    signed.allow("cert-authority");
    signed.refused("line 2: `cert-authority` is not supported");
    fs::remove_file(signed.signers()).unwrap();
    signed.refused("cannot read `");
}
