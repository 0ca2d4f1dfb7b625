//! A hundred services with long names, people whose names are markup, and markup in every field.

use super::{Chat, DIRECTORY, Kept, PRIYA, button, input, policy, text};

const MARKUP: &str =
    "*b* _i_ [x](https://evil.example) <at>Everyone</at> <!channel> &lt; \\\"]}, {{#if}}";

/// As much of it as is no placeholder to be filled in.
const SENDABLE: &str = "*b* _i_ ~s~ `c` & &lt; \\\"]}, # 1. > @everyone";

/// The agency with many more services and with people who are called like markup.
fn crowded() -> String {
    let mut services = String::from("services:\n");
    for number in 0..120 {
        services.push_str(&format!(
            "  - id: a-service-{number:03}\n    name: \"{number:03} Apply for and \
             renew a very long certificate of professional teaching *now* <b>\"\n"
        ));
    }
    let mut people = String::from("people:\n");
    for number in 0..30 {
        people.push_str(&format!(
            "  - id: aa-person-{number:02}\n    name: \"{number:02} <at>All</at> *Anna* [x](y) of the \
             very long and rather old family name\"\n    email: p{number:02}@northshire.example\n"
        ));
    }
    let crowded = DIRECTORY
        .replacen("services:\n", &services, 1)
        .replacen("people:\n", &people, 1);
    assert!(crowded.len() > DIRECTORY.len() + 10_000);
    crowded
}

#[tokio::test]
async fn forms_are_small_enough_and_nothing_in_them_is_markup() {
    let mut teams = Chat::with(policy(), &crowded()).await;
    let mut kept = Kept::default();
    let form = teams.says(PRIYA, &format!("open {MARKUP}")).await;
    let form = kept.keep("crowded-declare-form", form);
    let offered = input(&form, "services")["choices"].as_array().map(Vec::len);
    assert_eq!(offered, Some(100));
    // One that the list does not have is typed, as near as people know it.
    let filled = [
        ("title", MARKUP),
        ("priority", "P1"),
        ("services", "a-service-001"),
        ("more_services", "Register trainees, 119"),
        ("effect", MARKUP),
        ("who", MARKUP),
        ("what_to_do", MARKUP),
        ("doing", MARKUP),
        ("decision", MARKUP),
        ("leads", "comms priya-shah"),
    ];
    let shown = teams
        .hands_in(PRIYA, &button(&form, "Go on"), &filled)
        .await;
    let blocked = kept.keep("crowded-declare-blocked", shown);
    assert!(text(&blocked).contains("Put this right first"), "{blocked}");
    let filled = filled.map(|(id, value)| match value {
        MARKUP => (id, SENDABLE),
        value => (id, value),
    });
    let shown = teams
        .hands_in(PRIYA, &button(&form, "Go on"), &filled)
        .await;
    let shown = kept.keep("crowded-declare-shown", shown);
    assert!(!text(&shown).contains("<at>"), "{shown}");
    let sent = teams.taps(PRIYA, &button(&shown, "Send"), "").await;
    let sent = kept.keep("crowded-sent", sent);
    assert!(text(&sent).contains("Sent at "), "{sent}");
    for verb in [
        "services", "handover", "add", "leads", "update", "correct", "step",
    ] {
        let act = format!("fill:{verb}:INC-0001");
        let form = teams.hands_in(PRIYA, &act, &[]).await;
        kept.keep(&format!("crowded-{verb}-form"), form);
    }
    for line in [
        "status INC-1",
        "who INC-1",
        "list",
        "why INC-1 aa-person-03",
    ] {
        let card = teams.says(PRIYA, line).await;
        let card = kept.keep(&format!("crowded-{line}"), card);
        assert!(!text(&card).contains("<at>"), "{card}");
    }
    // Markup in every field of every form goes no further than a no.
    for (verb, fields) in [
        ("handover", vec!["role", "person", "other", "note"]),
        ("add", vec!["person", "other", "audience", "note"]),
        ("mute", vec!["person", "other", "until", "note"]),
        (
            "services",
            vec!["services", "more_services", "remove", "text"],
        ),
        ("priority", vec!["priority", "factors", "why"]),
        ("step", vec!["step", "state", "note"]),
        ("correct", vec!["event", "wrong", "right"]),
        ("leads", vec!["comms", "tech", "leads"]),
        ("update", vec!["text", "effect", "stage", "next_update"]),
        ("resolve", vec!["text", "at", "lost"]),
        ("close", vec!["text", "report", "review", "duplicate"]),
        ("decide", vec!["answer", "reason"]),
    ] {
        let filled: Vec<(&str, &str)> = fields.iter().map(|id| (*id, MARKUP)).collect();
        let act = format!("fill:{verb}:INC-0001");
        let card = teams.hands_in(PRIYA, &act, &filled).await;
        let body = card["body"].as_array().expect("a body").iter();
        let read = body.filter(|it| it["type"] == "TextBlock");
        for block in read {
            assert!(!block.to_string().contains("<at>"), "{verb}: {block}");
        }
        assert!(card.to_string().len() < 20 * 1024, "{verb}");
    }
    kept.done();
}
