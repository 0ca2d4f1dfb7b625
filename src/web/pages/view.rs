//! What a page says, in words.

use serde::Serialize;

use crate::{
    app::pages::{AboutIncident, AffectedPage, SeenPage, ServiceAsked, Somebody, WouldBeTold},
    domain::event::AffectedAnswer,
};

/// What every page shows of its incident.
#[derive(Debug, Serialize)]
struct About<'a> {
    incident: String,
    title: &'a str,
    priority: Option<&'a str>,
    state: &'a str,
    next_update: Option<&'a str>,
    exercise: bool,
    /// Who is asked.
    asked: String,
}

/// Somebody to choose, where several may answer.
#[derive(Debug, Serialize)]
struct Choice<'a> {
    /// Ties the label to its button.
    field: String,
    id: &'a str,
    name: &'a str,
}

/// "Have you seen this?"
#[derive(Debug, Serialize)]
pub(super) struct Seen<'a> {
    title: String,
    heading: &'static str,
    about: About<'a>,
    recorded: Vec<String>,
    is_done: bool,
    choices: Vec<Choice<'a>>,
}

pub(super) fn seen(page: &SeenPage) -> Seen<'_> {
    let is_shared = page.about.people.len() > 1;
    let is_done = page.open.is_empty();
    let recorded = page.said.iter().map(|(name, when)| match is_shared {
        true => format!("Recorded at {when}: {name} has seen this."),
        false => format!("Recorded at {when}: you have seen this."),
    });
    Seen {
        title: title(&page.about),
        heading: match is_done {
            true => "Thank you",
            false => "Have you seen this?",
        },
        about: about(&page.about),
        recorded: recorded.collect(),
        is_done,
        choices: choices(&page.open, is_shared),
    }
}

/// "Are you affected?"
#[derive(Debug, Serialize)]
pub(super) struct Affected<'a> {
    title: String,
    heading: String,
    about: About<'a>,
    done: Option<&'a str>,
    recorded: Vec<String>,
    adding: Vec<Adding<'a>>,
    questions: Vec<Question<'a>>,
}

/// After a yes: what follows.
#[derive(Debug, Serialize)]
struct Adding<'a> {
    service: &'a str,
    decides: String,
    would: String,
    button: String,
    revision: Option<u32>,
}

/// A form with three buttons.
#[derive(Debug, Serialize)]
struct Question<'a> {
    service: &'a str,
    question: String,
    choices: Vec<Choice<'a>>,
}

pub(super) fn affected(page: &AffectedPage) -> Affected<'_> {
    let is_shared = page.about.people.len() > 1;
    let open = page.services.iter().filter(|service| !service.is_added);
    let names: Vec<&str> = page.services.iter().map(|one| one.name.as_str()).collect();
    let verb = if names.len() == 1 { "Is" } else { "Are" };
    let adding = page
        .services
        .iter()
        .filter_map(|service| Some(adding(service, service.adding.as_ref()?)));
    Affected {
        title: title(&page.about),
        heading: format!("{verb} {} affected?", names.join(" and ")),
        about: about(&page.about),
        done: page.done.as_deref(),
        recorded: page.services.iter().flat_map(recorded).collect(),
        adding: adding.collect(),
        questions: open
            .map(|service| Question {
                service: service.id.as_str(),
                question: match service.answer {
                    None => format!("Your answer for {}", service.name),
                    Some(_) => "If this has changed".to_owned(),
                },
                choices: choices(&page.about.people, is_shared),
            })
            .collect(),
    }
}

/// What is recorded of a service, in sentences.
fn recorded(service: &ServiceAsked) -> Vec<String> {
    let name = &service.name;
    let answer = service.answer.as_ref().map(|(answer, by, when)| {
        let said = match answer {
            AffectedAnswer::Yes => "is affected",
            AffectedAnswer::No => "is not affected",
            AffectedAnswer::Checking => "is being checked",
        };
        format!("Recorded at {when}: {name} {said}, says {by}.")
    });
    let added = service
        .is_added
        .then(|| format!("{name} is one of the affected services of this incident."));
    answer.into_iter().chain(added).collect()
}

fn adding<'a>(service: &'a ServiceAsked, would: &WouldBeTold) -> Adding<'a> {
    let name = &service.name;
    let people = match would.people {
        1 => "1 more person".to_owned(),
        many => format!("{many} more people"),
    };
    let by_audience: Vec<String> = would
        .by_audience
        .iter()
        .map(|(audience, count)| format!("{count} {}", readers(audience, *count)))
        .collect();
    Adding {
        service: service.id.as_str(),
        decides: format!(
            "{} whether {name} is added to this incident.",
            would.decides
        ),
        would: match would.people {
            0 => format!("If {name} is added, nobody else would be told."),
            _ => format!(
                "If {name} is added, {people} would be told: {}.",
                by_audience.join(", ")
            ),
        },
        button: match would.people {
            0 => format!("Add {name}"),
            _ => format!("Add {name} and tell {people}"),
        },
        revision: would.revision,
    }
}

/// Readers of an audience, as people call them.
fn readers(audience: &str, count: usize) -> &'static str {
    match (audience, count) {
        ("responders", 1) => "responder",
        ("responders", _) => "responders",
        ("owners", 1) => "owner or senior contact",
        ("owners", _) => "owners and senior contacts",
        ("external", 1) => "person in another organisation",
        ("external", _) => "people in other organisations",
        (_, 1) => "user",
        _ => "users",
    }
}

fn title(about: &AboutIncident) -> String {
    format!("{}: {}", about.incident, about.title)
}

fn about(about: &AboutIncident) -> About<'_> {
    let asked: Vec<&str> = about.people.iter().map(|who| who.name.as_str()).collect();
    About {
        incident: about.incident.to_string(),
        title: &about.title,
        priority: about.priority.as_deref(),
        state: &about.state,
        next_update: about.next_update.as_deref(),
        exercise: about.exercise,
        asked: asked.join(", "),
    }
}

fn choices(people: &[Somebody], is_shared: bool) -> Vec<Choice<'_>> {
    let people = people.iter().filter(|_| is_shared).enumerate();
    people
        .map(|(at, who)| Choice {
            field: format!("who-{at}"),
            id: who.id.as_str(),
            name: &who.name,
        })
        .collect()
}
