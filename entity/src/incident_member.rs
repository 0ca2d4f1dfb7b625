//! Somebody who is named in a restricted incident, so that they may know of it.

use sea_orm::entity::prelude::*;

/// See the module.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "incident_member")]
pub struct Model {
    /// `person:dana`, or `actor:` and the id of who declared it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub member: String,
    /// Number of the incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: i64,
}

impl ActiveModelBehavior for ActiveModel {}
