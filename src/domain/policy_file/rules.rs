//! Rules: when, tell, audience, by.

use std::ops::Range;

use super::{
    Places, audience,
    grave::known_priority,
    reader::{Faults, Section, Value},
};
use crate::domain::{
    ChannelName, RuleId,
    incident::{Kind, Stage},
    nearest::nearest,
    notification::Moment,
    policy::{By, Hours, Priority, Rule, Target, Test, When},
    situation::Relation,
};

const RELATIONS: [(&str, Relation); 3] = [
    ("affected", Relation::Affected),
    ("upstream", Relation::Upstream),
    ("downstream", Relation::Downstream),
];

const HOURS: [(&str, Hours); 2] = [("inside", Hours::Inside), ("outside", Hours::Outside)];

pub(super) fn rules(
    faults: &mut Faults<'_>,
    value: Value<'_>,
    priorities: &[Priority],
) -> Option<(Vec<Rule>, Places)> {
    let mut places = Places::new();
    let rules = faults.list(value, |faults, value| {
        let mut section = faults.section(value, "a rule")?;
        let span = section.span().clone();
        let id: Option<RuleId> = section.required(
            faults,
            "id",
            "Give it an id, for example \"p1-service-owners\".",
            Faults::id,
        );
        if let Some(id) = &id {
            section.rename(format!("rule {id}"));
            let place = faults.place(&span);
            if let Some((line, _)) = places.insert(id.clone(), place) {
                faults.add(
                    &span,
                    format!("The rule {id} is there twice, first on line {line}."),
                    "Remove one of them, or give it another id.",
                );
            }
        }
        rule(faults, section, id, priorities)
    })?;
    Some((rules, places))
}

fn rule(
    faults: &mut Faults<'_>,
    mut section: Section<'_>,
    id: Option<RuleId>,
    priorities: &[Priority],
) -> Option<Rule> {
    let span = section.span().clone();
    let says = section.required(
        faults,
        "says",
        "Say the rule as a sentence, for example \"P1 tells service owners\".",
        Faults::text,
    );
    let when = section.required(
        faults,
        "when",
        "Say when it holds, for example when = { priority = \"P1\" }; {} is always.",
        |faults, value| when(faults, value, priorities),
    );
    let tell = section.required(
        faults,
        "tell",
        "Say whom to tell, for example tell = [\"role:service-owner\"].",
        |faults, value| faults.one_or_list(value, target),
    );
    let audience = section.required(
        faults,
        "audience",
        "Say as which readers: responders, owners, external or users.",
        audience,
    );
    let has_by = section.take("by");
    let by_missing = has_by.is_none();
    let by = has_by.and_then(|value| by(faults, value));
    let overrides_mute = section.optional(faults, "overrides_mute", Faults::flag);
    let acknowledge = section.optional(faults, "acknowledge", Faults::flag);
    section.finish(faults);

    let tell = tell?;
    if tell.is_empty() {
        faults.add(
            &span,
            "This rule tells nobody.",
            "List at least one in `tell`, for example \"role:service-owner\".",
        );
    }
    let only_destinations = tell
        .iter()
        .all(|target| matches!(target, Target::Destination(_) | Target::ServiceDestinations));
    if by_missing && !only_destinations {
        faults.add(
            &span,
            "This rule tells people and does not say on which channels.",
            "Add by = { all = [\"email\"] } or by = { first_of = [\"teams_workflow\", \"email\"] }.",
        );
        return None;
    }
    if acknowledge == Some(true) && only_destinations {
        faults.add(
            &span,
            "This rule asks to be told that its message was seen, and tells no people.",
            "Remove acknowledge, or tell people; a destination cannot say so.",
        );
    }
    let contacts = tell
        .iter()
        .any(|target| matches!(target, Target::Contacts(_)));
    if contacts && audience.is_some_and(|audience| !audience.is_outside()) {
        faults.add(
            &span,
            "This rule tells contacts of other organisations more than outsiders may read.",
            "Give it audience = \"external\", and tell people inside by a rule of their own.",
        );
    }
    Some(Rule {
        id: id?,
        says: says?,
        when: when?,
        tell,
        audience: audience?,
        by: by.or_else(|| by_missing.then(|| By::All(Vec::new())))?,
        overrides_mute: overrides_mute.unwrap_or(false),
        acknowledge: acknowledge.unwrap_or(false),
    })
}

