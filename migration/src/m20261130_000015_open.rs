//! Indexes for what is asked all the time, or can be asked by anybody, so that it costs what is open
//! and not what was ever stored.
//!
//! Who is named in a restricted incident becomes rows, so that a list reads no log. `incident.members_seq`,
//! which the change before added, says up to which record of the log they are true, and is empty where who
//! declared it is missing. What the version before appends does not bring it up to date: who asks reads
//! that log, until it is put right in passing.
//!
//! As for the claim, SQLite uses a partial index only where its condition stands in the question word
//! for word. On PostgreSQL nobody uses incidents and deliveries while these are made: some seconds for a
//! million.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    sea_orm::DbErr,
    sea_query::{Index, Table},
};

use crate::columns::{create, id, number, run};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261130_000015_open"
    }
}

const INDEXES: [(&str, &str); 7] = [
    // What has to leave before, or is made needless.
    (
        "delivery_of_address",
        "ON delivery (order_key, event_seq, id) WHERE state IN ('ready', 'sending', 'uncertain')",
    ),
    // What a person can send on its way again.
    (
        "delivery_failed",
        "ON delivery (incident, state, id) WHERE state IN ('dead', 'bounced', 'expired', 'held')",
    ),
    // The figures of the last day, without looking at a row.
    (
        "delivery_ended",
        "ON delivery (ended_at, state, incident) WHERE ended_at IS NOT NULL",
    ),
    // A page of the record; it takes the place of the index below.
    (
        "delivery_of_notification",
        "ON delivery (notification_id, id)",
    ),
    (
        "incident_restricted",
        "ON incident (id, seq) WHERE restricted",
    ),
    ("incident_priority", "ON incident (priority, id)"),
    // Rooms are looked after as long as something happens.
    ("incident_changed", "ON incident (changed_at, id, seq)"),
];

const REPLACED: (&str, &str) = ("delivery_notification", "ON delivery (notification_id)");

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = &mut Table::create();
        table
            .table("incident_member")
            .col(id(manager, "member"))
            .col(number("incident_id"))
            .primary_key(Index::create().col("member").col("incident_id"));
        create(manager, table).await?;
        run(
            manager,
            &["CREATE INDEX member_of_incident ON incident_member (incident_id)"],
        )
        .await?;
        for (name, on) in INDEXES {
            run(manager, &[&format!("CREATE INDEX {name} {on}")]).await?;
        }
        run(manager, &[&format!("DROP INDEX {}", REPLACED.0)]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (name, on) = REPLACED;
        run(manager, &[&format!("CREATE INDEX {name} {on}")]).await?;
        for (name, _) in INDEXES {
            run(manager, &[&format!("DROP INDEX {name}")]).await?;
        }
        let table = Table::drop().table("incident_member").take();
        manager.drop_table(table).await
    }
}
