//! A network, as checks speak of it.

use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// One network of the engine.
    pub struct Network {
        /// Name.
        name: String;
        /// Id.
        id: String;
        /// Driver.
        driver: String;
        /// Containers on it may speak to each other. Absent: its driver has no such option.
        icc: bool, maybe => "its containers may speak to each other" / "its containers may not speak to each other";
        /// It is the default bridge.
        default_bridge: bool => "it is the default bridge" / "it is not the default bridge";
        /// Two or more running containers are attached.
        shared: bool => "two or more running containers share it" / "at most one running container is attached";
        /// Names of the running containers attached.
        containers: Listing<String>;
    }
}

impl Sound for Network {
    fn sound() -> Self {
        Self {
            name: "app-net".to_owned().into(),
            id: "f00d".repeat(16).into(),
            driver: "bridge".to_owned().into(),
            icc: true.into(),
            default_bridge: false.into(),
            shared: false.into(),
            containers: Listing::from(vec!["web".to_owned()]).into(),
        }
    }

    fn settle(&mut self, given: &[&str]) {
        if let (true, false, Some(containers)) = (given.contains(&"containers"), given.contains(&"shared"), self.containers.known()) {
            self.shared = crate::derive::at_least_two(containers).into();
        }
        if given.contains(&"name") && !given.contains(&"default_bridge") {
            self.default_bridge = self.name.fact.clone().map(|name| name == "bridge").into();
        }
    }
}
