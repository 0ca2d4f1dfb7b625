//! How grave an incident is: factors ticked, then the season, then the ceiling.
//!
//! The proposal explains itself in sentences, which become part of the record. People may decide
//! otherwise, but not above a ceiling without saying why.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::{
    FactorId, PriorityId, ServiceId,
    command::Refusal,
    directory::Directory,
    nearest::fix_for,
    policy::{Ceiling, Cover, Policy, Season},
};

/// A proposed priority, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triage {
    /// What the factors, the season and the ceiling add up to.
    pub priority: PriorityId,
    /// Why, in sentences that people read.
    pub sentences: Vec<String>,
}

/// Proposes a priority for what was ticked.
///
/// `affected` are the services that do not work as they should, `today` is the date in the
/// organisation's time zone. Factors that the policy does not know count for nothing;
/// [`check_factors`] refuses them.
pub fn propose(
    policy: &Policy,
    directory: &Directory,
    factors: &BTreeSet<FactorId>,
    affected: &BTreeSet<ServiceId>,
    today: NaiveDate,
) -> Triage {
    let mut sentences = Vec::new();
    let mut priority = by_factors(policy, factors, &mut sentences);
    if let Some(season) = season_of(policy, directory, &priority, affected, today) {
        sentences.push(format!(
            "{} counts as {} from {} to {}: {}",
            season.from_priority,
            season.counts_as,
            day(season.from),
            day(season.until),
            season.reason
        ));
        priority = season.counts_as.clone();
    }
    if let Some(ceiling) = ceiling_over(policy, directory, &priority, affected) {
        sentences.push(format!("At most {}: {}", ceiling.at_most, ceiling.reason));
        priority = ceiling.at_most.clone();
    }
    Triage {
        priority,
        sentences,
    }
}

/// Refuses factors that the policy does not know.
pub fn check_factors(policy: &Policy, factors: &BTreeSet<FactorId>) -> Result<(), Refusal> {
    let known = || policy.factors.iter().map(|factor| factor.id.as_str());
    for id in factors {
        if !known().any(|factor| factor == id.as_str()) {
            return Err(Refusal::new(
                "unknown-factor",
                format!("There is no factor \"{id}\" in the policy."),
                fix_for(
                    id.as_str(),
                    known(),
                    "List them with `oyez rules show factors`.",
                ),
            ));
        }
    }
    Ok(())
}

/// Checks a priority that a person chose: it exists, and no ceiling lies below it unless they say
/// why. Answers the sentences for the record, empty where there is nothing to say.
pub fn check_declared(
    policy: &Policy,
    directory: &Directory,
    priority: &PriorityId,
    affected: &BTreeSet<ServiceId>,
    override_ceiling: Option<&str>,
) -> Result<Vec<String>, Refusal> {
    if policy.priority(priority).is_none() {
        return Err(Refusal::new(
            "unknown-priority",
            format!("There is no priority \"{priority}\" in the policy."),
            fix_for(
                priority.as_str(),
                policy.priorities.iter().map(|p| p.id.as_str()),
                "Add it to the policy first.",
            ),
        ));
    }
    let Some(ceiling) = ceiling_over(policy, directory, priority, affected) else {
        return Ok(Vec::new());
    };
    match override_ceiling
        .map(str::trim)
        .filter(|why| !why.is_empty())
    {
        Some(why) => Ok(vec![format!(
            "Declared {priority} although at most {} is usual here: {why}",
            ceiling.at_most
        )]),
        None => Err(Refusal::new(
            "above-ceiling",
            format!(
                "{priority} is above the ceiling for these services: {}",
                ceiling.reason
            ),
            format!(
                "Use {} or lower, or say why it does not hold this time with --override-ceiling REASON.",
                ceiling.at_most
            ),
        )),
    }
}

fn by_factors(
    policy: &Policy,
    factors: &BTreeSet<FactorId>,
    sentences: &mut Vec<String>,
) -> PriorityId {
    let ticked: Vec<_> = policy
        .factors
        .iter()
        .filter(|factor| factors.contains(&factor.id))
        .map(|factor| (policy.rank(&factor.priority), factor))
        .collect();
    for (rank, priority) in policy.priorities.iter().enumerate() {
        let counted: Vec<&str> = ticked
            .iter()
            .filter(|(of, _)| *of <= rank)
            .map(|(_, factor)| factor.text.as_str())
            .collect();
        if priority.factors_needed > 0 && counted.len() >= priority.factors_needed as usize {
            let these = if counted.len() == 1 {
                "This makes"
            } else {
                "These make"
            };
            sentences.push(format!(
                "{these} it {}: {}.",
                priority.id,
                counted.join("; ")
            ));
            return priority.id.clone();
        }
    }
    let lowest = policy.least_grave();
    sentences.push(if ticked.is_empty() {
        format!("{lowest}: no factor is ticked, so the least grave priority holds.")
    } else {
        format!("{lowest}: too few factors are ticked for a graver priority.")
    });
    lowest
}

