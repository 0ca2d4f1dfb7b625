//! What is the same at every door of chat: a line or a tap becomes one use case, and what came of it
//! an answer.

mod looking;
mod sending;

use std::collections::BTreeMap;

use crate::{
    app::{About, App, Error, ErrorKind, Prepared, Speaker, Wish},
    chatops::{
        grammar::{self, Opening, Scene, Spoken},
        reply::{Act, Piece, Reply},
    },
    domain::{
        ChannelName,
        command::Declare,
        event::Door,
        situation::Relation,
        verbs::{VERBS, Verb},
    },
};

/// Where something was said, and by whom, in the names of the other side.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    /// Through which door.
    pub(super) door: Door,
    /// The channel of the settings whose addresses these are.
    pub(super) channel: &'a ChannelName,
    /// The speaker's address.
    pub(super) speaker: &'a str,
    /// The conversation's address.
    pub(super) conversation: &'a str,
    /// The other side's id of the message that began the thread, if it is one.
    pub(super) thread: Option<&'a str>,
    /// How a verb is called here: "/incident ", or nothing.
    pub(super) prefix: &'static str,
    /// The same request again has the same key.
    pub(super) request_key: &'a str,
}

/// Answers a line.
pub(super) async fn hear(app: &App, place: &Place<'_>, line: &str) -> Reply {
    said(heard(app, place, line).await)
}

/// Answers a tap; `typed` is what was typed beside the button.
pub(super) async fn tap(app: &App, place: &Place<'_>, act: Act, typed: Option<&str>) -> Reply {
    said(match act {
        Act::Answer(answer, incident, revision) => {
            sending::answer(app, place, answer, (incident, revision), typed).await
        }
        Act::Say(line) => heard(app, place, &line).await,
        Act::Send(draft) => sending::send(app, place, &draft).await,
        Act::Drop(draft) => sending::drop(app, place, &draft).await,
    })
}

/// A no is an answer, too.
fn said(answer: Result<Reply, Error>) -> Reply {
    answer.unwrap_or_else(|error| {
        if error.kind == ErrorKind::Unexpected || error.kind == ErrorKind::Unavailable {
            tracing::error!(
                code = error.code,
                chain = error.chain(),
                "a request from chat failed"
            );
        }
        let faults = error.faults.iter().map(ToString::to_string).collect();
        Reply::text(error.sentence, [error.fix]).and(Piece::List(faults))
    })
}

async fn heard(app: &App, place: &Place<'_>, line: &str) -> Result<Reply, Error> {
    let speaker = speaker(app, place).await?;
    let about = app
        .about(&speaker, place.channel, place.conversation, place.thread)
        .await?;
    let book = app.rulebook().await?;
    let scene = Scene {
        directory: &book.directory,
        policy: &book.policy,
        now: app.clock.now(),
        here: about.incident,
        leads: &about.leads,
    };
    let spoken = grammar::parse(line, &scene)?;
    answer(app, place, &speaker, &about, spoken).await
}

async fn speaker(app: &App, place: &Place<'_>) -> Result<Speaker, Error> {
    app.speaker(place.door, place.channel, place.speaker).await
}

async fn answer(
    app: &App,
    place: &Place<'_>,
    speaker: &Speaker,
    about: &About,
    spoken: Spoken,
) -> Result<Reply, Error> {
    match spoken {
        Spoken::Help(None) => looking::help(app, place, speaker, about).await,
        Spoken::Help(Some(verb)) => Ok(usage(place, verb)),
        Spoken::List => looking::list(app, speaker).await,
        Spoken::Status(id) => looking::status(app, speaker, id).await,
        Spoken::Leads(id) => looking::leads(app, speaker, id).await,
        Spoken::Who(id) => looking::who(app, speaker, id).await,
        Spoken::WhoIf { priority, services } => looking::who_if(app, priority, services).await,
        Spoken::Why { incident, who } => looking::why(app, speaker, incident, &who).await,
        Spoken::Open(opening) => match declared(place, opening) {
            Ok(declare) => {
                let wish = Wish::Declare(Box::new(declare));
                shown(app, place, speaker, wish).await
            }
            Err(reply) => Ok(reply),
        },
        Spoken::Change { incident, command } => {
            let wish = Wish::Change(incident, Box::new(command));
            shown(app, place, speaker, wish).await
        }
        Spoken::Form { verb, incident, .. } => {
            app.must_see(&speaker.viewer, incident).await?;
            Ok(usage(place, verb))
        }
    }
}

pub(super) async fn shown(
    app: &App,
    place: &Place<'_>,
    speaker: &Speaker,
    wish: Wish,
) -> Result<Reply, Error> {
    let prepared = app
        .prepare(&speaker.actor, &speaker.viewer, wish, place.request_key)
        .await?;
    Ok(match prepared {
        Prepared::Done(receipt) => sending::done(app, &receipt),
        Prepared::Shown { draft, rehearsal } => sending::shown(app, draft, &rehearsal),
    })
}

/// A new incident, or what is missing of it.
fn declared(place: &Place<'_>, opening: Opening) -> Result<Declare, Reply> {
    let mut missing = Vec::new();
    if opening.priority.is_none() {
        missing.push("how grave it is, for example P1".to_owned());
    }
    if opening.services.is_empty() {
        missing.push("the services that are affected, before a colon".to_owned());
    }
    if opening.title.is_empty() {
        missing.push("what people cannot do, in a few plain words".to_owned());
    }
    if !missing.is_empty() {
        return Err(Reply::text("To start an incident I need to know more:", [])
            .and(Piece::List(missing))
            .and(example(place, Verb::Open)));
    }
    Ok(Declare {
        title: opening.title,
        priority: opening.priority,
        services: opening
            .services
            .into_iter()
            .map(|service| (service, Relation::Affected))
            .collect::<BTreeMap<_, _>>(),
        ..Declare::default()
    })
}

/// How a verb is said.
pub(super) fn usage(place: &Place<'_>, verb: Verb) -> Reply {
    let entry = verb.entry();
    Reply::text(format!("{}: {}", entry.chat, entry.does), []).and(example(place, verb))
}

fn example(place: &Place<'_>, verb: Verb) -> Piece {
    let entry = verb.entry();
    Piece::Words {
        label: "For example".to_owned(),
        text: format!("{}{} {}", place.prefix, entry.chat, entry.takes)
            .trim_end()
            .to_owned(),
    }
}

/// The verbs that chat offers, each with what it does.
fn offered(place: &Place<'_>) -> Vec<String> {
    VERBS
        .iter()
        .filter(|entry| entry.offered)
        .map(|entry| {
            let line = format!("{}{} {}", place.prefix, entry.chat, entry.takes);
            format!("{}: {}", line.trim_end(), entry.does)
        })
        .collect()
}
