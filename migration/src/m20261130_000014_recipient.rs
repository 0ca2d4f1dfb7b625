//! Who each delivery is to, as rows, so that what an incident's people were told is looked up person
//! by person instead of read whole.
//!
//! `delivery.recipients` is still written, because the version before reads it; a later release takes
//! it away. The version before writes no rows here, and on PostgreSQL it may run beside this one. So
//! there the database itself writes them, with each delivery and in its transaction, whichever version
//! wrote that. On SQLite one version delivers at a time, and the program writes them: a trigger would
//! look at each row alone, which costs three times as much.
//!
//! What is stored is moved 5,000 deliveries at a time, so that a million need no more memory than
//! that. On PostgreSQL others go on writing meanwhile, until the trigger is made: it waits for them
//! and keeps them out until the end of the change. What they wrote in between is among the newest.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement},
    sea_query::Table,
};

use crate::columns::run;

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261130_000014_recipient"
    }
}

/// Deliveries that are moved by one statement.
const CHUNK: u32 = 5_000;
/// As many as one notification may have.
const NEWEST: u32 = 100_000;

/// The table is its primary key, in the order in which an incident's people are gone through.
/// `incident` is 0 for a test message. `told_as` is who, and how: `person:dana/email/owners/update`.
/// What is deliberately not sent told nobody, and has no row.
const SQLITE: [&str; 1] = [
    "CREATE TABLE recipient (incident BIGINT NOT NULL, told_as TEXT NOT NULL, \
     event_seq BIGINT NOT NULL, delivery_id TEXT NOT NULL, name TEXT NOT NULL, \
     PRIMARY KEY (incident, told_as, event_seq, delivery_id)) WITHOUT ROWID",
];

const POSTGRES: [&str; 1] = [
    "CREATE TABLE recipient (incident BIGINT NOT NULL, told_as TEXT COLLATE \"C\" NOT NULL, \
     event_seq BIGINT NOT NULL, delivery_id TEXT COLLATE \"C\" NOT NULL, name TEXT NOT NULL, \
     PRIMARY KEY (incident, told_as, event_seq, delivery_id))",
];

const POSTGRES_TRIGGER: [&str; 2] = [
    "CREATE FUNCTION oyez_write_recipients() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     INSERT INTO recipient (incident, told_as, event_seq, delivery_id, name) \
     SELECT COALESCE(d.incident, 0), \
       (p.value->'who'->>'kind') || ':' || (p.value->'who'->>'id') || '/' || \
       d.channel || '/' || d.audience || '/' || d.moment, \
       d.event_seq, d.id, p.value->>'name' \
     FROM written d CROSS JOIN LATERAL json_array_elements(CAST(d.recipients AS json)) AS p(value) \
     WHERE d.channel <> '' ON CONFLICT DO NOTHING; \
     RETURN NULL; END $$",
    "CREATE TRIGGER delivery_recipients AFTER INSERT ON delivery \
     REFERENCING NEW TABLE AS written FOR EACH STATEMENT \
     EXECUTE FUNCTION oyez_write_recipients()",
];

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => {
                run(manager, &POSTGRES).await?;
                move_after(manager, String::new()).await?;
                run(manager, &POSTGRES_TRIGGER).await?;
                let newest = nth_newest(manager, NEWEST).await?;
                move_after(manager, newest).await?;
                run(manager, &["ANALYZE recipient"]).await
            }
            _ => {
                run(manager, &SQLITE).await?;
                move_after(manager, String::new()).await
            }
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            let gone = [
                "DROP TRIGGER delivery_recipients ON delivery",
                "DROP FUNCTION oyez_write_recipients()",
            ];
            run(manager, &gone).await?;
        }
        let table = Table::drop().table("recipient").take();
        manager.drop_table(table).await
    }
}

/// Writes the rows of all deliveries with a greater id, the smallest id first.
async fn move_after(manager: &SchemaManager<'_>, mut last: String) -> Result<(), DbErr> {
    let engine = manager.get_database_backend();
    let people = match engine {
        DbBackend::Postgres => {
            "(p.value->'who'->>'kind') || ':' || (p.value->'who'->>'id') || '/' || d.channel || \
             '/' || d.audience || '/' || d.moment, d.event_seq, d.id, p.value->>'name' \
             FROM delivery d CROSS JOIN LATERAL \
               json_array_elements(CAST(d.recipients AS json)) AS p(value)"
        }
        _ => {
            "json_extract(p.value, '$.who.kind') || ':' || json_extract(p.value, '$.who.id') || \
             '/' || d.channel || '/' || d.audience || '/' || d.moment, d.event_seq, d.id, \
             json_extract(p.value, '$.name') \
             FROM delivery d CROSS JOIN json_each(d.recipients) AS p"
        }
    };
    let moved = format!(
        "INSERT INTO recipient (incident, told_as, event_seq, delivery_id, name) \
         SELECT COALESCE(d.incident, 0), {people} \
         WHERE d.id > $1 AND d.id <= $2 AND d.channel <> '' ON CONFLICT DO NOTHING"
    );
    loop {
        let chunk = format!(
            "SELECT MAX(id) FROM (SELECT id FROM delivery WHERE id > $1 ORDER BY id LIMIT {CHUNK}) \
             AS chunk"
        );
        let chunk = Statement::from_sql_and_values(engine, chunk, [last.clone().into()]);
        let Some(up_to) = text(manager, chunk).await? else {
            return Ok(());
        };
        let values = [last.into(), up_to.clone().into()];
        let moved = Statement::from_sql_and_values(engine, &moved, values);
        manager.get_connection().execute_raw(moved).await?;
        last = up_to;
    }
}

/// The id before which all but the newest deliveries lie; empty if there are not so many.
async fn nth_newest(manager: &SchemaManager<'_>, n: u32) -> Result<String, DbErr> {
    let sql = format!("SELECT id FROM delivery ORDER BY id DESC LIMIT 1 OFFSET {n}");
    let sql = Statement::from_string(manager.get_database_backend(), sql);
    Ok(text(manager, sql).await?.unwrap_or_default())
}

async fn text(manager: &SchemaManager<'_>, sql: Statement) -> Result<Option<String>, DbErr> {
    match manager.get_connection().query_one_raw(sql).await? {
        Some(row) => row.try_get_by_index(0),
        None => Ok(None),
    }
}
