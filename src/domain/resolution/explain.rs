//! Why somebody is told, or is not: for one person or destination at a time.
//!
//! Somebody whom nothing matched is met with the nearest rule: of the rules that would name them
//! on some service, the one with the fewest conditions that fail, then the first by id.

use std::sync::Arc;

use serde::Serialize;

use super::{
    Recipient, Resolution, Withheld,
    compile::{Compiled, Ready, ReadyTarget},
    conditions::{Asker, Failing},
    matching::Scene,
};
use crate::domain::{
    RuleId, ServiceId,
    situation::{RecipientId, Situation},
};

/// Why somebody is told, or is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Person or destination.
    pub who: RecipientId,
    /// Their name; the id if the directory does not know them.
    pub name: Arc<str>,
    /// The answer.
    pub verdict: Verdict,
}

/// Told, not told, or not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// They are told; the recipient has the channels and every reason.
    Told(Recipient),
    /// They matched, and are not told.
    Withheld(Withheld),
    /// No rule matched them.
    NotMatched {
        /// The rule that came nearest; `None` if no rule names them on any service.
        nearest: Option<NearMiss>,
    },
    /// The directory does not know them.
    Unknown,
}

/// A rule that would have told somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The rule.
    pub rule: RuleId,
    /// Its own sentence.
    pub says: Arc<str>,
    /// The service on which it came nearest, if it is about one.
    pub service: Option<ServiceId>,
    /// Every condition that fails; never empty.
    pub failing: Vec<Failing>,
}

impl Explanation {
    /// The answer as people read it.
    pub fn sentence(&self) -> String {
        match &self.verdict {
            Verdict::Told(recipient) => {
                let channels: Vec<&str> = recipient
                    .choices
                    .iter()
                    .map(|choice| choice.channel.as_str())
                    .collect();
                let reasons: Vec<&str> = recipient
                    .reasons
                    .iter()
                    .map(|reason| &*reason.text)
                    .collect();
                format!(
                    "{} is told by {}: {}.",
                    self.name,
                    channels.join(" and "),
                    reasons.join("; ")
                )
            }
            Verdict::Withheld(withheld) => {
                format!("{} is not told. {}", self.name, withheld.sentence)
            }
            Verdict::NotMatched { nearest: None } => {
                format!("{} is not told. No rule names them.", self.name)
            }
            Verdict::NotMatched {
                nearest: Some(near),
            } => {
                let failing: Vec<&str> = near
                    .failing
                    .iter()
                    .map(|failing| failing.sentence.as_str())
                    .collect();
                format!(
                    "{} is not told. The nearest rule is \"{}\". {}",
                    self.name,
                    near.says,
                    failing.join(" ")
                )
            }
            Verdict::Unknown => format!("The directory does not know {}.", self.name),
        }
    }
}

impl Compiled {
    /// Why somebody is told, or is not.
    pub fn explain(&self, situation: &Situation, who: &RecipientId) -> Explanation {
        let resolution = self.resolve(situation);
        let scene = Scene::new(self, situation);
        self.explain_in(situation, &scene, &resolution, who)
    }

    /// The people and destinations whom nothing matched, explained, in the order of their names:
    /// a page of at most `limit` after the first `skip`. With how many there are in all.
    pub fn not_matched(
        &self,
        situation: &Situation,
        resolution: &Resolution,
        skip: usize,
        limit: usize,
    ) -> (Vec<Explanation>, usize) {
        let told = resolution.recipients.iter().map(|one| &one.who);
        let withheld = resolution.withheld.iter().map(|one| &one.who);
        let matched: std::collections::HashSet<&RecipientId> = told.chain(withheld).collect();
        let left = || {
            let parties = self.parties.iter().map(|party| &party.id);
            parties.filter(|id| !matched.contains(id))
        };
        let scene = Scene::new(self, situation);
        let page = left()
            .skip(skip)
            .take(limit)
            .map(|who| self.explain_in(situation, &scene, resolution, who))
            .collect();
        (page, left().count())
    }

    fn explain_in(
        &self,
        situation: &Situation,
        scene: &Scene,
        resolution: &Resolution,
        who: &RecipientId,
    ) -> Explanation {
        let party = self.party_of.get(who).copied();
        let name = party.map_or_else(
            || who.as_str().into(),
            |at| Arc::clone(&self.parties[at as usize].name),
        );
        let told = resolution.recipients.iter().find(|one| one.who == *who);
        let withheld = resolution.withheld.iter().find(|one| one.who == *who);
        let verdict = match (told, withheld, party) {
            (Some(told), _, _) => Verdict::Told(told.clone()),
            (None, Some(withheld), _) => Verdict::Withheld(withheld.clone()),
            (None, None, None) => Verdict::Unknown,
            (None, None, Some(party)) => Verdict::NotMatched {
                nearest: self.nearest_rule(situation, scene, party),
            },
        };
        Explanation {
            who: who.clone(),
            name,
            verdict,
        }
    }

    fn nearest_rule(&self, situation: &Situation, scene: &Scene, party: u32) -> Option<NearMiss> {
        let mut best: Option<NearMiss> = None;
        for ready in &self.rules {
            for target in &ready.tell {
                let Some(on) = self.named_on(target, party, situation) else {
                    continue;
                };
                let asker = Asker::new(self, ready, target, party, situation, scene);
                let (service, failing) = match on {
                    On::Services(services) => asker.on_services(&services),
                    On::Anything => asker.on_anything(),
                };
                let nearer = best
                    .as_ref()
                    .is_none_or(|best| failing.len() < best.failing.len());
                if nearer {
                    best = Some(self.near_miss(ready, service, failing));
                }
            }
        }
        best
    }

    fn near_miss(
        &self,
        ready: &Ready,
        service: Option<ServiceId>,
        failing: Vec<Failing>,
    ) -> NearMiss {
        NearMiss {
            rule: self.rule(ready).id.clone(),
            says: Arc::clone(&ready.says),
            service,
            failing,
        }
    }

    /// On what a target would name this party; `None` if it never would.
    fn named_on(&self, target: &ReadyTarget, party: u32, situation: &Situation) -> Option<On> {
        let services = |named: &dyn Fn(u32) -> bool| {
            let all = 0..super::compile::number(self.services.len());
            let services: Vec<u32> = all.filter(|at| named(*at)).collect();
            (!services.is_empty()).then_some(On::Services(services))
        };
        match target {
            ReadyTarget::Role(role) => services(&|at| {
                let holders = self.holders.get(&(at, role.clone()));
                holders.is_some_and(|holders| holders.contains(&party))
            }),
            ReadyTarget::Contacts(organisation) => services(&|at| {
                let contacts = &self.services[at as usize].contacts;
                contacts.iter().any(|(of, people)| {
                    organisation.as_ref().is_none_or(|wanted| wanted == of)
                        && people.contains(&party)
                })
            }),
            ReadyTarget::ServiceDestinations => {
                services(&|at| self.services[at as usize].destinations.contains(&party))
            }
            ReadyTarget::Group { members, .. } => members.contains(&party).then_some(On::Anything),
            ReadyTarget::Person(named) | ReadyTarget::Destination(named) => {
                (*named == Some(party)).then_some(On::Anything)
            }
            ReadyTarget::Leads => {
                let leads = situation.leads.values();
                let mut parties = leads.filter_map(|person| self.person(person));
                parties.any(|lead| lead == party).then_some(On::Anything)
            }
        }
    }
}

/// On what a target names somebody.
enum On {
    /// On these services, where they hold the role or are the contact.
    Services(Vec<u32>),
    /// On any service that passes.
    Anything,
}
