//! "Seen": who was asked to say so, says so once.

use super::{At, known};
use crate::domain::{PersonId, command::Refusal, event::Event, wording::TimeWords};

impl At<'_> {
    /// The first answer counts; a second is told when that was.
    pub(super) fn seen(&self, person: Option<&PersonId>) -> Result<Event, Refusal> {
        let own = self.context.actor.person.as_ref();
        let id = self.incident.id;
        let Some(person) = person.or(own) else {
            return Err(Refusal::new(
                "missing-person",
                "It does not say who has seen it.",
                format!("Name them, for example `oyez seen {id} dana-whitlock`."),
            ));
        };
        let is_own = own == Some(person);
        let name = || {
            let known = self.context.directory.people.get(person);
            known.map_or_else(|| person.to_string(), |person| person.name.clone())
        };
        match self.incident.seen.get(person) {
            Some(asked) => match asked.said_at {
                None => Ok(Event::Seen {
                    person: person.clone(),
                }),
                Some(at) => {
                    let zone = self.context.policy.time_zone;
                    let when = TimeWords::new(zone, self.context.now).when(at);
                    let who = if is_own { "You".to_owned() } else { name() };
                    Err(Refusal::new(
                        "seen-already",
                        format!("{who} said so at {when}."),
                        "Nothing needs doing.",
                    ))
                }
            },
            None => {
                known::person(person, self.context)?;
                let who = if is_own {
                    "You were".to_owned()
                } else {
                    format!("{} was", name())
                };
                Err(Refusal::new(
                    "not-asked",
                    format!("{who} not asked to say that {id} was seen."),
                    format!("See who was with `oyez who {id}`."),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::desk::{Desk, minutes};
    use crate::domain::{
        command::Command,
        event::{Event, Said},
        fixture::id,
    };

    fn seen(person: Option<&str>) -> Command {
        Command::Seen {
            person: person.map(id),
        }
    }

    /// A desk at which the declaration asked its people.
    fn desk(people: &[&str]) -> Desk {
        let mut desk = Desk::new();
        desk.log.0[0].said = Some(Said {
            words: String::new(),
            audience: String::new(),
            released: Default::default(),
            asked: people.iter().copied().map(id).collect(),
        });
        desk
    }

    #[test]
    fn the_first_answer_counts_and_a_second_is_told_when_that_was() {
        let mut desk = desk(&["priya-shah", "tom-okafor"]);
        desk.write(minutes(-9), &seen(None));
        let incident = desk.log.incident();
        assert_eq!(incident.seen[&id("priya-shah")].said_at, Some(minutes(-9)));
        assert_eq!(incident.seen[&id("tom-okafor")].said_at, None);
        assert_eq!(incident.revision, 1);
        let refusal = desk.refuses(&seen(None), "seen-already");
        assert_eq!(refusal.sentence, "You said so at 2:31pm.");
        let refusal = desk.refuses(&seen(Some("priya-shah")), "seen-already");
        assert_eq!(refusal.sentence, "You said so at 2:31pm.");
    }

    #[test]
    fn somebody_else_may_record_what_they_heard() {
        let mut desk = desk(&["tom-okafor"]);
        let event = Event::Seen {
            person: id("tom-okafor"),
        };
        let command = seen(Some("tom-okafor"));
        assert_eq!(desk.ask(minutes(-9), &command), Ok(event));
        desk.write(minutes(-9), &command);
        let refusal = desk.refuses(&command, "seen-already");
        assert_eq!(refusal.sentence, "tom okafor said so at 2:31pm.");
    }

    #[test]
    fn whoever_was_not_asked_has_nothing_to_say() {
        let desk = desk(&["tom-okafor"]);
        let refusal = desk.refuses(&seen(None), "not-asked");
        assert!(
            refusal.sentence.starts_with("You were not asked"),
            "{refusal}"
        );
        desk.refuses(&seen(Some("mei-lin")), "not-asked");
        desk.refuses(&seen(Some("mei-linn")), "unknown-person");
    }

    #[test]
    fn who_answered_is_asked_anew_about_what_is_new() {
        let mut desk = desk(&["priya-shah"]);
        desk.write(minutes(-9), &seen(None));
        let mut record = desk.log.0[0].clone();
        record.seq = 3;
        record.at = minutes(-5);
        record.event = Event::Noted {
            text: "x".to_owned(),
        };
        desk.log.0.push(record);
        let asked = desk.log.incident().seen[&id("priya-shah")];
        assert_eq!((asked.at, asked.said_at), (minutes(-5), None));
    }
}
