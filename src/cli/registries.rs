//! Registries as cluster.yaml has them: the files that it names are read here.

use std::path::Path;

use super::credentials::read_secret;
use super::exit::Stop;
use super::sources;
use crate::cluster::Cluster;
use crate::http;
use crate::registry::{Access, Registries};

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
    http::authorities(file).map_err(|error| sources::refused(error.into()))
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
    let proxy = sources::settings(cluster)?.proxy;
    Ok(Registries::new(access.collect(), proxy))
}
