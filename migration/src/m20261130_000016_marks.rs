//! What a provider said of an address that it refused, why one is tried in spite of that, and since
//! when a lane is stopped.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait, sea_orm::DbErr,
    sea_query::Table,
};

use crate::columns::{optional, text, time};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261130_000016_marks"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("bad_address", optional(text("reply"))),
            ("delivery", optional(text("despite"))),
            ("lane", optional(time("paused_since"))),
        ] {
            let change = Table::alter().table(table).add_column(column).take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("bad_address", "reply"),
            ("delivery", "despite"),
            ("lane", "paused_since"),
        ] {
            let change = Table::alter().table(table).drop_column(column).take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}
