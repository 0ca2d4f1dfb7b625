//! What happened to an incident: the append-only log, from which all else is computed.
//!
//! Events hold ids of people, never their addresses; a room is no person. Adding a variant, or an optional field, keeps
//! old records readable; changing one does not, because their bytes are in the hash chain.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Audience, FactorId, PersonId, PriorityId, ServiceId, StepId,
    delivery::RetryWay,
    facts::Facts,
    incident::{Kind, LeadRole, Stage},
    room::Room,
    situation::{ByHand, RecipientId, Relation},
    time::Time,
};

impl Event {
    /// The times this event promises, per audience; `None` for an event that can promise none.
    pub fn promised(&self) -> Option<&BTreeMap<Audience, Time>> {
        match self {
            Self::Declared { promised, .. }
            | Self::Updated { promised, .. }
            | Self::NothingChanged { promised, .. }
            | Self::PriorityChanged { promised, .. }
            | Self::ServicesChanged { promised, .. }
            | Self::Reopened { promised, .. }
            | Self::PersonAdded { promised, .. }
            | Self::UsersContactDecided { promised, .. } => Some(promised),
            _ => None,
        }
    }

    /// Takes back what is promised to audiences in which nobody is told. The promise to the
    /// responders stays: it is the team's own clock, whoever listens.
    pub fn promise_only(&mut self, reached: &BTreeSet<Audience>) {
        let (Self::Declared { promised, .. }
        | Self::Updated { promised, .. }
        | Self::NothingChanged { promised, .. }
        | Self::PriorityChanged { promised, .. }
        | Self::ServicesChanged { promised, .. }
        | Self::Reopened { promised, .. }
        | Self::PersonAdded { promised, .. }
        | Self::UsersContactDecided { promised, .. }) = self
        else {
            return;
        };
        promised
            .retain(|audience, _| *audience == Audience::Responders || reached.contains(audience));
    }

    /// Whether it says something to the audiences of the policy, so that it can be corrected.
    pub fn says_something(&self) -> bool {
        matches!(
            self,
            Self::Declared { .. }
                | Self::Updated { .. }
                | Self::NothingChanged { .. }
                | Self::PriorityChanged { .. }
                | Self::ServicesChanged { .. }
                | Self::Resolved { .. }
                | Self::Closed { .. }
                | Self::Corrected { .. }
                | Self::Reopened { .. }
                | Self::Cancelled { .. }
        )
    }

    /// Whether the revision counts it: it changes facts, priority, services, stage or leads, or
    /// says something to everyone. A catch-up for one person leaves the revision, and with it the
    /// frozen words of a prompt, as they are.
    pub fn raises_revision(&self) -> bool {
        self.says_something()
            || matches!(
                self,
                Self::LeadAppointed { .. }
                    | Self::StageChanged { .. }
                    | Self::SendingCancelled { .. }
            )
    }
}

/// One record of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Position within the incident, from 1.
    pub seq: u32,
    /// When.
    pub at: Time,
    /// Who did it.
    pub actor: Actor,
    /// What they asked with; the second arrival of a key gets the first answer.
    pub request_key: String,
    /// What happened.
    pub event: Event,
    /// Digests of what it said and to whom, if it said something.
    pub said: Option<Said>,
}

/// Who did something, and through what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// `person:priya-shah`, `cli:root`, `token:ci`, `clock`.
    pub id: String,
    /// The person of the directory, where it is one.
    pub person: Option<PersonId>,
    /// How the timeline names them.
    pub name: String,
    /// Through which door.
    pub door: Door,
}

/// The ways in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// A terminal.
    Cli,
    /// The HTTP API.
    Api,
    /// The promise clock itself.
    Clock,
    /// A page.
    Web,
    /// Microsoft Teams.
    Teams,
    /// Slack.
    Slack,
}

impl Door {
    /// The name in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Api => "api",
            Self::Clock => "clock",
            Self::Web => "web",
            Self::Teams => "teams",
            Self::Slack => "slack",
        }
    }
}

