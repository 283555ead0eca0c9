//! `bivouac kubeconfig`: fetch the administrator's kubeconfig.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::control_plane;
use super::exit::{Exit, Stop};
use super::init::kubeconfig_path;
use super::options::Options;
use crate::report;
use crate::secret::Secret;
use crate::ssh;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write, instead of `NAME.kubeconfig`.
    #[arg(short, value_name = "FILE", conflicts_with = "stdout")]
    output_file: Option<PathBuf>,
    /// Print it, and write no file.
    #[arg(long)]
    stdout: bool,
}

pub async fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let cluster = options.cluster()?;
    let mut plane = control_plane::find(&cluster, options).await?;
    let config = plane.remote.admin_config().await;
    plane.remote.close().await;
    let config = config.map_err(|error| Stop::error(Exit::Failed, &error, &error.fix()))?;
    let config = reachable(&config, &plane.host.address);
    let unwritten = |error: std::io::Error| Stop::error(Exit::Failed, &error, "");
    if args.stdout {
        report::out(config.expose()).map_err(unwritten)?;
        return Ok(Exit::Done);
    }
    let path = args.output_file.clone().unwrap_or_else(|| PathBuf::from(kubeconfig_path(&cluster)));
    config.write_to(&path).map_err(|error| {
        Stop::new(
            Exit::Failed,
            format!(
                "`{}` cannot be written: {error}\n  fix: name another file with `-o FILE`",
                path.display()
            ),
        )
    })?;
    if !options.quiet {
        report::err(&format!(
            "the kubeconfig of `{}`, from {}, is in `{}`",
            cluster.name,
            plane.host.display,
            path.display()
        ));
    }
    report::out(&export(&path)).map_err(unwritten)?;
    Ok(Exit::Done)
}

/// The line that tells kubectl of the file, wherever it is called.
fn export(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = path.to_string_lossy();
    let is_plain = text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_./".contains(&c));
    let word = if is_plain { text.into_owned() } else { ssh::quote(&text) };
    format!("export KUBECONFIG={word}\n")
}

/// The kubeconfig as it serves on this machine: a server at the control plane's own loopback becomes
/// the address at which SSH found it. What that is called need not be in the server's certificate, so
/// the name `kubernetes` is asked for, which kubeadm puts into every one.
fn reachable(config: &Secret, address: &str) -> Secret {
    let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    let mut text = String::with_capacity(config.expose().len() + 64);
    for line in config.expose().lines() {
        if let Some((indent, port)) = local_port(line) {
            let _ = writeln!(text, "{indent}server: https://{host}{port}");
            let _ = writeln!(text, "{indent}tls-server-name: kubernetes");
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    Secret::new(text)
}

/// The indent and the port (`:6443`, or nothing) of a line that names a server at a loopback address.
fn local_port(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start();
    let indent = &line[..line.len() - rest.len()];
    let url = rest.strip_prefix("server:")?.trim().trim_matches(['"', '\'']);
    let place = url.strip_prefix("https://")?.trim_end_matches('/');
    let port = ["127.0.0.1", "localhost", "[::1]"].iter().find_map(|l| place.strip_prefix(l))?;
    (port.is_empty() || port.starts_with(':')).then_some((indent, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_server(server: &str) -> String {
        format!(
            "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: QQ==\n    server: {server}\n  name: x\n"
        )
    }

    fn served(server: &str, address: &str) -> String {
        reachable(&Secret::new(with_server(server)), address).expose().to_owned()
    }

    #[test]
    fn a_server_that_can_be_reached_is_kept() {
        for server in
            ["https://10.0.0.1:6443", "https://api.example", "https://127.0.0.1.example:1"]
        {
            assert_eq!(served(server, "192.0.2.1"), with_server(server));
        }
    }

    #[test]
    fn a_loopback_becomes_the_address_and_is_checked_by_a_name_of_its_certificate() {
        for (server, address, expected) in [
            ("https://127.0.0.1:6443", "192.0.2.1", "https://192.0.2.1:6443"),
            ("https://localhost:7443/", "cp1.example", "https://cp1.example:7443"),
            ("\"https://[::1]\"", "fd00::1", "https://[fd00::1]"),
        ] {
            let text = served(server, address);
            let expected = format!("    server: {expected}\n    tls-server-name: kubernetes\n");
            assert!(text.contains(&expected), "{server}: {text}");
            assert_eq!(text.lines().count(), with_server(server).lines().count() + 1);
        }
    }

    #[test]
    fn the_line_for_the_shell_is_quoted_where_it_must_be() {
        assert_eq!(export(Path::new("/a/b.kubeconfig")), "export KUBECONFIG=/a/b.kubeconfig\n");
        assert_eq!(export(Path::new("/a b/$x")), "export KUBECONFIG='/a b/$x'\n");
        assert!(export(Path::new("x")).starts_with("export KUBECONFIG=/"), "it serves everywhere");
    }
}
