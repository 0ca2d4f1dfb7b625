//! A policy that is, or was, in force.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policy_version")]
pub struct Model {
    /// Counts up from 1; the highest is in force.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// The policy as it was written.
    pub text: String,
    /// Of the text, hex.
    pub sha256: String,
    /// When it was put in force.
    pub applied_at: i64,
    /// Who put it in force.
    pub applied_by: String,
    /// Of the file that was applied at start, hex; empty if a person put it in force.
    pub file_sha256: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
