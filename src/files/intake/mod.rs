//! Rows become mentions of entries, one by one, whatever the format.

mod entries;
mod pasted;

use std::collections::{BTreeSet, HashMap};

use super::{
    columns::{self, Column},
    plan::Options,
    record::{Record, Value, split_addresses},
    row::Row,
};
use crate::domain::{
    Address, ChannelName, GroupId, PersonId,
    directory::{
        Directory, Kind, Member, PersonAddress,
        merge::{
            DestinationPatch, GroupPatch, Mention, Mentioned, PersonPatch, Place, Problem, Spoiled,
        },
    },
    nearest::fix_for,
};
use pasted::TakenOff;

/// Everything read so far.
pub(super) struct Intake<'a> {
    current: &'a Directory,
    options: &'a Options<'a>,
    /// Channels that have a column: those of the settings, and those in use.
    pub(super) channels: Vec<ChannelName>,
    pub(super) mentions: Vec<Mentioned>,
    pub(super) problems: Vec<Problem>,
    pub(super) spoiled: Vec<Spoiled>,
    pub(super) notices: Vec<String>,
    /// Where characters that nobody sees were taken off.
    pub(super) taken_off: TakenOff,
    /// Lists that a file holds, if only as a heading.
    pub(super) kinds: BTreeSet<Kind>,
    /// Groups of the present list, with the name given: a group takes several rows.
    groups: HashMap<GroupId, Option<String>>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(current: &'a Directory, options: &'a Options<'a>) -> Self {
        let in_use = current
            .people
            .values()
            .flat_map(|person| &person.addresses)
            .map(|address| &address.channel);
        let channels: BTreeSet<&ChannelName> = options.channels.iter().chain(in_use).collect();
        Self {
            current,
            options,
            channels: channels.into_iter().cloned().collect(),
            mentions: Vec::new(),
            problems: Vec::new(),
            spoiled: Vec::new(),
            notices: Vec::new(),
            taken_off: TakenOff::default(),
            kinds: BTreeSet::new(),
            groups: HashMap::new(),
        }
    }

    /// A new list begins: a file, a sheet or a key.
    pub(super) fn begin(&mut self, kind: Kind) {
        self.kinds.insert(kind);
        self.groups.clear();
    }

    /// A problem with a whole file or list, of which no row is taken.
    pub(super) fn refuse(
        &mut self,
        at: Place,
        kind: Option<Kind>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let kinds = kind.map_or_else(|| Kind::ALL.to_vec(), |kind| vec![kind]);
        for kind in kinds {
            self.spoiled.push(Spoiled {
                kind,
                id: None,
                at: at.clone(),
            });
        }
        self.problems.push(Problem {
            at,
            column: None,
            message: message.into(),
            fix: fix.into(),
        });
    }

    /// What the headings of a list mean, by position; `None` if one of them cannot be understood.
    pub(super) fn headings(
        &mut self,
        kind: Kind,
        at: &Place,
        headings: &[String],
    ) -> Option<Vec<Option<Column>>> {
        let mut columns: Vec<Option<Column>> = Vec::new();
        let mut good = true;
        for heading in headings {
            let heading = &self.heading(at, heading);
            let column = if heading.is_empty() {
                None
            } else {
                match columns::find(kind, heading, &self.channels) {
                    Ok(column) if columns.contains(&Some(column.clone())) => {
                        let message = format!("The heading \"{heading}\" is there twice.");
                        self.refuse(
                            at.clone(),
                            Some(kind),
                            message,
                            "Delete one of the columns.",
                        );
                        good = false;
                        None
                    }
                    Ok(column) => Some(column),
                    Err(fix) => {
                        let message =
                            format!("\"{heading}\" is not a heading of the list of {kind}.");
                        self.refuse(at.clone(), Some(kind), message, fix);
                        good = false;
                        None
                    }
                }
            };
            columns.push(column);
        }
        for needed in columns::required(kind) {
            if !columns.contains(&Some(Column::Named(needed))) {
                let message = format!("The list of {kind} has no heading {needed}.");
                let fix = format!("Add the heading {needed} to its first row.");
                self.refuse(at.clone(), Some(kind), message, fix);
                good = false;
            }
        }
        good.then_some(columns)
    }

    /// Takes a row. One of which every cell is empty says nothing.
    pub(super) fn take(&mut self, record: &Record) {
        let cleaned = self.without_invisible(record);
        let record = cleaned.as_ref().unwrap_or(record);
        if record.cells.iter().all(|(_, value)| value.is_empty()) {
            return;
        }
        let mut row = Row::new(record);
        let mention = match record.kind {
            Kind::Organisations => entries::organisation(&mut row).map(Mention::Organisation),
            Kind::Destinations => self.destination(&mut row),
            Kind::Services => entries::service(&mut row).map(|it| Mention::Service(Box::new(it))),
            Kind::People => self.person(record, &mut row),
            Kind::Groups => {
                self.group(record, row);
                return;
            }
            Kind::Contacts => entries::contact(&mut row),
            Kind::Roles => entries::role(&mut row),
        };
        match mention {
            Some(what) if row.problems.is_empty() => self.mentions.push(Mentioned {
                at: record.at.clone(),
                what,
            }),
            _ => self.spoil(record, row.problems),
        }
    }

    fn spoil(&mut self, record: &Record, problems: Vec<Problem>) {
        let id = record.cells.iter().find_map(|(column, value)| match value {
            Value::Text(text) if column.name() == "id" => Some(text.clone()),
            _ => None,
        });
        self.spoiled.push(Spoiled {
            kind: record.kind,
            id,
            at: record.at.clone(),
        });
        self.problems.extend(problems);
    }

    fn destination(&self, row: &mut Row<'_>) -> Option<Mention> {
        let name = row.name();
        let id = row.needed_id("id", name.as_deref().unwrap_or_default());
        let organisation = row.id("organisation");
        let channel = row.id::<ChannelName>("channel").flatten();
        let address = row.link("address").flatten();
        let id = id?;
        let checked = match (channel, address) {
            (None, None) => None,
            (Some(channel), Some(address)) => {
                let known = self.current.destinations.get(&id).filter(|it| {
                    it.channel == channel && (self.options.means)(&address, &channel, &it.address)
                });
                let at = (row.at(), "channel", "address");
                let address = match known {
                    Some(known) => Some(known.address.clone()),
                    None => self.new_address(row, &channel, at, &address),
                };
                address.map(|address| (channel, address))
            }
            (Some(_), None) => {
                let fix = "Give both the channel and the address.";
                row.problem("address", "There is a channel and no address.", fix);
                None
            }
            (None, Some(_)) => {
                let fix = "Give both the channel and the address.";
                row.problem("channel", "There is an address and no channel.", fix);
                None
            }
        };
        Some(Mention::Destination(Box::new(DestinationPatch {
            id,
            name,
            address: checked,
            organisation,
        })))
    }

    fn person(&self, record: &Record, row: &mut Row<'_>) -> Option<Mention> {
        let name = row.name();
        let id: Option<PersonId> = row.needed_id("id", name.as_deref().unwrap_or_default());
        let organisation = row.id("organisation");
        let time_zone = row.time_zone();
        let working_hours = row.working_hours();
        let zone = time_zone.flatten().unwrap_or(self.options.time_zone);
        let muted_until = row.instant("muted_until", zone);
        let known: &[PersonAddress] = id
            .as_ref()
            .and_then(|id| self.current.people.get(id))
            .map_or(&[], |person| &person.addresses);
        let addresses = row.value("addresses").map(|value| {
            let mut addresses = Vec::new();
            for (at, text) in address_items(record, value) {
                addresses.extend(self.named_address(row, known, at, &text));
            }
            addresses
        });
        let mut on_channels = Vec::new();
        for (column, value) in &record.cells {
            if let Column::Channel(channel) = column {
                let mut here = Vec::new();
                for (at, text) in address_items(record, value) {
                    here.extend(self.address(row, known, channel, (at, channel.as_str()), &text));
                }
                on_channels.push((channel.clone(), here));
            }
        }
        Some(Mention::Person(Box::new(PersonPatch {
            id: id?,
            name,
            organisation,
            addresses,
            on_channels,
            time_zone,
            working_hours,
            muted_until,
        })))
    }

    /// `email: dana@northshire.example`
    fn named_address(
        &self,
        row: &mut Row<'_>,
        known: &[PersonAddress],
        at: u32,
        text: &str,
    ) -> Option<PersonAddress> {
        let fix = "Write each as the channel, a colon and the address, for example \
                   email: name@organisation.example.";
        let Some((channel, address)) = text.split_once(':') else {
            row.problem_at(
                at,
                "addresses",
                "An address does not name its channel.",
                fix,
            );
            return None;
        };
        let Ok(channel) = channel.trim().parse::<ChannelName>() else {
            row.problem_at(
                at,
                "addresses",
                "What stands before the colon is no channel.",
                fix,
            );
            return None;
        };
        let address = self.address(row, known, &channel, (at, "addresses"), address.trim())?;
        Some(PersonAddress { channel, address })
    }

    /// Checks an address, unless the person has it already: what is in force stays importable when
    /// a channel is switched off.
    fn address(
        &self,
        row: &mut Row<'_>,
        known: &[PersonAddress],
        channel: &ChannelName,
        (at, column): (u32, &str),
        text: &str,
    ) -> Option<Address> {
        if let Some(known) = known.iter().find(|have| {
            have.channel == *channel && (self.options.means)(text, channel, &have.address)
        }) {
            return Some(known.address.clone());
        }
        self.new_address(row, channel, (at, column, column), text)
    }

    /// Checks an address that is not in force yet. One on a channel of which the settings know
    /// nothing would reach nobody, and is more often a slip.
    fn new_address(
        &self,
        row: &mut Row<'_>,
        channel: &ChannelName,
        (at, channel_column, address_column): (u32, &str, &str),
        text: &str,
    ) -> Option<Address> {
        let channels = self.options.channels;
        if !channels.contains(channel) {
            let fix = fix_for(
                channel.as_str(),
                channels.iter().map(ChannelName::as_str),
                "Use a channel of the settings.",
            );
            let message = format!("There is no channel {channel} in the settings.");
            row.problem_at(at, channel_column, message, fix);
            return None;
        }
        match (self.options.check_address)(channel, text) {
            Ok(address) => Some(address),
            Err(mut wrong) => {
                // The fix follows it, so it has to end.
                if !wrong.ends_with('.') {
                    wrong.push('.');
                }
                let fix = format!("Correct the {channel} address.");
                row.problem_at(at, address_column, wrong, fix);
                None
            }
        }
    }

    /// A group may take several rows, one a member. A bad member spoils its row, not the group.
    fn group(&mut self, record: &Record, mut row: Row<'_>) {
        let name = row.text("name").flatten();
        let id: Option<GroupId> = row.needed_id("id", name.as_deref().unwrap_or_default());
        let lists_members = row.has("people") || row.has("groups");
        let people = row.ids("people").unwrap_or_default();
        let groups = row.ids("groups").unwrap_or_default();
        if let Some(id) = &id {
            match self.groups.get(id) {
                None => {
                    self.mentions.push(Mentioned {
                        at: record.at.clone(),
                        what: Mention::Group(GroupPatch {
                            id: id.clone(),
                            name: name.clone(),
                            lists_members,
                        }),
                    });
                    self.groups.insert(id.clone(), name);
                }
                Some(first) if name.is_some() && *first != name => row.problem(
                    "name",
                    format!("The group {id} has another name in an earlier row."),
                    "Give it the same name in each of its rows, or in the first only.",
                ),
                Some(_) => {}
            }
            let people = people.into_iter().map(|(at, id)| (at, Member::Person(id)));
            let groups = groups.into_iter().map(|(at, id)| (at, Member::Group(id)));
            self.mentions
                .extend(people.chain(groups).map(|(at, member)| Mentioned {
                    at: Place {
                        row: at,
                        ..record.at.clone()
                    },
                    what: Mention::Member(id.clone(), member),
                }));
        }
        if !row.problems.is_empty() {
            self.spoil(record, row.problems);
        }
    }
}

fn address_items(record: &Record, value: &Value) -> Vec<(u32, String)> {
    match value {
        Value::Text(text) => {
            let row = record.at.row;
            split_addresses(text)
                .into_iter()
                .map(|piece| (row, piece))
                .collect()
        }
        Value::List(items) => items.clone(),
    }
}
