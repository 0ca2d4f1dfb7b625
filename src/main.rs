//! Oyez.
fn main() {}
