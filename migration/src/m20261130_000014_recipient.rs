//! Who each delivery is to, as rows, so that what an incident's people were told is looked up person
//! by person instead of read whole.
//!
//! `delivery.recipients` is still written, because the version before reads it; a later release takes
//! it away. The version before writes no rows here, and may write deliveries after this change: beside
//! this version on PostgreSQL; as a server that is still running while a command of this version changes
//! the file; or when it is put back for a day. So the database itself writes the rows with each delivery
//! and in its transaction, unless `recipients_written` says that the program does. On PostgreSQL the
//! program leaves it to the database. On SQLite it does not: a trigger there looks at each row alone, and
//! costs more than one statement for all.
//!
//! What is stored is moved 5,000 deliveries at a time, so that a million need no more memory than
//! that. On PostgreSQL others go on writing meanwhile, until the columns are added: that waits for them
//! and keeps them out until the end of all changes. What they wrote in between is among the newest.
//!
//! A command locks its incident and then writes deliveries. The change takes the two tables in the same
//! order, or each would wait for the other and the database would end one of them. So
//! `incident.members_seq` is added here, before anything holds up deliveries; the next change says what
//! it is for.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement},
    sea_query::Table,
};

use crate::columns::{flag, number, optional, run};

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
const SQLITE: &str = "CREATE TABLE recipient (incident BIGINT NOT NULL, told_as TEXT NOT NULL, \
     event_seq BIGINT NOT NULL, delivery_id TEXT NOT NULL, name TEXT NOT NULL, \
     PRIMARY KEY (incident, told_as, event_seq, delivery_id)) WITHOUT ROWID";

const POSTGRES: &str = "CREATE TABLE recipient (incident BIGINT NOT NULL, \
     told_as TEXT COLLATE \"C\" NOT NULL, event_seq BIGINT NOT NULL, \
     delivery_id TEXT COLLATE \"C\" NOT NULL, name TEXT NOT NULL, \
     PRIMARY KEY (incident, told_as, event_seq, delivery_id))";

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        let table = match engine {
            DbBackend::Postgres => POSTGRES,
            _ => SQLITE,
        };
        run(manager, &[table]).await?;
        move_after(manager, String::new()).await?;
        for (table, column) in [
            ("incident", optional(number("members_seq"))),
            ("delivery", optional(flag("recipients_written"))),
        ] {
            let change = Table::alter().table(table).add_column(column).take();
            manager.alter_table(change).await?;
        }
        for sql in trigger(engine) {
            run(manager, &[&sql]).await?;
        }
        if engine == DbBackend::Postgres {
            let newest = nth_newest(manager, NEWEST).await?;
            move_after(manager, newest).await?;
            run(manager, &["ANALYZE recipient"]).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let change = Table::alter()
            .table("incident")
            .drop_column("members_seq")
            .take();
        manager.alter_table(change).await?;
        let gone: &[&str] = match manager.get_database_backend() {
            DbBackend::Postgres => &[
                "DROP TRIGGER delivery_recipients ON delivery",
                "DROP FUNCTION oyez_write_recipients()",
            ],
            _ => &["DROP TRIGGER delivery_recipients"],
        };
        run(manager, gone).await?;
        let change = Table::alter()
            .table("delivery")
            .drop_column("recipients_written")
            .take();
        manager.alter_table(change).await?;
        let table = Table::drop().table("recipient").take();
        manager.drop_table(table).await
    }
}

/// Has the database write the rows of each delivery of which the program does not.
fn trigger(engine: DbBackend) -> Vec<String> {
    match engine {
        DbBackend::Postgres => vec![
            format!(
                "CREATE FUNCTION oyez_write_recipients() RETURNS trigger LANGUAGE plpgsql AS $$ \
                 BEGIN {}; RETURN NULL; END $$",
                write_rows(engine, "written", "d.recipients_written IS NULL")
            ),
            "CREATE TRIGGER delivery_recipients AFTER INSERT ON delivery \
             REFERENCING NEW TABLE AS written FOR EACH STATEMENT \
             EXECUTE FUNCTION oyez_write_recipients()"
                .to_owned(),
        ],
        _ => vec![format!(
            "CREATE TRIGGER delivery_recipients AFTER INSERT ON delivery \
             WHEN NEW.recipients_written IS NULL BEGIN {}; END",
            write_rows(engine, "delivery", "d.id = NEW.id")
        )],
    }
}

/// The statement that writes the rows of those deliveries `d` of a table for which `of` is true.
fn write_rows(engine: DbBackend, table: &str, of: &str) -> String {
    let people = match engine {
        DbBackend::Postgres => {
            "CROSS JOIN LATERAL json_array_elements(CAST(d.recipients AS json)) AS p(value)"
        }
        _ => "CROSS JOIN json_each(d.recipients) AS p",
    };
    format!(
        "INSERT INTO recipient (incident, told_as, event_seq, delivery_id, name) \
         SELECT COALESCE(d.incident, 0), \
           (p.value->'who'->>'kind') || ':' || (p.value->'who'->>'id') || '/' || \
           d.channel || '/' || d.audience || '/' || d.moment, \
           d.event_seq, d.id, p.value->>'name' \
         FROM {table} d {people} WHERE {of} AND d.channel <> '' ON CONFLICT DO NOTHING"
    )
}

/// Writes the rows of all deliveries with a greater id, the smallest id first.
async fn move_after(manager: &SchemaManager<'_>, mut last: String) -> Result<(), DbErr> {
    let engine = manager.get_database_backend();
    let moved = write_rows(engine, "delivery", "d.id > $1 AND d.id <= $2");
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
