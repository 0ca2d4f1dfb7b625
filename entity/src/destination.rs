//! An address that is not a person, or the name of one that was removed.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "destination")]
pub struct Model {
    /// Slug.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The channel that reaches it.
    pub channel: String,
    /// As that channel takes it; may be a secret.
    pub address: String,
    /// Empty is ours.
    pub organisation_id: Option<String>,
    /// When it was removed.
    pub removed_at: Option<i64>,
}

/// Shows nothing but which row it is: the rest is private.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("destination")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// None: rows are joined where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
