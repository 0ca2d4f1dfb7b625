//! CSV: one file a list, `people.csv` and so on, with headings in the first row.
//!
//! Files come out of spreadsheets: a byte order mark, semicolons or tabs instead of commas, and
//! Windows line ends are all read. Rows are counted as a spreadsheet counts them.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, which can send
//! the whole sheet elsewhere. Such a cell is written with an apostrophe in front, which spreadsheets
//! show as text, and read without it; so is one that begins with an apostrophe, to keep the two
//! apart.

use std::collections::{BTreeMap, BTreeSet};

use chrono::SecondsFormat;

use super::{
    columns,
    intake::Intake,
    plan::{Unreadable, in_sheet, kind_of},
    record::{Record, Value},
};
use crate::domain::{
    ChannelName,
    directory::{Directory, Kind, Member, Person, merge::Place},
    nearest::fix_for,
};

/// What a spreadsheet takes for the beginning of a formula, and the full-width forms that some
/// turn into them.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Reads one file into the intake.
pub(super) fn read(
    intake: &mut Intake<'_>,
    at: &Place,
    stem: &str,
    bytes: &[u8],
) -> Result<(), Unreadable> {
    let Some(kind) = kind_of(stem) else {
        let names = Kind::ALL.map(Kind::as_str);
        let otherwise = format!("Name the file after its list: {}.", names.join(", "));
        return Err(Unreadable {
            row: 0,
            message: format!("{} does not say which list it is.", at.file),
            fix: fix_for(stem, names, &otherwise),
        });
    };
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(not_utf8(0));
    }
    intake.begin(kind);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut rows = Rows {
        text: bytes,
        last: 0,
        breaks_within: 0,
    };
    let mut record = csv::ByteRecord::new();
    let mut headings = None;
    loop {
        let more = reader
            .read_byte_record(&mut record)
            .map_err(|error| Unreadable {
                row: rows.last + 1,
                message: "The file cannot be read as CSV.".to_owned(),
                fix: format!("Save it again as CSV UTF-8. ({error})"),
            })?;
        if !more {
            break;
        }
        let row = rows.of(&record);
        let at = Place { row, ..at.clone() };
        let cells = record
            .iter()
            .map(|cell| std::str::from_utf8(cell).map(|text| unguard(text.trim()).to_owned()))
            .collect::<Result<Vec<String>, _>>()
            .map_err(|_| not_utf8(row))?;
        match &headings {
            None => match intake.headings(kind, &at, &cells) {
                Some(columns) => headings = Some(columns),
                None => return Ok(()),
            },
            Some(columns) => {
                if cells
                    .iter()
                    .skip(columns.len())
                    .any(|cell| !cell.is_empty())
                {
                    let message = "The row has more cells than there are headings.";
                    let fix = "Put a cell that holds a comma in double quotes.";
                    intake.refuse(at, Some(kind), message, fix);
                    continue;
                }
                let cells = columns
                    .iter()
                    .zip(cells)
                    .filter_map(|(column, text)| Some((column.clone()?, Value::Text(text))));
                intake.take(&Record {
                    kind,
                    cells: cells.collect(),
                    at,
                });
            }
        }
    }
    if headings.is_none() {
        let at = Place {
            row: 1,
            ..in_sheet(at, None)
        };
        let fix = format!(
            "Write the headings {} in the first row.",
            columns::names(kind).join(", ")
        );
        intake.refuse(at, Some(kind), "The file is empty.", fix);
    }
    Ok(())
}

fn not_utf8(row: u32) -> Unreadable {
    Unreadable {
        row,
        message: "The file is not in UTF-8, so names would come out wrong.".to_owned(),
        fix: "Save it again as \"CSV UTF-8\".".to_owned(),
    }
}

/// Comma, unless the headings have none and have semicolons or tabs.
fn delimiter(bytes: &[u8]) -> u8 {
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(bytes.len());
    let first = bytes.get(..end).unwrap_or_default();
    [b',', b';', b'\t']
        .into_iter()
        .find(|delimiter| first.contains(delimiter))
        .unwrap_or(b',')
}

/// Turns positions in the text into rows as a spreadsheet counts them: an empty line is a row, a
/// line break within a cell is not.
struct Rows<'t> {
    text: &'t [u8],
    last: u32,
    breaks_within: u64,
}

impl Rows<'_> {
    fn of(&mut self, record: &csv::ByteRecord) -> u32 {
        let (line, start) = record
            .position()
            .map_or((1, 0), |at| (at.line(), at.byte()));
        // The reader skips empty lines, but says that the record begins before them.
        let rest = usize::try_from(start)
            .ok()
            .and_then(|start| self.text.get(start..));
        let blank = rest
            .unwrap_or_default()
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let skipped = blank.filter(|byte| **byte == b'\n').count() as u64;
        let row = (line + skipped).saturating_sub(self.breaks_within);
        self.last = u32::try_from(row).unwrap_or(u32::MAX);
        let breaks = record
            .iter()
            .flatten()
            .filter(|byte| **byte == b'\n')
            .count();
        self.breaks_within += breaks as u64;
        self.last
    }
}

fn guard(text: &str) -> String {
    if text.starts_with(FORMULA) || text.starts_with('\'') {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn unguard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA) || rest.starts_with('\'') => rest,
        _ => text,
    }
}

/// The files of a directory: name and content, for the caller to save. They hold addresses and
/// webhooks, which are secrets.
///
/// Importing them changes nothing, and importing them with pruning anywhere makes the same
/// directory.
pub fn write(directory: &Directory) -> Vec<(String, Vec<u8>)> {
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

pub(super) fn time_of_day(time: chrono::NaiveTime) -> String {
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
