//! Commands that only look.

use std::path::Path;

use super::{
    incident_args as args,
    output::{Exit, Output, Page},
    write::Door,
};
use crate::{
    app::{
        Error, Verified,
        answers::{AwaitingAnswer, StatusAnswer, SummaryAnswer},
    },
    domain::{
        IncidentId,
        chain::{Digits, Head},
        shown::Sight,
    },
};

/// `oyez status`
pub async fn status(door: &Door, args: args::Status) -> Result<Exit, Error> {
    let status = door.app.status(args.incident).await?;
    let clock = door.app.wall_clock().await?;
    door.output.answer(&status, |page| {
        status_page(page, &status, |time| clock.when_in_full(time));
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// `oyez leads` without a lead named.
pub async fn leads(door: &Door, incident: IncidentId) -> Result<Exit, Error> {
    let status = door.app.status(incident).await?;
    door.output.answer(&status.leads, |page| {
        lead_lines(page, &status);
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn lead_lines(page: &mut Page, status: &StatusAnswer) {
    for role in ["comms", "tech", "support"] {
        let name = status
            .leads
            .get(role)
            .map_or("nobody yet", |lead| &lead.name);
        page.line(format!("  {role} lead: {name}"));
    }
}

/// "3 messages to external by email wait for a second person: event 4, update by Priya Shah."
pub(super) fn awaiting_line(waiting: &AwaitingAnswer) -> String {
    let (messages, wait) = match waiting.messages {
        1 => ("1 message".to_owned(), "waits"),
        many => (format!("{many} messages"), "wait"),
    };
    format!(
        "{messages} to {} by {} {wait} for a second person: event {}, {} by {}.",
        waiting.audience, waiting.channel, waiting.event, waiting.moment, waiting.by
    )
}

fn status_page(
    page: &mut Page,
    status: &StatusAnswer,
    clock: impl Fn(crate::domain::Time) -> String,
) {
    let summary = &status.summary;
    let marks = [
        (summary.exercise, "EXERCISE. "),
        (summary.restricted, "Restricted. "),
    ];
    let marks: String = marks
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, mark)| *mark)
        .collect();
    page.line(format!(
        "{marks}{} {}: {}",
        summary.incident, summary.priority, summary.title
    ));
    let due = summary
        .next_update_words
        .as_deref()
        .map(|words| format!(" Next update {words}."))
        .unwrap_or_default();
    page.line(format!(
        "{}.{due} Revision {}.",
        summary.stage_words, summary.revision
    ));
    page.gap();
    for (service, relation) in &status.services {
        page.line(format!("  {service} ({relation})"));
    }
    lead_lines(page, status);
    for (fact, text) in &status.facts {
        page.line(format!("  {fact}: {text}"));
    }
    let latest = &status.latest;
    if latest.total > 0 {
        let told = latest.accepted + latest.delivered;
        page.gap();
        page.line(format!(
            "Latest message: {told} of {} accepted, {} failed.",
            latest.total, latest.failed
        ));
    }
    for sentence in &status.held_up {
        page.line(sentence);
    }
    for waiting in &status.awaiting {
        page.line(awaiting_line(waiting));
    }
    if let Some(seen) = &status.seen {
        page.line(&seen.words);
    }
    for (service, answer) in &status.affected {
        page.line(format!("Is {service} affected: {answer}"));
    }
    page.gap();
    page.line("Left to do:");
    for step in status.left_to_do.iter().filter(|step| step.state == "open") {
        let link = step
            .link
            .as_deref()
            .map(|link| format!(" {link}"))
            .unwrap_or_default();
        page.line(format!(
            "  {}: {} ({}){link}",
            step.step, step.words, step.whose
        ));
    }
    page.gap();
    page.line("Timeline:");
    for entry in &status.timeline {
        let wrong = match entry.corrected_by.as_slice() {
            [] => String::new(),
            events => format!(
                " [corrected by event {}]",
                events
                    .iter()
                    .map(u32::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        page.line(format!(
            "  {:>3}  {}  {}  {}{wrong}",
            entry.event,
            clock(entry.at),
            entry.who,
            entry.text
        ));
    }
}

/// `oyez list`
pub async fn list(door: &Door, args: args::List) -> Result<Exit, Error> {
    let incidents = door
        .app
        .list(args.open, args.priority, args.service, args.limit)
        .await?;
    let clock = door.app.wall_clock().await?;
    door.output.answer(&incidents, |page| {
        if incidents.is_empty() {
            page.line("No incidents.");
            return Ok(());
        }
        let row = |incident: &SummaryAnswer| {
            [
                incident.incident.to_string(),
                incident.priority.clone(),
                incident.stage_words.clone(),
                incident.title.clone(),
                clock.when_in_full(incident.declared_at),
                incident.next_update_words.clone().unwrap_or_default(),
            ]
        };
        page.table(
            [
                "Incident",
                "Priority",
                "Stage",
                "Title",
                "Declared",
                "Next update",
            ],
            incidents.iter().map(row),
        );
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// `oyez send-log`
pub async fn send_log(door: &Door, args: args::SendLog) -> Result<Exit, Error> {
    let log = door.app.send_log(args.incident).await?;
    let mut log = door.app.show(log, Sight::Contacts);
    if let Some(state) = args.state {
        log.retain(|delivery| delivery.state == state.as_str());
    }
    door.output.answer(&log, |page| {
        let row = |delivery: &crate::app::answers::DeliveryAnswer| {
            [
                delivery.event.to_string(),
                delivery.moment.clone(),
                delivery.name.clone(),
                delivery.channel.clone(),
                delivery.state_words.clone(),
                delivery.attempts.to_string(),
                delivery.reason.clone(),
            ]
        };
        page.table(
            [
                "Event",
                "Moment",
                "Recipient",
                "Channel",
                "State",
                "Tries",
                "Reason",
            ],
            log.iter().map(row),
        );
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// `oyez export`
pub async fn export(door: &Door, args: args::Export) -> Result<Exit, Error> {
    let files = door.app.export_ledger(args.incident, &args.to).await?;
    door.output.answer(&files, |page| {
        for file in &files {
            page.line(format!("Wrote {file}"));
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// `oyez report`
pub async fn report(door: &Door, args: args::Report) -> Result<Exit, Error> {
    let text = door.app.report(args.incident).await?;
    door.output.answer(&text, |page| {
        page.line(text.trim_end());
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// `oyez verify`
pub async fn verify(door: &Door, args: args::Verify) -> Result<Exit, Error> {
    let answer = door.app.verify(args.incident, args.head.as_ref()).await?;
    verified(door.output, &answer)
}

/// `oyez verify --export FILE`
pub async fn verify_export(
    output: Output,
    file: &Path,
    head: Option<&Digits>,
) -> Result<Exit, Error> {
    verified(output, &[crate::app::verify_export(file, head).await?])
}

fn verified(output: Output, answer: &[Verified]) -> Result<Exit, Error> {
    output.answer(&answer, |page| {
        for incident in answer {
            page.line(&incident.sentence);
            if let Some(hash) = &incident.head {
                let seq = u32::try_from(incident.events).unwrap_or(u32::MAX);
                let hash = hash.clone();
                page.line(format!("  {}", Head { seq, hash }));
            }
            for unproven in &incident.unproven {
                page.line(format!("  {unproven}"));
            }
            if let Some(found) = incident.found {
                page.line(format!("  Record {found} has that head."));
                if incident.follows.is_empty() {
                    page.line("  Nothing follows it.");
                }
            }
            for record in &incident.follows {
                page.line(format!("  {record}"));
            }
        }
        Ok(())
    })?;
    let broken = answer.iter().any(|incident| !incident.intact);
    Ok(if broken {
        Exit::CheckFailed
    } else {
        Exit::Done
    })
}
