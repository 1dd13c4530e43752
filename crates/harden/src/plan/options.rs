//! What the operator decides besides the remedies.

pub use assess::operator::ServiceCommands;

/// What the operator decides besides the remedies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Commands of a host without systemd.
    pub service: Option<ServiceCommands>,
    /// Accepts that containers stop and start again also where only the lack of live restore makes that necessary
    /// (`--stop-containers`). The change of `icc` needs it by nature and does not ask.
    pub stop_containers: bool,
    /// The container of this engine that cofferdam itself runs in, if it does (see [`crate::own_container`]).
    pub own_container: Option<String>,
}
