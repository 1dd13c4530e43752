//! Which engine to speak to.

use std::fmt;

/// Where the engine listens when nothing else is said.
const DEFAULT: &str = "unix:///var/run/docker.sock";

/// An engine's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket of this machine, by absolute path.
    Unix(String),
}

/// Why an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// A scheme that Docker knows and this version does not speak yet.
    #[error(
        "cannot speak to {address}: {scheme}:// engines are not built yet, only unix:// ones\n\
         hint: run cofferdam on the engine's own host"
    )]
    NotBuiltYet {
        /// As given.
        address: String,
        /// `tcp`, `ssh`, ...
        scheme: String,
    },
    /// No address at all.
    #[error(
        "not an engine address: `{address}`\n\
         hint: write unix:///absolute/path/of/docker.sock"
    )]
    Malformed {
        /// As given.
        address: String,
    },
}

impl Endpoint {
    /// The address given with `--host`, else the value of DOCKER_HOST, else Docker's default. The environment is the caller's to read.
    pub fn resolve(argument: Option<&str>, docker_host: Option<&str>) -> Result<Self, EndpointError> {
        let given = |text: &&str| !text.trim().is_empty();
        Self::parse(argument.filter(given).or(docker_host.filter(given)).unwrap_or(DEFAULT).trim())
    }

    fn parse(address: &str) -> Result<Self, EndpointError> {
        let malformed = || EndpointError::Malformed { address: crate::redact::url(address) };
        if address.chars().any(char::is_control) {
            return Err(EndpointError::Malformed { address: address.escape_debug().to_string() });
        }
        let Some((scheme, rest)) = address.split_once("://") else {
            // A bare absolute path can only mean a socket.
            return if address.starts_with('/') { Ok(Self::Unix(address.to_owned())) } else { Err(malformed()) };
        };
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(rest.to_owned())),
            "tcp" | "http" | "https" | "ssh" | "npipe" | "fd" => {
                Err(EndpointError::NotBuiltYet { address: crate::redact::url(address), scheme: scheme.to_owned() })
            }
            _ => Err(malformed()),
        }
    }

    /// Path of the Unix socket.
    pub fn socket(&self) -> &str {
        let Self::Unix(path) = self;
        path
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Unix(path) = self;
        write!(f, "unix://{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolution() {
        let unix = |path: &str| Ok(Endpoint::Unix(path.to_owned()));
        assert_eq!(Endpoint::resolve(None, None), unix("/var/run/docker.sock"));
        assert_eq!(Endpoint::resolve(None, Some("")), unix("/var/run/docker.sock"));
        assert_eq!(Endpoint::resolve(Some("unix:///a"), Some("unix:///b")), unix("/a"));
        assert_eq!(Endpoint::resolve(None, Some("unix:///b")), unix("/b"));
        assert_eq!(Endpoint::resolve(Some("/c"), None), unix("/c"));
        assert!(matches!(Endpoint::resolve(Some("tcp://h:1"), None), Err(EndpointError::NotBuiltYet { .. })));
        assert!(matches!(Endpoint::resolve(Some("unix://relative"), None), Err(EndpointError::Malformed { .. })));
        assert!(matches!(Endpoint::resolve(Some("nonsense"), None), Err(EndpointError::Malformed { .. })));
    }

    #[test]
    fn a_password_in_the_address_is_not_shown() {
        let error = Endpoint::resolve(Some("ssh://u:planted-secret@h"), None).unwrap_err();
        assert!(!error.to_string().contains("planted"), "{error}");
    }
}
