//! The reason line: the only words of a message that are the recipient's own.

use crate::domain::{
    Audience, PriorityId,
    delivery::{Grounds, RecordedReason, ToldPerson},
    notification::Moment,
    situation::RecipientId,
};

/// At most so many reasons are printed; all are kept.
const PRINTED: usize = 2;

/// Why the readers of an address get this, as one sentence or, for a shared address, one for each.
///
/// Readers outside see neither the priority nor who added them.
/// Who is stood down reads why they got it until now: the priority of today is not among the reasons.
pub(super) fn line(
    moment: Moment,
    audience: Audience,
    recipients: &[ToldPerson],
    priority: &PriorityId,
) -> String {
    let was = moment == Moment::StandDown;
    match recipients {
        [one] => alone(was, audience, one, priority),
        several => {
            let each: Vec<String> = several
                .iter()
                .map(|one| {
                    let clauses = clauses(one, &one.name, ("is", "was"), audience);
                    sentence(&clauses.join(" and "))
                })
                .collect();
            format!("Several people share this address. {}", each.join(" "))
        }
    }
}

fn alone(was: bool, audience: Audience, one: &ToldPerson, priority: &PriorityId) -> String {
    let (gets, mut clauses) = match one.who {
        RecipientId::Person(_) => (
            if was {
                "You got updates about this"
            } else {
                "You get this"
            },
            clauses(one, "you", ("are", "were"), audience),
        ),
        RecipientId::Destination(_) => (
            match was {
                true => "This channel got updates about this",
                false => "This channel gets this",
            },
            clauses(one, "it", ("is", "was"), audience),
        ),
    };
    clauses.truncate(PRINTED);
    let is_known = one
        .reasons
        .iter()
        .any(|it| it.grounds != Grounds::ToldBefore);
    let and_priority = match clauses.len() {
        _ if was || audience.is_outside() || !is_known => String::new(),
        1 => format!(" and this is a {priority}"),
        _ => format!(", and this is a {priority}"),
    };
    sentence(&format!(
        "{gets} because {}{and_priority}",
        clauses.join(" and ")
    ))
}

/// The reasons as clauses; the subject is said once for all that somebody is.
fn clauses(
    one: &ToldPerson,
    subject: &str,
    (is, was): (&str, &str),
    audience: Audience,
) -> Vec<String> {
    let mut texts: Vec<&str> = Vec::new();
    let mut clauses: Vec<String> = Vec::new();
    for reason in &one.reasons {
        let text = words(reason, audience);
        if texts.contains(&text) {
            continue;
        }
        texts.push(text);
        clauses.push(match reason.grounds {
            Grounds::Place if clauses.is_empty() => format!("{subject} {is} {text}"),
            Grounds::Place => text.to_owned(),
            Grounds::ByHand | Grounds::ToldBefore => format!("{subject} {was} {text}"),
        });
    }
    clauses
}

fn words(reason: &RecordedReason, audience: Audience) -> &str {
    if reason.grounds == Grounds::ByHand && audience.is_outside() {
        "added by the incident team"
    } else {
        // It goes on after this, even where somebody's note ends as a sentence.
        reason.text.trim_end_matches('.')
    }
}

fn sentence(words: &str) -> String {
    format!("{words}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::id;

    fn told(who: RecipientId, reasons: &[(Grounds, &str)]) -> ToldPerson {
        ToldPerson {
            name: who.as_str().into(),
            who,
            reasons: reasons
                .iter()
                .map(|(grounds, text)| RecordedReason {
                    rule: None,
                    service: None,
                    text: (*text).into(),
                    grounds: *grounds,
                })
                .collect(),
        }
    }

    fn person(reasons: &[(Grounds, &str)]) -> ToldPerson {
        told(RecipientId::Person(id("dana")), reasons)
    }

    fn check(audience: Audience, recipients: &[ToldPerson], expected: &str) {
        let said = line(Moment::Update, audience, recipients, &id("P1"));
        assert_eq!(said, expected);
    }

    const OWNER: (Grounds, &str) = (Grounds::Place, "the service owner of Register trainees");
    const GROUP: (Grounds, &str) = (Grounds::Place, "in the group Architecture team");
    const ADDED: (Grounds, &str) = (Grounds::ByHand, "added by Priya Shah: she asked.");

    #[test]
    fn one_reason_reads_as_a_sentence() {
        check(
            Audience::Owners,
            &[person(&[OWNER])],
            "You get this because you are the service owner of Register trainees and this is a P1.",
        );
    }

    #[test]
    fn the_two_best_of_many_reasons_are_printed_and_none_twice() {
        check(
            Audience::Owners,
            &[person(&[OWNER, OWNER, GROUP, ADDED])],
            "You get this because you are the service owner of Register trainees and in the group \
             Architecture team, and this is a P1.",
        );
        check(
            Audience::Responders,
            &[person(&[GROUP, ADDED])],
            "You get this because you are in the group Architecture team and you were added by \
             Priya Shah: she asked, and this is a P1.",
        );
        check(
            Audience::Owners,
            &[person(&[ADDED])],
            "You get this because you were added by Priya Shah: she asked and this is a P1.",
        );
    }

    #[test]
    fn outsiders_read_neither_the_priority_nor_who_added_them() {
        check(
            Audience::External,
            &[person(&[(
                Grounds::Place,
                "the named contact for Larkfield Training",
            )])],
            "You get this because you are the named contact for Larkfield Training.",
        );
        check(
            Audience::External,
            &[person(&[ADDED])],
            "You get this because you were added by the incident team.",
        );
    }

    #[test]
    fn who_is_stood_down_reads_why_they_got_it_until_now() {
        assert_eq!(
            line(
                Moment::StandDown,
                Audience::Owners,
                &[person(&[OWNER])],
                &id("P3")
            ),
            "You got updates about this because you are the service owner of Register trainees.",
        );
    }

    #[test]
    fn a_destination_is_not_addressed_as_a_person() {
        let reasons = [(Grounds::Place, "the channel of Register trainees")];
        check(
            Audience::Responders,
            &[told(RecipientId::Destination(id("sd-teams")), &reasons)],
            "This channel gets this because it is the channel of Register trainees and this is a P1.",
        );
    }

    #[test]
    fn somebody_whom_no_rule_names_any_more_was_told_before() {
        let before = (Grounds::ToldBefore, "told about this incident before");
        check(
            Audience::Owners,
            &[person(&[before])],
            "You get this because you were told about this incident before.",
        );
    }

    #[test]
    fn a_shared_address_lists_its_people_with_all_their_reasons() {
        let places = |texts: &[&'static str]| -> Vec<(Grounds, &'static str)> {
            texts.iter().map(|text| (Grounds::Place, *text)).collect()
        };
        let people = [person(&places(&["a", "b", "c"])), person(&[ADDED])];
        check(
            Audience::Owners,
            &people,
            "Several people share this address. dana is a and b and c. dana was added by Priya \
             Shah: she asked.",
        );
    }
}
