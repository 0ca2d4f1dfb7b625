//! An organisation, or the name of one that was removed.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organisation")]
pub struct Model {
    /// Slug.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// Whether its people are outsiders.
    pub external: bool,
    /// Who hears about which service, a JSON list.
    pub contacts: String,
    /// When it was removed.
    pub removed_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
