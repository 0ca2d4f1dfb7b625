//! Waking the engine. A wake-up carries no content: the engine looks for itself, and looks every
//! second anyway.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    clock::Clock,
    store::{
        Store, StoreError,
        outbox::{announce, listen},
    },
};

/// Announcements to other processes are gathered for this long.
const GATHER: Duration = Duration::from_millis(50);
/// After a listening connection failed, it is tried again this much later.
const LISTEN_AGAIN: Duration = Duration::from_secs(5);

/// Rung after a commit that wrote deliveries. Clones ring the same bell.
#[derive(Debug, Clone, Default)]
pub struct Wake {
    bell: Arc<Notify>,
    announcing: Arc<AtomicBool>,
}

impl Wake {
    /// Rings a bell that exists already.
    pub fn new(bell: Arc<Notify>) -> Self {
        Self {
            bell,
            announcing: Arc::default(),
        }
    }

    /// Wakes the engine of this process.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Wakes the engines of all processes on this database. Many calls in a moment make one
    /// signal. An error costs at most a second: the others look for themselves.
    pub async fn announce(&self, store: &Store, clock: &dyn Clock) -> Result<(), StoreError> {
        self.ring();
        if self.announcing.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        clock.pause(GATHER).await;
        self.announcing.store(false, Ordering::Release);
        announce(store).await
    }

    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Rings whenever another process announces something. Goes on until it is dropped.
    pub(super) async fn relay(self, store: Store, clock: Arc<dyn Clock>) {
        loop {
            match listen(&store).await {
                Ok(mut listener) => {
                    // What was said before it listened.
                    self.ring();
                    while listener.heard().await.is_ok() {
                        self.ring();
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot listen to other processes, looking every second");
                }
            }
            clock.pause(LISTEN_AGAIN).await;
        }
    }
}
