//! Compares what reached people, in the order in which it did, with what the record says.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use oyez::domain::{IncidentId, delivery::ToldPerson, notification::Moment};
use sea_orm::{ConnectionTrait, Database, QueryResult, Statement};
use serde_json::Value;

use super::process::record;

/// A delivery as the record has it.
#[derive(Debug)]
#[expect(dead_code, reason = "state and sentence are there to be printed")]
struct Delivery {
    state: String,
    sentence: String,
    seq: u32,
    moment: Moment,
    audience: String,
    channel: String,
    people: Vec<String>,
}

/// Something that reached somebody.
#[derive(Debug, Clone)]
struct Heard {
    delivery: String,
    seq: u32,
    moment: Moment,
    audience: String,
    channel: String,
}

/// Asks the database with plain SQL on a connection of its own.
pub(crate) async fn ask(url: &str, sql: &str) -> Vec<QueryResult> {
    let db = Database::connect(url).await.expect("connect");
    let engine = db.get_database_backend();
    let rows = db
        .query_all_raw(Statement::from_string(engine, sql))
        .await
        .expect("ask the database");
    db.close().await.expect("close");
    rows
}

/// Fails if anybody was told wrongly, twice, backwards, or not to the end. Says what there was.
pub(crate) async fn judge(url: &str, folder: &Path, _: IncidentId) -> String {
    let deliveries = deliveries(url).await;
    let repeats: BTreeSet<String> = ask(url, "SELECT delivery_id FROM attempt WHERE repeat")
        .await
        .iter()
        .map(|row| row.try_get("", "delivery_id").unwrap())
        .collect();
    let lines = std::fs::read_to_string(record(folder)).expect("something was accepted");
    let mut heard: BTreeMap<String, Vec<Heard>> = BTreeMap::new();
    for id in lines.lines() {
        let delivery = &deliveries[id];
        for person in &delivery.people {
            heard.entry(person.clone()).or_default().push(Heard {
                delivery: id.to_owned(),
                seq: delivery.seq,
                moment: delivery.moment,
                audience: delivery.audience.clone(),
                channel: delivery.channel.clone(),
            });
        }
    }
    let events = events(url).await;
    // A person may stop a correction too.
    let stopped: BTreeSet<u64> = events
        .values()
        .filter(|event| event["type"] == "sending-cancelled")
        .filter_map(|event| event["event"].as_u64())
        .collect();
    for (person, heard) in &heard {
        let wrong = |what: String| -> ! {
            let theirs = deliveries
                .iter()
                .filter(|(_, delivery)| delivery.people.contains(person));
            let mut theirs: Vec<String> = theirs
                .map(|(id, delivery)| format!("{:>3} {id} {delivery:?}", delivery.seq))
                .collect();
            theirs.sort();
            let heard: Vec<String> = heard.iter().map(|one| format!("{one:?}")).collect();
            let events: Vec<String> = events.values().map(Value::to_string).collect();
            panic!(
                "{person} {what}:\nheard {}\nrecord {}\nevents {}",
                heard.join("\n"),
                theirs.join("\n"),
                events.join("\n"),
            )
        };
        let mut seen: BTreeMap<u32, &Heard> = BTreeMap::new();
        // Where somebody was told twice, by two ways, each has its end and what puts it right.
        let ways: BTreeSet<&str> = heard.iter().map(|one| one.channel.as_str()).collect();
        let belongs_everywhere = |one: &Heard| {
            let is_it = matches!(one.moment, Moment::Resolved | Moment::Correction);
            is_it && ways.len() > 1
        };
        let mut newest = 0;
        for one in heard {
            if let Some(before) = seen.insert(one.seq, one) {
                let is_repeat = before.delivery == one.delivery && repeats.contains(&one.delivery);
                let is_elsewhere = belongs_everywhere(one) && before.channel != one.channel;
                if !is_repeat && !is_elsewhere {
                    wrong(format!("was told of event {} twice", one.seq));
                }
            }
            // Wrong words are put right also after something newer.
            if one.seq < newest && one.moment != Moment::Correction {
                wrong(format!("was told of event {} after {newest}", one.seq));
            }
            newest = newest.max(one.seq);
        }
        for (seq, event) in &events {
            let is = |kind: &str| event["type"] == kind;
            if is("corrected") && !stopped.contains(&u64::from(*seq)) {
                for wrong_event in event["events"].as_array().unwrap() {
                    let had_it = seen.contains_key(&(wrong_event.as_u64().unwrap() as u32));
                    if had_it && !has(&seen, &events, &stopped, *seq) {
                        wrong(format!(
                            "had event {wrong_event} and not its correction {seq}"
                        ));
                    }
                }
            }
            if is("sending-cancelled")
                && let Some(told) = seen.get(&(event["event"].as_u64().unwrap() as u32))
                && !event["restored"][&told.audience].is_null()
            {
                wrong(format!("was told what counts as stopped in {seq}"));
            }
        }
        let last = heard
            .iter()
            .rev()
            .find(|one| one.moment != Moment::Correction);
        if last.is_none_or(|last| last.moment != Moment::Resolved) {
            wrong("never heard the end".to_owned());
        }
    }
    let by_mail = heard
        .values()
        .flatten()
        .filter(|one| one.channel == "email");
    format!(
        "{} people, {} messages reached them, {} of them by mail, {} repeats",
        heard.len(),
        lines.lines().count(),
        by_mail.count(),
        repeats.len(),
    )
}

/// Whether somebody had a correction; or the one that put it right, which stands in its place.
fn has(
    seen: &BTreeMap<u32, &Heard>,
    events: &BTreeMap<u32, Value>,
    stopped: &BTreeSet<u64>,
    seq: u32,
) -> bool {
    let in_its_place = |(later, event): (&u32, &Value)| {
        let corrects = event["type"] == "corrected"
            && event["events"].as_array().unwrap().contains(&seq.into());
        corrects && (stopped.contains(&u64::from(*later)) || has(seen, events, stopped, *later))
    };
    seen.contains_key(&seq) || events.iter().any(in_its_place)
}

async fn deliveries(url: &str) -> HashMap<String, Delivery> {
    let sql = "SELECT id, state, sentence, event_seq, moment, audience, channel, recipients FROM delivery";
    let rows = ask(url, sql).await;
    let text = |row: &QueryResult, column: &str| -> String { row.try_get("", column).unwrap() };
    rows.iter()
        .map(|row| {
            let told: Vec<ToldPerson> = serde_json::from_str(&text(row, "recipients")).unwrap();
            let people = told.iter().map(|person| person.who.as_str().to_owned());
            let delivery = Delivery {
                state: text(row, "state"),
                sentence: text(row, "sentence"),
                seq: row.try_get::<i64>("", "event_seq").unwrap() as u32,
                moment: text(row, "moment").parse().unwrap(),
                audience: text(row, "audience"),
                channel: text(row, "channel"),
                people: people.collect(),
            };
            (text(row, "id"), delivery)
        })
        .collect()
}

/// The log of the one incident, by position.
async fn events(url: &str) -> BTreeMap<u32, Value> {
    let rows = ask(url, "SELECT seq, text FROM event ORDER BY seq").await;
    rows.iter()
        .map(|row| {
            let text: String = row.try_get("", "text").unwrap();
            let record: Value = serde_json::from_str(&text).unwrap();
            let seq: i64 = row.try_get("", "seq").unwrap();
            (seq as u32, record["event"].clone())
        })
        .collect()
}
