//! What is odd about a policy before an incident shows it: rules that reach nobody, can never
//! match or are covered by another, ceilings and seasons for no service, and services without a
//! senior contact.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Compiled, compile::ReadyTarget, cover::covers};
use crate::domain::{
    RoleId, RuleId, ServiceId, Time,
    directory::Service,
    incident::{Kind, Stage},
    nearest::{nearest, or_list},
    notification::Moment,
    policy::{Rule, Target, Test},
    policy_file::service_passes,
    situation::{RecipientId, Relation, Situation},
};

/// Something that is probably not meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What sort of thing.
    pub kind: FindingKind,
    /// The rule, if it is about one.
    pub rule: Option<RuleId>,
    /// The service, if it is about one.
    pub service: Option<ServiceId>,
    /// What is odd, one sentence.
    pub sentence: String,
    /// What to do, one sentence.
    pub fix: String,
}

/// What sort of thing is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The rule may hold, and there is nobody to tell.
    ReachesNobody,
    /// One of those whom the rule tells is nobody who can be told.
    TargetReachesNobody,
    /// The rule names a kind of incident that is restricted, and nobody whom it tells may hear of it.
    SilentWhenRestricted,
    /// The rule cannot hold, whatever happens.
    NeverMatches,
    /// Another rule tells the same people and more whenever this one does.
    Covered,
    /// A ceiling or a season holds for no service.
    CoversNothing,
    /// Nobody senior is told about the gravest incident on the service.
    NoSeniorContact,
}

/// Roles of which one must hear about the gravest incident on a service.
const SENIOR: [&str; 4] = [
    "service-owner",
    "deputy-service-owner",
    "deputy-director",
    "programme-delivery-manager",
];

const NOBODY: &str = "nobody in the directory is named by it";
const NO_ADDRESS: &str = "nobody it names has a usable address on its channels";
const ADD_ADDRESSES: &str =
    "Add addresses to the directory, name other channels, or remove the rule.";

/// How far a rule comes to somebody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Nobody,
    NoAddress,
    Somebody,
}

/// A target as policies write it.
fn written(target: &Target) -> String {
    match target {
        Target::Role(role) => format!("role:{role}"),
        Target::Group(group) => format!("group:{group}"),
        Target::Person(person) => format!("person:{person}"),
        Target::Contacts(None) => "org:*".to_owned(),
        Target::Contacts(Some(organisation)) => format!("org:{organisation}"),
        Target::Destination(destination) => format!("destination:{destination}"),
        Target::ServiceDestinations => "destination:service".to_owned(),
        Target::Leads => "leads".to_owned(),
    }
}

/// Moments that go to leads in their role, or to one person, and never through rules.
fn never_through_rules(moment: Moment) -> bool {
    moment.is_for_leads() || moment == Moment::Test
}

