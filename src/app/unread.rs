//! Incidents that this version cannot read: a newer one wrote to them, or what is stored was changed or
//! erased. That is a fault on the record. Nothing else waits for them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use chrono::TimeDelta;

use super::{App, Error, ErrorKind};
use crate::{
    domain::{IncidentId, Time},
    store::{
        StoreError,
        faults::{self, NewFault},
        incidents, outbox,
    },
};

/// The code of an incident that cannot be read.
pub(super) const UNREADABLE: &str = "unreadable-record";

/// What its faults are filed under, before the reference.
const KEY: &str = "record:";

/// The clock looks at it again after so long: the newer version may have closed it.
const AGAIN: TimeDelta = TimeDelta::minutes(1);
/// And after so long at an incident with another trouble, most of which pass.
const AFTER_TROUBLE: TimeDelta = TimeDelta::seconds(1);

/// A delivery that cannot be read was met again by then.
const MET_AGAIN: TimeDelta = TimeDelta::minutes(10);

/// Incidents that the clock passes over for a while, so that one that fails neither takes the place of
/// those that are due after it nor is tried without end.
#[derive(Default)]
pub(super) struct SetAside(Mutex<BTreeMap<IncidentId, Time>>);

impl SetAside {
    /// Those to be passed over at this time.
    pub(super) fn at(&self, now: Time) -> Vec<IncidentId> {
        let mut aside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that is set back must not make the while longer.
        aside.retain(|_, until| *until > now && *until <= now + AGAIN);
        aside.keys().copied().collect()
    }

    fn put(&self, id: IncidentId, until: Time) {
        let mut aside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        aside.insert(id, until);
    }
}

/// That a record of an incident cannot be read.
pub(super) fn unreadable(id: IncidentId, seq: u32) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        UNREADABLE,
        format!("Record {seq} of {id} cannot be read by this version of Oyez."),
        format!(
            "If a newer version wrote it, run that version again. Otherwise run oyez verify {id}, and \
             compare with a backup."
        ),
    )
}

/// Whether it is that an incident cannot be read.
pub(super) fn is_unreadable(error: &Error) -> bool {
    error.kind == ErrorKind::Unexpected && error.code == UNREADABLE
}

/// What was read; `None` if it cannot be read.
pub(super) fn readable<T>(read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Err(error) if is_unreadable(&error) => Ok(None),
        read => read.map(Some),
    }
}

impl App {
    /// Passes an incident over for a while, and puts it on the record if it cannot be read.
    pub(super) async fn set_aside(&self, id: IncidentId, error: &Error) {
        let now = self.clock.now();
        if !is_unreadable(error) {
            self.aside.put(id, now + AFTER_TROUBLE);
            return;
        }
        self.aside.put(id, now + AGAIN);
        if let Err(error) = self.record_unread(id, error, now).await {
            tracing::error!(incident = %id, chain = Error::from(error).chain(), "that an incident cannot be read is not on the record");
        }
    }

    async fn record_unread(
        &self,
        id: IncidentId,
        error: &Error,
        now: Time,
    ) -> Result<(), StoreError> {
        let restricted = incidents::is_restricted(self.store.read(), id).await?;
        // Everybody may read the faults, so one of a restricted incident does not name it.
        let sentence = match restricted {
            Some(false) => error.to_string(),
            _ => "A record of an incident cannot be read by this version of Oyez. Run oyez verify to \
                  see of which."
                .to_owned(),
        };
        let fault = NewFault {
            key: &format!("{KEY}{id}"),
            sentence: &sentence,
            detail: &error.chain(),
            incident: Some(id),
        };
        faults::record(self.store.write(), fault, now).await
    }

    /// Marks the faults of what can be read again as put right.
    pub(super) async fn look_at_unread_again(&self) -> Result<(), Error> {
        let now = self.clock.now();
        for fault in faults::standing(self.store.read()).await? {
            let about = fault.key.strip_prefix(KEY).map(str::parse::<IncidentId>);
            let is_read = match about {
                Some(Ok(id)) => self.load(id).await.is_ok(),
                // Deliveries that cannot be read are met again every minute.
                _ => fault.key == outbox::UNREAD && fault.last_at + MET_AGAIN < now,
            };
            if is_read {
                faults::resolve(self.store.write(), &fault.key, now).await?;
            }
        }
        Ok(())
    }
}
