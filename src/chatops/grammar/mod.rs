//! The grammar of chat: one line of text to the same commands as every other door.
//!
//! `[INC-0042] VERB [INC-0042] WORDS`. Which incident may be left out where the place that the line
//! was typed in belongs to one. Names are those of the directory, times are the organisation's.

mod change;
mod mentions;
mod names;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub(super) use change::{audience_of, noted, usual_audience, without};
pub(super) use names::{lead, listed};

use crate::domain::{
    IncidentId, PersonId, PriorityId, ServiceId, Time,
    command::{Command, Refusal},
    directory::Directory,
    event::Record,
    facts::Facts,
    incident::{Incident, LeadRole},
    policy::Policy,
    situation::RecipientId,
    text::{bare, from_visible},
    verbs::Verb,
};

/// What a line is read against.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The directory in force.
    pub directory: &'a Directory,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The instant at which it was said.
    pub now: Time,
    /// The incident of the thread or channel, if it belongs to one.
    pub here: Option<IncidentId>,
    /// Which leads of that incident the speaker is.
    pub leads: &'a BTreeSet<LeadRole>,
    /// Who speaks.
    pub speaker: Option<&'a PersonId>,
    /// The incident that a form is about, once it is known which.
    pub subject: Option<Subject<'a>>,
}

/// An incident that a form is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// As it stands.
    pub incident: &'a Incident,
    /// What happened, the oldest first.
    pub log: &'a [Record],
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spoken {
    /// What one can say; of one verb or of all.
    Help(Option<Verb>),
    /// The open incidents.
    List,
    /// How an incident stands.
    Status(IncidentId),
    /// Who leads it.
    Leads(IncidentId),
    /// Who is told of an incident.
    Who(IncidentId),
    /// Who would be told.
    WhoIf {
        /// At this priority.
        priority: PriorityId,
        /// If these services were affected.
        services: BTreeSet<ServiceId>,
    },
    /// Why somebody is told of an incident, or is not.
    Why {
        /// Of which incident.
        incident: IncidentId,
        /// Who.
        who: RecipientId,
    },
    /// A new incident.
    Open(Opening),
    /// A change of an incident.
    Change {
        /// Which incident.
        incident: IncidentId,
        /// What changes.
        command: Box<Command>,
    },
    /// A verb without what it needs: the form for it, with what was said filled in.
    Form {
        /// Which form.
        verb: Verb,
        /// About which incident.
        incident: IncidentId,
        /// What was said after the verb.
        said: String,
    },
}

/// What was said of a new incident; whatever is missing is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    /// What people cannot do.
    pub title: String,
    /// How grave.
    pub priority: Option<PriorityId>,
    /// Which services.
    pub services: BTreeSet<ServiceId>,
}

impl Spoken {
    /// The same, asked by a form where the line would be enough: for places that show every update
    /// in its form first. What the form has no field for stays as it is, and so does what is too
    /// long for one (`most` characters).
    #[must_use]
    pub fn by_form(self, most: usize) -> Self {
        let Self::Change { incident, command } = self else {
            return self;
        };
        match *command {
            Command::Update {
                text,
                facts,
                stage: None,
                next_update: None,
            } if facts == Facts::default() && text.chars().count() <= most => Self::Form {
                verb: Verb::Update,
                incident,
                said: text,
            },
            command => Self::Change {
                incident,
                command: Box::new(command),
            },
        }
    }
}

/// Whether a line leads to a form, as far as can be told from the line alone, before anything is
/// looked up: new incidents and updates always, the other changes where words are missing.
pub fn asks_for_form(text: &str) -> bool {
    let (_, rest) = reference(text);
    let (word, rest) = first_word(rest);
    let rest = reference(rest).1;
    match Verb::find(word) {
        Ok(Verb::Open | Verb::Update | Verb::Correct) => true,
        // A line without its reason leads to a form, too.
        Ok(Verb::Priority | Verb::Decide) => rest.split_whitespace().count() < 3,
        Ok(
            Verb::Help
            | Verb::List
            | Verb::Status
            | Verb::Who
            | Verb::Why
            | Verb::Leads
            | Verb::NoChange
            | Verb::Ask,
        )
        | Err(_) => false,
        Ok(_) => rest.is_empty(),
    }
}

/// Reads a line. An empty one asks for help.
pub fn parse(text: &str, scene: &Scene<'_>) -> Result<Spoken, Refusal> {
    let text = mentions::written_out(text, scene.directory);
    let (named, rest) = reference(&text);
    let (word, rest) = first_word(rest);
    if word.is_empty() {
        return Ok(named.map_or(Spoken::Help(None), Spoken::Status));
    }
    let verb = Verb::find(word)?;
    // A line for people may begin with a number: "update 200 providers are back".
    let (named, rest) = match (named, reference(rest)) {
        (None, (Some(id), rest)) => (Some(id), rest),
        (named, _) => (named, rest.trim()),
    };
    let said = Said {
        verb,
        rest,
        named,
        scene,
    };
    said.read()
}