/// Proof of what an event said and to whom, inside the chain: see `proof`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Version and digest of the words of all messages as they are kept.
    pub words: String,
    /// Version and digest of who was told, as which reader, about what and by which channel.
    pub audience: String,
    /// Audiences in which nobody is left to be told: what was promised to them is owed no more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub released: BTreeSet<Audience>,
    /// Who was asked to say that they have seen it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asked: BTreeSet<PersonId>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// It began for us.
    Declared {
        /// Short, in plain words: what people cannot do.
        title: String,
        /// How grave.
        priority: PriorityId,
        /// Factors ticked.
        factors: BTreeSet<FactorId>,
        /// How the priority came about, in sentences: factors, season, ceiling, override.
        triage: Vec<String>,
        /// Technical, data breach or security.
        kind: Kind,
        /// Whether only named people may know.
        restricted: bool,
        /// An exercise is marked as one wherever it is spoken of.
        exercise: bool,
        /// Services and how they are touched.
        services: BTreeMap<ServiceId, Relation>,
        /// What is known.
        facts: Facts,
        /// When the trouble started.
        started_at: Time,
        /// Leads appointed at once.
        leads: BTreeMap<LeadRole, PersonId>,
        /// Times promised, per audience.
        promised: BTreeMap<Audience, Time>,
        /// The pre-approved holding line, if one was approved.
        holding_line: Option<String>,
        /// References outside, for example a ticket.
        references: Vec<String>,
        /// Why an incident of a restricted kind is not restricted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unrestricted_because: Option<String>,
    },
    /// A line on the timeline that tells nobody.
    Noted {
        /// The line.
        text: String,
    },
    /// People were told what changed.
    Updated {
        /// First sentence is the change.
        text: String,
        /// Facts that changed.
        facts: Facts,
        /// Stage, if it changed with it.
        stage: Option<Stage>,
        /// Times promised, per audience.
        promised: BTreeMap<Audience, Time>,
    },
    /// People were told that nothing changed.
    NothingChanged {
        /// Which audiences were told.
        audiences: BTreeSet<Audience>,
        /// Times promised, per audience.
        promised: BTreeMap<Audience, Time>,
        /// Whether it was the holding line that went out by itself.
        holding_line: bool,
    },
    /// Graver or less grave.
    PriorityChanged {
        /// Before.
        from: PriorityId,
        /// Now.
        to: PriorityId,
        /// Factors ticked now.
        factors: BTreeSet<FactorId>,
        /// How it came about.
        triage: Vec<String>,
        /// Why, as a sentence people read.
        why: String,
        /// Times promised, per audience.
        promised: BTreeMap<Audience, Time>,
    },
    /// Services were added or removed, or touched differently.
    ServicesChanged {
        /// Added, or with a new relation.
        added: BTreeMap<ServiceId, Relation>,
        /// Removed.
        removed: BTreeSet<ServiceId>,
        /// What people are told; first sentence is the change.
        text: String,
        /// Times promised, per audience.
        promised: BTreeMap<Audience, Time>,
    },
    /// A lead was appointed.
    LeadAppointed {
        /// Which lead.
        role: LeadRole,
        /// Who.
        person: PersonId,
        /// Who had it, if this is a hand-over.
        from: Option<PersonId>,
        /// What they should know.
        note: Option<String>,
    },
    /// The stage changed and nobody was told.
    StageChanged {
        /// Before.
        from: Stage,
        /// Now.
        to: Stage,
    },
    /// The service is back.
    Resolved {
        /// When it came back.
        at: Time,
        /// What people read about how it was fixed.
        text: String,
        /// What was lost; `None` reads "Nothing was lost".
        lost: Option<String>,
        /// What to do if still stuck.
        still_stuck: Option<String>,
    },
    /// The paperwork is done.
    Closed {
        /// The same trouble as another incident.
        duplicate_of: Option<super::IncidentId>,
        /// What people read.
        text: Option<String>,
        /// Link to the report.
        report: Option<String>,
        /// When the review is.
        review_at: Option<Time>,
        /// Actions, each with its owner, as sentences.
        actions: Vec<String>,
    },
    /// Something we said was wrong.
    Corrected {
        /// Positions of the events that said it.
        events: BTreeSet<u32>,
        /// What was wrong, quoted.
        wrong: String,
        /// What is right.
        right: String,
        /// Facts put right.
        facts: Facts,
        /// The title put right.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The holding line put right.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holding_line: Option<String>,
    },
    /// It was not fixed after all.
    Reopened {
        /// Why, as a sentence people read.
        why: String,
        /// Times promised, per audience.
        promised: BTreeMap<Audience, Time>,
    },
    /// Declared by mistake.
    Cancelled {
        /// Why, as a sentence people read.
        why: String,
    },
    /// Somebody is told from now on, whatever the rules say.
    PersonAdded {
        /// Who, how and why.
        by_hand: ByHand,
        /// Times promised, to an audience that had no promise before.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        promised: BTreeMap<Audience, Time>,
    },
    /// Somebody is not told for a while.
    Muted {
        /// Who.
        person: PersonId,
        /// Until when.
        until: Time,
        /// Why.
        note: Option<String>,
    },
    /// Whether users are contacted was decided.
    UsersContactDecided {
        /// Yes or no.
        contact: bool,
        /// Why.
        reason: String,
        /// The time promised to users, if they are told now.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        promised: BTreeMap<Audience, Time>,
    },
    /// A playbook step was recorded.
    StepRecorded {
        /// Which.
        step: StepId,
        /// Done, or not needed; `open` takes it back.
        state: StepState,
        /// Why not needed, or a link.
        note: Option<String>,
    },
    /// Leads were prompted that an update is due.
    Prompted {
        /// Promised time at stake.
        due: Time,
        /// Who was prompted.
        to: BTreeSet<PersonId>,
        /// The words a "no change" would send, per audience, and the time they promise.
        frozen: Frozen,
        /// Which step of the ladder it is.
        #[serde(default)]
        rung: RungKind,
        /// How often the promise had been snoozed by then.
        #[serde(default)]
        round: u32,
    },
    /// A prompt was put off.
    Snoozed {
        /// Until when prompts are silent.
        until: Time,
        /// Which snooze of this promise it is, from 1.
        count: u32,
    },
    /// A promise was broken and others were told.
    Overdue {
        /// Promised time.
        due: Time,
        /// Whole minutes late when this was said.
        minutes_late: u32,
        /// Who was told.
        to: BTreeSet<PersonId>,
        /// Which step of the ladder it is.
        #[serde(default = "RungKind::overdue")]
        rung: RungKind,
    },
    /// Messages still waiting were cancelled by a person.
    SendingCancelled {
        /// The event whose messages were stopped.
        event: u32,
        /// How many deliveries were stopped.
        stopped: u32,
        /// Promises in force again, if nobody had been told.
        restored: BTreeMap<Audience, Option<Time>>,
    },
    /// A second person agreed to messages that waited for their word.
    SendingApproved {
        /// The events whose messages may go.
        events: BTreeSet<u32>,
        /// How many deliveries were let go.
        messages: u32,
        /// Why whoever wrote them agreed to them, where there was no second person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alone: Option<String>,
    },
    /// Failed messages were sent on their way again by a person.
    SendingRetried {
        /// How.
        way: RetryWay,
        /// The events whose messages they are.
        events: BTreeSet<u32>,
        /// How many deliveries wait.
        messages: u32,
    },
    /// Somebody answered "are you affected?".
    AffectedAnswered {
        /// For which service.
        service: ServiceId,
        /// What they said.
        answer: AffectedAnswer,
        /// Who said it.
        person: Option<PersonId>,
    },
    /// Owners of other services were asked whether they are affected.
    AskedIfAffected {
        /// Which services.
        services: BTreeSet<ServiceId>,
        /// Who was asked.
        to: BTreeSet<RecipientId>,
    },
    /// Somebody who was asked said that they have seen it.
    Seen {
        /// Who has seen it. The actor is another where they were asked by word of mouth.
        person: PersonId,
    },
    /// The incident has a channel in chat to itself from now on.
    RoomOpened {
        /// Which.
        room: Room,
    },
    /// The comms lead was reminded of what is left to do.
    Reminded {
        /// Steps that were open.
        steps: Vec<StepId>,
        /// Who was reminded.
        to: BTreeSet<PersonId>,
    },
}

