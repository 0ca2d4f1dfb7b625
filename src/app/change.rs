//! Commands that change an incident: decide, say, write, in one transaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;

use super::{
    App, Error, ErrorKind, Rulebook, Story, act::Act, answers::Receipt, findings, naming::viewer,
    notify::Written,
};
use crate::{
    domain::{
        IncidentId, NotificationId, chain,
        command::{Asked, Command, Declare},
        decide::{self, Context, Sending, revision_conflict},
        event::{Actor, Event, Record},
        incident::Incident,
    },
    store::{
        Step, Tx,
        incidents::{self, Head},
        outbox,
        requests::{self, Begun, RequestKey},
    },
};

/// Whether a command is carried out, or only played through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// For real.
    Commit,
    /// Everything but the commit; the answer holds people and words.
    Rehearse,
    /// For real if it tells nobody. Otherwise everything is taken back, and the answer is that of a
    /// rehearsal: decided in one transaction, so that no change of the rules in between sends
    /// anybody words that nobody has seen.
    CommitUntold,
}

impl App {
    /// Declares an incident.
    pub async fn declare(&self, asked: Asked<Declare>, mode: Mode) -> Result<Receipt, Error> {
        let tx = self.store.begin().await?;
        if let Some(answer) = self.answered(&tx, &asked, None, mode).await? {
            return Ok(answer);
        }
        let book = self.rulebook_in(&tx).await?;
        let act = Act::new(&book, &asked.actor, &asked.request_key, self.clock.now());
        let event = decide::declare(
            &asked.command,
            &context(&act, &[], &BTreeSet::new(), &BTreeMap::new()),
        )?;
        let events = [event];
        self.must_name_no_restricted(&asked.actor, None, &events)
            .await?;
        let id = incidents::next_id(&tx).await?;
        let written = self
            .write_events(&tx, &act, id, None, Vec::new(), events.into())
            .await?;
        self.conclude(tx, &asked, written, mode).await
    }

    /// Changes an incident.
    pub async fn change(
        &self,
        id: IncidentId,
        asked: Asked<Command>,
        mode: Mode,
    ) -> Result<Receipt, Error> {
        let _turn = self.gate.enter(id).await?;
        let tx = self.store.begin().await?;
        if let Some(answer) = self.answered(&tx, &asked, Some(id), mode).await? {
            return Ok(answer);
        }
        let Some((head, incident, log)) = self.lock(&tx, id).await? else {
            drop(tx);
            return Err(self.no_incident(id).await);
        };
        if let Some(refusal) = revision_conflict(&incident, &log, asked.seen_revision) {
            return Err(refusal.into());
        }
        let book = self.rulebook_in(&tx).await?;
        let act = Act::new(&book, &asked.actor, &asked.request_key, self.clock.now());
        let (sending, incidents) = match &asked.command {
            Command::CancelSending { .. } | Command::Approve { .. } => {
                outbox::hold(&tx, id).await?;
                (outbox::sending(&tx, id).await?, BTreeSet::new())
            }
            Command::Close {
                duplicate_of: Some(other),
                ..
            } => (BTreeMap::new(), self.known_to(&asked.actor, *other).await?),
            _ => (BTreeMap::new(), BTreeSet::new()),
        };
        let events = decide::decide(
            &incident,
            &asked.command,
            &context(&act, &log, &incidents, &sending),
        )?;
        self.must_name_no_restricted(&asked.actor, Some(id), &events)
            .await?;
        let approved = events.iter().find_map(|event| match event {
            Event::SendingApproved {
                events, messages, ..
            } => Some((events.clone(), *messages)),
            _ => None,
        });
        let mut written = self
            .write_events(&tx, &act, id, Some((head, incident)), log, events)
            .await?;
        if let Some((events, messages)) = approved {
            // Their notifications were written before; their messages go only now.
            written.receipt.messages = usize::try_from(messages).unwrap_or(usize::MAX);
            let found = outbox::notifications_about(&tx, id, &events).await?;
            written.receipt.notifications = found.iter().map(ToString::to_string).collect();
        }
        self.conclude(tx, &asked, written, mode).await
    }

