//! `bivouac bundle build`, `sign`, `show`, `serve` and `verify`.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::exit::{Exit, Stop};
use super::gather::{self, Addon, Wanted};
use super::options::Options;
use super::preflight::refused;
use super::{serving, session, signing};
use crate::bundle::{self, Bundle, Summary};
use crate::cluster::RUNTIMES;
use crate::cluster::versions::{VersionError, Wish};
use crate::report;

#[derive(Debug, Subcommand)]
pub enum Args {
    /// Make a bundle of what the projects publish, images included; or of the files in a directory.
    ///
    /// Programs come from the release servers, checked against their published sums, images from their
    /// registries. With `-f FILE` mirrors, authorities, registries and the proxy are those of that
    /// cluster.yaml. The same version, made again, gives the same bytes.
    Build {
        /// The bundle to be made.
        bundle: PathBuf,
        /// The Kubernetes version that is in it: `v1.36.4`; or `1.36` or `stable`, the newest of a minor or of all
        /// that the release servers name.
        #[arg(long, value_name = "VERSION")]
        version: Wish,
        /// Architectures, with commas: `amd64,arm64`.
        #[arg(long, value_name = "ARCHS", default_value = "amd64", value_delimiter = ',')]
        arch: Vec<String>,
        /// The container runtime that is in it; otherwise that of the cluster.yaml, or containerd.
        #[arg(long, value_name = "NAME", conflicts_with = "from", value_parser = RUNTIMES.map(|it| it.name))]
        runtime: Option<String>,
        /// Images besides those of every cluster.
        #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "from")]
        addons: Vec<Addon>,
        /// `china`, or the base address of a mirror: `kubernetes=URL`, `github=URL`, `cri-o=URL`, `images=REPOSITORY`.
        #[arg(long, value_name = "MIRROR", conflicts_with = "from")]
        mirror: Vec<String>,
        /// Who vouches for the mirror, besides the system's authorities: a file of certificates (PEM).
        #[arg(long, value_name = "FILE", conflicts_with = "from")]
        ca: Option<PathBuf>,
        /// Of the files in this directory instead: `bin/`, `cni/` and `images/*.tar`; for several
        /// architectures in one for each, such as `DIR/arm64/bin`.
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
        /// Sign it with this SSH key; as `bivouac bundle sign` does.
        #[arg(long, value_name = "KEY")]
        sign: Option<PathBuf>,
        /// A file with the key's passphrase; without it you are asked.
        #[arg(long, value_name = "FILE", requires = "sign")]
        passphrase_file: Option<PathBuf>,
    },
    /// Sign a bundle with an SSH key, after checking every byte of it.
    ///
    /// The signature goes beside it, to `BUNDLE.sig`. `ssh-keygen -Y verify -n bundle@bivouac` accepts it.
    Sign {
        bundle: PathBuf,
        /// A private key; or a public one, whose private half your SSH agent holds.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// A file with the key's passphrase; without it you are asked.
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// List what a bundle says it has.
    Show { bundle: PathBuf },
    /// Serve a bundle to other machines, as a file server and a registry, until it is ended.
    ///
    /// `/files/SHA256` is each file, `/v2/` the images, as `docker pull` and containerd ask for them. Every
    /// byte of the bundle is checked first. `artifacts: {serve: HOST}` in cluster.yaml does all of this by
    /// itself for the time of a run.
    Serve {
        bundle: PathBuf,
        /// Where to listen.
        #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8484")]
        listen: SocketAddr,
        /// A file with the token that clients must bring: as a bearer's, or as a password. Needed where
        /// others than this machine can ask.
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
        /// Where the bundle is unpacked; the cache directory of this user without it.
        #[arg(long, value_name = "DIR")]
        content: Option<PathBuf>,
        /// Who may sign it; one that they did not sign is refused.
        #[arg(long, value_name = "FILE")]
        signers: Option<PathBuf>,
    },
    /// Check every byte of a bundle, and its signature.
    Verify {
        bundle: PathBuf,
        /// Who may sign it (`allowed_signers` of ssh-keygen(1)); one that they did not sign is refused.
        #[arg(long, value_name = "FILE")]
        signers: Option<PathBuf>,
    },
}

pub fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let text = match args {
        Args::Build {
            bundle: out,
            from,
            version,
            arch: architectures,
            runtime,
            addons,
            mirror: mirrors,
            ca,
            sign,
            passphrase_file,
        } => {
            if let Some(from) = from {
                let from = directories(from, architectures);
                let Wish::Exact(version) = version else {
                    // Files in a directory do not say which release they are of.
                    let error = VersionError::NotExact(version.to_string());
                    return Err(Stop::new(Exit::Usage, format!("`--from`: {error}")));
                };
                bundle::build_mixed(out, &from, version).map_err(refused)?;
            } else {
                let ca = ca.as_deref();
                let runtime = runtime.as_deref();
                let wanted = Wanted { version, architectures, runtime, mirrors, ca, addons };
                session::block_on(gather::gather(options, out, &wanted))?;
            }
            let mut text = table(options, out, &bundle::show(out).map_err(refused)?);
            if let Some(key) = sign {
                let said = signing::sign(out, key, passphrase_file.as_deref())?;
                if options.output() == report::Output::Text {
                    text += &said;
                }
            }
            text
        }
        Args::Sign { bundle, key, passphrase_file } => {
            signing::sign(bundle, key, passphrase_file.as_deref())?
        }
        Args::Show { bundle } => table(options, bundle, &bundle::show(bundle).map_err(refused)?),
        Args::Serve { bundle, listen, token_file, content, signers } => {
            let site = serving::Site { listen: *listen, token_file, content, signers };
            return serving::serve(options, bundle, &site);
        }
        Args::Verify { bundle, signers } => verify(bundle, signers.as_deref())?,
    };
    report::out(&text).map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    Ok(Exit::Done)
}

