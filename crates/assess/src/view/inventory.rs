//! What lies about on an engine, as checks speak of it.

use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// Images and containers that nothing uses.
    pub struct Inventory {
        /// How many images there are.
        images: i64;
        /// Images from which no container was created, largest first, with size and age.
        unused_images: Listing<String>;
        /// Bytes of the unused images together, layers that images share counted for each.
        unused_bytes: i64;
        /// How many containers there are.
        containers: i64;
        /// Containers that do not run, longest first, with the days since they were started last.
        stopped_containers: Listing<String>;
    }
}

impl Sound for Inventory {
    fn sound() -> Self {
        Self {
            images: 1.into(),
            unused_images: Listing::default().into(),
            unused_bytes: 0.into(),
            containers: 1.into(),
            stopped_containers: Listing::default().into(),
        }
    }
}
