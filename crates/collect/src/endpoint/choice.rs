//! Which engine a command line and an environment mean: the docker client's own order (its cli/command/cli.go), so that cofferdam looks at
//! the engine that `docker ps` would ask.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{DEFAULT_SOCKET, Endpoint, EndpointError, Tls, address, context};
use crate::obstacle::Obstacle;
use crate::real::read_regular;

/// The context that is none: DOCKER_HOST, or the local socket.
const DEFAULT_CONTEXT: &str = "default";

/// What was asked for on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `--host`.
    pub host: Option<String>,
    /// `--context`.
    pub context: Option<String>,
    /// `--tls` and its kin.
    pub tls: TlsWishes,
    /// The environment of this process.
    pub environment: Environment,
}

/// The docker client's flags about TLS. They speak of an address, never of a context, which brings its own material.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsWishes {
    /// `--tls`: TLS, without looking at the server's certificate.
    pub on: bool,
    /// `--tlsverify`: TLS, and the server must prove who it is.
    pub verify: bool,
    /// `--tlscacert`.
    pub ca: Option<PathBuf>,
    /// `--tlscert`.
    pub cert: Option<PathBuf>,
    /// `--tlskey`.
    pub key: Option<PathBuf>,
}

/// What the docker client reads of its environment. An empty value counts as none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// DOCKER_HOST.
    pub docker_host: Option<String>,
    /// DOCKER_CONTEXT.
    pub docker_context: Option<String>,
    /// DOCKER_CONFIG: the client's folder, `~/.docker` without it.
    pub docker_config: Option<String>,
    /// DOCKER_TLS: any value, `0` too, asks for TLS.
    pub docker_tls: Option<String>,
    /// DOCKER_TLS_VERIFY: any value, `0` too, asks for TLS with verification.
    pub docker_tls_verify: Option<String>,
    /// DOCKER_CERT_PATH: the folder of ca.pem, cert.pem and key.pem; without it the client's folder.
    pub docker_cert_path: Option<String>,
    /// HOME.
    pub home: Option<String>,
    /// XDG_RUNTIME_DIR.
    pub xdg_runtime_dir: Option<String>,
    /// Effective user id: a rootless engine's socket must be this user's own.
    pub uid: Option<u32>,
}

/// The engine to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Where it is.
    pub endpoint: Endpoint,
    /// What named it.
    pub named_by: NamedBy,
    /// What the user should know of the choice, one sentence each.
    pub remarks: Vec<String>,
}

/// What named the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// `--host`.
    Host,
    /// DOCKER_HOST.
    DockerHost,
    /// A context: `--context`, DOCKER_CONTEXT or currentContext of config.json.
    Context(String),
    /// Nothing: Docker's own default.
    Default,
    /// Nothing: there is no socket at Docker's default place, and this user has a rootless engine.
    Rootless,
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("by --host or COFFERDAM_HOST"),
            Self::DockerHost => f.write_str("by DOCKER_HOST"),
            Self::Context(name) => write!(f, "by the Docker context {name}"),
            Self::Default => f.write_str("the default: nothing names another one"),
            Self::Rootless => write!(f, "this user's rootless engine: nothing is named, and {DEFAULT_SOCKET} is not there"),
        }
    }
}

impl Environment {
    /// Reads the variables with `get`.
    pub fn read(get: impl Fn(&str) -> Option<String>, uid: Option<u32>) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        Self {
            docker_host: get("DOCKER_HOST"),
            docker_context: get("DOCKER_CONTEXT"),
            docker_config: get("DOCKER_CONFIG"),
            docker_tls: get("DOCKER_TLS"),
            docker_tls_verify: get("DOCKER_TLS_VERIFY"),
            docker_cert_path: get("DOCKER_CERT_PATH"),
            home: get("HOME"),
            xdg_runtime_dir: get("XDG_RUNTIME_DIR"),
            uid,
        }
    }

    /// The client's folder. None: neither DOCKER_CONFIG nor HOME says where.
    fn client_folder(&self) -> Option<PathBuf> {
        self.docker_config.as_ref().map(PathBuf::from).or_else(|| Some(Path::new(self.home.as_ref()?).join(".docker")))
    }
}

