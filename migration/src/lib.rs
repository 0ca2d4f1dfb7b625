//! One dated file per change of the database, applied in the order of the list below.
//!
//! The same files run on SQLite and on PostgreSQL. A change only ever expands (a table, a column
//! that may be empty, an index); what nothing needs any more goes in a later release, so that the
//! program of yesterday still runs on the database of today. A file that was released is never
//! edited: its name is what the database remembers.
//!
//! Conventions, for both engines: ids are TEXT in byte order ([`columns::id`]), instants BIGINT
//! microseconds UTC, JSON is TEXT (its bytes are hashed, so nothing may reorder them), flags are
//! BOOLEAN, and partial indexes are plain SQL with the same text for both.

pub mod columns;
mod m20261123_000001_base;
mod m20261123_000002_outbox;
mod m20261126_000003_second_word;
mod m20261126_000004_token_person;
mod m20261126_000005_draft;
mod m20261126_000006_conversation;
mod m20261126_000007_room;
mod m20261126_000008_ask;
mod m20261126_000009_erased;
mod m20261126_000010_awaits;
mod m20261127_000011_member;
mod m20261130_000014_recipient;
mod m20261130_000015_open;
mod m20261130_000016_marks;
mod m20261130_000017_stopped;
mod m20261130_000019_token_revoked_by;
mod m20261130_000021_open_deliveries;
mod m20261201_000022_variant;

pub use sea_orm_migration::{MigratorTrait, SchemaManager};

use sea_orm_migration::{MigrationTrait, async_trait::async_trait};

/// All changes, oldest first.
pub struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_base::Migration),
            Box::new(m20261123_000002_outbox::Migration),
            Box::new(m20261126_000003_second_word::Migration),
            Box::new(m20261126_000004_token_person::Migration),
            Box::new(m20261126_000005_draft::Migration),
            Box::new(m20261126_000006_conversation::Migration),
            Box::new(m20261126_000007_room::Migration),
            Box::new(m20261126_000008_ask::Migration),
            Box::new(m20261126_000009_erased::Migration),
            Box::new(m20261126_000010_awaits::Migration),
            Box::new(m20261127_000011_member::Migration),
            Box::new(m20261130_000014_recipient::Migration),
            Box::new(m20261130_000015_open::Migration),
            Box::new(m20261130_000016_marks::Migration),
            Box::new(m20261130_000017_stopped::Migration),
            Box::new(m20261130_000019_token_revoked_by::Migration),
            Box::new(m20261130_000021_open_deliveries::Migration),
            Box::new(m20261201_000022_variant::Migration),
        ]
    }
}
