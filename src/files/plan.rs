//! What an import would do, before it does it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono_tz::Tz;

use super::{csv, intake::Intake, xlsx, yaml};
use crate::domain::{
    Address, ChannelName,
    directory::{
        Directory, DirectoryChanges, Finding, Kind, ToConfirm, check, diff,
        merge::{Place, Problem, merge},
        to_confirm,
    },
    text::bare,
};

/// A file to import.
#[derive(Debug)]
pub struct Input {
    /// Its name; the ending says the format, and for CSV the stem says which list it is.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What an import needs to know besides the files.
pub struct Options<'a> {
    /// Remove entries that the files do not mention, from the lists that the files hold.
    pub prune: bool,
    /// Channels of the settings, live or not; each can be a column of the people, and no new address
    /// is on any other.
    pub channels: &'a [ChannelName],
    /// Says how a channel writes an address, or what is wrong with it, without repeating it.
    pub check_address: &'a dyn Fn(&ChannelName, &str) -> Result<Address, String>,
    /// Whether a text means an address that stands: it is that address, or what is shown of it.
    pub means: &'a dyn Fn(&str, &ChannelName, &Address) -> bool,
    /// The organisation's time zone, for dates without one.
    pub time_zone: Tz,
}

/// What an import would do.
#[derive(Debug, Clone)]
pub struct ImportPlan {
    /// The directory as it would be.
    pub result: Directory,
    /// What differs from now.
    pub changes: DirectoryChanges,
    /// Rows that are left out, in the order of the files; a row may have several.
    pub problems: Vec<Problem>,
    /// What a person should know besides, each a sentence.
    pub notices: Vec<String>,
    /// What is wrong with the result, and what is noteworthy in it.
    pub findings: Vec<Finding>,
    /// What is confirmed one by one before it is saved.
    pub to_confirm: Vec<ToConfirm>,
    /// The number of removals, if it has to be typed because one list would lose more than a
    /// fifth of its entries.
    pub must_type: Option<usize>,
}

impl ImportPlan {
    /// How many rows are left out.
    pub fn rows_left_out(&self) -> usize {
        let rows: BTreeSet<&Place> = self.problems.iter().map(|problem| &problem.at).collect();
        rows.len()
    }
}

/// Reads files and works out what importing them would do. Depends on nothing but its arguments.
///
/// Several files are one import: a role in one may name a person in another, in any order.
pub fn plan(current: &Directory, inputs: &[Input], options: &Options<'_>) -> ImportPlan {
    let mut intake = Intake::new(current, options);
    for (nth, input) in inputs.iter().enumerate() {
        read(&mut intake, nth, input);
    }
    let prune = if options.prune {
        intake.kinds.clone()
    } else {
        BTreeSet::new()
    };
    let merged = merge(current, &intake.mentions, &intake.spoiled, &prune);
    let mut problems = intake.problems;
    problems.extend(merged.left_out);
    problems.sort_by(|a, b| a.at.cmp(&b.at));
    let mut notices = intake.notices;
    notices.extend(intake.taken_off.notices());
    notices.extend(merged.notices);
    let changes = diff(current, &merged.directory);
    ImportPlan {
        findings: check(&merged.directory),
        to_confirm: to_confirm(current, &merged.directory),
        must_type: must_type(current, &changes),
        result: merged.directory,
        changes,
        problems,
        notices,
    }
}

fn read(intake: &mut Intake<'_>, nth: usize, input: &Input) {
    let file = input.name.rsplit(['/', '\\']).next().unwrap_or(&input.name);
    let at = Place {
        nth,
        file: file.into(),
        sheet: None,
        row: 0,
        is_line: false,
    };
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    // What is wrong with a whole file is found halfway through it at times: then none of it counts.
    let (mentions, kinds) = (intake.mentions.len(), intake.kinds.clone());
    let taken_off = intake.taken_off.len();
    let read = match ending.to_lowercase().as_str() {
        "yaml" | "yml" => yaml::read(intake, &at, &input.bytes),
        "csv" => csv::read(intake, &at, stem, &input.bytes),
        "xlsx" => xlsx::read(intake, &at, stem, &input.bytes),
        _ => Err(Unreadable {
            row: 0,
            message: format!("{file} is not a file that can be imported."),
            fix: "Give a file that ends in .yaml, .csv or .xlsx.".to_owned(),
        }),
    };
    if let Err(Unreadable { row, message, fix }) = read {
        intake.mentions.truncate(mentions);
        intake.taken_off.truncate(taken_off);
        intake.kinds = kinds;
        let is_line = matches!(ending, "yaml" | "yml");
        let at = Place { row, is_line, ..at };
        intake.refuse(at, None, message, fix);
    }
}

/// Why nothing of a file can be taken.
pub(super) struct Unreadable {
    /// Row or line; 0 is the whole file.
    pub(super) row: u32,
    pub(super) message: String,
    pub(super) fix: String,
}

/// The list that a file or sheet of this name holds: `people`, `People (2)`, `people-2026`.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    let name = bare(name).to_lowercase();
    Kind::ALL.into_iter().find(|kind| {
        name.strip_prefix(kind.as_str())
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    })
}

/// A name for messages, shared by all rows of a file.
pub(super) fn in_sheet(at: &Place, sheet: Option<Kind>) -> Place {
    Place {
        sheet,
        file: Arc::clone(&at.file),
        ..at.clone()
    }
}

fn must_type(current: &Directory, changes: &DirectoryChanges) -> Option<usize> {
    let contacts = current
        .organisations
        .values()
        .map(|it| it.contacts.len())
        .sum();
    let sizes = BTreeMap::from([
        (Kind::Organisations, current.organisations.len()),
        (Kind::Destinations, current.destinations.len()),
        (Kind::Services, current.services.len()),
        (Kind::People, current.people.len()),
        (Kind::Groups, current.groups.len()),
        (Kind::Contacts, contacts),
        (Kind::Roles, current.roles.len()),
    ]);
    let many = sizes.into_iter().any(|(kind, size)| {
        let (_, _, removed) = changes.counts(kind);
        removed * 5 > size
    });
    many.then_some(changes.removed.len())
}
