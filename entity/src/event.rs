//! One record of the log of an incident, as it was hashed.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Position in the stream of all incidents, from 1 and without a gap.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream_id: i64,
    /// Number of the incident.
    pub incident_id: i64,
    /// Position in its log, from 1.
    pub seq: i64,
    /// When it happened.
    pub at: i64,
    /// The record; after an erasure the SHA-256 of what it was, hex.
    pub text: String,
    /// Hash of the record before it.
    pub prev_hash: String,
    /// Hash over the hash before and the text as it was.
    pub hash: String,
    /// When the text was erased.
    pub erased_at: Option<i64>,
    /// Why it was erased.
    pub erased_because: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
