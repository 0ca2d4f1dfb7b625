//! Tests of the parts together, in one binary. One file per behaviour.

mod architecture;
mod outbox_store;
mod resolution_oracle;
mod store_incidents;
mod store_schema;
mod support;
