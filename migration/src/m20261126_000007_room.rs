//! The channels in chat that incidents have to themselves.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    async_trait::async_trait,
    sea_orm::DbErr,
    sea_query::{Index, Table},
};

use crate::columns::{create, id, number, optional, run, text, time};

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261126_000007_room"
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
            .table("room")
            .col(number("incident_id"))
            .col(id(manager, "channel"))
            .col(text("name"))
            .col(number("taken"))
            .col(optional(id(manager, "address")))
            .col(text("topic"))
            .col(text("invited"))
            .col(text("pointed"))
            .col(number("seen_seq"))
            .col(number("attempts"))
            .col(time("next_at"))
            .col(text("lease_token"))
            .col(time("lease_until"))
            .col(time("created_at"))
            .primary_key(Index::create().col("incident_id"));
        create(manager, table).await?;
        run(
            manager,
            &["CREATE UNIQUE INDEX room_address ON room (channel, address) WHERE address IS NOT NULL"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("room").take()).await
    }
}
