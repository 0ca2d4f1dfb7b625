//! The command line as clap reads it: names, help and examples. No behaviour.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::{PersonId, ServiceId};

use super::{admin_args as admin, chat, incident_args as incident};

const EXAMPLES: &str = "\
Examples:
  oyez demo                                          try it: practice mode, nothing leaves this machine
  oyez declare --title \"Providers cannot sign in\" --priority P1 --service register-trainees
  oyez update INC-0042 \"Some providers can sign in again\"
  oyez no-change INC-0042                            nothing new; keep the promise
  oyez who --priority P1 --service register-trainees who would be told, and why
  oyez send-log INC-0042                             who was told, when, with what result";

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 unexpected, 2 wrong usage, 3 not found, 4 check or expectation failed,
5 some messages were not sent, 6 something needed cannot be reached, 7 not allowed.";

/// Tells the right people about an incident, on time, and can prove it.
#[derive(Debug, Parser)]
#[command(
    name = "oyez",
    version,
    before_help = EXAMPLES,
    after_help = EXIT_CODES,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Cli {
    /// Settings file; without it `oyez.toml` is read if there is one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How the answer is printed
    #[command(flatten)]
    pub look: Look,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// How answers are printed.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Look {
    /// Print JSON with stable names
    #[arg(long, global = true, conflicts_with = "plain")]
    pub json: bool,
    /// Print tab-separated lines without headings or colour
    #[arg(long, global = true)]
    pub plain: bool,
    /// Never use colour
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: API, promise clock and delivery
    Serve(admin::Serve),
    /// Run a practice organisation; nothing leaves this machine
    Demo(admin::Demo),
    /// Check settings, database, clock, mail, templates, policy and contacts
    Doctor(admin::Doctor),
    /// Declare an incident and tell the right people
    Declare(Box<incident::Declare>),
    /// Write a line on the timeline; tells nobody
    Note(incident::Note),
    /// Tell people what has changed
    Update(Box<incident::Update>),
    /// Tell people that nothing has changed; keeps the promise
    #[command(visible_alias = "nochange")]
    NoChange(incident::NoChange),
    /// Change the priority
    Priority(incident::Priority),
    /// Add or remove services
    Services(incident::Services),
    /// Appoint leads, or hand a lead over
    #[command(visible_alias = "handover")]
    Leads(incident::Leads),
    /// Change the stage without telling anybody
    Stage(incident::Stage),
    /// The service is back: tell everyone who was told
    Resolve(incident::Resolve),
    /// The paperwork is done
    Close(incident::Close),
    /// Put right something that was said, to exactly those who were told it
    Correct(Box<incident::Correct>),
    /// It was not fixed after all
    Reopen(incident::Reopen),
    /// Declared by mistake; or stop messages that still wait (--sending)
    Cancel(incident::Cancel),
    /// Tell somebody from now on, whatever the rules say
    Add(incident::Add),
    /// Do not tell somebody for a while
    Mute(incident::Mute),
    /// Record the decision about contacting users
    Decide(incident::Decide),
    /// Record a playbook step
    Step(incident::Step),
    /// Silence the prompts for a while; says what it costs
    Snooze(incident::Snooze),
    /// Agree, as the second person, to messages that wait for that
    Approve(incident::Approve),
    /// Ask the people of other services whether they are affected
    Ask(incident::Ask),
    /// Record a service's answer to "are you affected?"
    Affected(incident::Affected),
    /// Record that somebody who was asked has seen it
    Seen(incident::Seen),
    /// Show an incident: what is known, what was promised, what is left to do
    Status(incident::Status),
    /// List incidents
    List(incident::List),
    /// Who would be told, or who is told, and why
    Who(Box<incident::Who>),
    /// One line for each delivery: who, when, by which channel, with what result and why
    SendLog(incident::SendLog),
    /// Write who was told what, when and why, to files for the review
    Export(incident::Export),
    /// Try failed deliveries again
    Retry(incident::Retry),
    /// Write the running report of an incident as Markdown
    Report(incident::Report),
    /// Check that the record was not changed afterwards
    Verify(incident::Verify),
    /// People, services, roles, groups
    #[command(subcommand)]
    Directory(admin::Directory),
    /// Who is told when
    #[command(subcommand)]
    Rules(admin::Rules),
    /// The words
    #[command(subcommand)]
    Template(admin::Template),
    /// Keys for the HTTP API
    #[command(subcommand)]
    Token(admin::Token),
    /// The app in Slack
    #[command(subcommand)]
    Slack(chat::Slack),
    /// The app in Teams
    #[command(subcommand)]
    Teams(chat::Teams),
    /// Bring the database up to date
    Migrate,
    /// Copy a SQLite database while it is in use
    Backup {
        /// File to write; must not exist
        file: PathBuf,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write man pages to a folder
    Man {
        /// Folder to write to
        folder: PathBuf,
    },
}

/// What every command that changes or sends takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Write {
    /// Send without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Show people, reasons and words; send and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not wait for the deliveries
    #[arg(long)]
    pub no_wait: bool,
    /// Record that it is done on behalf of this person
    #[arg(long = "as", value_name = "PERSON")]
    pub on_behalf: Option<PersonId>,
    /// Do nothing if the incident has moved on from this revision
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// The same key twice is done once
    #[arg(long, value_name = "KEY")]
    pub request_key: Option<String>,
    /// What was typed beside these, for a command that reads times
    #[arg(skip)]
    pub typed: Option<String>,
}

