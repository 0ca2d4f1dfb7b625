//! How many event streams are open. Each holds a connection and asks the database twice a second, so
//! that neither one key nor all together may hold as many as they like.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Most streams of one key: every screen of a team.
pub const PER_KEY: usize = 10;
/// Most streams of all keys of one process.
pub const IN_ALL: usize = 100;

/// The streams that are open, by the id of the key.
#[derive(Debug, Clone, Default)]
pub struct Streams(Arc<Mutex<BTreeMap<String, usize>>>);

/// One that is open, until it is dropped.
#[derive(Debug)]
pub struct OpenStream {
    streams: Streams,
    key: String,
}

/// Why no more may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// This key has its share.
    Key,
    /// All have.
    Server,
}

impl Streams {
    /// Opens one for a key, if there is room.
    pub fn open(&self, key: &str) -> Result<OpenStream, Full> {
        let mut open = self.lock();
        if open.get(key).is_some_and(|own| *own >= PER_KEY) {
            return Err(Full::Key);
        }
        if open.values().sum::<usize>() >= IN_ALL {
            return Err(Full::Server);
        }
        *open.entry(key.to_owned()).or_default() += 1;
        Ok(OpenStream {
            streams: self.clone(),
            key: key.to_owned(),
        })
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.lock().values().sum()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        if let Some(own) = open.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_share_and_all_together_have_theirs() {
        let streams = Streams::default();
        let mut held = Vec::new();
        for key in 0..IN_ALL / PER_KEY {
            for _ in 0..PER_KEY {
                held.push(streams.open(&format!("token:{key}")).unwrap());
            }
            let full = streams.open(&format!("token:{key}")).unwrap_err();
            assert_eq!(full, Full::Key);
        }
        assert_eq!(streams.open("token:new").unwrap_err(), Full::Server);
        assert_eq!(streams.count(), IN_ALL);
        held.pop();
        drop(streams.open("token:new").unwrap());
        held.clear();
        assert_eq!(streams.count(), 0);
        assert!(
            streams.lock().is_empty(),
            "nothing is kept of keys that left"
        );
    }
}
