//! A command is shown before it is sent: who would be told, why, and in which words.
//!
//! What was shown is kept until its author sends it, because what a button carries comes back from
//! the client: it is no more than the id of what is kept here.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{App, Error, ErrorKind, Mode, Viewer, answers::Receipt};
use crate::{
    domain::{
        IncidentId,
        clock::answer::{Answer, answer},
        command::{Asked, Command, Declare},
        event::Actor,
    },
    store::drafts::{self, Draft},
};

/// What was shown can be sent for so long: by then the incident has moved on.
const KEPT: TimeDelta = TimeDelta::minutes(30);

/// A command, of an incident that exists or of a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Declare an incident.
    Declare(Box<Declare>),
    /// Change this incident.
    Change(IncidentId, Box<Command>),
}

/// What came of a wish.
#[derive(Debug, Clone)]
pub enum Prepared {
    /// It tells nobody, so it is done.
    Done(Receipt),
    /// It waits for its author to send it, under this id; people and words are in the receipt.
    Shown {
        /// Send it with this.
        draft: String,
        /// As it would be done.
        rehearsal: Receipt,
    },
}

impl App {
    /// Does at once what tells nobody, and shows what would tell somebody. `typed` are the words that
    /// came under this key: the same again get the answer of the first time.
    pub async fn prepare(
        &self,
        actor: &Actor,
        viewer: &Viewer,
        wish: Wish,
        (request_key, typed): (&str, &str),
    ) -> Result<Prepared, Error> {
        let asked = How {
            actor: actor.clone(),
            request_key: request_key.to_owned(),
            seen_revision: None,
            typed: Some(typed.to_owned()),
        };
        // Read before it is shown: whatever happens from here on makes the draft stale.
        let about = match &wish {
            Wish::Declare(_) => None,
            Wish::Change(id, _) => {
                let story = self.story(viewer, *id).await?;
                Some((*id, story.incident.revision))
            }
        };
        // A new incident is shown even if it tells nobody.
        let mode = match about {
            Some(_) => Mode::CommitUntold,
            None => Mode::Rehearse,
        };
        let rehearsal = self.carry_out(asked, wish.clone(), mode).await?;
        if rehearsal.event.is_some() {
            return Ok(Prepared::Done(rehearsal));
        }
        if rehearsal.blocked {
            return Ok(Prepared::Shown {
                draft: String::new(),
                rehearsal,
            });
        }
        let now = self.clock.now();
        let command = serde_json::to_string(&wish).map_err(unreadable)?;
        let draft = drafts::keep(
            self.store.write(),
            &actor.id,
            about,
            command,
            now + KEPT,
            now,
        )
        .await?;
        Ok(Prepared::Shown { draft, rehearsal })
    }

    /// What was shown, to put it otherwise.
    pub async fn draft(&self, actor: &Actor, viewer: &Viewer, id: &str) -> Result<Wish, Error> {
        let draft = self.own_draft(actor, id).await?;
        let wish: Wish = serde_json::from_str(&draft.command).map_err(unreadable)?;
        if let Wish::Change(incident, _) = &wish {
            self.must_see(viewer, *incident).await?;
        }
        Ok(wish)
    }

    /// Sends what was shown. The same draft twice is answered as the first time; an incident that
    /// has moved on since refuses it, and nothing is sent.
    pub async fn send_draft(
        &self,
        actor: &Actor,
        viewer: &Viewer,
        id: &str,
    ) -> Result<Receipt, Error> {
        let wish = self.draft(actor, viewer, id).await?;
        let draft = self.own_draft(actor, id).await?;
        let how = How::of(&draft, actor);
        self.carry_out(how, wish, Mode::Commit).await
    }

    /// Throws away what was shown. If it was sent before, it answers what came of it.
    pub async fn drop_draft(&self, actor: &Actor, id: &str) -> Result<Option<Receipt>, Error> {
        let draft = self.own_draft(actor, id).await?;
        let wish: Wish = serde_json::from_str(&draft.command).map_err(unreadable)?;
        let how = How::of(&draft, actor);
        let sent = match wish {
            Wish::Declare(declare) => self.answer_before(&how.to(*declare), None).await?,
            Wish::Change(id, command) => self.answer_before(&how.to(*command), Some(id)).await?,
        };
        if sent.is_none() {
            drafts::drop(self.store.write(), &draft.id).await?;
        }
        Ok(sent)
    }

    /// Whether the words of the prompt that was answered may still be sent as they are, or were.
    pub async fn prompt_stands(
        &self,
        asked: &Asked<Command>,
        incident: IncidentId,
    ) -> Result<bool, Error> {
        if self.answer_before(asked, Some(incident)).await?.is_some() {
            return Ok(true);
        }
        let story = self.load(incident).await?;
        let seen = asked.seen_revision.unwrap_or_default();
        // Somebody who is behind is told what happened, by the command itself.
        Ok(seen != story.incident.revision
            || matches!(
                answer(&story.incident, seen, self.clock.now()),
                Answer::Frozen(_)
            ))
    }

    async fn own_draft(&self, actor: &Actor, id: &str) -> Result<Draft, Error> {
        let found = drafts::find(self.store.read(), id).await?;
        let now = self.clock.now();
        match found {
            Some(draft) if draft.actor != actor.id => Err(Error::new(
                ErrorKind::NotAllowed,
                "not-yours",
                "Only whoever asked for this can send it.",
                "To send the same, say it yourself.",
            )),
            Some(draft) if now < draft.expires_at => Ok(draft),
            _ => Err(Error::new(
                ErrorKind::NotFound,
                "no-draft",
                "This can no longer be sent from here.",
                "See with status whether it went out. If not, say it again.",
            )),
        }
    }

    async fn carry_out(&self, how: How, wish: Wish, mode: Mode) -> Result<Receipt, Error> {
        match wish {
            Wish::Declare(declare) => self.declare(how.to(*declare), mode).await,
            Wish::Change(id, command) => self.change(id, how.to(*command), mode).await,
        }
    }
}

/// What surrounds a command.
#[derive(Clone)]
struct How {
    actor: Actor,
    request_key: String,
    seen_revision: Option<u32>,
    typed: Option<String>,
}

impl How {
    /// A draft is sent under its own id, so twice is once.
    fn of(draft: &Draft, actor: &Actor) -> Self {
        Self {
            actor: actor.clone(),
            request_key: draft.id.clone(),
            seen_revision: draft.incident.map(|_| draft.revision),
            typed: None,
        }
    }

    fn to<C>(self, command: C) -> Asked<C> {
        Asked {
            command,
            actor: self.actor,
            request_key: self.request_key,
            seen_revision: self.seen_revision,
            typed: self.typed,
        }
    }
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "draft",
        "What was shown cannot be read any more. Nothing was sent.",
        "Say it again.",
    )
    .caused_by(error)
}
