//! The docker client's side of the machine that cofferdam runs on: what accounts keep for speaking to engines and registries.
//!
//! With an engine on another host this is not the engine's host. It is known all the same, since it is here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FileStat;
use crate::{Fact, Observed};

/// The client's side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Client {
    /// Variables of the invoking process that the docker client reads.
    pub environment: Fact<ClientEnvironment>,
    /// The invoking account, root, and the members of the groups that may speak to the engine, sorted by uid.
    pub accounts: Fact<Vec<ClientAccount>>,
    /// Version of the docker program. It says so only when it is started, which cofferdam does not do.
    pub version: Fact<String>,
}

/// Environment variables of the docker client (docker(1), ENVIRONMENT VARIABLES). Absent: not set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientEnvironment {
    /// Effective user id of the invoking process.
    pub uid: u32,
    /// DOCKER_CONTENT_TRUST. Docker's client 29 and later has no such feature any more.
    pub content_trust: Fact<String>,
    /// DOCKER_HOST, without user information.
    pub host: Fact<String>,
    /// DOCKER_CONTEXT.
    pub context: Fact<String>,
    /// DOCKER_TLS_VERIFY; any value but an empty one asks for verification.
    pub tls_verify: Fact<String>,
    /// DOCKER_CERT_PATH.
    pub cert_path: Fact<String>,
    /// DOCKER_CONFIG.
    pub config: Fact<String>,
    /// HOME.
    pub home: Fact<String>,
}

/// One account's client folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientAccount {
    /// Name by /etc/passwd; empty: it has none there.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Whether it is the account that invoked cofferdam.
    pub invoking: bool,
    /// The folder: `~/.docker`, or DOCKER_CONFIG of the invoking process.
    pub folder: String,
    /// config.json, reduced to names. Absent: there is none.
    pub config: Observed<ClientConfig>,
    /// Inode of config.json. Absent: there is none.
    pub config_file: Fact<FileStat>,
    /// Contexts by name. Absent: none.
    pub contexts: Fact<Vec<Observed<ClientContext>>>,
    /// Inodes of ca.pem, cert.pem and key.pem by path: those of the folder, of its contexts, and of DOCKER_CERT_PATH. Their content is not read.
    pub material: Fact<BTreeMap<String, FileStat>>,
}

/// config.json of the docker client, without any value that could be a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientConfig {
    /// Registries of `auths` by host name, and whether a password or token is stored there in the clear (base64 hides nothing).
    pub auths: BTreeMap<String, bool>,
    /// `credsStore`: the helper `docker-credential-NAME` that keeps all passwords. None: not set.
    pub creds_store: Option<String>,
    /// `credHelpers`: helpers by registry.
    pub cred_helpers: BTreeMap<String, String>,
    /// `currentContext`. None: not set.
    pub current_context: Option<String>,
}

/// One context: where it leads and whether the way is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClientContext {
    /// Name.
    pub name: String,
    /// The Docker endpoint, without user information; empty: the default socket.
    pub host: String,
    /// SkipTLSVerify: the engine need not prove who it is.
    pub skip_tls_verify: bool,
}
