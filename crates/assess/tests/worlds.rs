//! Whole worlds judged: what the benchmark says of the weak and of the sound host, and what is said of it.

mod fixtures;

use assess::{Assessment, Catalogue, ThreatStatus, Verdict, assess, bench_of};

fn judged(snapshot: &facts::Snapshot) -> Assessment {
    assess(snapshot, &Catalogue::load().unwrap())
}

fn control(assessment: &Assessment, benchmark: &str, number: &str) -> Verdict {
    let run = bench_of(assessment, &Catalogue::load().unwrap(), benchmark).unwrap();
    run.controls.into_iter().find(|control| control.id == number).unwrap().verdict
}

#[test]
fn dump() {
    for (name, world) in [("weak", fixtures::weak()), ("sound", fixtures::sound()), ("unprivileged", fixtures::unprivileged())] {
        let assessment = judged(&world);
        println!("==== {name} {:?}", assessment.summary);
        for (id, result) in &assessment.results {
            println!("{:14} {id}", result.verdict.word());
            for one in &result.subjects {
                println!("     {:14} {:10} {}", one.verdict.word(), one.subject.name, one.reason);
            }
        }
        for threat in &assessment.threats {
            println!("{} {:9} {:20} {}", threat.id, threat.status.word(), threat.element.name, threat.reason);
        }
    }
}
