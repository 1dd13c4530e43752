//! Why an expression does not load.

/// A mistake in an expression, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What is wrong, and what would be right.
    pub message: String,
    /// Byte offset of the mistake inside the expression.
    pub offset: usize,
}

impl ExpressionError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), offset }
    }
}
