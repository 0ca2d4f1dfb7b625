//! Answers to "are you affected?", by one tap.

use super::{Place, speaker};
use crate::{
    app::{App, Error, ErrorKind, Mode},
    chatops::reply::{Act, Reply},
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
