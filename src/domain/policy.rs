//! What the organisation decided beforehand: how grave is grave, who is told, how often.
//!
//! These are the checked types. `policy_file` turns a TOML text into them and lists every fault;
//! nothing else makes a [`Policy`], so a policy that exists is consistent with itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Duration, NaiveDate};
use chrono_tz::Tz;
use serde::Serialize;

use super::{
    Audience, ChannelName, DestinationId, FactorId, GroupId, OrganisationId, PersonId, PriorityId,
    RoleId, RuleId, ServiceId,
    incident::{Kind, LeadRole, Stage},
    notification::Moment,
    situation::Relation,
    time::WorkingHours,
};

/// The policy in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// What the organisation is called in messages.
    pub organisation: String,
    /// The zone in which times are shown and cadences run.
    pub time_zone: Tz,
    /// Working hours of the organisation.
    pub working_hours: WorkingHours,
    /// Days on which nobody works.
    pub bank_holidays: BTreeSet<NaiveDate>,
    /// Gravest first. Never empty.
    pub priorities: Vec<Priority>,
    /// Statements that the declarer can tick.
    pub factors: Vec<Factor>,
    /// Upper bounds on priority.
    pub ceilings: Vec<Ceiling>,
    /// Times of year in which a service counts for more.
    pub seasons: Vec<Season>,
    /// Who is told; the order has no meaning.
    pub rules: Vec<Rule>,
    /// The promise clock's ladder.
    pub ladder: Ladder,
    /// How long messages to outsiders wait, and can be cancelled.
    pub outside_hold: Duration,
    /// Audiences that need a second person's word before they are told.
    pub second_person: BTreeSet<Audience>,
    /// Words that the checker warns about, lower case, beside the built-in ones.
    pub discouraged_words: Vec<String>,
}

/// How grave an incident is.
#[derive(Debug, Clone, PartialEq)]
pub struct Priority {
    /// For example `P1`.
    pub id: PriorityId,
    /// What it means, as a clause: "most users are affected".
    pub meaning: String,
    /// How often people are told, per stage. Every stage but Fixed and Closed has one.
    pub cadence: BTreeMap<Stage, Cadence>,
    /// How many factors of this priority or graver make it.
    pub factors_needed: u32,
    /// Who must be shown the recipients before the first message: everyone who declares.
    pub preview_required: bool,
    /// Whether it is owed a Major Incident report.
    pub major_incident_report: bool,
    /// How long a delivery by mail is worth trying, from the event; chat gets a quarter of it.
    pub deliver_within: Duration,
    /// Whether a first choice that is not accepted within a minute falls to the next channel.
    pub quick_fallback: bool,
}

/// How often an audience is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cadence {
    /// The rhythm.
    pub rhythm: Rhythm,
    /// Whether a point outside working hours moves to the next working minute.
    pub working_hours: bool,
}

/// The rhythm of a cadence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rhythm {
    /// A fixed time after the base.
    Every(Duration),
    /// Five-field cron pattern in the organisation's time zone, day names only.
    Cron(String),
}

/// A statement about an incident that counts towards a priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Factor {
    /// Stable slug.
    pub id: FactorId,
    /// The statement.
    pub text: String,
    /// The priority it speaks for.
    pub priority: PriorityId,
}

/// At most this priority, if every affected service is covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling {
    /// Services by id or tag.
    pub covers: Cover,
    /// The gravest allowed.
    pub at_most: PriorityId,
    /// Why, as a sentence.
    pub reason: String,
}

/// One priority counts as another between two dates of each year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    /// Services by id or tag; any one affected is enough.
    pub covers: Cover,
    /// The proposal that is raised.
    pub from_priority: PriorityId,
    /// What it counts as.
    pub counts_as: PriorityId,
    /// First day, as (month, day).
    pub from: (u32, u32),
    /// Last day, included; may lie before `from`, over the turn of the year.
    pub until: (u32, u32),
    /// Why, as a sentence.
    pub reason: String,
}

/// Services by id or by tag.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cover {
    /// Services named.
    pub services: BTreeSet<ServiceId>,
    /// Tags, of which one is enough.
    pub tags: BTreeSet<String>,
}

/// When something holds, tell somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Stable slug.
    pub id: RuleId,
    /// The rule as a sentence that people read as the reason: "P1 tells service owners".
    pub says: String,
    /// All of it must hold.
    pub when: When,
    /// Whom.
    pub tell: Vec<Target>,
    /// As which readers.
    pub audience: Audience,
    /// On which of a person's channels. Destinations have one of their own.
    pub by: By,
    /// Whether it reaches people who are muted.
    pub overrides_mute: bool,
    /// Whether its people are asked to say that they have seen it.
    pub acknowledge: bool,
}

