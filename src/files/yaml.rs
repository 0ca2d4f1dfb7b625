//! YAML: one file with a key per list, each a list of entries.
//!
//! Scalars are taken as they are written, whatever they look like: `07700 900101` is a phone number
//! and `no` a name if somebody is called that. The file is read entry by entry, so that one with a
//! fault leaves the others alone. Anchors and aliases are refused: written out they can grow a small
//! file beyond all memory.

use std::{borrow::Cow, collections::BTreeMap};

use chrono::SecondsFormat;
use serde::Serialize;
use serde_saphyr::{
    FlowMap, FlowSeq,
    granit_parser::{Event, Parser, ScalarStyle, StrInput},
};

use super::{
    columns::{self, Column},
    csv::time_of_day,
    intake::Intake,
    plan::Unreadable,
    record::{Record, Value},
};
use crate::domain::{
    directory::{Directory, Kind, Member, merge::Place},
    nearest::fix_for,
};

/// Reads one file into the intake.
pub(super) fn read(intake: &mut Intake<'_>, at: &Place, bytes: &[u8]) -> Result<(), Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable {
        row: 0,
        message: "The file is not in UTF-8.".to_owned(),
        fix: "Save it again in UTF-8.".to_owned(),
    })?;
    let mut yaml = Yaml {
        parser: Parser::new_from_str(text),
        line: 1,
    };
    let at = |row: u32| Place {
        row,
        is_line: true,
        ..at.clone()
    };
    match yaml.next()? {
        Some(Event::MappingStart(..)) => {}
        None => {
            return Err(yaml.stop(
                "The file is empty.",
                "Write at least one list, for example people.",
            ));
        }
        Some(_) => {
            return Err(yaml.stop(
                "The file does not begin with the name of a list.",
                "Begin it with organisations:, people: or another list, as in the example.",
            ));
        }
    }
    let mut seen: Vec<Kind> = Vec::new();
    loop {
        let key = match yaml.next()? {
            Some(Event::Scalar(key, ..)) => key.into_owned(),
            Some(Event::MappingEnd) => break,
            _ => return Err(yaml.stop("A list has no name.", "Write its name and a colon.")),
        };
        let line = yaml.line;
        let kind: Option<Kind> = key.parse().ok();
        let Some(kind) = kind.filter(|kind| !seen.contains(kind)) else {
            let (message, fix) = if kind.is_some() {
                (
                    format!("The list {key} is there twice."),
                    "Make it one list.".to_owned(),
                )
            } else {
                let names = Kind::ALL.map(Kind::as_str);
                (
                    format!("There is no list \"{key}\"."),
                    fix_for(&key, names, "Delete it."),
                )
            };
            intake.refuse(at(line), None, message, fix);
            yaml.skip_value()?;
            continue;
        };
        seen.push(kind);
        intake.begin(kind);
        read_list(&mut yaml, intake, kind, &at)?;
    }
    match yaml.next()? {
        None => Ok(()),
        Some(_) => Err(yaml.stop(
            "The file holds a second document.",
            "Delete the line --- and what follows it, or make it a file of its own.",
        )),
    }
}

fn read_list(
    yaml: &mut Yaml<'_>,
    intake: &mut Intake<'_>,
    kind: Kind,
    at: &dyn Fn(u32) -> Place,
) -> Result<(), Unreadable> {
    match yaml.next()? {
        Some(Event::SequenceStart(..)) => {}
        Some(Event::Scalar(text, style, ..)) if is_null(&text, style) => return Ok(()),
        _ => {
            let message = format!("What stands under {kind} is not a list.");
            return Err(yaml.stop(&message, "Begin each entry with a hyphen."));
        }
    }
    loop {
        let Some(event) = yaml.next()? else {
            return Ok(());
        };
        if event == Event::SequenceEnd {
            return Ok(());
        }
        let line = yaml.line;
        let Node::Map(fields) = yaml.node(event, 0)? else {
            let message = "The entry is not made of names and values.";
            intake.refuse(at(line), Some(kind), message, "Write it as in the example.");
            continue;
        };
        take(intake, kind, at, line, fields);
    }
}

