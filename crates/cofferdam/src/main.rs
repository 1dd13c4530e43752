//! The program: arguments in, exit code out.

mod arguments;
mod commands;
mod containment;
mod destination;
mod exit;
mod fixes;
mod input;
mod operator;
mod output;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use exit::Exit;

/// Most of the work is many small texts on several threads, which the allocators of musl and glibc serve slowly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers and go to stdout; everything else is wrong usage.
            let exit = if error.use_stderr() { Exit::Failed } else { Exit::Fine };
            let _ = error.print();
            return exit.into();
        }
    };
    match commands::run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::complain(&error);
            Exit::Failed.into()
        }
    }
}
