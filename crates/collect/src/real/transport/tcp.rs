//! TCP, in the clear or with TLS.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Connected, names, tls};
use crate::endpoint::Tcp;
use crate::obstacle::{Answer, Obstacle};
use crate::source::TcpEnds;

/// How long one address of a name may take while there is another one to try.
const TURN: Duration = Duration::from_secs(2);

/// What Go's TLS server answers to a client that forgot TLS.
const WANTS_TLS: &[u8] = b"HTTP request to an HTTPS server";

pub(crate) struct TcpTransport {
    place: Tcp,
    /// Made once: it holds the client's key, and nobody can look into it.
    config: OnceLock<Answer<Arc<ClientConfig>>>,
}

impl TcpTransport {
    pub(super) fn new(place: Tcp) -> Self {
        Self { place, config: OnceLock::new() }
    }

    pub(super) fn authority(&self) -> String {
        self.place.authority()
    }

    pub(super) fn prefix(&self) -> &str {
        &self.place.prefix
    }

    pub(super) async fn connect(&self) -> Answer<Connected> {
        // Before the network: a certificate that is missing here is no fault of the engine's.
        let secured = match &self.place.tls {
            None => None,
            Some(wanted) => {
                let config = self.config.get_or_init(|| tls::client(wanted)).clone()?;
                Some((config, tls::name(&self.place.host)?, wanted))
            }
        };
        let stream = self.reach().await?;
        let ends = stream.local_addr().and_then(|ours| Ok(TcpEnds { ours, engine: stream.peer_addr()? })).map_err(Obstacle::from);
        let peer = Err(Obstacle::Unsupported);
        // Small questions should not wait for one another.
        let _ = stream.set_nodelay(true);
        let Some((config, name, wanted)) = secured else {
            return Ok(Connected { wire: Box::new(stream), peer, ends });
        };
        match TlsConnector::from(config).connect(name, stream).await {
            Ok(wire) => Ok(Connected { wire: Box::new(wire), peer, ends }),
            Err(error) => Err(tls::trouble(&error, wanted, &self.place.host)),
        }
    }

    async fn reach(&self) -> Answer<TcpStream> {
        let addresses = names::resolve(&self.place.host, self.place.port).await?;
        let count = addresses.len();
        let mut last = None;
        for (index, address) in addresses.into_iter().enumerate() {
            let attempt = TcpStream::connect(address);
            // The last one may take as long as the whole call may.
            let answer = if index + 1 < count {
                timeout(TURN, attempt).await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
            } else {
                attempt.await
            };
            match answer {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some((address, error)),
            }
        }
        Err(last.map_or_else(|| names::nobody(&self.place.host), |(address, error)| unreachable(address, &error)))
    }

    pub(super) fn explain(&self, obstacle: Obstacle) -> Obstacle {
        match (&self.place.tls, obstacle) {
            (Some(wanted), Obstacle::Closed) if wanted.cert.is_none() => Obstacle::no_way(
                "the server ended the connection after the TLS handshake, as one does that demands a client certificate; none was given",
                "give one with --tlscert and --tlskey, or put cert.pem and key.pem into DOCKER_CERT_PATH",
            ),
            (None, Obstacle::Malformed(_)) => Obstacle::no_way(
                "the port does not speak HTTP in the clear",
                "where it speaks TLS, add --tlsverify and the folder of its ca.pem, cert.pem and key.pem as DOCKER_CERT_PATH",
            ),
            (_, obstacle) => obstacle,
        }
    }

    pub(super) fn explain_error(&self, error: &std::io::Error) -> Option<Obstacle> {
        Some(tls::explain(tls::alert_of(error)?, self.place.tls.as_ref()?, &self.place.host))
    }

    pub(super) fn explain_refusal(&self, status: u16, text: &[u8]) -> Option<Obstacle> {
        let wants_tls = status == 400 && self.place.tls.is_none() && text.windows(WANTS_TLS.len()).any(|window| window == WANTS_TLS);
        wants_tls.then(|| {
            Obstacle::no_way(
                "the port speaks TLS, and was asked in the clear",
                "add --tlsverify, with the folder of ca.pem, cert.pem and key.pem as DOCKER_CERT_PATH",
            )
        })
    }
}

/// A connection that could not be made. Nothing here is a matter of rights on this machine, so nothing becomes a mere gap.
fn unreachable(address: SocketAddr, error: &std::io::Error) -> Obstacle {
    match Obstacle::from(std::io::Error::from(error.kind())) {
        _ if error.kind() == std::io::ErrorKind::ConnectionRefused => Obstacle::Refused,
        _ => Obstacle::no_way(format!("{address}: {error}"), "check the address, the network between, and the firewall of both hosts"),
    }
}
