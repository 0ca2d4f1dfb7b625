//! One try at a delivery. Rows are added and never changed.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    /// ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The delivery.
    pub delivery_id: String,
    /// Which try; those that do not count share the number of the next.
    pub n: i64,
    /// When it began.
    pub started_at: i64,
    /// When its outcome was known.
    pub ended_at: i64,
    /// What came of it.
    pub class: String,
    /// Status code of the protocol.
    pub code: Option<i64>,
    /// What the provider said; at most 4 kB.
    pub reply: String,
    /// What a person reads.
    pub sentence: String,
    /// The provider's id.
    pub provider_id: Option<String>,
    /// The lease under which it was made.
    pub lease_token: String,
    /// Whether the lease was no longer held when the outcome came.
    pub late: bool,
    /// Whether it may have been a repeat of one that was out.
    pub repeat: bool,
}

impl ActiveModelBehavior for ActiveModel {}