/// Which engine is meant.
///
/// `--host` and `--context` exclude one another; then `--context`, `--host`, DOCKER_HOST, DOCKER_CONTEXT, currentContext, and at last the
/// system's socket. Where that one is absent and nothing was named, the invoking user's own rootless engine.
///
/// # Errors
/// When an address is none, a context does not exist, or the client's configuration cannot be understood while it decides.
pub fn choose(wishes: &Wishes) -> Result<Chosen, EndpointError> {
    choose_with(wishes, Path::new(DEFAULT_SOCKET))
}

fn choose_with(wishes: &Wishes, system_socket: &Path) -> Result<Chosen, EndpointError> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let environment = &wishes.environment;
    let (host, wanted) = (given(&wishes.host), given(&wishes.context));
    let docker_host = given(&environment.docker_host);
    let tls = tls(wishes);
    let mut unread = None;
    let context = match (&host, wanted) {
        (Some(_), Some(_)) => return Err(EndpointError::Conflict),
        (Some(_), None) => None,
        (None, Some(name)) => Some(name),
        (None, None) if docker_host.is_some() => None,
        (None, None) => match given(&environment.docker_context) {
            Some(name) => Some(name),
            None => current_context(environment).or_else(|error| match error {
                // Whose file it is: `sudo -u` and `su` without `-` keep another user's HOME. The docker client warns too, and goes on.
                ConfigError::Denied(path) => {
                    unread = Some(format!(
                        "{path} may not be read, so a Docker context that it names was not followed; --context and --host name an engine"
                    ));
                    Ok(None)
                }
                ConfigError::Broken(error) => Err(error),
            })?,
        },
    };
    let chosen = |endpoint: Endpoint, named_by: NamedBy| Chosen {
        remarks: unread.iter().cloned().chain(remarks(&endpoint)).collect(),
        endpoint,
        named_by,
    };
    if let Some(name) = context.filter(|name| name != DEFAULT_CONTEXT) {
        let folder = environment.client_folder().ok_or_else(|| EndpointError::Context {
            name: name.clone(),
            path: "~/.docker/contexts".to_owned(),
            why: "neither DOCKER_CONFIG nor HOME is set".to_owned(),
        })?;
        return Ok(chosen(context::endpoint(&folder, &name)?, NamedBy::Context(name)));
    }
    if let Some(address) = host {
        return Ok(chosen(address::parse(&address, tls)?, NamedBy::Host));
    }
    if let Some(address) = docker_host {
        return Ok(chosen(address::parse(&address, tls)?, NamedBy::DockerHost));
    }
    if let Some(tls) = tls {
        return Ok(chosen(address::default_tls(tls), NamedBy::Default));
    }
    // Only a socket that is provably not there makes way for another one.
    if context::present(system_socket) == Ok(false)
        && let Some((endpoint, place)) = rootless(environment)
    {
        let remark =
            format!("no engine at unix://{}; this is the rootless one of this user, found by {place}: {endpoint}", system_socket.display());
        return Ok(Chosen { endpoint, named_by: NamedBy::Rootless, remarks: unread.into_iter().chain([remark]).collect() });
    }
    Ok(chosen(Endpoint::Unix(system_socket.display().to_string()), NamedBy::Default))
}

/// What the flags and the environment ask for together. None: no TLS.
fn tls(wishes: &Wishes) -> Option<Tls> {
    let environment = &wishes.environment;
    let verify = wishes.tls.verify || environment.docker_tls_verify.is_some();
    if !(verify || wishes.tls.on || environment.docker_tls.is_some()) {
        return None;
    }
    let folder = environment.docker_cert_path.as_ref().map(PathBuf::from).or_else(|| environment.client_folder());
    let usual = |file: &str| folder.as_ref().map(|folder| folder.join(file));
    // A file that was not named may be missing; one that may not be looked at is reported when it is read.
    let optional = |file: &str| usual(file).filter(|path| context::present(path) != Ok(false));
    Some(Tls {
        verify,
        ca: wishes.tls.ca.clone().or_else(|| usual("ca.pem")),
        cert: wishes.tls.cert.clone().or_else(|| optional("cert.pem")),
        key: wishes.tls.key.clone().or_else(|| optional("key.pem")),
    })
}

