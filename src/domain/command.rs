//! What a person asks for, the same at every door.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Audience, ChannelName, FactorId, IncidentId, PersonId, PriorityId, ServiceId, StepId,
    event::{AffectedAnswer, StepState},
    facts::Facts,
    incident::{Kind, LeadRole, Stage},
    situation::{RecipientId, Relation},
    time::Time,
};

/// A new incident, as somebody describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "title": "Providers cannot sign in",
    "priority": "P1",
    "services": {"register-trainees": "affected"},
    "facts": {"effect": "Training providers cannot sign in."},
}))]
pub struct Declare {
    /// Short, in plain words: what people cannot do.
    pub title: String,
    /// `None` takes what the factors add up to.
    pub priority: Option<PriorityId>,
    /// Factors ticked.
    pub factors: BTreeSet<FactorId>,
    /// Why the ceiling does not hold this time.
    pub override_ceiling: Option<String>,
    /// Technical, data breach or security.
    pub kind: Kind,
    /// Why an incident of a restricted kind is not restricted.
    pub unrestricted_because: Option<String>,
    /// Restrict an incident of any kind.
    pub restricted: bool,
    /// An exercise.
    pub exercise: bool,
    /// Services and how they are touched.
    pub services: BTreeMap<ServiceId, Relation>,
    /// What is known.
    pub facts: Facts,
    /// `None` is now.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Time>,
    /// Leads known already.
    pub leads: BTreeMap<LeadRole, PersonId>,
    /// Another time than the policy's.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_update: Option<Time>,
    /// A holding line approved now.
    pub holding_line: Option<String>,
    /// References outside.
    pub references: Vec<String>,
}

impl Declare {
    /// Every time in it.
    pub fn times(&self) -> impl Iterator<Item = Time> {
        self.started_at.into_iter().chain(self.next_update)
    }
}

/// A change of an incident that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
#[schema(example = json!({
    "command": "update",
    "text": "Some providers can sign in again.",
    "stage": "identified",
}))]
pub enum Command {
    /// A line on the timeline that tells nobody.
    Note {
        /// The line.
        text: String,
    },
    /// Tell people what changed.
    Update {
        /// First sentence is the change.
        text: String,
        /// Facts that changed.
        #[serde(default)]
        facts: Facts,
        /// A new stage with it.
        #[serde(default)]
        stage: Option<Stage>,
        /// Another time than the policy's.
        #[serde(default)]
        #[schema(value_type = Option<String>, format = DateTime)]
        next_update: Option<Time>,
    },
    /// Keep the promise: nothing changed.
    NoChange {
        /// Another time than the policy's.
        #[serde(default)]
        #[schema(value_type = Option<String>, format = DateTime)]
        next_update: Option<Time>,
    },
    /// Graver or less grave.
    Priority {
        /// `None` takes what the factors add up to.
        #[serde(default)]
        to: Option<PriorityId>,
        /// Factors ticked now; empty keeps those ticked before.
        #[serde(default)]
        factors: BTreeSet<FactorId>,
        /// Why, as a sentence people read.
        why: String,
        /// Why the ceiling does not hold this time.
        #[serde(default)]
        override_ceiling: Option<String>,
        /// Another time than the policy's.
        #[serde(default)]
        #[schema(value_type = Option<String>, format = DateTime)]
        next_update: Option<Time>,
    },
    /// Add or remove services.
    Services {
        /// To add, or to touch differently.
        #[serde(default)]
        add: BTreeMap<ServiceId, Relation>,
        /// To remove.
        #[serde(default)]
        remove: BTreeSet<ServiceId>,
        /// What people are told; `None` takes the default words.
        #[serde(default)]
        text: Option<String>,
    },
    /// Appoint leads, or hand a lead over: all of them or none.
    Leads {
        /// Who leads in what.
        appoint: BTreeMap<LeadRole, PersonId>,
        /// What they should know.
        #[serde(default)]
        note: Option<String>,
    },
    /// Change the stage and tell nobody.
    Stage {
        /// The new stage; one of the open three.
        to: Stage,
    },
    /// The service is back.
    Resolve {
        /// How it was fixed, as people read it.
        text: String,
        /// `None` is now.
        #[serde(default)]
        #[schema(value_type = Option<String>, format = DateTime)]
        at: Option<Time>,
        /// What was lost.
        #[serde(default)]
        lost: Option<String>,
        /// What to do if still stuck.
        #[serde(default)]
        still_stuck: Option<String>,
    },
    /// The paperwork is done.
    Close {
        /// The same trouble as another incident.
        #[serde(default)]
        duplicate_of: Option<IncidentId>,
        /// What people read.
        #[serde(default)]
        text: Option<String>,
        /// Link to the report.
        #[serde(default)]
        report: Option<String>,
        /// When the review is.
        #[serde(default)]
        #[schema(value_type = Option<String>, format = DateTime)]
        review_at: Option<Time>,
        /// Actions, each with its owner.
        #[serde(default)]
        actions: Vec<String>,
    },
    /// Put right what was wrong.
    Correct {
        /// Positions of the events that said it.
        events: BTreeSet<u32>,
        /// What was wrong, quoted.
        wrong: String,
        /// What is right.
        right: String,
        /// Facts put right. Where the wrong words are whole sentences of others, what is right takes their
        /// place.
        #[serde(default)]
        facts: Facts,
        /// The title put right.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// The holding line put right.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holding_line: Option<String>,
    },
    /// It was not fixed after all.
    Reopen {
        /// Why, as a sentence people read.
        why: String,
        /// Another time than the policy's.
        #[serde(default)]
        #[schema(value_type = Option<String>, format = DateTime)]
        next_update: Option<Time>,
    },
    /// Declared by mistake.
    Cancel {
        /// Why, as a sentence people read.
        why: String,
    },
    /// Tell somebody from now on.
    Add {
        /// Who.
        who: RecipientId,
        /// As which reader.
        audience: Audience,
        /// On which of a person's channels, all of them; empty means their first usable one.
        #[serde(default)]
        channels: Vec<ChannelName>,
        /// Why, as a sentence.
        note: String,
    },
    /// Do not tell somebody for a while.
    Mute {
        /// Who.
        person: PersonId,
        /// Until when.
        #[schema(value_type = String, format = DateTime)]
        until: Time,
        /// Why.
        #[serde(default)]
        note: Option<String>,
    },
    /// Decide whether users are contacted.
    Decide {
        /// Yes or no.
        contact_users: bool,
        /// Why.
        reason: String,
    },
    /// Record a playbook step.
    Step {
        /// Which.
        step: StepId,
        /// How far.
        state: StepState,
        /// Why not needed, or a link.
        #[serde(default)]
        note: Option<String>,
    },
    /// Silence prompts for a while.
    Snooze,
    /// Stop messages that still wait.
    CancelSending {
        /// The event whose messages to stop; `None` is the last that said something.
        #[serde(default)]
        event: Option<u32>,
    },
    /// Agree, as a second person, to messages that wait for that. What acts for nobody is none.
    Approve {
        /// The last event whose words were read: messages of later ones go on waiting.
        up_to: u32,
        /// Why whoever wrote them agrees to them too: there is nobody else.
        #[serde(default)]
        alone: Option<String>,
    },
    /// Ask the people of other services whether they are affected.
    Ask {
        /// Which services; none is all up- and downstream that were not asked yet.
        #[serde(default)]
        services: BTreeSet<ServiceId>,
    },
    /// Record an answer to "are you affected?".
    Affected {
        /// For which service.
        service: ServiceId,
        /// What they said.
        answer: AffectedAnswer,
    },
    /// Say that somebody who was asked has seen it. The first answer counts.
    Seen {
        /// Who; `None` is whoever says so.
        #[serde(default)]
        person: Option<PersonId>,
    },
}

