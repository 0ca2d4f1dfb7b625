//! A person of the directory, or the name of one who was removed.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// Slug.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// As they write it.
    pub name: String,
    /// Empty is ours.
    pub organisation_id: Option<String>,
    /// Channels and addresses in order of preference, a JSON list.
    pub addresses: String,
    /// Name in the IANA list; empty is the organisation's.
    pub time_zone: Option<String>,
    /// JSON; empty is the organisation's.
    pub working_hours: Option<String>,
    /// Not to be told before.
    pub muted_until: Option<i64>,
    /// When they were removed.
    pub removed_at: Option<i64>,
}

/// Shows nothing but which row it is: the rest is private.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("person")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// None: rows are joined where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
