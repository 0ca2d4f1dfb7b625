//! Verbs that change an incident.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Said, Scene, Spoken, first_word,
    names::{lead, listed, stage},
};
use crate::domain::{
    Audience, IncidentId,
    command::{Choice, Command, Refusal},
    event::StepState,
    facts::Facts,
    incident::LeadRole,
    nearest::or_list,
    situation::{RecipientId, Relation},
    verbs::Verb,
    when::{Misread, Wrong},
};

/// The longest line that a button says, in bytes: clients carry no more than 2,000 characters.
const LINE: usize = 1_000;

impl Said<'_> {
    pub(super) fn change(&self) -> Result<Spoken, Refusal> {
        let incident = self.about()?;
        let command = match self.verb {
            Verb::NoChange => Some(self.no_change(incident)?),
            Verb::Ask => Some(Command::Ask {
                services: self.scene.services(self.rest)?,
            }),
            // Each of these says more than a line can, so an empty one is asked for.
            _ if self.rest.is_empty() => None,
            Verb::Note => Some(Command::Note { text: self.text() }),
            Verb::Update => Some(Command::Update {
                text: self.text(),
                facts: Facts::default(),
                stage: None,
                next_update: None,
            }),
            Verb::Priority => self.priority()?,
            Verb::Stage => Some(Command::Stage {
                to: stage(self.rest)?,
            }),
            Verb::Services => Some(self.services()?),
            Verb::Leads => self.leads()?,
            Verb::Handover => self.handover()?,
            Verb::Add => self.add()?,
            Verb::Mute => self.mute(incident)?,
            Verb::Decide => self.decide()?,
            Verb::Step => self.step()?,
            Verb::Resolve => Some(Command::Resolve {
                text: self.text(),
                at: None,
                lost: None,
                still_stuck: None,
            }),
            Verb::Close => Some(self.close()?),
            Verb::Reopen => Some(Command::Reopen {
                why: self.text(),
                next_update: None,
            }),
            Verb::Cancel => Some(Command::Cancel { why: self.text() }),
            // A correction quotes what was wrong beside what is right: always a form.
            _ => None,
        };
        Ok(match command {
            Some(command) => Spoken::Change {
                incident,
                command: Box::new(command),
            },
            None => Spoken::Form {
                verb: self.verb,
                incident,
                said: self.text(),
            },
        })
    }

    fn text(&self) -> String {
        self.rest.to_owned()
    }

    /// `[by TIME]`
    fn no_change(&self, incident: IncidentId) -> Result<Command, Refusal> {
        let time = without(self.rest, &["by", "until", "next", "in"]);
        if time.is_empty() {
            return Ok(Command::NoChange { next_update: None });
        }
        let next_update = self
            .scene
            .ahead(time)
            .map_err(|misread| match misread.wrong {
                Wrong::NotATime => Refusal::new(
                    "bad-time",
                    format!("\"{time}\" is no time, and nochange says nothing else."),
                    "To say something new, use update. To promise another time: nochange by 3:40pm",
                ),
                _ => self.which_time(misread, |time| format!("{incident} by {time}")),
            })?;
        Ok(Command::NoChange {
            next_update: Some(next_update),
        })
    }

    /// The refusal of a time, with the line that says each of those that may be meant. `line` is what stands
    /// after the verb.
    fn which_time(&self, misread: Misread, line: impl Fn(&str) -> String) -> Refusal {
        let verb = self.verb.entry().chat;
        let choices = misread.readings.iter().map(|reading| Choice {
            label: reading.label.clone(),
            line: format!("{verb} {}", line(&reading.text)),
        });
        Refusal {
            choices: choices.filter(|it| it.line.len() <= LINE).collect(),
            ..Refusal::from(misread)
        }
    }

    /// `P2 [because] WHY`; without a reason, the form asks for it.
    fn priority(&self) -> Result<Option<Command>, Refusal> {
        let (word, why) = first_word(self.rest);
        let to = self.scene.priority(word.trim_end_matches([':', ',']));
        let Some(to) = to else {
            let known = self.scene.policy.priorities.iter();
            let known: Vec<&str> = known.map(|priority| priority.id.as_str()).collect();
            return Err(Refusal::new(
                "unknown-priority",
                format!("\"{word}\" is no priority."),
                format!("Use {}.", or_list(&known)),
            ));
        };
        let why = without(why, &["because", "as", "since"]);
        Ok((!why.is_empty()).then(|| Command::Priority {
            to: Some(to),
            factors: BTreeSet::new(),
            why: why.to_owned(),
            override_ceiling: None,
            next_update: None,
        }))
    }

    /// `add A and B as downstream, remove C`; a list goes on with the last word said.
    fn services(&self) -> Result<Command, Refusal> {
        let mut add = BTreeMap::new();
        let mut remove = BTreeSet::new();
        let mut adds = true;
        for entry in listed(self.rest) {
            let (word, rest) = first_word(entry);
            let names = match word.to_lowercase().as_str() {
                "add" => {
                    adds = true;
                    rest
                }
                "remove" | "drop" => {
                    adds = false;
                    rest
                }
                _ => entry,
            };
            let (names, relation) = related(names)?;
            for service in self.scene.services(names)? {
                if adds {
                    add.insert(service, relation);
                } else {
                    remove.insert(service);
                }
            }
        }
        Ok(Command::Services {
            add,
            remove,
            text: None,
        })
    }

    /// `comms NAME, tech NAME`
    fn leads(&self) -> Result<Option<Command>, Refusal> {
        let appoint = self.scene.leads_in(self.rest)?;
        Ok(appoint.map(|appoint| Command::Leads {
            appoint,
            note: None,
        }))
    }

    /// `[ROLE] to NAME[: NOTE]`; the role may be left out by whoever has one. Without a name, or if
    /// it is not clear which lead, the form asks.
    fn handover(&self) -> Result<Option<Command>, Refusal> {
        let (who, note) = noted(self.rest);
        let (word, rest) = first_word(who);
        let own = self.own_lead();
        let (role, name) = match lead(word) {
            Ok(role) => (Some(role), without(rest, &["to", "lead to"])),
            Err(_) if word.eq_ignore_ascii_case("to") => (own, rest),
            Err(_) => (own, who),
        };
        let Some(role) = role.filter(|_| !name.is_empty()) else {
            return Ok(None);
        };
        Ok(Some(Command::Leads {
            appoint: [(role, self.scene.person(name)?)].into(),
            note: note.map(str::to_owned),
        }))
    }

    /// The lead that the speaker has, if it is one.
    fn own_lead(&self) -> Option<LeadRole> {
        let mut own = self.scene.leads.iter();
        match (own.next(), own.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }

    /// `NAME [as AUDIENCE]: NOTE`
    fn add(&self) -> Result<Option<Command>, Refusal> {
        let (who, note) = noted(self.rest);
        let Some(note) = note else {
            return Ok(None);
        };
        let (name, audience) = match who.rsplit_once(" as ") {
            Some((name, audience)) => (name, Some(audience)),
            None => (who, None),
        };
        let who = self.scene.recipient(name)?;
        let audience = match audience {
            Some(word) => audience_of(word)?,
            None => usual_audience(self.scene, &who),
        };
        Ok(Some(Command::Add {
            who,
            audience,
            channels: Vec::new(),
            note: note.to_owned(),
        }))
    }

    /// `NAME until TIME[: NOTE]`
    fn mute(&self, incident: IncidentId) -> Result<Option<Command>, Refusal> {
        let Some((name, until)) = self.rest.split_once(" until ") else {
            return Ok(None);
        };
        // A note begins behind a colon and a space; a clock time has a colon without one.
        let (until, note) = match until.split_once(": ") {
            Some((until, note)) => (until, Some(note.trim().to_owned())),
            None => (until, None),
        };
        let person = self.scene.person(name)?;
        let until = self.scene.ahead(until).map_err(|misread| {
            let why = note.as_deref().map(|note| format!(": {note}"));
            let why = why.unwrap_or_default();
            self.which_time(misread, |time| {
                format!("{incident} {person} until {time}{why}")
            })
        })?;
        Ok(Some(Command::Mute {
            person,
            until,
            note,
        }))
    }

    /// `yes|no [because] REASON`
    fn decide(&self) -> Result<Option<Command>, Refusal> {
        let (word, reason) = first_word(self.rest);
        let contact_users = match word.trim_end_matches([',', ':']).to_lowercase().as_str() {
            "yes" => true,
            "no" => false,
            _ => return Err(self.needs("yes or no, and the reason")),
        };
        let reason = without(reason, &["because", "as", "since"]);
        Ok((!reason.is_empty()).then(|| Command::Decide {
            contact_users,
            reason: reason.to_owned(),
        }))
    }

    /// `STEP done|open|not-needed [NOTE]`
    fn step(&self) -> Result<Option<Command>, Refusal> {
        let (step, rest) = first_word(self.rest);
        let step = step
            .to_lowercase()
            .parse()
            .map_err(|_| self.needs("the name of a step"))?;
        let (word, note) = first_word(rest);
        let state = match word.trim_end_matches(':').to_lowercase().as_str() {
            "" => return Ok(None),
            "done" => StepState::Done,
            "open" => StepState::Open,
            "not-needed" | "skip" => StepState::NotNeeded,
            _ => return Err(self.needs("done, open or not-needed after the step")),
        };
        let note = without(note, &["because"]);
        Ok(Some(Command::Step {
            step,
            state,
            note: (!note.is_empty()).then(|| note.to_owned()),
        }))
    }

    /// `[duplicate of INC-0007] [TEXT]`
    fn close(&self) -> Result<Command, Refusal> {
        let (word, rest) = first_word(self.rest);
        let (duplicate_of, text) = if word.eq_ignore_ascii_case("duplicate") {
            let (other, text) = first_word(without(rest, &["of"]));
            let other = other.trim_end_matches([':', ',', '.']);
            let other = other
                .parse()
                .map_err(|_| self.needs("the other incident"))?;
            (Some(other), text)
        } else {
            (None, self.rest)
        };
        Ok(Command::Close {
            duplicate_of,
            text: (!text.is_empty()).then(|| text.to_owned()),
            report: None,
            review_at: None,
            actions: Vec::new(),
        })
    }
}

