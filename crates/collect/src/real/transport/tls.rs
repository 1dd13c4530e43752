//! TLS to an engine: what is trusted, who we are, and what went wrong in words that a person can act on.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error, RootCertStore};

use super::AnyCertificate;
use crate::endpoint::Tls;
use crate::obstacle::{Answer, Obstacle};
use crate::real::read_regular;

/// Larger than any bundle of authorities.
const LIMIT: u64 = 4 << 20;

/// Where systems keep the authorities that they trust: Debian, Fedora, openSUSE, Alpine, in the order in which Go looks.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

const OWN_FILES: &str = "check --tlscacert, --tlscert and --tlskey, or the folder DOCKER_CERT_PATH with ca.pem, cert.pem and key.pem";

/// The client's side of TLS. The key's bytes go into it and nowhere else.
pub(super) fn client(wanted: &Tls) -> Answer<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let unfit = |error: Error| Obstacle::no_way(format!("TLS cannot be set up: {error}"), OWN_FILES);
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().map_err(unfit)?;
    let builder = if wanted.verify {
        builder.with_root_certificates(roots(wanted.ca.as_deref())?)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate::new(provider)))
    };
    let config = match (&wanted.cert, &wanted.key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => builder.with_client_auth_cert(certificates(cert)?, private_key(key)?).map_err(|error| {
            let why = match error {
                Error::InconsistentKeys(_) => "they do not belong together".to_owned(),
                other => other.to_string(),
            };
            Obstacle::no_way(format!("the client certificate {} and the key {}: {why}", cert.display(), key.display()), OWN_FILES)
        })?,
        (Some(cert), None) => return Err(half("certificate", cert, "key")),
        (None, Some(key)) => return Err(half("key", key, "certificate")),
    };
    Ok(Arc::new(config))
}

fn half(what: &str, path: &Path, other: &str) -> Obstacle {
    Obstacle::no_way(format!("a client {what} ({}) without its {other}", path.display()), OWN_FILES)
}

/// The name that the server's certificate must hold. A zone of a link-local address is this machine's business.
pub(super) fn name(host: &str) -> Answer<ServerName<'static>> {
    let plain = host.split('%').next().unwrap_or_default().to_owned();
    ServerName::try_from(plain)
        .map_err(|_| Obstacle::no_way(format!("`{host}` is no name that a certificate can hold"), "use a DNS name or an address"))
}

fn roots(ca: Option<&Path>) -> Answer<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(path) = ca else { return system_roots(roots) };
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| Obstacle::no_way(format!("{}: not an authority's certificate: {error}", path.display()), OWN_FILES))?;
    }
    Ok(roots)
}

fn system_roots(mut roots: RootCertStore) -> Answer<RootCertStore> {
    let named = std::env::var("SSL_CERT_FILE").ok().filter(|path| !path.is_empty());
    let candidates: Vec<&str> = named.as_deref().map_or_else(|| BUNDLES.to_vec(), |path| vec![path]);
    for path in candidates {
        if let Ok(found) = certificates(Path::new(path)) {
            roots.add_parsable_certificates(found);
            if !roots.is_empty() {
                return Ok(roots);
            }
        }
    }
    Err(Obstacle::no_way(
        "no authority is named that the server's certificate could be trusted by, and this system has no list of them",
        OWN_FILES,
    ))
}

fn read(path: &Path) -> Answer<Vec<u8>> {
    read_regular(path, LIMIT).map_err(|obstacle| Obstacle::no_way(format!("{}: {obstacle}", path.display()), OWN_FILES))
}

fn certificates(path: &Path) -> Answer<Vec<CertificateDer<'static>>> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        // The parser's words are left out: it might repeat what it read.
        Ok(_) | Err(_) => Err(Obstacle::no_way(format!("{}: no certificate in PEM form", path.display()), OWN_FILES)),
    }
}

fn private_key(path: &Path) -> Answer<PrivateKeyDer<'static>> {
    let text = read(path)?;
    let is_encrypted =
        [&b"ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"].iter().any(|mark| text.windows(mark.len()).any(|part| part == *mark));
    if is_encrypted {
        let hint = "neither docker nor cofferdam asks for its passphrase: `openssl pkey -in KEY -out NEW` writes one without";
        return Err(Obstacle::no_way(format!("{}: the key is encrypted", path.display()), hint));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| Obstacle::no_way(format!("{}: no private key in PEM form", path.display()), OWN_FILES))
}

/// TLS's own error inside an error of the stream.
pub(super) fn alert_of(error: &std::io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref::<Error>()
}

