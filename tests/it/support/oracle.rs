//! Resolution once more, as plainly as it can be written: for everybody, every rule, every service.
//!
//! It shares the types of the answer with the real one, and no code.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use oyez::domain::{
    Audience, ChannelName, GroupId, OrganisationId, PersonId, ServiceId,
    directory::{Member, Service},
    policy::{By, Hours, Rule, Target, Test},
    resolution::{Standing, WithheldBecause},
    situation::{RecipientId, Relation},
};

use super::worlds::World;

/// A reason: standing, text, rule, service, the rule's sentence.
pub(crate) type PlainReason = (Standing, String, Option<String>, Option<String>, String);

/// What somebody gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainRecipient {
    pub(crate) audience: Audience,
    /// Channel, address and fallbacks.
    pub(crate) choices: BTreeMap<String, (String, Vec<(String, String)>)>,
    pub(crate) reasons: Vec<PlainReason>,
}

/// Why somebody gets nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainWithheld {
    pub(crate) audience: Audience,
    pub(crate) because: WithheldBecause,
    pub(crate) reasons: Vec<PlainReason>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Plain {
    pub(crate) told: BTreeMap<RecipientId, PlainRecipient>,
    pub(crate) withheld: BTreeMap<RecipientId, PlainWithheld>,
}

/// One reason why one person or destination could be told.
struct Line<'a> {
    rule: Option<&'a Rule>,
    audience: Audience,
    standing: Standing,
    service: Option<ServiceId>,
    inside: String,
    outside: String,
    /// For additions by hand: channels, empty for the first usable.
    hand: Option<&'a [ChannelName]>,
    named: bool,
}

pub(crate) fn resolve(world: &World) -> Plain {
    let mut plain = Plain::default();
    let directory = &world.directory;
    let situation = &world.situation;
    let mut everybody: BTreeSet<RecipientId> = BTreeSet::new();
    everybody.extend(directory.people.keys().cloned().map(RecipientId::Person));
    everybody.extend(
        directory
            .destinations
            .keys()
            .cloned()
            .map(RecipientId::Destination),
    );
    everybody.extend(situation.leads.values().cloned().map(RecipientId::Person));
    everybody.extend(situation.added.iter().map(|added| added.who.clone()));
    for who in everybody {
        let lines = lines(world, &who);
        if lines.is_empty() {
            continue;
        }
        let known = match &who {
            RecipientId::Person(id) => directory.people.contains_key(id),
            RecipientId::Destination(id) => directory.destinations.contains_key(id),
        };
        if !known {
            let audience = lines.iter().map(|line| line.audience).min().unwrap();
            let reasons = lines
                .iter()
                .map(|line| reason(line, line.audience))
                .collect();
            plain.withheld.insert(
                who,
                PlainWithheld {
                    audience,
                    because: WithheldBecause::Unreachable,
                    reasons: in_order(reasons),
                },
            );
            continue;
        }
        decide(world, &mut plain, who, &lines);
    }
    plain
}

fn decide(world: &World, plain: &mut Plain, who: RecipientId, lines: &[Line<'_>]) {
    let outsider = outsider(world, &who);
    let level = |line: &Line<'_>| {
        if outsider && line.audience < Audience::External {
            Audience::External
        } else {
            line.audience
        }
    };
    let merge = |lines: &[&Line<'_>]| {
        let levels: Vec<Audience> = lines.iter().map(|line| level(line)).collect();
        match who {
            RecipientId::Person(_) => *levels.iter().min().unwrap(),
            RecipientId::Destination(_) => *levels.iter().max().unwrap(),
        }
    };
    let mut acting = Vec::new();
    let mut causes = Vec::new();
    for line in lines {
        match obstacle(world, &who, line, level(line)) {
            None => acting.push(line),
            Some(because) => causes.push(because),
        }
    }
    if acting.is_empty() {
        let all: Vec<&Line<'_>> = lines.iter().collect();
        let audience = merge(&all);
        // Muted is nearest to being told, then users undecided, then restricted.
        let because = if causes.contains(&WithheldBecause::Muted) {
            WithheldBecause::Muted
        } else if causes.contains(&WithheldBecause::NoUsersDecision) {
            WithheldBecause::NoUsersDecision
        } else {
            WithheldBecause::Restricted
        };
        let reasons = all.iter().map(|line| reason(line, audience)).collect();
        plain.withheld.insert(
            who,
            PlainWithheld {
                audience,
                because,
                reasons: in_order(reasons),
            },
        );
        return;
    }
    let audience = merge(&acting);
    let reasons = in_order(acting.iter().map(|line| reason(line, audience)).collect());
    let choices = choices(world, &who, &acting);
    if choices.is_empty() {
        plain.withheld.insert(
            who,
            PlainWithheld {
                audience,
                because: WithheldBecause::Unreachable,
                reasons,
            },
        );
    } else {
        plain.told.insert(
            who,
            PlainRecipient {
                audience,
                choices,
                reasons,
            },
        );
    }
}

