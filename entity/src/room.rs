//! The channels in chat that incidents have to themselves: what there is of each, and what is to do.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "room")]
pub struct Model {
    /// Number of the incident.
    #[sea_orm(primary_key, auto_increment = false)]
    pub incident_id: i64,
    /// The channel in the settings.
    pub channel: String,
    /// What it is called, or will be.
    pub name: String,
    /// How many names before were taken by others.
    pub taken: i64,
    /// Its address; empty while it is not made.
    pub address: Option<String>,
    /// What stands above it.
    pub topic: String,
    /// Addresses of those who were asked in, JSON.
    pub invited: String,
    /// The other side's ids of the posts below which it is pointed to, JSON.
    pub pointed: String,
    /// Position of the last event of the incident that it is up to.
    pub seen_seq: i64,
    /// Tries in vain, one after the other.
    pub attempts: i64,
    /// Not to be looked after before.
    pub next_at: i64,
    /// Who looks after it.
    pub lease_token: String,
    /// Until when.
    pub lease_until: i64,
    /// When it was wanted.
    pub created_at: i64,
}

/// Shows nothing but whose it is: the rest holds addresses.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("room")
            .field("incident_id", &self.incident_id)
            .finish_non_exhaustive()
    }
}

/// None: rows are joined where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
