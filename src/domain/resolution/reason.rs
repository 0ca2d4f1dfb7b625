//! Reasons in words.

use std::sync::Arc;

use super::{Reason, Standing};
use crate::domain::{
    Audience, OrganisationId, PriorityId, RoleId,
    directory::{Directory, Service},
    incident::LeadRole,
    situation::{ByHand, RecipientId, Relation},
};

/// The reason line of a message: why the recipient gets it, with the two best reasons.
///
/// Readers outside see neither the priority nor who added them.
pub fn reason_line(
    who: &RecipientId,
    audience: Audience,
    reasons: &[Reason],
    priority: &PriorityId,
) -> String {
    let (opening, verb) = match who {
        RecipientId::Person(_) => ("You get this", "you are "),
        RecipientId::Destination(_) => ("This channel gets this", "it is "),
    };
    let mut clauses: Vec<String> = Vec::new();
    for reason in reasons {
        let clause = match (reason.standing, who) {
            (Standing::ByHand, RecipientId::Person(_)) => {
                format!("you were {}", by_hand_text(reason, audience))
            }
            (Standing::ByHand, RecipientId::Destination(_)) => {
                format!("it was {}", by_hand_text(reason, audience))
            }
            _ if clauses.first().is_some_and(|first| first.starts_with(verb)) => {
                reason.text.to_string()
            }
            _ => format!("{verb}{}", reason.text),
        };
        if !clauses.contains(&clause) && !clauses.iter().any(|c| c.ends_with(&clause)) {
            clauses.push(clause);
        }
        if clauses.len() == 2 {
            break;
        }
    }
    let because = clauses.join(" and ");
    if audience.is_outside() {
        let because = because.trim_end_matches('.');
        format!("{opening} because {because}.")
    } else {
        let because = because.trim_end_matches('.');
        let comma = if clauses.len() > 1 { "," } else { "" };
        format!("{opening} because {because}{comma} and this is a {priority}.")
    }
}

fn by_hand_text(reason: &Reason, audience: Audience) -> &str {
    if audience.is_outside() {
        "added by the incident team"
    } else {
        &reason.text
    }
}

/// A reason's text for readers inside and outside: outsiders know services by other names.
#[derive(Debug, Clone)]
pub(super) struct Text {
    inside: Arc<str>,
    outside: Arc<str>,
}

impl Text {
    fn same(text: Arc<str>) -> Self {
        Self {
            inside: Arc::clone(&text),
            outside: text,
        }
    }

    pub(super) fn for_audience(&self, audience: Audience) -> &Arc<str> {
        if audience.is_outside() {
            &self.outside
        } else {
            &self.inside
        }
    }

    /// Holder of a role on a service that is touched like this.
    pub(super) fn role(role: &RoleId, service: &Service, relation: Relation) -> Self {
        let words = role.words();
        let clause = match relation {
            Relation::Affected => "",
            Relation::Upstream => ", which an affected service depends on",
            Relation::Downstream => ", which depends on an affected service",
        };
        let text = |name: &str| Arc::from(format!("the {words} of {name}{clause}"));
        Self {
            inside: text(&service.name),
            outside: text(service.name_for_outsiders()),
        }
    }

    /// Contact of an organisation for a service.
    pub(super) fn contact(
        organisation: &OrganisationId,
        directory: &Directory,
        service: &Service,
    ) -> Self {
        let known = directory.organisations.get(organisation);
        let name = known.map_or(organisation.as_str(), |known| known.name.as_str());
        let text = |service: &str| Arc::from(format!("the named contact of {name} for {service}"));
        Self {
            inside: text(&service.name),
            outside: text(service.name_for_outsiders()),
        }
    }

    /// Member of a group; the text was made when the group was.
    pub(super) fn group(text: &Arc<str>) -> Self {
        Self::same(Arc::clone(text))
    }

    /// Named by a rule.
    pub(super) fn named() -> Self {
        Self::same("on our list of who is told".into())
    }

    /// A service's own default channel.
    pub(super) fn service_destination(service: &Service) -> Self {
        let text = |name: &str| Arc::from(format!("the channel of {name}"));
        Self {
            inside: text(&service.name),
            outside: text(service.name_for_outsiders()),
        }
    }

    /// A lead of the incident.
    pub(super) fn lead(role: LeadRole) -> Self {
        Self::same(format!("the {} lead", role.as_str()).into())
    }

    /// Added by hand.
    pub(super) fn by_hand(by_hand: &ByHand) -> Self {
        Self::same(format!("added by {}: {}", by_hand.by, by_hand.note).into())
    }
}

/// The relation that names a service in a reason, where it is touched in several ways.
pub(super) fn main_relation<'a>(relations: impl Iterator<Item = &'a Relation>) -> Relation {
    relations.min().copied().unwrap_or(Relation::Affected)
}

/// The standing of a role on a service that is touched like this.
pub(super) fn standing_of(relation: Relation) -> Standing {
    match relation {
        Relation::Affected => Standing::Affected,
        Relation::Upstream | Relation::Downstream => Standing::Related,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(standing: Standing, text: &str) -> Reason {
        Reason {
            standing,
            text: text.into(),
            rule: None,
            service: None,
            says: "".into(),
        }
    }

    fn person() -> RecipientId {
        RecipientId::Person("dana-whitlock".parse().unwrap())
    }

    fn check(who: &RecipientId, audience: Audience, reasons: &[Reason], expected: &str) {
        let line = reason_line(who, audience, reasons, &"P1".parse().unwrap());
        assert_eq!(line, expected);
    }

    #[test]
    fn one_reason_reads_as_a_sentence() {
        check(
            &person(),
            Audience::Owners,
            &[reason(
                Standing::Affected,
                "the service owner of Register trainees",
            )],
            "You get this because you are the service owner of Register trainees and this is a P1.",
        );
    }

    #[test]
    fn the_two_best_of_many_reasons_are_printed_and_none_twice() {
        let reasons = [
            reason(Standing::Affected, "the service owner of Register trainees"),
            reason(Standing::Affected, "the service owner of Register trainees"),
            reason(Standing::Group, "in the group Architecture team"),
            reason(Standing::ByHand, "added by Priya Shah: she asked"),
        ];
        check(
            &person(),
            Audience::Owners,
            &reasons,
            "You get this because you are the service owner of Register trainees and in the group Architecture team, and this is a P1.",
        );
        check(
            &person(),
            Audience::Owners,
            &reasons[2..],
            "You get this because you are in the group Architecture team and you were added by Priya Shah: she asked, and this is a P1.",
        );
    }

    #[test]
    fn outsiders_read_neither_the_priority_nor_who_added_them() {
        check(
            &person(),
            Audience::External,
            &[reason(
                Standing::Organisation,
                "the named contact of Larkfield Training for Register trainees",
            )],
            "You get this because you are the named contact of Larkfield Training for Register trainees.",
        );
        check(
            &person(),
            Audience::External,
            &[reason(Standing::ByHand, "added by Priya Shah: knows much.")],
            "You get this because you were added by the incident team.",
        );
    }

    #[test]
    fn a_destination_is_not_addressed_as_a_person() {
        check(
            &RecipientId::Destination("sd-incidents-teams".parse().unwrap()),
            Audience::Responders,
            &[reason(
                Standing::Affected,
                "the channel of Register trainees",
            )],
            "This channel gets this because it is the channel of Register trainees and this is a P1.",
        );
    }
}