impl Compiled {
    /// Everything odd: rules in the order of their ids, ceilings and seasons, then services. `now` is the instant for
    /// which senior contacts are looked at: mutes and working hours hold as they do then.
    pub fn lint(&self, now: Time) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (number, ready) in self.rules.iter().enumerate() {
            let rule = self.rule(ready);
            let finding = self
                .never_matches(rule)
                .or_else(|| self.reaches_nobody(number, rule))
                .or_else(|| self.covered(number, rule));
            let is_dead = finding
                .as_ref()
                .is_some_and(|it| it.kind != FindingKind::Covered);
            findings.extend(finding);
            if !is_dead {
                findings.extend(self.targets_without_anybody(number, rule));
                findings.extend(self.silent_when_restricted(number, rule));
            }
        }
        findings.extend(self.covers_nothing());
        findings.extend(self.without_senior_contact(now));
        findings
    }

    fn passing<'a>(&'a self, rule: &'a Rule) -> impl Iterator<Item = &'a Service> {
        let services = self.directory.services.values();
        services.filter(|service| service_passes(&rule.when, service))
    }

    fn never_matches(&self, rule: &Rule) -> Option<Finding> {
        let when = &rule.when;
        let priorities = self.policy.priorities.iter().map(|priority| &priority.id);
        let moments = Moment::ALL
            .iter()
            .filter(|moment| !never_through_rules(**moment));
        let relations = [Relation::Affected, Relation::Upstream, Relation::Downstream];
        let asks_of_service = !(when.service.is_empty()
            && when.tag.is_empty()
            && when.programme.is_empty()
            && when.tier.is_empty());
        let services = self.directory.services.len();
        let why = if !some(&when.priority, priorities) {
            "no priority passes its condition".to_owned()
        } else if !some(&when.stage, Stage::ALL.iter()) {
            "no stage passes its condition".to_owned()
        } else if !some(&when.moment, moments) {
            "no moment that rules are asked about passes its condition".to_owned()
        } else if !some(&when.kind, Kind::ALL.iter()) {
            "no kind of incident passes its condition".to_owned()
        } else if !some(&when.relation, relations.iter()) {
            "no relation passes its condition".to_owned()
        } else if asks_of_service && self.passing(rule).next().is_none() {
            "no service in the directory passes its conditions".to_owned()
        } else if when.services_affected_at_least as usize > services {
            format!(
                "it asks for {} affected services and the directory has {services}",
                when.services_affected_at_least
            )
        } else {
            return None;
        };
        Some(Finding {
            kind: FindingKind::NeverMatches,
            rule: Some(rule.id.clone()),
            service: None,
            sentence: format!("Rule {} can never match: {why}.", rule.id),
            fix: "Change its conditions, or remove it.".to_owned(),
        })
    }

    fn reaches_nobody(&self, number: usize, rule: &Rule) -> Option<Finding> {
        let targets = || self.rules[number].tell.iter();
        let reach = targets()
            .map(|target| self.reach(number, rule, target))
            .max();
        let (why, fix) = if reach == Some(Reach::Somebody) {
            return None;
        } else if reach == Some(Reach::NoAddress) {
            (NO_ADDRESS, ADD_ADDRESSES.to_owned())
        } else {
            let usual = "Give somebody the role or the membership, or remove the rule.";
            let misspelt = targets().find_map(|target| self.misspelt(target));
            (NOBODY, misspelt.unwrap_or_else(|| usual.to_owned()))
        };
        Some(Finding {
            kind: FindingKind::ReachesNobody,
            rule: Some(rule.id.clone()),
            service: None,
            sentence: format!("Rule {} reaches nobody: {why}.", rule.id),
            fix,
        })
    }

    fn misspelt(&self, target: &ReadyTarget) -> Option<String> {
        match target {
            ReadyTarget::Role(role) => self.meant(role),
            _ => None,
        }
    }

    /// Whom one of a rule's targets reaches, whatever happens.
    fn reach(&self, number: usize, rule: &Rule, target: &ReadyTarget) -> Reach {
        if matches!(target, ReadyTarget::Leads) {
            return Reach::Somebody;
        }
        let everyone = self.everyone(target, rule);
        if everyone
            .iter()
            .any(|party| self.is_reachable(number, *party))
        {
            Reach::Somebody
        } else if everyone.is_empty() {
            Reach::Nobody
        } else {
            Reach::NoAddress
        }
    }

    /// Whether a rule has a channel on which the party has a usable address.
    pub(super) fn is_reachable(&self, number: usize, party: u32) -> bool {
        let party = &self.parties[party as usize];
        let by = &self.rules[number].by.channels;
        self.usable(party).iter().any(|(channel, _)| {
            matches!(party.id, RecipientId::Destination(_)) || by.contains(channel)
        })
    }

    /// Each of several whom a rule tells is looked at: that the others are reached hides a slip.
    fn targets_without_anybody(&self, number: usize, rule: &Rule) -> Vec<Finding> {
        let ready = self.rules[number].tell.iter();
        let each = ready.zip(&rule.tell).filter_map(|(ready, target)| {
            // What is not in the directory is a fault of the policy, and is told as such.
            let is_there = match (ready, target) {
                (ReadyTarget::Person(party) | ReadyTarget::Destination(party), _) => {
                    party.is_some()
                }
                (_, Target::Group(group)) => self.directory.groups.contains_key(group),
                _ => true,
            };
            let (why, fix) = match self.reach(number, rule, ready) {
                Reach::Nobody if is_there => (NOBODY, self.misspelt(ready)),
                Reach::NoAddress => (NO_ADDRESS, Some(ADD_ADDRESSES.to_owned())),
                Reach::Nobody | Reach::Somebody => return None,
            };
            let usual = || {
                format!(
                    "Fill it in the directory, or take it out of rule {}.",
                    rule.id
                )
            };
            Some(Finding {
                kind: FindingKind::TargetReachesNobody,
                rule: Some(rule.id.clone()),
                service: None,
                sentence: format!(
                    "Rule {} tells nobody by {}: {why}.",
                    rule.id,
                    written(target)
                ),
                fix: fix.unwrap_or_else(usual),
            })
        });
        each.collect()
    }

    /// The roles that somebody may have meant by one that nobody holds.
    fn meant(&self, role: &RoleId) -> Option<String> {
        let held: BTreeSet<&str> = self
            .directory
            .roles
            .iter()
            .map(|holding| holding.role.as_str())
            .collect();
        let near = nearest(role.as_str(), held.iter().copied());
        (!held.contains(role.as_str()) && !near.is_empty()).then(|| {
            format!(
                "Nobody holds the role {role}; did you mean {}?",
                or_list(&near)
            )
        })
    }

    fn covers_nothing(&self) -> Vec<Finding> {
        let policy = &self.policy;
        let ceilings = policy.ceilings.iter().map(|ceiling| {
            (
                &ceiling.covers,
                format!("The ceiling at {}", ceiling.at_most),
            )
        });
        let seasons = policy.seasons.iter().map(|season| {
            let what = format!(
                "The season of {} as {}",
                season.from_priority, season.counts_as
            );
            (&season.covers, what)
        });
        let services = || self.directory.services.values();
        ceilings
            .chain(seasons)
            .filter(|(covers, _)| {
                !services().any(|service| {
                    covers.services.contains(&service.id) || !covers.tags.is_disjoint(&service.tags)
                })
            })
            .map(|(_, what)| Finding {
                kind: FindingKind::CoversNothing,
                rule: None,
                service: None,
                sentence: format!("{what} holds for no service in the directory."),
                fix: "Give its tag to a service, or correct or remove it.".to_owned(),
            })
            .collect()
    }

    /// Everyone whom a target could name, on any service that the rule admits.
    pub(super) fn everyone(&self, target: &ReadyTarget, rule: &Rule) -> Vec<u32> {
        let nodes = || {
            let ids = self.passing(rule).map(|service| &service.id);
            ids.filter_map(|id| self.service_of.get(id).copied())
        };
        match target {
            ReadyTarget::Role(role) => nodes()
                .filter_map(|node| self.holders.get(&(node, role.clone())))
                .flatten()
                .copied()
                .collect(),
            ReadyTarget::Contacts(organisation) => nodes()
                .flat_map(|node| &self.services[node as usize].contacts)
                .filter(|(of, _)| organisation.as_ref().is_none_or(|wanted| wanted == of))
                .flat_map(|(_, people)| people)
                .copied()
                .collect(),
            ReadyTarget::ServiceDestinations => nodes()
                .flat_map(|node| &self.services[node as usize].destinations)
                .copied()
                .collect(),
            ReadyTarget::Group { members, .. } => members.clone(),
            ReadyTarget::Person(party) | ReadyTarget::Destination(party) => {
                party.iter().copied().collect()
            }
            ReadyTarget::Leads => Vec::new(),
        }
    }

    /// Covered by another rule; of two that cover each other, the later by id.
    fn covered(&self, number: usize, rule: &Rule) -> Option<Finding> {
        let others = self.rules.iter().enumerate();
        let by = others
            .filter(|(other, _)| *other != number)
            .map(|(other, ready)| (other, self.rule(ready)))
            .find(|(other, candidate)| {
                covers(candidate, rule, &self.directory)
                    && (*other < number || !covers(rule, candidate, &self.directory))
            })?;
        Some(Finding {
            kind: FindingKind::Covered,
            rule: Some(rule.id.clone()),
            service: None,
            sentence: format!(
                "Rule {} changes nothing: rule {} tells the same people whenever it does.",
                rule.id, by.1.id
            ),
            fix: format!("Remove rule {}, or make it differ.", rule.id),
        })
    }

    fn without_senior_contact(&self, now: Time) -> Vec<Finding> {
        let Some(gravest) = self.policy.priorities.first() else {
            return Vec::new();
        };
        let ours = self
            .directory
            .services
            .values()
            .filter(|service| !self.directory.is_external(service.organisation.as_ref()));
        ours.filter(|service| {
            let told = self.resolve(&Situation {
                priority: gravest.id.clone(),
                kind: Kind::Technical,
                stage: Stage::Investigating,
                moment: Moment::Declared,
                services: [(service.id.clone(), Relation::Affected)].into(),
                leads: Default::default(),
                added: Vec::new(),
                muted: Default::default(),
                users_contact: None,
                restricted: false,
                now,
            });
            let told: BTreeSet<&RecipientId> = told.recipients.iter().map(|one| &one.who).collect();
            let node = self.service_of.get(&service.id).copied();
            let seniors = SENIOR
                .iter()
                .filter_map(|role| role.parse().ok())
                .filter_map(|role| self.holders.get(&(node?, role)))
                .flatten();
            !seniors
                .into_iter()
                .any(|senior| told.contains(&self.parties[*senior as usize].id))
        })
        .map(|service| Finding {
            kind: FindingKind::NoSeniorContact,
            rule: None,
            service: Some(service.id.clone()),
            sentence: format!(
                "Nobody senior is told when a {} affects {}.",
                gravest.id, service.name
            ),
            fix: format!(
                "Give the service a {}, with an address, and tell the role by a rule.",
                or_list(&SENIOR.map(|role| role.replace('-', " ")))
            ),
        })
        .collect()
    }
}

fn some<'a, T: PartialEq + 'a>(test: &Test<T>, mut values: impl Iterator<Item = &'a T>) -> bool {
    values.any(|value| test.admits(value))
}
