//! One thing said about one event.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification")]
pub struct Model {
    /// ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Number of the incident; empty for a test message.
    pub incident: Option<i64>,
    /// Position of the event in the incident's log; 0 for a test message.
    pub event_seq: i64,
    /// The priority at that moment.
    pub priority: Option<String>,
    /// Version of the policy that decided who is told.
    pub policy_version: Option<i64>,
    /// JSON of what else belongs to the record.
    pub context: String,
    /// How many deliveries it has; the auditor counts them.
    pub expected: i64,
    /// When it was made.
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
