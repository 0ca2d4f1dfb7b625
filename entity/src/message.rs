//! The words of a notification for one moment, audience, channel and variant.

use sea_orm::entity::prelude::*;

/// See the module.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    /// ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The notification.
    pub notification_id: String,
    /// The occasion.
    pub moment: String,
    /// The readers.
    pub audience: String,
    /// The channel.
    pub channel: String,
    /// How the readers stand towards the incident; empty for those who follow it.
    pub variant: String,
    /// JSON object of the words by part, before the reason line is put in.
    pub parts: String,
    /// SHA-256 of `parts`, hex.
    pub sha256: String,
    /// Why the channel's built-in words had to be used, if they had to be.
    pub fault: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
