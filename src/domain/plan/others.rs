//! People whom the rules do not name: leads in their role, and those who were told before.

use std::sync::Arc;

use super::{
    reason::{Reader, Why},
    told::Heard,
    whom::{Pick, Picker},
};
use crate::domain::{
    Address, Audience, ChannelName, PersonId, delivery::NewWithheld, incident::LeadRole,
    resolution::Choice, situation::RecipientId,
};

impl Picker<'_> {
    pub(super) fn lead(&mut self, person: &PersonId, role: &str) {
        self.in_role(&RecipientId::Person(person.clone()), role);
    }

    /// One delivery on the way that they prefer, and the other ways if it fails.
    pub(super) fn in_role(&mut self, who: &RecipientId, role: &str) {
        let reader = Reader {
            who: who.clone(),
            name: self.name(who),
            audience: self.capped(who, Audience::Responders),
            why: Why::Role(role.to_owned()),
        };
        let mut ways = self
            .question
            .ways
            .of(who, self.question.directory)
            .into_iter();
        match ways.next() {
            Some((channel, address)) => self.picked.picks.push(Pick {
                reader,
                moment: self.moment,
                choices: vec![Choice {
                    channel,
                    address,
                    fallbacks: ways.collect(),
                }],
            }),
            None if self.is_known(who) => self.unreachable(&reader),
            None => self.gone(&reader),
        }
    }

    pub(super) fn role_in_words(&self, person: &PersonId) -> String {
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
    pub(super) fn again(&mut self, who: &RecipientId, heard: &Heard<'_>) {
        let reader = told_before(who, heard, self.capped(who, heard.audience()));
        if !self.is_known(who) {
            self.gone(&reader);
            return;
        }
        let ways = self.question.ways;
        let ways = ways.again(who, &heard.ways(), self.question.directory);
        if ways.is_empty() {
            self.unreachable(&reader);
            return;
        }
        self.picked.picks.push(Pick {
            reader,
            moment: self.moment,
            choices: ways
                .into_iter()
                .map(|(channel, address)| choice(channel, address))
                .collect(),
        });
    }

    pub(super) fn gone(&mut self, reader: &Reader) {
        self.not_sent(reader, "No longer in the directory");
    }

    fn unreachable(&mut self, reader: &Reader) {
        self.not_sent(reader, "No usable address on any channel");
    }

    fn not_sent(&mut self, reader: &Reader, sentence: &str) {
        self.picked.withheld.push(NewWithheld {
            recipient: reader.recorded(),
            moment: self.moment,
            audience: reader.audience,
            sentence: sentence.to_owned(),
        });
    }

    pub(super) fn is_known(&self, who: &RecipientId) -> bool {
        let directory = self.question.directory;
        match who {
            RecipientId::Person(id) => directory.people.contains_key(id),
            RecipientId::Destination(id) => directory.destinations.contains_key(id),
        }
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
    pub(super) fn capped(&self, who: &RecipientId, audience: Audience) -> Audience {
        if who.is_external(self.question.directory) {
            audience.max(Audience::External)
        } else {
            audience
        }
    }
}

/// Somebody who was told, whatever they are now.
pub(super) fn told_before(who: &RecipientId, heard: &Heard<'_>, audience: Audience) -> Reader {
    Reader {
        who: who.clone(),
        name: heard.name(),
        audience,
        why: Why::ToldBefore,
    }
}

pub(super) fn choice(channel: ChannelName, address: Address) -> Choice {
    Choice {
        channel,
        address,
        fallbacks: Vec::new(),
    }
}
