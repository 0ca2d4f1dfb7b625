//! Arguments of the commands about one incident, and their examples.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::domain::{
    Audience, ChannelName, FactorId, IncidentId, PersonId, PriorityId, ServiceId, StepId,
    chain::Digits, delivery::Class,
};

use super::args::{FactArgs, KindArg, OpenStage, ServiceArgs, Write};

/// `oyez declare`
#[derive(Debug, Args)]
#[command(before_help = "Example:
  oyez declare --title \"Providers cannot sign in\" --priority P1 --service register-trainees \\
      --effect \"Training providers cannot sign in\" --comms-lead priya-shah --yes")]
pub struct Declare {
    /// What people cannot do, in a few plain words
    #[arg(long)]
    pub title: String,
    /// How grave; without it, what the factors add up to
    #[arg(long)]
    pub priority: Option<PriorityId>,
    /// A triage factor that holds (repeatable); see: oyez rules show
    #[arg(long = "factor", value_name = "FACTOR")]
    pub factors: Vec<FactorId>,
    /// Go above the ceiling of these services, for this reason
    #[arg(long, value_name = "REASON")]
    pub override_ceiling: Option<String>,
    /// Kind of incident
    #[arg(long, value_enum, default_value_t)]
    pub kind: KindArg,
    /// Only named people may know
    #[arg(long)]
    pub restricted: bool,
    /// Why an incident of a restricted kind need not be restricted
    #[arg(long, value_name = "REASON")]
    pub unrestricted: Option<String>,
    /// An exercise; every message is marked as one
    #[arg(long)]
    pub exercise: bool,
    /// Services
    #[command(flatten)]
    pub services: ServiceArgs,
    /// Facts
    #[command(flatten)]
    pub facts: FactArgs,
    /// When the trouble started: 1:20pm, "30m ago", 2026-11-23T13:20
    #[arg(long, value_name = "WHEN")]
    pub started: Option<String>,
    /// Comms lead
    #[arg(long, value_name = "PERSON")]
    pub comms_lead: Option<PersonId>,
    /// Tech lead
    #[arg(long, value_name = "PERSON")]
    pub tech_lead: Option<PersonId>,
    /// Support lead
    #[arg(long, value_name = "PERSON")]
    pub support_lead: Option<PersonId>,
    /// Promise the next update for another time: 2:40pm, 45m, "tomorrow 9am"
    #[arg(long, value_name = "WHEN")]
    pub next_update: Option<String>,
    /// Words that may go out by themselves if an update is very late, if the policy allows it
    #[arg(long, value_name = "TEXT")]
    pub holding_line: Option<String>,
    /// A reference outside, for example a ticket (repeatable)
    #[arg(long = "reference", value_name = "TEXT")]
    pub references: Vec<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez note`
#[derive(Debug, Args)]
pub struct Note {
    /// Which incident
    pub incident: IncidentId,
    /// The line
    pub text: String,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez update`
#[derive(Debug, Args)]
#[command(before_help = "Example:
  oyez update INC-0042 \"Some providers can sign in again\" --next-update 3:40pm")]
pub struct Update {
    /// Which incident
    pub incident: IncidentId,
    /// What has changed, the most important first
    pub text: String,
    /// Facts that changed
    #[command(flatten)]
    pub facts: FactArgs,
    /// New stage
    #[arg(long, value_enum)]
    pub stage: Option<OpenStage>,
    /// Promise the next update for another time
    #[arg(long, value_name = "WHEN")]
    pub next_update: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez no-change`
#[derive(Debug, Args)]
pub struct NoChange {
    /// Which incident
    pub incident: IncidentId,
    /// Promise the next update for another time
    #[arg(long, value_name = "WHEN")]
    pub next_update: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez priority`
#[derive(Debug, Args)]
#[command(before_help = "Example:
  oyez priority INC-0042 P2 --why \"Only providers in the north are affected\"")]
