//! States of a real engine, each with the verdicts that are right there: the files of `lab/cases`.
//!
//! Every case is one that usual tools get wrong. The test `cases` brings each state about on real engines and compares; the page
//! `docs/cases.md` is made from the same files.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{Engine, World};

const FILES: &[(&str, &str)] = &[
    ("api", include_str!("../cases/api.yaml")),
    ("daemon", include_str!("../cases/daemon.yaml")),
    ("containers", include_str!("../cases/containers.yaml")),
    ("files", include_str!("../cases/files.yaml")),
    ("swarm", include_str!("../cases/swarm.yaml")),
    ("host", include_str!("../cases/host.yaml")),
];

/// What is brought about once, and then looked at for several cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The state in a few words.
    pub state: String,
    /// A lab host to bring it about on; without one: a lab daemon of each engine.
    pub world: Option<World>,
    /// The engines that can show it; left out: all.
    #[serde(default = "every_engine")]
    pub engines: Vec<Engine>,
    /// Text of daemon.json; `@FOLDER@` is the daemon's folder.
    #[serde(default)]
    pub config: Option<String>,
    /// Flags of the daemon; `@FOLDER@` is its folder.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Whether the folder `tls` holds an authority, and a server's certificate and key (`ca.pem`, `server.pem`, `server.key`).
    #[serde(default)]
    pub tls: bool,
    /// Shell commands before the daemon starts, with `FOLDER` set.
    #[serde(default)]
    pub before: String,
    /// Shell commands that bring the state about, with `FOLDER`, `CONFIG`, `IMAGE` and `DOCKER_HOST` set.
    #[serde(default)]
    pub prepare: String,
    /// What cofferdam is started by: a command that runs its arguments with less to see.
    #[serde(default)]
    pub through: String,
    /// The cases that the state shows.
    pub cases: Vec<Case>,
}

/// One thing that is easily judged wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A name that is no other case's.
    pub id: String,
    /// What is judged here, in one sentence.
    pub what: String,
    /// `CHECK` or `CHECK@SUBJECT`, and the right verdict.
    pub expect: BTreeMap<String, String>,
}

/// Every state of every file, with the file's name.
///
/// # Errors
/// When a file has a mistake; the message says where.
pub fn states() -> Result<Vec<(&'static str, State)>> {
    let mut states = Vec::new();
    for (name, text) in FILES {
        let of_file: Vec<State> = serde_saphyr::from_str(text).with_context(|| format!("lab/cases/{name}.yaml"))?;
        states.extend(of_file.into_iter().map(|state| (*name, state)));
    }
    Ok(states)
}

/// A case whose test is an ordinary one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseElsewhere {
    /// A name that is no other case's.
    pub id: String,
    /// What is judged there, in one sentence.
    pub what: String,
    /// `FILE::FUNCTION`.
    pub test: String,
}

/// Every case that is tested elsewhere.
///
/// # Errors
/// When the file has a mistake; the message says where.
pub fn cases_elsewhere() -> Result<Vec<CaseElsewhere>> {
    serde_saphyr::from_str(include_str!("../cases/elsewhere.yaml")).context("lab/cases/elsewhere.yaml")
}

fn every_engine() -> Vec<Engine> {
    Engine::ALL.to_vec()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_state_shows_something_and_no_two_cases_share_a_name() {
        let mut ids = BTreeSet::new();
        for (file, state) in states().unwrap() {
            assert!(!state.cases.is_empty(), "{file}: {}", state.state);
            for case in state.cases {
                assert!(!case.expect.is_empty() && !case.what.is_empty(), "{}", case.id);
                assert!(ids.insert(case.id.clone()), "two cases {}", case.id);
            }
        }
    }
}
