//! What use cases answer, the same at every door, in names that others script against.
//!
//! These are plain copies, with texts instead of domain types: what a script reads must not change
//! because a type inside did.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    Audience, IncidentId, Time,
    checker::{Finding, Severity},
    resolution::{Explanation, Reason, Recipient, Resolution, Totals, Verdict, Withheld},
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
    pub(super) fn new(finding: Finding, audiences: &BTreeSet<Audience>) -> Self {
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

/// Who is told, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WhoAnswer {
    /// Counts.
    pub totals: TotalsAnswer,
    /// Everyone told.
    pub recipients: Vec<RecipientAnswer>,
    /// Everyone who matched and cannot be reached.
    pub unreachable: Vec<WithheldAnswer>,
    /// Everyone who matched and is deliberately not told.
    pub withheld: Vec<WithheldAnswer>,
    /// Everyone else, with the nearest rule; only on request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_told: Option<Vec<NotToldAnswer>>,
    /// How many are not told; `not_told` explains the first thousand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_told_total: Option<usize>,
    /// Who was asked to say that they have seen it; only of an incident that asked somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenAnswer>,
    /// What another policy would change; only on request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<AgainstAnswer>,
    /// What is missing of what was expected; only on request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// Who was asked to say that they have seen it, and who has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeenAnswer {
    /// How many were asked.
    pub asked: usize,
    /// How many have said so.
    pub seen: usize,
    /// The same as people read it, with the names of those who have not.
    pub words: String,
    /// Everybody who was asked; first those who have not said so.
    pub people: Vec<SeenPerson>,
}

/// Somebody who was asked to say that they have seen it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeenPerson {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
    /// When they were asked last.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Time,
    /// When they said so; absent while they have not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen_at: Option<Time>,
}

/// Counts as people read them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TotalsAnswer {
    /// People told; destinations are not people.
    pub people: usize,
    /// Messages.
    pub messages: usize,
    /// Messages by channel.
    pub by_channel: BTreeMap<String, usize>,
}

/// Somebody who is told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecipientAnswer {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
    /// `person` or `destination`.
    pub kind: String,
    /// As which reader.
    pub audience: String,
    /// On which channels.
    pub deliveries: Vec<ChoiceAnswer>,
    /// Why, the best reason first.
    pub reasons: Vec<ReasonAnswer>,
}

/// A channel on which somebody is told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChoiceAnswer {
    /// The channel.
    pub channel: String,
    /// The address.
    pub address: String,
    /// Channels that are tried if this one fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub falls_back_to: Vec<String>,
}

/// Why somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReasonAnswer {
    /// The rule; absent when added by hand.
    pub rule: Option<String>,
    /// The service on which it matched.
    pub service: Option<String>,
    /// The reason in words.
    pub text: String,
    /// The rule's own sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
}

/// Somebody who matched and is not told.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WithheldAnswer {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
    /// `person` or `destination`.
    pub kind: String,
    /// As which reader they would have been told.
    pub audience: String,
    /// Why not, as a sentence.
    pub why: String,
    /// Why they matched.
    pub reasons: Vec<ReasonAnswer>,
}

/// Somebody whom no rule tells.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NotToldAnswer {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
    /// The rule that would need the fewest changes to tell them.
    pub nearest_rule: Option<String>,
    /// What does not hold of it, in words.
    pub failing: Vec<String>,
    /// All of it as one sentence.
    pub sentence: String,
}

/// What another policy would change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgainstAnswer {
    /// Told by the other policy only.
    pub added: Vec<RecipientAnswer>,
    /// Told by the policy in force only.
    pub removed: Vec<RecipientAnswer>,
    /// Told by both, in another way or as another reader; as the other policy would.
    pub changed: Vec<RecipientAnswer>,
}

impl From<&Totals> for TotalsAnswer {
    fn from(totals: &Totals) -> Self {
        Self {
            people: totals.people,
            messages: totals.messages,
            by_channel: totals
                .by_channel
                .iter()
                .map(|(name, count)| (name.to_string(), *count))
                .collect(),
        }
    }
}

