//! On which channels somebody is told, and why on none.

use std::collections::BTreeSet;

use super::{
    Choice, WithheldBecause,
    compile::{Compiled, Party, ReadyBy},
    resolve::{Source, Wanted},
};
use crate::domain::{
    Address, ChannelName,
    directory::BadAddress,
    nearest::or_list,
    policy::By,
    situation::{RecipientId, Situation},
    wording::TimeWords,
};

/// A choice in numbers, while sources are united.
struct Draft<'a> {
    channel: u16,
    address: &'a Address,
    /// The channels of the rule whose others it falls back to.
    falls_back_in: &'a [u16],
}

impl Compiled {
    /// Each source's channels, united: none twice, in the order of their names.
    ///
    /// Fallbacks are those of the first rule, by id, that chose the channel first and knows
    /// another; what is chosen anyway is no fallback.
    pub(super) fn choices<'a, 's: 'a>(
        &self,
        party: &Party,
        usable: &[(u16, Address)],
        sources: impl Iterator<Item = &'a Source<'s>>,
    ) -> Vec<Choice> {
        let mut drafts: Vec<Draft<'_>> = Vec::with_capacity(1);
        if matches!(party.id, RecipientId::Destination(_)) {
            drafts.extend(usable.iter().take(1).map(|(channel, address)| Draft {
                channel: *channel,
                address,
                falls_back_in: &[],
            }));
        } else {
            for source in sources {
                match &source.by {
                    Wanted::Rule(by) => unite(&mut drafts, by, usable),
                    Wanted::ByHand { by, .. } => unite(&mut drafts, by, usable),
                    Wanted::FirstUsable => {
                        if let Some((channel, address)) = usable.first() {
                            draft(&mut drafts, *channel, address);
                        }
                    }
                }
            }
        }
        if drafts.len() > 1 {
            drafts.sort_unstable_by_key(|draft| draft.channel);
        }
        let chosen = |channel: u16| drafts.iter().any(|draft| draft.channel == channel);
        let name = |channel: u16| self.channels[channel as usize].clone();
        drafts
            .iter()
            .map(|draft| {
                let others = reachable(draft.falls_back_in, usable)
                    .filter(|(channel, _)| !chosen(*channel))
                    .map(|(channel, address)| (name(channel), address.clone()));
                // Of the exact size: there are thousands of these lists, most of them empty.
                let mut fallbacks = Vec::with_capacity(others.clone().count());
                fallbacks.extend(others);
                Choice {
                    channel: name(draft.channel),
                    address: draft.address.clone(),
                    fallbacks,
                }
            })
            .collect()
    }

    /// Why somebody is not told, as a sentence.
    pub(super) fn sentence(
        &self,
        because: WithheldBecause,
        party: &Party,
        situation: &Situation,
    ) -> String {
        match because {
            WithheldBecause::Unreachable => "No usable address.".to_owned(),
            WithheldBecause::Restricted => {
                "The incident is restricted, and no rule names them for it.".to_owned()
            }
            WithheldBecause::NoUsersDecision => match situation.users_contact {
                Some(false) => "It was decided not to contact users.".to_owned(),
                _ => "No decision to contact users yet.".to_owned(),
            },
            WithheldBecause::Muted => {
                let on_incident = match &party.id {
                    RecipientId::Person(id) => situation.muted.get(id).copied(),
                    RecipientId::Destination(_) => None,
                };
                match party.muted_until.max(on_incident) {
                    Some(until) => {
                        let times = TimeWords::new(self.policy.time_zone, situation.now);
                        format!("Muted until {}.", times.when(until))
                    }
                    None => "Muted.".to_owned(),
                }
            }
        }
    }

    /// Why somebody cannot be reached: no address, a channel that is off, or one refused.
    pub(super) fn unreachable<'a, 's: 'a>(
        &self,
        party: &Party,
        sources: impl Iterator<Item = &'a Source<'s>>,
    ) -> String {
        let wanted = self.wanted(party, sources);
        let names: Vec<&str> = wanted.iter().map(ChannelName::as_str).collect();
        let mut sentence = if names.is_empty() {
            "No usable address on any channel.".to_owned()
        } else {
            format!("No usable address on {}.", or_list(&names))
        };
        for channel in wanted.iter().filter(|name| self.channel(name).is_none()) {
            sentence.push_str(&format!(" The channel {channel} is off."));
        }
        for bad in self.refused(party, &wanted) {
            let day = bad.since.with_timezone(&self.policy.time_zone);
            sentence.push_str(&format!(
                " The address on {} was refused on {}: {}",
                bad.channel,
                day.format("%-d %B %Y"),
                [bad.sentence.as_str(), bad.helps.as_str()]
                    .join(" ")
                    .trim_end()
            ));
        }
        sentence
    }

    fn wanted<'a, 's: 'a>(
        &self,
        party: &Party,
        sources: impl Iterator<Item = &'a Source<'s>>,
    ) -> BTreeSet<ChannelName> {
        let mut wanted = BTreeSet::new();
        if let RecipientId::Destination(id) = &party.id {
            let known = self.directory.destinations.get(id);
            wanted.extend(known.map(|known| known.channel.clone()));
            return wanted;
        }
        for source in sources {
            match (&source.by, source.rule) {
                (_, Some(ready)) => {
                    let (By::All(named) | By::FirstOf(named)) = &self.rule(ready).by;
                    wanted.extend(named.iter().cloned());
                }
                (Wanted::FirstUsable, None) => wanted.extend(
                    self.addresses(party)
                        .into_iter()
                        .map(|(channel, _)| channel.clone()),
                ),
                (Wanted::ByHand { named, .. }, None) => wanted.extend(named.iter().cloned()),
                (Wanted::Rule(_), None) => {}
            }
        }
        wanted
    }

    /// The party's addresses on these channels that were refused for good.
    pub(super) fn refused(
        &self,
        party: &Party,
        channels: &BTreeSet<ChannelName>,
    ) -> Vec<&BadAddress> {
        self.addresses(party)
            .into_iter()
            .filter(|(channel, _)| channels.contains(*channel))
            .filter_map(|(channel, address)| {
                let key = (channel.clone(), address.as_str().to_lowercase());
                self.bad.get(&key)
            })
            .collect()
    }

    fn addresses(&self, party: &Party) -> Vec<(&ChannelName, &Address)> {
        self.directory.addresses_of(&party.id).collect()
    }
}