/// Why config.json does not say which context is current.
enum ConfigError {
    /// This account may not read it; its path.
    Denied(String),
    /// It is there and cannot be understood.
    Broken(EndpointError),
}

/// currentContext of the client's config.json. None: there is no such file, or it names none.
fn current_context(environment: &Environment) -> Result<Option<String>, ConfigError> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "currentContext", default)]
        current_context: Option<String>,
    }
    let Some(folder) = environment.client_folder() else { return Ok(None) };
    let path = folder.join("config.json");
    let failed = |why: &str| ConfigError::Broken(EndpointError::Config { path: path.display().to_string(), why: why.to_owned() });
    match read_regular(&path, context::LIMIT) {
        Ok(text) if text.iter().all(u8::is_ascii_whitespace) => Ok(None),
        // serde would take a list for an object whose members are all left out.
        Ok(text) if !text.trim_ascii_start().starts_with(b"{") => Err(failed("not the client's JSON")),
        // serde's own words may repeat a part of the file, which holds passwords.
        Ok(text) => match serde_json::from_slice::<Config>(&text) {
            Ok(config) => Ok(config.current_context.filter(|name| !name.is_empty())),
            Err(error) => Err(failed(&format!("not the client's JSON (line {}, column {})", error.line(), error.column()))),
        },
        Err(Obstacle::NotFound) => Ok(None),
        Err(Obstacle::Denied) => Err(ConfigError::Denied(path.display().to_string())),
        Err(obstacle) => Err(failed(&obstacle.to_string())),
    }
}

/// The invoking user's rootless engine: the places that its own set-up tool and Docker Desktop use, then the context that the tool makes.
fn rootless(environment: &Environment) -> Option<(Endpoint, String)> {
    let run = environment.xdg_runtime_dir.clone().or_else(|| environment.uid.map(|uid| format!("/run/user/{uid}")));
    let in_run =
        run.filter(|run| run.starts_with('/')).map(|run| (format!("{}/docker.sock", run.trim_end_matches('/')), "XDG_RUNTIME_DIR"));
    let home = environment.home.clone().filter(|home| home.starts_with('/'));
    let in_home = home.map(|home| (format!("{}/.docker/run/docker.sock", home.trim_end_matches('/')), "~/.docker/run"));
    let found = [in_run, in_home].into_iter().flatten().find(|(path, _)| is_own_socket(path, environment.uid));
    if let Some((path, place)) = found {
        return Some((Endpoint::Unix(path), place.to_owned()));
    }
    let endpoint = context::endpoint(&environment.client_folder()?, "rootless").ok()?;
    let usable = endpoint.socket().is_some_and(|path| is_own_socket(path, environment.uid));
    usable.then(|| (endpoint, "the context `rootless`".to_owned()))
}

/// Whoever else can put a socket there would be believed as the user's own engine.
fn is_own_socket(path: &str, uid: Option<u32>) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket() && uid.is_none_or(|uid| found.uid() == uid))
}

fn remarks(endpoint: &Endpoint) -> Vec<String> {
    let Endpoint::Tcp(tcp) = endpoint else { return Vec::new() };
    match &tcp.tls {
        Some(tls) if !tls.verify => {
            vec![format!("the certificate of {endpoint} is not verified: anybody on the way could answer in the engine's place")]
        }
        None if !is_loopback(&tcp.host) => {
            vec![format!("{endpoint} is spoken to in the clear: anybody on the way could answer in the engine's place")]
        }
        Some(_) | None => Vec::new(),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
