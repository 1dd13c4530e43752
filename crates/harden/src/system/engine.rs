//! The engine's API for writing: three POSTs, and the GETs that tell whether they worked. Reading at large is `collect`'s business.

use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::UnixStream;

use crate::error::Error;
use crate::plan::UpdateBody;

/// An answer that is longer than this is none that we asked for.
const LARGEST_ANSWER: usize = 4 << 20;

/// Ordinary calls. Under load a daemon that has just started takes long.
const CALL: Duration = Duration::from_secs(60);

/// What is added to a container's own stop timeout, default 10 s (moby's container.DefaultStopTimeout).
const STOP_MARGIN: Duration = Duration::from_secs(120);
const STOP_DEFAULT: u64 = 10;

/// A client of the engine behind one Unix socket.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    socket: PathBuf,
}

/// What GET /info says of the members that a reload changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) live_restore: Option<bool>,
    pub(crate) debug: Option<bool>,
    pub(crate) no_new_privileges: bool,
    pub(crate) userland_proxy: Option<bool>,
}

/// What GET /containers/ID/json says of the members that we change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inspected {
    pub(crate) running: bool,
    pub(crate) restarting: bool,
    pub(crate) exit_code: i64,
    stop_timeout: Option<i64>,
}

impl Engine {
    /// The engine at `unix:///run/docker.sock`.
    pub(crate) fn at(endpoint: &str) -> Result<Self, Error> {
        let socket = endpoint.strip_prefix("unix://").ok_or_else(|| Error::NoAnswer {
            request: endpoint.to_owned(),
            why: "only an engine behind a local Unix socket can be changed".to_owned(),
        })?;
        Ok(Self { socket: socket.into() })
    }

    /// Whether the daemon answers.
    pub(crate) async fn answers(&self) -> bool {
        matches!(self.call(Method::GET, "/_ping", None, Duration::from_secs(10)).await, Ok((200, _)))
    }

    pub(crate) async fn info(&self) -> Result<Info, Error> {
        let info = self.get("/info").await?;
        let options = info["SecurityOptions"].as_array();
        let firewall = info["FirewallBackend"]["Info"].as_array();
        Ok(Info {
            live_restore: info["LiveRestoreEnabled"].as_bool(),
            debug: info["Debug"].as_bool(),
            no_new_privileges: options.is_some_and(|options| options.iter().any(|option| option == "name=no-new-privileges")),
            userland_proxy: firewall.and_then(|pairs| {
                pairs.iter().find(|pair| pair[0] == "EnableUserlandProxy").and_then(|pair| pair[1].as_str()).map(|value| value == "true")
            }),
        })
    }

    /// Whether containers on the default bridge reach each other; none: there is no default bridge.
    pub(crate) async fn bridge_icc(&self) -> Result<Option<bool>, Error> {
        match self.get("/networks/bridge").await {
            Ok(network) => Ok(network["Options"]["com.docker.network.bridge.enable_icc"].as_str().map(|value| value == "true")),
            Err(Error::Engine { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Ids of the running containers.
    pub(crate) async fn running(&self) -> Result<Vec<String>, Error> {
        let list = self.get("/containers/json").await?;
        Ok(list.as_array().into_iter().flatten().filter_map(|container| container["Id"].as_str().map(str::to_owned)).collect())
    }

    /// A container; none: it is gone.
    pub(crate) async fn inspect(&self, id: &str) -> Result<Option<Inspected>, Error> {
        match self.get(&format!("/containers/{id}/json")).await {
            Ok(container) => Ok(Some(Inspected {
                running: container["State"]["Running"].as_bool().unwrap_or(false),
                restarting: container["State"]["Restarting"].as_bool().unwrap_or(false),
                exit_code: container["State"]["ExitCode"].as_i64().unwrap_or(0),
                stop_timeout: container["Config"]["StopTimeout"].as_i64(),
            })),
            Err(Error::Engine { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes limits or restart policy.
    pub(crate) async fn update(&self, id: &str, body: &UpdateBody) -> Result<(), Error> {
        let mut json = json!({});
        if let Some(memory) = body.memory {
            json["Memory"] = json!(memory);
        }
        if let Some(swap) = body.memory_swap {
            json["MemorySwap"] = json!(swap);
        }
        if let Some(pids) = body.pids_limit {
            json["PidsLimit"] = json!(pids);
        }
        if let Some(policy) = &body.restart {
            json["RestartPolicy"] = json!({"Name": policy.name, "MaximumRetryCount": policy.retries});
        }
        self.post(&format!("/containers/{id}/update"), Some(&json), CALL).await
    }

    /// Stops a container with its own stop timeout. One that does not run is fine.
    pub(crate) async fn stop(&self, id: &str) -> Result<(), Error> {
        let own = self.inspect(id).await?.and_then(|container| container.stop_timeout);
        let patience = Duration::from_secs(own.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(STOP_DEFAULT)) + STOP_MARGIN;
        self.post(&format!("/containers/{id}/stop"), None, patience).await
    }

    /// Starts a container. One that runs is fine.
    pub(crate) async fn start(&self, id: &str) -> Result<(), Error> {
        self.post(&format!("/containers/{id}/start"), None, CALL + STOP_MARGIN).await
    }

    async fn get(&self, path: &str) -> Result<Value, Error> {
        let (status, body) = self.call(Method::GET, path, None, CALL).await?;
        let request = format!("GET {path}");
        if status != 200 {
            return Err(Error::Engine { request, status, message: message(&body) });
        }
        serde_json::from_slice(&body).map_err(|error| Error::NoAnswer { request, why: format!("the answer is no JSON: {error}") })
    }

    async fn post(&self, path: &str, body: Option<&Value>, patience: Duration) -> Result<(), Error> {
        let (status, answer) = self.call(Method::POST, path, body, patience).await?;
        // 304: it is stopped, or started, already.
        if (200..300).contains(&status) || status == 304 {
            return Ok(());
        }
        Err(Error::Engine { request: format!("POST {path}"), status, message: message(&answer) })
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>, patience: Duration) -> Result<(u16, Bytes), Error> {
        let request = format!("{method} {path}");
        let failed = |why: String| Error::NoAnswer { request: request.clone(), why };
        let exchange = async {
            let stream =
                UnixStream::connect(&self.socket).await.map_err(|error| failed(format!("{} ({})", error, self.socket.display())))?;
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(error.to_string()))?;
            let bytes = body.map(|json| Bytes::from(json.to_string())).unwrap_or_default();
            let call = Request::builder()
                .method(method.clone())
                .uri(path)
                .header("host", "docker")
                .header("content-type", "application/json")
                .body(Full::new(bytes))
                .map_err(|error| failed(error.to_string()))?;
            // The connection is driven here and not in a task: it ends with this call, whatever happens.
            let answer = async {
                let response = sender.send_request(call).await.map_err(|error| failed(error.to_string()))?;
                let status = response.status().as_u16();
                let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect().await.map_err(|error| failed(error.to_string()))?;
                Ok((status, body.to_bytes()))
            };
            tokio::pin!(answer);
            tokio::select! {
                biased;
                answer = &mut answer => answer,
                _ = connection => answer.await,
            }
        };
        tokio::time::timeout(patience, exchange).await.unwrap_or_else(|_| Err(failed(format!("no answer within {} s", patience.as_secs()))))
    }
}

/// The engine's own words in an error body.
fn message(body: &[u8]) -> String {
    let text = serde_json::from_slice::<Value>(body).ok().and_then(|json| json["message"].as_str().map(str::to_owned));
    let text = text.unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_owned());
    crate::text::one_line(&text)
}