impl From<&Reason> for ReasonAnswer {
    fn from(reason: &Reason) -> Self {
        Self {
            rule: reason.rule.as_ref().map(ToString::to_string),
            service: reason.service.as_ref().map(ToString::to_string),
            text: reason.text.to_string(),
            says: reason.says.to_string(),
        }
    }
}

impl From<&Recipient> for RecipientAnswer {
    fn from(recipient: &Recipient) -> Self {
        Self {
            id: recipient.who.as_str().to_owned(),
            name: recipient.name.to_string(),
            kind: recipient.who.kind().to_owned(),
            audience: recipient.audience.to_string(),
            deliveries: recipient
                .choices
                .iter()
                .map(|choice| ChoiceAnswer {
                    channel: choice.channel.to_string(),
                    address: choice.address.as_str().to_owned(),
                    falls_back_to: choice
                        .fallbacks
                        .iter()
                        .map(|(channel, _)| channel.to_string())
                        .collect(),
                })
                .collect(),
            reasons: recipient.reasons.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Withheld> for WithheldAnswer {
    fn from(withheld: &Withheld) -> Self {
        Self {
            id: withheld.who.as_str().to_owned(),
            name: withheld.name.to_string(),
            kind: withheld.who.kind().to_owned(),
            audience: withheld.audience.to_string(),
            why: withheld.sentence.clone(),
            reasons: withheld.reasons.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Resolution> for WhoAnswer {
    fn from(resolution: &Resolution) -> Self {
        use crate::domain::resolution::WithheldBecause::Unreachable;
        let (unreachable, withheld): (Vec<_>, Vec<_>) = resolution
            .withheld
            .iter()
            .partition(|withheld| withheld.because == Unreachable);
        Self {
            totals: (&resolution.totals()).into(),
            recipients: resolution.recipients.iter().map(Into::into).collect(),
            unreachable: unreachable.into_iter().map(Into::into).collect(),
            withheld: withheld.into_iter().map(Into::into).collect(),
            not_told: None,
            not_told_total: None,
            seen: None,
            against: None,
            missing: Vec::new(),
        }
    }
}

/// An incident as it stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StatusAnswer {
    /// In one line.
    #[serde(flatten)]
    pub summary: SummaryAnswer,
    /// What is known; a fact that is not known yet is absent.
    pub facts: BTreeMap<String, String>,
    /// Technical, data breach or security.
    pub kind: String,
    /// How the priority came about.
    pub triage: Vec<String>,
    /// Leads by role, with their names.
    pub leads: BTreeMap<String, LeadAnswer>,
    /// Services and how they are touched.
    pub services: BTreeMap<String, String>,
    /// Times owed, by audience.
    #[schema(value_type = BTreeMap<String, String>)]
    pub promises: BTreeMap<String, Time>,
    /// Promises made so far, and how late they were kept.
    pub kept: Vec<PromiseAnswer>,
    /// Whether users are contacted; absent while nobody has decided.
    pub contact_users: Option<bool>,
    /// Deliveries of the latest message.
    pub latest: Progress,
    /// What waits for a second person to agree.
    pub awaiting: Vec<AwaitingAnswer>,
    /// Who was asked to say that they have seen it; absent if nobody was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenAnswer>,
    /// What services up- and downstream answered: `asked`, `yes`, `no` or `checking`.
    pub affected: BTreeMap<String, String>,
    /// What the playbook asks for.
    pub left_to_do: Vec<StepAnswer>,
    /// What happened, the oldest first.
    pub timeline: Vec<TimelineAnswer>,
}

/// An incident in one line.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SummaryAnswer {
    /// Which incident.
    #[schema(value_type = String, example = "INC-0042")]
    pub incident: IncidentId,
    /// What people cannot do.
    pub title: String,
    /// How grave.
    pub priority: String,
    /// How far: investigating, identified, monitoring, resolved, closed or cancelled.
    pub stage: String,
    /// The same as people read it.
    pub stage_words: String,
    /// Counts changes.
    pub revision: u32,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Whether only named people may know.
    pub restricted: bool,
    /// When it was declared.
    #[schema(value_type = String, format = DateTime)]
    pub declared_at: Time,
    /// When the trouble started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Time,
    /// When the service came back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resolved_at: Option<Time>,
    /// The earliest time owed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_update: Option<Time>,
    /// The same in words: "due by 2:40pm, 9 minutes left", "overdue by 4 minutes".
    pub next_update_words: Option<String>,
}

/// Who leads.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LeadAnswer {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A time that was promised, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PromiseAnswer {
    /// To which readers.
    pub audience: String,
    /// For when.
    #[schema(value_type = String, format = DateTime)]
    pub due: Time,
    /// When it was kept, or replaced; absent while it is owed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub answered_at: Option<Time>,
    /// Whole minutes late; 0 is in time.
    pub minutes_late: u32,
}

/// What waits for a second person to agree, with its words.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AwaitingAnswer {
    /// Number of the event; `oyez approve` lets go what waits up to it.
    pub event: u32,
    /// Who wrote it.
    pub by: String,
    /// The occasion.
    pub moment: String,
    /// The readers.
    pub audience: String,
    /// The channel.
    pub channel: String,
    /// How many messages.
    pub messages: usize,
    /// The words, by part.
    pub parts: BTreeMap<String, String>,
}

/// A step of the playbook.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepAnswer {
    /// Its id, as `oyez step` takes it.
    pub step: String,
    /// What is to be done.
    pub words: String,
    /// open, done or not_needed.
    pub state: String,
    /// Where to do it.
    pub link: Option<String>,
    /// Whose it is.
    pub whose: String,
    /// What was recorded with it.
    pub note: Option<String>,
}

/// A line of the timeline.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimelineAnswer {
    /// Number of the event.
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
    /// Numbers of later events that put it right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrected_by: Vec<u32>,
}

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
    /// To which address.
    pub address: String,
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

