//! A small HTTP client for the engine, whatever the way to it: few connections, kept open; every call bounded in time and size.

use std::sync::{Mutex, OnceLock, PoisonError};

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::transport::{Connected, Transport};
use crate::endpoint::Endpoint;
use crate::obstacle::{Answer, Obstacle};
use crate::options::Limits;
use crate::redact;
use crate::source::{EngineApi, EngineQuestion, Peer, Pending, TcpEnds};

type Sender = SendRequest<Empty<Bytes>>;

/// More than what tells one refusal from another.
const REFUSAL_LIMIT: u64 = 4096;

/// The engine at one endpoint.
pub(crate) struct EngineClient {
    endpoint: Endpoint,
    transport: Transport,
    limits: Limits,
    /// One permit a connection.
    turns: Semaphore,
    /// Connections that wait for the next request.
    idle: Mutex<Vec<Sender>>,
    peer: OnceLock<Answer<Peer>>,
    ends: OnceLock<Answer<TcpEnds>>,
    deadline: OnceLock<Instant>,
}

impl EngineClient {
    pub(crate) fn new(endpoint: Endpoint, limits: Limits) -> Self {
        let transport = Transport::new(&endpoint);
        Self {
            turns: Semaphore::new(limits.connections.clamp(1, transport.most_connections())),
            endpoint,
            transport,
            limits,
            idle: Mutex::default(),
            peer: OnceLock::new(),
            ends: OnceLock::new(),
            deadline: OnceLock::new(),
        }
    }

    async fn ask(&self, question: &EngineQuestion) -> Answer<Value> {
        let path = question.path()?;
        let deadline = *self.deadline.get_or_init(|| Instant::now() + self.limits.overall);
        let body = timeout(deadline.saturating_duration_since(Instant::now()), async {
            let _turn = self.turns.acquire().await.map_err(|_| Obstacle::Closed)?;
            let limit = if question.is_single() { self.limits.object_bytes } else { self.limits.list_bytes };
            match timeout(self.limits.call, self.exchange(question, &path, limit)).await {
                Ok(Err(obstacle)) => Err(self.transport.explain(obstacle).await),
                Ok(answer) => answer,
                Err(_) => Err(Obstacle::timed_out(self.limits.call)),
            }
        });
        let body = body.await.unwrap_or(Err(Obstacle::timed_out(self.limits.overall)))?;
        redact::engine_answer(question, &body)
    }

    /// One request and its whole answer.
    async fn exchange(&self, question: &EngineQuestion, path: &str, limit: u64) -> Answer<Vec<u8>> {
        let (mut sender, response) = self.send(path).await?;
        match response.status().as_u16() {
            200 => {}
            // Gone since it was listed. For anything but an object a 404 means that this is no engine.
            404 if question.is_about_an_object() => return Err(Obstacle::NotFound),
            status @ (401 | 403) => return Err(Obstacle::Forbidden(status)),
            status => {
                let text = self.read_body(response.into_body(), REFUSAL_LIMIT).await.unwrap_or_default();
                return Err(self.transport.explain_refusal(status, &text).unwrap_or(Obstacle::Status(status)));
            }
        }
        let body = self.read_body(response.into_body(), limit).await?;
        if sender.ready().await.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        }
        Ok(body)
    }

    async fn send(&self, path: &str) -> Answer<(Sender, Response<Incoming>)> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reused = kept.is_some();
            let mut sender = match kept {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            let request = Request::get(format!("{}{path}", self.transport.prefix()))
                .header("Host", self.transport.authority())
                .header("User-Agent", concat!("cofferdam/", env!("CARGO_PKG_VERSION")))
                .body(Empty::new())
                .map_err(|error| Obstacle::Malformed(error.to_string()))?;
            match sender.send_request(request).await {
                Ok(response) => return Ok((sender, response)),
                // The engine may close a connection that waits; only on a fresh one is that an answer.
                Err(error) if reused && !error.is_parse() => {}
                Err(error) => return Err(self.failure(&error)),
            }
        }
    }

    async fn connect(&self) -> Answer<Sender> {
        let Connected { wire, peer, ends } = self.transport.connect().await?;
        self.peer.get_or_init(|| peer);
        self.ends.get_or_init(|| ends);
        let (sender, connection) = http1::Builder::new()
            .max_headers(64)
            .max_buf_size(64 << 10)
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|error| self.failure(&error))?;
        // Its errors reach the waiting request too.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    async fn read_body(&self, mut body: Incoming, limit: u64) -> Answer<Vec<u8>> {
        use hyper::body::Body;
        if body.size_hint().lower() > limit {
            return Err(Obstacle::TooLarge { limit });
        }
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.failure(&error))?;
            if let Some(data) = frame.data_ref() {
                if (bytes.len() + data.len()) as u64 > limit {
                    return Err(Obstacle::TooLarge { limit });
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok(bytes)
    }

    /// In TLS 1.3 the server's refusal of a client comes as an error of the first read.
    fn failure(&self, error: &hyper::Error) -> Obstacle {
        self.transport.explain_error(error).unwrap_or_else(|| http_obstacle(error))
    }
}

impl EngineApi for EngineClient {
    fn endpoint(&self) -> String {
        self.endpoint.to_string()
    }

    fn socket(&self) -> Option<String> {
        self.endpoint.socket().map(str::to_owned)
    }

    fn get(&self, question: EngineQuestion) -> Pending<'_, Answer<Value>> {
        Box::pin(async move { self.ask(&question).await })
    }

    fn peer(&self) -> Answer<Peer> {
        self.peer.get().cloned().unwrap_or_else(|| Err(Obstacle::Other("not connected yet".to_owned())))
    }

    fn tcp_ends(&self) -> Answer<TcpEnds> {
        self.ends.get().cloned().unwrap_or_else(|| Err(Obstacle::Other("not connected yet".to_owned())))
    }
}

fn http_obstacle(error: &hyper::Error) -> Obstacle {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    let ended = matches!(cause, Some(BrokenPipe | ConnectionReset | UnexpectedEof));
    if error.is_parse() {
        Obstacle::Malformed("not HTTP".to_owned())
    } else if ended || error.is_incomplete_message() || error.is_closed() || error.is_canceled() || error.is_body_write_aborted() {
        Obstacle::Closed
    } else {
        // hyper's words hold no part of the message, but for a cause from the system.
        Obstacle::Other(format!("HTTP: {error}"))
    }
}
