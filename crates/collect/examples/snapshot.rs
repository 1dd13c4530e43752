//! Prints the Snapshot of this host as canonical JSON: `snapshot [--recording FILE | --replay FILE] [unix:///path/of/docker.sock | none]`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this example is for")]

use std::process::ExitCode;
use std::time::Instant;

use collect::{Endpoint, Options, Recording, World, collect};
use facts::Tool;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

async fn run(mut arguments: Vec<String>) -> Result<(), String> {
    let mut file_of = |flag: &str| {
        let at = arguments.iter().position(|word| word == flag)?;
        arguments.drain(at..(at + 2).min(arguments.len())).nth(1)
    };
    let (record_to, replay_from) = (file_of("--recording"), file_of("--replay"));
    let mut options = Options {
        taken_at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        state_dir: "/var/lib/cofferdam".to_owned(),
        tool: Tool { name: "cofferdam".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
    };
    let world = match replay_from {
        Some(path) => {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
            let recording = Recording::from_json(&text).map_err(|error| error.to_string())?;
            options = recording.options.clone();
            World::replaying(recording)
        }
        None => {
            let address = arguments.first().map(String::as_str);
            let endpoint =
                if address == Some("none") { None } else { Some(Endpoint::resolve(address, None).map_err(|error| error.to_string())?) };
            World::real(endpoint)
        }
    };
    let begun = Instant::now();
    let snapshot = match record_to {
        None => collect(&world, &options).await,
        Some(path) => {
            let (world, recorder) = world.recording();
            let snapshot = collect(&world, &options).await;
            std::fs::write(&path, recorder.recording(&options).to_json()).map_err(|error| format!("cannot write {path}: {error}"))?;
            snapshot
        }
    };
    let took = begun.elapsed();
    print!("{}", snapshot.map_err(|error| error.to_string())?.to_json());
    eprintln!("collected in {:.1} ms", took.as_secs_f64() * 1000.0);
    Ok(())
}
