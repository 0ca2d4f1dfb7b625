//! The present state of an incident as lists need it, and the head of its log.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "incident")]
pub struct Model {
    /// The number in INC-0042.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// What people cannot do.
    pub title: String,
    /// How grave.
    pub priority: String,
    /// Technical, data breach or security.
    pub kind: String,
    /// How far it is.
    pub stage: String,
    /// Whether people are still owed updates.
    pub is_open: bool,
    /// Whether only named people may know.
    pub restricted: bool,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Counts the changes that people are told of.
    pub revision: i64,
    /// Position of the last record of its log.
    pub seq: i64,
    /// Hash of the last record of its log.
    pub hash: String,
    /// When the trouble started.
    pub started_at: i64,
    /// When it was declared.
    pub declared_at: i64,
    /// When its last record was made.
    pub changed_at: i64,
    /// When the service came back.
    pub resolved_at: Option<i64>,
    /// When it was closed or cancelled.
    pub ended_at: Option<i64>,
    /// The earliest time that is promised.
    pub next_due: Option<i64>,
    /// Up to which record of its log the rows say who is named in it; empty if nobody need be, or until it
    /// is written who declared it.
    pub members_seq: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
