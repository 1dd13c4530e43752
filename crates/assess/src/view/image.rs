//! An image, as checks speak of it.

use facts::Fact;

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
        /// Registries from which its names say that it comes; `docker.io` where a name has none.
        registries: Listing<String>;
        /// Its names without tag and digest, in full: `docker.io/library/nginx`. None: it has no name.
        repositories: Listing<String>;
        /// Names with a digest of a registry (RepoDigests): what was pulled or pushed. None: it was built or imported here.
        digests: Listing<String>;
        /// Whole days since it was built. Absent: its time of building was set aside by the builder, for reproducible images.
        age_days: i64, maybe;
        /// Size in bytes.
        size: i64;
        /// Names of its labels.
        labels: Listing<String>;
        /// Ports that it names, as in `80/tcp`.
        exposed_ports: Listing<String>;
        /// It defines a health probe.
        has_healthcheck: bool => "it defines a health probe" / "it defines no health probe";
        /// A container was created from it, running or not.
        in_use: bool => "a container uses it" / "no container uses it";
        /// Its history names instructions of a Dockerfile.
        has_build_history: bool => "its history names build instructions" / "its history names no build instruction";
        /// ADD instructions above the base's root file system, with their line in docker history.
        adds: Listing<String>;
        /// Layers that only bring a package index up to date, with their line in docker history.
        lone_updates: Listing<String>;
        /// Places where packages or downloads were taken without a check of signature or certificate.
        unverified_installs: Listing<String>;
        /// What looks like a credential in history, environment or labels: where and what kind, never the value.
        secrets: Listing<String>;
        /// Compilers, clients and other tools that its build installed by name.
        tools: Listing<String>;
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
            registries: Listing::from(vec!["registry.example".to_owned()]).into(),
            repositories: Listing::from(vec!["registry.example/web".to_owned()]).into(),
            digests: Listing::from(vec![format!("registry.example/web@sha256:{}", "0".repeat(64))]).into(),
            age_days: 7.into(),
            size: 52_428_800.into(),
            labels: Listing::default().into(),
            exposed_ports: Listing::from(vec!["8080/tcp".to_owned()]).into(),
            has_healthcheck: true.into(),
            in_use: true.into(),
            has_build_history: true.into(),
            adds: Listing::default().into(),
            lone_updates: Listing::default().into(),
            unverified_installs: Listing::default().into(),
            secrets: Listing::default().into(),
            tools: Listing::default().into(),
        }
    }

    fn settle(&mut self, given: &[&str]) {
        let wants = |field: &str, cause: &str| given.contains(&cause) && !given.contains(&field);
        if wants("runs_as_root", "user") {
            self.runs_as_root = self.user.fact.clone().map(|user| crate::derive::user::is_root(&user)).into();
        }
        if let (true, Some(tags)) = (wants("dangling", "tags"), self.tags.known()) {
            self.dangling = (tags.members.is_empty() && tags.unseen.is_none()).into();
        }
        if wants("registries", "tags") {
            let names = |tags: Listing<String>| Listing { members: crate::derive::registries(&tags.members), unseen: tags.unseen };
            self.registries = self.tags.fact.clone().map(names).into();
        }
        if wants("repositories", "tags") {
            let names = |tags: Listing<String>| Listing { members: crate::derive::repositories(&tags.members), unseen: tags.unseen };
            self.repositories = self.tags.fact.clone().map(names).into();
        }
        // What is told by the history is told by it alone.
        if let Fact::Unknown { why } = &self.has_build_history.fact {
            for (field, name) in [
                (&mut self.adds, "adds"),
                (&mut self.lone_updates, "lone_updates"),
                (&mut self.unverified_installs, "unverified_installs"),
                (&mut self.tools, "tools"),
            ] {
                if !given.contains(&name) {
                    *field = Fact::unknown(why.as_str()).into();
                }
            }
        }
    }
}
