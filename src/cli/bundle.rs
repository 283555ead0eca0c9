//! `bivouac bundle build`, `show` and `verify`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Subcommand;

use super::exit::{Exit, Stop};
use super::options::Options;
use super::preflight::refused;
use crate::bundle::{self, Summary};
use crate::cluster::Version;
use crate::report;

#[derive(Debug, Subcommand)]
pub enum Args {
    /// Make a bundle of the files in a directory: `bin/`, `cni/` and `images/*.tar`.
    Build {
        /// The bundle to be made.
        bundle: PathBuf,
        /// The directory.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// The Kubernetes version that is in it.
        #[arg(long, value_name = "VERSION")]
        version: Version,
        /// Architecture of the files.
        #[arg(long, value_name = "ARCH", default_value = "amd64")]
        arch: String,
    },
    /// List what a bundle says it has.
    Show { bundle: PathBuf },
    /// Check every byte of a bundle.
    Verify { bundle: PathBuf },
}

pub fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let text = match args {
        Args::Build { bundle: out, from, version, arch } => {
            bundle::build(out, from, version, arch).map_err(refused)?;
            table(options, out, &bundle::show(out).map_err(refused)?)
        }
        Args::Show { bundle } => table(options, bundle, &bundle::show(bundle).map_err(refused)?),
        Args::Verify { bundle } => {
            let summary = bundle::verify(bundle, &mut |_| {}).map_err(refused)?;
            let count = report::words::count(summary.manifest.artifacts.len(), "artifact");
            format!("{}: {count}, every byte as the manifest says\n", bundle.display())
        }
    };
    report::out(&text).map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    Ok(Exit::Done)
}

fn size(bytes: u64) -> String {
    // The words are for an upload, `12/12 MiB`; here the whole is enough.
    let text = report::words::bytes(bytes, bytes);
    text.split_once('/').map_or_else(|| text.clone(), |(_, whole)| whole.to_owned())
}

fn table(options: &Options, path: &std::path::Path, summary: &Summary) -> String {
    let manifest = &summary.manifest;
    if options.output() == report::Output::Json {
        return String::from_utf8_lossy(&manifest.encode()).into_owned() + "\n";
    }
    let mut text = format!(
        "{}: Kubernetes {}, {}, manifest sha256:{}\n",
        path.display(),
        manifest.kubernetes,
        size(summary.file_size),
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
            size(artifact.size),
            artifact.sha256
        );
    }
    text
}
