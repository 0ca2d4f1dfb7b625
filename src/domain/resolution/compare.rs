//! What another policy, directory or situation would change.

use std::collections::BTreeMap;

use super::{Recipient, Resolution};
use crate::domain::{ChannelName, situation::RecipientId};

/// The difference between two answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Told after, not before; in the order of the answer after.
    pub added: Vec<Recipient>,
    /// Told before, not after; in the order of the answer before.
    pub removed: Vec<Recipient>,
    /// Told both times, as other readers or on other channels: before and after.
    pub changed: Vec<(Recipient, Recipient)>,
}

/// Who is told after and not before, the other way round, and who is told otherwise. Reasons alone
/// make no difference.
pub fn compare(before: &Resolution, after: &Resolution) -> Difference {
    let earlier = by_id(before);
    let later = by_id(after);
    let mut difference = Difference::default();
    for recipient in &after.recipients {
        match earlier.get(&recipient.who) {
            None => difference.added.push(recipient.clone()),
            Some(old) if how(old) != how(recipient) => {
                let pair = ((*old).clone(), recipient.clone());
                difference.changed.push(pair);
            }
            Some(_) => {}
        }
    }
    let gone = before
        .recipients
        .iter()
        .filter(|recipient| !later.contains_key(&recipient.who));
    difference.removed = gone.cloned().collect();
    difference
}

fn by_id(resolution: &Resolution) -> BTreeMap<&RecipientId, &Recipient> {
    let recipients = resolution.recipients.iter();
    recipients.map(|one| (&one.who, one)).collect()
}

fn how(recipient: &Recipient) -> (crate::domain::Audience, Vec<&ChannelName>) {
    let channels = recipient.choices.iter().map(|choice| &choice.channel);
    (recipient.audience, channels.collect())
}
