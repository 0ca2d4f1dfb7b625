//! Keeps the leases of messages on the wire, and cuts the wire when it cannot.
//!
//! A process that cannot reach the database may soon be taken for dead, and its messages sent by
//! another. So it stops sending before its leases lapse.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::sync::watch;

use super::flight::Airborne;
use crate::{
    clock::Clock,
    store::{DeliveryLock, Store, outbox::extend},
};

/// How long a lease lasts without being extended.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How often leases are extended.
const BEAT: Duration = Duration::from_secs(10);
/// Without an extension for this long, nothing may be on the wire.
const CUT_AFTER: Duration = Duration::from_secs(20);
/// A database that has not answered by then does not count as reached. Real time, because it
/// bounds a call to the outside.
const ANSWER: Duration = Duration::from_secs(5);

/// Extends leases every ten seconds while there are any.
pub(super) struct Keeper {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) lock: DeliveryLock,
    pub(super) airborne: Airborne,
    pub(super) cut: watch::Sender<bool>,
}

impl Keeper {
    /// Goes on until it is dropped.
    pub(super) async fn keep(self) {
        let mut kept_at = self.clock.running();
        loop {
            self.clock.pause(BEAT).await;
            let running = self.clock.running();
            if self.airborne.count() == 0 || self.beat(self.clock.now()).await {
                kept_at = running;
                continue;
            }
            if running - kept_at >= CUT_AFTER {
                tracing::error!("the leases could not be extended: sending is broken off");
                self.cut.send_replace(true);
            }
        }
    }

    /// Extends the leases; whether the database confirmed them and still takes us for alive.
    async fn beat(&self, now: crate::domain::Time) -> bool {
        let extended = async {
            extend(self.store.write(), self.lock.token(), now + LEASE).await?;
            self.lock.is_held().await
        };
        match tokio::time::timeout(ANSWER, extended).await {
            Ok(Ok(held)) => held,
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot extend the leases");
                false
            }
            Err(_) => {
                tracing::warn!("cannot extend the leases: the database does not answer");
                false
            }
        }
    }
}
