//! What the lists of a form offer: services, people, priorities, what was said.

use std::collections::BTreeSet;

use super::{super::grammar::Scene, fields::short};
use crate::domain::{
    PersonId, ServiceId,
    directory::Person,
    incident::{Kind, LeadRole, Stage},
    playbook,
    situation::Relation,
    timeline,
    wording::TimeWords,
};

/// Most services that a list offers; the others are typed.
const OFFERED: usize = 100;
/// Most bytes of the services that a list offers, so that a card with long names opens at once.
const BYTES: usize = 10_000;
/// Most people that a list offers; the others are typed.
const PEOPLE: usize = 20;
/// Most messages that can be put right from a list.
const SAID: usize = 20;

/// Value and label.
pub(super) type Options = Vec<(String, String)>;

/// Constant words as options.
pub(super) fn words<const N: usize>(of: [(&str, &str); N]) -> Options {
    of.map(|(value, label)| (value.to_owned(), label.to_owned()))
        .into()
}

pub(super) fn priorities(scene: &Scene<'_>) -> Options {
    let known = scene.policy.priorities.iter();
    known
        .map(|one| (one.id.to_string(), format!("{}: {}", one.id, one.meaning)))
        .collect()
}

/// What can be ticked, with what it speaks for.
pub(super) fn factors(scene: &Scene<'_>) -> Options {
    let known = scene.policy.factors.iter();
    known
        .map(|one| {
            (
                one.id.to_string(),
                format!("{} ({})", one.text, one.priority),
            )
        })
        .collect()
}

pub(super) fn kinds() -> Options {
    let words = |kind: Kind| match kind {
        Kind::Technical => "Technical: something does not work",
        Kind::DataBreach => "Data breach: only named people are told",
        Kind::Security => "Security: only named people are told",
    };
    Kind::ALL
        .map(|kind| (kind.as_str().to_owned(), words(kind).to_owned()))
        .into()
}

pub(super) fn stages() -> Options {
    Stage::ALL
        .into_iter()
        .filter(|stage| stage.is_open())
        .map(|stage| (stage.as_str().to_owned(), stage.label().to_owned()))
        .collect()
}

pub(super) fn roles() -> Options {
    words([
        ("comms", "Comms lead"),
        ("tech", "Tech lead"),
        ("support", "Support lead"),
    ])
}

pub(super) fn audiences() -> Options {
    words([
        ("owners", "Owner: effect, numbers, decisions"),
        ("responders", "Responder: everything, also guesses"),
        ("external", "Outside contact: what their users need"),
        ("users", "User: a few plain sentences"),
    ])
}

/// The services of the directory but for these, as many as a list offers; and whether there are
/// more.
pub(super) fn services(scene: &Scene<'_>, but: &BTreeSet<ServiceId>) -> (Options, bool) {
    let known = scene.directory.services.values();
    let mut all = known.filter(|service| !but.contains(&service.id));
    let mut bytes = 0;
    let mut offered = Options::new();
    let mut has_more = false;
    for service in all.by_ref() {
        let option = (service.id.to_string(), short(&service.name));
        // With what surrounds it in a card.
        bytes += option.0.len() + option.1.len() + 22;
        if offered.len() == OFFERED || bytes > BYTES {
            has_more = true;
            break;
        }
        offered.push(option);
    }
    (offered, has_more)
}

/// Services as the form of a new incident has them: those that its list offers, and the others.
pub(super) fn as_offered<'a>(
    scene: &Scene<'_>,
    ids: impl Iterator<Item = &'a ServiceId>,
) -> (String, String) {
    let (offered, _) = services(scene, &BTreeSet::new());
    let is_offered = |id: &&str| offered.iter().any(|(known, _)| known == id);
    let (offered, others): (Vec<&str>, Vec<&str>) =
        ids.map(ServiceId::as_str).partition(is_offered);
    (offered.join(","), others.join(","))
}

