//! Registries as cluster.yaml has them: the files that it names are read here.

use std::path::Path;

use super::credentials::read_secret;
use super::exit::{Exit, Stop};
use super::sources;
use crate::cluster::Cluster;
use crate::registry::{Access, Proxy, Registries};

/// The longest file with authorities that is given to hosts, in bytes.
const LIMIT: u64 = 1 << 20;

/// Reads the passwords and authorities that cluster.yaml names, for a run that will use them.
pub fn read(cluster: &mut Cluster) -> Result<(), Stop> {
    for registry in &mut cluster.registries {
        if let Some((_, file)) = &registry.login {
            registry.password = Some(read_secret(file)?);
        }
        if let Some(file) = &registry.ca {
            registry.authorities = Some(authorities(file)?);
        }
    }
    Ok(())
}

fn authorities(file: &Path) -> Result<String, Stop> {
    let wrong = |problem: String| {
        Stop::new(
            Exit::Usage,
            format!(
                "`{}` {problem}\n  fix: name a PEM file with certificates in `ca`",
                file.display()
            ),
        )
    };
    let unreadable = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
    if std::fs::metadata(file).map_err(unreadable)?.len() > LIMIT {
        return Err(wrong("is longer than 1 MiB".to_owned()));
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    if text.contains("PRIVATE KEY") {
        // Every host gets it, for everybody to read.
        return Err(wrong("has a private key in it".to_owned()));
    }
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

/// The registries as this machine talks to them.
pub fn client(cluster: &Cluster) -> Result<Registries, Stop> {
    let access = cluster.registries.iter().map(|registry| Access {
        address: registry.address.clone(),
        login: registry.login.as_ref().and_then(|(user, _)| {
            registry.password.clone().map(|password| (user.clone(), password))
        }),
        ca: registry.ca.clone(),
    });
    let [http, https] = sources::proxy_with_login(cluster)?;
    let no_proxy = cluster.proxy.as_ref().map(|proxy| proxy.no_proxy.join(","));
    let proxy = Proxy { http, https, no_proxy };
    Ok(Registries::new(access.collect(), proxy))
}
