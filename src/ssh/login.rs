//! Logging in: each credential in turn, on one connection, each at most once.

use std::path::Path;
use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Answer, Prompt};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{Algorithm, HashAlg, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};

use super::error::{Error, KeyProblem};
use super::verifier::{Farewell, Verifier, plain};
use super::{Credential, Target, key_file, known_hosts};
use crate::secret::Secret;

/// A login under way.
pub(super) struct Login<'a> {
    handle: &'a mut Handle<Verifier>,
    user: &'a str,
    farewell: &'a Farewell,
    tried: Vec<String>,
    accepts: Option<MethodSet>,
    /// The first credential that could not even be offered; it explains more than a refusal.
    unusable: Option<Error>,
}

impl<'a> Login<'a> {
    pub(super) fn new(
        handle: &'a mut Handle<Verifier>,
        target: &'a Target,
        farewell: &'a Farewell,
    ) -> Self {
        let user = &target.user;
        Self { handle, user, farewell, tried: Vec::new(), accepts: None, unusable: None }
    }

    /// Tries the credentials until the server is content.
    pub(super) async fn run(mut self, credentials: &[Credential]) -> Result<(), Error> {
        for credential in credentials {
            let done = match credential {
                Credential::Key { path, passphrase } => self.key(path, passphrase.as_ref()).await,
                Credential::Agent { socket } => self.agent(socket).await,
                Credential::Password(password) => self.password(password).await,
            };
            match done {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error @ (Error::KeyFile { .. } | Error::Agent { .. })) => {
                    self.tried.push(format!("{error}"));
                    self.unusable.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
            if self.handle.is_closed() {
                break;
            }
        }
        Err(self.refused())
    }

    fn refused(&mut self) -> Error {
        // With nothing offered, or nothing but broken credentials, the first of those is the cause.
        let broken =
            |text: &String| text.starts_with("private key `") || text.starts_with("SSH agent");
        if self.tried.iter().all(broken)
            && let Some(error) = self.unusable.take()
        {
            return error;
        }
        let methods = self.accepts.iter().flat_map(|methods| methods.iter());
        Error::LoginRefused {
            user: self.user.to_owned(),
            tried: std::mem::take(&mut self.tried),
            accepts: methods.map(|method| <&str>::from(method).to_owned()).collect(),
            farewell: self.farewell.said(),
        }
    }

    /// Notes an answer; russh reports a connection that is gone as a refusal without methods.
    fn note(&mut self, what: String, answer: &AuthResult) -> bool {
        let AuthResult::Failure { remaining_methods, partial_success } = answer else {
            return true;
        };
        self.tried.push(if *partial_success {
            format!("{what} (accepted, but not enough)")
        } else {
            what
        });
        if !remaining_methods.is_empty() {
            self.accepts = Some(remaining_methods.clone());
        }
        false
    }

    fn broken(&self, error: &russh::Error) -> Error {
        Error::LoginRefused {
            user: self.user.to_owned(),
            tried: self.tried.clone(),
            accepts: Vec::new(),
            farewell: Some(self.farewell.said().unwrap_or_else(|| plain(error))),
        }
    }

    async fn key(&mut self, path: &Path, passphrase: Option<&Secret>) -> Result<bool, Error> {
        let problem = |problem| Error::KeyFile { path: path.to_owned(), problem };
        let key = key_file::load_aside(path, passphrase).await.map_err(problem)?;
        let hash = if is_rsa(&key.algorithm()) { self.rsa_hash().await? } else { Some(None) };
        let Some(hash) = hash else { return Err(problem(KeyProblem::OnlySha1)) };
        let what =
            format!("key `{}` ({})", path.display(), known_hosts::fingerprint(key.public_key()));
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
        let answer = self.handle.authenticate_publickey(self.user, key).await;
        let answer = answer.map_err(|error| self.broken(&error))?;
        Ok(self.note(what, &answer))
    }

    async fn agent(&mut self, socket: &Path) -> Result<bool, Error> {
        let failed = |cause: String| Error::Agent { socket: socket.to_owned(), cause };
        let mut agent =
            AgentClient::connect_uds(socket).await.map_err(|error| failed(error.to_string()))?;
        let identities =
            agent.request_identities().await.map_err(|error| failed(error.to_string()))?;
        if identities.is_empty() {
            return Err(failed("it holds no keys".into()));
        }
        for identity in identities {
            let public = identity.public_key().into_owned();
            let hash =
                if is_rsa(&public.algorithm()) { self.rsa_hash().await? } else { Some(None) };
            let what = format!("agent key ({})", known_hosts::fingerprint(&public));
            let Some(hash) = hash else {
                self.tried.push(format!("{what} not offered: the server takes it only with SHA-1"));
                continue;
            };
            let user = self.user;
            let answer = match identity {
                AgentIdentity::PublicKey { key, .. } => {
                    self.handle.authenticate_publickey_with(user, key, hash, &mut agent).await
                }
                AgentIdentity::Certificate { certificate, .. } => {
                    self.handle
                        .authenticate_certificate_with(user, certificate, hash, &mut agent)
                        .await
                }
            };
            match answer {
                Ok(answer) if self.note(what.clone(), &answer) => return Ok(true),
                Ok(_) => {}
                // An agent may hold a key and decline to sign: it asks its user, or is locked.
                Err(error) => self.tried.push(format!("{what}: {error}")),
            }
            if self.handle.is_closed() {
                break;
            }
        }
        Ok(false)
    }

    /// Where the server takes passwords both ways, `password` alone is tried: a second try of the
    /// same word would count as a second failure.
    async fn password(&mut self, password: &Secret) -> Result<bool, Error> {
        if self.accepts.is_none() {
            let answer = self.handle.authenticate_none(self.user).await;
            match answer.map_err(|error| self.broken(&error))? {
                AuthResult::Success => return Ok(true),
                AuthResult::Failure { remaining_methods, .. } => {
                    self.accepts = Some(remaining_methods);
                }
            }
        }
        let offers =
            |method| self.accepts.as_ref().is_some_and(|methods| methods.contains(&method));
        if !offers(MethodKind::Password) && offers(MethodKind::KeyboardInteractive) {
            return self.keyboard_interactive(password).await;
        }
        if !offers(MethodKind::Password) {
            self.tried.push("no password (the server takes none)".into());
            return Ok(false);
        }
        let answer = self.handle.authenticate_password(self.user, password.expose()).await;
        let answer = answer.map_err(|error| self.broken(&error))?;
        Ok(self.note("password".into(), &answer))
    }

    /// Answers one question that is not echoed, once; rounds without a question get none.
    async fn keyboard_interactive(&mut self, password: &Secret) -> Result<bool, Error> {
        let mut answered = false;
        let mut answer = self.handle.authenticate_keyboard_interactive_start(self.user, None).await;
        loop {
            match answer.map_err(|error| self.broken(&error))? {
                Answer::Success => return Ok(true),
                Answer::Failure { remaining_methods, partial_success } => {
                    let result = AuthResult::Failure { remaining_methods, partial_success };
                    return Ok(self.note("keyboard-interactive".into(), &result));
                }
                Answer::InfoRequest { prompts, .. } => {
                    let replies = self.replies(&prompts, password, &mut answered)?;
                    answer = self.handle.authenticate_keyboard_interactive_respond(replies).await;
                }
            }
        }
    }

    fn replies(
        &self,
        prompts: &[Prompt],
        password: &Secret,
        answered: &mut bool,
    ) -> Result<Vec<String>, Error> {
        match prompts {
            [] => Ok(Vec::new()),
            [only] if !only.echo && !*answered => {
                *answered = true;
                Ok(vec![password.expose().to_owned()])
            }
            // The password is no answer to a one-time code, nor to a question asked again.
            [first, rest @ ..] => {
                let odd =
                    if *answered || first.echo { first } else { rest.first().unwrap_or(first) };
                let prompt = odd.prompt.trim().escape_debug().to_string();
                Err(Error::SecondPrompt { user: self.user.to_owned(), prompt })
            }
        }
    }

    /// The hash for RSA signatures; `None` when the server wants SHA-1.
    async fn rsa_hash(&self) -> Result<Option<Option<HashAlg>>, Error> {
        match self.handle.best_supported_rsa_hash().await.map_err(|error| self.broken(&error))? {
            Some(None) => Ok(None),
            Some(hash) => Ok(Some(hash)),
            // The server did not say (OpenSSH before 7.2, others): it may or may not know this one.
            None => Ok(Some(Some(HashAlg::Sha512))),
        }
    }
}

fn is_rsa(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Rsa { .. })
}