/// The services of the incident.
pub(super) fn own_services(scene: &Scene<'_>) -> Options {
    let Some(subject) = scene.subject else {
        return Vec::new();
    };
    let own = subject.incident.services.iter().take(OFFERED);
    own.map(|(id, relation)| {
        let known = scene.directory.services.get(id);
        let name = known.map_or_else(|| id.to_string(), |service| service.name.clone());
        let label = match relation {
            Relation::Affected => name,
            other => format!("{name} ({})", other.as_str()),
        };
        (id.to_string(), label)
    })
    .collect()
}

/// The steps of the playbook, those that are open first.
pub(super) fn steps(scene: &Scene<'_>) -> Options {
    let Some(subject) = scene.subject else {
        return Vec::new();
    };
    let mut all = playbook::playbook(subject.incident, scene.directory, scene.policy);
    all.sort_by_key(|item| item.state != crate::domain::event::StepState::Open);
    all.into_iter()
        .map(|item| (item.id.to_string(), item.words))
        .collect()
}

/// What was said to people and can be put right, the newest first.
pub(super) fn said(scene: &Scene<'_>) -> Options {
    let Some(subject) = scene.subject else {
        return Vec::new();
    };
    let clock = TimeWords::new(scene.policy.time_zone, scene.now);
    let said = subject.log.iter().rev();
    said.filter(|record| record.event.says_something())
        .take(SAID)
        .map(|record| {
            let words = timeline::sentence(record, scene.directory);
            let first = words.lines().next().unwrap_or_default();
            (
                record.seq.to_string(),
                format!("{}, {first}", clock.when(record.at)),
            )
        })
        .collect()
}

/// People who are likely to be meant, with what they are: whoever speaks, the leads, whoever has a
/// role in an affected service, then others in the order of their names.
pub(super) fn people(scene: &Scene<'_>, also_outside: bool) -> Options {
    let mut found: Vec<(PersonId, String)> = Vec::new();
    let mut add = |id: &PersonId, what: String| {
        let known = scene.directory.people.get(id);
        let is_offered =
            known.is_some_and(|person| also_outside || !scene.directory.is_outsider(person));
        if is_offered && found.len() < PEOPLE && !found.iter().any(|(known, _)| known == id) {
            found.push((id.clone(), what));
        }
    };
    if let Some(speaker) = scene.speaker {
        add(speaker, "you".to_owned());
    }
    if let Some(subject) = scene.subject {
        for (role, person) in &subject.incident.leads {
            add(person, format!("{} lead", role.as_str()));
        }
        if let Some(person) = &subject.incident.declared_by {
            add(person, "declared it".to_owned());
        }
        for holding in &scene.directory.roles {
            let affected = subject.incident.services.get(&holding.service);
            if affected == Some(&Relation::Affected) {
                let service = scene.directory.services.get(&holding.service);
                let service = service.map_or("", |service| service.name.as_str());
                let role = holding.role.as_str().replace('-', " ");
                add(&holding.person, format!("{role}, {service}"));
            }
        }
    }
    let mut others: Vec<&Person> = scene.directory.people.values().collect();
    others.sort_by(|one, other| one.name.cmp(&other.name));
    for person in others {
        add(&person.id, String::new());
    }
    let known = |(id, what): (PersonId, String)| {
        let person = scene.directory.people.get(&id)?;
        let label = match what.as_str() {
            "" => person.name.clone(),
            what => format!("{} ({what})", person.name),
        };
        Some((id.to_string(), label))
    };
    found.into_iter().filter_map(known).collect()
}

/// The leads that somebody has.
pub(super) fn own_lead(scene: &Scene<'_>) -> Option<LeadRole> {
    let leads = &scene.subject?.incident.leads;
    let mut own = leads
        .iter()
        .filter(|(_, person)| scene.speaker == Some(*person));
    match (own.next(), own.next()) {
        (Some((role, _)), None) => Some(*role),
        _ => None,
    }
}
