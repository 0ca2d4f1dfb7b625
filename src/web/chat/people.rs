//! People in answers: how many, by which ways, who and why.

use std::collections::{BTreeMap, HashMap};

use crate::{
    app::{
        App,
        answers::{RecipientAnswer, WhoAnswer},
    },
    chatops::reply::{Piece, Reply},
    domain::Audience,
};

/// So many people of an audience are named; the rest are counted.
const NAMED: usize = 5;

/// "42 people, 46 messages: 33 by email, 11 in Teams, 2 in Slack"
pub(super) fn totals(
    app: &App,
    people_told: usize,
    messages: usize,
    by_channel: &BTreeMap<String, usize>,
) -> String {
    if messages == 0 {
        return "No one would be told.".to_owned();
    }
    format!(
        "{}, {}: {}",
        people(people_told),
        count(messages, "message", "messages"),
        app.labels().ways(by_channel)
    )
}

/// The answer to "who": totals first, then who and why, then who is not told and why.
pub(super) fn told(app: &App, heading: String, answer: &WhoAnswer, why: String) -> Reply {
    let sums = &answer.totals;
    let totals = totals(app, sums.people, sums.messages, &sums.by_channel);
    let unreachable = answer.unreachable.iter().take(NAMED);
    let unreachable: Vec<String> = unreachable
        .map(|one| format!("{}: {}", one.name, one.why))
        .collect();
    let mut withheld: BTreeMap<String, usize> = BTreeMap::new();
    for one in &answer.withheld {
        *withheld.entry(one.why.clone()).or_default() += 1;
    }
    let seen = answer.seen.as_ref().map(|seen| seen.words.clone());
    let reply = Reply::text(heading, [totals, seen.unwrap_or_default()]);
    let mut reply = with_named(app, reply, &answer.recipients);
    if !unreachable.is_empty() {
        let more = answer.unreachable.len().saturating_sub(NAMED);
        reply = reply
            .and(Piece::Text("Cannot be reached:".to_owned()))
            .and(Piece::List(unreachable));
        if more > 0 {
            reply = reply.and(Piece::Text(format!("and {more} more")));
        }
    }
    reply
        .and_list("Not told, and why:", not_told(&withheld))
        .and(Piece::Text(format!("To ask about one person: {why}")))
}

/// "3 people: Muted until 5pm."
pub(super) fn not_told(withheld: &BTreeMap<String, usize>) -> Vec<String> {
    let lines = withheld.iter().take(NAMED);
    lines
        .map(|(why, number)| format!("{}: {why}", people(*number)))
        .collect()
}

/// With people by audience, the first of each with their ways and their best reason. Nobody is named
/// twice.
pub(super) fn with_named(app: &App, mut reply: Reply, recipients: &[RecipientAnswer]) -> Reply {
    let labels = app.labels();
    for audience in Audience::ALL {
        let of_audience = recipients
            .iter()
            .filter(|one| one.audience == audience.as_str());
        let mut found: Vec<(&RecipientAnswer, Vec<String>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for one in of_audience {
            let place = *places.entry(one.id.as_str()).or_insert(found.len());
            if place == found.len() {
                found.push((one, Vec::new()));
            }
            let ways = one.deliveries.iter();
            let ways = ways.map(|delivery| labels.way(&delivery.channel));
            if let Some((_, known)) = found.get_mut(place) {
                for way in ways {
                    // The name of a channel says where it is: "#incidents in Slack".
                    if !known.contains(&way) && !one.name.ends_with(&way) {
                        known.push(way);
                    }
                }
            }
        }
        if found.is_empty() {
            continue;
        }
        let mut lines: Vec<String> = found
            .iter()
            .take(NAMED)
            .map(|(one, ways)| {
                let reason = one.reasons.first().map_or("", |reason| &reason.text);
                let name = format!("{} {}", one.name, ways.join(" and "));
                format!("{}: {reason}", name.trim_end())
            })
            .collect();
        if found.len() > NAMED {
            lines.push(format!("and {} more", found.len() - NAMED));
        }
        reply = reply.and_list(&format!("{}: {}", title(audience), found.len()), lines);
    }
    reply
}

/// What people call the readers of an audience.
pub(super) fn title(audience: Audience) -> &'static str {
    match audience {
        Audience::Responders => "Responders",
        Audience::Owners => "Owners",
        Audience::External => "Outside organisations",
        Audience::Users => "Users",
    }
}

pub(super) fn people(number: usize) -> String {
    count(number, "person", "people")
}

pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
