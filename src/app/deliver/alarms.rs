//! What an operator hears of lanes that are stopped: each cause once, however many lanes it stops.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Engine,
    lane::{FaultChange, LaneState},
};
use crate::{
    domain::{ChannelName, Time},
    store::{
        StoreError,
        faults::{self, NewFault},
    },
};

/// By channel and cause, the lane under whose name it is on the record.
#[derive(Debug, Default)]
pub(super) struct Alarms(BTreeMap<(ChannelName, String), String>);

impl Engine {
    /// Settles what of the lanes' troubles goes on the record. Doing it again changes nothing.
    pub(super) fn settle_alarms(&mut self) {
        let alarms = &mut self.alarms.0;
        for lane in self.lanes.values_mut() {
            match &lane.fault {
                Some(FaultChange::Raise(cause)) => {
                    let key = (lane.channel_name.clone(), cause.clone());
                    match alarms.get(&key) {
                        None => {
                            tracing::error!(channel = %lane.channel_name, lane = lane.name, "{}", sentence(lane, cause));
                            alarms.insert(key, lane.name.clone());
                        }
                        Some(holder) if *holder == lane.name => {}
                        // It is on the record already.
                        Some(_) => lane.fault = None,
                    }
                }
                Some(FaultChange::Clear) => {
                    let name = lane.name.clone();
                    alarms.retain(|_, holder| *holder != name);
                }
                None => {}
            }
        }
        // Whatever is stopped for a cause that has no lane on the record any more takes its place.
        for lane in self.lanes.values_mut() {
            if let Some(cause) = lane.cause().filter(|_| lane.fault.is_none()) {
                let key = (lane.channel_name.clone(), cause.to_owned());
                if let std::collections::btree_map::Entry::Vacant(vacant) = alarms.entry(key) {
                    lane.fault = Some(FaultChange::Raise(vacant.key().1.clone()));
                    vacant.insert(lane.name.clone());
                }
            }
        }
    }
}

/// "Messages by Teams wait: The bot's secret has run out. …"
pub(super) fn sentence(lane: &LaneState, cause: &str) -> String {
    format!("Messages by {} wait: {cause}", lane.channel.label())
}

/// Under which key it is on the record that people cannot be told by any way.
const UNTOLD: &str = "ways:all";
/// Names in a sentence before the rest is counted.
const NAMES: usize = 5;

impl Engine {
    /// Puts on the record whom no way reaches, as long as that is so.
    pub(super) async fn name_untold(
        &mut self,
        names: &BTreeSet<String>,
        now: Time,
    ) -> Result<(), StoreError> {
        if *names == self.untold {
            return Ok(());
        }
        if names.is_empty() {
            faults::resolve(self.store.write(), UNTOLD, now).await?;
        } else {
            let mut shown: Vec<String> = names.iter().take(NAMES).cloned().collect();
            if names.len() > NAMES {
                shown.push(format!("{} more", names.len() - NAMES));
            }
            let people = match shown.split_last() {
                Some((last, rest)) if !rest.is_empty() => {
                    format!("{} and {last}", rest.join(", "))
                }
                _ => shown.concat(),
            };
            let sentence = format!(
                "Every way to {people} is stopped. Tell them yourself, and repair a way: see oyez doctor"
            );
            tracing::error!(people = names.len(), "every way to some people is stopped");
            let fault = NewFault {
                key: UNTOLD,
                sentence: &sentence,
                detail: "found when the next way was looked for",
                incident: None,
            };
            faults::record(self.store.write(), fault, now).await?;
        }
        self.untold.clone_from(names);
        Ok(())
    }
}
