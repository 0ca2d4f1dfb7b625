//! Everything but the outbox: incidents and their log, directory, policies, request keys, timers,
//! tokens, faults and settings.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    sea_orm::DbErr,
    sea_query::{Index, Table},
};

use crate::columns::{create, flag, id, number, optional, run, text, time};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261123_000001_base"
    }
}

/// In the order in which they are made; dropped from the end.
const TABLES: [&str; 16] = [
    "counter",
    "incident",
    "incident_service",
    "event",
    "service",
    "person",
    "grp",
    "destination",
    "organisation",
    "role_holding",
    "policy_version",
    "request",
    "timer",
    "api_token",
    "fault",
    "setting",
];

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        // Without it SQLite keeps the first tables of a change that fails half way.
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        counters(manager).await?;
        incidents(manager).await?;
        directory(manager).await?;
        running(manager).await
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

/// Numbers that are handed out without a gap, because the row is locked until the commit.
async fn counters(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = &mut Table::create();
    table
        .table("counter")
        .col(id(manager, "name").primary_key())
        .col(number("value"));
    create(manager, table).await?;
    run(
        manager,
        &["INSERT INTO counter (name, value) VALUES \
           ('incident', 0), ('event', 0), ('directory', 0), ('policy', 0)"],
    )
    .await
}

async fn incidents(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // The present state of each incident as lists need it, and the head of its log. `id` is the
    // number in INC-0042.
    let table = &mut Table::create();
    table
        .table("incident")
        .col(number("id").primary_key())
        .col(text("title"))
        .col(id(manager, "priority"))
        .col(id(manager, "kind"))
        .col(id(manager, "stage"))
        .col(flag("is_open"))
        .col(flag("restricted"))
        .col(flag("exercise"))
        .col(number("revision"))
        .col(number("seq"))
        .col(text("hash"))
        .col(time("started_at"))
        .col(time("declared_at"))
        .col(time("changed_at"))
        .col(optional(time("resolved_at")))
        .col(optional(time("ended_at")))
        .col(optional(time("next_due")));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("incident_service")
        .col(number("incident_id"))
        .col(id(manager, "service_id"))
        .col(id(manager, "relation"))
        .primary_key(Index::create().col("incident_id").col("service_id"));
    create(manager, table).await?;

    // `stream_id` is gap-free over all incidents, `seq` within one. `text` is the record as it was
    // hashed; after an erasure it is the SHA-256 of what it was.
    let table = &mut Table::create();
    table
        .table("event")
        .col(number("stream_id").primary_key())
        .col(number("incident_id"))
        .col(number("seq"))
        .col(time("at"))
        .col(text("text"))
        .col(text("prev_hash"))
        .col(text("hash"))
        .col(optional(time("erased_at")))
        .col(optional(text("erased_because")));
    create(manager, table).await?;
    run(
        manager,
        &[
            "CREATE UNIQUE INDEX event_of_incident ON event (incident_id, seq)",
            "CREATE INDEX incident_open ON incident (id) WHERE is_open",
            "CREATE INDEX incident_of_service ON incident_service (service_id, incident_id)",
        ],
    )
    .await
}

/// What an id names stays as a row with `removed_at` when it is removed, holding its name alone,
/// so that old records can be read.
async fn directory(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = &mut Table::create();
    table
        .table("service")
        .col(id(manager, "id").primary_key())
        .col(text("name"))
        .col(optional(text("outside_name")))
        .col(optional(text("programme")))
        .col(text("tags"))
        .col(optional(number("tier")))
        .col(optional(id(manager, "organisation_id")))
        .col(text("depends_on"))
        .col(optional(text("status_page")))
        .col(optional(text("support_queue")))
        .col(optional(text("disaster_recovery")))
        .col(text("destinations"))
        .col(optional(time("removed_at")));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("person")
        .col(id(manager, "id").primary_key())
        .col(text("name"))
        .col(optional(id(manager, "organisation_id")))
        .col(text("addresses"))
        .col(optional(text("time_zone")))
        .col(optional(text("working_hours")))
        .col(optional(time("muted_until")))
        .col(optional(time("removed_at")));
    create(manager, table).await?;

    // "group" is a reserved word.
    let table = &mut Table::create();
    table
        .table("grp")
        .col(id(manager, "id").primary_key())
        .col(text("name"))
        .col(text("members"))
        .col(optional(time("removed_at")));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("destination")
        .col(id(manager, "id").primary_key())
        .col(text("name"))
        .col(id(manager, "channel"))
        .col(text("address"))
        .col(optional(id(manager, "organisation_id")))
        .col(optional(time("removed_at")));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("organisation")
        .col(id(manager, "id").primary_key())
        .col(text("name"))
        .col(flag("external"))
        .col(text("contacts"))
        .col(optional(time("removed_at")));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("role_holding")
        .col(id(manager, "service_id"))
        .col(id(manager, "role"))
        .col(id(manager, "person_id"))
        .primary_key(
            Index::create()
                .col("service_id")
                .col("role")
                .col("person_id"),
        );
    create(manager, table).await
}

/// What keeps the program running: policies, request keys, timers, tokens, faults, settings.
async fn running(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = &mut Table::create();
    table
        .table("policy_version")
        .col(number("number").primary_key())
        .col(text("text"))
        .col(text("sha256"))
        .col(time("applied_at"))
        .col(text("applied_by"))
        .col(optional(text("file_sha256")));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("request")
        .col(id(manager, "door"))
        .col(id(manager, "actor"))
        .col(id(manager, "key"))
        .col(text("request_sha256"))
        .col(optional(text("answer")))
        .col(time("began_at"))
        .primary_key(Index::create().col("door").col("actor").col("key"));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("timer")
        .col(number("incident_id"))
        .col(id(manager, "key"))
        .col(id(manager, "kind"))
        .col(time("due"))
        .col(optional(time("fired_at")))
        .col(text("payload"))
        .primary_key(Index::create().col("incident_id").col("key"));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("api_token")
        .col(id(manager, "id").primary_key())
        .col(text("name"))
        .col(text("scopes"))
        .col(text("secret_sha256"))
        .col(text("created_by"))
        .col(time("created_at"))
        .col(optional(time("expires_at")))
        .col(optional(time("revoked_at")))
        .col(optional(time("last_used_at")));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("fault")
        .col(id(manager, "id").primary_key())
        .col(id(manager, "key"))
        .col(text("sentence"))
        .col(text("detail"))
        .col(optional(number("incident_id")))
        .col(number("times"))
        .col(time("first_at"))
        .col(time("last_at"))
        .col(optional(time("resolved_at")));
    create(manager, table).await?;

    let table = &mut Table::create();
    table
        .table("setting")
        .col(id(manager, "key").primary_key())
        .col(text("value"));
    create(manager, table).await?;

    run(
        manager,
        &[
            "CREATE INDEX request_began ON request (began_at)",
            "CREATE INDEX timer_due ON timer (due, incident_id, key) WHERE fired_at IS NULL",
            "CREATE UNIQUE INDEX api_token_secret ON api_token (secret_sha256)",
            "CREATE UNIQUE INDEX fault_standing ON fault (key) WHERE resolved_at IS NULL",
            "CREATE INDEX fault_recent ON fault (last_at)",
        ],
    )
    .await
}
