//! A service of the directory, or what is left of one that was removed.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service")]
pub struct Model {
    /// Slug.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What we call it.
    pub name: String,
    /// What its users call it.
    pub outside_name: Option<String>,
    /// The programme it belongs to.
    pub programme: Option<String>,
    /// Labels, a JSON list.
    pub tags: String,
    /// 1 is the gravest to lose.
    pub tier: Option<i64>,
    /// Whose it is; empty is ours.
    pub organisation_id: Option<String>,
    /// Services it needs, a JSON list of ids.
    pub depends_on: String,
    /// Slug on the status site.
    pub status_page: Option<String>,
    /// Name of its support queue.
    pub support_queue: Option<String>,
    /// Where its disaster-recovery procedure is.
    pub disaster_recovery: Option<String>,
    /// Its own channels, a JSON list of ids.
    pub destinations: String,
    /// When it was removed.
    pub removed_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