    /// The other incident, if it is there and whoever asks may know of it.
    async fn known_to(
        &self,
        actor: &Actor,
        other: IncidentId,
    ) -> Result<BTreeSet<IncidentId>, Error> {
        match self.must_see(&viewer(actor), other).await {
            Ok(()) => Ok([other].into()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(error),
        }
    }

    /// Locks an incident and reads it.
    pub(super) async fn lock(
        &self,
        tx: &Tx,
        id: IncidentId,
    ) -> Result<Option<(Head, Incident, Vec<Record>)>, Error> {
        let Some(head) = incidents::lock(tx, id).await? else {
            return Ok(None);
        };
        let story = self.load_in(tx, id).await?.map(Arc::unwrap_or_clone);
        Ok(story.map(|Story { incident, log }| (head, incident, log)))
    }

    /// The answer that this request got before, if it was made before.
    pub(super) async fn answer_before<C: Serialize>(
        &self,
        asked: &Asked<C>,
        id: Option<IncidentId>,
    ) -> Result<Option<Receipt>, Error> {
        let tx = self.store.begin().await?;
        let answer = self.answered(&tx, asked, id, Mode::Commit).await;
        tx.rollback().await.step("take back a look")?;
        answer
    }

    async fn answered<C: Serialize>(
        &self,
        tx: &Tx,
        asked: &Asked<C>,
        id: Option<IncidentId>,
        mode: Mode,
    ) -> Result<Option<Receipt>, Error> {
        if mode == Mode::Rehearse {
            return Ok(None);
        }
        let request = match &asked.typed {
            Some(typed) => serde_json::to_string(&(id, typed, asked.seen_revision)),
            None => serde_json::to_string(&(id, &asked.command, asked.seen_revision)),
        };
        let request = request.map_err(unreadable)?;
        match requests::begin(tx, key(asked), &chain::digest(&request), self.clock.now()).await? {
            Begun::New => Ok(None),
            Begun::Same(answer) => serde_json::from_str(&answer).map(Some).map_err(unreadable),
            Begun::Different => Err(Error::new(
                ErrorKind::Refused,
                "key-reused",
                "This request key was used for something else before.",
                "Use a new key for a new request.",
            )),
            Begun::Running => Err(Error::new(
                ErrorKind::Conflict,
                "still-running",
                "The same request is being carried out.",
                "Ask again in a moment with the same key.",
            )),
        }
    }

    /// Keeps the answer and commits; or, in a rehearsal, takes everything back.
    async fn conclude<C>(
        &self,
        tx: Tx,
        asked: &Asked<C>,
        written: Written,
        mode: Mode,
    ) -> Result<Receipt, Error> {
        let mut receipt = written.receipt;
        let is_real = match mode {
            Mode::Commit => true,
            Mode::Rehearse => false,
            Mode::CommitUntold => receipt.messages == 0,
        };
        if !is_real {
            tx.rollback().await.step("take back a rehearsal")?;
            receipt.event = None;
            receipt.notifications.clear();
            return Ok(receipt);
        }
        if let Some(refusal) = findings::refusal(&receipt.findings) {
            return Err(refusal);
        }
        receipt.recipients.clear();
        receipt.words.clear();
        receipt.withheld.clear();
        let answer = serde_json::to_string(&receipt).map_err(unreadable)?;
        requests::finish(&tx, key(asked), &answer).await?;
        tx.commit().await.step("commit a command")?;
        tracing::info!(incident = %receipt.incident, revision = receipt.revision, messages = receipt.messages, actor = asked.actor.id, "committed");
        self.wake.ring();
        Ok(receipt)
    }

    /// Delivers what a command said, as far as this process may: with the delivery lock it does so
    /// itself, without it whoever has it is waited for.
    pub async fn deliver_own(
        &self,
        receipt: &Receipt,
        mut done: impl FnMut(usize),
    ) -> Result<super::answers::Progress, Error> {
        let notifications: Vec<NotificationId> = receipt
            .notifications
            .iter()
            .filter_map(|id| id.parse().ok())
            .collect();
        self.deliver(&notifications, &mut done).await
    }
}

fn key<C>(asked: &Asked<C>) -> RequestKey<'_> {
    RequestKey {
        door: asked.actor.door,
        actor: &asked.actor.id,
        key: &asked.request_key,
    }
}

fn context<'a>(
    act: &Act<'a>,
    log: &'a [Record],
    incidents: &'a BTreeSet<IncidentId>,
    sending: &'a BTreeMap<u32, Sending>,
) -> Context<'a> {
    let book: &Rulebook = act.book;
    Context {
        policy: &book.policy,
        directory: &book.directory,
        now: act.now,
        actor: act.actor,
        log,
        incidents,
        sending,
    }
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "unreadable-answer",
        "The answer could not be kept or read.",
        "See oyez status for what was done.",
    )
    .caused_by(error)
}
