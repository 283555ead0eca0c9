//! A bundle for the other hosts of a site: `bivouac bundle serve`, and what a run sends to the host that is
//! to serve.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::SocketAddr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram};
use std::path::{Path, PathBuf};

use super::credentials::read_secret;
use super::exit::{Exit, Stop};
use super::options::Options;
use super::preflight::refused;
use super::session::block_on;
use crate::bundle::{self, Bundle, Digest};
use crate::host::Upload;
use crate::playbook::Available;
use crate::report;
use crate::serve::{Error, Listening, Shelf};

/// Where, and for whom.
pub struct Site<'a> {
    pub listen: SocketAddr,
    pub token_file: &'a Option<PathBuf>,
    pub content: &'a Option<PathBuf>,
    pub signers: &'a Option<PathBuf>,
}

/// Checks a bundle and serves it until a signal ends it.
pub fn serve(options: &Options, path: &Path, site: &Site<'_>) -> Result<Exit, Stop> {
    let token = site.token_file.as_deref().map(read_secret).transpose()?;
    if token.as_ref().is_some_and(|token| token.expose().is_empty()) {
        return Err(Stop::new(
            Exit::Usage,
            "the token file is empty\n  fix: write a token into it",
        ));
    }
    if token.is_none() && !site.listen.ip().is_loopback() {
        return Err(Stop::new(
            Exit::Usage,
            format!(
                "everybody who reaches {} could ask\n  fix: name a file with a token that clients must bring (`--token-file FILE`), or listen on 127.0.0.1",
                site.listen
            ),
        ));
    }
    let mut bundle = Bundle::open(path).map_err(refused)?;
    if let Some(signers) = site.signers {
        bundle = bundle.signed(Some(signers)).map_err(refused)?;
    }
    let content = match site.content {
        Some(dir) => dir.clone(),
        None => bundle::cache_dir().map_err(|error| refused(error.into()))?,
    };
    let store = bundle.unpack(&content, &|_| true, &mut |_| {}).map_err(refused)?;
    let failed = |error: Error| Stop::error(Exit::Failed, &error, error.fix());
    let shelf = Shelf::of(bundle.manifest(), &store).map_err(failed)?;
    let (files, images) = shelf.counts();
    block_on(async {
        let listening = Listening::at(site.listen, shelf, token).await.map_err(failed)?;
        let address = listening.address().unwrap_or(site.listen);
        if !options.quiet {
            report::err(&format!(
                "{}: {} and {} of images at http://{address}",
                path.display(),
                report::words::count(files, "file"),
                report::words::count(images, "name"),
            ));
        }
        ready();
        listening.run().await;
        Ok(Exit::Done)
    })
}

/// Tells systemd that the server answers (`sd_notify(3)`). Nobody else is told.
fn ready() {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => UnixAddress::from_abstract_name(name),
        None => UnixAddress::from_pathname(&name),
    };
    // Untold, systemd ends the unit after its time limit and says so.
    let _ = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(b"READY=1", &address));
}

/// What one host is sent so that the others can fetch from it: the bundle itself, and this program. Without
/// the bundle's sum it can be planned, not uploaded.
pub fn offered(bundle: &Bundle, sum: Option<Digest>) -> Result<Vec<Available>, Stop> {
    let manifest = bundle.manifest();
    let available = |name: &str, arch: &str, upload: Upload| Available {
        kind: "serve".to_owned(),
        name: name.to_owned(),
        arch: arch.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        references: Vec::new(),
        ids: BTreeMap::new(),
        upload,
    };
    let whole = Upload {
        name: "bundle".to_owned(),
        path: bundle.path().to_owned(),
        size: bundle.size(),
        sha256: sum.map(|sum| sum.to_string()).unwrap_or_default(),
        origin: None,
        served: None,
    };
    let (own, program) = program()?;
    let architectures: BTreeSet<&str> =
        manifest.artifacts.iter().map(|it| it.arch.as_str()).chain([own]).collect();
    let mut all = Vec::new();
    for arch in architectures {
        all.push(available("bundle", arch, whole.clone()));
        if arch == own {
            all.push(available("bivouac", arch, program.clone()));
        }
    }
    Ok(all)
}

/// This program, and the architecture that it is made for, by Go's name.
fn program() -> Result<(&'static str, Upload), Stop> {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let unreadable = |error: std::io::Error| {
        Stop::new(
            Exit::Failed,
            format!(
                "this program cannot be read: {error}\n  fix: leave `serve` out of cluster.yaml"
            ),
        )
    };
    let path = std::env::current_exe().map_err(unreadable)?;
    let (sum, size) = File::open(&path).and_then(Digest::of_all).map_err(unreadable)?;
    let sha256 = sum.to_string();
    Ok((
        arch,
        Upload { name: "bivouac".to_owned(), path, size, sha256, origin: None, served: None },
    ))
}
