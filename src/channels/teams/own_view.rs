//! The incident's post as those see it who run it.
//!
//! Whoever a card names gets it once as everybody does; their Teams then asks us by itself for what
//! to show them in its place. Source: msteams-docs, "User specific views".

use serde_json::{Value, json};

use crate::domain::IncidentId;

/// Teams asks for so many people at most.
const MOST: usize = 60;

/// Names in a card those who get a view of their own, which is how the incident stands.
pub(super) fn offer(card: &mut String, incident: IncidentId, members: &[String]) {
    let members = &members[..members.len().min(MOST)];
    // Without names Teams would ask for everybody there.
    if members.is_empty() {
        return;
    }
    let Ok(Value::Object(mut fields)) = serde_json::from_str(card) else {
        return;
    };
    let refresh = json!({
        "action": {
            "type": "Action.Execute",
            "verb": "oyez",
            "data": { "act": format!("look:{incident}") },
        },
        "userIds": members,
    });
    fields.insert("refresh".to_owned(), refresh);
    *card = Value::Object(fields).to_string();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_names_at_most_sixty_and_is_left_alone_for_none() {
        let plain = r#"{"type":"AdaptiveCard","body":[]}"#;
        let offered = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!("29:{number}")).collect();
            let mut card = plain.to_owned();
            offer(&mut card, IncidentId(7), &members);
            card
        };
        assert_eq!(offered(0), plain);
        let card: Value = serde_json::from_str(&offered(61)).unwrap();
        assert_eq!(card["refresh"]["userIds"].as_array().unwrap().len(), MOST);
        assert_eq!(card["refresh"]["action"]["data"]["act"], "look:INC-0007");
        let mut broken = "{".to_owned();
        offer(&mut broken, IncidentId(7), &["29:1".to_owned()]);
        assert_eq!(broken, "{");
    }
}
