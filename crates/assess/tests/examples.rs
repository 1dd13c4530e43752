//! One test an example: `check::example`, so that a failure reads as a sentence. The list is the catalogue's own.

use std::process::ExitCode;

use assess::{Catalogue, Check};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // Tests keep the catalogue for as long as the process lives.
    let catalogue: &'static Catalogue = match Catalogue::load() {
        Ok(catalogue) => Box::leak(Box::new(catalogue)),
        Err(errors) => panic!("{errors}"),
    };
    let tests = catalogue.checks.values().flat_map(|check| catalogue.examples(&check.id).iter().map(move |example| (check, example)));
    let trials =
        tests.map(|(check, example)| Trial::test(format!("{}::{}", check.id, example.name), move || run(check, example))).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run(check: &Check, example: &assess::catalogue::Example) -> Result<(), Failed> {
    example.run(check).map_err(|(place, message)| format!("line {}: {message}", place.line).into())
}
