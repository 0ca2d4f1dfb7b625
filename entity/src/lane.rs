//! A limit domain: deliveries that share a pace, a breaker and connections.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lane")]
pub struct Model {
    /// For example `smtp:relay.example`; no secrets in it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The channel that serves it.
    pub channel: String,
    /// Rests until then, because the provider asked for it.
    pub rests_until: Option<i64>,
    /// Not used until then, because it does not work.
    pub shut_until: Option<i64>,
    /// Stopped until somebody repairs the settings.
    pub paused: bool,
    /// Since when it is stopped.
    pub paused_since: Option<i64>,
    /// Why it rests, is shut or paused; may be empty.
    pub reason: String,
    /// When this was last written.
    pub updated_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
