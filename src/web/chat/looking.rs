//! Answers that change nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Place, offered};
use crate::{
    app::{
        About, App, Error, Hypothesis, Speaker,
        answers::{RecipientAnswer, SummaryAnswer, WhoAnswer},
    },
    chatops::reply::{Act, Piece, Reply},
    domain::{
        IncidentId, PriorityId, ServiceId,
        incident::{Kind, Stage},
        notification::Moment,
        situation::{RecipientId, Relation},
    },
};

/// So many people of an audience are named; the rest are counted.
const NAMED: usize = 5;
/// So many incidents are listed.
const LISTED: u32 = 15;

pub(super) async fn help(
    app: &App,
    place: &Place<'_>,
    speaker: &Speaker,
    about: &About,
) -> Result<Reply, Error> {
    let here = match about.incident {
        Some(id) => {
            let status = app.status_for(&speaker.viewer, id).await?;
            format!("This place: {}", in_one_line(&status.summary))
        }
        None => "No open incident is told of in this place.".to_owned(),
    };
    Ok(Reply::text("What you can say", [here])
        .and(Piece::List(offered(place)))
        .button("Open incidents", Act::Say("list".to_owned())))
}

pub(super) async fn list(app: &App, speaker: &Speaker) -> Result<Reply, Error> {
    let (found, more) = app
        .list_page(&speaker.viewer, true, None, None, None, LISTED)
        .await?;
    if found.is_empty() {
        return Ok(Reply::text("No incident is open.", []));
    }
    let rest = more.map(|_| "There are more: oyez list --open".to_owned());
    Ok(Reply::text("Open incidents", [])
        .and(Piece::List(found.iter().map(in_one_line).collect()))
        .and(Piece::Text(rest.unwrap_or_default())))
}

pub(super) async fn status(app: &App, speaker: &Speaker, id: IncidentId) -> Result<Reply, Error> {
    let status = app.status_for(&speaker.viewer, id).await?;
    let summary = &status.summary;
    let mut facts = vec![
        ("Priority".to_owned(), summary.priority.clone()),
        ("State".to_owned(), summary.stage_words.clone()),
    ];
    if let Some(words) = &summary.next_update_words {
        facts.push(("Next update".to_owned(), words.clone()));
    }
    let services: Vec<String> = status
        .services
        .iter()
        .map(|(service, relation)| match relation.as_str() {
            "affected" => service.clone(),
            relation => format!("{service} ({relation})"),
        })
        .collect();
    facts.push(("Services".to_owned(), services.join(", ")));
    facts.extend(status.leads.iter().map(|(role, lead)| {
        let mut role = format!("{role} lead");
        role[..1].make_ascii_uppercase();
        (role, lead.name.clone())
    }));
    if let Some(seen) = &status.seen {
        facts.push(("Said that they have seen it".to_owned(), seen.words.clone()));
    }
    facts.retain(|(_, value)| !value.is_empty());
    let to_do: Vec<String> = status
        .left_to_do
        .iter()
        .filter(|step| step.state == "open")
        .map(|step| format!("{} ({})", step.words, step.step))
        .collect();
    let mut reply = Reply::text(format!("{id}: {}", summary.title), []).and(Piece::Facts(facts));
    if !to_do.is_empty() {
        reply = reply
            .and(Piece::Text("Left to do:".to_owned()))
            .and(Piece::List(to_do));
    }
    Ok(reply.button("Who is told", Act::Say(format!("who {id}"))))
}

pub(super) async fn leads(app: &App, speaker: &Speaker, id: IncidentId) -> Result<Reply, Error> {
    let status = app.status_for(&speaker.viewer, id).await?;
    let leads: Vec<(String, String)> = ["comms", "tech", "support"]
        .map(|role| {
            let lead = status.leads.get(role);
            let name = lead.map_or("nobody yet", |lead| lead.name.as_str());
            (role.to_owned(), name.to_owned())
        })
        .into();
    Ok(Reply::text(format!("Leads of {id}"), []).and(Piece::Facts(leads)))
}

