//! Why a catalogue does not load: each mistake with its file and place.

use std::fmt;

use crate::yaml::Place;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueError {
    /// File, relative to the catalogue's folder.
    pub file: String,
    /// Line and column, from 1.
    pub place: Place,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.place.line, self.place.column, self.message)
    }
}

/// All mistakes of a catalogue, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueErrors(pub Vec<CatalogueError>);

impl fmt::Display for CatalogueErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CatalogueErrors {}
