//! A command that came with a key, and its answer.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "request")]
pub struct Model {
    /// Through which door.
    #[sea_orm(primary_key, auto_increment = false)]
    pub door: String,
    /// Whose key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor: String,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Of what was asked for, hex.
    pub request_sha256: String,
    /// JSON; empty while the command runs.
    pub answer: Option<String>,
    /// When it came first.
    pub began_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
