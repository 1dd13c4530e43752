//! Docker contexts as the client stores them: meta/ID/meta.json and tls/ID/docker/*.pem below its folder, ID the SHA-256 of the name.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Endpoint, EndpointError, Tls, address};
use crate::obstacle::{Answer, Obstacle};
use crate::real::read_regular;

/// Larger than any of the client's own files.
pub(super) const LIMIT: u64 = 1 << 20;

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints", default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
struct DockerEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}

/// The engine that a context names.
pub(super) fn endpoint(client_folder: &Path, name: &str) -> Result<Endpoint, EndpointError> {
    let failed = |path: &Path, why: String| EndpointError::Context {
        name: name.chars().take(80).collect::<String>().escape_debug().collect(),
        path: path.display().to_string(),
        why,
    };
    // The client's own rule (cli/context/store): anything else can't have been created.
    let is_name = name.len() > 1
        && name.starts_with(|character: char| character.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-'));
    if !is_name {
        return Err(failed(client_folder, "no context can have such a name".to_owned()));
    }
    let id = Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let contexts = client_folder.join("contexts");
    let path = contexts.join("meta").join(&id).join("meta.json");
    let text = read_regular(&path, LIMIT).map_err(|obstacle| failed(&path, obstacle.to_string()))?;
    let meta: Meta = serde_json::from_slice(&text).map_err(|_| failed(&path, "not a context's description".to_owned()))?;
    let docker = meta.endpoints.docker.ok_or_else(|| failed(&path, "it names no Docker engine".to_owned()))?;
    let folder = contexts.join("tls").join(&id).join("docker");
    let material = |file: &str| -> Result<Option<PathBuf>, EndpointError> {
        let path = folder.join(file);
        Ok(present(&path).map_err(|obstacle| failed(&path, obstacle.to_string()))?.then_some(path))
    };
    let (ca, cert, key) = (material("ca.pem")?, material("cert.pem")?, material("key.pem")?);
    // Without material and without "skip", the client speaks plain HTTP.
    let with_tls = docker.skip_tls_verify || ca.is_some() || cert.is_some() || key.is_some();
    let tls = with_tls.then_some(Tls { verify: !docker.skip_tls_verify, ca, cert, key });
    if docker.host.trim().is_empty() {
        return Endpoint::resolve(None, None);
    }
    address::parse(&docker.host, tls)
}

/// Whether something is there by this name.
pub(super) fn present(path: &Path) -> Answer<bool> {
    match std::fs::metadata(path).map_err(Obstacle::from) {
        Ok(_) => Ok(true),
        Err(Obstacle::NotFound) => Ok(false),
        Err(obstacle) => Err(obstacle),
    }
}