fn take(
    intake: &mut Intake<'_>,
    kind: Kind,
    at: &dyn Fn(u32) -> Place,
    line: u32,
    fields: Vec<(u32, String, Node)>,
) {
    let mut cells: Vec<(Column, Value)> = Vec::new();
    let mut good = true;
    for (line, key, node) in fields {
        let column = match columns::find(kind, &key, &intake.channels) {
            Ok(column) => column,
            Err(fix) => {
                let message = format!("The list of {kind} has no \"{key}\".");
                intake.refuse(at(line), Some(kind), message, fix);
                good = false;
                continue;
            }
        };
        let value = match node.into_value() {
            Some(value) if !cells.iter().any(|(have, _)| *have == column) => value,
            Some(_) => {
                let message = format!("{key} is there twice in one entry.");
                intake.refuse(at(line), Some(kind), message, "Keep one of them.");
                good = false;
                continue;
            }
            None => {
                let message = format!("{key} is neither a text nor a list of texts.");
                intake.refuse(at(line), Some(kind), message, "Write it as in the example.");
                good = false;
                continue;
            }
        };
        cells.push((column, value));
    }
    if good {
        intake.take(&Record {
            kind,
            at: at(line),
            cells,
        });
    }
}

/// A value, with lines where problems may need them.
enum Node {
    Text(String),
    List(Vec<(u32, Node)>),
    Map(Vec<(u32, String, Node)>),
}

impl Node {
    /// As the value of a column; `None` if it is nested too deep for one.
    fn into_value(self) -> Option<Value> {
        match self {
            Self::Text(text) => Some(Value::Text(text)),
            Self::List(items) => items
                .into_iter()
                .map(|(line, item)| Some((line, item.into_item()?)))
                .collect::<Option<_>>()
                .map(Value::List),
            Self::Map(_) => None,
        }
    }

    /// As one of several; `email: x` is what YAML takes for a map.
    fn into_item(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Map(fields) => match <[_; 1]>::try_from(fields) {
                Ok([(_, key, Self::Text(text))]) => Some(format!("{key}: {text}")),
                _ => None,
            },
            Self::List(_) => None,
        }
    }
}

struct Yaml<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// Of the last event, from 1.
    line: u32,
}

/// Deepest nesting that is read; the format needs two.
const DEEPEST: u32 = 16;

impl<'t> Yaml<'t> {
    /// The next event that says something; `None` at the end.
    fn next(&mut self) -> Result<Option<Event<'t>>, Unreadable> {
        loop {
            let Some(next) = self.parser.next_event() else {
                return Ok(None);
            };
            let (event, span) = next.map_err(|error| Unreadable {
                row: u32::try_from(error.marker().line()).unwrap_or(0),
                message: "The file is not well-formed YAML here.".to_owned(),
                fix: format!("Correct the line: {}.", error.info()),
            })?;
            self.line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
            match event {
                Event::StreamStart | Event::StreamEnd => {}
                Event::DocumentStart(..) | Event::DocumentEnd | Event::Comment(..) => {}
                Event::Alias(_) => {
                    let fix = "Write the value out where it is needed.";
                    return Err(self.stop("The file uses an alias, which is not read.", fix));
                }
                event => return Ok(Some(event)),
            }
        }
    }

    fn stop(&self, message: &str, fix: &str) -> Unreadable {
        Unreadable {
            row: self.line,
            message: message.to_owned(),
            fix: fix.to_owned(),
        }
    }

    /// The value that begins with this event.
    fn node(&mut self, event: Event<'t>, depth: u32) -> Result<Node, Unreadable> {
        if depth > DEEPEST {
            return Err(self.stop(
                "The entry is nested too deep.",
                "Write it as in the example.",
            ));
        }
        match event {
            Event::Scalar(text, style, ..) if is_null(&text, style) => {
                Ok(Node::Text(String::new()))
            }
            Event::Scalar(text, ..) => Ok(Node::Text(trimmed(text))),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                while let Some(event) = self.next()? {
                    if event == Event::SequenceEnd {
                        break;
                    }
                    let line = self.line;
                    items.push((line, self.node(event, depth + 1)?));
                }
                Ok(Node::List(items))
            }
            Event::MappingStart(..) => {
                let mut fields = Vec::new();
                while let Some(event) = self.next()? {
                    if event == Event::MappingEnd {
                        break;
                    }
                    let line = self.line;
                    let Node::Text(key) = self.node(event, depth + 1)? else {
                        return Err(self.stop("A name is not a text.", "Write a name and a colon."));
                    };
                    let Some(event) = self.next()? else { break };
                    fields.push((line, key, self.node(event, depth + 1)?));
                }
                Ok(Node::Map(fields))
            }
            _ => Err(self.stop(
                "The entry cannot be understood.",
                "Write it as in the example.",
            )),
        }
    }

    fn skip_value(&mut self) -> Result<(), Unreadable> {
        match self.next()? {
            Some(event) => self.node(event, 0).map(|_| ()),
            None => Ok(()),
        }
    }
}

