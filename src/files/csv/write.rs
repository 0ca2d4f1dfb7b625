//! A directory to CSV.

use std::collections::{BTreeMap, BTreeSet};

use chrono::SecondsFormat;

use super::{super::columns, guard};
use crate::domain::{
    ChannelName,
    directory::{Directory, Kind, Member, Person},
    shown::ShownDirectory,
};

/// The files of a directory: name and content, for the caller to save, with its addresses as they may
/// be shown.
///
/// Importing them changes nothing, and importing them with pruning anywhere makes the same
/// directory, as far as its addresses are whole.
pub fn write(directory: &ShownDirectory) -> Vec<(String, Vec<u8>)> {
    let directory = directory.entries();
    let file = |kind: Kind, table: Table| (format!("{kind}.csv"), table.finish());
    vec![
        file(Kind::Organisations, organisations(directory)),
        file(Kind::Destinations, destinations(directory)),
        file(Kind::Services, services(directory)),
        file(Kind::People, people(directory)),
        file(Kind::Groups, groups(directory)),
        file(Kind::Contacts, contacts(directory)),
        file(Kind::Roles, roles(directory)),
    ]
}

struct Table(csv::Writer<Vec<u8>>);

impl Table {
    fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self(csv::Writer::from_writer(Vec::new()));
        table.row(headings);
        table
    }

    fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        // Writing to memory does not fail.
        let _ = self.0.write_record(cells.into_iter().map(guard));
    }

    fn finish(self) -> Vec<u8> {
        let bytes = self.0.into_inner().unwrap_or_default();
        // Without the mark, spreadsheets take accented letters for others and save them so.
        if bytes.is_ascii() {
            bytes
        } else {
            [b"\xEF\xBB\xBF".as_slice(), &bytes].concat()
        }
    }
}

fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items
        .into_iter()
        .map(|item| item.to_string())
        .collect::<Vec<_>>()
        .join("; ")
}

fn organisations(directory: &Directory) -> Table {
    let mut table = Table::new(columns::names(Kind::Organisations).iter().copied());
    for it in directory.organisations.values() {
        table.row([
            it.id.as_str(),
            &it.name,
            if it.external { "yes" } else { "no" },
        ]);
    }
    table
}

fn destinations(directory: &Directory) -> Table {
    let mut table = Table::new(columns::names(Kind::Destinations).iter().copied());
    for it in directory.destinations.values() {
        table.row([
            it.id.as_str(),
            &it.name,
            it.channel.as_str(),
            it.address.as_str(),
            &or_empty(it.organisation.as_ref()),
        ]);
    }
    table
}

fn services(directory: &Directory) -> Table {
    let mut table = Table::new(columns::names(Kind::Services).iter().copied());
    for it in directory.services.values() {
        table.row([
            it.id.as_str(),
            &it.name,
            it.outside_name.as_deref().unwrap_or_default(),
            it.programme.as_deref().unwrap_or_default(),
            &list(&it.tags),
            &or_empty(it.tier),
            &or_empty(it.organisation.as_ref()),
            &list(&it.depends_on),
            it.status_page.as_deref().unwrap_or_default(),
            it.support_queue.as_deref().unwrap_or_default(),
            it.disaster_recovery.as_deref().unwrap_or_default(),
            &list(&it.destinations),
        ]);
    }
    table
}

