//! What happens around a promised time: prompts, escalation, snooze, holding line.

use chrono::Duration;

use super::{
    reader::{Faults, Value},
    values,
};
use crate::domain::{
    incident::LeadRole,
    policy::{Ladder, LateTo},
};

/// The ladder of a policy that says nothing about it.
pub(super) fn usual_ladder() -> Ladder {
    let late_to = ["lead:tech", "role:programme-delivery-manager"];
    Ladder {
        prompt_lead: Duration::minutes(10),
        prompt_others: Duration::minutes(5),
        escalate: Duration::minutes(10),
        late_to: late_to.into_iter().filter_map(parse_late_to).collect(),
        snooze: Duration::minutes(15),
        snoozes: 2,
        holding_line_after: None,
    }
}

pub(super) fn ladder(faults: &mut Faults<'_>, value: Value<'_>) -> Option<Ladder> {
    let usual = usual_ladder();
    let mut section = faults.section(value, "ladder")?;
    let mut time =
        |faults: &mut Faults<'_>, key| section.optional(faults, key, values::duration_from(1));
    let prompt_lead = time(faults, "prompt_lead");
    let prompt_others = time(faults, "prompt_others");
    let escalate = time(faults, "escalate");
    let snooze = time(faults, "snooze");
    let holding_line_after = time(faults, "holding_line_after");
    let snoozes = section.optional(faults, "snoozes", Faults::count);
    let late_to = section.optional(faults, "late_to", |faults, value| {
        faults.list(value, late_to)
    });
    section.finish(faults);
    Some(Ladder {
        prompt_lead: prompt_lead.unwrap_or(usual.prompt_lead),
        prompt_others: prompt_others.unwrap_or(usual.prompt_others),
        escalate: escalate.unwrap_or(usual.escalate),
        late_to: late_to.unwrap_or(usual.late_to),
        snooze: snooze.unwrap_or(usual.snooze),
        snoozes: snoozes.unwrap_or(usual.snoozes),
        holding_line_after,
    })
}

fn late_to(faults: &mut Faults<'_>, value: Value<'_>) -> Option<LateTo> {
    let span = value.span();
    let text = faults.text(value)?;
    let read = parse_late_to(&text);
    if read.is_none() {
        faults.add(
            &span,
            format!("\"{text}\" names nobody to tell when an update is late."),
            "Use lead:comms, lead:tech, lead:support, role:…, person:… or group:….",
        );
    }
    read
}

fn parse_late_to(text: &str) -> Option<LateTo> {
    let (kind, id) = text.split_once(':')?;
    match kind {
        "lead" => LeadRole::ALL
            .into_iter()
            .find(|role| role.as_str() == id)
            .map(LateTo::Lead),
        "role" => id.parse().ok().map(LateTo::Role),
        "person" => id.parse().ok().map(LateTo::Person),
        "group" => id.parse().ok().map(LateTo::Group),
        _ => None,
    }
}
