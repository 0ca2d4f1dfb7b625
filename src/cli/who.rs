//! `oyez who`: who would be told, who is told, and why.

use super::{
    incident_args as args,
    output::{Exit, Page},
    write::{Door, people},
};
use crate::{
    app::{
        Error, ErrorKind, Hypothesis, Labels,
        answers::{RecipientAnswer, TotalsAnswer, WhoAnswer, WithheldAnswer},
    },
    domain::{incident::Stage, notification::Moment, shown::Sight, when::Side},
};

/// How many recipients are printed unless all are asked for.
const SHOWN: usize = 20;

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
        let answer = door.app.show(answer, Sight::Contacts);
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
    let answer = door
        .app
        .who(&hypothesis, args.not_told, args.against.as_deref())
        .await?;
    let mut answer = door.app.show(answer, Sight::Contacts);
    answer.missing = missing(&answer, &args.expect);
    let again = repeat(&args);
    door.output.answer(&answer, |page| {
        let shown = if args.all { usize::MAX } else { SHOWN };
        who_page(page, &answer, shown, &again, &door.app.labels());
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
                    .any(|delivery| delivery.address.is(wanted))
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

fn who_page(page: &mut Page, answer: &WhoAnswer, shown: usize, again: &str, labels: &Labels) {
    page.line(totals(&answer.totals, labels));
    recipient_lines(page, &answer.recipients, shown, labels);
    if answer.recipients.len() > shown {
        page.line(format!(
            "  … {} more. See all: {again} --all",
            answer.recipients.len() - shown
        ));
    }
    if let Some(seen) = &answer.seen {
        page.line(&seen.words);
    }
    withheld_lines(page, "Cannot be reached", &answer.unreachable);
    withheld_lines(page, "Matched, and not told", &answer.withheld);
    if let Some(not_told) = &answer.not_told {
        page.gap();
        let total = answer.not_told_total.unwrap_or(not_told.len());
        page.line(format!("Not told: {total}"));
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
        recipient_lines(page, &against.added, usize::MAX, labels);
        page.line(format!(
            "The other policy would leave out {}:",
            people(against.removed.len())
        ));
        recipient_lines(page, &against.removed, usize::MAX, labels);
    }
    for wanted in &answer.missing {
        page.line(format!(
            "Expected, and not told: {wanted}. See why: {again} --person {wanted}"
        ));
    }
}

/// "42 people, 46 messages: 33 email, 11 Teams"
fn totals(totals: &TotalsAnswer, labels: &Labels) -> String {
    if totals.messages == 0 {
        return "No one would be told.".to_owned();
    }
    let messages = if totals.messages == 1 {
        "1 message".to_owned()
    } else {
        format!("{} messages", totals.messages)
    };
    format!(
        "{}, {messages}: {}",
        people(totals.people),
        labels.counts(&totals.by_channel)
    )
}

/// One line for each recipient: name, channels, reason, rule.
pub(super) fn recipient_lines(
    page: &mut Page,
    recipients: &[RecipientAnswer],
    shown: usize,
    labels: &Labels,
) {
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
            .map(|d| labels.of(&d.channel))
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
    page.line(format!("{heading}: {}", withheld.len()));
    for person in withheld {
        page.line(format!("  {}: {}", person.name, person.why));
    }
}