/// Checks a bundle, and its signature where there has to be one, or is one.
fn verify(path: &Path, signers: Option<&Path>) -> Result<String, Stop> {
    let mut bundle = Bundle::open(path).map_err(refused)?;
    if signers.is_some() || bundle::signature_path(path).exists() {
        bundle = bundle.signed(signers).map_err(refused)?;
    }
    bundle.verify(&mut |_| {}).map_err(refused)?;
    let count = report::words::count(bundle.manifest().artifacts.len(), "artifact");
    let mut text = format!("{}: {count}, every byte as the manifest says\n", path.display());
    if let Some(signed) = bundle.signed_by() {
        let hint = if signers.is_some() { "" } else { "; `--signers FILE` says whose key may" };
        let _ = writeln!(text, "{signed}{hint}");
    }
    Ok(text)
}

/// Which directory has the files of which architecture: one for each below `from`, or, where there is only one
/// architecture, `from` itself.
fn directories<'a>(from: &Path, archs: &'a [String]) -> Vec<(PathBuf, &'a str)> {
    let mut archs: Vec<&str> = archs.iter().map(String::as_str).collect();
    archs.sort_unstable();
    archs.dedup();
    match archs[..] {
        [only] if !from.join(only).is_dir() => vec![(from.to_owned(), only)],
        _ => archs.into_iter().map(|arch| (from.join(arch), arch)).collect(),
    }
}

fn table(options: &Options, path: &Path, summary: &Summary) -> String {
    let manifest = &summary.manifest;
    if options.output() == report::Output::Json {
        return String::from_utf8_lossy(&manifest.encode()).into_owned() + "\n";
    }
    let mut text = format!(
        "{}: Kubernetes {}, {}, manifest sha256:{}\n",
        path.display(),
        manifest.kubernetes,
        report::words::size(summary.file_size),
        summary.manifest_sum
    );
    for artifact in &manifest.artifacts {
        let _ = writeln!(
            text,
            "  {:<6} {:<7} {:<26} {:<12} {:>9}  {}",
            artifact.kind.as_str(),
            artifact.arch,
            artifact.name,
            artifact.version,
            report::words::size(artifact.size),
            artifact.sha256
        );
    }
    text
}
