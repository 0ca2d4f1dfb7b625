//! Where the bots of chat were met: conversations that a checked call vouched for.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    sea_orm::DbErr,
    sea_query::{Index, Table},
};

use crate::columns::{create, id, text, time};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261126_000006_conversation"
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
            .table("conversation")
            .col(id(manager, "channel"))
            .col(id(manager, "address"))
            .col(text("conversation"))
            .col(text("service_url"))
            .col(text("kind"))
            .col(time("seen_at"))
            .primary_key(Index::create().col("channel").col("address"));
        create(manager, table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("conversation").take())
            .await
    }
}
