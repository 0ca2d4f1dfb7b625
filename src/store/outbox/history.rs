//! What was said about an incident so far, for the plan of what comes next.
//!
//! An incident may have a million deliveries, and most of them say nothing that a later one to the
//! same person does not. So they are never read whole: of what is out, the newest of each kind to each
//! person is looked up in an index that keeps the kinds together.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::sql::{Reader, column, numbers, rows};
use crate::{
    domain::{
        Address, Audience, ChannelName, IncidentId, PersonId,
        decide::Sending,
        delivery::{State, ToldPerson},
        notification::Moment,
        plan::Told,
        situation::RecipientId,
    },
    store::StoreError,
};

/// That a delivery is out, or may be.
const IS_OUT: &str =
    "(d.unsure OR d.state IN ('sending', 'uncertain', 'accepted', 'delivered', 'held'))";

/// That a delivery waits, and nothing of it is out. The first part is the condition of the index.
const WAITS: &str =
    "d.state IN ('ready', 'sending', 'uncertain') AND d.state = 'ready' AND NOT d.unsure";

/// What was said about an incident, once per recipient, in the order of events:
///
/// - all that waits;
/// - of what is out or may be out, the newest to each recipient on each channel, as each reader and on
///   each occasion: from it follows what somebody was told last, and whether they ever were;
/// - all that is out or may be out of `events`.
pub async fn history(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    events: &BTreeSet<u32>,
) -> Result<Vec<Told>, StoreError> {
    let mut found = newest(conn, incident).await?;
    found.extend(waiting(conn, incident).await?);
    found.extend(out_of(conn, incident, events).await?);
    found.sort_by(|a, b| key(a).cmp(&key(b)));
    found.dedup_by(|a, b| key(a) == key(b));
    Ok(found.into_iter().map(|row| row.told).collect())
}

/// How many were told by some events of an incident, or may have been, or are about to be.
pub async fn told_by(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    events: &BTreeSet<u32>,
) -> Result<usize, StoreError> {
    let out = out_of(conn, incident, events).await?;
    let waiting = waiting(conn, incident).await?;
    let waiting = waiting.iter().filter(|row| events.contains(&row.told.seq));
    let people: BTreeSet<&RecipientId> =
        out.iter().chain(waiting).map(|row| &row.told.who).collect();
    Ok(people.len())
}

