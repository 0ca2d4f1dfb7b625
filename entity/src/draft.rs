//! A command that somebody was shown and has not sent yet.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "draft")]
pub struct Model {
    /// ULID; also the request key under which it is sent, so that it is sent once.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Whose it is, as the record names them; nobody else can send it.
    pub actor: String,
    /// Number of the incident; none for a new one.
    pub incident: Option<i64>,
    /// The revision that they saw; 0 for a new incident.
    pub revision: i64,
    /// The command, JSON.
    pub command: String,
    /// From when on it can no longer be sent.
    pub expires_at: i64,
}

/// Shows nothing but which row it is: the rest is private.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("draft")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// None: rows are joined where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
