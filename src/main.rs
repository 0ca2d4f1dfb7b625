//! The program `oyez`: everything is in the library; this turns its answer into an exit code.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ExitCode::from(oyez::cli::main().await)
}
