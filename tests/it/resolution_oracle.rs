//! Resolution against a naive implementation of the same rules, and the properties that hold
//! whatever the policy says.

use std::{collections::BTreeMap, sync::Arc};

use chrono::Duration;
use oyez::domain::{
    Audience, ServiceId,
    directory::PersonAddress,
    incident::{Kind, Stage},
    notification::Moment,
    policy::{By, Hours, Rule, Test},
    resolution::{Compiled, Condition, NearMiss, Reason, Resolution, Verdict, compare},
    situation::{RecipientId, Relation},
};
use proptest::{prelude::*, strategy::ValueTree};

use crate::support::{
    oracle::{self, Plain, PlainReason, PlainRecipient, PlainWithheld},
    worlds::{Dice, World, id, monday, rule, world},
};

fn throws() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(any::<u16>(), 300..1500)
}

fn compiled(world: &World) -> Compiled {
    Compiled::new(
        Arc::new(world.policy.clone()),
        Arc::new(world.directory.clone()),
        &world.channels,
        &world.bad,
    )
}

fn resolved(world: &World) -> Resolution {
    compiled(world).resolve(&world.situation)
}

fn plain_reason(reason: &Reason) -> PlainReason {
    (
        reason.standing,
        reason.text.to_string(),
        reason.rule.as_ref().map(ToString::to_string),
        reason.service.as_ref().map(ToString::to_string),
        reason.says.to_string(),
    )
}