fn when(faults: &mut Faults<'_>, value: Value<'_>, priorities: &[Priority]) -> Option<When> {
    let mut section = faults.section(value, "when")?;
    let span = section.span().clone();
    let stages = Stage::ALL.map(|stage| (stage.as_str(), stage));
    let moments = Moment::ALL.map(|moment| (moment.as_str(), moment));
    let kinds = Kind::ALL.map(|kind| (kind.as_str(), kind));

    let priority = test(faults, &mut section, "priority", |faults, value| {
        known_priority(faults, value, priorities)
    });
    let service = test(faults, &mut section, "service", Faults::id);
    let tag = test(faults, &mut section, "tag", Faults::text);
    let programme = test(faults, &mut section, "programme", Faults::text);
    let tier = test(faults, &mut section, "tier", |faults, value| {
        let span = value.span();
        let tier = faults.count(value)?;
        let read = u8::try_from(tier).ok();
        if read.is_none() {
            faults.add(
                &span,
                format!("{tier} is not a tier."),
                "Use a small number, for example 1.",
            );
        }
        read
    });
    let relation = test(faults, &mut section, "relation", |faults, value| {
        faults.one_of(value, "relation", &RELATIONS)
    });
    let depth = section.take("depth");
    let stage = test(faults, &mut section, "stage", |faults, value| {
        faults.one_of(value, "stage", &stages)
    });
    let moment = test(faults, &mut section, "moment", |faults, value| {
        faults.one_of(value, "moment", &moments)
    });
    let kind = test(faults, &mut section, "kind", |faults, value| {
        faults.one_of(value, "kind of incident", &kinds)
    });
    let hours = test(faults, &mut section, "hours", |faults, value| {
        faults.one_of(value, "part of the day", &HOURS)
    });
    let at_least = section.optional(faults, "services_affected_at_least", Faults::count);
    section.finish(faults);

    let relation = relation.unwrap_or_else(|| Test {
        any: vec![Relation::Affected],
        none: Vec::new(),
    });
    let walks = [Relation::Upstream, Relation::Downstream]
        .iter()
        .any(|one| relation.admits(one));
    Some(When {
        priority: priority.unwrap_or_default(),
        service: service.unwrap_or_default(),
        tag: tag.unwrap_or_default(),
        programme: programme.unwrap_or_default(),
        tier: tier.unwrap_or_default(),
        relation,
        depth: depth.map_or(Some(1), |value| depth_of(faults, value, walks))?,
        stage: stage.unwrap_or_default(),
        moment: moment.unwrap_or_default(),
        kind: kind.unwrap_or_default(),
        hours: which_hours(faults, &span, &hours.unwrap_or_default()),
        services_affected_at_least: at_least.unwrap_or(0),
    })
}

fn depth_of(faults: &mut Faults<'_>, value: Value<'_>, walks: bool) -> Option<u32> {
    let span = value.span();
    let depth = faults.count(value)?;
    if depth == 0 {
        faults.add(
            &span,
            "A walk of depth 0 goes nowhere.",
            "Use 1 for direct neighbours, or more.",
        );
    }
    if !walks {
        faults.add(
            &span,
            "`depth` means nothing for affected services.",
            "Remove it, or add relation = \"upstream\" or \"downstream\".",
        );
    }
    Some(depth)
}

/// "Inside", "outside", or either negated; both at once is always or never.
fn which_hours(faults: &mut Faults<'_>, span: &Range<usize>, test: &Test<Hours>) -> Option<Hours> {
    let inside = test.admits(&Hours::Inside);
    let outside = test.admits(&Hours::Outside);
    match (inside, outside) {
        (true, true) => None,
        (true, false) => Some(Hours::Inside),
        (false, true) => Some(Hours::Outside),
        (false, false) => {
            faults.add(
                span,
                "The hours of this rule are neither inside nor outside working hours.",
                "Use hours = \"inside\" or hours = \"outside\", or leave it out.",
            );
            None
        }
    }
}

