//! The outbox: notifications, their messages, deliveries and attempts; lanes and bad addresses.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    sea_orm::{DbBackend, DbErr},
    sea_query::{Index, Table},
};

use crate::columns::{create, flag, id, number, optional, run, text, time};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261123_000002_outbox"
    }
}

/// In the order in which they are made; dropped from the end.
const TABLES: [&str; 6] = [
    "notification",
    "message",
    "delivery",
    "attempt",
    "lane",
    "bad_address",
];

/// Partial indexes hold only the few rows that are on their way, so that the claim costs the same
/// however long the record grows. Their conditions are repeated word for word in the claim's SQL:
/// SQLite uses a partial index only then.
const INDEXES: [&str; 9] = [
    "CREATE INDEX notification_incident ON notification (incident, event_seq)",
    "CREATE INDEX message_notification ON message (notification_id)",
    "CREATE UNIQUE INDEX delivery_once ON delivery (order_key, notification_id)",
    "CREATE INDEX delivery_notification ON delivery (notification_id)",
    "CREATE INDEX delivery_due ON delivery (lane, rank, next_at, id, deliver_by) \
     WHERE state IN ('ready', 'uncertain') AND blocked_by IS NULL",
    "CREATE INDEX delivery_leased ON delivery (lease_until) WHERE state = 'sending'",
    "CREATE INDEX delivery_blocked ON delivery (blocked_by) WHERE blocked_by IS NOT NULL",
    "CREATE INDEX delivery_fallback ON delivery (fallback_at) WHERE fallback_at IS NOT NULL",
    "CREATE INDEX delivery_fell_from ON delivery (fell_from) WHERE fell_from IS NOT NULL",
];

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        // Without it SQLite keeps the first tables of a change that fails half way.
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        words(manager).await?;
        deliveries(manager).await?;
        attempts(manager).await?;
        ways(manager).await?;
        run(manager, &INDEXES).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            // A delivery is updated twice in its life: leave room on the page for that, and clear
            // away dead rows early, or claims of a long fan-out walk over them.
            run(
                manager,
                &["ALTER TABLE delivery SET (fillfactor = 70, \
                   autovacuum_vacuum_scale_factor = 0.01)"],
            )
            .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.iter().rev() {
            manager
                .drop_table(Table::drop().table(*table).take())
                .await?;
        }
        Ok(())
    }
}

async fn words(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = &mut Table::create();
    table
        .table("notification")
        .col(id(manager, "id").primary_key())
        .col(optional(number("incident")))
        .col(number("event_seq"))
        .col(optional(text("priority")))
        .col(optional(number("policy_version")))
        .col(text("context"))
        .col(number("expected"))
        .col(time("created_at"));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("message")
        .col(id(manager, "id").primary_key())
        .col(id(manager, "notification_id"))
        .col(text("moment"))
        .col(text("audience"))
        .col(id(manager, "channel"))
        .col(text("parts"))
        .col(text("sha256"))
        .col(optional(text("fault")));
    create(manager, table).await
}

async fn deliveries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = &mut Table::create();
    table
        .table("delivery")
        .col(id(manager, "id").primary_key())
        .col(id(manager, "notification_id"))
        .col(optional(id(manager, "message_id")))
        .col(optional(number("incident")))
        .col(number("event_seq"))
        .col(text("moment"))
        .col(text("audience"))
        .col(id(manager, "channel"))
        .col(text("address"))
        .col(id(manager, "lane"))
        .col(id(manager, "order_key"))
        .col(number("rank"))
        .col(flag("urgent"))
        .col(text("state"))
        .col(optional(time("next_at")))
        .col(optional(time("not_before")))
        .col(time("deliver_by"))
        .col(number("attempts"))
        .col(flag("unsure"))
        .col(flag("plain"))
        .col(flag("first"))
        .col(optional(id(manager, "lease_token")))
        .col(optional(time("lease_until")))
        .col(optional(id(manager, "blocked_by")))
        .col(text("name"))
        .col(text("recipients"))
        .col(text("reason"))
        .col(optional(text("fallbacks")))
        .col(optional(time("fallback_at")))
        .col(optional(id(manager, "fell_from")))
        .col(optional(time("wire_date")))
        .col(optional(text("wire_sha256")))
        .col(optional(text("provider_id")))
        .col(optional(text("last_class")))
        .col(optional(number("last_code")))
        .col(text("sentence"))
        .col(time("created_at"))
        .col(optional(time("ended_at")));
    create(manager, table).await
}

async fn attempts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = &mut Table::create();
    table
        .table("attempt")
        .col(id(manager, "id").primary_key())
        .col(id(manager, "delivery_id"))
        .col(number("n"))
        .col(time("started_at"))
        .col(time("ended_at"))
        .col(text("class"))
        .col(optional(number("code")))
        .col(text("reply"))
        .col(text("sentence"))
        .col(optional(text("provider_id")))
        .col(id(manager, "lease_token"))
        .col(flag("late"))
        .col(flag("repeat"));
    create(manager, table).await?;
    run(
        manager,
        &["CREATE INDEX attempt_delivery ON attempt (delivery_id)"],
    )
    .await
}

async fn ways(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = &mut Table::create();
    table
        .table("lane")
        .col(id(manager, "name").primary_key())
        .col(id(manager, "channel"))
        .col(optional(time("rests_until")))
        .col(optional(time("shut_until")))
        .col(flag("paused"))
        .col(text("reason"))
        .col(time("updated_at"));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("bad_address")
        .col(id(manager, "channel"))
        .col(id(manager, "address_key"))
        .col(text("address"))
        .col(id(manager, "lane"))
        .col(time("failed_at"))
        .col(optional(number("code")))
        .col(text("sentence"))
        .primary_key(Index::create().col("channel").col("address_key"));
    create(manager, table).await
}
