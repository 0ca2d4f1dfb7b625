//! Tests of the parts together, in one binary. One file per behaviour.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test says what went wrong by failing there"
)]

mod architecture;
mod outbox_store;
mod resolution_oracle;
mod store_schema;
mod support;
