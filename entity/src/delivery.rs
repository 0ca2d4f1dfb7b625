//! One message to one address.

use sea_orm::entity::prelude::*;

/// See the module. Instants are microseconds since 1970 in UTC.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    /// ULID: the stable key of every repeat.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The notification.
    pub notification_id: String,
    /// The words; empty when it is deliberately not sent.
    pub message_id: Option<String>,
    /// Number of the incident; empty for a test message.
    pub incident: Option<i64>,
    /// Position of the event; the order in which deliveries of one `order_key` leave.
    pub event_seq: i64,
    /// The occasion.
    pub moment: String,
    /// The readers.
    pub audience: String,
    /// The channel; empty text when it is deliberately not sent.
    pub channel: String,
    /// To where; empty text when it is deliberately not sent.
    pub address: String,
    /// The limit domain of the address.
    pub lane: String,
    /// Digest of incident, channel and address in lower case.
    pub order_key: String,
    /// What goes first: 0 is the gravest priority and whatever goes to leads.
    pub rank: i64,
    /// Whether the priority is the gravest.
    pub urgent: bool,
    /// The state's name.
    pub state: String,
    /// When it may be tried next; empty when it does not wait.
    pub next_at: Option<i64>,
    /// Not to be sent before.
    pub not_before: Option<i64>,
    /// Not to be sent after.
    pub deliver_by: i64,
    /// Tries that count.
    pub attempts: i64,
    /// Whether it may be out although nobody said so.
    pub unsure: bool,
    /// Whether it goes in plain text because the other side refused more.
    pub plain: bool,
    /// Whether it is the first of its incident, channel and address.
    pub first: bool,
    /// Who is sending it.
    pub lease_token: Option<String>,
    /// Until when they may.
    pub lease_until: Option<i64>,
    /// The delivery that has to leave before.
    pub blocked_by: Option<String>,
    /// Names of the recipients, as the message shows them.
    pub name: String,
    /// JSON list of the recipients with their reasons.
    pub recipients: String,
    /// The reason line.
    pub reason: String,
    /// JSON list of where to turn if it fails; an empty list when that was used.
    pub fallbacks: Option<String>,
    /// When the next channel is used although this one has not failed.
    pub fallback_at: Option<i64>,
    /// The delivery in whose stead this one was written.
    pub fell_from: Option<String>,
    /// When the first try was made: the date on the wire.
    pub wire_date: Option<i64>,
    /// SHA-256 of the bytes of the first try, hex, where they are known; of the first in plain text
    /// where more was refused.
    pub wire_sha256: Option<String>,
    /// The provider's id for it.
    pub provider_id: Option<String>,
    /// What came of the last try.
    pub last_class: Option<String>,
    /// Status code of the last try.
    pub last_code: Option<i64>,
    /// What a person reads about its state; may be empty.
    pub sentence: String,
    /// Why it is tried although a mark stands on its address.
    pub despite: Option<String>,
    /// Whether it waits for a second person to agree to it; `next_at` is empty until then.
    pub awaits_word: bool,
    /// What is asked of its recipients: `seen` or `affected`.
    pub asks: Option<String>,
    /// When it was written.
    pub created_at: i64,
    /// When it reached a final state.
    pub ended_at: Option<i64>,
    /// Whether the program writes the rows of its recipients; empty where the database does.
    pub recipients_written: Option<bool>,
}

impl ActiveModelBehavior for ActiveModel {}