/// How far the messages are of each event of which some still wait.
pub async fn sending(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<BTreeMap<u32, Sending>, StoreError> {
    const STEP: &str = "see what of an incident can be stopped";
    let sql = format!(
        "SELECT d.event_seq, d.audience, d.awaits_word, COUNT(*) FROM delivery d \
         WHERE d.incident = $1 AND {WAITS} GROUP BY d.event_seq, d.audience, d.awaits_word"
    );
    let mut events: BTreeMap<u32, Sending> = BTreeMap::new();
    for row in &rows(conn, STEP, &sql, vec![number(incident)]).await? {
        let mut row = Reader::new(row, STEP);
        let event = events.entry(row.count()?).or_default();
        let audience: Audience = row.parse()?;
        let awaits_word: bool = row.get()?;
        let count = row.count()?;
        event.waiting += count;
        if awaits_word {
            *event.awaits_word.entry(audience).or_default() += count;
        }
    }
    if events.is_empty() {
        return Ok(events);
    }
    let sql = format!(
        "SELECT DISTINCT d.event_seq, d.audience FROM notification n \
         JOIN delivery d ON d.notification_id = n.id \
         WHERE n.incident = $1 AND n.event_seq {} AND d.channel <> '' AND {IS_OUT}",
        numbers(events.keys().copied())
    );
    for row in &rows(conn, STEP, &sql, vec![number(incident)]).await? {
        let mut row = Reader::new(row, STEP);
        let event = events.entry(row.count()?).or_default();
        event.told.insert(row.parse()?);
    }
    Ok(events)
}

/// A line of the history, with the delivery that it is of.
struct Line {
    delivery: String,
    told: Told,
}

fn key(line: &Line) -> (u32, &str, &RecipientId) {
    (line.told.seq, &line.delivery, &line.told.who)
}

/// The newest of each kind that is out or may be out. A kind is a person or destination, a channel, a
/// reader and an occasion. The kinds are gone through one after the other: each is one look into the
/// index, however often the same was said.
async fn newest(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Vec<Line>, StoreError> {
    const STEP: &str = "read what was said last";
    let sql = format!(
        "WITH RECURSIVE kind (told_as) AS ( \
           SELECT MIN(told_as) FROM recipient WHERE incident = $1 \
           UNION ALL SELECT (SELECT MIN(r.told_as) FROM recipient r \
             WHERE r.incident = $1 AND r.told_as > kind.told_as) \
           FROM kind WHERE kind.told_as IS NOT NULL), \
         newest (told_as, delivery_id) AS MATERIALIZED ( \
           SELECT kind.told_as, (SELECT r.delivery_id FROM recipient r \
             JOIN delivery d ON d.id = r.delivery_id \
             WHERE r.incident = $1 AND r.told_as = kind.told_as AND {IS_OUT} \
             ORDER BY r.event_seq DESC, r.delivery_id DESC LIMIT 1) \
           FROM kind WHERE kind.told_as IS NOT NULL) \
         SELECT d.id, r.told_as, r.name, d.event_seq, d.address, d.fell_from IS NOT NULL \
         FROM newest \
         JOIN delivery d ON d.id = newest.delivery_id \
         JOIN recipient r ON r.incident = $1 AND r.told_as = newest.told_as \
           AND r.event_seq = d.event_seq AND r.delivery_id = d.id"
    );
    rows(conn, STEP, &sql, vec![number(incident)])
        .await?
        .iter()
        .map(|row| {
            let mut row = Reader::new(row, STEP);
            let delivery = row.get()?;
            let kind: Kind = row.parse()?;
            Ok(Line {
                delivery,
                told: Told {
                    who: kind.who,
                    channel: kind.channel,
                    audience: kind.audience,
                    moment: kind.moment,
                    name: row.get::<String>()?.into(),
                    seq: row.count()?,
                    address: Address::new(&row.get::<String>()?),
                    stands_in: row.get()?,
                    waiting: false,
                    awaits_word: false,
                },
            })
        })
        .collect()
}

/// All of an incident that waits.
async fn waiting(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
) -> Result<Vec<Line>, StoreError> {
    const STEP: &str = "read what waits";
    let sql = format!("SELECT {COLUMNS} FROM delivery d WHERE d.incident = $1 AND {WAITS}");
    lines(&rows(conn, STEP, &sql, vec![number(incident)]).await?, STEP)
}

/// All of these events that is out or may be out.
async fn out_of(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    events: &BTreeSet<u32>,
) -> Result<Vec<Line>, StoreError> {
    const STEP: &str = "read who was told of an event";
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM notification n JOIN delivery d ON d.notification_id = n.id \
         WHERE n.incident = $1 AND n.event_seq {} AND d.channel <> '' AND {IS_OUT}",
        numbers(events.iter().copied())
    );
    lines(&rows(conn, STEP, &sql, vec![number(incident)]).await?, STEP)
}

const COLUMNS: &str = "d.id, d.recipients, d.audience, d.channel, d.address, d.moment, d.event_seq, \
     d.state, d.unsure, d.awaits_word, d.fell_from IS NOT NULL AS stands_in";

/// Deliveries as lines: one for each of their recipients.
fn lines(found: &[QueryResult], step: &'static str) -> Result<Vec<Line>, StoreError> {
    let mut lines = Vec::with_capacity(found.len());
    for row in found {
        let mut row = Reader::new(row, step);
        let delivery: String = row.get()?;
        let recipients: Vec<ToldPerson> = row.json()?;
        let audience = row.parse()?;
        let channel: ChannelName = row.parse()?;
        let address = Address::new(&row.get::<String>()?);
        let moment = row.parse()?;
        let seq = row.count()?;
        let state: State = row.parse()?;
        let unsure: bool = row.get()?;
        let awaits_word: bool = row.get()?;
        let stands_in: bool = row.get()?;
        lines.extend(recipients.into_iter().map(|person| Line {
            delivery: delivery.clone(),
            told: Told {
                who: person.who,
                name: person.name,
                audience,
                channel: channel.clone(),
                address: address.clone(),
                moment,
                seq,
                waiting: state == State::Ready && !unsure,
                awaits_word: state == State::Ready && awaits_word,
                stands_in,
            },
        }));
    }
    Ok(lines)
}

/// Who was told, and how, as a row of the table `recipient` names it: `person:dana/email/owners/update`.
/// None of the parts has a slash in it.
struct Kind {
    who: RecipientId,
    channel: ChannelName,
    audience: Audience,
    moment: Moment,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let [who, channel, audience, moment] = parts[..] else {
            return Err(format!("\"{text}\" does not say who was told"));
        };
        let who = match who.split_once(':') {
            Some(("person", id)) => RecipientId::Person(id.parse().map_err(as_text)?),
            Some(("destination", id)) => RecipientId::Destination(id.parse().map_err(as_text)?),
            _ => return Err(format!("\"{who}\" is neither a person nor a destination")),
        };
        Ok(Self {
            who,
            channel: channel.parse().map_err(as_text)?,
            audience: audience.parse().map_err(as_text)?,
            moment: moment.parse().map_err(as_text)?,
        })
    }
}

