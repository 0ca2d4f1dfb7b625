//! Lanes that are stopped, and what could leave by another way, without reading all that waits.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager, async_trait::async_trait, sea_orm::DbErr,
};

use crate::columns::run;

/// See the module.
pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261130_000017_stopped"
    }
}

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes = [
            "CREATE INDEX lane_stopped ON lane (channel) WHERE paused",
            "CREATE INDEX delivery_choice ON delivery (lane, id) \
             WHERE state = 'ready' AND fallbacks IS NOT NULL AND fallbacks <> '[]'",
        ];
        run(manager, &indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let indexes = ["DROP INDEX delivery_choice", "DROP INDEX lane_stopped"];
        run(manager, &indexes).await
    }
}
