//! The words of what is said: rendered once per moment, audience, channel and variant, and kept.

use std::collections::{BTreeMap, BTreeSet};

use super::{App, Error, ErrorKind, act::Act};
use crate::domain::{
    Audience,
    ask::Ask,
    chain::Head,
    channel::{ASK_MARK, TAP_MARK},
    correction,
    delivery::{NewDelivery, NewMessage},
    directory::Directory,
    event::{Event, Record, Said},
    incident::Incident,
    notification::{MessageKey, Moment},
    plan::{Plan, Told},
    policy::Policy,
    proof::{self, KeptMessage, KeptRecipient},
    saying::Saying,
    situation::RecipientId,
    variant::Variant,
    wording,
};

/// Words for somebody who looks at them, before they are anybody's own: what is asked of some of
/// their readers is not in them.
pub(super) fn shown(mut parts: BTreeMap<String, String>) -> BTreeMap<String, String> {
    for text in parts.values_mut() {
        if text.contains(ASK_MARK) || text.contains(TAP_MARK) {
            *text = text
                .replace(ASK_MARK, "")
                .replace(TAP_MARK, Ask::Seen.as_str());
        }
    }
    parts
}

impl App {
    /// Fills in the exact words that a "no change" would send, for a prompt that shows them.
    pub(super) fn freeze(&self, act: &Act<'_>, after: &Incident, log: &mut [Record]) {
        let Some(record) = log.last() else { return };
        let Event::Prompted { frozen, .. } = &record.event else {
            return;
        };
        let words: BTreeMap<Audience, String> = frozen
            .promised
            .iter()
            .map(|(audience, due)| {
                let saying = Saying {
                    incident: after,
                    log,
                    event: record,
                    moment: Moment::NoChange,
                    audience: *audience,
                    variant: Variant::Follows,
                    directory: &act.book.directory,
                    policy: &act.book.policy,
                    next_update: Some(*due),
                    people_told: 0,
                    readers_abroad: readers_abroad(
                        &act.book.directory,
                        &act.book.policy,
                        *audience,
                    ),
                    before: None,
                    links: &self.links,
                    now: act.now,
                };
                (*audience, wording::no_change_words(&saying))
            })
            .collect();
        if let Some(Record {
            event: Event::Prompted { frozen, .. },
            ..
        }) = log.last_mut()
        {
            frozen.words = words;
        }
    }

    /// The messages of a plan, one for each moment, audience, channel and variant. They are about the last record
    /// of the log, which follows the record `before`.
    pub(super) fn render(
        &self,
        act: &Act<'_>,
        after: &Incident,
        (log, before): (&[Record], Option<&Head>),
        plan: &Plan,
        told: &[Told],
    ) -> Vec<NewMessage> {
        let Some(record) = log.last() else {
            return Vec::new();
        };
        // A lead who is asked for an update wants to know how many wait for it.
        let people_told = match &record.event {
            Event::Prompted { .. } | Event::Overdue { .. } => waiting_for_news(told, after),
            _ => plan.totals().people,
        };
        plan.messages()
            .into_iter()
            .filter_map(|of| {
                let again = plan
                    .says_again(of.moment, of.audience)
                    .and_then(|seq| correction::put_right(after, log, seq));
                match again {
                    Some((after, log, record)) => {
                        self.message(act, &after, (&log, &record, before), people_told, of)
                    }
                    None => self.message(act, after, (log, record, before), people_told, of),
                }
            })
            .collect()
    }

    /// One message about a record, the last of its log, which follows the record `before`; `None` if the
    /// channel is not live.
    pub(super) fn message(
        &self,
        act: &Act<'_>,
        after: &Incident,
        (log, record, before): (&[Record], &Record, Option<&Head>),
        people_told: usize,
        of: MessageKey,
    ) -> Option<NewMessage> {
        let MessageKey {
            moment,
            audience,
            channel,
            variant,
        } = of;
        let way = self.channels.get(&channel)?;
        // What is kept to compare with stands in mails, not where others read along or machines do.
        let before = before.filter(|_| !way.is_chat());
        let view = wording::view(&Saying {
            incident: after,
            log,
            event: record,
            moment,
            audience,
            variant,
            directory: &act.book.directory,
            policy: &act.book.policy,
            next_update: after.promises.get(&audience).map(|promise| promise.due),
            people_told,
            readers_abroad: readers_abroad(&act.book.directory, &act.book.policy, audience),
            before,
            links: &self.links,
            now: act.now,
        });
        let rendered = self
            .renderer
            .render(&channel, way.parts(), moment, audience, &view);
        Some(NewMessage {
            moment,
            audience,
            channel,
            variant,
            parts: rendered.parts,
            fault: rendered.fault.map(|fault| fault.to_string()),
        })
    }
}

/// People who were told, as readers to whom a next update is promised.
fn waiting_for_news(told: &[Told], after: &Incident) -> usize {
    let people: BTreeSet<&RecipientId> = told
        .iter()
        .filter(|one| one.who.kind() == "person" && after.promises.contains_key(&one.audience))
        .map(|one| &one.who)
        .collect();
    people.len()
}

/// Proves in the record of an event what it says and to whom: exactly what is about to be written.
pub(super) fn prove(
    said: &mut Said,
    messages: &[NewMessage],
    deliveries: &[NewDelivery],
) -> Result<(), Error> {
    let kept: Vec<KeptMessage> = messages
        .iter()
        .map(KeptMessage::of)
        .collect::<Result<_, _>>()
        .map_err(unprovable)?;
    let told: Vec<KeptRecipient> = deliveries
        .iter()
        .filter_map(|delivery| Some((delivery, messages.get(delivery.message)?)))
        .flat_map(|(delivery, message)| {
            delivery.recipients.iter().map(|person| KeptRecipient {
                who: person.who.clone(),
                audience: message.audience,
                moment: message.moment,
                channel: message.channel.clone(),
                variant: message.variant,
            })
        })
        .collect();
    said.words = proof::words_digest(&kept);
    said.audience = proof::audience_digest(&told);
    Ok(())
}

fn unprovable(error: serde_json::Error) -> Error {
    Error::new(
        ErrorKind::Unexpected,
        "unwritable-words",
        "The words could not be written down.",
        "Try again, and look at the log.",
    )
    .caused_by(error)
}

/// Whether somebody who may read this lives by another clock, so that times name their zone. Those
/// outside always may.
fn readers_abroad(directory: &Directory, policy: &Policy, audience: Audience) -> bool {
    audience.is_outside()
        || directory.people.values().any(|person| {
            person
                .time_zone
                .is_some_and(|zone| zone != policy.time_zone)
        })
}
