//! What is the same at every door of chat: a line or a tap becomes one use case, and what came of it
//! an answer.

mod asking;
mod looking;
mod sending;

use crate::{
    app::{
        About, App, Error, ErrorKind, Members, Prepared, Rulebook, Speaker, Viewer, Wish,
        answers::Receipt,
    },
    chatops::{
        form::{self, Asked, Filled},
        grammar::{self, Opening, Scene, Spoken},
        reply::{Act, Piece, Reply},
        slack::TYPED,
    },
    domain::{
        ChannelName, IncidentId,
        command::Declare,
        event::Door,
        situation::Relation,
        verbs::{VERBS, Verb},
    },
};

/// Where something was said, and by whom, in the names of the other side.
#[derive(Clone)]
pub(super) struct Place<'a> {
    /// Through which door.
    pub(super) door: Door,
    /// The channel of the settings whose addresses these are.
    pub(super) channel: &'a ChannelName,
    /// The speaker's address.
    pub(super) speaker: &'a str,
    /// Where the speaker can be looked up, if the directory does not know that address.
    pub(super) members: Option<&'a dyn Members>,
    /// The conversation's address.
    pub(super) conversation: &'a str,
    /// The other side's id of the message that began the thread, if it is one.
    pub(super) thread: Option<&'a str>,
    /// Whether nobody but the speaker reads the answer.
    pub(super) is_private: bool,
    /// How a verb is called here: "/incident ", or nothing.
    pub(super) prefix: &'static str,
    /// The same request again has the same key.
    pub(super) request_key: &'a str,
    /// Whether updates and new incidents are asked by a form even where the line says enough.
    pub(super) forms_first: bool,
}

/// Answers a line.
pub(super) async fn hear(app: &App, place: &Place<'_>, line: &str) -> Reply {
    said(heard(app, place, line).await)
}

/// The answer to a tap.
pub(super) struct Tapped {
    pub(super) reply: Reply,
    /// Whether the tapped card has done its work: everybody who sees it may see the answer instead.
    pub(super) settles: bool,
}

impl Tapped {
    /// Whether nothing can be filled in or tapped to go on.
    pub(super) fn is_end(&self) -> bool {
        let is_field = |piece: &Piece| matches!(piece, Piece::Field(_));
        self.reply.buttons.is_empty() && !self.reply.pieces.iter().any(is_field)
    }
}

/// Whoever asked goes on from this answer, and the others keep the card.
impl From<Reply> for Tapped {
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            settles: false,
        }
    }
}

/// Answers a tap, with what was filled in beside the button.
pub(super) async fn tap(app: &App, place: &Place<'_>, act: Act, filled: &Filled) -> Reply {
    tapped(app, place, act, filled).await.reply
}

/// The same, and what becomes of the card that was tapped.
pub(super) async fn tapped(app: &App, place: &Place<'_>, act: Act, filled: &Filled) -> Tapped {
    let answer = match act {
        Act::Answer(answer, incident, revision) => {
            sending::answer(app, place, answer, (incident, revision)).await
        }
        Act::Affected(answer, incident) => {
            let said = asking::affected(app, place, answer, incident).await;
            said.map(Tapped::from)
        }
        Act::Seen(incident) => asking::seen(app, place, incident).await.map(Tapped::from),
        Act::Fill(verb, incident) => handed_in(app, place, verb, incident, filled).await,
        Act::Say(line) => heard(app, place, &line).await.map(Tapped::from),
        Act::Send(draft) => sending::send(app, place, &draft).await,
        Act::Drop(draft) => sending::drop(app, place, &draft).await,
    };
    answer.unwrap_or_else(|error| Tapped {
        // Overtaken: it would say the same again.
        settles: matches!(error.code.as_str(), "revision-conflict" | "no-draft"),
        reply: said(Err(error)),
    })
}

/// What was done, in the place of what asked for it; but where others read along, nothing restricted.
async fn settled(app: &App, place: &Place<'_>, receipt: &Receipt) -> Tapped {
    let is_open = || async {
        let anybody = Viewer::Key {
            actor: String::new(),
            person: None,
        };
        app.must_see(&anybody, receipt.incident).await.is_ok()
    };
    Tapped {
        reply: sending::done(app, receipt),
        settles: place.is_private || is_open().await,
    }
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
        let no = Reply::text(error.sentence, [error.fix]).and(Piece::List(faults));
        Reply {
            refused: Some(error.code),
            ..no
        }
    })
}

