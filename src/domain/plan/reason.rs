//! The reason line: the only words of a message that are the recipient's own.

use crate::domain::{Audience, PriorityId, delivery::ToldPerson};

/// At most so many reasons are printed; all are kept.
const PRINTED: usize = 2;

/// Reason of somebody who is told only because they were told before.
pub(super) const TOLD_BEFORE: &str = "told about this incident before";

/// Why the readers of an address get this, as one sentence or, for a shared address, one for each.
pub(super) fn line(audience: Audience, recipients: &[ToldPerson], priority: &PriorityId) -> String {
    match recipients {
        [one] => {
            let reasons = texts(one, PRINTED);
            let is_two = reasons.len() > 1;
            let reasons = reasons.join(" and ");
            if reasons == TOLD_BEFORE {
                format!("You get this because you were {reasons}.")
            } else if audience.is_outside() {
                format!("You get this because you are {reasons}.")
            } else if is_two {
                format!("You get this because you are {reasons}, and this is a {priority}.")
            } else {
                format!("You get this because you are {reasons} and this is a {priority}.")
            }
        }
        several => {
            let each: Vec<String> = several
                .iter()
                .map(|person| match texts(person, usize::MAX).join(" and ") {
                    before if before == TOLD_BEFORE => {
                        format!("{} was {before}.", person.name)
                    }
                    reasons => format!("{} is {reasons}.", person.name),
                })
                .collect();
            format!("Several people share this address. {}", each.join(" "))
        }
    }
}

fn texts(person: &ToldPerson, most: usize) -> Vec<&str> {
    let mut texts: Vec<&str> = Vec::new();
    for reason in &person.reasons {
        if texts.len() < most && !texts.contains(&&*reason.text) {
            texts.push(&reason.text);
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{delivery::RecordedReason, fixture::id, situation::RecipientId};

    fn person(name: &str, reasons: &[&str]) -> ToldPerson {
        ToldPerson {
            who: RecipientId::Person(id("someone")),
            name: name.into(),
            reasons: reasons
                .iter()
                .map(|text| RecordedReason {
                    rule: None,
                    service: None,
                    text: (*text).into(),
                })
                .collect(),
        }
    }

    #[test]
    fn a_line_prints_two_reasons_at_most_and_no_priority_to_outsiders() {
        let p1 = id("P1");
        let one = person("Dana", &["the service owner of Register trainees"]);
        assert_eq!(
            line(Audience::Owners, &[one], &p1),
            "You get this because you are the service owner of Register trainees and this is a P1."
        );
        let many = person("Dana", &["a", "b", "b", "c"]);
        assert_eq!(
            line(Audience::Owners, &[many], &p1),
            "You get this because you are a and b, and this is a P1."
        );
        let outside = person("Amara", &["the named contact for Larkfield Training"]);
        assert_eq!(
            line(Audience::External, &[outside], &p1),
            "You get this because you are the named contact for Larkfield Training."
        );
        let before = person("Olu", &[TOLD_BEFORE]);
        assert_eq!(
            line(Audience::Owners, &[before], &p1),
            "You get this because you were told about this incident before."
        );
    }

    #[test]
    fn a_shared_address_lists_its_people_with_all_their_reasons() {
        let people = [person("Dana", &["a", "b", "c"]), person("Mei", &["d"])];
        assert_eq!(
            line(Audience::Owners, &people, &id("P1")),
            "Several people share this address. Dana is a and b and c. Mei is d."
        );
    }
}
