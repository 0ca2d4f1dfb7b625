//! Commands that somebody was shown and has not sent yet.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    sea_orm::DbErr,
    sea_query::{Index, Table},
};

use crate::columns::{create, id, number, optional, text, time};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261126_000005_draft"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = &mut Table::create();
        table
            .table("draft")
            .col(id(manager, "id").primary_key())
            .col(text("actor"))
            // None for a new incident.
            .col(optional(number("incident")))
            .col(number("revision"))
            .col(text("command"))
            .col(time("expires_at"));
        create(manager, table).await?;
        let index = Index::create()
            .name("draft_expires")
            .table("draft")
            .col("expires_at")
            .take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("draft").take())
            .await
    }
}
