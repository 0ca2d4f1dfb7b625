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
    /// Does at once what tells nobody, and shows what would tell somebody.
    pub async fn prepare(
        &self,
        actor: &Actor,
        viewer: &Viewer,
        wish: Wish,
        request_key: &str,
    ) -> Result<Prepared, Error> {
        if let Wish::Change(id, _) = &wish {
            self.must_see(viewer, *id).await?;
        }
        let rehearsal = self
            .carry_out(actor, wish.clone(), request_key, None, Mode::Rehearse)
            .await?;
        let says_nothing = rehearsal.messages == 0 && matches!(wish, Wish::Change(..));
        if says_nothing {
            let done = self
                .carry_out(actor, wish, request_key, None, Mode::Commit)
                .await?;
            return Ok(Prepared::Done(done));
        }
        if rehearsal.blocked {
            return Ok(Prepared::Shown {
                draft: String::new(),
                rehearsal,
            });
        }
        let about = match &wish {
            Wish::Declare(_) => None,
            // A rehearsal gives the revision that there would be after it.
            Wish::Change(id, _) => Some((*id, self.load(*id).await?.0.revision)),
        };
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
        let seen = draft.incident.map(|_| draft.revision);
        self.carry_out(actor, wish, &draft.id, seen, Mode::Commit)
            .await
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

    async fn carry_out(
        &self,
        actor: &Actor,
        wish: Wish,
        request_key: &str,
        seen_revision: Option<u32>,
        mode: Mode,
    ) -> Result<Receipt, Error> {
        let actor = actor.clone();
        let request_key = request_key.to_owned();
        match wish {
            Wish::Declare(declare) => {
                let asked = Asked {
                    command: *declare,
                    actor,
                    request_key,
                    seen_revision,
                    typed: None,
                };
                self.declare(asked, mode).await
            }
            Wish::Change(id, command) => {
                let asked = Asked {
                    command: *command,
                    actor,
                    request_key,
                    seen_revision,
                    typed: None,
                };
                self.change(id, asked, mode).await
            }
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
