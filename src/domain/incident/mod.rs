//! The incident: a fold of its events (`fold`), and what it is to other modules.

mod fold;
#[cfg(test)]
mod laws;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Audience, FactorId, IncidentId, PersonId, PriorityId, ServiceId, StepId,
    event::{AffectedAnswer, Frozen, RungKind, StepState},
    facts::Facts,
    notification::Moment,
    room::Room,
    situation::{ByHand, RecipientId, Relation, Situation},
    time::Time,
};

/// The current state of an incident.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// Position of the last event.
    pub seq: u32,
    /// Counts events that change facts, priority, services, stage or leads, or say something.
    pub revision: u32,
    /// Short, in plain words. Never changes, so that mail threads hold.
    pub title: String,
    /// How grave.
    pub priority: PriorityId,
    /// Factors ticked.
    pub factors: BTreeSet<FactorId>,
    /// How the priority came about.
    pub triage: Vec<String>,
    /// Technical, data breach or security.
    pub kind: Kind,
    /// Whether only named people may know.
    pub restricted: bool,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// How far it is.
    pub stage: Stage,
    /// Services and how they are touched.
    pub services: BTreeMap<ServiceId, Relation>,
    /// What is known.
    pub facts: Facts,
    /// When the trouble started.
    pub started_at: Time,
    /// When it was declared.
    pub declared_at: Time,
    /// When the service came back.
    pub resolved_at: Option<Time>,
    /// When it was closed or cancelled.
    pub ended_at: Option<Time>,
    /// The incident of which this is a duplicate.
    pub duplicate_of: Option<IncidentId>,
    /// Leads appointed.
    pub leads: BTreeMap<LeadRole, PersonId>,
    /// The person who declared it, if it was one.
    pub declared_by: Option<PersonId>,
    /// Added by hand.
    pub added: Vec<ByHand>,
    /// Muted until then.
    pub muted: BTreeMap<PersonId, Time>,
    /// The channel in chat that it has to itself.
    pub room: Option<Room>,
    /// Whether users are to be contacted.
    pub users_contact: Option<bool>,
    /// Playbook steps recorded.
    pub steps: BTreeMap<StepId, StepRecord>,
    /// Services whose people were asked whether they are affected.
    pub asked: BTreeSet<ServiceId>,
    /// Answers to "are you affected?".
    pub affected_answers: BTreeMap<ServiceId, AffectedAnswer>,
    /// Who was asked to say that they have seen it, and whether they did.
    pub seen: BTreeMap<PersonId, Asked>,
    /// The time printed last to each audience, while it is owed.
    pub promises: BTreeMap<Audience, Promise>,
    /// How many updates (updates and service changes) were said.
    pub updates: u32,
    /// What was said last that was not "no change": position and instant.
    pub last_said: Option<(u32, Time)>,
    /// The latest prompt's frozen words, until something is said.
    pub prompt: Option<Frozen>,
    /// Prompts are silent until then.
    pub snoozed_until: Option<Time>,
    /// How often the present promise was snoozed.
    pub snoozes: u32,
    /// The holding line approved at the start.
    pub holding_line: Option<String>,
    /// References outside.
    pub references: Vec<String>,
    /// Steps of the ladder that were climbed, as (promised time, step, round).
    #[serde(skip)]
    pub climbed: BTreeSet<(Time, RungKind, u32)>,
    /// When the comms lead was last reminded of what is left to do.
    pub reminded_at: Option<Time>,
}

impl Incident {
    /// What resolution looks at when this is about to be said.
    pub fn situation(&self, moment: Moment, now: Time) -> Situation {
        Situation {
            priority: self.priority.clone(),
            kind: self.kind,
            stage: self.stage,
            moment,
            services: self.services.clone(),
            leads: self.leads.clone(),
            added: self.added.clone(),
            muted: self.muted.clone(),
            users_contact: self.users_contact,
            restricted: self.restricted,
            now,
        }
    }

    /// Those who run it: its leads, and whoever declared it.
    pub fn run_by(&self) -> BTreeSet<&PersonId> {
        self.leads.values().chain(&self.declared_by).collect()
    }

    /// Who may know of it although it is restricted: those who run it, and those who were added to it.
    pub fn named(&self) -> BTreeSet<&PersonId> {
        let added = self.added.iter().filter_map(|added| match &added.who {
            RecipientId::Person(person) => Some(person),
            RecipientId::Destination(_) => None,
        });
        self.run_by().into_iter().chain(added).collect()
    }

    /// The earliest time that is owed to anybody.
    pub fn next_due(&self) -> Option<Time> {
        self.promises.values().map(|promise| promise.due).min()
    }

    /// The promise that falls due first, and the audiences to which exactly that time was
    /// promised. The ladder runs on it.
    pub fn next_promise(&self) -> Option<(Time, BTreeSet<Audience>)> {
        let due = self.next_due()?;
        let audiences = self
            .promises
            .iter()
            .filter(|(_, promise)| promise.due == due)
            .map(|(audience, _)| *audience)
            .collect();
        Some((due, audiences))
    }
}

/// Somebody was asked to say that they have seen what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// When it was said; when they were asked last, if more than once.
    pub at: Time,
    /// When they said so first; `None` while they have not.
    pub said_at: Option<Time>,
}

/// A time printed to an audience, and whether we kept it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// The time printed.
    pub due: Time,
    /// Position of the event that printed it.
    pub made_by: u32,
}

/// A playbook step as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// How far.
    pub state: StepState,
    /// Why not needed, or a link.
    pub note: Option<String>,
    /// When it was recorded.
    pub at: Time,
    /// Who recorded it.
    pub by: String,
}

/// How far an incident is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Looking into it.
    Investigating,
    /// Fixing it.
    Identified,
    /// Checking the fix.
    Monitoring,
    /// Fixed.
    Resolved,
    /// Closed.
    Closed,
    /// Declared by mistake.
    Cancelled,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 6] = [
        Self::Investigating,
        Self::Identified,
        Self::Monitoring,
        Self::Resolved,
        Self::Closed,
        Self::Cancelled,
    ];

    /// The name in policies and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Investigating => "Looking into it",
            Self::Identified => "Fixing it",
            Self::Monitoring => "Checking the fix",
            Self::Resolved => "Fixed",
            Self::Closed => "Closed",
            Self::Cancelled => "Cancelled",
        }
    }

    /// Whether people are still owed updates.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Investigating | Self::Identified | Self::Monitoring
        )
    }
}

/// What sort of trouble it is.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something does not work.
    #[default]
    Technical,
    /// Personal data went astray.
    DataBreach,
    /// Somebody attacks.
    Security,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Technical, Self::DataBreach, Self::Security];

    /// The name in policies and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::DataBreach => "data_breach",
            Self::Security => "security",
        }
    }

    /// Whether incidents of this kind are restricted unless the declarer says why not.
    pub fn is_restricted_by_default(self) -> bool {
        self != Self::Technical
    }
}

/// The three who run an incident.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LeadRole {
    /// Owns what is said.
    Comms,
    /// Owns the fix.
    Tech,
    /// Watches what users report.
    Support,
}

impl LeadRole {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Comms, Self::Tech, Self::Support];

    /// The name in policies and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comms => "comms",
            Self::Tech => "tech",
            Self::Support => "support",
        }
    }
}
