//! Failed deliveries that a person sends on their way again, other than under the key they had:
//! anew, or by another channel.
//!
//! Pure as all decisions: the outbox says what failed and what was said since, the directory where
//! people are reached, and what comes out is what to write.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{State, ToldPerson, order_key};
use crate::domain::{
    Address, Audience, ChannelName, DeliveryId, IncidentId, MessageId,
    ask::Ask,
    notification::{MessageKey, Moment},
    plan::shared_audience,
    situation::RecipientId,
    variant::Variant,
};

/// How failed deliveries are sent on their way again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryWay {
    /// Under the key they had, so that receivers can recognise a repeat.
    #[default]
    SameKey,
    /// As new deliveries with keys of their own.
    Anew,
    /// As new deliveries on this channel.
    By(ChannelName),
}

/// A delivery that ended, or is held, without its message being known to be out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The delivery.
    pub id: DeliveryId,
    /// Its words.
    pub message: MessageId,
    /// Position of the event it tells about.
    pub event_seq: u32,
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// The channel.
    pub channel: ChannelName,
    /// How the readers stand towards the incident.
    pub variant: Variant,
    /// To where.
    pub address: Address,
    /// What goes first; 0 is urgent.
    pub rank: u32,
    /// Whether the priority was the gravest.
    pub urgent: bool,
    /// Who it is for.
    pub recipients: Vec<ToldPerson>,
    /// The reason line.
    pub reason: String,
    /// What is asked of them.
    pub asks: Option<Ask>,
    /// Whether another channel stood in for it, and may have told them.
    pub told_otherwise: bool,
}

/// What was said to an address, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidThere {
    /// The delivery.
    pub id: DeliveryId,
    /// Incident, channel and address; see [`order_key`].
    pub order_key: String,
    /// Position of the event it tells about.
    pub event_seq: u32,
    /// Where it stands.
    pub state: State,
    /// Whether it may be out although nobody said so.
    pub unsure: bool,
}

/// A delivery to be written in the stead of failed ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// The failed ones.
    pub instead_of: BTreeSet<DeliveryId>,
    /// The words they had.
    pub message: MessageId,
    /// The channel for which those words were written.
    pub written_for: ChannelName,
    /// Position of the event.
    pub event_seq: u32,
    /// The occasion.
    pub moment: Moment,
    /// The readers.
    pub audience: Audience,
    /// The channel.
    pub channel: ChannelName,
    /// How the readers stand towards the incident.
    pub variant: Variant,
    /// To where.
    pub address: Address,
    /// What goes first; 0 is urgent.
    pub rank: u32,
    /// Whether the priority was the gravest.
    pub urgent: bool,
    /// Who it is for.
    pub recipients: Vec<ToldPerson>,
    /// The reason line.
    pub reason: String,
    /// What is asked of them.
    pub asks: Option<Ask>,
}

impl Again {
    /// What its message is.
    pub fn message_key(&self) -> MessageKey {
        MessageKey {
            moment: self.moment,
            audience: self.audience,
            channel: self.channel.clone(),
            variant: self.variant,
        }
    }

    /// Incident, channel and address; see [`order_key`].
    pub fn order_key(&self, incident: IncidentId) -> String {
        order_key(Some(incident), &self.channel, &self.address)
    }

    /// Whether there is no need of it any more: something newer was said there, or the same is out
    /// or on its way.
    pub fn is_overtaken(&self, incident: IncidentId, said: &[SaidThere]) -> bool {
        let key = self.order_key(incident);
        said.iter()
            .filter(|one| one.order_key == key && !self.instead_of.contains(&one.id))
            .any(|one| {
                let gone = one.unsure || one.state.is_told();
                match one.event_seq.cmp(&self.event_seq) {
                    std::cmp::Ordering::Less => false,
                    std::cmp::Ordering::Equal => gone || one.state == State::Ready,
                    std::cmp::Ordering::Greater => gone,
                }
            })
    }
}

/// Failed deliveries as new ones, each to the address that it had.
pub fn anew(failed: &[Failed]) -> Vec<Again> {
    let same = |failed: &Failed| {
        (
            failed.channel.clone(),
            failed.address.clone(),
            failed.recipients.clone(),
        )
    };
    gather(failed.iter().map(|failed| (failed, same(failed))))
}

/// Failed deliveries moved to another channel, each recipient to their own address there; and the
/// names of those who have none. Whoever failed on two channels is told once.
pub fn moved(
    failed: &[Failed],
    channel: &ChannelName,
    address_of: impl Fn(&RecipientId) -> Option<Address>,
) -> (Vec<Again>, BTreeSet<Arc<str>>) {
    let mut without = BTreeSet::new();
    let mut ways = Vec::new();
    for failed in failed {
        for told in &failed.recipients {
            match address_of(&told.who) {
                Some(address) => {
                    ways.push((failed, (channel.clone(), address, vec![told.clone()])));
                }
                None => {
                    without.insert(Arc::clone(&told.name));
                }
            }
        }
    }
    (gather(ways.into_iter()), without)
}

