//! A step of a promise that is due at a time, once.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timer")]
pub struct Model {
    /// Number of the incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: i64,
    /// Names the step within the incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// What is to be done.
    pub kind: String,
    /// When.
    pub due: i64,
    /// When it was done.
    pub fired_at: Option<i64>,
    /// What is needed to do it, JSON.
    pub payload: String,
}

impl ActiveModelBehavior for ActiveModel {}