fn season_of<'a>(
    policy: &'a Policy,
    directory: &Directory,
    proposal: &PriorityId,
    affected: &BTreeSet<ServiceId>,
    today: NaiveDate,
) -> Option<&'a Season> {
    let today = (today.month(), today.day());
    policy
        .seasons
        .iter()
        .filter(|season| season.from_priority == *proposal)
        .filter(|season| policy.rank(&season.counts_as) < policy.rank(proposal))
        .filter(|season| within(today, season.from, season.until))
        .filter(|season| {
            affected
                .iter()
                .any(|service| covers(&season.covers, directory, service))
        })
        .min_by_key(|season| policy.rank(&season.counts_as))
}

/// The lowest ceiling that lies below the priority and covers every affected service.
fn ceiling_over<'a>(
    policy: &'a Policy,
    directory: &Directory,
    priority: &PriorityId,
    affected: &BTreeSet<ServiceId>,
) -> Option<&'a Ceiling> {
    if affected.is_empty() {
        return None;
    }
    policy
        .ceilings
        .iter()
        .filter(|ceiling| policy.rank(&ceiling.at_most) > policy.rank(priority))
        .filter(|ceiling| {
            affected
                .iter()
                .all(|service| covers(&ceiling.covers, directory, service))
        })
        .max_by_key(|ceiling| policy.rank(&ceiling.at_most))
}

/// Both ends are included; a season may run over the turn of the year.
fn within(day: (u32, u32), from: (u32, u32), until: (u32, u32)) -> bool {
    if from <= until {
        from <= day && day <= until
    } else {
        from <= day || day <= until
    }
}

fn covers(cover: &Cover, directory: &Directory, service: &ServiceId) -> bool {
    cover.services.contains(service)
        || directory
            .services
            .get(service)
            .is_some_and(|known| !known.tags.is_disjoint(&cover.tags))
}