/// The audience that a word means.
pub(in crate::chatops) fn audience_of(word: &str) -> Result<Audience, Refusal> {
    word.trim().to_lowercase().parse().map_err(|_| {
        let names = Audience::ALL.map(Audience::as_str);
        Refusal::new(
            "bad-audience",
            format!("\"{}\" is no audience.", word.trim()),
            format!("Use {}.", or_list(&names)),
        )
    })
}

/// As whom somebody reads who was added without saying it.
pub(in crate::chatops) fn usual_audience(scene: &Scene<'_>, who: &RecipientId) -> Audience {
    if scene.directory.is_outside(who) {
        return Audience::External;
    }
    match who {
        RecipientId::Person(_) => Audience::Owners,
        RecipientId::Destination(_) => Audience::Responders,
    }
}

/// What is said of somebody behind a colon.
pub(in crate::chatops) fn noted(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((who, note)) if !note.trim().is_empty() => (who.trim(), Some(note.trim())),
        Some((who, _)) => (who.trim(), None),
        None => (text, None),
    }
}

/// The text without one of these words before it.
pub(in crate::chatops) fn without<'a>(text: &'a str, words: &[&str]) -> &'a str {
    let text = text.trim_start_matches([',', ':', ' ']);
    for word in words {
        if let Some(start) = text.get(..word.len())
            && start.eq_ignore_ascii_case(word)
            && let rest = &text[word.len()..]
            && (rest.is_empty() || rest.starts_with(char::is_whitespace))
        {
            return rest.trim();
        }
    }
    text.trim()
}

/// Services, and how the incident touches them: affected, unless the words end otherwise.
fn related(text: &str) -> Result<(&str, Relation), Refusal> {
    let Some((names, word)) = text.rsplit_once(" as ") else {
        return Ok((text, Relation::Affected));
    };
    let relation = match word.trim().to_lowercase().as_str() {
        "affected" => Relation::Affected,
        "upstream" => Relation::Upstream,
        "downstream" => Relation::Downstream,
        _ => {
            return Err(Refusal::new(
                "bad-relation",
                format!(
                    "\"{}\" is no way in which a service is touched.",
                    word.trim()
                ),
                "Use affected, upstream or downstream.",
            ));
        }
    };
    Ok((names, relation))
}
