//! Which fields the form of each verb has, with what is known of the incident in them.

use std::collections::BTreeSet;

use super::{
    super::grammar::Scene,
    Filled,
    fields::Field,
    lists::{
        Options, audiences, factors, kinds, own_lead, own_services, people, priorities, roles,
        said, services, stages, steps, words,
    },
};
use crate::domain::{incident::LeadRole, verbs::Verb};

/// Facts longer than this are not put into a form, where they could be cut: left empty they stay as
/// they are.
const PREFILLED: usize = 2_000;

/// Asked for only after a ceiling was met.
pub(super) const OVERRIDE: &str = "override_ceiling";

/// Asked for only after wrong words were found in the facts.
pub(super) const KEEP: &str = "keep";

/// The fields of a verb; `None` for verbs that have no form. What was filled in decides whether some
/// are asked for.
pub(super) fn fields(scene: &Scene<'_>, verb: Verb, filled: &Filled) -> Option<Vec<Field>> {
    let mut fields = match verb {
        Verb::Open => open(scene),
        Verb::Update => update(scene),
        Verb::Resolve => vec![
            Field::text("text", "What can people do again?").needed(),
            Field::line("at", "Fixed at (3:52pm; left empty: now)"),
            Field::text("lost", "What was lost? (left empty: nothing)"),
            Field::text("still_stuck", "What if somebody is still stuck?"),
        ],
        Verb::Priority => priority(scene),
        Verb::Stage => vec![
            Field::one("stage", "How far is it?", stages())
                .needed()
                .with(stage_now(scene)),
        ],
        Verb::Services => change_services(scene),
        Verb::Leads => leads(scene),
        Verb::Handover => vec![
            Field::one("role", "Which lead?", roles())
                .needed()
                .with(own_lead(scene).map_or("", LeadRole::as_str)),
            Field::one("person", "Who takes over?", people(scene, false)),
            Field::line("other", "Somebody who is not in the list, by name"),
            Field::text("note", "What they should know"),
        ],
        Verb::Add => vec![
            Field::one("person", "Who is told from now on?", people(scene, true)),
            Field::line("other", "Somebody or a channel not in the list, by name"),
            Field::one(
                "audience",
                "What they read as (left empty: as usual)",
                audiences(),
            ),
            Field::text("note", "Why? It is on the record").needed(),
        ],
        Verb::Mute => vec![
            Field::one(
                "person",
                "Who is not told for a while?",
                people(scene, true),
            ),
            Field::line("other", "Somebody who is not in the list, by name"),
            Field::line("until", "Until when? (5pm, 45m)").needed(),
            Field::text("note", "Why?"),
        ],
        Verb::Decide => vec![
            Field::one(
                "answer",
                "Are users contacted?",
                words([("yes", "Yes, contact them"), ("no", "No, do not")]),
            )
            .needed(),
            Field::text("reason", "Why?").needed(),
        ],
        Verb::Step => vec![
            Field::one("step", "Which step?", steps(scene)).needed(),
            Field::one(
                "state",
                "How far is it?",
                words([
                    ("done", "Done"),
                    ("not-needed", "Not needed"),
                    ("open", "Open again"),
                ]),
            )
            .needed(),
            Field::text("note", "A link, or why it is not needed"),
        ],
        Verb::Correct => correct(scene, filled),
        Verb::Close => vec![
            Field::text("text", "What people should read"),
            Field::line("report", "Link to the report (https://…)"),
            Field::line("review", "When is the review? (such as 2026-11-30 14:00)"),
            Field::text("actions", "Actions, each with its owner, one a line"),
            Field::line("duplicate", "If it repeats another incident, which?"),
        ],
        Verb::Note => vec![Field::text("text", "The line; nobody is told").needed()],
        Verb::Reopen | Verb::Cancel => {
            vec![Field::text("why", "Why, as people will read it").needed()]
        }
        _ => return None,
    };
    if matches!(verb, Verb::Open | Verb::Priority) && filled.contains_key(OVERRIDE) {
        let label = "Why may it be above the usual limit this time?";
        fields.push(Field::text(OVERRIDE, label).needed());
    }
    fields.retain(|field| !field.is_empty_list());
    Some(fields)
}

fn open(scene: &Scene<'_>) -> Vec<Field> {
    let ticks = factors(scene);
    let grave = if ticks.is_empty() {
        Field::one("priority", "How grave is it?", priorities(scene)).needed()
    } else {
        let label = "How grave is it? (or tick below what is true)";
        Field::one("priority", label, priorities(scene))
    };
    let (offered, has_more) = services(scene, &BTreeSet::new());
    let mut fields = vec![
        Field::line("title", "What can people not do?").needed(),
        grave,
        Field::any("factors", "What is true? It says how grave it is", ticks),
        Field::any("services", "Which services?", offered),
    ];
    if has_more {
        let label = "Services that are not in the list, by name";
        fields.push(Field::line("more_services", label));
    }
    fields.extend([
        Field::text("effect", "Effect: what happens (or: I do not know yet)"),
        Field::text("who", "Who is affected, and how many?"),
        Field::text("what_to_do", "What can they do meanwhile?"),
        Field::text("doing", "What are we doing?"),
        Field::text("decision", "What must owners decide? (left empty: nothing)"),
        Field::line("started", "When did it start? (1:20pm, 30m ago)"),
        Field::one("kind", "What kind is it?", kinds()),
        Field::one("comms", "Comms lead, if known", people(scene, false)),
        Field::line("leads", "Other leads (tech Tom Okafor, support Mei Lin)"),
    ]);
    fields
}

