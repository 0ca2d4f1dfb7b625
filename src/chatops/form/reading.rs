//! What was filled in, as the same command as the line.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::grammar::{Scene, audience_of, lead, usual_audience},
    Asked, Filled,
    names::{named_services, who},
    verbs::{KEEP, OVERRIDE, fields},
};
use crate::domain::{
    FactorId, IncidentId, PersonId, PriorityId, Time,
    command::{Command, Declare, Refusal},
    event::StepState,
    facts::Facts,
    incident::{self, LeadRole, Stage},
    situation::{RecipientId, Relation},
    verbs::Verb,
    when::{self, Side},
};

/// Reads what was filled in.
pub fn read(
    scene: &Scene<'_>,
    verb: Verb,
    incident: Option<IncidentId>,
    filled: &Filled,
) -> Result<Asked, Refusal> {
    if let Some(empty) = fields(scene, verb, filled)
        .into_iter()
        .flatten()
        .find(|field| field.needed && value(filled, field.id).is_none())
    {
        return Err(missing(empty.label));
    }
    let form = Form { scene, filled };
    match incident {
        None => form.declare().map(|it| Asked::Declare(Box::new(it))),
        Some(incident) => {
            let command = form.change(verb)?;
            Ok(Asked::Change(incident, Box::new(command)))
        }
    }
}

/// Whether it is no more than the empty box of a prompt: then the whole form is asked for.
pub fn is_blank(filled: &Filled) -> bool {
    let mut fields = filled.iter();
    fields.all(|(id, value)| id == "text" && value.trim().is_empty())
}

pub(super) fn missing(label: &str) -> Refusal {
    Refusal::new(
        "missing-field",
        format!("This is still to be filled in: {label}"),
        "Fill it in and go on.",
    )
}

pub(super) fn value(filled: &Filled, id: &str) -> Option<String> {
    let value = filled.get(id)?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// A form that was handed in.
struct Form<'a> {
    scene: &'a Scene<'a>,
    filled: &'a Filled,
}

