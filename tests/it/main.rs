//! Tests of the parts together, in one binary. One file per behaviour.

mod architecture;
mod outbox_store;
mod store_schema;
mod support;