fn as_text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn number(incident: IncidentId) -> Value {
    i64::from(incident.0).into()
}

/// Ids of people and destinations of whom at least one delivery was accepted.
pub async fn people_reached(conn: &impl ConnectionTrait) -> Result<BTreeSet<String>, StoreError> {
    let sql = "SELECT DISTINCT r.told_as FROM recipient r JOIN delivery d ON d.id = r.delivery_id \
               WHERE d.state IN ('accepted', 'delivered')";
    let kinds: Vec<String> = column(conn, "see who was ever reached", sql, vec![]).await?;
    kinds
        .iter()
        .map(|kind| {
            let kind: Kind = kind
                .parse()
                .map_err(|error| StoreError::unreadable("see who was ever reached", error))?;
            Ok(kind.who.as_str().to_owned())
        })
        .collect()
}

/// Of which of these incidents a person was told: a message to them is out, may be out, or is held.
pub async fn told_of(
    conn: &impl ConnectionTrait,
    person: &PersonId,
    of: &[IncidentId],
) -> Result<BTreeSet<IncidentId>, StoreError> {
    const STEP: &str = "see of what somebody was told";
    if of.is_empty() {
        return Ok(BTreeSet::new());
    }
    // All that begins so: the next character after the slash is 0.
    let sql = format!(
        "SELECT DISTINCT r.incident FROM recipient r CROSS JOIN delivery d \
         WHERE r.incident {} AND r.told_as > $1 AND r.told_as < $2 AND d.id = r.delivery_id \
         AND {IS_OUT}",
        numbers(of.iter().map(|id| id.0))
    );
    let bounds = vec![
        format!("person:{person}/").into(),
        format!("person:{person}0").into(),
    ];
    rows(conn, STEP, &sql, bounds)
        .await?
        .iter()
        .map(|row| Ok(IncidentId(Reader::new(row, STEP).count()?)))
        .collect()
}

/// Whether messages of an event to people outside still wait, so that they can be stopped.
pub async fn outside_waits(
    conn: &impl ConnectionTrait,
    incident: IncidentId,
    event: u32,
) -> Result<bool, StoreError> {
    let outside: Vec<String> = Audience::ALL
        .into_iter()
        .filter(|audience| audience.is_outside())
        .map(|audience| format!("'{}'", audience.as_str()))
        .collect();
    let sql = format!(
        "SELECT 1 FROM delivery d WHERE d.incident = $1 AND d.event_seq = $2 AND {WAITS} \
         AND NOT d.awaits_word AND d.audience IN ({}) LIMIT 1",
        outside.join(", ")
    );
    let values = vec![number(incident), i64::from(event).into()];
    let found: Vec<i32> = column(conn, "see what can be stopped", &sql, values).await?;
    Ok(!found.is_empty())
}