/// People have a column per channel, as in the lists that people keep. Somebody whose order of
/// addresses those columns cannot show has them all under `addresses` instead.
fn people(directory: &Directory) -> Table {
    let channels = channel_columns(directory);
    let own = columns::names(Kind::People).iter().copied();
    let mut table = Table::new(own.chain(channels.iter().map(|channel| channel.as_str())));
    for person in directory.people.values() {
        let (addresses, by_channel) = address_cells(person, &channels);
        let hours = person.working_hours.as_ref();
        let own = [
            person.id.to_string(),
            person.name.clone(),
            or_empty(person.organisation.as_ref()),
            addresses,
            or_empty(person.time_zone),
            hours.map(|it| list(&it.days)).unwrap_or_default(),
            hours.map(|it| time_of_day(it.from)).unwrap_or_default(),
            hours.map(|it| time_of_day(it.until)).unwrap_or_default(),
            or_empty(
                person
                    .muted_until
                    .map(|it| it.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            ),
        ];
        table.row(own.iter().chain(&by_channel).map(String::as_str));
    }
    table
}

/// The channels in use, those that people prefer first. One whose name is that of another column
/// has none.
fn channel_columns(directory: &Directory) -> Vec<&ChannelName> {
    let mut positions: BTreeMap<&ChannelName, (usize, usize)> = BTreeMap::new();
    for person in directory.people.values() {
        for (position, address) in person.addresses.iter().enumerate() {
            let (sum, count) = positions.entry(&address.channel).or_default();
            *sum += position;
            *count += 1;
        }
    }
    let taken: BTreeSet<&str> = columns::names(Kind::People).iter().copied().collect();
    let mut channels: Vec<(&ChannelName, (usize, usize))> = positions
        .into_iter()
        .filter(|(channel, _)| !taken.contains(channel.as_str()))
        .collect();
    // Mean positions compared as fractions, and the name decides between equal ones.
    channels.sort_by(|(a, (sum_a, count_a)), (b, (sum_b, count_b))| {
        (sum_a * count_b)
            .cmp(&(sum_b * count_a))
            .then_with(|| a.cmp(b))
    });
    channels.into_iter().map(|(channel, _)| channel).collect()
}

fn address_cells(person: &Person, channels: &[&ChannelName]) -> (String, Vec<String>) {
    let by_channel: Vec<Vec<&str>> = channels
        .iter()
        .map(|channel| {
            let here = person.addresses.iter().filter(|it| it.channel == **channel);
            here.map(|it| it.address.as_str()).collect()
        })
        .collect();
    let in_columns = channels
        .iter()
        .zip(&by_channel)
        .flat_map(|(channel, here)| here.iter().map(move |address| (channel.as_str(), *address)));
    let have = person
        .addresses
        .iter()
        .map(|it| (it.channel.as_str(), it.address.as_str()));
    if in_columns.eq(have.clone()) {
        (
            String::new(),
            by_channel.iter().map(|here| here.join("; ")).collect(),
        )
    } else {
        let all: Vec<String> = have
            .map(|(channel, it)| format!("{channel}: {it}"))
            .collect();
        (all.join("; "), vec![String::new(); channels.len()])
    }
}

pub(in crate::files) fn time_of_day(time: chrono::NaiveTime) -> String {
    use chrono::Timelike;
    if time.second() == 0 && time.nanosecond() == 0 {
        time.format("%H:%M").to_string()
    } else {
        time.format("%H:%M:%S%.f").to_string()
    }
}

fn groups(directory: &Directory) -> Table {
    let mut table = Table::new(columns::names(Kind::Groups).iter().copied());
    for group in directory.groups.values() {
        if group.members.is_empty() {
            table.row([group.id.as_str(), &group.name, "", ""]);
        }
        for member in &group.members {
            let (person, inner) = match member {
                Member::Person(id) => (id.as_str(), ""),
                Member::Group(id) => ("", id.as_str()),
            };
            table.row([group.id.as_str(), &group.name, person, inner]);
        }
    }
    table
}

fn contacts(directory: &Directory) -> Table {
    let mut table = Table::new(columns::names(Kind::Contacts).iter().copied());
    for organisation in directory.organisations.values() {
        for contact in &organisation.contacts {
            table.row([
                organisation.id.as_str(),
                contact.service.as_str(),
                contact.person.as_str(),
            ]);
        }
    }
    table
}

fn roles(directory: &Directory) -> Table {
    let mut table = Table::new(columns::names(Kind::Roles).iter().copied());
    for held in &directory.roles {
        table.row([
            held.service.as_str(),
            held.role.as_str(),
            held.person.as_str(),
        ]);
    }
    table
}
