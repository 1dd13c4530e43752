//! docs/schema/*.json: JSON Schemas of what the program reads and writes.

use super::Page;

pub(crate) fn pages() -> Vec<Page> {
    let page = |name: &str, schema: schemars::Schema| (format!("docs/schema/{name}.json"), facts::canonical_json(&schema));
    vec![
        page("snapshot-1", schemars::schema_for!(facts::Snapshot)),
        page("assessment-1", schemars::schema_for!(assess::Assessment)),
        page("bench-1", schemars::schema_for!(assess::BenchmarkResult)),
        page("compare-1", schemars::schema_for!(assess::peer::PeerComparison)),
        page("doctor-1", schemars::schema_for!(assess::doctor::Diagnosis)),
        page("plan-1", schemars::schema_for!(harden::plan::Plan)),
        ("docs/schema/config.json".to_owned(), facts::canonical_json(&assess::Operator::schema())),
        ("docs/schema/check.json".to_owned(), facts::canonical_json(&assess::Catalogue::check_schema())),
    ]
}
