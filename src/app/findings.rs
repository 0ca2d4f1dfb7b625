//! What the checker says of the words of an event, before they are sent.

use std::collections::{BTreeMap, BTreeSet};

use super::{App, Error, ErrorKind, act::Act, answers::FindingAnswer};
use crate::domain::{
    Audience,
    checker::{self, Draft, Finding, Severity},
    event::{Event, Record},
    fault::Fault,
    incident::Incident,
    notification::Moment,
    plan::{Plan, Told},
    variant::Variant,
};

impl App {
    /// Everything that readers of an event may trip over, each with the audiences concerned. The
    /// last record of the log is the event; `told` is who was told before it.
    pub(super) fn check_words(
        &self,
        act: &Act<'_>,
        after: &Incident,
        log: &[Record],
        plan: &Plan,
        told: &[Told],
    ) -> Vec<FindingAnswer> {
        let Some((record, earlier)) = log.split_last() else {
            return Vec::new();
        };
        if !record.event.says_something() {
            return Vec::new();
        }
        // Each with whether somebody among them waits for the next update.
        let mut readers: BTreeMap<(Moment, Audience), bool> = BTreeMap::new();
        for of in plan.messages() {
            let waits = readers.entry((of.moment, of.audience)).or_default();
            *waits |= of.variant == Variant::Follows;
        }
        // Facts are said again in later messages, so they are read even if nobody is told now.
        if readers.is_empty()
            && let Some(moment) = crate::domain::plan::moment(&record.event)
        {
            readers.insert((moment, Audience::Responders), true);
        }
        let title = match &record.event {
            Event::Declared { title, .. } => title.as_str(),
            // The title never changes, so it is spoken of once.
            _ => "",
        };
        let (recipients, recipients_last_time) =
            (recipients(plan), recipients_last_time(told, earlier));
        let last_words = earlier.iter().rev().find_map(said_last);
        let mut found: BTreeMap<Key, (Finding, BTreeSet<Audience>)> = BTreeMap::new();
        for ((moment, audience), waits) in readers {
            let findings = checker::check(&Draft {
                moment,
                audience,
                typed: &checker::typed(&record.event, moment, audience),
                headline: title,
                waits,
                next_update: after.promises.get(&audience).map(|promise| promise.due),
                now: act.now,
                recipients: recipients.max(1),
                recipients_last_time,
                last_words,
                directory: &act.book.directory,
                policy: &act.book.policy,
            });
            for finding in findings {
                let (_, audiences) = found
                    .entry(key(&finding))
                    .or_insert_with(|| (finding, BTreeSet::new()));
                audiences.insert(audience);
            }
        }
        found
            .into_values()
            .map(|(finding, audiences)| FindingAnswer::new(finding, &audiences))
            .collect()
    }
}

/// The refusal of words that cannot be sent as they are; `None` if they can.
pub(super) fn refusal(findings: &[FindingAnswer]) -> Option<Error> {
    let faults: Vec<Fault> = findings
        .iter()
        .filter(|finding| finding.stops())
        .map(|finding| Fault::new(finding.place_and_message(), finding.fix.clone()))
        .collect();
    if faults.is_empty() {
        return None;
    }
    let mut error = Error::new(
        ErrorKind::Refused,
        "not-sendable",
        "It cannot be sent like this, so nothing was sent or changed.",
        "Put the words right and send it again.",
    );
    error.faults = faults;
    Some(error)
}

type Key = (Severity, &'static str, String, String);

fn key(finding: &Finding) -> Key {
    (
        finding.severity,
        finding.code,
        finding.field.clone(),
        finding.quoted.clone(),
    )
}

fn said_last(record: &Record) -> Option<&str> {
    match &record.event {
        Event::Updated { text, .. } | Event::ServicesChanged { text, .. } => Some(text),
        _ => None,
    }
}

fn recipients(plan: &Plan) -> usize {
    let all = plan.deliveries.iter().flat_map(|it| &it.recipients);
    all.map(|person| &person.who).collect::<BTreeSet<_>>().len()
}

/// How many the last message to the audiences went to; a word to a lead is none, and neither is the
/// story so far for a newcomer.
fn recipients_last_time(told: &[Told], earlier: &[Record]) -> Option<usize> {
    let news = earlier.iter().filter(|it| it.event.says_something());
    let news: BTreeSet<u32> = news.map(|record| record.seq).collect();
    let is_meant = |row: &&Told| row.moment.is_for_audiences() && news.contains(&row.seq);
    let to_audiences = || told.iter().filter(is_meant);
    let last = to_audiences().map(|row| row.seq).max()?;
    let people: BTreeSet<_> = to_audiences()
        .filter(|row| row.seq == last)
        .map(|row| &row.who)
        .collect();
    Some(people.len())
}
