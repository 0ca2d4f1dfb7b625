//! A person holds a role on a service.

use sea_orm::entity::prelude::*;

/// See the module.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_holding")]
pub struct Model {
    /// The service.
    #[sea_orm(primary_key, auto_increment = false)]
    pub service_id: String,
    /// The role.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: String,
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: String,
}

impl ActiveModelBehavior for ActiveModel {}
