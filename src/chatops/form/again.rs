//! A command as the form that would make it: to change what was shown, or to ask for what it lacks.

use super::{super::grammar::Scene, Filled, lists::as_offered};
use crate::domain::{
    Time,
    command::{Command, Declare},
    event::StepState,
    facts::Facts,
    incident::LeadRole,
    situation::Relation,
    verbs::Verb,
    when,
};

/// What the form of a new incident would hold.
pub fn of_declare(scene: &Scene<'_>, declare: &Declare) -> Filled {
    let mut filled = Filled::new();
    let mut put = |id: &str, value: String| put(&mut filled, id, value);
    put("title", declare.title.clone());
    put("priority", text(declare.priority.as_ref()));
    put("factors", joined(&declare.factors));
    let (offered, others) = as_offered(scene, declare.services.keys());
    put("services", offered);
    put("more_services", others);
    put("started", time(scene, declare.started_at));
    put("kind", declare.kind.as_str().to_owned());
    put(
        "override_ceiling",
        declare.override_ceiling.clone().unwrap_or_default(),
    );
    let mut leads = declare.leads.clone();
    put("comms", text(leads.remove(&LeadRole::Comms).as_ref()));
    let leads: Vec<String> = leads
        .iter()
        .map(|(role, person)| format!("{} {person}", role.as_str()))
        .collect();
    put("leads", leads.join(", "));
    facts(&mut filled, &declare.facts);
    filled
}

/// The verb of a change, and what its form would hold; `None` for changes without a form.
pub fn of_change(scene: &Scene<'_>, command: &Command) -> Option<(Verb, Filled)> {
    let mut filled = Filled::new();
    let mut put = |id: &str, value: &str| put(&mut filled, id, value.to_owned());
    let mut changed = None;
    let verb = match command {
        Command::Note { text } => {
            put("text", text);
            Verb::Note
        }
        Command::Update {
            text,
            facts,
            stage,
            next_update,
        } => {
            put("text", text);
            put("stage", stage.map_or("", |stage| stage.as_str()));
            put("next_update", &time(scene, *next_update));
            changed = Some(facts);
            Verb::Update
        }
        Command::Priority {
            to,
            factors,
            why,
            override_ceiling,
            ..
        } => {
            put("priority", &text(to.as_ref()));
            put("factors", &joined(factors));
            put("why", why);
            put(
                "override_ceiling",
                override_ceiling.as_deref().unwrap_or_default(),
            );
            Verb::Priority
        }
        Command::Services { add, remove, text } => {
            let added: Vec<&str> = add.keys().map(|id| id.as_str()).collect();
            put("services", &added.join(","));
            let relation = add.values().next().copied().unwrap_or(Relation::Affected);
            put("relation", relation.as_str());
            put("remove", &joined(remove));
            put("text", text.as_deref().unwrap_or_default());
            Verb::Services
        }
        Command::Leads { appoint, note } => {
            for (role, person) in appoint {
                put(role.as_str(), person.as_str());
                put("role", role.as_str());
                put("person", person.as_str());
            }
            put("note", note.as_deref().unwrap_or_default());
            if appoint.len() == 1 {
                Verb::Handover
            } else {
                Verb::Leads
            }
        }
        Command::Stage { to } => {
            put("stage", to.as_str());
            Verb::Stage
        }
        Command::Resolve {
            text,
            at,
            lost,
            still_stuck,
        } => {
            put("text", text);
            put("at", &time(scene, *at));
            put("lost", lost.as_deref().unwrap_or_default());
            put("still_stuck", still_stuck.as_deref().unwrap_or_default());
            Verb::Resolve
        }
        Command::Close {
            duplicate_of,
            text: words,
            report,
            review_at,
            actions,
        } => {
            put("text", words.as_deref().unwrap_or_default());
            put("report", report.as_deref().unwrap_or_default());
            put("review", &time(scene, *review_at));
            put("actions", &actions.join("\n"));
            put("duplicate", &text(duplicate_of.as_ref()));
            Verb::Close
        }
        Command::Correct {
            events,
            wrong,
            right,
            facts,
            title,
            holding_line,
        } => {
            put(
                "event",
                &events.first().map(u32::to_string).unwrap_or_default(),
            );
            put("wrong", wrong);
            put("right", right);
            put("title", title.as_deref().unwrap_or_default());
            put("holding_line", holding_line.as_deref().unwrap_or_default());
            changed = Some(facts);
            Verb::Correct
        }
        Command::Reopen { why, .. } => {
            put("why", why);
            Verb::Reopen
        }
        Command::Cancel { why } => {
            put("why", why);
            Verb::Cancel
        }
        Command::Add {
            who,
            audience,
            note,
            ..
        } => {
            put("other", who.as_str());
            put("audience", audience.as_str());
            put("note", note);
            Verb::Add
        }
        Command::Mute {
            person,
            until,
            note,
        } => {
            put("other", person.as_str());
            put("until", &time(scene, Some(*until)));
            put("note", note.as_deref().unwrap_or_default());
            Verb::Mute
        }
        Command::Decide {
            contact_users,
            reason,
        } => {
            put("answer", if *contact_users { "yes" } else { "no" });
            put("reason", reason);
            Verb::Decide
        }
        Command::Step { step, state, note } => {
            put("step", step.as_str());
            put(
                "state",
                match state {
                    StepState::Open => "open",
                    StepState::Done => "done",
                    StepState::NotNeeded => "not-needed",
                },
            );
            put("note", note.as_deref().unwrap_or_default());
            Verb::Step
        }
        Command::NoChange { .. }
        | Command::Snooze
        | Command::CancelSending { .. }
        | Command::Approve { .. }
        | Command::Ask { .. }
        | Command::Affected { .. }
        | Command::Seen { .. } => return None,
    };
    if let Some(changed) = changed {
        facts(&mut filled, changed);
    }
    Some((verb, filled))
}

fn put(filled: &mut Filled, id: &str, value: String) {
    if !value.is_empty() {
        filled.insert(id.to_owned(), value);
    }
}

fn facts(filled: &mut Filled, facts: &Facts) {
    for (id, fact) in [
        ("effect", &facts.effect),
        ("who", &facts.who),
        ("what_to_do", &facts.what_to_do),
        ("doing", &facts.doing),
        ("decision", &facts.decision),
        ("theory", &facts.theory),
    ] {
        put(filled, id, fact.clone().unwrap_or_default());
    }
}

fn text(value: Option<&impl ToString>) -> String {
    value.map_or_else(String::new, ToString::to_string)
}

fn joined<T: ToString>(ids: &std::collections::BTreeSet<T>) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(",")
}

/// As `when` reads it again.
fn time(scene: &Scene<'_>, time: Option<Time>) -> String {
    let zone = scene.policy.time_zone;
    time.map_or_else(String::new, |time| when::typed(time, zone))
}
