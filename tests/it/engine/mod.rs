//! The delivery engine with channels that do as they are told and a clock held by hand.

mod given_back;
mod in_time;
mod outcomes;
mod resting;
mod running;
mod together;

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use oyez::{
    app::deliver::{Channels, Engine, Wake},
    channels::Channel,
    clock::{Clock, ManualClock},
    domain::notification::Moment,
    store::{DeliveryLock, Store},
};

use crate::support::{
    database::{TestDb, databases},
    fake_channel::FakeChannel,
    outbox::{notification, say, start},
};

/// A database, a clock and two channels.
struct World {
    db: TestDb,
    clock: Arc<ManualClock>,
    mail: Arc<FakeChannel>,
    teams: Arc<FakeChannel>,
}

impl World {
    async fn all() -> Vec<Self> {
        Self::with(|fake| fake).await
    }

    async fn with(mail: impl Fn(FakeChannel) -> FakeChannel) -> Vec<Self> {
        let make = |db| {
            let clock = Arc::new(ManualClock::new(start()));
            let shared: Arc<dyn Clock> = clock.clone();
            World {
                db,
                mail: Arc::new(mail(FakeChannel::new("email", shared.clone()))),
                teams: Arc::new(FakeChannel::new("Teams", shared)),
                clock,
            }
        };
        databases().await.into_iter().map(make).collect()
    }

    fn store(&self) -> &Store {
        &self.db.store
    }

    fn channels(&self) -> Arc<Channels> {
        let mail: Arc<dyn Channel> = self.mail.clone();
        let teams: Arc<dyn Channel> = self.teams.clone();
        Arc::new(BTreeMap::from([
            ("email".parse().unwrap(), mail),
            ("teams".parse().unwrap(), teams),
        ]))
    }

    async fn lock(&self, token: &str) -> DeliveryLock {
        let lock = self.store().try_lock_delivery(token).await.unwrap();
        lock.expect("nobody else delivers")
    }

    async fn engine(&self, token: &str) -> Engine {
        Engine::new(
            self.store().clone(),
            self.channels(),
            self.clock.clone(),
            self.lock(token).await,
            Wake::default(),
        )
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Declares incident 1 to so many people by mail, now.
    async fn declare(&self, people: usize) {
        let now = self.clock.now();
        say(
            self.store(),
            &notification(1, Moment::Declared, people, now),
            now,
        )
        .await;
    }
}
