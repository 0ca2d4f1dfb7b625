//! Numbers that are handed out without a gap.

use sea_orm::entity::prelude::*;

/// See the module.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "counter")]
pub struct Model {
    /// What is counted: `incident`, `event`, `directory` or `policy`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The last number handed out.
    pub value: i64,
}

impl ActiveModelBehavior for ActiveModel {}