impl Form<'_> {
    fn value(&self, id: &str) -> Option<String> {
        value(self.filled, id)
    }

    fn text(&self, id: &str) -> String {
        self.value(id).unwrap_or_default()
    }

    fn declare(&self) -> Result<Declare, Refusal> {
        let factors = self.factors();
        let priority = self.priority()?;
        if priority.is_none() && factors.is_empty() {
            return Err(missing("How grave is it?"));
        }
        let mut leads = self.named_leads()?;
        if let Some(comms) = self.person("comms")? {
            leads.entry(LeadRole::Comms).or_insert(comms);
        }
        Ok(Declare {
            title: self.text("title"),
            priority,
            factors,
            override_ceiling: self.value(OVERRIDE),
            services: named_services(self.scene, self.filled)?
                .into_iter()
                .map(|service| (service, Relation::Affected))
                .collect(),
            facts: self.facts(),
            kind: incident::Kind::ALL
                .into_iter()
                .find(|kind| Some(kind.as_str()) == self.value("kind").as_deref())
                .unwrap_or_default(),
            started_at: self.behind("started")?,
            leads,
            ..Declare::default()
        })
    }

    fn change(&self, verb: Verb) -> Result<Command, Refusal> {
        Ok(match verb {
            Verb::Update => Command::Update {
                text: self.text("text"),
                facts: self.facts(),
                stage: self.stage(),
                next_update: self.ahead("next_update")?,
            },
            Verb::Resolve => Command::Resolve {
                text: self.text("text"),
                at: self.behind("at")?,
                lost: self.value("lost"),
                still_stuck: self.value("still_stuck"),
            },
            Verb::Priority => {
                let (to, factors) = (self.priority()?, self.factors());
                if to.is_none() && factors.is_empty() {
                    return Err(missing("How grave is it now?"));
                }
                Command::Priority {
                    to,
                    factors,
                    why: self.text("why"),
                    override_ceiling: self.value(OVERRIDE),
                    next_update: None,
                }
            }
            Verb::Stage => Command::Stage {
                to: self.stage().ok_or_else(|| missing("How far is it?"))?,
            },
            Verb::Services => self.services()?,
            Verb::Leads => self.leads()?,
            Verb::Handover => Command::Leads {
                appoint: [(lead(&self.text("role"))?, self.someone("Who takes over?")?)].into(),
                note: self.value("note"),
            },
            Verb::Add => {
                let who = who(self.scene, self.filled)?
                    .ok_or_else(|| missing("Who is told from now on?"))?;
                Command::Add {
                    audience: match self.value("audience") {
                        Some(word) => audience_of(&word)?,
                        None => usual_audience(self.scene, &who),
                    },
                    who,
                    channels: Vec::new(),
                    note: self.text("note"),
                }
            }
            Verb::Mute => Command::Mute {
                person: self.someone("Who is not told for a while?")?,
                until: self.ahead("until")?.ok_or_else(|| missing("Until when?"))?,
                note: self.value("note"),
            },
            Verb::Decide => Command::Decide {
                contact_users: self.text("answer") == "yes",
                reason: self.text("reason"),
            },
            Verb::Step => self.step()?,
            Verb::Correct => self.correct()?,
            Verb::Close => self.close()?,
            Verb::Note => Command::Note {
                text: self.text("text"),
            },
            Verb::Reopen => Command::Reopen {
                why: self.text("why"),
                next_update: None,
            },
            Verb::Cancel => Command::Cancel {
                why: self.text("why"),
            },
            _ => {
                return Err(Refusal::new(
                    "no-form",
                    "There is no such form.",
                    "Say help to see what you can say.",
                ));
            }
        })
    }

    fn services(&self) -> Result<Command, Refusal> {
        let relation = match self.text("relation").as_str() {
            "upstream" => Relation::Upstream,
            "downstream" => Relation::Downstream,
            _ => Relation::Affected,
        };
        let removed = self.text("remove");
        Ok(Command::Services {
            add: named_services(self.scene, self.filled)?
                .into_iter()
                .map(|service| (service, relation))
                .collect(),
            remove: removed
                .split(',')
                .filter_map(|id| id.parse().ok())
                .collect(),
            text: self.value("text"),
        })
    }

    /// Those who were chosen or named, but for those who lead already.
    fn leads(&self) -> Result<Command, Refusal> {
        let mut appoint = self.named_leads()?;
        for role in LeadRole::ALL {
            if let Some(person) = self.person(role.as_str())? {
                appoint.entry(role).or_insert(person);
            }
        }
        if let Some(subject) = self.scene.subject {
            appoint.retain(|role, person| subject.incident.leads.get(role) != Some(person));
        }
        Ok(Command::Leads {
            appoint,
            note: None,
        })
    }

    fn named_leads(&self) -> Result<BTreeMap<LeadRole, PersonId>, Refusal> {
        let named = self.text("leads");
        self.scene
            .leads_in(&named)?
            .ok_or_else(|| missing("the name of a lead"))
    }

    fn step(&self) -> Result<Command, Refusal> {
        Ok(Command::Step {
            step: self
                .text("step")
                .parse()
                .map_err(|_| missing("Which step?"))?,
            state: match self.text("state").as_str() {
                "not-needed" => StepState::NotNeeded,
                "open" => StepState::Open,
                _ => StepState::Done,
            },
            note: self.value("note"),
        })
    }

    fn correct(&self) -> Result<Command, Refusal> {
        let incident = self.scene.subject.map(|subject| subject.incident);
        Ok(Command::Correct {
            events: [self
                .text("event")
                .parse()
                .map_err(|_| missing("Which message was wrong?"))?]
            .into(),
            wrong: self.text("wrong"),
            right: self.text("right"),
            facts: self.facts(),
            title: self.changed("title", incident.map(|it| it.title.as_str())),
            holding_line: self.changed(
                "holding_line",
                incident.and_then(|it| it.holding_line.as_deref()),
            ),
        })
    }

    fn close(&self) -> Result<Command, Refusal> {
        let duplicate_of = match self.value("duplicate") {
            Some(text) => Some(text.parse().map_err(|_| {
                Refusal::new(
                    "unknown-incident",
                    format!("\"{text}\" is no incident."),
                    "Use its reference, for example INC-0042.",
                )
            })?),
            None => None,
        };
        Ok(Command::Close {
            duplicate_of,
            text: self.value("text"),
            report: self.value("report"),
            review_at: self.ahead("review")?,
            actions: self
                .text("actions")
                .lines()
                .map(|line| line.trim_start_matches("- ").trim().to_owned())
                .filter(|line| !line.is_empty())
                .collect(),
        })
    }

    /// What was filled in and is not as it was said last.
    fn facts(&self) -> Facts {
        let last = self.scene.subject.map(|subject| &subject.incident.facts);
        let changed =
            |id, last: Option<&Option<String>>| self.changed(id, last.and_then(Option::as_deref));
        Facts {
            effect: changed("effect", last.map(|it| &it.effect)),
            who: changed("who", last.map(|it| &it.who)),
            what_to_do: changed("what_to_do", last.map(|it| &it.what_to_do)),
            doing: changed("doing", last.map(|it| &it.doing)),
            decision: changed("decision", last.map(|it| &it.decision)),
            theory: changed("theory", last.map(|it| &it.theory)),
        }
    }

    /// What was filled in, unless it is as it was said last; that only if somebody says that it is right.
    fn changed(&self, id: &str, last: Option<&str>) -> Option<String> {
        let now = self.value(id);
        if now.as_deref() != last.map(str::trim) && now.is_some() {
            return now;
        }
        self.value(KEEP).and(last).map(str::to_owned)
    }

    /// An open stage, if one was chosen.
    fn stage(&self) -> Option<Stage> {
        let chosen = self.value("stage")?;
        Stage::ALL
            .into_iter()
            .find(|stage| stage.is_open() && stage.as_str() == chosen)
    }

    fn priority(&self) -> Result<Option<PriorityId>, Refusal> {
        let Some(word) = self.value("priority") else {
            return Ok(None);
        };
        match self.scene.priority(&word) {
            Some(priority) => Ok(Some(priority)),
            None => Err(Refusal::new(
                "unknown-priority",
                format!("\"{word}\" is no priority."),
                "Choose one of the list.",
            )),
        }
    }

    fn factors(&self) -> BTreeSet<FactorId> {
        let ticked = self.text("factors");
        ticked.split(',').filter_map(|id| id.parse().ok()).collect()
    }

    /// A person of a list.
    fn person(&self, id: &str) -> Result<Option<PersonId>, Refusal> {
        let chosen = self.value(id);
        chosen.map(|name| self.scene.person(&name)).transpose()
    }

    /// A person, of the list or by name.
    fn someone(&self, label: &str) -> Result<PersonId, Refusal> {
        match who(self.scene, self.filled)? {
            Some(RecipientId::Person(person)) => Ok(person),
            // Says that it is no person.
            Some(RecipientId::Destination(id)) => self.scene.person(id.as_str()),
            None => Err(missing(label)),
        }
    }

    fn behind(&self, id: &str) -> Result<Option<Time>, Refusal> {
        let read = |text: String| {
            let (now, zone) = (self.scene.now, self.scene.policy.time_zone);
            when::parse(&text, now, zone, Side::Behind).map_err(|misread| Refusal {
                fix: format!("{} Or leave it empty for now.", misread.fix),
                ..Refusal::from(misread)
            })
        };
        self.value(id).map(read).transpose()
    }

    fn ahead(&self, id: &str) -> Result<Option<Time>, Refusal> {
        let read = |text: String| self.scene.ahead(&text);
        Ok(self.value(id).map(read).transpose()?)
    }
}
