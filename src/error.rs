//! One-word errors with an offset.
//!
//! An [`Error`] is a boxed pointer, so that a `Result` of a small value stays in registers on the hot path of the
//! opcode reader. Its constructors are cold.

use std::fmt;

/// The result of anything that reads bytes.
pub type Result<T> = std::result::Result<T, Error>;

/// Who is at fault, in four parts: the environment, the bytes, what this version can do, the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused: missing file, no permission, read error.
    Io,
    /// The bytes end before the thing they began.
    Truncated,
    /// The bytes are not what the format demands: a real reader refuses them too.
    Malformed,
    /// A real reader may accept this, we do not (yet).
    Unsupported,
    /// A limit of [`Limits`](crate::limits::Limits) is spent.
    Limit,
}

impl ErrorKind {
    /// The kind as it stands in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::Limit => "limit",
        }
    }
}

/// What went wrong, and at which byte of which source.
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    offset: Option<u64>,
    message: String,
}

impl Error {
    /// An error of `kind`; `message` says what is wrong in lower case, without a full stop, and holds nothing
    /// unescaped from a file.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, offset: None, message: message.into() }))
    }

    /// The bytes end too early.
    #[cold]
    pub fn truncated(offset: u64, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Truncated, message).at(offset)
    }

    /// The bytes are not what the format demands.
    #[cold]
    pub fn malformed(offset: u64, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, message).at(offset)
    }

    /// A real reader may accept this, we do not.
    #[cold]
    pub fn unsupported(offset: u64, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message).at(offset)
    }

    /// The same error with its position in the source.
    #[cold]
    #[must_use]
    pub fn at(mut self, offset: u64) -> Self {
        self.0.offset = Some(offset);
        self
    }

    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The byte of the source at which it went wrong, where one is known.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// What is wrong, without the position.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl Clone for Error {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match self.0.offset {
            Some(offset) => write!(f, " (at offset {offset})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.0.kind.name())
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    #[cold]
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }
}
