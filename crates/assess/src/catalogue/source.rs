//! One file of a catalogue while it is read.

use serde::de::DeserializeOwned;
use serde_saphyr::{Location, Spanned};

use super::error::CatalogueError;
use crate::expression::{Expression, Type, Wanted};
use crate::yaml::{Place, place_in_scalar, read};

/// A file's name and text, and the mistakes found in it.
pub(crate) struct Source<'t> {
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
    pub(crate) errors: Vec<CatalogueError>,
}

impl<'t> Source<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, errors: Vec::new() }
    }

    /// The file as YAML of that shape.
    pub(crate) fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        match read(self.text) {
            Ok(value) => Some(value),
            Err((place, message)) => {
                self.error(place, message);
                None
            }
        }
    }

    pub(crate) fn error(&mut self, place: impl Into<Place>, message: impl Into<String>) {
        self.errors.push(CatalogueError { file: self.file.to_owned(), place: place.into(), message: message.into() });
    }

    /// A mistake at a byte inside a scalar.
    pub(crate) fn error_in(&mut self, scalar: Location, offset: usize, message: impl Into<String>) {
        let place = place_in_scalar(self.text, scalar, offset);
        self.error(place, message);
    }

    /// An expression of the file, checked.
    pub(crate) fn expression(
        &mut self,
        text: &Spanned<String>,
        variables: &[(&'static str, Type)],
        wanted: Wanted,
        when: Option<&Expression>,
    ) -> Option<Expression> {
        match Expression::compile(text.value.trim_end(), variables, wanted, when) {
            Ok(expression) => Some(expression),
            Err(error) => {
                self.error_in(text.referenced, error.offset, error.message);
                None
            }
        }
    }

    /// A text that must say something.
    pub(crate) fn said(&mut self, text: &Spanned<String>, key: &str) -> String {
        let said = text.value.trim();
        if said.is_empty() {
            self.error(text.referenced, format!("`{key}` is empty"));
        }
        said.to_owned()
    }
}