fn day((month, day): (u32, u32)) -> String {
    // 2024 has a 29 February, which a season may name.
    NaiveDate::from_ymd_opt(2024, month, day)
        .map(|date| date.format("%-d %B").to_string())
        .unwrap_or_else(|| format!("{day}/{month}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        directory::Service,
        policy::{Factor, Ladder, Priority},
        time::WorkingHours,
    };
    use chrono::{Duration, NaiveTime};
    use std::collections::BTreeMap;

    fn service(id: &str, tag: Option<&str>) -> Service {
        Service {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            outside_name: None,
            programme: None,
            tags: tag.map(str::to_owned).into_iter().collect(),
            tier: None,
            organisation: None,
            depends_on: BTreeSet::new(),
            status_page: None,
            support_queue: None,
            disaster_recovery: None,
            destinations: Vec::new(),
        }
    }

    fn directory() -> Directory {
        let mut directory = Directory::default();
        for one in [
            service("data-hub", Some("bigquery")),
            service("data-lab", Some("bigquery")),
            service("publish-courses", None),
        ] {
            directory.services.insert(one.id.clone(), one);
        }
        directory
    }

    fn policy() -> Policy {
        let priority = |id: &str, factors_needed| Priority {
            id: id.parse().unwrap(),
            meaning: String::new(),
            cadence: BTreeMap::new(),
            factors_needed,
            preview_required: false,
            major_incident_report: false,
            deliver_within: Duration::hours(4),
            quick_fallback: false,
        };
        let factor = |id: &str, of: &str| Factor {
            id: id.parse().unwrap(),
            text: id.replace('-', " "),
            priority: of.parse().unwrap(),
        };
        Policy {
            organisation: "Northshire Learning Agency".to_owned(),
            time_zone: chrono_tz::Europe::London,
            working_hours: WorkingHours {
                days: Vec::new(),
                from: NaiveTime::MIN,
                until: NaiveTime::MIN,
            },
            bank_holidays: BTreeSet::new(),
            priorities: vec![priority("P1", 1), priority("P2", 2), priority("P3", 2)],
            factors: vec![
                factor("most-users", "P1"),
                factor("many-users", "P2"),
                factor("some-harm", "P2"),
                factor("few-users", "P3"),
                factor("little-harm", "P3"),
            ],
            ceilings: vec![Ceiling {
                covers: Cover {
                    services: BTreeSet::new(),
                    tags: BTreeSet::from(["bigquery".to_owned()]),
                },
                at_most: "P2".parse().unwrap(),
                reason: "the data warehouse can wait.".to_owned(),
            }],
            seasons: vec![Season {
                covers: Cover {
                    services: BTreeSet::from(["publish-courses".parse().unwrap()]),
                    tags: BTreeSet::new(),
                },
                from_priority: "P2".parse().unwrap(),
                counts_as: "P1".parse().unwrap(),
                from: (7, 1),
                until: (10, 31),
                reason: "courses are published now.".to_owned(),
            }],
            rules: Vec::new(),
            ladder: Ladder {
                prompt_lead: Duration::minutes(10),
                prompt_others: Duration::minutes(5),
                escalate: Duration::minutes(10),
                late_to: Vec::new(),
                snooze: Duration::minutes(15),
                snoozes: 2,
                holding_line_after: None,
            },
            outside_hold: Duration::seconds(10),
            second_person: BTreeSet::new(),
            discouraged_words: Vec::new(),
        }
    }

    fn set<T: std::str::FromStr + Ord>(words: &[&str]) -> BTreeSet<T>
    where
        T::Err: std::fmt::Debug,
    {
        words.iter().map(|word| word.parse().unwrap()).collect()
    }

    fn date(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap()
    }

    fn check(factors: &[&str], affected: &[&str], on: NaiveDate, expected: &str) -> Triage {
        let triage = propose(&policy(), &directory(), &set(factors), &set(affected), on);
        assert_eq!(
            triage.priority.as_str(),
            expected,
            "{factors:?} on {affected:?}"
        );
        assert!(!triage.sentences.is_empty());
        triage
    }

    #[test]
    fn one_factor_of_the_gravest_is_enough_and_the_second_gravest_needs_two() {
        let winter = date(1, 5);
        check(&["most-users"], &["publish-courses"], winter, "P1");
        check(&["many-users"], &["publish-courses"], winter, "P3");
        check(
            &["many-users", "some-harm"],
            &["publish-courses"],
            winter,
            "P2",
        );
        check(
            &["many-users", "few-users"],
            &["publish-courses"],
            winter,
            "P3",
        );
        check(&[], &["publish-courses"], winter, "P3");
    }

    #[test]
    fn a_season_raises_the_proposal_on_its_first_and_last_day_only_when_its_service_is_affected() {
        let two = ["many-users", "some-harm"];
        check(&two, &["publish-courses"], date(6, 30), "P2");
        check(&two, &["publish-courses"], date(7, 1), "P1");
        let triage = check(&two, &["publish-courses", "data-hub"], date(10, 31), "P1");
        assert_eq!(
            triage.sentences[1],
            "P2 counts as P1 from 1 July to 31 October: courses are published now."
        );
        check(&two, &["publish-courses"], date(11, 1), "P2");
        check(&two, &["data-hub"], date(8, 1), "P2");
    }

    #[test]
    fn a_season_may_run_over_the_turn_of_the_year() {
        assert!(within((12, 31), (11, 1), (2, 29)));
        assert!(within((1, 1), (11, 1), (2, 29)));
        assert!(!within((3, 1), (11, 1), (2, 29)));
    }

    #[test]
    fn a_ceiling_holds_only_if_every_affected_service_is_covered() {
        check(&["most-users"], &["data-hub"], date(1, 5), "P2");
        check(&["most-users"], &["data-hub", "data-lab"], date(1, 5), "P2");
        check(
            &["most-users"],
            &["data-hub", "publish-courses"],
            date(1, 5),
            "P1",
        );
        check(&["most-users"], &[], date(1, 5), "P1");
    }

    #[test]
    fn a_priority_above_the_ceiling_is_refused_with_the_fix_unless_somebody_says_why() {
        let declare = |priority: &str, why| {
            check_declared(
                &policy(),
                &directory(),
                &priority.parse().unwrap(),
                &set(&["data-hub"]),
                why,
            )
        };
        let refusal = declare("P1", None).unwrap_err();
        assert_eq!(refusal.code, "above-ceiling");
        assert!(refusal.fix.contains("P2") && refusal.fix.contains("--override-ceiling"));
        assert_eq!(declare("P1", Some("  ")).unwrap_err().code, "above-ceiling");
        assert_eq!(
            declare("P1", Some("Payments depend on it.")).unwrap(),
            ["Declared P1 although at most P2 is usual here: Payments depend on it."]
        );
        assert_eq!(declare("P2", None).unwrap(), Vec::<String>::new());
        let unknown = declare("P9", None).unwrap_err();
        assert_eq!(unknown.code, "unknown-priority");
        assert!(unknown.fix.contains("P1"));
    }

    #[test]
    fn an_unknown_factor_is_refused_with_the_nearest() {
        let refusal = check_factors(&policy(), &set(&["most-user"])).unwrap_err();
        assert_eq!(refusal.fix, "Did you mean most-users?");
        check_factors(&policy(), &set(&["most-users"])).unwrap();
    }
}
