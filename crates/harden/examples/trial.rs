//! A bare command line around this crate, for trials on real daemons: `trial plan|apply|status|resume|rollback|verify|rehearse`.
//! The product's own is `cofferdam harden`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people who try things out")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use assess::{Action, Assessment, Catalogue, Event, Remedy, Subject, SubjectKind, Verdict, WatchKind};
use collect::{Endpoint, World, collect};
use facts::{Snapshot, Tool};
use harden::plan::{Options as PlanOptions, Plan, ServiceCommands, plan};
use harden::{Harden, Options, Outcome, Progress, verify};

struct Arguments {
    verb: String,
    host: String,
    state: PathBuf,
    fixes: Vec<String>,
    /// Files to audit besides: a path of one's own, on a kernel that others use too.
    audit: Vec<String>,
    restart: Option<String>,
    run: String,
    no_rehearsal: bool,
    stop_containers: bool,
    json: bool,
    plan: Option<PathBuf>,
}

fn arguments() -> Arguments {
    let mut words = std::env::args().skip(1);
    let mut found = Arguments {
        verb: words.next().unwrap_or_default(),
        host: String::new(),
        state: "/var/lib/cofferdam".into(),
        fixes: Vec::new(),
        audit: Vec::new(),
        restart: None,
        run: "last".into(),
        no_rehearsal: false,
        stop_containers: false,
        json: false,
        plan: None,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("a value");
        match word.as_str() {
            "--host" => found.host = value(),
            "--state" => found.state = value().into(),
            "--fix" => found.fixes.push(value()),
            "--audit" => found.audit.push(value()),
            "--restart" => found.restart = Some(value()),
            "--run" => found.run = value(),
            "--no-rehearsal" => found.no_rehearsal = true,
            "--stop-containers" => found.stop_containers = true,
            "--plan" => found.plan = Some(value().into()),
            "--json" => found.json = true,
            other => panic!("unknown word {other}"),
        }
    }
    found
}

async fn snapshot(arguments: &Arguments) -> Snapshot {
    let endpoint = Endpoint::resolve(Some(&arguments.host), None).expect("an endpoint");
    let options = collect::Options {
        taken_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        tool: Tool { name: "trial".into(), version: "0".into() },
        state_dir: arguments.state.display().to_string(),
    };
    match collect(&World::real(Some(endpoint)), &options).await {
        Ok(snapshot) => snapshot,
        // The engine is down: that is a fact, too.
        Err(error) => {
            let mut snapshot = collect(&World::real(None), &options).await.expect("a host");
            snapshot.docker = facts::Fact::unknown(error.to_string());
            snapshot
        }
    }
}

fn remedies(assessment: &Assessment, fixes: &[String]) -> Vec<Remedy> {
    let mut found = Vec::new();
    for fix in fixes {
        let (check, subject) = fix.split_once('@').map_or((fix.as_str(), None), |(check, subject)| (check, Some(subject)));
        assert!(assessment.results.contains_key(check), "no check {check}");
        let wanted = assessment.findings.iter().filter(|finding| finding.check == check && finding.verdict == Verdict::Fail);
        found.extend(
            wanted.filter(|finding| subject.is_none_or(|name| &*finding.subject.name == name)).map(|finding| finding.remedy.clone()),
        );
    }
    found
}

fn make_plan(arguments: &Arguments, snapshot: &Snapshot, catalogue: &Catalogue) -> Result<Plan, String> {
    let judge = |snapshot: &Snapshot| assess::assess(snapshot, catalogue);
    let mut remedies = remedies(&judge(snapshot), &arguments.fixes);
    remedies.extend(arguments.audit.iter().map(|path| Remedy {
        check: "trial.audit".into(),
        subject: Subject { kind: SubjectKind::Host, id: "".into(), name: "".into() },
        action: Action::AuditRule { path: path.clone(), kind: WatchKind::File, perm: "wa".into(), key: "trial".into() },
        text: "".into(),
        event: Event::None,
        disrupts: "".into(),
    }));
    let service =
        arguments.restart.as_ref().map(|command| ServiceCommands { restart: vec![command.clone()], ..ServiceCommands::default() });
    let ids: Vec<String> = snapshot
        .engine()
        .and_then(|engine| engine.containers.known())
        .into_iter()
        .flatten()
        .filter_map(|container| container.known().map(|container| container.id.clone()))
        .collect();
    let options = PlanOptions {
        service,
        stop_containers: arguments.stop_containers,
        own_container: harden::own_container(ids.iter().map(String::as_str)),
    };
    plan(snapshot, &judge, &remedies, &options).map_err(|refusal| refusal.to_string())
}