/// What a handshake, or the first read after it, failed of.
pub(super) fn trouble(error: &std::io::Error, wanted: &Tls, host: &str) -> Obstacle {
    match alert_of(error) {
        Some(error) => explain(error, wanted, host),
        None => Obstacle::no_way(
            format!("the TLS handshake failed: {error}"),
            "check that the port speaks TLS; one in the clear is asked without --tls, --tlsverify and DOCKER_TLS_VERIFY",
        ),
    }
}

/// An error of TLS in an operator's words.
pub(super) fn explain(error: &Error, wanted: &Tls, host: &str) -> Obstacle {
    use AlertDescription::{
        AccessDenied, BadCertificate, CertificateExpired, CertificateRequired, CertificateUnknown, HandshakeFailure, NoCertificate,
        UnknownCA,
    };
    match error {
        Error::InvalidCertificate(error) => certificate(error, wanted, host),
        Error::AlertReceived(alert @ (CertificateRequired | NoCertificate | BadCertificate | HandshakeFailure | AccessDenied))
            if wanted.cert.is_none() =>
        {
            Obstacle::no_way(
                format!("the server demands a client certificate, and none was given (TLS alert {alert:?})"),
                "give one with --tlscert and --tlskey, or put cert.pem and key.pem into DOCKER_CERT_PATH",
            )
        }
        Error::AlertReceived(
            alert @ (UnknownCA | CertificateUnknown | BadCertificate | CertificateExpired | AccessDenied | CertificateRequired),
        ) => Obstacle::no_way(
            format!("the server refuses our client certificate (TLS alert {alert:?})"),
            "it must be signed by the authority that the daemon was given (--tlscacert), valid today, and made for clients (extendedKeyUsage clientAuth)",
        ),
        Error::InvalidMessage(_) => Obstacle::no_way(
            "the port does not speak TLS",
            "where it speaks HTTP in the clear, ask without --tls, --tlsverify and DOCKER_TLS_VERIFY; that such a port is open is worth a look of its own",
        ),
        other => Obstacle::no_way(format!("TLS failed: {other}"), "look at the daemon's log for the other side of it"),
    }
}

fn certificate(error: &CertificateError, wanted: &Tls, host: &str) -> Obstacle {
    let trusted = wanted.ca.as_ref().map_or_else(|| "the authorities of this system".to_owned(), |ca| ca.display().to_string());
    match error {
        CertificateError::Expired => {
            Obstacle::no_way("the server's certificate has expired", "renew it there; check the clock of this machine")
        }
        CertificateError::ExpiredContext { time, not_after } => Obstacle::no_way(
            format!("the server's certificate has expired {} ago", span(*not_after, *time)),
            "renew it on the engine's host; check the clock of this machine",
        ),
        CertificateError::NotValidYet => Obstacle::no_way("the server's certificate is not valid yet", "check the clocks of both machines"),
        CertificateError::NotValidYetContext { time, not_before } => Obstacle::no_way(
            format!("the server's certificate becomes valid in {}", span(*time, *not_before)),
            "check the clocks of both machines",
        ),
        CertificateError::NotValidForName => wrong_name(host, "other names"),
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            wrong_name(host, "no name at all (a Common Name does not count, only subjectAltName does)")
        }
        CertificateError::NotValidForNameContext { presented, .. } => wrong_name(host, &presented.join(", ")),
        CertificateError::UnknownIssuer => Obstacle::no_way(
            format!("the server's certificate is not signed by an authority in {trusted}"),
            "name the authority that signed it with --tlscacert, or as ca.pem in DOCKER_CERT_PATH",
        ),
        CertificateError::BadSignature => Obstacle::no_way(
            format!("the server's certificate claims an authority in {trusted}, and the signature is not that one's"),
            "the authority may have been made anew under its old name: take its ca.pem from the engine's host again",
        ),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Obstacle::no_way("the server's certificate is not made for servers", "issue one with extendedKeyUsage serverAuth")
        }
        CertificateError::Revoked => Obstacle::no_way("the server's certificate is revoked", "renew it on the engine's host"),
        other => Obstacle::no_way(
            format!("the server's certificate is not acceptable: {other}"),
            "`openssl s_client -connect HOST:PORT -showcerts` shows it",
        ),
    }
}

fn wrong_name(host: &str, presented: &str) -> Obstacle {
    Obstacle::no_way(
        format!("the server's certificate is not for {host}, but for {presented}"),
        "use a name that it holds, or issue one with this name as subjectAltName",
    )
}

/// Whole days, or hours where it is less than two of them.
fn span(from: UnixTime, to: UnixTime) -> String {
    let hours = to.as_secs().saturating_sub(from.as_secs()) / 3600;
    if hours >= 48 { format!("{} days", hours / 24) } else { format!("{hours} hours") }
}
