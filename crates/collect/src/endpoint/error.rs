//! Why no engine could be named.

/// Why an address cannot be used, or none could be found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// A scheme that Docker knows and that means nothing to a client on Linux.
    #[error("cannot speak to {address}: {why}\nhint: {hint}")]
    Unsupported {
        /// As given, without user information.
        address: String,
        /// Why not.
        why: String,
        /// What to write instead.
        hint: String,
    },
    /// No address at all.
    #[error(
        "not an engine address: `{address}`: {why}\n\
         hint: write unix:///absolute/path/of/docker.sock, tcp://host:port or ssh://user@host"
    )]
    Malformed {
        /// As given, without user information.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two ways to name an engine at once.
    #[error("both --host and --context are given\nhint: name the engine in one way; COFFERDAM_HOST and COFFERDAM_CONTEXT count too")]
    Conflict,
    /// There is no such context.
    #[error(
        "no Docker context `{name}`: {path}: {why}\nhint: `docker context ls` names those that there are; --host names an engine by its address"
    )]
    Context {
        /// Its name.
        name: String,
        /// The file that was looked for.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The client's configuration cannot be read, so which context is current is not known.
    #[error("cannot tell which Docker context is current: {path}: {why}\nhint: name the engine with --host, or a context with --context")]
    Config {
        /// Path of config.json.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}
