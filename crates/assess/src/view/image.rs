//! An image, as checks speak of it.

use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// One local image.
    pub struct Image {
        /// Id.
        id: String;
        /// Its tags.
        tags: Listing<String>;
        /// The configured user; empty: none.
        user: String;
        /// Its user is root, or none is set.
        runs_as_root: bool => "its user is root, or none is set" / "its user is not root";
        /// It has no tag.
        dangling: bool => "it has no tag" / "it has a tag";
    }
}

impl Sound for Image {
    fn sound() -> Self {
        Self {
            id: format!("sha256:{}", "0".repeat(64)).into(),
            tags: Listing::from(vec!["registry.example/web:1".to_owned()]).into(),
            user: "1000:1000".to_owned().into(),
            runs_as_root: false.into(),
            dangling: false.into(),
        }
    }

    fn settle(&mut self, given: &[&str]) {
        if given.contains(&"user") && !given.contains(&"runs_as_root") {
            self.runs_as_root = self.user.fact.clone().map(|user| crate::derive::user::is_root(&user)).into();
        }
        if let (true, false, Some(tags)) = (given.contains(&"tags"), given.contains(&"dangling"), self.tags.known()) {
            self.dangling = (tags.members.is_empty() && tags.unseen.is_none()).into();
        }
    }
}
