//! The second person's word: who may give it, and for what. What acts for nobody, such as a key of a
//! machine, is no second person.

use super::{At, Sending, typed};
use crate::domain::{
    command::Refusal,
    event::{Actor, Door, Event, Record},
    wording::TimeWords,
};

impl At<'_> {
    /// Lets go what waits for a second person, of all events up to the last one that was read.
    pub(super) fn approve(&self, up_to: u32, alone: Option<&str>) -> Result<Event, Refusal> {
        let waiting: Vec<(&Record, &Sending)> = self
            .context
            .log
            .iter()
            .filter(|record| record.seq <= up_to)
            .filter_map(|record| Some((record, self.context.sending.get(&record.seq)?)))
            .filter(|(_, sending)| !sending.awaits_word.is_empty())
            .collect();
        if waiting.is_empty() {
            return Err(Refusal::new(
                "nothing-waiting",
                "No message waits for a second person.",
                "Nothing needs doing.",
            ));
        }
        let alone = typed::optional_text("The reason", alone)?;
        let own = waiting
            .iter()
            .any(|(record, _)| is_same(&record.actor, self.context.actor));
        let is_somebody = self.context.actor.person.is_some();
        if alone.is_none() && own {
            return Err(Refusal::new(
                "same-person",
                "You wrote this yourself, and the policy asks for a second person.",
                format!(
                    "Ask somebody else to run `oyez approve {id} --as PERSON`. If there is nobody, say why with `oyez approve {id} --alone REASON`.",
                    id = self.incident.id
                ),
            ));
        }
        if alone.is_none() && !is_somebody {
            return Err(Refusal::new(
                "no-person",
                "The policy asks for a second person, and this does not say whose word it is.",
                format!(
                    "Say who agrees: `oyez approve {} --as PERSON`, or a key that acts for a person.",
                    self.incident.id
                ),
            ));
        }
        for (record, sending) in &waiting {
            self.still_true(record, sending)?;
        }
        Ok(Event::SendingApproved {
            events: waiting.iter().map(|(record, _)| record.seq).collect(),
            messages: waiting
                .iter()
                .flat_map(|(_, sending)| sending.awaits_word.values())
                .sum(),
            // With a second person there is nothing to excuse.
            alone: alone.filter(|_| own || !is_somebody),
        })
    }

    /// A message that promises a time which has passed would be untrue the moment it arrives.
    fn still_true(&self, record: &Record, sending: &Sending) -> Result<(), Refusal> {
        let now = self.context.now;
        let promised = record.event.promised();
        let passed = sending
            .awaits_word
            .keys()
            .filter_map(|audience| promised?.get(audience))
            .find(|due| **due <= now);
        match passed {
            None => Ok(()),
            Some(due) => Err(Refusal::new(
                "time-passed",
                format!(
                    "It says that the next update comes by {}, and that has passed.",
                    TimeWords::new(self.context.policy.time_zone, now).when(*due)
                ),
                format!(
                    "Stop it with `oyez cancel {} --sending --event {}`, and post an update.",
                    self.incident.id, record.seq
                ),
            )),
        }
    }
}

/// The same person, through whichever door. What the clock wrote, anybody may agree to.
fn is_same(one: &Actor, other: &Actor) -> bool {
    if one.door == Door::Clock {
        return false;
    }
    match (&one.person, &other.person) {
        (Some(one), Some(other)) => one == other,
        _ => one.id == other.id,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{
        Sending,
        desk::{Desk, minutes},
    };
    use crate::domain::{
        Audience,
        command::Command,
        event::{Actor, Door, Event},
        fixture::actor,
    };

    /// A key that acts for nobody.
    fn machine() -> Actor {
        Actor {
            id: "token:deploy".to_owned(),
            person: None,
            name: "deploy".to_owned(),
            door: Door::Api,
        }
    }

    /// A declaration of which messages to outsiders wait.
    fn declared_by(person: &str) -> Desk {
        let mut desk = Desk::new();
        let sending = Sending {
            waiting: 5,
            awaits_word: BTreeMap::from([(Audience::External, 3)]),
            ..Sending::default()
        };
        desk.sending.insert(1, sending);
        desk.log.0[0].actor = actor(person);
        desk
    }

    fn approve(alone: Option<&str>) -> Command {
        Command::Approve {
            up_to: 1,
            alone: alone.map(str::to_owned),
        }
    }

    fn refused(desk: &Desk, command: &Command) -> String {
        desk.ask(minutes(-30), command).unwrap_err().code
    }

    #[test]
    fn whoever_wrote_it_cannot_be_the_second_person_but_can_say_why_there_is_none() {
        let desk = declared_by("priya-shah");
        assert_eq!(refused(&desk, &approve(None)), "same-person");
        let Event::SendingApproved { alone, .. } = desk
            .ask(minutes(-30), &approve(Some("Nobody else is awake.")))
            .unwrap()
        else {
            panic!("not approved");
        };
        assert_eq!(alone.as_deref(), Some("Nobody else is awake."));
    }

    #[test]
    fn somebody_else_lets_it_go_and_needs_no_excuse() {
        let desk = declared_by("tom-okafor");
        let event = desk.ask(minutes(-30), &approve(Some("To be safe.")));
        let expected = Event::SendingApproved {
            events: [1].into(),
            messages: 3,
            alone: None,
        };
        assert_eq!(event, Ok(expected));
    }

    #[test]
    fn what_the_clock_wrote_any_person_may_let_go() {
        let mut desk = declared_by("priya-shah");
        desk.log.0[0].actor.door = Door::Clock;
        assert!(desk.ask(minutes(-30), &approve(None)).is_ok());
        desk.actor = machine();
        desk.refuses(&approve(None), "no-person");
    }

    #[test]
    fn a_key_of_nobody_is_no_second_person_and_can_only_say_why_there_is_none() {
        let mut desk = declared_by("tom-okafor");
        desk.actor = machine();
        assert_eq!(refused(&desk, &approve(None)), "no-person");
        let event = desk.ask(minutes(-30), &approve(Some("Nobody is awake.")));
        let Ok(Event::SendingApproved { alone, .. }) = event else {
            panic!("{event:?}");
        };
        assert_eq!(alone.as_deref(), Some("Nobody is awake."));
    }

    #[test]
    fn two_keys_of_one_person_are_one_person() {
        let mut desk = declared_by("priya-shah");
        desk.log.0[0].actor.id = "token:one".to_owned();
        desk.actor = Actor {
            id: "token:another".to_owned(),
            door: Door::Api,
            ..actor("priya-shah")
        };
        assert_eq!(refused(&desk, &approve(None)), "same-person");
    }

    #[test]
    fn nothing_goes_that_was_not_read() {
        let desk = declared_by("tom-okafor");
        let unread = Command::Approve {
            up_to: 0,
            alone: None,
        };
        assert_eq!(refused(&desk, &unread), "nothing-waiting");
    }

    #[test]
    fn nothing_goes_that_promises_a_time_that_has_passed() {
        let desk = declared_by("tom-okafor");
        // The declaration promised an update by the time at which the desk's clock stands.
        desk.refuses(&approve(None), "time-passed");
    }
}
