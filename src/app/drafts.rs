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
        let mut about = None;
        if let Wish::Change(id, command) = &wish {
            self.must_see(viewer, *id).await?;
            let before = asked.clone().to((**command).clone());
            if let Some(receipt) = self.answer_before(&before, *id).await? {
                return Ok(Prepared::Done(receipt));
            }
            // Read before it is shown: whatever happens from here on makes the draft stale.
            about = Some((*id, self.load(*id).await?.0.revision));
        }
        let rehearsal = self
            .carry_out(asked.clone(), wish.clone(), Mode::Rehearse)
            .await?;
        if rehearsal.messages == 0 && about.is_some() {
            let done = self.carry_out(asked, wish, Mode::Commit).await?;
            return Ok(Prepared::Done(done));
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

    /// Sends what was shown. The same draft twice is answered as the first time; an incident that
    /// has moved on since refuses it, and nothing is sent.
    pub async fn send_draft(
        &self,
        actor: &Actor,
        viewer: &Viewer,
        id: &str,
    ) -> Result<Receipt, Error> {
        let draft = self.own_draft(actor, id).await?;
        let wish: Wish = serde_json::from_str(&draft.command).map_err(unreadable)?;
        if let Wish::Change(incident, _) = &wish {
            self.must_see(viewer, *incident).await?;
        }
        let how = How {
            actor: actor.clone(),
            request_key: draft.id,
            seen_revision: draft.incident.map(|_| draft.revision),
            typed: None,
        };
        self.carry_out(how, wish, Mode::Commit).await
    }

    /// Throws away what was shown.
    pub async fn drop_draft(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        let draft = self.own_draft(actor, id).await?;
        Ok(drafts::drop(self.store.write(), &draft.id).await?)
    }

    async fn own_draft(&self, actor: &Actor, id: &str) -> Result<Draft, Error> {
        let found = drafts::find(self.store.read(), id).await?;
        let now = self.clock.now();
        found
            .filter(|draft| draft.actor == actor.id && now < draft.expires_at)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    "no-draft",
                    "This can no longer be sent. Nothing was sent.",
                    "Say it again.",
                )
            })
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
