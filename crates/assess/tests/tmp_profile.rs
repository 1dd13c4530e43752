#![allow(clippy::disallowed_methods)]
mod fixtures;
use std::time::Instant;
use facts::Fact;
#[test]
fn profile() {
    let catalogue = assess::Catalogue::load().unwrap();
    let mut world = fixtures::weak();
    let containers = world.docker.known_mut().unwrap().containers.fact.known_mut().unwrap();
    let few = containers.clone();
    *containers = (0..1000).map(|index| { let mut one = few[index % few.len()].clone();
        if let Fact::Known(container) = &mut one.fact { container.id = format!("{index:064x}"); container.name = format!("c{index}"); } one }).collect();
    for _ in 0..2 {
    let t = Instant::now(); let d = facts::digest(&world); println!("digest {:?} {}", t.elapsed(), d.len());
    let t = Instant::now(); let c = world.clone(); println!("clone {:?}", t.elapsed()); drop(c);
    let t = Instant::now(); let v = assess::derive::views(&world); println!("views {:?} {}", t.elapsed(), v.containers.len());
    let t = Instant::now(); let v = assess::outlook(&world, &catalogue); println!("outlook {:?} {} {}", t.elapsed(), v.findings.len(), v.threats.len());
    let t = Instant::now(); drop(v); println!("drop outlook {:?}", t.elapsed());
    let t = Instant::now(); let v = assess::assess(&world, &catalogue); println!("assess {:?} fixes {}", t.elapsed(), v.advice.fixes.len());
    let remedies: Vec<_> = v.findings.iter().filter(|f| f.check == "docker.container.memory-limit").map(|f| f.remedy.clone()).collect();
    let t = Instant::now(); let p = assess::preview(&world, &remedies); println!("preview {:?} ({})", t.elapsed(), remedies.len()); drop(p);
    let t = Instant::now(); drop(v); println!("drop assess {:?}", t.elapsed());
    }
}
