//! What came of a command, and of what it sent.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RecipientAnswer;
use crate::domain::{
    Audience, IncidentId, Time,
    checker::{Finding, Severity},
    shown::{HasAddresses, ShownAddress},
};

/// What came of a command.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// Which incident.
    #[schema(value_type = String, example = "INC-0042")]
    pub incident: IncidentId,
    /// Its revision after the command.
    pub revision: u32,
    /// Number of the event that was written; absent in a rehearsal.
    pub event: Option<u32>,
    /// One line that says what happened.
    pub headline: String,
    /// What else the person should know, in sentences.
    pub sentences: Vec<String>,
    /// What the checker found in the words, what stops them first.
    #[serde(default)]
    pub findings: Vec<FindingAnswer>,
    /// Whether something found must be put right before anything is sent.
    pub blocked: bool,
    /// Whether the policy asks that whoever declares this sees the people first.
    #[serde(default)]
    pub preview_required: bool,
    /// People told.
    pub people: usize,
    /// Messages: one for each recipient and channel.
    pub messages: usize,
    /// Messages by channel.
    pub by_channel: BTreeMap<String, usize>,
    /// When the next update is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_update: Option<Time>,
    /// Who is told; only in a rehearsal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<RecipientAnswer>,
    /// The words; only in a rehearsal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<WordsAnswer>,
    /// How many matched and are not told, by the reason why; only in a rehearsal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub withheld: BTreeMap<String, usize>,
    /// Of the messages, those that wait for a second person to agree.
    #[serde(default)]
    pub awaiting: usize,
    /// Ids of the notifications, for following their deliveries.
    #[serde(default)]
    pub notifications: Vec<String>,
    /// How far the deliveries are, where somebody waited for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// Something in the words that readers may trip over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingAnswer {
    /// `error` stops the message; `warning` does not.
    pub severity: String,
    /// Stable name of the kind of finding.
    pub code: String,
    /// The field it is in, as people know it; empty if it is about the message as a whole.
    pub field: String,
    /// The words in question, as typed; empty if it is about something missing.
    pub quoted: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// Readers of these audiences would trip over it.
    pub audiences: Vec<String>,
}

impl FindingAnswer {
    pub(in crate::app) fn new(finding: Finding, audiences: &BTreeSet<Audience>) -> Self {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        Self {
            severity: severity.to_owned(),
            code: finding.code.to_owned(),
            field: finding.field,
            quoted: finding.quoted,
            message: finding.message,
            fix: finding.fix,
            audiences: audiences.iter().map(ToString::to_string).collect(),
        }
    }

    /// Whether it stops the message.
    pub fn stops(&self) -> bool {
        self.severity == "error"
    }

    /// Where it is and what is wrong: `Effect, "due to": This names a cause to people outside.`
    pub fn place_and_message(&self) -> String {
        let quoted = match self.quoted.as_str() {
            "" => String::new(),
            words => format!("\"{words}\""),
        };
        let place: Vec<&str> = [self.field.as_str(), &quoted]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        match place.as_slice() {
            [] => self.message.clone(),
            place => format!("{}: {}", place.join(", "), self.message),
        }
    }
}

/// Deliveries by what people call their state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// All of them, but for those deliberately not sent to.
    pub total: usize,
    /// Not tried yet, or sending.
    pub waiting: usize,
    /// Tried, and to be tried again; or it is not known yet what came of it.
    pub retrying: usize,
    /// Waiting for a second person to agree.
    #[serde(default)]
    pub awaiting: usize,
    /// Waiting for a person, because nobody knows whether it is out.
    pub held: usize,
    /// Taken by the other side.
    pub accepted: usize,
    /// Confirmed to have arrived.
    pub delivered: usize,
    /// Given up.
    pub failed: usize,
    /// Superseded, expired or cancelled.
    pub dropped: usize,
    /// Matched, and deliberately not sent to.
    pub not_sent: usize,
}

/// What became of a wish to send failed messages on their way again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetryAnswer {
    /// How many are on their way again; in a dry run, how many would be.
    pub messages: usize,
    /// How many were left, because the same or something newer was said since.
    pub overtaken: usize,
    /// Names of those who have no usable address on the other channel.
    pub no_address: Vec<String>,
    /// The same in words.
    pub sentences: Vec<String>,
    /// How far all messages of the incident are.
    #[serde(flatten)]
    pub progress: Progress,
}

/// The words of one message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WordsAnswer {
    /// The occasion.
    pub moment: String,
    /// The readers.
    pub audience: String,
    /// The channel.
    pub channel: String,
    /// The parts, for example a mail's subject, text and html.
    pub parts: BTreeMap<String, String>,
}

impl HasAddresses for Receipt {
    fn each_address(&mut self, with: &mut dyn FnMut(&mut ShownAddress)) {
        self.recipients.each_address(with);
    }
}
