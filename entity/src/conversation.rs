//! Where the bots of chat were met: conversations that a checked call vouched for.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation")]
pub struct Model {
    /// The channel in the settings.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// The address on it, as the directory spells it: of a person their own, and not that of the chat.
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    /// The other side's id of the conversation.
    pub conversation: String,
    /// The web address at which it is answered.
    pub service_url: String,
    /// What it is, in the other side's word.
    pub kind: String,
    /// The other side's id of the person, in a chat with one person alone.
    pub member: Option<String>,
    /// When this was learned.
    pub seen_at: i64,
}

/// Shows nothing but which channel it is of: the rest is private.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("conversation")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// None: rows are joined where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
