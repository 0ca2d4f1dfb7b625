//! Who revoked a key. Keys of people who have left meanwhile are revoked, so that none comes back to
//! life with somebody who gets the same id later.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait, sea_orm::DbErr,
    sea_query::Table,
};

use crate::columns::{optional, run, text};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261130_000019_token_revoked_by"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let change = Table::alter()
            .table("api_token")
            .add_column(optional(text("revoked_by")))
            .take();
        manager.alter_table(change).await?;
        // A migration has no clock; nobody has used them since.
        let gone = "UPDATE api_token \
             SET revoked_at = COALESCE(last_used_at, created_at), revoked_by = 'directory' \
             WHERE revoked_at IS NULL AND person_id IS NOT NULL \
             AND person_id NOT IN (SELECT id FROM person)";
        run(manager, &[gone]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let change = Table::alter()
            .table("api_token")
            .drop_column("revoked_by")
            .take();
        manager.alter_table(change).await
    }
}
