//! Answers that change nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Place, acts, offered, people::told};
use crate::{
    app::{About, App, Error, Hypothesis, Rulebook, Speaker, answers::SummaryAnswer},
    chatops::{
        reply::{Act, Piece, Reply},
        terminal::in_chat,
    },
    domain::{
        IncidentId, PriorityId, ServiceId,
        incident::{Kind, Stage},
        notification::Moment,
        situation::{RecipientId, Relation},
    },
};

/// So many incidents are listed.
const LISTED: u32 = 15;

/// What one can say, and how the place's own incident stands.
pub(super) async fn help(
    app: &App,
    book: &Rulebook,
    place: &Place<'_>,
    speaker: &Speaker,
    about: &About,
) -> Result<Reply, Error> {
    let here = match about.incident {
        Some(id) => {
            let here = match app.story(&speaker.viewer, id).await {
                Ok(story) => in_one_line(&app.standing(&story, book).await?.summary),
                // What one can say does not depend on it.
                Err(error) => error.sentence,
            };
            format!("This place: {here}")
        }
        None => "This place has no open incident.".to_owned(),
    };
    let reply = Reply::text("What you can say", [here]).and(Piece::List(offered(place)));
    Ok(match about.incident {
        Some(id) => reply
            .button("Status", Act::Say(format!("status {id}")))
            .button("Who is told", Act::Say(format!("who {id}"))),
        None => reply.button("Declare", Act::Say("open".to_owned())),
    }
    .button("Open incidents", Act::Say("list".to_owned())))
}

pub(super) async fn list(app: &App, speaker: &Speaker) -> Result<Reply, Error> {
    let (found, more) = app
        .list_page(&speaker.viewer, true, None, None, None, LISTED)
        .await?;
    if found.is_empty() {
        return Ok(
            Reply::text("No incident is open.", []).button("Declare", Act::Say("open".to_owned()))
        );
    }
    let rest = more.map(|_| "There are more: oyez list --open".to_owned());
    Ok(Reply::text("Open incidents", [])
        .and(Piece::List(found.iter().map(in_one_line).collect()))
        .and(Piece::Text(rest.unwrap_or_default())))
}

/// Who leads an incident; those who run it can change that where nobody else could tap.
pub(super) async fn leads(
    app: &App,
    book: &Rulebook,
    place: &Place<'_>,
    speaker: &Speaker,
    id: IncidentId,
) -> Result<Reply, Error> {
    let story = app.story(&speaker.viewer, id).await?;
    let status = app.standing(&story, book).await?;
    let leads: Vec<(String, String)> = ["Comms", "Tech", "Support"]
        .map(|role| {
            let lead = status.leads.get(&role.to_lowercase());
            let name = lead.map_or("nobody yet", |lead| lead.name.as_str());
            (format!("{role} lead"), name.to_owned())
        })
        .into();
    let reply = Reply::text(format!("Leads of {id}"), []).and(Piece::Facts(leads));
    Ok(match place.is_private && acts(speaker, &story.incident) {
        true => reply
            .button("Change leads", Act::Say(format!("leads {id} change")))
            .button("Hand over", Act::Say(format!("handover {id}"))),
        false => reply,
    })
}

pub(super) async fn who(
    app: &App,
    book: &Rulebook,
    place: &Place<'_>,
    speaker: &Speaker,
    id: IncidentId,
) -> Result<Reply, Error> {
    app.must_see(&speaker.viewer, id).await?;
    let what = Hypothesis::Incident {
        id,
        moment: Moment::Update,
    };
    let answer = app.who_by(book, &what, false, None).await?;
    let why = format!("{}why {id} NAME", place.prefix);
    Ok(told(app, format!("Told of {id}"), &answer, why))
}

pub(super) async fn who_if(
    app: &App,
    book: &Rulebook,
    place: &Place<'_>,
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
    let answer = app.who_by(book, &what, false, None).await?;
    let why = format!("{}why INC-0042 NAME, once it is declared", place.prefix);
    Ok(told(app, heading, &answer, why))
}

pub(super) async fn why(
    app: &App,
    place: &Place<'_>,
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
    Ok(
        Reply::text(answer.name, [in_chat(&answer.sentence, place.prefix)])
            .and(Piece::List(answer.failing)),
    )
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