fn in_order(reasons: Vec<PlainReason>) -> Vec<PlainReason> {
    let set: BTreeSet<PlainReason> = reasons.into_iter().collect();
    set.into_iter().collect()
}

fn reason(line: &Line<'_>, audience: Audience) -> PlainReason {
    let outside = matches!(audience, Audience::External | Audience::Users);
    (
        line.standing,
        if outside {
            line.outside.clone()
        } else {
            line.inside.clone()
        },
        line.rule.map(|rule| rule.id.to_string()),
        line.service.as_ref().map(ToString::to_string),
        line.rule.map(|rule| rule.says.clone()).unwrap_or_default(),
    )
}

fn outsider(world: &World, who: &RecipientId) -> bool {
    let organisation = match who {
        RecipientId::Person(id) => world.directory.people[id].organisation.clone(),
        RecipientId::Destination(id) => world.directory.destinations[id].organisation.clone(),
    };
    match organisation {
        None => false,
        Some(id) => match world.directory.organisations.get(&id) {
            None => true,
            Some(organisation) => organisation.external,
        },
    }
}

fn obstacle(
    world: &World,
    who: &RecipientId,
    line: &Line<'_>,
    audience: Audience,
) -> Option<WithheldBecause> {
    let situation = &world.situation;
    if situation.restricted {
        let outside = matches!(audience, Audience::External | Audience::Users);
        if outside || !line.named {
            return Some(WithheldBecause::Restricted);
        }
    }
    if audience == Audience::Users && situation.users_contact != Some(true) {
        return Some(WithheldBecause::NoUsersDecision);
    }
    let RecipientId::Person(id) = who else {
        return None;
    };
    let now = situation.now;
    let by_directory = world.directory.people[id]
        .muted_until
        .is_some_and(|until| until > now);
    let by_incident = situation.muted.get(id).is_some_and(|until| *until > now);
    let muted = match line.rule {
        Some(rule) if rule.overrides_mute => false,
        Some(_) => by_directory || by_incident,
        None => by_incident,
    };
    muted.then_some(WithheldBecause::Muted)
}

