//! Arguments of the commands that run and look after the program.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::domain::{Audience, ChannelName, PersonId, notification::Moment};

use super::args::Write;

/// `oyez serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Do not bring the database up to date first
    #[arg(long)]
    pub no_migrate: bool,
}

/// `oyez demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// Where database, captured messages and settings are kept
    #[arg(long, default_value = "oyez-demo")]
    pub folder: PathBuf,
    /// Begin again from nothing
    #[arg(long)]
    pub fresh: bool,
    /// Fill the database, print the address and stop
    #[arg(long)]
    pub prepare_only: bool,
}

/// `oyez doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// Also send one marked test mail to this address
    #[arg(long, value_name = "ADDRESS")]
    pub send_test_to: Option<String>,
}

/// `oyez directory …`
#[derive(Debug, Subcommand)]
pub enum Directory {
    /// Read YAML, CSV or XLSX files: shows the plan, saves after a yes
    Import(Import),
    /// Write the directory to files
    Export(DirectoryExport),
    /// Write a sample directory, explained, to begin with
    Sample(DirectoryFiles),
    /// Show a person, service, group or destination
    Show {
        /// Its id
        id: String,
    },
    /// Addresses that a provider refused
    Bad,
    /// Clear the mark on an address that works again
    Heal {
        /// The address
        address: String,
        /// How to go about it
        #[command(flatten)]
        write: Write,
    },
    /// Send a marked test message on all channels of a person
    Test {
        /// Who
        person: PersonId,
        /// How to go about it
        #[command(flatten)]
        write: Write,
    },
}

/// `oyez directory import`
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  oyez directory sample --to directory.yaml          a file to begin with
  oyez directory import people.csv                   shows what would change, then asks
  oyez directory import directory.yaml --yes         refused whole if a row has a problem
  oyez directory import people.csv --yes --confirm sian-pritchard
                                                     if the plan asks for it by name")]
pub struct Import {
    /// Files: .yaml, .csv (people.csv, services.csv, …) or .xlsx
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Remove what the files do not mention
    #[arg(long)]
    pub prune: bool,
    /// With --yes: leave out rows that have a problem, and save the others
    #[arg(long)]
    pub skip_bad_rows: bool,
    /// With --prune: confirm that so many entries are removed
    #[arg(long, value_name = "N", requires = "prune")]
    pub removals: Option<usize>,
    /// Confirm what the plan says has to be confirmed: an id, or policy. Once for each
    #[arg(long, value_name = "ID")]
    pub confirm: Vec<String>,
    /// How to go about it
    #[command(flatten)]
    pub write: Write,
}

/// Formats of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One file
    #[default]
    Yaml,
    /// One file for each kind of thing
    Csv,
}

/// `oyez directory export`
#[derive(Debug, Args)]
pub struct DirectoryExport {
    /// Where to
    #[command(flatten)]
    pub files: DirectoryFiles,
    /// Print the addresses of workflows and webhooks whole: whoever has one can post there. Without
    /// it they are redacted, and an import keeps those that stand
    #[arg(long)]
    pub secrets: bool,
    /// With --secrets: do not ask
    #[arg(long, short = 'y', requires = "secrets")]
    pub yes: bool,
}

/// The files of `oyez directory export` and `oyez directory sample`
#[derive(Debug, Args)]
pub struct DirectoryFiles {
    /// Which format
    #[arg(long, value_enum, default_value_t)]
    pub format: ExportFormat,
    /// File (yaml) or folder (csv); without it, YAML goes to standard output
    #[arg(long)]
    pub to: Option<PathBuf>,
}

/// `oyez rules …`
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Find rules that reach nobody, never match or are covered; services with no senior contact
    Check {
        /// A policy file; without it, the policy in force
        file: Option<PathBuf>,
    },
    /// Show the policy in force: priorities, factors, rules as sentences
    Show {
        /// Only rules about this service
        service: Option<crate::domain::ServiceId>,
    },
    /// Put a policy file in force
    Apply {
        /// The file
        file: PathBuf,
        /// How to go about it
        #[command(flatten)]
        write: Write,
    },
    /// Print the policy in force
    Export,
    /// List the versions that were in force
    History,
}

/// `oyez template …`
#[derive(Debug, Subcommand)]
pub enum Template {
    /// Check every template against the facts it may use
    Check,
    /// Show the words with sample facts
    Preview(Preview),
}

/// `oyez template preview`
#[derive(Debug, Args)]
#[command(before_help = "Example:
  oyez template preview --moment update --audience owners --channel email")]
pub struct Preview {
    /// The occasion
    #[arg(long)]
    pub moment: Moment,
    /// The readers
    #[arg(long)]
    pub audience: Audience,
    /// The channel
    #[arg(long)]
    pub channel: ChannelName,
}

/// `oyez token …`
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a key; it is printed once
    Create(TokenCreate),
    /// List keys
    List,
    /// Make a key useless
    Revoke {
        /// Its id or name
        token: String,
        /// How to go about it
        #[command(flatten)]
        write: Write,
    },
}

/// `oyez token create`
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  oyez token create ci --scope read --scope respond --expires 90d
  oyez token create phone-of-priya --scope respond --person priya-shah")]
pub struct TokenCreate {
    /// What it is for
    pub name: String,
    /// What it may do (repeatable): read, respond, manage, admin
    #[arg(long = "scope", required = true)]
    pub scopes: Vec<String>,
    /// When it stops working: 90d, 2027-03-31
    #[arg(long, default_value = "90d")]
    pub expires: String,
    /// Act for this person: what the key does is recorded as theirs, and it sees the restricted
    /// incidents in which they are named
    #[arg(long)]
    pub person: Option<PersonId>,
}
