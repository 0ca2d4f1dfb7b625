//! Which variant of its words a message is: how its readers stand towards the incident.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait, sea_orm::DbErr,
    sea_query::Table,
};

use crate::columns::text;

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261201_000022_variant"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    /// What the version before writes is for those who follow: empty.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = text("variant").default("").take();
        let change = Table::alter().table("message").add_column(column).take();
        manager.alter_table(change).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let change = Table::alter()
            .table("message")
            .drop_column("variant")
            .take();
        manager.alter_table(change).await
    }
}