fn is_null(text: &str, style: ScalarStyle) -> bool {
    style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn trimmed(text: Cow<'_, str>) -> String {
    text.trim().to_owned()
}

/// A directory could not be written as YAML.
#[derive(Debug, thiserror::Error)]
#[error("write the directory as YAML")]
pub struct WriteError(#[source] serde_saphyr::ser_error::Error);

/// A directory as one text. It holds addresses and webhooks, which are secrets.
///
/// Every key is written, also empty ones: importing the text changes nothing, and importing it
/// with pruning anywhere makes the same directory.
pub fn write(directory: &Directory) -> Result<String, WriteError> {
    serde_saphyr::to_string(&File::of(directory)).map_err(WriteError)
}

#[derive(Serialize)]
struct File<'a> {
    organisations: Vec<OrganisationEntry<'a>>,
    destinations: Vec<DestinationEntry<'a>>,
    services: Vec<ServiceEntry<'a>>,
    people: Vec<PersonEntry<'a>>,
    groups: Vec<GroupEntry<'a>>,
    contacts: Vec<FlowMap<ContactEntry<'a>>>,
    roles: Vec<FlowMap<RoleEntry<'a>>>,
}

#[derive(Serialize)]
struct OrganisationEntry<'a> {
    id: &'a str,
    name: &'a str,
    external: bool,
}

#[derive(Serialize)]
struct DestinationEntry<'a> {
    id: &'a str,
    name: &'a str,
    channel: &'a str,
    address: &'a str,
    organisation: Option<&'a str>,
}

#[derive(Serialize)]
struct ServiceEntry<'a> {
    id: &'a str,
    name: &'a str,
    outside_name: Option<&'a str>,
    programme: Option<&'a str>,
    tags: FlowSeq<Vec<&'a str>>,
    tier: Option<u8>,
    organisation: Option<&'a str>,
    depends_on: FlowSeq<Vec<&'a str>>,
    status_page: Option<&'a str>,
    support_queue: Option<&'a str>,
    disaster_recovery: Option<&'a str>,
    destinations: FlowSeq<Vec<&'a str>>,
}

#[derive(Serialize)]
struct PersonEntry<'a> {
    id: &'a str,
    name: &'a str,
    organisation: Option<&'a str>,
    addresses: Vec<BTreeMap<&'a str, &'a str>>,
    time_zone: Option<&'a str>,
    working_days: FlowSeq<Vec<String>>,
    working_from: Option<String>,
    working_until: Option<String>,
    muted_until: Option<String>,
}

#[derive(Serialize)]
struct GroupEntry<'a> {
    id: &'a str,
    name: &'a str,
    people: FlowSeq<Vec<&'a str>>,
    groups: FlowSeq<Vec<&'a str>>,
}

#[derive(Serialize)]
struct ContactEntry<'a> {
    organisation: &'a str,
    service: &'a str,
    person: &'a str,
}

