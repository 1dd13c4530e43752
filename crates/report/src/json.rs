//! The envelopes that others build on: one shape, kebab-case words, snake_case keys, additive changes only within a major number.

use assess::doctor::{Diagnosis, Next};
use assess::operator::ExplainedWaivers;
use assess::peer::PeerComparison;
use assess::{Assessment, BenchmarkResult, Summary};
use facts::{Account, Contact, Tool};
use harden::plan::Plan;
use serde_json::{Value, json};

/// `cofferdam/assessment/1`, canonical. `catalogue` is the version or digest of the checks and threats that judged.
pub fn assessment(assessment: &Assessment, catalogue: &str) -> String {
    let mut envelope = tree(assessment);
    envelope["schema"] = json!("cofferdam/assessment/1");
    envelope["tool"]["catalogue"] = json!(catalogue);
    facts::canonical_json(&envelope)
}

/// `cofferdam/bench/1`, canonical. Target, Snapshot and gaps are those of the assessment that the run was made from.
pub fn bench(assessment: &Assessment, result: &BenchmarkResult, catalogue: &str) -> String {
    let mut tool = tree(&assessment.tool);
    tool["catalogue"] = json!(catalogue);
    facts::canonical_json(&json!({
        "schema": "cofferdam/bench/1",
        "tool": tool,
        "target": assessment.target,
        "snapshot": assessment.snapshot,
        "benchmark": result.benchmark,
        "summary": Summary::of(result.controls.iter().map(|control| control.verdict)),
        "gaps": assessment.gaps,
        "config": assessment.config,
        "waivers": assessment.waivers,
        "controls": result.controls,
    }))
}

/// `cofferdam/doctor/1`, canonical. `contact`: what was tried where the engine did not answer.
pub fn doctor(
    diagnosis: &Diagnosis,
    account: Option<&Account>,
    contact: Option<&Contact>,
    next: &Next,
    tool: &Tool,
    catalogue: &str,
) -> String {
    let mut envelope = tree(diagnosis);
    envelope["schema"] = json!("cofferdam/doctor/1");
    envelope["tool"] = tree(tool);
    envelope["tool"]["catalogue"] = json!(catalogue);
    envelope["account"] = tree(&account);
    envelope["contact"] = tree(&contact);
    envelope["next"] = tree(next);
    facts::canonical_json(&envelope)
}

/// `cofferdam/waivers/1`, canonical: each waiver with what came of it, and what stands without one.
pub fn waivers(assessment: &Assessment, explained: &ExplainedWaivers) -> String {
    let mut envelope = tree(explained);
    envelope["schema"] = json!("cofferdam/waivers/1");
    envelope["target"] = tree(&assessment.target);
    envelope["snapshot"] = tree(&assessment.snapshot);
    envelope["config"] = json!(assessment.config);
    facts::canonical_json(&envelope)
}

/// `cofferdam/compare/1`, canonical: every row of the other tool's report with our answer, not only those that differ.
pub fn comparison(assessment: &Assessment, comparison: &PeerComparison, catalogue: &str) -> String {
    let mut envelope = tree(comparison);
    envelope["schema"] = json!("cofferdam/compare/1");
    envelope["tool"] = tree(&assessment.tool);
    envelope["tool"]["catalogue"] = json!(catalogue);
    envelope["target"] = tree(&assessment.target);
    envelope["snapshot"] = tree(&assessment.snapshot);
    facts::canonical_json(&envelope)
}

/// `cofferdam/plan/1`, canonical: the same bytes that `harden` writes and reads.
pub fn plan(plan: &Plan) -> String {
    plan.to_json()
}

fn tree<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("plain data always serializes")
}