pub(super) async fn who(app: &App, speaker: &Speaker, id: IncidentId) -> Result<Reply, Error> {
    app.must_see(&speaker.viewer, id).await?;
    let what = Hypothesis::Incident {
        id,
        moment: Moment::Update,
    };
    let answer = app.who(&what, false, None).await?;
    Ok(told(app, format!("Told of {id}"), &answer))
}

pub(super) async fn who_if(
    app: &App,
    priority: PriorityId,
    services: BTreeSet<ServiceId>,
) -> Result<Reply, Error> {
    let names: Vec<&str> = services.iter().map(ServiceId::as_str).collect();
    let heading = format!("Would be told of a {priority} on {}", names.join(", "));
    let what = Hypothesis::Supposed {
        priority,
        services: services
            .iter()
            .map(|service| (service.clone(), Relation::Affected))
            .collect::<BTreeMap<_, _>>(),
        kind: Kind::Technical,
        stage: Stage::Investigating,
        moment: Moment::Declared,
        at: None,
    };
    let answer = app.who(&what, false, None).await?;
    Ok(told(app, heading, &answer))
}

pub(super) async fn why(
    app: &App,
    speaker: &Speaker,
    id: IncidentId,
    who: &RecipientId,
) -> Result<Reply, Error> {
    app.must_see(&speaker.viewer, id).await?;
    let what = Hypothesis::Incident {
        id,
        moment: Moment::Update,
    };
    let answer = app.explain(&what, who.as_str()).await?;
    Ok(Reply::text(answer.name, [answer.sentence]).and(Piece::List(answer.failing)))
}

fn told(app: &App, heading: String, answer: &WhoAnswer) -> Reply {
    let mut totals = format!(
        "{}, {}",
        count(answer.totals.people, "person", "people"),
        count(answer.totals.messages, "message", "messages"),
    );
    if answer.totals.messages > 0 {
        let by_channel = app.labels().counts(&answer.totals.by_channel);
        totals.push_str(&format!(": {by_channel}"));
    } else {
        totals = "No one would be told.".to_owned();
    }
    let unreachable: Vec<String> = answer
        .unreachable
        .iter()
        .take(NAMED)
        .map(|one| format!("{}: {}", one.name, one.why))
        .collect();
    let seen = answer.seen.as_ref().map(|seen| seen.words.clone());
    let mut reply = Reply::text(heading, [totals, seen.unwrap_or_default()])
        .and(Piece::List(people(app, &answer.recipients)));
    if !unreachable.is_empty() {
        reply = reply
            .and(Piece::Text("Cannot be reached:".to_owned()))
            .and(Piece::List(unreachable));
    }
    reply
}

/// People by audience, the first with their channels and their best reason.
pub(super) fn people(app: &App, recipients: &[RecipientAnswer]) -> Vec<String> {
    let labels = app.labels();
    let mut lines = Vec::new();
    for group in recipients.chunk_by(|one, other| one.audience == other.audience) {
        let mut audience = group[0].audience.clone();
        audience[..1].make_ascii_uppercase();
        lines.push(format!("{audience}: {}", group.len()));
        lines.extend(group.iter().take(NAMED).map(|one| {
            let channels: Vec<&str> = one
                .deliveries
                .iter()
                .map(|delivery| labels.of(&delivery.channel))
                .collect();
            let reason = one.reasons.first().map_or("", |reason| &reason.text);
            format!("{} by {}: {reason}", one.name, channels.join(" and "))
        }));
        if group.len() > NAMED {
            lines.push(format!("and {} more", group.len() - NAMED));
        }
    }
    lines
}

pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn in_one_line(summary: &SummaryAnswer) -> String {
    let mut line = format!(
        "{}, {}, {}: {}",
        summary.incident, summary.priority, summary.stage_words, summary.title
    );
    if let Some(words) = &summary.next_update_words {
        line.push_str(&format!(". Next update {words}"));
    }
    line
}