/// One value, a list of which one is enough, or a table with `any` and `not`.
fn test<'f, T>(
    faults: &mut Faults<'f>,
    section: &mut Section<'_>,
    key: &'static str,
    mut member: impl FnMut(&mut Faults<'f>, Value<'_>) -> Option<T>,
) -> Option<Test<T>> {
    let value = section.take(key)?;
    let span = value.span();
    if !value.get_ref().is_table() {
        let any = faults.one_or_list(value, &mut member)?;
        if any.is_empty() {
            faults.add(
                &span,
                format!("The list of `{key}` is empty."),
                "Remove the key to admit all, or list what it admits.",
            );
        }
        return Some(Test {
            any,
            none: Vec::new(),
        });
    }
    let mut table = faults.section(value, key)?;
    let any = table.optional(faults, "any", |faults, value| {
        faults.one_or_list(value, &mut member)
    });
    let none = table.optional(faults, "not", |faults, value| {
        faults.one_or_list(value, &mut member)
    });
    if any.is_none() && none.is_none() && table.is_empty() {
        faults.add(
            &span,
            format!("The condition `{key}` says nothing."),
            "Give `any`, `not` or both.",
        );
    }
    table.finish(faults);
    Some(Test {
        any: any.unwrap_or_default(),
        none: none.unwrap_or_default(),
    })
}

fn target(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Target> {
    const FIX: &str =
        "Use role:…, group:…, person:…, org:*, org:…, destination:…, destination:service or leads.";
    let span = value.span();
    let text = faults.text(value)?;
    let (kind, id) = text.split_once(':').unwrap_or((text.as_str(), ""));
    let read = match (kind, id) {
        ("leads", "") => Ok(Target::Leads),
        ("org", "*") => Ok(Target::Contacts(None)),
        ("destination", "service") => Ok(Target::ServiceDestinations),
        ("role", id) => id.parse().map(Target::Role),
        ("group", id) => id.parse().map(Target::Group),
        ("person", id) => id.parse().map(Target::Person),
        ("org", id) => id.parse().map(|id| Target::Contacts(Some(id))),
        ("destination", id) => id.parse().map(Target::Destination),
        _ => {
            let kinds = ["role", "group", "person", "org", "destination", "leads"];
            let near = nearest(kind, kinds);
            let fix = near.first().map_or_else(
                || FIX.to_owned(),
                |near| format!("Did you mean {near}? {FIX}"),
            );
            faults.add(&span, format!("\"{text}\" names nobody to tell."), fix);
            return None;
        }
    };
    match read {
        Ok(target) => Some(target),
        Err(bad) => {
            faults.add(
                &span,
                format!("\"{}\" is not a {}.", bad.value, bad.what),
                format!("Use {}.", bad.rule),
            );
            None
        }
    }
}

fn by(faults: &mut Faults<'_>, value: Value<'_>) -> Option<By> {
    let mut section = faults.section(value, "by")?;
    let span = section.span().clone();
    let all = section.take("all");
    let first_of = section.take("first_of");
    section.finish(faults);
    match (all, first_of) {
        (Some(all), None) => channels(faults, all).map(By::All),
        (None, Some(first_of)) => channels(faults, first_of).map(By::FirstOf),
        (Some(_), Some(_)) => {
            faults.add(
                &span,
                "`by` has both `all` and `first_of`.",
                "Keep one of them, or make two rules.",
            );
            None
        }
        (None, None) => {
            faults.add(
                &span,
                "`by` names no channels.",
                "Give all = [\"email\"] or first_of = [\"teams_workflow\", \"email\"].",
            );
            None
        }
    }
}

fn channels(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Vec<ChannelName>> {
    let span = value.span();
    let read = faults.one_or_list(value, |faults, value| {
        let span = value.span();
        let name: ChannelName = faults.id(value)?;
        if name.as_str() == "capture" {
            faults.add(
                &span,
                "Practice capture is not a channel that rules name.",
                "Name the real channel; practice mode replaces its last step.",
            );
            return None;
        }
        Some(name)
    })?;
    if read.is_empty() {
        faults.add(
            &span,
            "No channel is named here.",
            "List at least one, for example \"email\".",
        );
    }
    Some(read)
}