/// The conditions of a rule: keys are ANDed, values within a key ORed, any key can be negated.
///
/// `service`, `tag`, `programme`, `tier` and `relation` are tested together on one service at a
/// time; the rest on the incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct When {
    /// Priority of the incident.
    pub priority: Test<PriorityId>,
    /// The service.
    pub service: Test<ServiceId>,
    /// A tag of the service.
    pub tag: Test<String>,
    /// The service's programme.
    pub programme: Test<String>,
    /// The service's tier.
    pub tier: Test<u8>,
    /// How the service is touched. A policy that says nothing means `affected`.
    pub relation: Test<Relation>,
    /// How far the walk to upstream and downstream goes; 1 is the direct neighbours.
    pub depth: u32,
    /// Stage of the incident.
    pub stage: Test<Stage>,
    /// What is being said.
    pub moment: Test<Moment>,
    /// Kind of incident.
    pub kind: Test<Kind>,
    /// Inside or outside the organisation's working hours.
    pub hours: Option<Hours>,
    /// Number of affected services.
    pub services_affected_at_least: u32,
}

/// One of these, and none of those. Empty `any` admits all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test<T> {
    /// One of them must hold, if there are any.
    pub any: Vec<T>,
    /// None of them may hold.
    pub none: Vec<T>,
}

impl<T> Default for Test<T> {
    fn default() -> Self {
        Self {
            any: Vec::new(),
            none: Vec::new(),
        }
    }
}

impl<T: PartialEq> Test<T> {
    /// Whether a value passes.
    pub fn admits(&self, value: &T) -> bool {
        (self.any.is_empty() || self.any.contains(value)) && !self.none.contains(value)
    }

    /// Whether something that has several of these values, or none, passes.
    pub fn admits_any<'a>(&self, values: impl Iterator<Item = &'a T> + Clone) -> bool
    where
        T: 'a,
    {
        (self.any.is_empty() || values.clone().any(|value| self.any.contains(value)))
            && !values.clone().any(|value| self.none.contains(value))
    }

    /// Whether it tests nothing.
    pub fn is_empty(&self) -> bool {
        self.any.is_empty() && self.none.is_empty()
    }
}

/// Inside or outside working hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// Within the organisation's working hours.
    Inside,
    /// Outside them.
    Outside,
}

/// Whom a rule tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// `role:service-owner`: its holders on each service that passes.
    Role(RoleId),
    /// `group:…`
    Group(GroupId),
    /// `person:…`
    Person(PersonId),
    /// `org:*` or `org:…`: external contacts for each service that passes.
    Contacts(Option<OrganisationId>),
    /// `destination:…`
    Destination(DestinationId),
    /// `destination:service`: the default channels of each service that passes.
    ServiceDestinations,
    /// `leads`: the incident's comms, tech and support leads.
    Leads,
}

/// On which of a person's channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Each of them with a usable address.
    All(Vec<ChannelName>),
    /// The first of them with a usable address; later ones if it fails.
    FirstOf(Vec<ChannelName>),
}

/// What happens around a promised time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// The comms lead is prompted this long before due.
    pub prompt_lead: Duration,
    /// The other leads are prompted this long before due.
    pub prompt_others: Duration,
    /// `late_to` is told this long after due.
    pub escalate: Duration,
    /// Who is told when a promise is late.
    pub late_to: Vec<LateTo>,
    /// One snooze silences prompts for so long.
    pub snooze: Duration,
    /// How often a promise can be snoozed.
    pub snoozes: u32,
    /// The pre-approved holding line goes out by itself this long after due, if set.
    pub holding_line_after: Option<Duration>,
}

/// Who is told when a promise is late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LateTo {
    /// A lead of the incident.
    Lead(LeadRole),
    /// Holders of a role on the affected services.
    Role(RoleId),
    /// One person.
    Person(PersonId),
    /// Everyone in a group.
    Group(GroupId),
}

impl Policy {
    /// The priority with this id.
    pub fn priority(&self, id: &PriorityId) -> Option<&Priority> {
        self.priorities.iter().find(|priority| priority.id == *id)
    }

    /// The last in the list. A policy that was checked has one; any other reads as having only P1.
    pub fn least_grave(&self) -> PriorityId {
        let last = self.priorities.last();
        last.map(|priority| priority.id.clone()).unwrap_or_default()
    }

    /// Position in the list, 0 the gravest; an unknown priority ranks after all others.
    pub fn rank(&self, id: &PriorityId) -> usize {
        self.priorities
            .iter()
            .position(|priority| priority.id == *id)
            .unwrap_or(self.priorities.len())
    }
}
