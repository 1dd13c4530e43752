//! The view of an image.

use facts::docker::Image;
use facts::{Fact, SourceId};

use crate::view::{self, Listing, Origin, Seen};

pub(crate) fn image(image: &Image, source: SourceId) -> view::Image {
    let user = image.user.clone().absent_as(String::new());
    let at = |pointer: &'static str| Origin::at(source, pointer);
    view::Image {
        id: image.id.clone().into(),
        tags: Seen::new(Fact::Known(Listing::from(image.tags.clone())), at("RepoTags")),
        runs_as_root: Seen::new(user.clone().map(|user| super::user::is_root(&user)), at("Config.User")),
        user: Seen::new(user, at("Config.User")),
        dangling: Seen::new(Fact::Known(image.tags.is_empty()), at("RepoTags")),
    }
}