impl Write {
    /// The same, keeping what was typed: "45m" is another instant each time it is read.
    #[must_use]
    pub fn of(self, args: &impl std::fmt::Debug) -> Self {
        Self {
            typed: Some(format!("{args:?}")),
            ..self
        }
    }
}

/// Facts about an incident.
#[derive(Debug, Clone, Default, Args)]
pub struct FactArgs {
    /// What people can and cannot do
    #[arg(long, value_name = "TEXT")]
    pub effect: Option<String>,
    /// Which users are affected, and how many
    #[arg(long, value_name = "TEXT")]
    pub affects: Option<String>,
    /// What they can do meanwhile
    #[arg(long, value_name = "TEXT")]
    pub what_to_do: Option<String>,
    /// What the team is doing
    #[arg(long, value_name = "TEXT")]
    pub doing: Option<String>,
    /// Decision needed from service owners
    #[arg(long, value_name = "TEXT")]
    pub decision: Option<String>,
    /// Working theory; only responders read it
    #[arg(long, value_name = "TEXT")]
    pub theory: Option<String>,
}

impl From<FactArgs> for crate::domain::facts::Facts {
    fn from(args: FactArgs) -> Self {
        Self {
            effect: args.effect,
            who: args.affects,
            what_to_do: args.what_to_do,
            doing: args.doing,
            decision: args.decision,
            theory: args.theory,
        }
    }
}

/// The open stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OpenStage {
    /// Looking into it
    Investigating,
    /// Fixing it
    Identified,
    /// Checking the fix
    Monitoring,
}

impl From<OpenStage> for crate::domain::incident::Stage {
    fn from(stage: OpenStage) -> Self {
        match stage {
            OpenStage::Investigating => Self::Investigating,
            OpenStage::Identified => Self::Identified,
            OpenStage::Monitoring => Self::Monitoring,
        }
    }
}

/// Kind of incident.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// Something does not work
    #[default]
    Technical,
    /// Personal data went astray; restricted unless said otherwise
    DataBreach,
    /// Somebody attacks; restricted unless said otherwise
    Security,
}

impl From<KindArg> for crate::domain::incident::Kind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Technical => Self::Technical,
            KindArg::DataBreach => Self::DataBreach,
            KindArg::Security => Self::Security,
        }
    }
}

/// Services and how they are touched.
#[derive(Debug, Clone, Default, Args)]
pub struct ServiceArgs {
    /// A service that does not work as it should (repeatable)
    #[arg(long = "service", value_name = "SERVICE")]
    pub affected: Vec<ServiceId>,
    /// A service that an affected one depends on (repeatable)
    #[arg(long, value_name = "SERVICE")]
    pub upstream: Vec<ServiceId>,
    /// A service that depends on an affected one (repeatable)
    #[arg(long, value_name = "SERVICE")]
    pub downstream: Vec<ServiceId>,
}

impl ServiceArgs {
    /// The services with their relation.
    pub fn relations(
        &self,
    ) -> std::collections::BTreeMap<ServiceId, crate::domain::situation::Relation> {
        use crate::domain::situation::Relation;
        let lists = [
            (&self.downstream, Relation::Downstream),
            (&self.upstream, Relation::Upstream),
            (&self.affected, Relation::Affected),
        ];
        lists
            .into_iter()
            .flat_map(|(services, relation)| services.iter().map(move |id| (id.clone(), relation)))
            .collect()
    }
}
