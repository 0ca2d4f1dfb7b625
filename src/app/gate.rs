//! One command at a time of this process works on an incident. The others wait here, and not each on a
//! connection to the database: an incident whose locks a stopped process holds would take all of them
//! away from the others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use super::{Error, ErrorKind};
use crate::domain::IncidentId;

/// As long as PostgreSQL waits for a lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who is at work on which incident.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<HashMap<IncidentId, Weak<Turn<()>>>>);

impl Gate {
    /// Waits for the turn at an incident, which lasts until what is returned is dropped. Begin the
    /// transaction afterwards.
    pub(super) async fn enter(&self, id: IncidentId) -> Result<OwnedMutexGuard<()>, Error> {
        let turn = self.turn(id);
        let entered = tokio::time::timeout(PATIENCE, turn.lock_owned()).await;
        entered.map_err(|_| {
            Error::new(
                ErrorKind::Unavailable,
                "database-busy",
                format!("{id} is being changed by somebody else."),
                "Try again in a moment.",
            )
        })
    }

    fn turn(&self, id: IncidentId) -> Arc<Turn<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&id).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(id, Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_works_on_an_incident_and_the_others_wait_and_no_other_incident_does() {
        let gate = Gate::default();
        let first = gate.enter(IncidentId(1)).await.unwrap();
        assert!(gate.enter(IncidentId(2)).await.is_ok());
        let refused = gate.enter(IncidentId(1)).await.unwrap_err();
        assert_eq!(refused.code, "database-busy");
        drop(first);
        assert!(gate.enter(IncidentId(1)).await.is_ok());
        assert!(gate.turn(IncidentId(3)).try_lock().is_ok());
        assert_eq!(gate.0.lock().unwrap().len(), 1, "who has gone is forgotten");
    }
}
