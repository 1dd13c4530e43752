//! Engines over TCP, in the clear and with TLS: the same facts as over the Unix socket but for those of the host, and every way to fail in words
//! that a person can act on.

#![allow(clippy::unwrap_used, reason = "helpers of tests may")]

mod common;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use collect::{CollectError, Endpoint, Recording, Tcp, Tls, World, collect};
use common::{FakeEngine, Reply, limits, options, usual};
use facts::Snapshot;
use facts::docker::Engine;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, UnixStream};
use tokio_rustls::TlsAcceptor;

const BOUNDED: Duration = Duration::from_secs(10);

fn material(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

fn certificates(name: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(material(name)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// What stands before the engine.
#[derive(Clone)]
enum Front {
    Plain,
    Tls(Arc<ServerConfig>),
    /// Accepts and says nothing.
    Silent,
    /// Says this at once, and nothing more.
    Says(&'static [u8]),
}

fn tls_server(certificate: &str, wants_certificate: bool, versions: &[&'static SupportedProtocolVersion]) -> Front {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).unwrap();
    let builder = if wants_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(certificates("ca.pem").remove(0)).unwrap();
        builder.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::from_pem_file(material("server-key.pem")).unwrap();
    Front::Tls(Arc::new(builder.with_single_cert(certificates(certificate), key).unwrap()))
}

fn modern(certificate: &str, wants_certificate: bool) -> Front {
    tls_server(certificate, wants_certificate, rustls::ALL_VERSIONS)
}

/// Puts a TCP port before an engine's Unix socket.
async fn serve(engine: &FakeEngine, front: Front, address: &str) -> SocketAddr {
    let socket = engine.path("docker.sock");
    let listener = TcpListener::bind(address).await.unwrap();
    let place = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (front, socket) = (front.clone(), socket.clone());
            tokio::spawn(async move {
                match front {
                    Front::Silent => tokio::time::sleep(Duration::from_secs(60)).await,
                    Front::Says(bytes) => {
                        let _ = stream.read(&mut [0; 1024]).await;
                        let _ = stream.write_all(bytes).await;
                    }
                    Front::Plain => {
                        let mut engine = UnixStream::connect(socket).await.unwrap();
                        let _ = copy_bidirectional(&mut stream, &mut engine).await;
                    }
                    Front::Tls(config) => {
                        let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await else { return };
                        let mut engine = UnixStream::connect(socket).await.unwrap();
                        let _ = copy_bidirectional(&mut stream, &mut engine).await;
                    }
                }
            });
        }
    });
    place
}

fn engine_of_tests() -> FakeEngine {
    FakeEngine::new(|path| usual(path).unwrap_or(Reply::Status(404)))
}

fn at(place: SocketAddr, tls: Option<Tls>) -> Endpoint {
    Endpoint::Tcp(Tcp { host: place.ip().to_string(), port: place.port(), prefix: String::new(), tls })
}

fn verified() -> Tls {
    Tls { verify: true, ca: Some(material("ca.pem")), cert: None, key: None }
}

fn with_client(cert: &str, key: &str) -> Tls {
    Tls { cert: Some(material(cert)), key: Some(material(key)), ..verified() }
}

async fn look(endpoint: Endpoint) -> Result<Snapshot, CollectError> {
    collect(&World::real_within(Some(endpoint), limits()), &options()).await
}

fn engine(snapshot: &Snapshot) -> &Engine {
    snapshot.engine().expect("an engine was seen")
}

/// The engine's own words are the same on every way; nothing of this machine is taken for the engine's.
fn is_the_same_engine(far: &Snapshot, near: &Snapshot) {
    let (here, there) = (engine(near), engine(far));
    assert_eq!((&here.version.fact, &here.info.fact, &here.cmdline.fact), (&there.version.fact, &there.info.fact, &there.cmdline.fact));
    assert!(there.version.known().is_some() && there.info.known().is_some());
    assert_eq!(here.containers.fact, there.containers.fact);
    assert!(!there.local);
    let host = &far.host;
    assert!(host.name.is_unknown() && host.kernel.is_unknown() && host.boot_id.is_unknown() && host.lsms.fact.is_unknown());
    assert!(host.audit.status.fact.is_unknown() && host.audit.rules.fact.is_unknown() && host.audit.rule_files.is_unknown());
    assert!(!host.files.is_empty() && host.files.values().all(|file| file.fact.is_unknown()));
    assert!(host.resolved_paths.values().all(facts::Fact::is_unknown));
    assert!(there.process.fact.is_unknown() && there.config_file.fact.is_unknown() && there.startup.fact.is_unknown());
    let gap = far.gaps.iter().find(|gap| gap.what == "the engine's host").expect("a gap names what is missing");
    assert!(gap.needs.contains("snapshot") && gap.needs.contains("own host"), "{gap:?}");
}

#[tokio::test]
async fn the_same_engine_on_every_way() {
    let fake = engine_of_tests();
    let near = look(fake.endpoint.clone()).await.unwrap();
    let plain = serve(&fake, Front::Plain, "127.0.0.1:0").await;
    is_the_same_engine(&look(at(plain, None)).await.unwrap(), &near);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let open = serve(&fake, tls_server("server.pem", false, &[version]), "127.0.0.1:0").await;
        is_the_same_engine(&look(at(open, Some(verified()))).await.unwrap(), &near);
        let closed = serve(&fake, tls_server("server.pem", true, &[version]), "127.0.0.1:0").await;
        is_the_same_engine(&look(at(closed, Some(with_client("client.pem", "client-key.pem")))).await.unwrap(), &near);
    }
    // Without verification every certificate will do.
    let expired = serve(&fake, modern("expired.pem", false), "127.0.0.1:0").await;
    is_the_same_engine(&look(at(expired, Some(Tls::default()))).await.unwrap(), &near);
    // A name instead of an address.
    let named = serve(&fake, modern("server.pem", false), "127.0.0.1:0").await;
    let endpoint = Endpoint::Tcp(Tcp { host: "localhost".to_owned(), port: named.port(), prefix: String::new(), tls: Some(verified()) });
    is_the_same_engine(&look(endpoint).await.unwrap(), &near);
    // IPv6, where this machine has it.
    if TcpListener::bind("[::1]:0").await.is_ok() {
        let six = serve(&fake, modern("server.pem", false), "[::1]:0").await;
        let endpoint = Endpoint::resolve(Some(&format!("tcp://[::1]:{}", six.port())), None).unwrap();
        let Endpoint::Tcp(tcp) = endpoint else { panic!() };
        is_the_same_engine(&look(Endpoint::Tcp(Tcp { tls: Some(verified()), ..tcp })).await.unwrap(), &near);
    }
}

#[tokio::test]
async fn a_recording_of_it_says_the_same() {
    let fake = engine_of_tests();
    let place = serve(&fake, Front::Plain, "127.0.0.1:0").await;
    let (world, recorder) = World::real_within(Some(at(place, None)), limits()).recording();
    let snapshot = collect(&world, &options()).await.unwrap();
    let recording = Recording::from_json(&recorder.recording(&options()).to_json()).unwrap();
    assert_eq!(recording.socket, None);
    let again = collect(&World::replaying(recording), &options()).await.unwrap();
    assert_eq!(again.to_json(), snapshot.to_json());
}

#[tokio::test]
async fn behind_a_path() {
    let fake = FakeEngine::new(|path| path.strip_prefix("/docker").and_then(usual).unwrap_or(Reply::Status(404)));
    let place = serve(&fake, Front::Plain, "127.0.0.1:0").await;
    let endpoint = Endpoint::resolve(Some(&format!("tcp://{place}/docker/")), None).unwrap();
    assert!(engine(&look(endpoint).await.unwrap()).info.known().is_some());
    assert!(matches!(look(at(place, None)).await, Err(CollectError::NotAnEngine { .. })));
}

#[tokio::test]
async fn what_goes_wrong_is_said_so() {
    let fake = engine_of_tests();
    let huge = FakeEngine::new(|_| Reply::Labels(2 << 30));
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("key.pem");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let client = || with_client("client.pem", "client-key.pem");
    let versions = |version| tls_server("server.pem", true, &[version]);
    const GO: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    let cases: Vec<(Front, Option<Tls>, &[&str])> = vec![
        (modern("expired.pem", false), Some(verified()), &["expired", "days ago", "renew"]),
        (modern("early.pem", false), Some(verified()), &["becomes valid in", "clock"]),
        (modern("other-name.pem", false), Some(verified()), &["not for 127.0.0.1", "other.example"]),
        (modern("no-name.pem", false), Some(verified()), &["not for 127.0.0.1", "subjectAltName"]),
        (
            modern("server.pem", false),
            Some(Tls { ca: Some(material("stranger-ca.pem")), ..verified() }),
            &["not signed by", "stranger-ca.pem", "--tlscacert"],
        ),
        (versions(&rustls::version::TLS12), Some(verified()), &["demands a client certificate", "--tlscert"]),
        (versions(&rustls::version::TLS13), Some(verified()), &["demands a client certificate", "--tlscert"]),
        (versions(&rustls::version::TLS12), Some(with_client("stranger.pem", "client-key.pem")), &["refuses our client certificate"]),
        (versions(&rustls::version::TLS13), Some(with_client("stranger.pem", "client-key.pem")), &["refuses our client certificate"]),
        (Front::Says(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), Some(verified()), &["does not speak TLS", "in the clear"]),
        (Front::Plain, Some(verified()), &["TLS handshake failed", "without --tls"]),
        (Front::Says(GO), None, &["speaks TLS, and was asked in the clear", "--tlsverify"]),
        // What a rustls or OpenSSL server answers to HTTP: an alert.
        (Front::Says(b"\x15\x03\x01\x00\x02\x02\x46"), None, &["does not speak HTTP in the clear", "--tlsverify"]),
        (Front::Says(b"SSH-2.0-OpenSSH_9.2\r\n"), None, &["does not speak HTTP", "hint"]),
        (Front::Says(b"SSH-2.0-OpenSSH_9.2\r\n"), Some(verified()), &["does not speak TLS"]),
        (Front::Says(b""), Some(verified()), &["TLS handshake failed"]),
        (Front::Says(b""), None, &["closed before the answer"]),
        (Front::Silent, Some(verified()), &["does not answer", "1000 ms", "firewall"]),
        (Front::Silent, None, &["does not answer", "1000 ms"]),
        (
            Front::Plain,
            Some(Tls { ca: Some("/nonexistent/ca.pem".into()), ..verified() }),
            &["/nonexistent/ca.pem: not found", "DOCKER_CERT_PATH"],
        ),
        (Front::Plain, Some(Tls { ca: Some(material("client-key.pem")), ..verified() }), &["no certificate in PEM form"]),
        (Front::Plain, Some(Tls { key: Some(fifo), ..client() }), &["not a regular file"]),
        (Front::Plain, Some(Tls { key: None, ..client() }), &["without its key"]),
        (Front::Plain, Some(Tls { cert: None, ..client() }), &["without its certificate"]),
        (Front::Plain, Some(Tls { key: Some(material("ca.pem")), ..client() }), &["no private key in PEM form"]),
        (Front::Plain, Some(with_client("client.pem", "encrypted-key.pem")), &["the key is encrypted", "openssl pkey"]),
        (Front::Plain, Some(with_client("client.pem", "server-key.pem")), &["do not belong together"]),
    ];
    for (front, tls, words) in cases {
        let place = serve(&fake, front, "127.0.0.1:0").await;
        says(at(place, tls), words).await;
    }
    let flood = serve(&huge, modern("server.pem", false), "127.0.0.1:0").await;
    says(at(flood, Some(verified())), &["larger than"]).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    says(at(nobody, Some(verified())), &["connection refused", "2376"]).await;
    // RFC 2606: never a name. A resolver that hangs is given up like everything else.
    let endpoint = Endpoint::resolve(Some("tcp://nonsense.invalid"), None).unwrap();
    let error = look(endpoint).await.unwrap_err().to_string();
    assert!(error.contains("nonsense.invalid") && error.contains("hint: "), "{error}");
}

async fn says(endpoint: Endpoint, words: &[&str]) {
    let begun = Instant::now();
    let error = look(endpoint).await.expect_err(words[0]);
    assert!(begun.elapsed() < BOUNDED, "{error} took {:?}", begun.elapsed());
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)) && text.contains("hint: "), "{words:?}: {text}");
    assert!(!text.contains("PRIVATE"), "{text}");
}

