//! Who is told what: the moment for each recipient.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Question, is_last_word, moment,
    person::{choice, reason, told_before, told_person},
    standing::Rules,
    told::{Heard, History, Told},
};
use crate::domain::{
    Audience, PersonId,
    delivery::{Grounds, NewWithheld, RecordedReason, ToldPerson},
    event::Event,
    incident::LeadRole,
    notification::Moment,
    resolution::{Choice, Recipient, WithheldBecause},
    room::Room,
    situation::RecipientId,
    variant::Variant,
};

/// What is said to somebody, and where.
#[derive(Debug)]
pub(super) struct Pick {
    pub(super) person: ToldPerson,
    pub(super) audience: Audience,
    pub(super) moment: Moment,
    pub(super) variant: Variant,
    pub(super) choices: Vec<Choice>,
}

#[derive(Debug, Default)]
pub(super) struct Picked {
    pub(super) picks: Vec<Pick>,
    pub(super) withheld: Vec<NewWithheld>,
    pub(super) audiences: BTreeSet<Audience>,
    pub(super) cancels: BTreeSet<u32>,
    pub(super) resaid: BTreeMap<(Moment, Audience), u32>,
}

pub(super) fn pick(question: &Question<'_>) -> Picked {
    let Some(moment) = moment(question.event) else {
        return Picked::default();
    };
    let history = History::of(question.told);
    let matched: BTreeMap<&RecipientId, &Recipient> = question
        .resolution
        .recipients
        .iter()
        .map(|recipient| (&recipient.who, recipient))
        .collect();
    let withheld = &question.resolution.withheld;
    let mut picker = Picker {
        question,
        history: &history,
        matched: &matched,
        held_back: withheld.iter().map(|withheld| &withheld.who).collect(),
        rules: Rules::of(question.policy),
        moment,
        picked: Picked::default(),
    };
    picker.event();
    picker.audiences();
    picker.picked
}

struct Picker<'a> {
    question: &'a Question<'a>,
    history: &'a History<'a>,
    matched: &'a BTreeMap<&'a RecipientId, &'a Recipient>,
    held_back: BTreeSet<&'a RecipientId>,
    rules: Rules<'a>,
    moment: Moment,
    picked: Picked,
}

