//! Something that an operator has to put right.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fault")]
pub struct Model {
    /// ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Names the fault, so that it is listed once while it stands.
    pub key: String,
    /// What is wrong and what to do.
    pub sentence: String,
    /// The cause, for the operator.
    pub detail: String,
    /// Number of the incident where it showed.
    pub incident_id: Option<i64>,
    /// How often it showed.
    pub times: i64,
    /// When it showed first.
    pub first_at: i64,
    /// When it showed last.
    pub last_at: i64,
    /// When it was put right.
    pub resolved_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
