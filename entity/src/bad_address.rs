//! An address that a provider says will never work.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "bad_address")]
pub struct Model {
    /// The channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// The address in lower case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub address_key: String,
    /// The address as it was written.
    pub address: String,
    /// The lane on which it failed.
    pub lane: String,
    /// When it failed last.
    pub failed_at: i64,
    /// Status code, if there was one.
    pub code: Option<i64>,
    /// What it means, as a sentence.
    pub sentence: String,
    /// What the provider said, in its own words.
    pub reply: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
