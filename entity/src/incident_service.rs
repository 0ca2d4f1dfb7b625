//! A service that an incident touches.

use sea_orm::entity::prelude::*;

/// See the module.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "incident_service")]
pub struct Model {
    /// Number of the incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: i64,
    /// The service.
    #[sea_orm(primary_key, auto_increment = false)]
    pub service_id: String,
    /// How it is touched.
    pub relation: String,
}

impl ActiveModelBehavior for ActiveModel {}