fn choices(
    world: &World,
    who: &RecipientId,
    lines: &[&Line<'_>],
) -> BTreeMap<String, (String, Vec<(String, String)>)> {
    let addresses: Vec<(ChannelName, String)> = match who {
        RecipientId::Person(id) => world.directory.people[id]
            .addresses
            .iter()
            .map(|known| (known.channel.clone(), known.address.as_str().to_owned()))
            .collect(),
        RecipientId::Destination(id) => {
            let known = &world.directory.destinations[id];
            vec![(known.channel.clone(), known.address.as_str().to_owned())]
        }
    };
    let is_marked = |(channel, address): &(ChannelName, String)| {
        world
            .bad
            .iter()
            .any(|bad| bad.channel == *channel && bad.address.as_str() == address.to_lowercase())
    };
    let live = addresses
        .into_iter()
        .filter(|(channel, _)| world.channels.contains(channel));
    let (marked, healthy): (Vec<_>, Vec<_>) = live.partition(is_marked);
    let chosen = choices_among(&healthy, who, lines);
    let gravest = world.policy.priorities.first().map(|it| &it.id);
    if !chosen.is_empty() || gravest != Some(&world.situation.priority) {
        return chosen;
    }
    let has_healthy = |channel: &ChannelName| healthy.iter().any(|(known, _)| known == channel);
    let marked: Vec<(ChannelName, String)> = marked
        .into_iter()
        .filter(|(channel, _)| !has_healthy(channel))
        .collect();
    choices_among(&marked, who, lines)
}

fn choices_among(
    healthy: &[(ChannelName, String)],
    who: &RecipientId,
    lines: &[&Line<'_>],
) -> BTreeMap<String, (String, Vec<(String, String)>)> {
    let on = |channel: &ChannelName| {
        healthy
            .iter()
            .find(|(known, _)| known == channel)
            .map(|(channel, address)| (channel.to_string(), address.clone()))
    };
    let mut chosen: BTreeMap<String, (String, Vec<(String, String)>)> = BTreeMap::new();
    if matches!(who, RecipientId::Destination(_)) {
        for (channel, address) in healthy {
            chosen.insert(channel.to_string(), (address.clone(), Vec::new()));
        }
        return chosen;
    }
    let mut by_rule: Vec<&&Line<'_>> = lines.iter().collect();
    by_rule.sort_by_key(|line| (line.rule.is_none(), line.rule.map(|rule| rule.id.clone())));
    for line in by_rule {
        match (line.rule.map(|rule| &rule.by), line.hand) {
            (Some(By::All(named)), _) => {
                for (channel, address) in named.iter().filter_map(&on) {
                    chosen.entry(channel).or_insert((address, Vec::new()));
                }
            }
            (Some(By::FirstOf(named)), _) => {
                let reachable: Vec<(String, String)> = named.iter().filter_map(&on).collect();
                if let Some((channel, address)) = reachable.first().cloned() {
                    let entry = chosen
                        .entry(channel.clone())
                        .or_insert((address, Vec::new()));
                    if entry.1.is_empty() {
                        entry.1 = reachable
                            .into_iter()
                            .filter(|(other, _)| *other != channel)
                            .collect();
                    }
                }
            }
            (None, Some([])) => {
                if let Some((channel, address)) = healthy.first() {
                    chosen
                        .entry(channel.to_string())
                        .or_insert((address.clone(), Vec::new()));
                }
            }
            (None, Some(named)) => {
                for (channel, address) in named.iter().filter_map(&on) {
                    chosen.entry(channel).or_insert((address, Vec::new()));
                }
            }
            (None, None) => {}
        }
    }
    let names: BTreeSet<String> = chosen.keys().cloned().collect();
    for (_, fallbacks) in chosen.values_mut() {
        fallbacks.retain(|(channel, _)| !names.contains(channel));
    }
    chosen
}

fn lines<'a>(world: &'a World, who: &RecipientId) -> Vec<Line<'a>> {
    let situation = &world.situation;
    let directory = &world.directory;
    let mut lines = Vec::new();
    for rule in &world.policy.rules {
        if !about_incident(world, rule) {
            continue;
        }
        let passing = passing(world, rule);
        let affected = situation
            .services
            .values()
            .filter(|relation| **relation == Relation::Affected)
            .count();
        let when = &rule.when;
        let anywhere = affected == 0
            && silent(&when.service)
            && silent(&when.tag)
            && silent(&when.programme)
            && silent(&when.tier)
            && admits(&when.relation, &Relation::Affected);
        if passing.is_empty() && !anywhere {
            continue;
        }
        let names_kind = rule.when.kind.any.contains(&situation.kind);
        for target in &rule.tell {
            let mut add = |standing, service, inside: String, outside: String, named| {
                lines.push(Line {
                    rule: Some(rule),
                    audience: rule.audience,
                    standing,
                    service,
                    inside,
                    outside,
                    hand: None,
                    named,
                });
            };
            let own = |standing: &mut Standing, relations: &BTreeSet<Relation>| {
                *standing = if relations.contains(&Relation::Affected) {
                    Standing::Affected
                } else {
                    Standing::Related
                };
            };
            match (target, who) {
                (Target::Role(role), RecipientId::Person(person)) => {
                    for (id, relations) in &passing {
                        let holds = directory.roles.iter().any(|holding| {
                            holding.service == *id
                                && holding.role == *role
                                && holding.person == *person
                        });
                        if holds {
                            let service = &directory.services[id];
                            let clause = if relations.contains(&Relation::Affected) {
                                ""
                            } else if relations.contains(&Relation::Upstream) {
                                ", which an affected service depends on"
                            } else {
                                ", which depends on an affected service"
                            };
                            let words = role.as_str().replace('-', " ");
                            let mut standing = Standing::Affected;
                            own(&mut standing, relations);
                            add(
                                standing,
                                Some(id.clone()),
                                format!("the {words} of {}{clause}", service.name),
                                format!("the {words} of {}{clause}", outside_name(service)),
                                names_kind,
                            );
                        }
                    }
                }
                (Target::Contacts(wanted), RecipientId::Person(person)) => {
                    for id in passing.keys() {
                        for organisation in directory.organisations.values() {
                            let asked = match wanted {
                                None => true,
                                Some(wanted) => *wanted == organisation.id,
                            };
                            let is_contact = organisation
                                .contacts
                                .iter()
                                .any(|contact| contact.service == *id && contact.person == *person);
                            if asked && is_contact {
                                let service = &directory.services[id];
                                let name = name_of(world, &organisation.id);
                                add(
                                    Standing::Organisation,
                                    Some(id.clone()),
                                    format!("the named contact of {name} for {}", service.name),
                                    format!(
                                        "the named contact of {name} for {}",
                                        outside_name(service)
                                    ),
                                    names_kind,
                                );
                            }
                        }
                    }
                }
                (Target::ServiceDestinations, RecipientId::Destination(destination)) => {
                    for (id, relations) in &passing {
                        let Some(service) = directory.services.get(id) else {
                            continue;
                        };
                        if service.destinations.contains(destination) {
                            let mut standing = Standing::Affected;
                            own(&mut standing, relations);
                            add(
                                standing,
                                Some(id.clone()),
                                format!("the channel of {}", service.name),
                                format!("the channel of {}", outside_name(service)),
                                false,
                            );
                        }
                    }
                }
                (Target::Group(group), RecipientId::Person(person))
                    if in_group(world, group, person, 10) =>
                {
                    let text = format!("in the group {}", directory.groups[group].name);
                    add(Standing::Group, None, text.clone(), text, true);
                }
                (Target::Person(named), RecipientId::Person(person))
                    if named == person && directory.people.contains_key(person) =>
                {
                    let text = "on our list of who is told".to_owned();
                    add(Standing::Group, None, text.clone(), text, true);
                }
                (Target::Destination(named), RecipientId::Destination(destination))
                    if named == destination && directory.destinations.contains_key(destination) =>
                {
                    let text = "on our list of who is told".to_owned();
                    add(Standing::Group, None, text.clone(), text, names_kind);
                }
                (Target::Leads, RecipientId::Person(person)) => {
                    for (role, lead) in &situation.leads {
                        if lead == person {
                            let text = format!("the {} lead", role.as_str());
                            add(Standing::Affected, None, text.clone(), text, names_kind);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    for added in &situation.added {
        if added.who == *who {
            let text = format!("added by {}: {}", added.by, added.note);
            lines.push(Line {
                rule: None,
                audience: added.audience,
                standing: Standing::ByHand,
                service: None,
                inside: text.clone(),
                outside: text,
                hand: Some(&added.channels),
                named: true,
            });
        }
    }
    lines
}

fn name_of(world: &World, organisation: &OrganisationId) -> String {
    world.directory.organisations[organisation].name.clone()
}

fn outside_name(service: &Service) -> String {
    service
        .outside_name
        .clone()
        .unwrap_or_else(|| service.name.clone())
}

fn silent<T>(test: &Test<T>) -> bool {
    test.any.is_empty() && test.none.is_empty()
}

fn admits<T: PartialEq>(test: &Test<T>, value: &T) -> bool {
    (test.any.is_empty() || test.any.iter().any(|one| one == value))
        && !test.none.iter().any(|one| one == value)
}

fn admits_set<T: PartialEq>(test: &Test<T>, values: &[T]) -> bool {
    let asked = test.any.is_empty() || test.any.iter().any(|one| values.contains(one));
    let forbidden = test.none.iter().any(|one| values.contains(one));
    asked && !forbidden
}

fn about_incident(world: &World, rule: &Rule) -> bool {
    let situation = &world.situation;
    let when = &rule.when;
    let local = situation.now.with_timezone(&world.policy.time_zone);
    let hours = &world.policy.working_hours;
    let at_work = hours.days.contains(&local.weekday())
        && !world.policy.bank_holidays.contains(&local.date_naive())
        && local.time() >= hours.from
        && local.time() < hours.until;
    let affected = situation
        .services
        .values()
        .filter(|relation| **relation == Relation::Affected)
        .count();
    admits(&when.priority, &situation.priority)
        && admits(&when.stage, &situation.stage)
        && admits(&when.moment, &situation.moment)
        && admits(&when.kind, &situation.kind)
        && match when.hours {
            None => true,
            Some(Hours::Inside) => at_work,
            Some(Hours::Outside) => !at_work,
        }
        && affected >= when.services_affected_at_least as usize
}

/// Services that pass, with how they are touched within the rule's walk.
fn passing(world: &World, rule: &Rule) -> BTreeMap<ServiceId, BTreeSet<Relation>> {
    let mut passing = BTreeMap::new();
    let mut ids: BTreeSet<ServiceId> = world.directory.services.keys().cloned().collect();
    ids.extend(world.situation.services.keys().cloned());
    for id in ids {
        let relations = relations(world, &id, rule.when.depth);
        let values: Vec<Relation> = relations.iter().copied().collect();
        let service = world.directory.services.get(&id);
        let tags: Vec<String> = service
            .map(|service| service.tags.iter().cloned().collect())
            .unwrap_or_default();
        let programme: Vec<String> = service
            .and_then(|service| service.programme.clone())
            .into_iter()
            .collect();
        let tier: Vec<u8> = service
            .and_then(|service| service.tier)
            .into_iter()
            .collect();
        if !values.is_empty()
            && admits_set(&rule.when.relation, &values)
            && admits(&rule.when.service, &id)
            && admits_set(&rule.when.tag, &tags)
            && admits_set(&rule.when.programme, &programme)
            && admits_set(&rule.when.tier, &tier)
        {
            passing.insert(id, relations);
        }
    }
    passing
}

pub(crate) fn relations(world: &World, id: &ServiceId, depth: u32) -> BTreeSet<Relation> {
    if let Some(stated) = world.situation.services.get(id) {
        return BTreeSet::from([*stated]);
    }
    let mut relations = BTreeSet::new();
    for (start, relation) in &world.situation.services {
        if *relation == Relation::Affected && world.directory.services.contains_key(start) {
            if leads_to(world, start, id, depth) {
                relations.insert(Relation::Upstream);
            }
            if leads_to(world, id, start, depth) {
                relations.insert(Relation::Downstream);
            }
        }
    }
    relations
}

/// Whether `from` depends on `to` over at most so many steps.
fn leads_to(world: &World, from: &ServiceId, to: &ServiceId, steps: u32) -> bool {
    if steps == 0 {
        return false;
    }
    let Some(service) = world.directory.services.get(from) else {
        return false;
    };
    service
        .depends_on
        .iter()
        .any(|next| next == to || leads_to(world, next, to, steps - 1))
}

fn in_group(world: &World, group: &GroupId, person: &PersonId, depth: u32) -> bool {
    let Some(known) = world.directory.groups.get(group) else {
        return false;
    };
    known.members.iter().any(|member| match member {
        Member::Person(id) => id == person,
        Member::Group(inner) => depth > 0 && in_group(world, inner, person, depth - 1),
    })
}
