//! Probes of listening TCP sockets: what does a stranger get?

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, Error};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::transport::AnyCertificate;
use crate::obstacle::{Answer, Obstacle};
use crate::source::{Pending, Probe, Sockets};

/// More than any answer to a ping.
const ANSWER_LIMIT: u64 = 4096;

/// Connects as anybody could.
pub(crate) struct TcpProbe {
    patience: Duration,
}

impl TcpProbe {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { patience }
    }

    async fn look(&self, address: SocketAddr) -> Answer<Probe> {
        let mut plain = self.connect(address).await?;
        // A server that says nothing within the time may still speak TLS.
        let answer = timeout(self.patience, ping(&mut plain, address)).await.unwrap_or_default();
        drop(plain);
        match http_answer(&answer) {
            // Go's TLS server tells a client that forgot TLS so.
            Some(answer) if !answer.wants_tls => Ok(Probe::Http { status: answer.status, engine: answer.engine }),
            _ => self.look_over_tls(address).await,
        }
    }

    async fn look_over_tls(&self, address: SocketAddr) -> Answer<Probe> {
        let stream = self.connect(address).await?;
        let name = ServerName::from(address.ip());
        let conversation = async {
            let mut tls = TlsConnector::from(Arc::new(client()?)).connect(name, stream).await.map_err(refusal)?;
            // In TLS 1.3 the handshake succeeds on this side whatever the server thinks: its refusal comes with the first read.
            tls.write_all(&request(address)).await.map_err(refusal)?;
            let mut answer = Vec::new();
            let end = (&mut tls).take(ANSWER_LIMIT).read_to_end(&mut answer).await;
            match http_answer(&answer) {
                Some(answer) => Ok(Probe::Https { status: answer.status, engine: answer.engine }),
                None => Err(end.err().map_or(Probe::TlsFailed { why: "TLS without an HTTP answer".to_owned() }, refusal)),
            }
        };
        match timeout(self.patience, conversation).await {
            Ok(Ok(probe) | Err(probe)) => Ok(probe),
            Err(_) => Err(Obstacle::timed_out(self.patience)),
        }
    }

    async fn connect(&self, address: SocketAddr) -> Answer<TcpStream> {
        match timeout(self.patience, TcpStream::connect(address)).await {
            Ok(stream) => Ok(stream?),
            Err(_) => Err(Obstacle::timed_out(self.patience)),
        }
    }
}

impl Sockets for TcpProbe {
    fn probe(&self, address: SocketAddr) -> Pending<'_, Answer<Probe>> {
        Box::pin(self.look(address))
    }
}

fn request(address: SocketAddr) -> Vec<u8> {
    format!("GET /_ping HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// What came back, as far as it came.
async fn ping(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), address: SocketAddr) -> Vec<u8> {
    let mut answer = Vec::new();
    if stream.write_all(&request(address)).await.is_ok() {
        // A reset after the answer does not undo the answer.
        let _ = stream.take(ANSWER_LIMIT).read_to_end(&mut answer).await;
    }
    answer
}

struct HttpAnswer {
    status: u16,
    /// Every answer of dockerd carries Api-Version and Server, refusals too (its version middleware).
    engine: bool,
    wants_tls: bool,
}

fn http_answer(bytes: &[u8]) -> Option<HttpAnswer> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).filter_map(header).collect();
    let engine = headers.iter().any(|(name, value)| name == "api-version" || (name == "server" && value.starts_with("Docker/")));
    let wants_tls = status == 400 && lines.any(|line| line.contains("HTTP request to an HTTPS server"));
    Some(HttpAnswer { status, engine, wants_tls })
}

fn client() -> Result<ClientConfig, Probe> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Probe::TlsFailed { why: error.to_string() })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate::new(provider)))
        .with_no_client_auth();
    Ok(config)
}

/// What a failed conversation says of the server.
fn refusal(error: std::io::Error) -> Probe {
    use AlertDescription::{AccessDenied, BadCertificate, CertificateRequired, CertificateUnknown, NoCertificate, UnknownCA};
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(
            AccessDenied | BadCertificate | CertificateRequired | CertificateUnknown | NoCertificate | UnknownCA,
        )) => Probe::CertificateWanted,
        Some(Error::InvalidMessage(_)) => Probe::Neither,
        Some(error) => Probe::TlsFailed { why: error.to_string() },
        // Closed or reset during the handshake without a word of TLS.
        None => Probe::Neither,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::server::WebPkiClientVerifier;
    use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    const ENGINE: &str = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (linux)\r\nContent-Length: 2\r\n\r\nOK";
    const METRICS: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n404";
    /// What Go's TLS server says to a client in the clear.
    const WANTS_TLS: &str = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

    #[derive(Clone)]
    enum Server {
        Plain(&'static str),
        Tls(Arc<ServerConfig>, &'static str),
        Closes,
        Silent,
    }

    fn tls(wants_certificate: bool, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from(include_bytes!("testdata/certificate.der").as_slice());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(include_bytes!("testdata/key.der").as_slice()));
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).unwrap();
        let config = if wants_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(certificate.clone()).unwrap();
            config.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap())
        } else {
            config.with_no_client_auth()
        };
        Arc::new(config.with_single_cert(vec![certificate], key).unwrap())
    }

    /// Starts the server and probes it.
    async fn probe(server: Server) -> Answer<Probe> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let server = server.clone();
                tokio::spawn(async move {
                    let mut request = [0; 1024];
                    match server {
                        Server::Plain(answer) => {
                            let _ = stream.read(&mut request).await;
                            let _ = stream.write_all(answer.as_bytes()).await;
                        }
                        Server::Tls(config, answer) => {
                            let mut first = [0; 1];
                            let _ = stream.peek(&mut first).await;
                            // 22: a TLS handshake.
                            if first[0] != 22 {
                                let _ = stream.read(&mut request).await;
                                let _ = stream.write_all(WANTS_TLS.as_bytes()).await;
                                return;
                            }
                            if let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await {
                                let _ = stream.read(&mut request).await;
                                let _ = stream.write_all(answer.as_bytes()).await;
                                let _ = stream.shutdown().await;
                            }
                        }
                        Server::Closes => {}
                        Server::Silent => tokio::time::sleep(Duration::from_secs(60)).await,
                    }
                });
            }
        });
        TcpProbe::new(Duration::from_millis(500)).look(address).await
    }

    #[tokio::test]
    async fn in_the_clear() {
        assert_eq!(probe(Server::Plain(ENGINE)).await, Ok(Probe::Http { status: 200, engine: true }));
        assert_eq!(probe(Server::Plain(METRICS)).await, Ok(Probe::Http { status: 404, engine: false }));
        assert_eq!(probe(Server::Closes).await, Ok(Probe::Neither));
        assert_eq!(probe(Server::Plain("SSH-2.0-OpenSSH_9.2\r\n")).await, Ok(Probe::Neither));
        assert_eq!(probe(Server::Silent).await, Err(Obstacle::TimedOut { ms: 500 }));
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert_eq!(TcpProbe::new(Duration::from_millis(500)).look(nobody).await, Err(Obstacle::Refused));
    }

    #[tokio::test]
    async fn over_tls() {
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let open = probe(Server::Tls(tls(false, &[version]), ENGINE)).await;
            assert_eq!(open, Ok(Probe::Https { status: 200, engine: true }), "{version:?}");
            let closed = probe(Server::Tls(tls(true, &[version]), ENGINE)).await;
            assert_eq!(closed, Ok(Probe::CertificateWanted), "{version:?}");
        }
    }
}