impl Picker<'_> {
    fn event(&mut self) {
        match self.question.event {
            event if is_last_word(event, self.question.before) => self.last_word(),
            Event::Declared { .. } => self.rules(|_| true),
            Event::Updated { .. } | Event::ServicesChanged { .. } => {
                self.rules(|_| true);
                self.stand_down();
            }
            Event::PriorityChanged { .. } => {
                self.rules(|audience| !audience.is_outside());
                self.stand_down();
            }
            Event::NothingChanged { audiences, .. } => {
                self.rules(|audience| audiences.contains(&audience));
                self.stand_down();
            }
            Event::Reopened { .. } => self.reopened(),
            Event::Closed { .. } => self.closed(),
            Event::Corrected { events, .. } => self.corrected(events),
            Event::PersonAdded { by_hand, .. } => {
                self.newcomers(Moment::CatchUp, |who, _| *who == by_hand.who);
            }
            Event::UsersContactDecided { .. } => {
                let moment = self.story();
                self.newcomers(moment, |_, audience| audience == Audience::Users);
            }
            Event::RoomOpened { .. } => {
                let room = Room::recipient(self.question.after.id);
                let moment = self.story();
                self.newcomers(moment, |who, _| Some(who) == room.as_ref());
            }
            Event::LeadAppointed { role, person, .. } => {
                self.lead(person, &format!("now the {} lead", role.as_str()));
            }
            Event::Prompted { to, .. } | Event::Overdue { to, .. } | Event::Reminded { to, .. } => {
                for person in to {
                    self.lead(person, &self.role_in_words(person));
                }
            }
            Event::AskedIfAffected { to, .. } => {
                for who in to {
                    self.in_role(who, "responsible for a service that may be affected");
                }
            }
            _ => {}
        }
    }

    /// What newcomers are told: if nothing was said since the declaration, there is no story to catch
    /// up with.
    fn story(&self) -> Moment {
        match self.question.after.last_said {
            Some((1, _)) => Moment::Declared,
            _ => Moment::CatchUp,
        }
    }

    /// Those who match: the moment for those who follow, if it speaks to their audience, and the
    /// story so far for those who do not.
    fn rules(&mut self, speaks_to: impl Fn(Audience) -> bool) {
        let is_first = self.moment == Moment::Declared;
        for recipient in &self.question.resolution.recipients {
            if is_first || !self.history.is_following(&recipient.who) {
                let moment = if is_first {
                    self.moment
                } else {
                    Moment::CatchUp
                };
                self.add(recipient, moment);
            } else if speaks_to(recipient.audience) {
                self.add(recipient, self.moment);
            }
        }
        self.withhold(self.moment, |who, audience, history| {
            // Somebody who would get the story so far would get it whatever the moment says.
            speaks_to(audience) || !history.is_following(who)
        });
    }

    /// Those who follow and would still be told had the incident not changed: because they do not match
    /// any more, or because no way of the rules that name them now reaches them.
    fn stand_down(&mut self) {
        let Some(unchanged) = self.question.unchanged else {
            return;
        };
        let after = self.question.after;
        let cause = |recipient: &Recipient| {
            if !self.is_matched(&recipient.who) {
                Some(self.rules.cause(after, recipient))
            } else if self.is_out_of_reach(&recipient.who) {
                Some(Variant::OutOfReach)
            } else {
                None
            }
        };
        let dropped: Vec<(&Recipient, Variant)> = unchanged
            .recipients
            .iter()
            .filter(|recipient| self.history.is_following(&recipient.who))
            .filter_map(|recipient| Some((recipient, cause(recipient)?)))
            .collect();
        for (recipient, variant) in dropped {
            self.add_as(recipient, Moment::StandDown, variant);
        }
    }

    /// Everyone who matches and everyone who was ever told.
    fn last_word(&mut self) {
        for recipient in &self.question.resolution.recipients {
            self.add(recipient, self.moment);
        }
        self.withhold(self.moment, |who, _, history| {
            !history.get(who).is_some_and(Heard::was_told)
        });
        for (who, heard) in self.history.iter() {
            if heard.was_told() && !self.matched.contains_key(who) {
                self.again(who, heard);
            }
        }
    }

    /// Everyone who was told that it is over, and the story so far for those who match only now.
    fn reopened(&mut self) {
        for recipient in &self.question.resolution.recipients {
            let heard = self.history.get(&recipient.who);
            let knows = heard.is_some_and(|heard| heard.is_following() || heard.heard_the_end());
            self.add(recipient, if knows { self.moment } else { Moment::CatchUp });
        }
        self.withhold(self.moment, |who, _, history| {
            !history.get(who).is_some_and(Heard::heard_the_end)
        });
        for (who, heard) in self.history.iter() {
            if heard.heard_the_end() && !self.matched.contains_key(who) {
                self.again(who, heard);
            }
        }
    }

    /// The paperwork concerns our own people who know of the incident.
    fn closed(&mut self) {
        for recipient in &self.question.resolution.recipients {
            if !recipient.audience.is_outside() && self.history.is_following(&recipient.who) {
                self.add(recipient, self.moment);
            }
        }
    }

    /// Exactly those to whom the wrong words went, where they went; and those who still wait for them
    /// get what is right as the message that they wait for.
    fn corrected(&mut self, events: &BTreeSet<u32>) {
        self.picked.cancels.clone_from(events);
        for (who, heard) in self.history.iter() {
            let told = heard.told_by(events);
            let waiting = heard.waiting_for(events);
            if told.is_empty() && waiting.is_empty() {
                continue;
            }
            let person = told_before(who, heard);
            if !self.is_known(who) {
                self.gone(person, heard.audience());
                continue;
            }
            for row in told {
                let choice = self.same_way(who, row);
                self.picked.picks.push(Pick {
                    person: match self.matched.get(who) {
                        Some(recipient) => told_person(recipient),
                        None => person.clone(),
                    },
                    audience: self.capped(who, row.audience),
                    moment: self.moment,
                    variant: Variant::Follows,
                    choices: vec![choice],
                });
            }
            for row in waiting {
                self.say_again(who, row, &person);
            }
        }
    }

    fn say_again(&mut self, who: &RecipientId, row: &Told, before: &ToldPerson) {
        let recipient = self.matched.get(who);
        let audience = self.capped(who, row.audience);
        let moment = said_again_as(row.moment);
        let said = self.picked.resaid.entry((moment, audience)).or_default();
        *said = row.seq.max(*said);
        let choice = self.same_way(who, row);
        self.picked.picks.push(Pick {
            person: recipient.map_or_else(|| before.clone(), |it| told_person(it)),
            audience,
            moment,
            variant: Variant::Follows,
            choices: vec![choice],
        });
    }

    /// Where something was said before, and where to turn if that fails: what was being sent there may
    /// have failed too, and gone that other way.
    fn same_way(&self, who: &RecipientId, row: &Told) -> Choice {
        let planned = self.matched.get(who).and_then(|recipient| {
            let mut choices = recipient.choices.iter();
            choices.find(|choice| choice.channel == row.channel && choice.address == row.address)
        });
        let otherwise = || {
            let ways = self.question.ways.of(who, self.question.directory);
            Choice {
                fallbacks: ways
                    .into_iter()
                    .filter(|(channel, _)| *channel != row.channel)
                    .collect(),
                ..choice(row.channel.clone(), row.address.clone())
            }
        };
        planned.cloned().unwrap_or_else(otherwise)
    }

    /// Those who match and do not follow yet, if they are the ones in question.
    fn newcomers(&mut self, moment: Moment, is_meant: impl Fn(&RecipientId, Audience) -> bool) {
        for recipient in &self.question.resolution.recipients {
            if is_meant(&recipient.who, recipient.audience)
                && !self.history.is_following(&recipient.who)
            {
                self.add(recipient, moment);
            }
        }
        self.withhold(moment, |who, audience, _| is_meant(who, audience));
    }

    fn lead(&mut self, person: &PersonId, role: &str) {
        self.in_role(&RecipientId::Person(person.clone()), role);
    }

    /// One delivery on the way that they prefer, and the other ways if it fails.
    fn in_role(&mut self, who: &RecipientId, role: &str) {
        let name = self.name(who);
        let person = ToldPerson {
            who: who.clone(),
            name,
            reasons: vec![reason(role, Grounds::Place)],
        };
        let audience = self.capped(who, Audience::Responders);
        let mut ways = self
            .question
            .ways
            .of(who, self.question.directory)
            .into_iter();
        match ways.next() {
            Some((channel, address)) => self.picked.picks.push(Pick {
                person,
                audience,
                moment: self.moment,
                variant: Variant::Follows,
                choices: vec![Choice {
                    channel,
                    address,
                    fallbacks: ways.collect(),
                }],
            }),
            None if self.is_known(who) => self.unreachable(person, audience),
            None => self.gone(person, audience),
        }
    }

    fn role_in_words(&self, person: &PersonId) -> String {
        let incident = self.question.after;
        let role = LeadRole::ALL
            .into_iter()
            .find(|role| incident.leads.get(role) == Some(person));
        match role {
            Some(role) => format!("the {} lead", role.as_str()),
            None if incident.declared_by.as_ref() == Some(person) => {
                "the person who declared it".to_owned()
            }
            None => "one of those who are told when an update is late".to_owned(),
        }
    }

    /// Tells somebody whom no rule names any more, where they were told.
    fn again(&mut self, who: &RecipientId, heard: &Heard<'_>) {
        let person = told_before(who, heard);
        let audience = self.capped(who, heard.audience());
        if !self.is_known(who) {
            self.gone(person, audience);
            return;
        }
        let ways = self.question.ways;
        let ways = ways.again(who, &heard.ways(), self.question.directory);
        if ways.is_empty() {
            self.unreachable(person, audience);
            return;
        }
        self.picked.picks.push(Pick {
            person,
            audience,
            moment: self.moment,
            variant: match is_last_word(self.question.event, self.question.before) {
                true => Variant::Follows,
                // No rule names them, so what they hear next is that it is fixed.
                false => Variant::UntilFixed,
            },
            choices: ways
                .into_iter()
                .map(|(channel, address)| choice(channel, address))
                .collect(),
        });
    }

    fn add(&mut self, recipient: &Recipient, moment: Moment) {
        let heard = self.history.get(&recipient.who);
        let knows = heard.is_some_and(|heard| heard.was_told() || heard.is_following());
        let variant = match is_last_word(self.question.event, self.question.before) {
            true if knows => Variant::Follows,
            true => Variant::Alone,
            false if self.rules.follows(recipient) => Variant::Follows,
            false => Variant::UntilFixed,
        };
        self.add_as(recipient, moment, variant);
    }

    fn add_as(&mut self, recipient: &Recipient, moment: Moment, variant: Variant) {
        self.picked.picks.push(Pick {
            person: told_person(recipient),
            audience: recipient.audience,
            moment,
            variant,
            choices: recipient.choices.clone(),
        });
    }

    /// Keeps on the record who matched and is not told; the moment is what would have been said.
    fn withhold(
        &mut self,
        moment: Moment,
        concerns: impl Fn(&RecipientId, Audience, &History<'_>) -> bool,
    ) {
        for withheld in &self.question.resolution.withheld {
            if concerns(&withheld.who, withheld.audience, self.history) {
                self.picked.withheld.push(NewWithheld {
                    recipient: ToldPerson {
                        who: withheld.who.clone(),
                        name: Arc::clone(&withheld.name),
                        reasons: withheld.reasons.iter().map(RecordedReason::from).collect(),
                    },
                    moment,
                    audience: withheld.audience,
                    sentence: withheld.sentence.clone(),
                    unreachable: withheld.because == WithheldBecause::Unreachable,
                });
            }
        }
    }

    fn gone(&mut self, person: ToldPerson, audience: Audience) {
        self.not_sent(person, audience, "No longer in the directory");
    }

    fn unreachable(&mut self, person: ToldPerson, audience: Audience) {
        self.not_sent(person, audience, "No usable address on any channel");
    }

    fn not_sent(&mut self, recipient: ToldPerson, audience: Audience, sentence: &str) {
        self.picked.withheld.push(NewWithheld {
            recipient,
            moment: self.moment,
            audience,
            sentence: sentence.to_owned(),
            unreachable: true,
        });
    }

    /// Who hears the next update: those who match by a rule that goes on, and those who follow and are only
    /// held back now, as somebody who is muted is.
    fn audiences(&mut self) {
        let matched = self.question.resolution.recipients.iter();
        let mut audiences: BTreeSet<Audience> = matched
            .filter(|recipient| self.rules.follows(recipient))
            .map(|recipient| recipient.audience)
            .collect();
        let dropped: BTreeSet<&RecipientId> = self
            .picked
            .picks
            .iter()
            .filter(|pick| pick.moment == Moment::StandDown)
            .map(|pick| &pick.person.who)
            .collect();
        let following = self.history.iter().filter(|(who, heard)| {
            heard.is_following()
                && self.held_back.contains(who)
                && !dropped.contains(who)
                && self.is_known(who)
        });
        audiences.extend(following.map(|(_, heard)| heard.audience()));
        self.picked.audiences = audiences;
    }

    /// Whether they match, even if they are not told (muted, or without an address).
    fn is_matched(&self, who: &RecipientId) -> bool {
        self.matched.contains_key(who) || self.held_back.contains(who)
    }

    /// Whether they match, and no way of their rules reaches them.
    fn is_out_of_reach(&self, who: &RecipientId) -> bool {
        let withheld = &self.question.resolution.withheld;
        self.held_back.contains(who)
            && withheld.iter().any(|withheld| {
                withheld.who == *who && withheld.because == WithheldBecause::Unreachable
            })
    }

    fn is_known(&self, who: &RecipientId) -> bool {
        let directory = self.question.directory;
        match who {
            RecipientId::Person(id) => directory.people.contains_key(id),
            RecipientId::Destination(id) => {
                directory.destinations.contains_key(id) || self.is_room(who)
            }
        }
    }

    fn is_room(&self, who: &RecipientId) -> bool {
        let incident = self.question.after;
        incident.room.is_some() && Room::recipient(incident.id).as_ref() == Some(who)
    }

    fn name(&self, who: &RecipientId) -> Arc<str> {
        let directory = self.question.directory;
        let name = match who {
            RecipientId::Person(id) => directory.people.get(id).map(|it| it.name.as_str()),
            RecipientId::Destination(id) => {
                directory.destinations.get(id).map(|it| it.name.as_str())
            }
        };
        name.unwrap_or(who.as_str()).into()
    }

    /// Nobody of another organisation ever reads more than `external`.
    fn capped(&self, who: &RecipientId, audience: Audience) -> Audience {
        if self.question.directory.is_outside(who) {
            audience.max(Audience::External)
        } else {
            audience
        }
    }
}

/// What somebody is told in the place of words that were wrong before they had them.
fn said_again_as(moment: Moment) -> Moment {
    match moment {
        Moment::NoChange | Moment::PriorityChange => Moment::Update,
        other => other,
    }
}
