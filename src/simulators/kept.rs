//! What a simulator remembers, kept in a file so that a restart of the demo forgets nothing.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch;

use super::locked;
use crate::disk;

/// Something remembered, with a number that rises whenever it changes.
pub(super) struct Kept<T> {
    value: Mutex<T>,
    version: watch::Sender<u64>,
}

impl<T: Default + Serialize + DeserializeOwned + Send + 'static> Kept<T> {
    /// What the file holds; nothing if there is none, or none that can be read: it is only a
    /// practice.
    pub(super) async fn open(file: Option<&Path>) -> Self {
        let value = match file {
            Some(file) => {
                let text = tokio::fs::read(file).await.unwrap_or_default();
                serde_json::from_slice(&text).unwrap_or_default()
            }
            None => T::default(),
        };
        Self {
            value: Mutex::new(value),
            version: watch::Sender::new(1),
        }
    }

    /// Looks.
    pub(super) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&locked(&self.value))
    }

    /// Changes something, and says so to whoever waits for news.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut locked(&self.value));
        self.version.send_modify(|version| *version += 1);
        result
    }

    /// The number of the last change.
    pub(super) fn version(&self) -> u64 {
        *self.version.borrow()
    }

    /// Ends when something has changed since.
    pub(super) async fn news(&self, since: u64) {
        let mut version = self.version.subscribe();
        // The sender lives in `self`, so it cannot be gone.
        let _ = version.wait_for(|version| *version != since).await;
    }

    /// Writes every change into the file, for as long as somebody has this.
    pub(super) fn keep_in(self: &Arc<Self>, file: PathBuf) {
        let mut version = self.version.subscribe();
        let this = Arc::downgrade(self);
        tokio::spawn(async move {
            while version.changed().await.is_ok() {
                let Some(this) = this.upgrade() else { return };
                this.save(&file).await;
            }
        });
    }

    /// Writes it into the file.
    pub(super) async fn save(&self, file: &Path) {
        let Ok(text) = self.look(serde_json::to_vec) else {
            return;
        };
        if let Err(error) = disk::write(file, text).await {
            tracing::warn!(%error, "what the simulator remembers cannot be written");
        }
    }
}