pub struct Priority {
    /// Which incident
    pub incident: IncidentId,
    /// The new priority; without it, what the factors add up to
    pub to: Option<PriorityId>,
    /// Why, as people will read it
    #[arg(long)]
    pub why: String,
    /// A triage factor that holds now (repeatable)
    #[arg(long = "factor", value_name = "FACTOR")]
    pub factors: Vec<FactorId>,
    /// Go above the ceiling of these services, for this reason
    #[arg(long, value_name = "REASON")]
    pub override_ceiling: Option<String>,
    /// Promise the next update for another time
    #[arg(long, value_name = "WHEN")]
    pub next_update: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez services`
#[derive(Debug, Args)]
#[command(before_help = "Example:
  oyez services INC-0042 --service find-courses --downstream course-directory --remove data-hub")]
pub struct Services {
    /// Which incident
    pub incident: IncidentId,
    /// Services to add, or to relate differently
    #[command(flatten)]
    pub add: ServiceArgs,
    /// A service to remove (repeatable)
    #[arg(long, value_name = "SERVICE")]
    pub remove: Vec<ServiceId>,
    /// What people are told; without it, the change in plain words
    #[arg(long)]
    pub text: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez leads`
#[derive(Debug, Args)]
#[command(before_help = "Example:
  oyez leads INC-0042 --comms tom-okafor --note \"Providers expect news about the deadline\"")]
pub struct Leads {
    /// Which incident
    pub incident: IncidentId,
    /// New comms lead
    #[arg(long, value_name = "PERSON")]
    pub comms: Option<PersonId>,
    /// New tech lead
    #[arg(long, value_name = "PERSON")]
    pub tech: Option<PersonId>,
    /// New support lead
    #[arg(long, value_name = "PERSON")]
    pub support: Option<PersonId>,
    /// What the new lead should know
    #[arg(long)]
    pub note: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez stage`
#[derive(Debug, Args)]
pub struct Stage {
    /// Which incident
    pub incident: IncidentId,
    /// The new stage
    #[arg(value_enum)]
    pub to: OpenStage,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez resolve`
#[derive(Debug, Args)]
#[command(before_help = "Example:
  oyez resolve INC-0042 \"You can sign in to Register trainees again\" --at 3:52pm")]
pub struct Resolve {
    /// Which incident
    pub incident: IncidentId,
    /// What people can do again
    pub text: String,
    /// When the service came back; without it, now
    #[arg(long, value_name = "WHEN")]
    pub at: Option<String>,
    /// What was lost; without it, "Nothing was lost"
    #[arg(long)]
    pub lost: Option<String>,
    /// What to do for those who are still stuck
    #[arg(long)]
    pub still_stuck: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez close`
#[derive(Debug, Args)]
pub struct Close {
    /// Which incident
    pub incident: IncidentId,
    /// It is the same trouble as this incident
    #[arg(long, value_name = "INCIDENT")]
    pub duplicate_of: Option<IncidentId>,
    /// What people read
    #[arg(long)]
    pub text: Option<String>,
    /// Link to the report
    #[arg(long, value_name = "URL")]
    pub report: Option<String>,
    /// When the review is
    #[arg(long, value_name = "WHEN")]
    pub review: Option<String>,
    /// An action and its owner (repeatable)
    #[arg(long = "action", value_name = "TEXT")]
    pub actions: Vec<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez correct`
#[derive(Debug, Args)]
#[command(before_help = "Example (numbers as in: oyez status INC-0042):
  oyez correct INC-0042 --event 7 --wrong \"nothing you saved was lost\" \\
      --right \"Trainees added between 1pm and 1:20pm were not saved\"")]
