//! The program `oyez`: everything is in the library; this turns its answer into an exit code.

use std::{io, process::ExitCode};

use tokio::runtime::Runtime;

fn main() -> io::Result<ExitCode> {
    let runtime = Runtime::new()?;
    let exit = runtime.block_on(oyez::cli::main());
    // A look-up of a name that hangs, say, keeps no process from ending.
    runtime.shutdown_background();
    Ok(ExitCode::from(exit))
}
