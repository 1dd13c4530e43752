//! Turning what was judged and planned into something to read: text for a terminal, JSON for programs, Markdown, HTML and a picture
//! for the people that a host is handed to. Pure: the same input gives the same bytes, and nothing is read or written here.
//!
//! Every value goes through [`safe`] on its way out, and through the escaping of its format after that.

mod difference;
mod safe;
mod style;
mod words;

pub mod compare;
pub mod json;
pub mod text;

pub use difference::{Difference, Look};
pub use safe::safe;
pub use style::Style;