pub struct Correct {
    /// Which incident
    pub incident: IncidentId,
    /// Number of the event that was wrong (repeatable)
    #[arg(long = "event", value_name = "N", required = true)]
    pub events: Vec<u32>,
    /// What was wrong, quoted
    #[arg(long)]
    pub wrong: String,
    /// What is right
    #[arg(long)]
    pub right: String,
    /// The title put right
    #[arg(long)]
    pub title: Option<String>,
    /// Facts put right
    #[command(flatten)]
    pub facts: FactArgs,
    /// The holding line put right
    #[arg(long, value_name = "TEXT")]
    pub holding_line: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez reopen`
#[derive(Debug, Args)]
pub struct Reopen {
    /// Which incident
    pub incident: IncidentId,
    /// Why, as people will read it
    #[arg(long)]
    pub why: String,
    /// Promise the next update for another time
    #[arg(long, value_name = "WHEN")]
    pub next_update: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez cancel`
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  oyez cancel INC-0042 --why \"It was a test by our own team\"
  oyez cancel INC-0042 --sending                     stop messages that still wait")]
pub struct Cancel {
    /// Which incident
    pub incident: IncidentId,
    /// Why, as people will read it
    #[arg(long, required_unless_present = "sending")]
    pub why: Option<String>,
    /// Only stop messages that still wait
    #[arg(long, conflicts_with = "why")]
    pub sending: bool,
    /// With --sending: of this event; without it, the last that said something
    #[arg(long, value_name = "N", requires = "sending")]
    pub event: Option<u32>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez add`
#[derive(Debug, Args)]
#[command(before_help = "Example:
  oyez add INC-0042 dana-whitlock --note \"Asked to be kept informed\" --audience owners")]
pub struct Add {
    /// Which incident
    pub incident: IncidentId,
    /// A person or destination of the directory
    pub who: String,
    /// Why they are told
    #[arg(long)]
    pub note: String,
    /// As which reader; without it, owners for our people and external for others
    #[arg(long)]
    pub audience: Option<Audience>,
    /// On which channel (repeatable); without it, their first
    #[arg(long = "by", value_name = "CHANNEL")]
    pub channels: Vec<ChannelName>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez mute`
#[derive(Debug, Args)]
pub struct Mute {
    /// Which incident
    pub incident: IncidentId,
    /// Who
    pub person: PersonId,
    /// Until when: 5pm, 4h, "tomorrow 9am", 2026-11-24T09:00
    #[arg(long, value_name = "WHEN")]
    pub until: String,
    /// Why
    #[arg(long)]
    pub note: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    /// Contact them
    Yes,
    /// Do not
    No,
}

/// `oyez decide`
#[derive(Debug, Args)]
#[command(before_help = "Example:
  oyez decide INC-0042 --contact-users yes --reason \"It will last all afternoon\"")]
