//! How an incident stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Progress;
use crate::domain::{IncidentId, Time};

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
    /// What keeps messages from leaving, in sentences; absent if nothing does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_up: Vec<String>,
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
