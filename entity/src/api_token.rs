//! A token for the HTTP API. The secret itself is nowhere.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    /// ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do, a JSON list.
    pub scopes: String,
    /// Of the secret, hex.
    pub secret_sha256: String,
    /// The person for whom it acts.
    pub person_id: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: i64,
    /// When it stops working.
    pub expires_at: Option<i64>,
    /// When it was taken back.
    pub revoked_at: Option<i64>,
    /// Who took it back; empty in rows from before that was kept.
    pub revoked_by: Option<String>,
    /// When it was used last, about.
    pub last_used_at: Option<i64>,
}

/// Shows nothing but which row it is: the rest is private.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("api_token")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// None: rows are joined where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