/// A step of the ladder that is climbed around a promised time, the mildest first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum RungKind {
    /// The comms lead is prompted.
    #[default]
    PromptLead,
    /// The other leads are prompted.
    PromptOthers,
    /// The promise is broken: the comms lead is mentioned.
    Overdue,
    /// Others are told that it is late.
    Escalate,
    /// The pre-approved holding line goes out by itself.
    HoldingLine,
    /// After the fix: what is left to do.
    Reminder,
}

impl RungKind {
    /// All steps, the mildest first.
    pub const ALL: [Self; 6] = [
        Self::PromptLead,
        Self::PromptOthers,
        Self::Overdue,
        Self::Escalate,
        Self::HoldingLine,
        Self::Reminder,
    ];

    /// The name in timers and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PromptLead => "prompt-lead",
            Self::PromptOthers => "prompt-others",
            Self::Overdue => "overdue",
            Self::Escalate => "escalate",
            Self::HoldingLine => "holding-line",
            Self::Reminder => "reminder",
        }
    }

    fn overdue() -> Self {
        Self::Overdue
    }
}

/// The words of a "no change", kept when a prompt shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// Revision the words were made at.
    pub revision: u32,
    /// What would be sent, in plain text, per audience.
    pub words: BTreeMap<Audience, String>,
    /// What it would promise, per audience.
    pub promised: BTreeMap<Audience, Time>,
}

/// How far a playbook step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Still to do.
    Open,
    /// Done.
    Done,
    /// Not needed, for a reason.
    NotNeeded,
}

/// The answers to "are you affected?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AffectedAnswer {
    /// The service is affected.
    Yes,
    /// It is not.
    No,
    /// They are looking.
    Checking,
}

impl AffectedAnswer {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Checking => "checking",
        }
    }
}
