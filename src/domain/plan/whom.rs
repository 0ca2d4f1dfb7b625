//! Who is told what: the moment for each recipient.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Question, is_last_word, moment,
    others::{choice, told_before},
    reason::{Reader, Why},
    told::{Heard, History},
};
use crate::domain::{
    Audience,
    delivery::{NewWithheld, RecordedReason, ToldPerson},
    event::Event,
    notification::Moment,
    resolution::{Choice, Recipient},
    situation::RecipientId,
};

/// What is said to somebody, and where.
#[derive(Debug)]
pub(super) struct Pick {
    pub(super) reader: Reader,
    pub(super) moment: Moment,
    pub(super) choices: Vec<Choice>,
}

#[derive(Debug, Default)]
pub(super) struct Picked {
    pub(super) picks: Vec<Pick>,
    pub(super) withheld: Vec<NewWithheld>,
    pub(super) audiences: BTreeSet<Audience>,
    pub(super) cancels: BTreeSet<u32>,
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
        moment,
        picked: Picked::default(),
    };
    picker.event();
    picker.audiences();
    picker.picked
}

pub(super) struct Picker<'a> {
    pub(super) question: &'a Question<'a>,
    history: &'a History<'a>,
    matched: &'a BTreeMap<&'a RecipientId, &'a Recipient>,
    held_back: BTreeSet<&'a RecipientId>,
    pub(super) moment: Moment,
    pub(super) picked: Picked,
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
                // If nothing was said since the declaration, there is no story to catch up with.
                let is_first = matches!(self.question.after.last_said, Some((1, _)));
                let moment = if is_first {
                    Moment::Declared
                } else {
                    Moment::CatchUp
                };
                self.newcomers(moment, |_, audience| audience == Audience::Users);
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

    /// Those who follow and would still match had the incident not changed.
    fn stand_down(&mut self) {
        let Some(unchanged) = self.question.unchanged else {
            return;
        };
        let dropped: Vec<&Recipient> = unchanged
            .recipients
            .iter()
            .filter(|recipient| {
                self.history.is_following(&recipient.who) && !self.is_matched(&recipient.who)
            })
            .collect();
        for recipient in dropped {
            self.add(recipient, Moment::StandDown);
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

    /// Exactly those to whom the wrong words went, where they went.
    fn corrected(&mut self, events: &BTreeSet<u32>) {
        self.picked.cancels.clone_from(events);
        for (who, heard) in self.history.iter() {
            let told = heard.told_by(events);
            if told.is_empty() {
                continue;
            }
            if !self.is_known(who) {
                let reader = told_before(who, heard, heard.audience());
                self.gone(&reader);
                continue;
            }
            for row in told {
                let audience = self.capped(who, row.audience);
                // Reasons are written for one kind of reader; they fit only if it is the same now.
                let reader = match self.matched.get(who) {
                    Some(recipient) if recipient.audience == audience => matching(recipient),
                    _ => told_before(who, heard, audience),
                };
                self.picked.picks.push(Pick {
                    reader,
                    moment: self.moment,
                    choices: vec![choice(row.channel.clone(), row.address.clone())],
                });
            }
        }
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

    fn add(&mut self, recipient: &Recipient, moment: Moment) {
        self.picked.picks.push(Pick {
            reader: matching(recipient),
            moment,
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
                });
            }
        }
    }

    /// Who hears of the incident after this: those who match, and those who follow, are still in
    /// the directory and are not stood down, even if no rule names them at this hour.
    fn audiences(&mut self) {
        let matched = self.question.resolution.recipients.iter();
        let mut audiences: BTreeSet<Audience> =
            matched.map(|recipient| recipient.audience).collect();
        let dropped: BTreeSet<&RecipientId> = self
            .picked
            .picks
            .iter()
            .filter(|pick| pick.moment == Moment::StandDown)
            .map(|pick| &pick.reader.who)
            .collect();
        let following = self.history.iter().filter(|(who, heard)| {
            heard.is_following()
                && !self.matched.contains_key(who)
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
}

/// Somebody who matches, with their reasons.
fn matching(recipient: &Recipient) -> Reader {
    Reader {
        who: recipient.who.clone(),
        name: Arc::clone(&recipient.name),
        audience: recipient.audience,
        why: Why::Rules(recipient.reasons.clone()),
    }
}