#[derive(Serialize)]
struct RoleEntry<'a> {
    service: &'a str,
    role: &'a str,
    person: &'a str,
}

impl<'a> File<'a> {
    fn of(directory: &'a Directory) -> Self {
        let organisations = directory.organisations.values();
        let contacts = organisations.clone().flat_map(|organisation| {
            organisation.contacts.iter().map(|contact| {
                FlowMap(ContactEntry {
                    organisation: organisation.id.as_str(),
                    service: contact.service.as_str(),
                    person: contact.person.as_str(),
                })
            })
        });
        Self {
            contacts: contacts.collect(),
            organisations: organisations
                .map(|it| OrganisationEntry {
                    id: it.id.as_str(),
                    name: &it.name,
                    external: it.external,
                })
                .collect(),
            destinations: destinations(directory),
            services: services(directory),
            people: people(directory),
            groups: groups(directory),
            roles: directory
                .roles
                .iter()
                .map(|held| {
                    FlowMap(RoleEntry {
                        service: held.service.as_str(),
                        role: held.role.as_str(),
                        person: held.person.as_str(),
                    })
                })
                .collect(),
        }
    }
}

fn destinations(directory: &Directory) -> Vec<DestinationEntry<'_>> {
    let entry = directory.destinations.values().map(|it| DestinationEntry {
        id: it.id.as_str(),
        name: &it.name,
        channel: it.channel.as_str(),
        address: it.address.as_str(),
        organisation: it.organisation.as_ref().map(|id| id.as_str()),
    });
    entry.collect()
}

fn services(directory: &Directory) -> Vec<ServiceEntry<'_>> {
    let entry = directory.services.values().map(|it| ServiceEntry {
        id: it.id.as_str(),
        name: &it.name,
        outside_name: it.outside_name.as_deref(),
        programme: it.programme.as_deref(),
        tags: FlowSeq(it.tags.iter().map(String::as_str).collect()),
        tier: it.tier,
        organisation: it.organisation.as_ref().map(|id| id.as_str()),
        depends_on: FlowSeq(it.depends_on.iter().map(|id| id.as_str()).collect()),
        status_page: it.status_page.as_deref(),
        support_queue: it.support_queue.as_deref(),
        disaster_recovery: it.disaster_recovery.as_deref(),
        destinations: FlowSeq(it.destinations.iter().map(|id| id.as_str()).collect()),
    });
    entry.collect()
}

fn people(directory: &Directory) -> Vec<PersonEntry<'_>> {
    let entry = directory.people.values().map(|it| {
        let hours = it.working_hours.as_ref();
        let addresses = it.addresses.iter();
        let days = hours.iter().flat_map(|hours| &hours.days);
        PersonEntry {
            id: it.id.as_str(),
            name: &it.name,
            organisation: it.organisation.as_ref().map(|id| id.as_str()),
            addresses: addresses
                .map(|it| BTreeMap::from([(it.channel.as_str(), it.address.as_str())]))
                .collect(),
            time_zone: it.time_zone.map(|zone| zone.name()),
            working_days: FlowSeq(days.map(ToString::to_string).collect()),
            working_from: hours.map(|hours| time_of_day(hours.from)),
            working_until: hours.map(|hours| time_of_day(hours.until)),
            muted_until: it
                .muted_until
                .map(|until| until.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    });
    entry.collect()
}

fn groups(directory: &Directory) -> Vec<GroupEntry<'_>> {
    let entry = directory.groups.values().map(|it| GroupEntry {
        id: it.id.as_str(),
        name: &it.name,
        people: FlowSeq(
            it.members
                .iter()
                .filter_map(|member| match member {
                    Member::Person(id) => Some(id.as_str()),
                    Member::Group(_) => None,
                })
                .collect(),
        ),
        groups: FlowSeq(
            it.members
                .iter()
                .filter_map(|member| match member {
                    Member::Group(id) => Some(id.as_str()),
                    Member::Person(_) => None,
                })
                .collect(),
        ),
    });
    entry.collect()
}
