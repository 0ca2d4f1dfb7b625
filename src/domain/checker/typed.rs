//! What somebody typed for an event, by the field as people know it: what the checker reads.

use crate::domain::{
    Audience, event::Event, facts::Facts, notification::Moment, wording::declared_facts,
};

/// Everything typed with an event that readers of this moment and audience get to see. Words that
/// were typed for an earlier event were checked then.
pub fn typed(event: &Event, moment: Moment, audience: Audience) -> Vec<(&'static str, &str)> {
    let mut typed: Vec<(&'static str, &str)> = Vec::new();
    match event {
        Event::Declared {
            title,
            facts,
            holding_line,
            ..
        } => {
            typed.push(("Title", title));
            typed.extend(standing(facts, moment, audience));
            // It may go out by itself later, when nobody can put it right.
            typed.extend(holding_line.as_deref().map(|text| ("Holding line", text)));
        }
        Event::Updated { text, facts, .. } => {
            typed.push(("What has changed", text));
            typed.extend(standing(facts, moment, audience));
        }
        Event::ServicesChanged { text, .. } => typed.push(("What has changed", text)),
        Event::PriorityChanged { why, .. } if !audience.is_outside() => typed.push(("Why", why)),
        Event::Reopened { why, .. } | Event::Cancelled { why } => typed.push(("Why", why)),
        Event::Resolved {
            text,
            lost,
            still_stuck,
            ..
        } => {
            typed.push(("How it was fixed", text));
            typed.extend(lost.as_deref().map(|text| ("What was lost", text)));
            typed.extend(still_stuck.as_deref().map(|text| ("If still stuck", text)));
        }
        Event::Closed { text, actions, .. } => {
            typed.extend(text.as_deref().map(|text| ("Closing words", text)));
            if !audience.is_outside() {
                typed.extend(actions.iter().map(|text| ("Action", text.as_str())));
            }
        }
        // What was wrong is quoted as it was said; only what is right can be put better.
        Event::Corrected {
            right,
            facts,
            title,
            holding_line,
            ..
        } => {
            typed.push(("What is right", right));
            typed.extend(title.as_deref().map(|text| ("Title", text)));
            typed.extend(standing(facts, Moment::Update, audience));
            typed.extend(holding_line.as_deref().map(|text| ("Holding line", text)));
        }
        _ => {}
    }
    typed
}

/// The facts of an event that this audience reads, now or in the next message.
fn standing(
    facts: &Facts,
    moment: Moment,
    audience: Audience,
) -> impl Iterator<Item = (&'static str, &str)> {
    [
        ("Effect", "effect", &facts.effect),
        ("Who is affected", "who", &facts.who),
        ("What to do", "what_to_do", &facts.what_to_do),
        ("What we are doing", "doing", &facts.doing),
        ("Decision needed", "decision", &facts.decision),
        ("Working theory", "theory", &facts.theory),
    ]
    .into_iter()
    .filter(move |(_, fact, _)| declared_facts(moment, audience).any(|one| one.name == *fact))
    .filter_map(|(label, _, text)| Some((label, text.as_deref()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update() -> Event {
        Event::Updated {
            text: "Some providers can sign in.".to_owned(),
            facts: Facts {
                effect: Some("1 in 4 cannot sign in.".to_owned()),
                what_to_do: Some("Try again.".to_owned()),
                decision: Some("Whether to extend the deadline.".to_owned()),
                theory: Some("The certificate ran out.".to_owned()),
                ..Facts::default()
            },
            stage: None,
            promised: Default::default(),
        }
    }

    fn labels(event: &Event, moment: Moment, audience: Audience) -> Vec<&'static str> {
        typed(event, moment, audience)
            .into_iter()
            .map(|(label, _)| label)
            .collect()
    }

    #[test]
    fn each_audience_is_checked_for_what_it_reads() {
        let labels = |audience| labels(&update(), Moment::Update, audience);
        assert_eq!(
            labels(Audience::Responders),
            ["What has changed", "Effect", "Working theory"]
        );
        assert_eq!(
            labels(Audience::Owners),
            ["What has changed", "Effect", "Decision needed"]
        );
        assert_eq!(
            labels(Audience::External),
            ["What has changed", "Effect", "What to do"]
        );
    }

    #[test]
    fn why_the_priority_changed_is_read_inside_only() {
        let event = Event::PriorityChanged {
            from: "P2".parse().unwrap(),
            to: "P1".parse().unwrap(),
            factors: Default::default(),
            triage: Vec::new(),
            why: "All providers are affected.".to_owned(),
            promised: Default::default(),
        };
        assert_eq!(
            labels(&event, Moment::PriorityChange, Audience::Owners),
            ["Why"]
        );
        assert!(labels(&event, Moment::PriorityChange, Audience::External).is_empty());
        assert!(labels(&event, Moment::CatchUp, Audience::External).is_empty());
        assert_eq!(labels(&event, Moment::CatchUp, Audience::Owners), ["Why"]);
    }

    #[test]
    fn the_wrong_words_of_a_correction_are_not_checked() {
        let event = Event::Corrected {
            events: [3].into(),
            wrong: "Back in 10 minutes.".to_owned(),
            right: "We do not know how long it takes.".to_owned(),
            facts: Facts::default(),
            title: None,
            holding_line: None,
        };
        assert_eq!(
            labels(&event, Moment::Correction, Audience::External),
            ["What is right"]
        );
    }
}
