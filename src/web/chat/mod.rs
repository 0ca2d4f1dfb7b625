//! What is the same at every door of chat: a line or a tap becomes one use case, and what came of it
//! an answer.

mod asking;
mod card;
mod forms;
mod looking;
mod people;
mod sending;

use crate::{
    app::{About, App, Error, ErrorKind, Members, Rulebook, Speaker, Viewer, Wish},
    chatops::{
        form::{self, Filled},
        grammar::{self, Opening, Scene, Spoken},
        reply::{Act, Piece, Reply},
        slack::TYPED,
        terminal::in_chat,
    },
    domain::{
        ChannelName, IncidentId,
        command::{Declare, Refusal},
        event::Door,
        incident::Incident,
        situation::Relation,
        verbs::{VERBS, Verb},
    },
};

/// So many things that may be meant are offered as buttons.
const CHOICES: usize = 4;

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
    said(place, heard(app, place, line).await)
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
        Act::Look(incident) => look(app, place, incident).await.map(Tapped::from),
        Act::Fill(verb, incident) => forms::handed_in(app, place, verb, incident, filled).await,
        Act::Say(line) => heard(app, place, &line).await.map(Tapped::from),
        Act::Send(draft) => sending::send(app, place, &draft).await,
        Act::Drop(draft) => sending::drop(app, place, &draft).await,
        Act::Edit(draft) => forms::edited(app, place, &draft).await.map(Tapped::from),
        Act::Undo(incident, event) => sending::undo(app, place, (incident, event)).await,
    };
    answer.unwrap_or_else(|error| Tapped {
        // Overtaken: it would say the same again.
        settles: matches!(error.code.as_str(), "revision-conflict" | "no-draft"),
        reply: said(place, Err(error)),
    })
}

/// Whether what is answered about an incident may take the place of what asked for it, for everybody
/// who reads along: not if it is restricted.
async fn may_settle(app: &App, place: &Place<'_>, incident: IncidentId) -> bool {
    let anybody = Viewer::Key {
        actor: String::new(),
        person: None,
    };
    place.is_private || app.must_see(&anybody, incident).await.is_ok()
}

/// A no is an answer, too.
fn said(place: &Place<'_>, answer: Result<Reply, Error>) -> Reply {
    answer.unwrap_or_else(|error| {
        if error.kind == ErrorKind::Unexpected || error.kind == ErrorKind::Unavailable {
            tracing::error!(
                code = error.code,
                chain = error.chain(),
                "a request from chat failed"
            );
        }
        let here = |text: &str| in_chat(text, place.prefix);
        let faults = error.faults.iter().map(|fault| here(&fault.to_string()));
        let no = Reply::text(here(&error.sentence), [here(&error.fix)])
            .and(Piece::List(faults.collect()));
        Reply {
            refused: Some(error.code.clone()),
            ..no
        }
    })
}

/// The question that a refusal is, with a button for each thing that may be meant.
fn which(place: &Place<'_>, mut refusal: Refusal) -> Reply {
    let choices = std::mem::take(&mut refusal.choices);
    let no = said(place, Err(refusal.into()));
    choices.into_iter().take(CHOICES).fold(no, |no, choice| {
        no.button(choice.label, Act::Say(choice.line))
    })
}

/// How an incident stands, with what whoever looks may do about it.
pub(super) async fn look(app: &App, place: &Place<'_>, id: IncidentId) -> Result<Reply, Error> {
    let book = app.rulebook().await?;
    let speaker = speaker_by(app, &book, place).await?;
    card::status(app, &book, place, &speaker, id).await
}

async fn heard(app: &App, place: &Place<'_>, line: &str) -> Result<Reply, Error> {
    let book = app.rulebook().await?;
    let speaker = speaker_by(app, &book, place).await?;
    let about = app
        .about(&speaker, place.channel, place.conversation, place.thread)
        .await?;
    let scene = scene(app, &book, &about, &speaker);
    let spoken = match grammar::parse(line, &scene) {
        Ok(spoken) if place.forms_first => spoken.by_form(TYPED),
        Ok(spoken) => spoken,
        Err(refusal) => return Ok(which(place, refusal)),
    };
    match spoken {
        Spoken::Open(opening) => match declared(&opening).filter(|_| !place.forms_first) {
            Some(declare) => {
                let wish = Wish::Declare(Box::new(declare));
                let shown = forms::shown(app, place, &speaker, wish, line, None).await?;
                Ok(shown.reply)
            }
            None => Ok(form::open(&scene, &opening)),
        },
        Spoken::Form {
            verb,
            incident,
            said,
        } => forms::asked(app, place, &speaker, verb, Some(incident), &said).await,
        Spoken::Change { incident, command } => {
            let wish = Wish::Change(incident, command);
            let shown = forms::shown(app, place, &speaker, wish, line, None).await?;
            Ok(shown.reply)
        }
        Spoken::Help(None) => looking::help(app, &book, place, &speaker, &about).await,
        Spoken::Help(Some(verb)) => Ok(usage(place, verb)),
        Spoken::List => looking::list(app, &speaker).await,
        Spoken::Status(id) => card::status(app, &book, place, &speaker, id).await,
        Spoken::Leads(id) => looking::leads(app, &book, place, &speaker, id).await,
        Spoken::Who(id) => looking::who(app, &book, place, &speaker, id).await,
        Spoken::WhoIf { priority, services } => {
            looking::who_if(app, &book, place, priority, services).await
        }
        Spoken::Why { incident, who } => looking::why(app, place, &speaker, incident, &who).await,
    }
}

fn scene<'a>(app: &App, book: &'a Rulebook, about: &'a About, speaker: &'a Speaker) -> Scene<'a> {
    Scene {
        directory: &book.directory,
        policy: &book.policy,
        now: app.clock.now(),
        here: about.incident,
        leads: &about.leads,
        speaker: speaker.actor.person.as_ref(),
        subject: None,
    }
}

async fn speaker(app: &App, place: &Place<'_>) -> Result<Speaker, Error> {
    let book = app.rulebook().await?;
    speaker_by(app, &book, place).await
}

async fn speaker_by(app: &App, book: &Rulebook, place: &Place<'_>) -> Result<Speaker, Error> {
    let (door, channel) = (place.door, place.channel);
    let speaker = app
        .speaker(book, door, channel, place.speaker, place.members)
        .await?;
    Ok(if place.is_private {
        speaker
    } else {
        // Others read what is answered, so a restricted incident is not there, whoever asks.
        speaker.among_others()
    })
}

/// Whether somebody runs an incident, so that they get the buttons that act.
fn acts(speaker: &Speaker, incident: &Incident) -> bool {
    let person = speaker.actor.person.as_ref();
    person.is_some_and(|person| incident.run_by().contains(person))
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
