//! The incident as one card: how it stands, what was said last, what is left to do.

use super::{Place, acts, people::count};
use crate::{
    app::{
        App, Error, Rulebook, Speaker, Story,
        answers::{Progress, StatusAnswer},
    },
    chatops::reply::{Act, Piece, Reply},
    domain::{
        IncidentId,
        event::Record,
        incident::{Incident, Stage},
        situation::Relation,
        text::cut,
        timeline,
        wording::TimeWords,
    },
};

/// So many steps are listed; the rest are counted.
const STEPS: usize = 6;
/// Words longer than this are shown in part: the whole is in the channel.
const LATEST: usize = 500;

/// How an incident stands. Only those who run it get buttons that act, and only where nobody else
/// could tap them.
pub(super) async fn status(
    app: &App,
    book: &Rulebook,
    place: &Place<'_>,
    speaker: &Speaker,
    id: IncidentId,
) -> Result<Reply, Error> {
    let story = app.story(&speaker.viewer, id).await?;
    let Story { incident, log } = &*story;
    let status = app.standing(&story, book).await?;
    let clock = book.clock(app.clock.now());
    let summary = &status.summary;
    let mut sentences = Vec::new();
    if summary.exercise {
        sentences.push("This is an exercise. Nothing is wrong.".to_owned());
    }
    if let Some(words) = &summary.next_update_words
        && words.starts_with("overdue")
    {
        sentences.push(format!("The update is {words}."));
    }
    let mut reply = Reply::text(format!("{id}: {}", summary.title), sentences)
        .and(Piece::Facts(facts(&status, incident, book, &clock)));
    if let Some(latest) = log.iter().rfind(|record| record.event.says_something()) {
        reply = reply.and(Piece::Words {
            label: format!("Latest message, {}", by(latest, &clock)),
            text: cut(&timeline::sentence(latest, &book.directory), LATEST),
        });
    }
    reply = reply
        .and(Piece::Text(delivery_line(&status.latest)))
        .and_list("Left to do:", left_to_do(&status));
    if status.left_to_do.iter().any(|step| step.state == "open") {
        let line = format!("To tick one off: {}step {id}", place.prefix);
        reply = reply.and(Piece::Text(line));
    }
    let may_act = place.is_private && acts(speaker, incident);
    Ok(buttons(reply, id, incident.stage, may_act))
}

/// "2:31pm by Priya Shah"
pub(super) fn by(record: &Record, clock: &TimeWords) -> String {
    format!("{} by {}", clock.when(record.at), record.actor.name)
}

fn facts(
    status: &StatusAnswer,
    incident: &Incident,
    book: &Rulebook,
    clock: &TimeWords,
) -> Vec<(String, String)> {
    let summary = &status.summary;
    let services: Vec<String> = incident
        .services
        .iter()
        .map(|(id, relation)| {
            let known = book.directory.services.get(id);
            let name = known.map_or_else(|| id.to_string(), |service| service.name.clone());
            match relation {
                Relation::Affected => name,
                relation => format!("{name} ({})", relation.as_str()),
            }
        })
        .collect();
    let next = summary.next_update_words.as_deref().map(capital);
    let mut facts = vec![
        ("Priority".to_owned(), summary.priority.clone()),
        ("State".to_owned(), summary.stage_words.clone()),
        ("Next update".to_owned(), next.unwrap_or_default()),
        ("Services".to_owned(), services.join(", ")),
        ("Since".to_owned(), clock.when(summary.started_at)),
    ];
    if let Some(resolved) = summary.resolved_at {
        facts.push(("Fixed".to_owned(), clock.when(resolved)));
    }
    for role in ["comms", "tech", "support"] {
        let lead = status.leads.get(role).map(|lead| lead.name.clone());
        let name = lead.unwrap_or_else(|| "nobody yet".to_owned());
        facts.push((capital(&format!("{role} lead")), name));
    }
    if let Some(seen) = &status.seen {
        // The name of the fact says the first word.
        let by = seen.words.strip_prefix("Seen ").unwrap_or(&seen.words);
        facts.push(("Seen".to_owned(), capital(by)));
    }
    facts.push(("Held up".to_owned(), status.held_up.join(" ")));
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

/// "40 of 42 told. 2 failed."
pub(super) fn delivery_line(progress: &Progress) -> String {
    let told = progress.accepted + progress.delivered;
    let all = progress.total - progress.dropped;
    if all == 0 {
        return String::new();
    }
    let mut line = format!("{told} of {all} told.");
    for (number, what) in [
        (progress.failed, "failed"),
        (progress.waiting, "on the way"),
        (progress.retrying, "being tried again"),
        (progress.awaiting, "waiting for a second person to agree"),
        (progress.held, "on hold: nobody knows whether they are out"),
    ] {
        if number > 0 {
            line.push_str(&format!(" {number} {what}."));
        }
    }
    line
}

fn left_to_do(status: &StatusAnswer) -> Vec<String> {
    let open = status.left_to_do.iter().filter(|step| step.state == "open");
    let mut lines: Vec<String> = open.map(|step| step.words.clone()).collect();
    if lines.len() > STEPS {
        let more = lines.len() - (STEPS - 1);
        lines.truncate(STEPS - 1);
        lines.push(format!("and {}", count(more, "more step", "more steps")));
    }
    lines
}

fn buttons(reply: Reply, id: IncidentId, stage: Stage, may_act: bool) -> Reply {
    let say = |verb: &str| Act::Say(format!("{verb} {id}"));
    match stage {
        _ if !may_act => reply.button("Who is told", say("who")),
        Stage::Investigating | Stage::Identified | Stage::Monitoring => reply
            .button("Update", say("update"))
            .button("No change", say("nochange"))
            .button("Priority", say("priority"))
            .button("Resolve", say("resolve")),
        Stage::Resolved => reply
            .button("Close", say("close"))
            .button("Correct", say("correct"))
            .button("Reopen", say("reopen"))
            .button("Who was told", say("who")),
        Stage::Closed | Stage::Cancelled => reply
            .button("Correct", say("correct"))
            .button("Reopen", say("reopen")),
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
