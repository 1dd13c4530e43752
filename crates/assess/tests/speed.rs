//! Figures of the release build (design.md section 9): `cargo test --release -p cofferdam-assess --test speed`.
#![cfg(not(debug_assertions))]
#![allow(clippy::disallowed_methods, reason = "a stop watch is what this test is")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fixtures;

use std::time::{Duration, Instant};

use assess::expression::{Expression, Wanted};
use assess::view::variables;
use assess::{Catalogue, Question, SubjectKind, assess, outlook};
use facts::Fact;

/// The least of several runs: what the code costs, and not what else the machine does.
fn least(runs: usize, mut work: impl FnMut()) -> Duration {
    let once = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..runs).map(|_| once(&mut work)).min().unwrap()
}

#[test]
fn expressions_load_fast() {
    let catalogue = Catalogue::load().unwrap();
    let sources: Vec<(SubjectKind, String)> = catalogue
        .checks
        .values()
        .filter_map(|check| match &check.question {
            // Some predicates lean on their `when`; those that stand alone are enough.
            Question::Predicate(pass) if check.when.is_none() => Some((check.subject, pass.source().to_owned())),
            _ => None,
        })
        .collect();
    let variables = [SubjectKind::Host, SubjectKind::Daemon, SubjectKind::Container].map(|kind| (kind, variables(kind)));
    let took = least(20, || {
        for (kind, source) in sources.iter().cycle().take(250) {
            let (_, variables) = variables.iter().find(|(known, _)| known == kind).unwrap();
            Expression::compile(source, variables, Wanted::Answer, None).unwrap();
        }
    });
    println!("250 expressions: {took:?}");
    assert!(took < Duration::from_millis(15), "250 expressions took {took:?}");
}

#[test]
fn the_catalogue_loads_fast() {
    let took = least(20, || drop(Catalogue::load().unwrap()));
    println!("catalogue: {took:?}");
    assert!(took < Duration::from_millis(30), "the catalogue took {took:?}");
}

/// The weak world with that many containers.
fn crowd(count: usize) -> facts::Snapshot {
    let mut world = fixtures::weak();
    let containers = world.docker.known_mut().unwrap().containers.fact.known_mut().unwrap();
    let few = containers.clone();
    *containers = (0..count)
        .map(|index| {
            let mut one = few[index % few.len()].clone();
            if let Fact::Known(container) = &mut one.fact {
                container.id = format!("{index:064x}");
                container.name = format!("c{index}");
            }
            one
        })
        .collect();
    world
}

#[test]
fn many_containers() {
    let catalogue = Catalogue::load().unwrap();
    for (count, bound) in [(100, Duration::from_millis(10)), (1000, Duration::from_millis(100))] {
        let world = crowd(count);
        let verdicts = least(20, || drop(outlook(&world, &catalogue)));
        let full = least(3, || drop(assess(&world, &catalogue)));
        println!("{count} containers: verdicts {verdicts:?}, with reasons and advice {full:?}");
        assert!(verdicts < bound, "verdicts of {count} containers took {verdicts:?}");
    }
}
