//! Answers to "are you affected?" and "have you seen it?", by one tap.

use super::{Place, speaker};
use crate::{
    app::{App, Error, ErrorKind, Mode},
    chatops::reply::{Act, Piece, Reply},
    domain::{
        IncidentId, ServiceId,
        command::{Asked, Command},
        event::AffectedAnswer,
    },
};

/// Records the answer for those of the asked services in which the speaker has a role. A yes changes
/// nothing by itself: it offers to add the services, which shows who would then be told.
pub(super) async fn affected(
    app: &App,
    place: &Place<'_>,
    answer: AffectedAnswer,
    incident: IncidentId,
) -> Result<Reply, Error> {
    let speaker = speaker(app, place).await?;
    let status = app.status_for(&speaker.viewer, incident).await?;
    let book = app.rulebook().await?;
    let holds = |service: &ServiceId| {
        book.directory.roles.iter().any(|holding| {
            holding.service == *service && speaker.actor.person.as_ref() == Some(&holding.person)
        })
    };
    let asked = status.affected.keys().filter_map(|id| id.parse().ok());
    let services: Vec<ServiceId> = asked.filter(holds).collect();
    if services.is_empty() {
        return Err(Error::new(
            ErrorKind::NotAllowed,
            "not-asked",
            format!("{incident} asks nothing about a service in which you have a role."),
            "Whoever has one can answer.",
        ));
    }
    for service in &services {
        let asked = Asked {
            command: Command::Affected {
                service: service.clone(),
                answer,
            },
            actor: speaker.actor.clone(),
            request_key: format!("{} {service}", place.request_key),
            seen_revision: None,
            typed: None,
        };
        app.change(incident, asked, Mode::Commit).await?;
    }
    let names: Vec<&str> = services.iter().map(ServiceId::as_str).collect();
    let names = names.join(" and ");
    let said = match answer {
        AffectedAnswer::Yes => "is affected",
        AffectedAnswer::No => "is not affected",
        AffectedAnswer::Checking => "is being checked",
    };
    let reply = Reply::text(
        format!("{names} {said}"),
        ["It is on the timeline. Thank you.".to_owned()],
    );
    Ok(match answer {
        AffectedAnswer::Yes => reply.button(
            "Add to incident",
            Act::Say(format!("services {incident} add {names}")),
        ),
        AffectedAnswer::No | AffectedAnswer::Checking => reply,
    })
}

/// Records that the speaker has seen it, once. A second tap is told when the first was.
pub(super) async fn seen(
    app: &App,
    place: &Place<'_>,
    incident: IncidentId,
) -> Result<Reply, Error> {
    let speaker = speaker(app, place).await?;
    app.must_see(&speaker.viewer, incident).await?;
    let asked = Asked {
        command: Command::Seen { person: None },
        actor: speaker.actor,
        request_key: place.request_key.to_owned(),
        seen_revision: None,
        typed: None,
    };
    let said = match app.change(incident, asked, Mode::Commit).await {
        Ok(_) => "It is on the timeline. Thank you.".to_owned(),
        Err(error) if error.code == "seen-already" => error.sentence,
        Err(error) => return Err(error),
    };
    // The answer takes the place of the message, so it says again what it is about.
    let summary = app.status_for(&speaker.viewer, incident).await?.summary;
    let facts = [
        ("Priority", Some(summary.priority)),
        ("State", Some(summary.stage_words)),
        ("Next update", summary.next_update_words),
    ];
    let facts = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let heading = format!("You have seen {incident}: {}", summary.title);
    Ok(Reply::text(heading, [said])
        .and(Piece::Facts(facts.collect()))
        .button("How it stands", Act::Say(format!("status {incident}"))))
}