fn plain(resolution: &Resolution) -> Plain {
    let mut plain = Plain::default();
    for one in &resolution.recipients {
        let mut choices = BTreeMap::new();
        for choice in &one.choices {
            let fallbacks = choice
                .fallbacks
                .iter()
                .map(|(channel, address)| (channel.to_string(), address.as_str().to_owned()))
                .collect();
            let address = choice.address.as_str().to_owned();
            let before = choices.insert(choice.channel.to_string(), (address, fallbacks));
            assert!(before.is_none(), "{} twice on {}", one.name, choice.channel);
        }
        let recipient = PlainRecipient {
            audience: one.audience,
            choices,
            reasons: one.reasons.iter().map(plain_reason).collect(),
        };
        let before = plain.told.insert(one.who.clone(), recipient);
        assert!(before.is_none(), "{:?} is told twice", one.who);
    }
    for one in &resolution.withheld {
        let withheld = PlainWithheld {
            audience: one.audience,
            because: one.because,
            reasons: one.reasons.iter().map(plain_reason).collect(),
        };
        let before = plain.withheld.insert(one.who.clone(), withheld);
        assert!(before.is_none(), "{:?} is withheld twice", one.who);
    }
    plain
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn resolution_agrees_with_a_naive_one(throws in throws()) {
        let world = world(&throws);
        prop_assert_eq!(plain(&resolved(&world)), oracle::resolve(&world));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_order_of_rules_does_not_matter(throws in throws(), turn in 0usize..8) {
        let world = world(&throws);
        let mut turned = world.clone();
        turned.policy.rules.reverse();
        let most = turned.policy.rules.len();
        turned.policy.rules.rotate_left(turn % most);
        prop_assert_eq!(resolved(&world), resolved(&turned));
    }

    #[test]
    fn adding_a_rule_removes_nobody_and_no_channel_that_works(throws in throws(), more in throws()) {
        let before = world(&throws);
        let mut after = before.clone();
        let mut added = rule(&mut Dice::new(&more), &after.directory, 3);
        added.id = id("a-new-rule");
        after.policy.rules.push(added);
        assert_nobody_lost(&before, &after)?;
    }

    /// In the form in which it is true: negated relations are left out, the priority stays, and the
    /// service was not reached by any walk before.
    #[test]
    fn adding_a_service_that_no_walk_had_reached_removes_nobody(throws in throws()) {
        let mut before = world(&throws);
        for rule in &mut before.policy.rules {
            rule.when.relation.none.clear();
        }
        let deepest = before.policy.rules.iter().map(|rule| rule.when.depth).max();
        let mut known = before.directory.services.keys();
        let far = known
            .find(|id| oracle::relations(&before, id, deepest.unwrap_or(0)).is_empty())
            .cloned()
            .unwrap_or_else(|| id("a-new-service"));
        let mut after = before.clone();
        after.situation.services.insert(far, Relation::Affected);
        assert_nobody_lost(&before, &after)?;
    }

    #[test]
    fn every_answer_is_in_order_with_reasons_and_no_outsider_reads_too_much(throws in throws()) {
        let world = world(&throws);
        let resolution = resolved(&world);
        let mut order = Vec::new();
        for one in &resolution.recipients {
            prop_assert!(!one.reasons.is_empty());
            prop_assert!(!one.choices.is_empty());
            prop_assert!(one.reasons.is_sorted());
            let organisation = match &one.who {
                RecipientId::Person(id) => &world.directory.people[id].organisation,
                RecipientId::Destination(id) => &world.directory.destinations[id].organisation,
            };
            let inside = organisation.as_ref().is_none_or(|id| id.as_str() == "org-0");
            prop_assert!(inside || one.audience >= Audience::External);
            order.push((one.audience, one.name.clone(), one.who.as_str().to_owned()));
        }
        prop_assert!(order.is_sorted());
        for one in &resolution.withheld {
            prop_assert!(!one.reasons.is_empty());
            prop_assert!(one.sentence.ends_with('.'), "{}", one.sentence);
        }
        let totals = resolution.totals();
        prop_assert_eq!(totals.by_channel.values().sum::<usize>(), totals.messages);
        let choices: usize = resolution.recipients.iter().map(|one| one.choices.len()).sum();
        prop_assert!(totals.messages <= choices);
    }

    #[test]
    fn whoever_fails_one_condition_is_told_once_it_is_met(throws in throws()) {
        let world = world(&throws);
        let ready = compiled(&world);
        let resolution = ready.resolve(&world.situation);
        let (page, all) = ready.not_matched(&world.situation, &resolution, 0, 100);
        prop_assert_eq!(page.len(), all);
        for explanation in page {
            prop_assert_eq!(
                &explanation,
                &ready.explain(&world.situation, &explanation.who)
            );
            let Verdict::NotMatched { nearest } = &explanation.verdict else {
                return Err(TestCaseError::fail("somebody who matched is explained as not"));
            };
            let Some(near) = nearest else { continue };
            prop_assert!(!near.failing.is_empty());
            if near.failing.len() > 1 {
                continue;
            }
            if let Some(flipped) = flip(&world, near) {
                let after = resolved(&flipped);
                // At the gravest priority somebody may be tried whom nothing reaches at another.
                let is_told = after.recipients.iter().any(|one| one.who == explanation.who);
                prop_assert!(
                    is_told || after.withheld.iter().any(|one| one.who == explanation.who),
                    "{} {:?}",
                    explanation.sentence(),
                    after
                );
            }
        }
    }

    #[test]
    fn a_comparison_accounts_for_everybody(throws in throws(), more in throws()) {
        let before = world(&throws);
        let mut after = before.clone();
        after.policy.rules.remove(0);
        let mut added = rule(&mut Dice::new(&more), &after.directory, 3);
        added.id = id("a-new-rule");
        after.policy.rules.push(added);
        let (before, after) = (resolved(&before), resolved(&after));
        let difference = compare(&before, &after);
        let (old, new) = (before.recipients.len(), after.recipients.len());
        prop_assert_eq!(old + difference.added.len(), new + difference.removed.len());
        let back = compare(&after, &before);
        prop_assert_eq!(&difference.added, &back.removed);
        prop_assert_eq!(&difference.removed, &back.added);
        prop_assert_eq!(difference.changed.len(), back.changed.len());
    }
}

/// Who was told is told on the same channels and perhaps more. An address that was refused is used for
/// want of a better one, so it may give way to one that works.
fn assert_nobody_lost(before: &World, after: &World) -> Result<(), TestCaseError> {
    let after = plain(&resolved(after));
    let was_refused = |channel: &str, address: &str| {
        before.bad.iter().any(|bad| {
            bad.channel.as_str() == channel && bad.address.as_str() == address.to_lowercase()
        })
    };
    for (who, told) in plain(&resolved(before)).told {
        let Some(now) = after.told.get(&who) else {
            return Err(TestCaseError::fail(format!("{who:?} is not told any more")));
        };
        for (channel, (address, _)) in &told.choices {
            prop_assert!(
                now.choices.contains_key(channel) || was_refused(channel, address),
                "{who:?} lost {channel}"
            );
        }
    }
    Ok(())
}

/// The world in which the one failing condition holds; `None` if the rule contradicts itself.
fn flip(world: &World, near: &NearMiss) -> Option<World> {
    let mut flipped = world.clone();
    let at = world
        .policy
        .rules
        .iter()
        .position(|rule| rule.id == near.rule)?;
    let rule = world.policy.rules[at].clone();
    let when = &rule.when;
    let situation = &mut flipped.situation;
    let service = near
        .service
        .as_ref()
        .and_then(|id| flipped.directory.services.get_mut(id));
    match near.failing[0].condition {
        Condition::Priority => {
            situation.priority = first(&when.priority, &["P1", "P2", "P3"].map(id))?
        }
        Condition::Stage => situation.stage = first(&when.stage, &Stage::ALL)?,
        Condition::Moment => situation.moment = first(&when.moment, &Moment::ALL)?,
        Condition::Kind => situation.kind = first(&when.kind, &Kind::ALL)?,
        // A week on, when no mute holds that did not hold before.
        Condition::Hours => {
            let noon = monday() + Duration::days(7);
            situation.now = match when.hours? {
                Hours::Inside => noon,
                Hours::Outside => noon + Duration::hours(10),
            };
        }
        Condition::ServicesAffected => affect_more(&mut flipped, &rule),
        Condition::Relation => {
            let all = [Relation::Affected, Relation::Upstream, Relation::Downstream];
            let relation = first(&when.relation, &all)?;
            let touched: ServiceId = near.service.clone().unwrap_or_else(|| id("extra-0"));
            situation.services.insert(touched, relation);
            affect_more(&mut flipped, &rule);
        }
        Condition::Service => {
            let when = &mut flipped.policy.rules[at].when;
            let named = near.service.clone()?;
            when.service.none.retain(|one| *one != named);
            if !when.service.any.is_empty() {
                when.service.any.push(named);
            }
        }
        Condition::Tag => {
            let service = service?;
            service.tags.retain(|tag| !when.tag.none.contains(tag));
            if !when.tag.any.is_empty() {
                service.tags.insert(first(&when.tag, &when.tag.any)?);
            }
        }
        Condition::Programme => {
            service?.programme = match when.programme.any.is_empty() {
                true => None,
                false => Some(first(&when.programme, &when.programme.any)?),
            };
        }
        Condition::Tier => {
            service?.tier = match when.tier.any.is_empty() {
                true => None,
                false => Some(first(&when.tier, &when.tier.any)?),
            };
        }
        Condition::Restricted
        | Condition::UsersDecision
        | Condition::Muted
        | Condition::Address => {
            panic!("{near:?}: the rule matches, so this person is withheld, not unmatched")
        }
    }
    Some(flipped)
}

/// States services that nobody knows as affected until the rule has enough of them.
fn affect_more(world: &mut World, rule: &Rule) {
    let services = &mut world.situation.services;
    let mut number = 0;
    let affected = |services: &BTreeMap<ServiceId, Relation>| {
        services
            .values()
            .filter(|relation| **relation == Relation::Affected)
            .count()
    };
    while affected(services) < rule.when.services_affected_at_least as usize {
        number += 1;
        services.insert(id(&format!("extra-{number}")), Relation::Affected);
    }
}

fn first<T: Clone + PartialEq>(test: &Test<T>, values: &[T]) -> Option<T> {
    let mut passing = values.iter().filter(|value| test.admits(value));
    passing.next().cloned()
}

/// The withheld are explained too: giving what they lack tells them.
#[test]
fn whoever_lacks_an_address_is_told_once_they_have_one() {
    let mut seen = 0;
    for seed in 0u16..400 {
        let throws: Vec<u16> = (0..400u16)
            .map(|n| n.wrapping_mul(31_u16.wrapping_add(seed)) ^ seed.wrapping_mul(2053) ^ (n << 3))
            .collect();
        let world = world(&throws);
        for withheld in resolved(&world).withheld {
            let RecipientId::Person(person) = &withheld.who else {
                continue;
            };
            let rule = withheld
                .reasons
                .iter()
                .find_map(|reason| reason.rule.clone());
            let mut given = world.clone();
            let Some(known) = given.directory.people.get_mut(person) else {
                continue;
            };
            let Some(rule) = rule else { continue };
            let rule = world
                .policy
                .rules
                .iter()
                .find(|one| one.id == rule)
                .unwrap();
            let (By::All(named) | By::FirstOf(named)) = &rule.by;
            if withheld.because != oyez::domain::resolution::WithheldBecause::Unreachable {
                continue;
            }
            seen += 1;
            known.addresses.insert(
                0,
                PersonAddress {
                    channel: named[0].clone(),
                    address: oyez::domain::Address::new("new@x.example"),
                },
            );
            given.channels.insert(named[0].clone());
            let after = resolved(&given);
            assert!(
                after.recipients.iter().any(|one| one.who == withheld.who),
                "{}",
                withheld.sentence
            );
        }
    }
    assert!(seen > 20, "only {seen} people lacked an address");
}

/// Properties of random worlds are worth what the worlds hold.
#[test]
fn random_worlds_meet_every_case() {
    let mut seen = std::collections::BTreeSet::new();
    let mut told = 0;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..600 {
        let throws = throws().new_tree(&mut runner).unwrap().current();
        let world = world(&throws);
        let ready = compiled(&world);
        let resolution = ready.resolve(&world.situation);
        told += resolution.recipients.len();
        for one in &resolution.recipients {
            seen.extend(
                one.reasons
                    .iter()
                    .map(|reason| format!("{:?}", reason.standing)),
            );
            seen.insert(format!("{}", one.audience));
            if one.reasons.len() > 1 {
                seen.insert("several reasons".to_owned());
            }
            if one
                .choices
                .iter()
                .any(|choice| !choice.fallbacks.is_empty())
            {
                seen.insert("fallback".to_owned());
            }
        }
        for one in &resolution.withheld {
            seen.insert(format!("{:?}", one.because));
        }
        for one in ready.not_matched(&world.situation, &resolution, 0, 100).0 {
            if let Verdict::NotMatched {
                nearest: Some(near),
            } = one.verdict
                && near.failing.len() == 1
            {
                seen.insert(format!("{:?}", near.failing[0].condition));
            }
        }
    }
    assert!(told > 300, "only {told} recipients");
    // Five standings, four audiences, four causes, eleven conditions, and the two above.
    assert_eq!(seen.len(), 26, "{seen:?}");
}
