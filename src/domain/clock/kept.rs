//! How well the promises were kept.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{
    Audience,
    event::{Event, Record},
    time::Time,
};

/// One promise that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromiseKept {
    /// To whom it was made.
    pub audience: Audience,
    /// The time printed.
    pub due: Time,
    /// When they were told.
    pub answered_at: Time,
    /// Whole minutes after the time printed; 0 is kept.
    pub minutes_late: u32,
}

/// Every promise of the log that was answered, in the order of the answers. Promises still open,
/// and those released because nobody was left to keep them to, are not in it.
pub fn promise_record(log: &[Record]) -> Vec<PromiseKept> {
    let mut open: BTreeMap<Audience, Time> = BTreeMap::new();
    let mut kept: Vec<PromiseKept> = Vec::new();
    for record in log {
        let mut answer = |audience: Audience, due: Time| {
            kept.push(PromiseKept {
                audience,
                due,
                answered_at: record.at,
                minutes_late: minutes_late(due, record.at),
            });
        };
        if let Some(promised) = record.event.promised() {
            for (audience, due) in promised {
                if let Some(before) = open.insert(*audience, *due) {
                    answer(*audience, before);
                }
            }
        }
        match &record.event {
            Event::NothingChanged {
                audiences,
                promised,
                ..
            } => open.retain(|audience, _| {
                !audiences.contains(audience) || promised.contains_key(audience)
            }),
            Event::Resolved { .. } | Event::Closed { .. } | Event::Cancelled { .. } => {
                for (audience, due) in std::mem::take(&mut open) {
                    answer(audience, due);
                }
            }
            Event::UsersContactDecided { contact: false, .. } => {
                open.remove(&Audience::Users);
            }
            // Nobody heard that answer: the promise before it is open again.
            Event::SendingCancelled { restored, .. } => {
                for (audience, due) in restored {
                    let last = kept
                        .iter()
                        .rposition(|kept| kept.audience == *audience && Some(kept.due) == *due);
                    if let Some(last) = last {
                        kept.remove(last);
                    }
                    match due {
                        Some(due) => open.insert(*audience, *due),
                        None => open.remove(audience),
                    };
                }
            }
            _ => {}
        }
        if let Some(said) = &record.said {
            open.retain(|audience, _| !said.released.contains(audience));
        }
    }
    kept
}

/// Whole minutes between a promised time and now; 0 while it is not late.
pub fn minutes_late(due: Time, now: Time) -> u32 {
    u32::try_from((now - due).num_minutes().max(0)).unwrap_or(u32::MAX)
}
