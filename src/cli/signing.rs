//! Signing a bundle: the key, its passphrase, the agent.

use std::path::{Path, PathBuf};

use super::credentials::read_secret;
use super::exit::{Exit, Stop};
use super::preflight::refused;
use super::session::block_on;
use crate::bundle::{self, Bundle};
use crate::report;
use crate::secret::Secret;
use crate::ssh::{self, KeyProblem};

/// Signs a bundle, every byte of which is checked first; says where the signature is.
pub fn sign(path: &Path, key: &Path, passphrase_file: Option<&Path>) -> Result<String, Stop> {
    let bundle = Bundle::open(path).map_err(refused)?;
    let passphrase = passphrase_file.map(read_secret).transpose()?;
    let signature = bundle
        .sign(&mut |_| {}, |digest| by_key(digest, key, passphrase.as_ref()).map_err(Failed::Key));
    match signature {
        Ok(signature) => {
            Ok(format!("{}: signed, the signature is `{}`\n", path.display(), signature.display()))
        }
        Err(Failed::Bundle(error)) => Err(refused(error)),
        Err(Failed::Key(stop)) => Err(stop),
    }
}

/// Why nothing was signed.
enum Failed {
    Bundle(bundle::Error),
    Key(Stop),
}

impl From<bundle::Error> for Failed {
    fn from(error: bundle::Error) -> Self {
        Self::Bundle(error)
    }
}

/// The text of a signature. A passphrase that is needed and not given is asked for, once.
fn by_key(digest: &[u8; 64], key: &Path, passphrase: Option<&Secret>) -> Result<String, Stop> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty());
    let socket = socket.map(PathBuf::from);
    let signed = |passphrase: Option<&Secret>| {
        block_on(async {
            Ok(ssh::sign(digest, bundle::NAMESPACE, key, passphrase, socket.as_deref()).await)
        })
    };
    let outcome = match signed(passphrase)? {
        Err(error) if needs_passphrase(&error) && passphrase.is_none() => {
            match report::ask_secret(&format!("passphrase of `{}`: ", key.display())) {
                Some(word) => signed(Some(&word))?,
                None => Err(error),
            }
        }
        outcome => outcome,
    };
    outcome.map_err(|error| Stop::error(Exit::Usage, &error, &error.fix()))
}

fn needs_passphrase(error: &ssh::Error) -> bool {
    matches!(error, ssh::Error::KeyFile { problem: KeyProblem::NeedsPassphrase, .. })
}
