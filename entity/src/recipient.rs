//! Who a delivery is to. The database writes the rows with the delivery.

use sea_orm::entity::prelude::*;

/// See the module.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recipient")]
pub struct Model {
    /// Number of the incident; 0 for a test message.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident: i64,
    /// Who, and how: `person:dana/email/owners/update`, with the channel, the readers and the occasion.
    #[sea_orm(primary_key, auto_increment = false)]
    pub told_as: String,
    /// Position of the event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_seq: i64,
    /// The delivery.
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery_id: String,
    /// Their name then.
    pub name: String,
}

impl ActiveModelBehavior for ActiveModel {}
