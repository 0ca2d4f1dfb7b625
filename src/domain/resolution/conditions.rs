//! The conditions of one rule that fail for one person, in words.

use serde::Serialize;

use super::{
    compile::{Compiled, Ready, ReadyTarget},
    matching::{Scene, holds_without_services, touched_as},
    resolve::{Mutes, Overrides},
    walk::Touched,
};
use crate::domain::{
    Audience, ServiceId,
    nearest::or_list,
    policy::{By, Hours, Rule, Test},
    situation::{RecipientId, Relation, Situation},
};

/// A condition that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failing {
    /// Which condition.
    pub condition: Condition,
    /// What the rule asks for and what there is, as a sentence.
    pub sentence: String,
}

/// What a rule, or the incident, can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Priority of the incident.
    Priority,
    /// Stage of the incident.
    Stage,
    /// What is being said.
    Moment,
    /// Kind of incident.
    Kind,
    /// Inside or outside working hours.
    Hours,
    /// Number of affected services.
    ServicesAffected,
    /// How a service is touched.
    Relation,
    /// Which service.
    Service,
    /// A tag of the service.
    Tag,
    /// The service's programme.
    Programme,
    /// The service's tier.
    Tier,
    /// A restricted incident is told only where a rule names its kind, or the person.
    Restricted,
    /// Users are contacted only after a decision.
    UsersDecision,
    /// The person is muted.
    Muted,
    /// There is no usable address on the rule's channels.
    Address,
}

/// Asks which conditions of a rule fail for one party and one of the rule's targets.
pub(super) struct Asker<'a> {
    compiled: &'a Compiled,
    rule: &'a Rule,
    ready: &'a Ready,
    target: &'a ReadyTarget,
    party: u32,
    situation: &'a Situation,
    scene: &'a Scene,
}

impl<'a> Asker<'a> {
    pub(super) fn new(
        compiled: &'a Compiled,
        ready: &'a Ready,
        target: &'a ReadyTarget,
        party: u32,
        situation: &'a Situation,
        scene: &'a Scene,
    ) -> Self {
        Self {
            compiled,
            rule: compiled.rule(ready),
            ready,
            target,
            party,
            situation,
            scene,
        }
    }

    /// For a target that names them on these services: the service on which least fails.
    pub(super) fn on_services(&self, services: &[u32]) -> (Option<ServiceId>, Vec<Failing>) {
        let ids = services
            .iter()
            .map(|at| &self.compiled.services[*at as usize].id);
        self.best(ids.cloned().collect())
    }

    /// For a target that names them whatever the service is.
    pub(super) fn on_anything(&self) -> (Option<ServiceId>, Vec<Failing>) {
        if holds_without_services(&self.rule.when, self.scene) {
            return (None, self.around());
        }
        let touched = self.scene.touched.iter().map(|one| one.service.clone());
        let mut services: Vec<ServiceId> = touched.collect();
        services.extend(self.compiled.services.iter().map(|node| node.id.clone()));
        if services.is_empty() {
            let mut failing = self.around();
            failing.push(Failing {
                condition: Condition::Relation,
                sentence: "No service is affected.".to_owned(),
            });
            return (None, failing);
        }
        self.best(services)
    }

    /// Fewest failing; of equals the one that only needs to be touched, then the first given.
    fn best(&self, services: Vec<ServiceId>) -> (Option<ServiceId>, Vec<Failing>) {
        let around = self.around();
        let best = services
            .into_iter()
            .map(|service| {
                let failing = self.on_service(&service);
                let other = failing
                    .iter()
                    .any(|one| one.condition != Condition::Relation);
                (failing.len(), other, service, failing)
            })
            .min_by_key(|(count, other, _, _)| (*count, *other));
        match best {
            Some((_, _, service, on_service)) => {
                let mut failing = around;
                failing.extend(on_service);
                (Some(service), failing)
            }
            None => (None, around),
        }
    }

    fn on_service(&self, id: &ServiceId) -> Vec<Failing> {
        let when = &self.rule.when;
        let known = self.compiled.service(id);
        let name = known.map_or(id.as_str(), |service| service.name.as_str());
        let mut failing = Vec::new();
        let mut add = |condition, sentence| {
            failing.push(Failing {
                condition,
                sentence,
            })
        };
        let touched = self.scene.touched.iter().find(|one| one.service == *id);
        if !touched.is_some_and(|touched| touched_as(when, touched)) {
            let wants = wants(&when.relation, |relation| relation.as_str().to_owned());
            let is = how(touched, when.depth);
            add(
                Condition::Relation,
                format!("It is {wants} services, and {name} is {is}."),
            );
        }
        if !when.service.admits(id) {
            let wants = wants(&when.service, |id| self.name_of(id));
            add(
                Condition::Service,
                format!("It is {wants}, and this is {name}."),
            );
        }
        let tags: Vec<&String> = known.into_iter().flat_map(|one| &one.tags).collect();
        if !when.tag.admits_any(tags.iter().copied()) {
            let wants = wants(&when.tag, |tag| format!("\"{tag}\""));
            add(
                Condition::Tag,
                format!("It is {wants} as a tag, and {name} has {}.", list(&tags)),
            );
        }
        let programme = known.and_then(|one| one.programme.as_ref());
        if !when.programme.admits_any(programme.iter().copied()) {
            let wants = wants(&when.programme, String::clone);
            add(
                Condition::Programme,
                format!(
                    "It is {wants}, and {name} is in {}.",
                    programme.map_or("no programme", String::as_str)
                ),
            );
        }
        let tier = known.and_then(|one| one.tier.as_ref());
        if !when.tier.admits_any(tier.iter().copied()) {
            let wants = wants(&when.tier, |tier| format!("tier {tier}"));
            let is = tier.map_or("no tier".to_owned(), |tier| format!("tier {tier}"));
            add(
                Condition::Tier,
                format!("It is {wants}, and {name} has {is}."),
            );
        }
        failing
    }

