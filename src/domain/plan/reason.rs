//! Why somebody is told: for the record, and as the line that is the only part of a message that is
//! the recipient's own.

use std::sync::Arc;

use crate::domain::{
    Audience, PriorityId,
    delivery::{RecordedReason, ToldPerson},
    resolution::{Reason, reason_line},
    situation::RecipientId,
};

/// Somebody to whom a delivery goes.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub(super) who: RecipientId,
    pub(super) name: Arc<str>,
    /// As which reader they are told where an address is theirs alone.
    pub(super) audience: Audience,
    pub(super) why: Why,
}

/// Why they are told.
#[derive(Debug, Clone)]
pub(super) enum Why {
    /// They match; the best reason first.
    Rules(Vec<Reason>),
    /// They matched once, and are owed this.
    ToldBefore,
    /// What they are: "the comms lead".
    Role(String),
}

const TOLD_BEFORE: &str = "told about this incident before";

impl Reader {
    /// As the record keeps them.
    pub(super) fn recorded(&self) -> ToldPerson {
        let one = |text: &str| {
            vec![RecordedReason {
                rule: None,
                service: None,
                text: text.into(),
            }]
        };
        ToldPerson {
            who: self.who.clone(),
            name: Arc::clone(&self.name),
            reasons: match &self.why {
                Why::Rules(reasons) => reasons.iter().map(RecordedReason::from).collect(),
                Why::ToldBefore => one(TOLD_BEFORE),
                Why::Role(role) => one(role),
            },
        }
    }
}

/// Why the readers of an address get this: two reasons at most for an address that is somebody's
/// own, all reasons of everybody for one that is shared.
pub(super) fn line(audience: Audience, readers: &[Reader], priority: &PriorityId) -> String {
    match readers {
        [one] => own_line(audience, one, priority),
        several => {
            let each: Vec<String> = several
                .iter()
                .map(|reader| shared_sentence(audience, reader))
                .collect();
            format!("Several people share this address. {}", each.join(" "))
        }
    }
}

fn own_line(audience: Audience, reader: &Reader, priority: &PriorityId) -> String {
    match &reader.why {
        Why::Rules(reasons) => reason_line(&reader.who, audience, reasons, priority),
        Why::ToldBefore => match reader.who {
            RecipientId::Person(_) => format!("You get this because you were {TOLD_BEFORE}."),
            RecipientId::Destination(_) => {
                format!("This channel gets this because it was {TOLD_BEFORE}.")
            }
        },
        Why::Role(role) if audience.is_outside() => {
            format!("You get this because you are {role}.")
        }
        Why::Role(role) => {
            format!("You get this because you are {role} and this is a {priority}.")
        }
    }
}

/// What an address that is read outside says of an insider is their name alone: their reasons name
/// services and people as insiders know them.
fn shared_sentence(audience: Audience, reader: &Reader) -> String {
    let name = &reader.name;
    let is_hidden = audience.is_outside() && !reader.audience.is_outside();
    match &reader.why {
        Why::Rules(_) if is_hidden => format!("{name} is told."),
        Why::Rules(reasons) => {
            let mut texts: Vec<&str> = Vec::new();
            for reason in reasons {
                let by_hand = reason.rule.is_none();
                let text = if by_hand && audience.is_outside() {
                    "added by the incident team"
                } else {
                    reason.text.trim_end_matches('.')
                };
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            format!("{name} is {}.", texts.join(" and "))
        }
        Why::ToldBefore => format!("{name} was {TOLD_BEFORE}."),
        Why::Role(role) => format!("{name} is {role}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{fixture::id, resolution::Standing};

    fn reader(name: &str, audience: Audience, reasons: &[&str]) -> Reader {
        let reasons = reasons.iter().map(|text| Reason {
            standing: Standing::Affected,
            rule: (!text.starts_with("added")).then(|| id("a-rule")),
            service: None,
            text: (*text).into(),
            says: "".into(),
        });
        Reader {
            who: RecipientId::Person(id("someone")),
            name: name.into(),
            audience,
            why: Why::Rules(reasons.collect()),
        }
    }

    #[test]
    fn who_matches_no_more_reads_that_they_were_told_before() {
        let before = Reader {
            why: Why::ToldBefore,
            ..reader("Olu", Audience::Owners, &[])
        };
        assert_eq!(
            line(Audience::Owners, &[before], &id("P1")),
            "You get this because you were told about this incident before."
        );
    }

    #[test]
    fn a_shared_address_lists_its_people_with_all_their_reasons() {
        let people = [
            reader("Dana", Audience::Owners, &["a", "b", "b", "c"]),
            reader("Mei", Audience::Responders, &["d"]),
        ];
        assert_eq!(
            line(Audience::Responders, &people, &id("P1")),
            "Several people share this address. Dana is a and b and c. Mei is d."
        );
    }

    #[test]
    fn a_shared_address_outside_says_nothing_that_only_insiders_know() {
        let people = [
            reader("Dana", Audience::Owners, &["the tech lead of db-core"]),
            reader("Amara", Audience::External, &["added by Priya: a friend"]),
        ];
        assert_eq!(
            line(Audience::External, &people, &id("P1")),
            "Several people share this address. Dana is told. Amara is added by the incident team."
        );
    }
}
