//! One file per use case: the only place that combines the domain with the outside world.

pub mod answers;
pub mod deliver;
pub mod error;
