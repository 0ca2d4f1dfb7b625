//! Commands that only look.

use super::{
    incident_args as args,
    output::{Exit, Page},
    write::{Door, people},
};
use crate::{
    app::{
        Error, ErrorKind, Hypothesis,
        answers::{
            RecipientAnswer, StatusAnswer, SummaryAnswer, TotalsAnswer, WhoAnswer, WithheldAnswer,
        },
    },
    domain::{IncidentId, incident::Stage, notification::Moment, when::Side},
};

/// How many recipients are printed unless all are asked for.
const SHOWN: usize = 20;

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

/// `oyez who`
pub async fn who(door: &Door, args: args::Who) -> Result<Exit, Error> {
    let hypothesis = match (args.incident, args.priority.clone()) {
        (Some(id), _) => Hypothesis::Incident {
            id,
            moment: args.moment.unwrap_or(Moment::Update),
        },
        (None, Some(priority)) => Hypothesis::Supposed {
            priority,
            services: args.services.relations(),
            kind: args.kind.into(),
            stage: args.stage.map_or(Stage::Investigating, Into::into),
            moment: args.moment.unwrap_or(Moment::Declared),
            at: door.time(args.at.as_deref(), Side::Ahead).await?,
        },
        (None, None) => {
            return Err(Error::new(
                ErrorKind::Usage,
                "missing-priority",
                "It does not say which incident, nor how grave.",
                "Try: oyez who --priority P1 --service register-trainees",
            ));
        }
    };
    if let Some(person) = &args.person {
        let answer = door.app.explain(&hypothesis, person).await?;
        door.output.answer(&answer, |page| {
            page.line(&answer.sentence);
            for reason in &answer.reasons {
                page.line(format!("  because: {}{}", reason.text, says(&reason.says)));
            }
            for condition in &answer.failing {
                page.line(format!("  not met: {condition}"));
            }
            Ok(())
        })?;
        return Ok(Exit::Done);
    }
    let mut answer = door
        .app
        .who(&hypothesis, args.not_told, args.against.as_deref())
        .await?;
    answer.missing = missing(&answer, &args.expect);
    let again = repeat(&args);
    door.output.answer(&answer, |page| {
        who_page(
            page,
            &answer,
            if args.all { usize::MAX } else { SHOWN },
            &again,
        );
        Ok(())
    })?;
    Ok(if answer.missing.is_empty() {
        Exit::Done
    } else {
        Exit::CheckFailed
    })
}

fn missing(answer: &WhoAnswer, expected: &[String]) -> Vec<String> {
    let is_told = |wanted: &str| {
        answer.recipients.iter().any(|recipient| {
            recipient.id == wanted
                || recipient
                    .deliveries
                    .iter()
                    .any(|delivery| delivery.address.eq_ignore_ascii_case(wanted))
        })
    };
    expected
        .iter()
        .filter(|wanted| !is_told(wanted))
        .cloned()
        .collect()
}

fn repeat(args: &args::Who) -> String {
    let mut text = "oyez who".to_owned();
    match (args.incident, &args.priority) {
        (Some(id), _) => text.push_str(&format!(" {id}")),
        (None, priority) => {
            if let Some(priority) = priority {
                text.push_str(&format!(" --priority {priority}"));
            }
            for service in &args.services.affected {
                text.push_str(&format!(" --service {service}"));
            }
        }
    }
    text
}

fn who_page(page: &mut Page, answer: &WhoAnswer, shown: usize, again: &str) {
    page.line(totals(&answer.totals));
    recipient_lines(page, &answer.recipients, shown);
    if answer.recipients.len() > shown {
        page.line(format!(
            "  … {} more. See all: {again} --all",
            answer.recipients.len() - shown
        ));
    }
    withheld_lines(page, "Cannot be reached", &answer.unreachable);
    withheld_lines(page, "Matched, and not told", &answer.withheld);
    if let Some(not_told) = &answer.not_told {
        page.gap();
        page.line(format!(
            "Not told: {}",
            people(answer.not_told_total.unwrap_or(not_told.len()))
        ));
        for person in not_told {
            page.line(format!("  {}: {}", person.name, person.sentence));
        }
    } else {
        page.line(format!("Others are not told. See why: {again} --not-told"));
    }
    if let Some(against) = &answer.against {
        page.gap();
        page.line(format!(
            "The other policy would add {}:",
            people(against.added.len())
        ));
        recipient_lines(page, &against.added, usize::MAX);
        page.line(format!(
            "The other policy would leave out {}:",
            people(against.removed.len())
        ));
        recipient_lines(page, &against.removed, usize::MAX);
    }
    for wanted in &answer.missing {
        page.line(format!(
            "Expected, and not told: {wanted}. See why: {again} --person {wanted}"
        ));
    }
}

/// "42 people, 46 messages: 33 by email, 11 by teams"
pub fn totals(totals: &TotalsAnswer) -> String {
    if totals.messages == 0 {
        return "No one would be told.".to_owned();
    }
    let channels: Vec<String> = totals
        .by_channel
        .iter()
        .map(|(channel, count)| format!("{count} by {channel}"))
        .collect();
    let messages = if totals.messages == 1 {
        "1 message".to_owned()
    } else {
        format!("{} messages", totals.messages)
    };
    format!(
        "{}, {messages}: {}",
        people(totals.people),
        channels.join(", ")
    )
}

/// One line for each recipient: name, channels, reason, rule.
pub fn recipient_lines(page: &mut Page, recipients: &[RecipientAnswer], shown: usize) {
    let width = recipients
        .iter()
        .take(shown)
        .map(|r| r.name.chars().count())
        .max()
        .unwrap_or(0)
        .min(40);
    for recipient in recipients.iter().take(shown) {
        let channels: Vec<&str> = recipient
            .deliveries
            .iter()
            .map(|d| d.channel.as_str())
            .collect();
        let reasons: Vec<String> = recipient
            .reasons
            .iter()
            .map(|reason| format!("{}{}", reason.text, says(&reason.says)))
            .collect();
        page.line(format!(
            "  {:width$}  {}  {}",
            recipient.name,
            channels.join(", "),
            reasons.join("; ")
        ));
    }
}

fn says(rule: &str) -> String {
    if rule.is_empty() {
        String::new()
    } else {
        format!(" (rule \"{rule}\")")
    }
}

fn withheld_lines(page: &mut Page, heading: &str, withheld: &[WithheldAnswer]) {
    if withheld.is_empty() {
        return;
    }
    page.gap();
    page.line(format!("{heading}: {}", people(withheld.len())));
    for person in withheld {
        page.line(format!("  {}: {}", person.name, person.why));
    }
}

/// `oyez send-log`
pub async fn send_log(door: &Door, args: args::SendLog) -> Result<Exit, Error> {
    let mut log = door.app.send_log(args.incident).await?;
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
    let answer = door.app.verify(args.incident).await?;
    door.output.answer(&answer, |page| {
        for incident in &answer {
            page.line(&incident.sentence);
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
