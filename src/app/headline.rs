//! What the person who asked reads first: one line that says what happened, and what follows.

use super::{act::Act, answers::Receipt, labels::Labels, unreachable::Unreachable};
use crate::domain::{
    event::{AffectedAnswer, Event, Record},
    facts::Facts,
    incident::Incident,
    situation::Relation,
    timeline,
    wording::{TimeWords, duration},
};

/// An answer with nobody told yet.
pub(super) fn receipt(after: &Incident, new: &[Record], act: &Act<'_>) -> Receipt {
    let what: Vec<String> = new
        .iter()
        .map(|record| timeline::sentence(record, &act.book.directory))
        .collect();
    Receipt {
        incident: after.id,
        revision: after.revision,
        event: Some(after.seq),
        headline: format!("{}: {}", after.id, what.join(". ")),
        sentences: Vec::new(),
        findings: Vec::new(),
        blocked: false,
        preview_required: matches!(
            new.last().map(|record| &record.event),
            Some(Event::Declared { priority, .. })
                if act.book.policy.priority(priority).is_some_and(|it| it.preview_required)
        ),
        people: 0,
        messages: 0,
        by_channel: std::collections::BTreeMap::new(),
        next_update: after.next_promise().map(|(due, _)| due),
        recipients: Vec::new(),
        words: Vec::new(),
        withheld: std::collections::BTreeMap::new(),
        awaiting: 0,
        notifications: Vec::new(),
        progress: None,
    }
}

/// Says who is told, who cannot be and what follows, once all is counted. That nobody would be told
/// comes first.
pub(super) fn finish(
    receipt: &mut Receipt,
    after: &Incident,
    new: &[Record],
    act: &Act<'_>,
    labels: &Labels,
    unreachable: &Unreachable,
) {
    let speaks = new.iter().any(|record| record.event.says_something());
    if speaks && receipt.messages == 0 {
        let services: Vec<String> = after.services.keys().map(ToString::to_string).collect();
        let on = if services.is_empty() {
            "no service".to_owned()
        } else {
            services.join(", ")
        };
        let headline = std::mem::take(&mut receipt.headline);
        receipt.headline = "No one would be told.".to_owned();
        let by_hand = format!("oyez add {} PERSON --note TEXT", after.id);
        receipt.sentences.push(if unreachable.is_empty() {
            format!(
                "Add a rule for {} on {on}, or add people by hand: {by_hand}",
                after.priority
            )
        } else {
            // Whom the rules name is not the trouble.
            format!("Those whom the rules name cannot be reached. Add people by hand: {by_hand}")
        });
        receipt.sentences.push(headline);
    } else if receipt.messages > 0 {
        let people = if receipt.people == 1 {
            "1 person".to_owned()
        } else {
            format!("{} people", receipt.people)
        };
        let messages = if receipt.messages == 1 {
            "1 message".to_owned()
        } else {
            format!("{} messages", receipt.messages)
        };
        receipt.sentences.push(format!(
            "{people}, {messages}: {}.",
            labels.counts(&receipt.by_channel)
        ));
    }
    receipt.sentences.extend(unreachable.sentences());
    if receipt.awaiting > 0 {
        let waits = match receipt.awaiting {
            1 => "1 message waits".to_owned(),
            many => format!("{many} messages wait"),
        };
        receipt.sentences.push(format!(
            "{waits} for a second person to agree: oyez approve {} --as PERSON",
            after.id
        ));
    }
    for record in new {
        if let Event::AffectedAnswered {
            service,
            answer: AffectedAnswer::Yes,
            ..
        } = &record.event
            && after.services.get(service) != Some(&Relation::Affected)
        {
            receipt.sentences.push(format!(
                "Add it, and see first who would be told: oyez services {} --service {service} --dry-run",
                after.id
            ));
        }
        if let Event::Corrected {
            facts,
            title,
            holding_line,
            ..
        } = &record.event
        {
            receipt
                .sentences
                .extend(from_now_on(title, facts, holding_line));
        }
        if let Event::Declared { triage, .. } | Event::PriorityChanged { triage, .. } =
            &record.event
        {
            receipt.sentences.extend(triage.iter().cloned());
        }
    }
    let times = TimeWords::new(act.book.policy.time_zone, act.now);
    if speaks && let Some(due) = receipt.next_update {
        let remind = due - act.book.policy.ladder.prompt_lead;
        let reminder = if remind > act.now {
            format!(" We will remind you at {}.", times.when(remind))
        } else {
            String::new()
        };
        receipt
            .sentences
            .push(format!("Next update due by {}.{reminder}", times.when(due)));
    }
    if let Some(Record {
        event: Event::Muted { until, .. },
        ..
    }) = new.last()
    {
        let until = times.when_in_full(*until);
        receipt.sentences.push(format!("Muted until {until}."));
    }
    if let Some(Record {
        event: Event::Snoozed { until, .. },
        ..
    }) = new.last()
        && let Some(due) = receipt.next_update
        && *until > due
    {
        receipt.sentences.push(format!(
            "Prompts are silent until {}: an update then is {} late. People were told {}.",
            times.when(*until),
            duration(*until - due),
            times.when(due)
        ));
    }
}

/// What the next messages say otherwise than those before. The theory is not for all who read the answer.
fn from_now_on<'a>(
    title: &'a Option<String>,
    facts: &'a Facts,
    holding_line: &'a Option<String>,
) -> impl Iterator<Item = String> + 'a {
    [
        ("Title", title),
        ("Effect", &facts.effect),
        ("Who is affected", &facts.who),
        ("What to do", &facts.what_to_do),
        ("What we are doing", &facts.doing),
        ("Decision needed", &facts.decision),
        ("Holding line", holding_line),
    ]
    .into_iter()
    .filter_map(|(label, now)| Some(format!("{label}, from now on: {}", now.as_deref()?)))
}