impl Command {
    /// The time in it: no command has two.
    pub fn time(&self) -> Option<Time> {
        match self {
            Self::Update { next_update, .. }
            | Self::NoChange { next_update }
            | Self::Priority { next_update, .. }
            | Self::Reopen { next_update, .. } => *next_update,
            Self::Resolve { at, .. } => *at,
            Self::Close { review_at, .. } => *review_at,
            Self::Mute { until, .. } => Some(*until),
            Self::Note { .. }
            | Self::Services { .. }
            | Self::Leads { .. }
            | Self::Stage { .. }
            | Self::Correct { .. }
            | Self::Cancel { .. }
            | Self::Add { .. }
            | Self::Decide { .. }
            | Self::Step { .. }
            | Self::Snooze
            | Self::CancelSending { .. }
            | Self::Approve { .. }
            | Self::Ask { .. }
            | Self::Affected { .. }
            | Self::Seen { .. } => None,
        }
    }

    /// Another incident that it names, if it does.
    pub fn other_incident(&self) -> Option<IncidentId> {
        match self {
            Self::Close { duplicate_of, .. } => *duplicate_of,
            _ => None,
        }
    }
}

/// A command with what surrounds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<C> {
    /// What is asked for.
    pub command: C,
    /// By whom.
    pub actor: super::event::Actor,
    /// The key under which its answer is kept.
    pub request_key: String,
    /// The revision the person saw; if the incident has moved on, nothing is done.
    pub seen_revision: Option<u32>,
    /// The request in the words it came in, where the command alone does not tell whether it is the
    /// same: "45m" is another instant each time it is read.
    pub typed: Option<String>,
}

/// What the next messages say of an incident, as far as a correction changes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The title.
    pub title: Option<String>,
    /// The facts.
    pub facts: Facts,
    /// The holding line.
    pub holding_line: Option<String>,
}

/// A no, in plain English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence} {fix}")]
pub struct Refusal {
    /// Machine-readable kind, kebab-case, stable: `unknown-service`, `above-ceiling`, `revision-conflict`.
    pub code: String,
    /// What is wrong, one sentence.
    pub sentence: String,
    /// What to do instead, one sentence.
    pub fix: String,
    /// What may be meant, for doors that can ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

/// One of the things that may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// In a word or two, for a button.
    pub label: String,
    /// The line of chat that says it.
    pub line: String,
}

impl Refusal {
    /// A refusal with its fix.
    pub fn new(code: &str, sentence: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            sentence: sentence.into(),
            fix: fix.into(),
            choices: Vec::new(),
        }
    }
}

/// Promised times for the audiences an event speaks to.
pub type Promised = BTreeMap<Audience, Time>;