pub struct Decide {
    /// Which incident
    pub incident: IncidentId,
    /// Whether users are contacted
    #[arg(long, value_enum)]
    pub contact_users: YesNo,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StepStateArg {
    /// Still to do
    Open,
    /// Done
    Done,
    /// Not needed; say why with --note
    NotNeeded,
}

/// `oyez step`
#[derive(Debug, Args)]
#[command(before_help = "Example (steps as in: oyez status INC-0042):
  oyez step INC-0042 start-report done --note https://northshire.example/report")]
pub struct Step {
    /// Which incident
    pub incident: IncidentId,
    /// Which step
    pub step: StepId,
    /// How far
    #[arg(value_enum)]
    pub state: StepStateArg,
    /// A link, or why it is not needed
    #[arg(long)]
    pub note: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez approve`
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  oyez approve INC-0042 --dry-run                    read the words that wait
  oyez approve INC-0042 --as tom-okafor              let them go, as the second person
  oyez approve INC-0042 --alone \"Nobody else is on call\"")]
pub struct Approve {
    /// Which incident
    pub incident: IncidentId,
    /// Agree without a second person, because there is nobody else; the reason is on the record
    #[arg(long, value_name = "REASON")]
    pub alone: Option<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez ask`
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  oyez ask INC-0042                                  all services up- and downstream
  oyez ask INC-0042 check-certificates")]
pub struct Ask {
    /// Which incident
    pub incident: IncidentId,
    /// Which services; without any, all up- and downstream that were not asked yet
    pub services: Vec<ServiceId>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez snooze`
#[derive(Debug, Args)]
pub struct Snooze {
    /// Which incident
    pub incident: IncidentId,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// What a service answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnswerArg {
    /// It is affected
    Yes,
    /// It is not
    No,
    /// They are looking
    Checking,
}

/// `oyez affected`
#[derive(Debug, Args)]
pub struct Affected {
    /// Which incident
    pub incident: IncidentId,
    /// Which service answered
    pub service: ServiceId,
    /// What they said
    #[arg(value_enum)]
    pub answer: AnswerArg,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez seen`
#[derive(Debug, Args)]
#[command(after_help = "Example:
  oyez seen INC-0042 dana-whitlock")]
pub struct Seen {
    /// Which incident
    pub incident: IncidentId,
    /// Who has seen it; without it, you
    pub person: Option<PersonId>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez status`
#[derive(Debug, Args)]
pub struct Status {
    /// Which incident
    pub incident: IncidentId,
}

/// `oyez list`
#[derive(Debug, Args)]
pub struct List {
    /// Only incidents that are not closed or cancelled
    #[arg(long)]
    pub open: bool,
    /// Only this priority
    #[arg(long)]
    pub priority: Option<PriorityId>,
    /// Only incidents that touch this service
    #[arg(long)]
    pub service: Option<ServiceId>,
    /// At most so many, newest first
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
}

/// `oyez who`
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  oyez who --priority P1 --service register-trainees
  oyez who --priority P1 --service register-trainees --not-told
  oyez who --priority P1 --service register-trainees --person dana-whitlock
  oyez who --priority P1 --service register-trainees --expect dana@northshire.example
  oyez who --priority P2 --service data-hub --against new-policy.toml
  oyez who INC-0042")]
pub struct Who {
    /// An incident; without it, say what would have happened
    pub incident: Option<IncidentId>,
    /// How grave
    #[arg(
        long,
        required_unless_present = "incident",
        conflicts_with = "incident"
    )]
    pub priority: Option<PriorityId>,
    /// Services
    #[command(flatten)]
    pub services: ServiceArgs,
    /// Kind of incident
    #[arg(long, value_enum, default_value_t)]
    pub kind: KindArg,
    /// Stage
    #[arg(long, value_enum)]
    pub stage: Option<OpenStage>,
    /// Moment, for example update or resolved
    #[arg(long)]
    pub moment: Option<crate::domain::notification::Moment>,
    /// Judge working hours at this time
    #[arg(long, value_name = "WHEN")]
    pub at: Option<String>,
    /// Also who is not told, and why
    #[arg(long)]
    pub not_told: bool,
    /// Explain one person or destination
    #[arg(long, value_name = "PERSON", conflicts_with_all = ["expect", "against", "not_told"])]
    pub person: Option<String>,
    /// Fail with exit code 4 unless this id or address is told (repeatable)
    #[arg(long, value_name = "ID OR ADDRESS")]
    pub expect: Vec<String>,
    /// Compare with another policy file: who would be added and removed
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Print every person, however many
    #[arg(long)]
    pub all: bool,
}

/// `oyez send-log`
#[derive(Debug, Args)]
pub struct SendLog {
    /// Which incident
    pub incident: IncidentId,
    /// Only deliveries in this state
    #[arg(long)]
    pub state: Option<crate::domain::delivery::State>,
}

/// `oyez export`
#[derive(Debug, Args)]
pub struct Export {
    /// Which incident
    pub incident: IncidentId,
    /// Folder for INC-….csv and INC-….json
    #[arg(long, default_value = ".")]
    pub to: PathBuf,
}

/// `oyez retry`
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  oyez retry INC-0042
  oyez retry INC-0042 --class bad_destination --by notify_sms")]
pub struct Retry {
    /// Which incident
    pub incident: IncidentId,
    /// Only this channel
    #[arg(long)]
    pub channel: Option<ChannelName>,
    /// Only this delivery
    #[arg(long)]
    pub delivery: Option<String>,
    /// Only those of which the last try came to this, for example bad_destination
    #[arg(long, value_parser = Class::failure)]
    pub class: Option<Class>,
    /// Send them anew: a receiver that got the first one all the same shows a second
    #[arg(long, conflicts_with = "by")]
    pub as_new: bool,
    /// Send them by another channel, to whom has a usable address there
    #[arg(long, value_name = "CHANNEL")]
    pub by: Option<ChannelName>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// `oyez report`
#[derive(Debug, Args)]
pub struct Report {
    /// Which incident
    pub incident: IncidentId,
}

/// `oyez verify`
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  oyez verify
  oyez verify INC-0042 --head 9f86d081884c7d65
  oyez verify --export review/INC-0042.json")]
pub struct Verify {
    /// One incident; without it, all
    pub incident: Option<IncidentId>,
    /// Find the record with this head, which a message, report or export printed, and say what follows it
    #[arg(long, value_name = "DIGITS")]
    pub head: Option<Digits>,
    /// Check an exported incident by the file alone, without the database
    #[arg(long, value_name = "FILE", conflicts_with = "incident")]
    pub export: Option<PathBuf>,
}
