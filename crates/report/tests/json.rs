//! What programs read.
#![allow(clippy::unwrap_used, reason = "this is test code, which clippy does not see outside of test functions")]

mod fixture;

use fixture::{Names, State, assessment, benchmark, benchmark_result};
use report::json;

#[test]
fn envelopes() {
    let assessment = assessment(State::Before, &Names::default());
    let result = benchmark_result(&benchmark(true), &assessment);
    let assessed: serde_json::Value = serde_json::from_str(&json::assessment(&assessment, "sha256:cafe")).unwrap();
    let benched: serde_json::Value = serde_json::from_str(&json::bench(&assessment, &result, "sha256:cafe")).unwrap();
    assert_eq!(assessed["schema"], "cofferdam/assessment/1");
    assert_eq!(benched["schema"], "cofferdam/bench/1");
    for envelope in [&assessed, &benched] {
        assert_eq!(envelope["tool"]["catalogue"], "sha256:cafe");
        assert_eq!(envelope["target"]["name"], "web-7");
        assert!(envelope["snapshot"]["digest"].as_str().unwrap().starts_with("sha256:3f9c"));
        assert_eq!(envelope["gaps"].as_array().unwrap().len(), 6);
    }
    let control = benched["controls"].as_array().unwrap().iter().find(|control| control["id"] == "2.15").unwrap();
    insta::assert_snapshot!("control", facts::canonical_json(control));
    insta::assert_snapshot!("bench_summary", facts::canonical_json(&benched["summary"]));
    insta::assert_snapshot!("finding", facts::canonical_json(&assessed["findings"][0]));
    assert!(assessed["threats"][0]["element"]["kind"].is_string());
}

#[test]
fn an_assessment_comes_back_from_its_json() {
    let assessment = assessment(State::Before, &Names::hostile());
    let text = json::assessment(&assessment, "c");
    let read: assess::Assessment = serde_json::from_str(&text).unwrap();
    assert_eq!(read, assessment);
    assert_eq!(json::assessment(&read, "c"), text);
}