fn update(scene: &Scene<'_>) -> Vec<Field> {
    let mut fields = vec![Field::text("text", "What has changed?").needed()];
    fields.extend(facts(scene));
    fields.push(Field::one("stage", "How far is it?", stages()).with(stage_now(scene)));
    let label = "Next update by (left empty: as usual)";
    fields.push(Field::line("next_update", label));
    fields
}

/// The facts as they were said last; what is not touched stays.
fn facts(scene: &Scene<'_>) -> [Field; 5] {
    let facts = scene.subject.map(|subject| &subject.incident.facts);
    [
        Field::text("effect", "Effect: what happens now").with(last(facts.map(|it| &it.effect))),
        Field::text("who", "Who is affected, and how many?").with(last(facts.map(|it| &it.who))),
        Field::text("what_to_do", "What can they do meanwhile?")
            .with(last(facts.map(|it| &it.what_to_do))),
        Field::text("doing", "What are we doing?").with(last(facts.map(|it| &it.doing))),
        Field::text("decision", "What must owners decide?")
            .with(last(facts.map(|it| &it.decision))),
    ]
}

/// What was said last, if a field has room for it.
fn last(fact: Option<&Option<String>>) -> String {
    let fact = fact.and_then(Option::as_deref).unwrap_or_default();
    match fact.chars().count() {
        0..=PREFILLED => fact.to_owned(),
        _ => String::new(),
    }
}

fn stage_now(scene: &Scene<'_>) -> &'static str {
    let stage = scene.subject.map(|subject| subject.incident.stage);
    stage
        .filter(|stage| stage.is_open())
        .map_or("", |stage| stage.as_str())
}

fn priority(scene: &Scene<'_>) -> Vec<Field> {
    let ticked = scene.subject.map(|subject| {
        let ticked = subject.incident.factors.iter();
        ticked.map(|id| id.as_str()).collect::<Vec<_>>().join(",")
    });
    let ticks = factors(scene);
    let grave = Field::one("priority", "How grave is it now?", priorities(scene));
    let grave = if ticks.is_empty() {
        grave.needed()
    } else {
        grave
    };
    vec![
        grave,
        Field::any("factors", "What is true? It says how grave it is", ticks)
            .with(ticked.unwrap_or_default()),
        Field::text("why", "Why, as people will read it").needed(),
    ]
}

fn change_services(scene: &Scene<'_>) -> Vec<Field> {
    let own = own_services(scene);
    let ids: BTreeSet<_> = own.iter().filter_map(|(id, _)| id.parse().ok()).collect();
    let (offered, has_more) = services(scene, &ids);
    let mut fields = vec![Field::any("services", "Which services are added?", offered)];
    if has_more {
        let label = "Services that are not in the list, by name";
        fields.push(Field::line("more_services", label));
    }
    let relations = words([
        ("affected", "They are affected"),
        ("upstream", "An affected service depends on them"),
        ("downstream", "They depend on an affected service"),
    ]);
    fields.extend([
        Field::one("relation", "How are they touched?", relations).with("affected"),
        Field::any("remove", "Which are no longer part of it?", own),
        Field::text("text", "What people should read (left empty: the change)"),
    ]);
    fields
}

fn leads(scene: &Scene<'_>) -> Vec<Field> {
    let likely: Options = people(scene, false);
    let now = |role: LeadRole| {
        let subject = scene.subject?;
        let person = subject.incident.leads.get(&role)?.to_string();
        // Only what is in the list can be chosen in it.
        likely.iter().any(|(id, _)| *id == person).then_some(person)
    };
    let lead =
        |id, label, role| Field::one(id, label, likely.clone()).with(now(role).unwrap_or_default());
    vec![
        lead("comms", "Comms lead: owns what is said", LeadRole::Comms),
        lead("tech", "Tech lead: owns the fix", LeadRole::Tech),
        lead(
            "support",
            "Support lead: watches what users report",
            LeadRole::Support,
        ),
        Field::line("leads", "Somebody not in the lists (comms Priya Shah)"),
    ]
}

fn correct(scene: &Scene<'_>, filled: &Filled) -> Vec<Field> {
    let said = said(scene);
    let latest = said.first().map(|(seq, _)| seq.clone());
    let mut fields = vec![
        Field::one("event", "Which message was wrong?", said)
            .needed()
            .with(latest.unwrap_or_default()),
        Field::text("wrong", "What did it say that is wrong?").needed(),
        Field::text("right", "What is right?").needed(),
    ];
    fields.push(Field::line("title", "Title: what can people not do?").with(last_title(scene)));
    fields.extend(facts(scene));
    if let Some(incident) = scene.subject.map(|subject| subject.incident) {
        // They are in no other form, so they are asked for where there are such words alone.
        let seldom = [
            ("theory", "Working theory", &incident.facts.theory),
            ("holding_line", "Holding line", &incident.holding_line),
        ];
        for (id, label, now) in seldom {
            if now.is_some() {
                fields.push(Field::text(id, label).with(last(Some(now))));
            }
        }
    }
    if filled.contains_key(KEEP) {
        let label = "What stands above is right where you leave it unchanged";
        fields.push(Field::any(KEEP, label, words([("yes", "It is right")])));
    }
    fields
}

fn last_title(scene: &Scene<'_>) -> String {
    let title = scene.subject.map(|subject| subject.incident.title.clone());
    title.unwrap_or_default()
}