/// 127.0.0.1 proves nothing: here the other end belongs to this test, and not to a dockerd.
#[tokio::test]
async fn a_local_address_is_not_a_local_engine() {
    let fake = engine_of_tests();
    let place = serve(&fake, Front::Plain, "127.0.0.1:0").await;
    let snapshot = look(at(place, None)).await.unwrap();
    let why = snapshot.host.kernel.why().unwrap();
    assert!(why.contains("not dockerd") || why.contains("not provably on this machine"), "{why}");
}

#[tokio::test]
async fn podman_is_no_docker() {
    let fake = FakeEngine::new(|path| {
        match path {
        "/version" => Reply::Json(
            r#"{"Version":"4.3.1","ApiVersion":"1.41","KernelVersion":"6.1","Components":[{"Name":"Podman Engine","Version":"4.3.1"},{"Name":"Conmon","Version":"2.1.6"}]}"#
                .to_owned(),
        ),
        "/debug/vars" => Reply::Status(404),
        "/containers/json?all=1" => Reply::Json(r#"[{"Id":"abc"}]"#.to_owned()),
        "/containers/abc/json" => Reply::Json(common::container("abc")),
        path => usual(path).unwrap_or(Reply::Status(404)),
    }
    });
    let snapshot = look(fake.endpoint.clone()).await.unwrap();
    let engine = engine(&snapshot);
    assert_eq!(engine.product.known().map(String::as_str), Some("Podman"));
    assert!(!engine.local && engine.process.fact.is_unknown() && engine.networks.fact.is_unknown());
    for why in [
        engine.version.fact.why(),
        engine.info.fact.why(),
        engine.cmdline.fact.why(),
        engine.swarm_services.fact.why(),
        engine.swarm_secrets.fact.why(),
    ] {
        assert!(why.is_some_and(|why| why.contains("Podman 4.3.1")), "{why:?}");
    }
    let containers = engine.containers.known().unwrap();
    let container = containers[0].known().unwrap();
    assert!(container.privileged.known().is_some() && container.mounts.known().is_some(), "what it was told itself is kept");
    assert!(container.cap_add.is_unknown() && container.security_opt.is_unknown() && container.process.is_unknown());
    assert!(snapshot.gaps.iter().any(|gap| gap.why.contains("Podman")), "{:?}", snapshot.gaps);
}
