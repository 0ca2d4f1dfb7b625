//! What the record tells: what became of each message, and what happened.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    IncidentId, Time,
    shown::{HasAddresses, ShownAddress},
};

/// One delivery of the record.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeliveryAnswer {
    /// Its id.
    pub delivery: String,
    /// Number of the event it told about.
    pub event: u32,
    /// The occasion.
    pub moment: String,
    /// As which reader.
    pub audience: String,
    /// Id of the person or destination; several, separated by commas, where an address is shared.
    pub recipient: String,
    /// Their names.
    pub name: String,
    /// By which channel.
    pub channel: String,
    /// To which address, as far as it may be shown.
    #[schema(value_type = String)]
    pub address: ShownAddress,
    /// ready, sending, uncertain, accepted, delivered, held, dead, bounced, superseded, expired,
    /// cancelled or not_sent.
    pub state: String,
    /// The state as people read it.
    pub state_words: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why they were on the list.
    pub reason: String,
    /// What was asked of them: `seen` or `affected`; absent if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<String>,
    /// What the other side said last, as a sentence.
    pub result: String,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub written_at: Time,
    /// When it reached the state it is in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Time>,
}

/// An event of the stream.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventAnswer {
    /// Id within the stream; resume with it. A gap is what the key may not see.
    pub id: u64,
    /// Of which incident.
    #[schema(value_type = String, example = "INC-0042")]
    pub incident: IncidentId,
    /// Number within the incident.
    pub event: u32,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Who, as people read it.
    pub who: String,
    /// Through what.
    pub door: String,
    /// The kind of event.
    pub kind: String,
    /// What happened, in words.
    pub text: String,
    /// The event as it was recorded.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

impl HasAddresses for DeliveryAnswer {
    fn each_address(&mut self, with: &mut dyn FnMut(&mut ShownAddress)) {
        with(&mut self.address);
    }
}