/// A line whose verb is known.
struct Said<'a> {
    verb: Verb,
    rest: &'a str,
    named: Option<IncidentId>,
    scene: &'a Scene<'a>,
}

impl Said<'_> {
    fn read(&self) -> Result<Spoken, Refusal> {
        match self.verb {
            Verb::Help => match first_word(self.rest).0 {
                "" => Ok(Spoken::Help(None)),
                word => Ok(Spoken::Help(Some(Verb::find(word)?))),
            },
            Verb::List => Ok(Spoken::List),
            Verb::Status => Ok(Spoken::Status(self.about_number()?)),
            Verb::Open => self.opening(),
            Verb::Who => self.who(),
            Verb::Why if self.rest.is_empty() => Err(self.needs("a name")),
            Verb::Why => Ok(Spoken::Why {
                incident: self.about()?,
                who: self.scene.recipient(self.rest)?,
            }),
            Verb::Leads if self.rest.is_empty() => Ok(Spoken::Leads(self.about()?)),
            Verb::Leads if self.rest.eq_ignore_ascii_case("change") => Ok(Spoken::Form {
                verb: Verb::Leads,
                incident: self.about()?,
                said: String::new(),
            }),
            _ => self.change(),
        }
    }

    /// The incident that is meant.
    fn about(&self) -> Result<IncidentId, Refusal> {
        self.named.or(self.scene.here).ok_or_else(|| {
            let verb = self.verb.entry().chat;
            Refusal::new(
                "which-incident",
                "I do not know which incident you mean.",
                format!("Name it: {verb} INC-0042. To see the open ones, say list."),
            )
        })
    }

    /// As [`about`](Self::about), where a bare number can mean nothing else.
    fn about_number(&self) -> Result<IncidentId, Refusal> {
        match (self.rest, self.named) {
            ("", _) | (_, Some(_)) => self.about(),
            (text, None) => as_reference(text).parse().map_err(|_| {
                Refusal::new(
                    "unknown-incident",
                    format!("\"{text}\" is no incident."),
                    "Use its reference, for example INC-0042. To see the open ones, say list.",
                )
            }),
        }
    }

    fn who(&self) -> Result<Spoken, Refusal> {
        let (word, rest) = first_word(self.rest);
        match self.scene.priority(word) {
            Some(priority) => Ok(Spoken::WhoIf {
                priority,
                services: self.scene.services(rest)?,
            }),
            None => Ok(Spoken::Who(self.about_number()?)),
        }
    }

    /// `[P1] [SERVICES:] TITLE`; without a colon all of it is the title.
    fn opening(&self) -> Result<Spoken, Refusal> {
        let (word, after) = first_word(self.rest);
        let priority = self.scene.priority(word);
        let rest = if priority.is_some() { after } else { self.rest };
        let services = rest.split_once(':').and_then(|(services, title)| {
            let services = self.scene.services(services).ok()?;
            (!services.is_empty()).then_some((services, title))
        });
        let (services, title) = services.unwrap_or((BTreeSet::new(), rest));
        Ok(Spoken::Open(Opening {
            title: title.trim().to_owned(),
            priority,
            services,
        }))
    }

    /// That the verb needs more words.
    fn needs(&self, what: &str) -> Refusal {
        let entry = self.verb.entry();
        Refusal::new(
            "missing-words",
            format!("\"{}\" needs {what}.", entry.chat),
            format!("For example: {} {}", entry.chat, entry.takes),
        )
    }
}

/// `INC-0042` at the beginning, and the rest. A bare number is no reference.
fn reference(text: &str) -> (Option<IncidentId>, &str) {
    let (word, rest) = first_word(text);
    let word = as_reference(word);
    let is_one = word
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("inc-"));
    match word.parse() {
        Ok(id) if is_one => (Some(id), rest),
        _ => (None, text.trim()),
    }
}

/// A word without what people write around a reference: "#INC-0001", "INC-0001."
fn as_reference(word: &str) -> String {
    let word = bare(word);
    let word = word.trim_start_matches('#');
    word.trim_end_matches([':', ',', '.', ';']).to_owned()
}

/// The first word, and what follows it. What nobody sees before it is passed over.
pub(super) fn first_word(text: &str) -> (&str, &str) {
    let text = from_visible(text).trim_end();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}
