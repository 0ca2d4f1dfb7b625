//! What is due by the clock: each rung of the ladder is a row, and joins like any command.

use super::{App, Error, ErrorKind, act::Act, pulse::Part};
use crate::{
    domain::{
        IncidentId, Time, clock,
        event::{Actor, Door},
    },
    store::{
        Step, incidents,
        timers::{self, Timer},
    },
};

/// Rungs taken at once; there are rarely more than a few.
const BATCH: u32 = 100;

impl App {
    /// Fires every timer that is due, each in a transaction of its own, and says when the next is.
    /// One that fails is tried again a little later; the others go on.
    pub async fn tick(&self) -> Result<Option<Time>, Error> {
        loop {
            let now = self.clock.now();
            let due = timers::due(self.store.read(), now, &self.aside.at(now), BATCH).await?;
            let mut any = false;
            for timer in &due {
                match self.fire(timer).await {
                    Ok(went_off) => {
                        any |= went_off;
                        self.pulse.beat(Part::Timers);
                    }
                    Err(error) => {
                        // Those of its incident are left out of the next look.
                        any = true;
                        tracing::error!(incident = %timer.incident, rung = timer.row.kind, chain = error.chain(), "a timer could not go off");
                        self.set_aside(timer.incident, &error).await;
                    }
                }
            }
            if due.len() < BATCH as usize || !any {
                break;
            }
        }
        let aside = self.aside.at(self.clock.now());
        Ok(timers::next_due(self.store.read(), &aside).await?)
    }

    /// Fires one. False if there is no such incident, so that it stays as it is.
    async fn fire(&self, timer: &Timer) -> Result<bool, Error> {
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let Some((head, incident, log)) = self.lock(&tx, timer.incident).await? else {
            return Ok(false);
        };
        // Exactly one replica gets true; the rest roll back.
        if !timers::fire(&tx, timer.incident, &timer.row.key, now).await? {
            return Ok(true);
        }
        let book = self.rulebook_in(&tx).await?;
        let actor = clock_actor();
        let act = Act::new(&book, &actor, &timer.row.key, now);
        let rung = clock::ladder(&incident, &book.policy, &book.directory, now)
            .into_iter()
            .find(|rung| rung.key() == timer.row.key);
        let fired =
            rung.and_then(|rung| clock::fire(&rung, &incident, &book.policy, &book.directory, now));
        match fired {
            Some(fired) => {
                self.write_events(
                    &tx,
                    &act,
                    timer.incident,
                    Some((head, incident)),
                    log,
                    vec![fired.event],
                )
                .await?;
            }
            // The incident has moved on, or there is nobody whom it concerns.
            None => self.set_timers(&tx, &act, &incident).await?,
        }
        tx.commit().await.step("commit what a timer does")?;
        tracing::info!(incident = %timer.incident, rung = timer.row.kind, "a timer went off");
        self.wake.ring();
        Ok(true)
    }

    /// When the next timer is due.
    pub async fn next_timer(&self) -> Result<Option<Time>, Error> {
        Ok(timers::next_due(self.store.read(), &[]).await?)
    }

    /// Sets the timers of every incident anew: after a start, since the policy may have changed. An
    /// incident that cannot be read keeps those that it has, and is on the record as a fault.
    pub async fn refresh_timers(&self) -> Result<(), Error> {
        for id in incidents::awaiting_the_clock(self.store.read()).await? {
            match self.refresh(id).await {
                Ok(()) => {}
                Err(error) if error.kind == ErrorKind::Unavailable => return Err(error),
                Err(error) => {
                    tracing::error!(incident = %id, chain = error.chain(), "the timers of an incident could not be set");
                    self.set_aside(id, &error).await;
                }
            }
        }
        self.look_at_unread_again().await
    }

    async fn refresh(&self, id: IncidentId) -> Result<(), Error> {
        let tx = self.store.begin().await?;
        let Some((_, incident, _)) = self.lock(&tx, id).await? else {
            return Ok(());
        };
        let book = self.rulebook_in(&tx).await?;
        let actor = clock_actor();
        let act = Act::new(&book, &actor, "refresh", self.clock.now());
        self.set_timers(&tx, &act, &incident).await?;
        Ok(tx.commit().await.step("commit timers")?)
    }

    /// What is done now and then: old answers and drafts are forgotten, incidents that could not be read
    /// are looked at again, and what a version before left unwritten is written.
    pub async fn tidy(&self) -> Result<(), Error> {
        let now = self.clock.now();
        self.look_at_unread_again().await?;
        crate::store::requests::forget_old(self.store.write(), now).await?;
        crate::store::drafts::forget_old(self.store.write(), now).await?;
        crate::store::outbox::forget_old_flags(self.store.write(), now).await?;
        self.write_members().await?;
        // Reading the newest id also notices a database that went away.
        incidents::last_stream_id(self.store.read()).await?;
        Ok(())
    }
}

pub(super) fn clock_actor() -> Actor {
    Actor {
        id: "clock".to_owned(),
        person: None,
        name: "Oyez".to_owned(),
        door: Door::Clock,
    }
}
