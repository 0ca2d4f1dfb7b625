//! The kinds of column that tables are made of, the same for both engines.
//!
//! Every column is NOT NULL unless it is wrapped in [`optional`].

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
    sea_query::{ColumnDef, IntoIden, TableCreateStatement},
};

/// An id: text that compares byte by byte on both engines, whatever the locale of a PostgreSQL
/// cluster, so that ULIDs sort by time and pages are the same everywhere.
pub fn id(manager: &SchemaManager<'_>, name: impl IntoIden) -> ColumnDef {
    let mut column = text(name);
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

/// Text for people, or JSON whose bytes count.
pub fn text(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// A whole number of 64 bits.
pub fn number(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// An instant: microseconds since 1970 in UTC.
pub fn time(name: impl IntoIden) -> ColumnDef {
    number(name)
}

/// True or false.
pub fn flag(name: impl IntoIden) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

/// The same column, which may be empty.
pub fn optional(mut column: ColumnDef) -> ColumnDef {
    column.null().take()
}

/// Creates a table from a finished statement.
pub async fn create(
    manager: &SchemaManager<'_>,
    table: &mut TableCreateStatement,
) -> Result<(), DbErr> {
    manager.create_table(table.take()).await
}

/// Runs statements that both engines read alike, for example partial indexes.
pub async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}