/// One delivery for each event and address, whoever shares it.
fn gather<'a>(
    ways: impl Iterator<Item = (&'a Failed, (ChannelName, Address, Vec<ToldPerson>))>,
) -> Vec<Again> {
    let mut gathered: BTreeMap<(u32, ChannelName, String), Again> = BTreeMap::new();
    for (failed, (channel, address, recipients)) in ways {
        let place = address.as_str().to_lowercase();
        let again = gathered
            .entry((failed.event_seq, channel.clone(), place))
            .or_insert_with(|| Again {
                instead_of: BTreeSet::new(),
                message: failed.message.clone(),
                written_for: failed.channel.clone(),
                event_seq: failed.event_seq,
                moment: failed.moment,
                audience: failed.audience,
                channel,
                variant: failed.variant,
                address,
                rank: failed.rank,
                urgent: failed.urgent,
                recipients: Vec::new(),
                reason: failed.reason.clone(),
                asks: failed.asks,
            });
        again.instead_of.insert(failed.id.clone());
        again.asks = again.asks.or(failed.asks);
        let audience = shared_audience(again.audience, failed.audience);
        if audience != again.audience {
            again.audience = audience;
            again.variant = failed.variant;
            again.message = failed.message.clone();
            again.written_for = failed.channel.clone();
        }
        for told in recipients {
            if again.recipients.iter().all(|have| have.who != told.who) {
                again.recipients.push(told);
            }
        }
    }
    gathered.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::id;

    const INCIDENT: IncidentId = IncidentId(1);

    fn told(who: &str) -> ToldPerson {
        ToldPerson {
            who: RecipientId::Person(id(who)),
            name: who.into(),
            reasons: Vec::new(),
        }
    }

    fn failed(number: usize, seq: u32, channel: &str, people: &[&str]) -> Failed {
        Failed {
            id: format!("01JDM4T9Q0000000000000000{number}")
                .parse()
                .unwrap(),
            message: "01JDM4T9Q0000000000000000M".parse().unwrap(),
            event_seq: seq,
            moment: Moment::Update,
            audience: Audience::Owners,
            channel: id(channel),
            variant: Variant::Follows,
            address: Address::new(&format!("{}@{channel}.example", people[0])),
            rank: 0,
            urgent: true,
            recipients: people.iter().map(|who| told(who)).collect(),
            reason: "You get this because you are the service owner.".to_owned(),
            asks: None,
            told_otherwise: false,
        }
    }

    fn number_of(who: &RecipientId) -> Option<Address> {
        (who.as_str() != "mei").then(|| Address::new(&format!("+44{}", who.as_str())))
    }

    #[test]
    fn what_is_written_anew_keeps_channel_address_and_people() {
        let old = failed(1, 2, "email", &["dee", "mei"]);
        let again = anew(std::slice::from_ref(&old));
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].address, old.address);
        assert_eq!(again[0].recipients, old.recipients);
        assert_eq!(again[0].instead_of, BTreeSet::from([old.id]));
    }

    #[test]
    fn whoever_failed_on_two_channels_is_moved_once_and_sharers_each_to_their_own_address() {
        let all = [
            failed(1, 2, "email", &["dee", "tom", "mei"]),
            failed(2, 2, "teams", &["dee"]),
            failed(3, 3, "email", &["dee"]),
        ];
        let (again, without) = moved(&all, &id("sms"), number_of);
        let places: Vec<_> = again
            .iter()
            .map(|one| (one.event_seq, one.address.as_str(), one.instead_of.len()))
            .collect();
        assert_eq!(
            places,
            [(2, "+44dee", 2), (2, "+44tom", 1), (3, "+44dee", 1)]
        );
        assert_eq!(without, BTreeSet::from(["mei".into()]));
    }

    #[test]
    fn an_address_that_an_outsider_shares_gets_what_outsiders_may_read() {
        let mut outside = failed(2, 2, "email", &["tom"]);
        outside.audience = Audience::External;
        let all = [failed(1, 2, "email", &["dee"]), outside];
        let one_phone = |_: &RecipientId| Some(Address::new("+447700900123"));
        let (again, _) = moved(&all, &id("sms"), one_phone);
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].audience, Audience::External);
        assert_eq!(again[0].recipients.len(), 2);
    }

    #[test]
    fn what_was_said_meanwhile_is_not_said_again() {
        let old = failed(1, 2, "email", &["dee"]);
        let again = anew(std::slice::from_ref(&old)).remove(0);
        let check = |number: usize, seq, state, unsure, overtaken| {
            let said = SaidThere {
                id: failed(number, seq, "email", &["dee"]).id,
                order_key: again.order_key(INCIDENT),
                event_seq: seq,
                state,
                unsure,
            };
            let is = again.is_overtaken(INCIDENT, &[said]);
            assert_eq!(is, overtaken, "{number} {seq} {state} {unsure}");
        };
        check(9, 3, State::Accepted, false, true);
        check(9, 3, State::Ready, false, false);
        check(9, 3, State::Expired, true, true);
        check(9, 2, State::Ready, false, true);
        check(9, 2, State::Dead, false, false);
        check(9, 1, State::Accepted, false, false);
        check(1, 2, State::Held, true, false);
    }
}