async fn heard(app: &App, place: &Place<'_>, line: &str) -> Result<Reply, Error> {
    let speaker = speaker(app, place).await?;
    let about = app
        .about(&speaker, place.channel, place.conversation, place.thread)
        .await?;
    let book = app.rulebook().await?;
    let scene = scene(app, &book, &about);
    let spoken = match grammar::parse(line, &scene)? {
        spoken if place.forms_first => spoken.by_form(TYPED),
        spoken => spoken,
    };
    match spoken {
        Spoken::Open(opening) => match declared(&opening).filter(|_| !place.forms_first) {
            Some(declare) => {
                let wish = Wish::Declare(Box::new(declare));
                Ok(shown(app, place, &speaker, wish, line).await?.reply)
            }
            None => Ok(form::open(&scene, &opening)),
        },
        Spoken::Form {
            verb,
            incident,
            said,
        } => {
            app.must_see(&speaker.viewer, incident).await?;
            let filled = form::said(&scene, verb, &said);
            let form = form::form(&scene, verb, Some(incident), &filled);
            Ok(form.unwrap_or_else(|| usage(place, verb)))
        }
        spoken => answer(app, place, &speaker, &about, spoken, line).await,
    }
}

/// Reads a form, and shows what it comes to. If it cannot be read, it comes again as it was.
async fn handed_in(
    app: &App,
    place: &Place<'_>,
    verb: Verb,
    incident: Option<IncidentId>,
    filled: &Filled,
) -> Result<Tapped, Error> {
    let speaker = speaker(app, place).await?;
    if let Some(id) = incident {
        app.must_see(&speaker.viewer, id).await?;
    }
    let book = app.rulebook().await?;
    let about = About::default();
    let scene = scene(app, &book, &about);
    let asked = match form::read(&scene, verb, incident, filled) {
        Ok(Asked::Declare(declare)) => Wish::Declare(declare),
        Ok(Asked::Change(id, command)) => Wish::Change(id, command),
        Err(refusal) => {
            let form = form::form(&scene, verb, incident, filled);
            return Ok(again(form, refusal.into()).into());
        }
    };
    let typed = format!("{filled:?}");
    match shown(app, place, &speaker, asked, &typed).await {
        Err(error) if error.kind == ErrorKind::Refused || error.kind == ErrorKind::Usage => {
            let form = form::form(&scene, verb, incident, filled);
            Ok(again(form, error).into())
        }
        answer => answer,
    }
}

/// The form as it was filled in, below what is wrong with it.
fn again(form: Option<Reply>, error: Error) -> Reply {
    let wrong = said(Err(error));
    match form {
        None => wrong,
        Some(form) => Reply {
            heading: wrong.heading,
            pieces: wrong.pieces.into_iter().chain(form.pieces).collect(),
            buttons: form.buttons,
            refused: wrong.refused,
        },
    }
}

fn scene<'a>(app: &App, book: &'a Rulebook, about: &'a About) -> Scene<'a> {
    Scene {
        directory: &book.directory,
        policy: &book.policy,
        now: app.clock.now(),
        here: about.incident,
        leads: &about.leads,
    }
}

async fn speaker(app: &App, place: &Place<'_>) -> Result<Speaker, Error> {
    let speaker = app
        .speaker(place.door, place.channel, place.speaker, place.members)
        .await?;
    Ok(if place.is_private {
        speaker
    } else {
        // Others read what is answered, so a restricted incident is not there, whoever asks.
        speaker.among_others()
    })
}

async fn answer(
    app: &App,
    place: &Place<'_>,
    speaker: &Speaker,
    about: &About,
    spoken: Spoken,
    line: &str,
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
        Spoken::Change { incident, command } => {
            let wish = Wish::Change(incident, Box::new(command));
            Ok(shown(app, place, speaker, wish, line).await?.reply)
        }
        // Asked for by a form, if something is missing.
        Spoken::Open(_) => Ok(usage(place, Verb::Open)),
        Spoken::Form { verb, .. } => Ok(usage(place, verb)),
    }
}

async fn shown(
    app: &App,
    place: &Place<'_>,
    speaker: &Speaker,
    wish: Wish,
    typed: &str,
) -> Result<Tapped, Error> {
    let prepared = app
        .prepare(
            &speaker.actor,
            &speaker.viewer,
            wish,
            (place.request_key, typed),
        )
        .await?;
    Ok(match prepared {
        Prepared::Done(receipt) => settled(app, place, &receipt).await,
        Prepared::Shown { draft, rehearsal } => sending::shown(app, draft, &rehearsal).into(),
    })
}

/// A new incident, if all that it needs was said in the line.
fn declared(opening: &Opening) -> Option<Declare> {
    let is_whole =
        opening.priority.is_some() && !opening.services.is_empty() && !opening.title.is_empty();
    is_whole.then(|| Declare {
        title: opening.title.clone(),
        priority: opening.priority.clone(),
        services: opening
            .services
            .iter()
            .map(|service| (service.clone(), Relation::Affected))
            .collect(),
        ..Declare::default()
    })
}

/// How a verb is said.
fn usage(place: &Place<'_>, verb: Verb) -> Reply {
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
