//! All that is known of one id.

use std::collections::BTreeMap;

use crate::{Catalogue, Check, Threat};

/// What an id names.
#[derive(Clone, Debug, PartialEq)]
pub enum Explanation<'c> {
    /// A check.
    Check {
        /// The check.
        check: &'c Check,
        /// Its numbers: benchmark id to controls.
        numbers: BTreeMap<String, Vec<String>>,
        /// Threats whose status depends on it, by id.
        threats: Vec<&'c Threat>,
    },
    /// A threat against a Docker host.
    Threat(&'c Threat),
    /// A threat of the Kubernetes reference model: not measured.
    Reference(&'c Threat),
}

/// Explains `docker.daemon.live-restore`, `cis-docker-1.6.0:2.15` or `DK-D-04`. None: nothing has that id.
pub fn explain<'c>(catalogue: &'c Catalogue, id: &str) -> Option<Explanation<'c>> {
    let id = id.split('@').next().unwrap_or(id);
    if let Some(check) = catalogue.checks.get(id) {
        return Some(of_check(catalogue, check));
    }
    let named = |threat: &&Threat| threat.id.eq_ignore_ascii_case(id);
    if let Some(threat) = catalogue.threats.iter().find(named) {
        return Some(Explanation::Threat(threat));
    }
    if let Some(threat) = catalogue.kubernetes.iter().find(named) {
        return Some(Explanation::Reference(threat));
    }
    let (benchmark, number) = id.split_once(':')?;
    let benchmark = catalogue.benchmarks.get(benchmark)?;
    let control = benchmark.controls.iter().find(|control| control.id == number)?;
    catalogue.checks.get(&control.check).map(|check| of_check(catalogue, check))
}

fn of_check<'c>(catalogue: &'c Catalogue, check: &'c Check) -> Explanation<'c> {
    let depends = |name: &str| match catalogue.measures.get(name) {
        Some(measure) => measure.as_ref().is_some_and(|measure| measure.names().contains(&check.id.as_str())),
        None => name == check.id,
    };
    let threats = catalogue
        .threats
        .iter()
        .filter(|threat| threat.mitigated_when.names().into_iter().any(depends) || threat.reduced_by.iter().any(|name| depends(name)));
    Explanation::Check { check, numbers: catalogue.numbers(&check.id), threats: threats.collect() }
}
