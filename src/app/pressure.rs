//! More messages than their ways out can take: said when it takes long, refused only when far too
//! many wait already. An incident is declared all the same when its messages come too late.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{App, Error, ErrorKind, act::Act};
use crate::{
    domain::{
        ChannelName, NotificationId,
        delivery::{Forecast, Queue},
        wording::TimeWords,
    },
    store::{Tx, outbox},
};

/// An end that is nearer than this is not worth a sentence.
const FAR: TimeDelta = TimeDelta::minutes(2);

impl App {
    /// Refuses more messages while far too many wait already.
    pub(super) async fn must_have_room(&self, tx: &Tx) -> Result<(), Error> {
        let most = self.most_waiting;
        if outbox::waiting(tx, most).await? < most {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            "too-many-waiting",
            format!("{most} messages wait already, so nothing was saved and nobody is told."),
            "See what holds them up with oyez doctor, or stop those of an incident with oyez \
             cancel INCIDENT --sending.",
        ))
    }

    /// When the last of these messages leaves, on each channel whose pace makes that take long;
    /// and how many come too late.
    pub(super) async fn pace_sentences(
        &self,
        tx: &Tx,
        act: &Act<'_>,
        notifications: &[NotificationId],
    ) -> Result<Vec<String>, Error> {
        let paced: Vec<&ChannelName> = self
            .channels
            .iter()
            .filter(|(_, channel)| channel.pace().per_second.is_some())
            .map(|(name, _)| name)
            .collect();
        if paced.is_empty() || notifications.is_empty() {
            return Ok(Vec::new());
        }
        let times = TimeWords::new(act.book.policy.time_zone, act.now);
        let mut slowest: BTreeMap<ChannelName, (Queue, Forecast, String)> = BTreeMap::new();
        for queued in outbox::queued(tx, notifications, &paced).await? {
            let Some(pace) = self.channels.get(&queued.channel).map(|it| it.pace()) else {
                continue;
            };
            let Some(per_second) = pace.per_second else {
                continue;
            };
            let queue = Queue {
                waiting: queued.waiting,
                per_second,
                burst: pace.burst,
            };
            let forecast = queue.forecast(act.now, queued.deliver_by);
            let until = times.when(queued.deliver_by);
            let is_slower = slowest
                .get(&queued.channel)
                .is_none_or(|(_, so_far, _)| so_far.ends_at < forecast.ends_at);
            if is_slower {
                slowest.insert(queued.channel, (queue, forecast, until));
            }
        }
        let labels = self.labels();
        let mut sentences = Vec::new();
        for (channel, (queue, forecast, until)) in slowest {
            if forecast.ends_at - act.now < FAR && forecast.late == 0 {
                continue;
            }
            sentences.push(format!(
                "At {} by {} the last one leaves at about {}.",
                queue.pace_words(),
                labels.of(channel.as_str()),
                times.when(forecast.ends_at)
            ));
            if forecast.late > 0 {
                sentences.push(format!(
                    "Messages are given up at {until}, so about {} would not be sent. Use another \
                     channel as well, or tell fewer people.",
                    forecast.late
                ));
            }
        }
        Ok(sentences)
    }
}