fn show(plan: &Plan) {
    for step in &plan.steps {
        println!(
            "== {} [{}] {}\n{}affects: {}\nundo: {}\nresidue: {}",
            step.id,
            step.event.word(),
            step.title,
            step.diff,
            step.affects.join(", "),
            step.undo,
            step.residue
        );
        for note in &step.notes {
            println!("note: {note}");
        }
    }
    for refused in &plan.refused {
        println!("left out: {refused}");
    }
    for item in &plan.advice {
        println!("by hand: {} ({}): {}", item.check, item.subject, item.text);
    }
    for change in &plan.predicted.changes {
        println!("predicted: {} on {}: {} -> {}", change.what.id(), change.subject.name, change.before, change.after);
    }
}

async fn run(arguments: &Arguments) -> Result<u8, String> {
    let harden = Harden::new(Options { state_dir: arguments.state.clone(), no_rehearsal: arguments.no_rehearsal, ..Options::default() });
    let begun = Instant::now();
    let observer = |news: Progress| eprintln!("{:6.2} {news:?}", begun.elapsed().as_secs_f64());
    let collector = async || snapshot(arguments).await;
    let report = match arguments.verb.as_str() {
        "status" => {
            for run in harden.status().map_err(|error| error.to_string())? {
                println!("{} {:?}: {}", run.id, run.state, run.words);
                for step in &run.steps {
                    println!("  {} {}: {}", step.id, step.state, step.title);
                }
                for line in run.notes.iter().chain(&run.next) {
                    println!("  {line}");
                }
            }
            return Ok(0);
        }
        "resume" => harden.resume(&arguments.run, &observer, collector).await,
        "rollback" => harden.rollback(&arguments.run, &observer, collector).await,
        verb => {
            let catalogue = Catalogue::load().map_err(|error| error.to_string())?;
            let before = snapshot(arguments).await;
            if verb == "verify" {
                let plan = harden.plan_of(&arguments.run).map_err(|error| error.to_string())?;
                let verification = verify(&plan, &assess::assess(&before, &catalogue));
                println!("confirmed {}", verification.confirmed);
                verification.differences.iter().for_each(|difference| println!("differs: {difference}"));
                harden.record_verification(&arguments.run, &verification).map_err(|error| error.to_string())?;
                return Ok(verification.exit_code());
            }
            let plan = match &arguments.plan {
                Some(path) => Plan::from_json(&std::fs::read_to_string(path).expect("a plan"))?,
                None => make_plan(arguments, &before, &catalogue)?,
            };
            match verb {
                "plan" if arguments.json => {
                    print!("{}", plan.to_json());
                    return Ok(0);
                }
                "plan" => {
                    show(&plan);
                    return Ok(0);
                }
                "rehearse" => {
                    println!("{:?}", harden.rehearse(&plan, &before).await.map_err(|error| error.to_string())?);
                    return Ok(0);
                }
                "apply" => {
                    let report = harden.apply(&plan, &observer, collector).await;
                    if let Ok(report) = &report
                        && report.outcome == Outcome::Done
                    {
                        let verification = verify(&plan, &assess::assess(&snapshot(arguments).await, &catalogue));
                        println!("confirmed {}", verification.confirmed);
                        verification.differences.iter().for_each(|difference| println!("differs: {difference}"));
                        harden.record_verification(&report.run, &verification).map_err(|error| error.to_string())?;
                    }
                    report
                }
                other => return Err(format!("unknown verb {other}")),
            }
        }
    };
    let report = report.map_err(|error| format!("refused: {error}"))?;
    println!("{} {:?}\n  {}", report.run, report.outcome, report.steps.join("\n  "));
    report.notes.iter().for_each(|note| println!("  note: {note}"));
    Ok(report.outcome.exit_code())
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("__rehearse") {
        let folder = std::env::args().nth(2).expect("a folder");
        return ExitCode::from(harden::rehearse_child(folder.as_ref()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match runtime.block_on(run(&arguments())) {
        Ok(code) => ExitCode::from(code),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}