    /// Conditions on the incident and on the person, which are the same for every service.
    fn around(&self) -> Vec<Failing> {
        let when = &self.rule.when;
        let now = self.situation;
        let mut failing = Vec::new();
        let mut add = |condition, sentence| {
            failing.push(Failing {
                condition,
                sentence,
            })
        };
        if !when.priority.admits(&now.priority) {
            let wants = wants(&when.priority, ToString::to_string);
            add(
                Condition::Priority,
                format!("It is {wants}, and this is a {}.", now.priority),
            );
        }
        if !when.stage.admits(&now.stage) {
            let wants = wants(&when.stage, |stage| format!("\"{}\"", stage.label()));
            add(
                Condition::Stage,
                format!("It is {wants}, and the stage is \"{}\".", now.stage.label()),
            );
        }
        if !when.moment.admits(&now.moment) {
            let wants = wants(&when.moment, ToString::to_string);
            add(
                Condition::Moment,
                format!("It is {wants}, and this is {}.", now.moment),
            );
        }
        if !when.kind.admits(&now.kind) {
            let words = |kind: &str| kind.replace('_', " ");
            let wants = wants(&when.kind, |kind| words(kind.as_str()));
            add(
                Condition::Kind,
                format!(
                    "It is {wants} incidents, and this one is {}.",
                    words(now.kind.as_str())
                ),
            );
        }
        if when.hours.is_some_and(|hours| hours != self.scene.hours) {
            let words = |hours| match hours {
                Hours::Inside => "inside",
                Hours::Outside => "outside",
            };
            let wants = when.hours.map_or("", words);
            add(
                Condition::Hours,
                format!(
                    "It is for {wants} working hours, and now is {} them.",
                    words(self.scene.hours)
                ),
            );
        }
        if self.scene.affected < when.services_affected_at_least {
            add(
                Condition::ServicesAffected,
                format!(
                    "It is for at least {} affected services, and there are {}.",
                    when.services_affected_at_least, self.scene.affected
                ),
            );
        }
        failing.extend(self.person());
        failing
    }

    fn person(&self) -> Vec<Failing> {
        let party = &self.compiled.parties[self.party as usize];
        let now = self.situation;
        let mut failing = Vec::new();
        let mut add = |condition, sentence: &str| {
            failing.push(Failing {
                condition,
                sentence: sentence.to_owned(),
            });
        };
        let audience = if party.outside {
            self.rule.audience.max(Audience::External)
        } else {
            self.rule.audience
        };
        let named = match self.target {
            ReadyTarget::Person(_) | ReadyTarget::Group { .. } => true,
            ReadyTarget::ServiceDestinations => false,
            _ => self.rule.when.kind.any.contains(&now.kind),
        };
        if now.restricted && (!named || audience.is_outside()) {
            add(
                Condition::Restricted,
                "The incident is restricted, and the rule does not name them for it.",
            );
        }
        if audience == Audience::Users && now.users_contact != Some(true) {
            add(
                Condition::UsersDecision,
                "There is no decision to contact users.",
            );
        }
        let overrides = if self.rule.overrides_mute {
            Overrides::Everything
        } else {
            Overrides::Nothing
        };
        if Mutes::of(party, now).holds_against(overrides) {
            add(Condition::Muted, "They are muted.");
        }
        let mut usable =
            (self.compiled.usable(party).iter()).chain(self.compiled.despite_marks(party, now));
        let reachable = match party.id {
            RecipientId::Destination(_) => usable.next().is_some(),
            RecipientId::Person(_) => {
                usable.any(|(channel, _)| self.ready.by.channels.contains(channel))
            }
        };
        if !reachable {
            let (By::All(named) | By::FirstOf(named)) = &self.rule.by;
            let names: Vec<&str> = named.iter().map(|name| name.as_str()).collect();
            let sentence = match party.id {
                RecipientId::Person(_) => {
                    format!("They have no usable address on {}.", or_list(&names))
                }
                RecipientId::Destination(_) => "It has no usable address.".to_owned(),
            };
            add(Condition::Address, &sentence);
        }
        failing
    }

    fn name_of(&self, id: &ServiceId) -> String {
        let known = self.compiled.service(id);
        known.map_or(id.to_string(), |service| service.name.clone())
    }
}

/// What a test asks for: "for P1 or P2", "not for P3".
fn wants<T>(test: &Test<T>, words: impl Fn(&T) -> String) -> String {
    let any: Vec<String> = test.any.iter().map(&words).collect();
    let none: Vec<String> = test.none.iter().map(&words).collect();
    match (any.is_empty(), none.is_empty()) {
        (false, true) => format!("for {}", or_list(&any)),
        (true, false) => format!("not for {}", or_list(&none)),
        (false, false) => format!("for {} and not for {}", or_list(&any), or_list(&none)),
        (true, true) => "for all".to_owned(),
    }
}

/// How a service is touched, in words.
fn how(touched: Option<&Touched>, depth: u32) -> String {
    let relations: Vec<&str> = touched
        .into_iter()
        .flat_map(|touched| touched.relations(depth))
        .map(|relation: &Relation| relation.as_str())
        .collect();
    if relations.is_empty() {
        "not touched".to_owned()
    } else {
        relations.join(" and ")
    }
}

fn list(tags: &[&String]) -> String {
    if tags.is_empty() {
        "none".to_owned()
    } else {
        let tags: Vec<&str> = tags.iter().map(|tag| tag.as_str()).collect();
        tags.join(", ")
    }
}