/// Those of a rule's channels on which somebody has a usable address, in the rule's order.
fn reachable<'a>(
    channels: &'a [u16],
    usable: &'a [(u16, Address)],
) -> impl Iterator<Item = (u16, &'a Address)> + Clone {
    channels.iter().filter_map(|channel| {
        let found = usable.iter().find(|(known, _)| known == channel);
        found.map(|(_, address)| (*channel, address))
    })
}

fn unite<'a>(drafts: &mut Vec<Draft<'a>>, by: &'a ReadyBy, usable: &'a [(u16, Address)]) {
    let mut reachable = reachable(&by.channels, usable);
    if !by.first_of {
        for (channel, address) in reachable {
            draft(drafts, channel, address);
        }
        return;
    }
    let Some((channel, address)) = reachable.next() else {
        return;
    };
    let chosen = draft(drafts, channel, address);
    if chosen.falls_back_in.is_empty() && reachable.any(|(other, _)| other != channel) {
        chosen.falls_back_in = &by.channels;
    }
}

fn draft<'d, 'a>(
    drafts: &'d mut Vec<Draft<'a>>,
    channel: u16,
    address: &'a Address,
) -> &'d mut Draft<'a> {
    let at = drafts.iter().position(|draft| draft.channel == channel);
    let at = at.unwrap_or_else(|| {
        drafts.push(Draft {
            channel,
            address,
            falls_back_in: &[],
        });
        drafts.len() - 1
    });
    &mut drafts[at]
}