/// Why somebody is told, or not.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExplainAnswer {
    /// Id in the directory.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether they are told.
    pub told: bool,
    /// All of it in one sentence.
    pub sentence: String,
    /// On which channels.
    pub deliveries: Vec<ChoiceAnswer>,
    /// Why they match, if they do.
    pub reasons: Vec<ReasonAnswer>,
    /// The rule that would need the fewest changes to tell them.
    pub nearest_rule: Option<String>,
    /// What does not hold of that rule, in words.
    pub failing: Vec<String>,
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

impl From<&Explanation> for ExplainAnswer {
    fn from(explanation: &Explanation) -> Self {
        let mut answer = Self {
            id: explanation.who.as_str().to_owned(),
            name: explanation.name.to_string(),
            told: false,
            sentence: explanation.sentence(),
            deliveries: Vec::new(),
            reasons: Vec::new(),
            nearest_rule: None,
            failing: Vec::new(),
        };
        match &explanation.verdict {
            Verdict::Told(recipient) => {
                let told = RecipientAnswer::from(recipient);
                answer.told = true;
                answer.deliveries = told.deliveries;
                answer.reasons = told.reasons;
            }
            Verdict::Withheld(withheld) => {
                answer.reasons = withheld.reasons.iter().map(Into::into).collect();
            }
            Verdict::NotMatched {
                nearest: Some(near),
            } => {
                answer.nearest_rule = Some(near.rule.to_string());
                answer.failing = near
                    .failing
                    .iter()
                    .map(|failing| failing.sentence.clone())
                    .collect();
            }
            Verdict::NotMatched { nearest: None } | Verdict::Unknown => {}
        }
        answer
    }
}

impl From<&Explanation> for NotToldAnswer {
    fn from(explanation: &Explanation) -> Self {
        let answer = ExplainAnswer::from(explanation);
        Self {
            id: answer.id,
            name: answer.name,
            nearest_rule: answer.nearest_rule,
            failing: answer.failing,
            sentence: answer.sentence,
        }
    }
}
