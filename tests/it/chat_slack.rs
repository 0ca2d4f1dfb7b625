//! Incidents run from Slack: signed requests in, answers out, and everything on the record.

use serde_json::{Value, json};

use crate::support::{
    agency::deliver,
    api::{Answer, Api},
    slack_door::{DIRECTORY, Door, SECRET, button, form, sign, text, with_slack},
};

const DECLARE: &str = "declare --title 'Providers cannot sign in' --priority P1 --service register-trainees --yes --no-wait";
const OPEN: &str = "open P1 register-trainees: Providers cannot sign in";

#[tokio::test]
async fn an_incident_is_run_from_slack_from_its_declaration_to_its_end() {
    let mut slack = Door::open().await;
    let shown = slack.says("U0PRIYA001", OPEN).await;
    assert!(text(&shown).starts_with("Send to "), "{shown}");
    assert!(
        text(&shown).contains("Dana Whitlock by email: the service owner of Register trainees")
    );
    assert!(text(&shown).contains("To owners (declared)\n"));
    assert_eq!(slack.open_incidents().await, 0, "shown and not sent");

    let sent = slack.taps("U0PRIYA001", &shown, "Send").await;
    assert_eq!(sent["replace_original"], true);
    assert!(text(&sent).contains("On its way to "), "{sent}");
    assert_eq!(slack.open_incidents().await, 1);
    deliver(&slack.api.app).await;
    assert!(!slack.agency.mail.taken().is_empty());

    // Twice is once.
    let again = slack.taps("U0PRIYA001", &shown, "Send").await;
    assert_eq!(text(&again), text(&sent));
    assert_eq!(slack.open_incidents().await, 1);

    let id = "INC-0001";
    let status = slack.taps("U0PRIYA001", &sent, "Status").await;
    assert!(text(&status).contains("Priority: P1"), "{status}");
    assert!(text(&status).contains("Left to do:"), "{status}");
    for (line, said) in [
        (format!("leads {id} comms priya-shah"), "Send"),
        (
            format!("update {id} Half of the providers can sign in again."),
            "Send",
        ),
        (format!("nochange {id}"), "Send"),
        (format!("resolve {id} Providers can sign in again."), "Send"),
    ] {
        let shown = slack.says("U0PRIYA001", &line).await;
        let done = slack.taps("U0PRIYA001", &shown, said).await;
        assert!(text(&done).contains("On its way to "), "{line}: {done}");
        deliver(&slack.api.app).await;
    }
    // Nobody is told of these, so they are done at once.
    for line in [
        "note INC-1 Rang the supplier",
        "step INC-1 start-report done",
    ] {
        let done = slack.says("U0TOMOKA01", line).await;
        assert!(!text(&done).contains("On its way"), "{line}: {done}");
        assert_eq!(button(&done, "Status"), "say:status INC-0001");
    }
    let record = slack.agency.json("status INC-0001").await;
    assert_eq!(record["stage"], "resolved");
    let timeline = record["timeline"].as_array().expect("a timeline");
    let by: Vec<(&str, &str)> = timeline
        .iter()
        .filter(|line| line["door"] == "slack")
        .map(|line| {
            (
                line["who"].as_str().unwrap(),
                line["kind"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(by.contains(&("Priya Shah", "declared")), "{by:?}");
    assert!(by.contains(&("Tom Okafor", "noted")), "{by:?}");
}

#[tokio::test]
async fn a_tap_is_its_authors_and_says_nothing_when_the_incident_has_moved_on() {
    let mut slack = Door::open().await;
    let shown = slack.says("U0PRIYA001", OPEN).await;
    let foreign = slack.taps("U0TOMOKA01", &shown, "Send").await;
    assert!(
        text(&foreign).contains("Only whoever asked for this"),
        "{foreign}"
    );
    assert_eq!(slack.open_incidents().await, 0);
    slack.taps("U0PRIYA001", &shown, "Send").await;

    let priya = slack
        .says("U0PRIYA001", "update INC-1 Half are back.")
        .await;
    let tom = slack.says("U0TOMOKA01", "update INC-1 All are back.").await;
    slack.taps("U0TOMOKA01", &tom, "Send").await;
    let before = slack.agency.send_log("INC-0001").await.len();
    let stale = slack.taps("U0PRIYA001", &priya, "Send").await;
    assert!(text(&stale).contains("Tom Okafor"), "{stale}");
    assert_eq!(slack.agency.send_log("INC-0001").await.len(), before);

    let dropped = slack
        .says("U0PRIYA001", "update INC-1 None are back.")
        .await;
    let done = slack.taps("U0PRIYA001", &dropped, "Do not send").await;
    assert_eq!(text(&done), "Not sent.");
    let late = slack.taps("U0PRIYA001", &dropped, "Send").await;
    assert!(text(&late).contains("can no longer be sent"), "{late}");
}

#[tokio::test]
async fn whoever_is_not_known_or_not_ours_is_told_so_in_words() {
    let mut slack = Door::open().await;
    let unknown = slack.says("U0NOBODY01", "status INC-1").await;
    assert!(
        text(&unknown).starts_with("I do not know who you are."),
        "{unknown}"
    );
    assert!(text(&unknown).contains("U0NOBODY01"), "{unknown}");
    let outside = slack.says("U0AMARA001", OPEN).await;
    assert!(text(&outside).contains("our own organisation"), "{outside}");
    assert_eq!(slack.open_incidents().await, 0);
}

#[tokio::test]
async fn what_is_not_understood_gets_the_nearest_word_or_an_example() {
    let mut slack = Door::open().await;
    let help = slack.says("U0PRIYA001", "").await;
    assert!(
        text(&help).contains("/incident nochange [by 3:40pm]: nothing new"),
        "{help}"
    );
    for (line, part) in [
        ("nochnge", "Did you mean nochange"),
        (
            "update It is back",
            "I do not know which incident you mean.",
        ),
        ("open Providers cannot sign in", "How grave is it?"),
        (
            "update INC-9999 It is back",
            "There is no incident INC-9999.",
        ),
        (
            "why INC-9999 dana-whitlock",
            "There is no incident INC-9999.",
        ),
        (
            "open P1 register-trainee: It fails",
            "What can people not do?: register-trainee: It fails",
        ),
    ] {
        let answer = slack.says("U0PRIYA001", line).await;
        assert!(
            text(&answer).contains(part) || line.starts_with("open P1"),
            "{line}: {answer}"
        );
    }
    let who = slack.says("U0PRIYA001", "who P1 register-trainees").await;
    assert!(
        text(&who).contains("Would be told of a P1 on register-trainees"),
        "{who}"
    );
}

#[tokio::test]
async fn a_request_that_slack_did_not_sign_is_refused() {
    let slack = Door::open().await;
    let body = form(&[("text", "list"), ("user_id", "U0PRIYA001")]);
    let now = slack.now().to_string();
    let old = (slack.now() - 600).to_string();
    for (timestamp, signature) in [
        (&now, String::new()),
        (&now, sign("another secret", &now, &body)),
        (&now, sign(SECRET, &now, "another body")),
        (&old, sign(SECRET, &old, &body)),
    ] {
        for path in ["/slack/commands", "/slack/interactions", "/slack/events"] {
            let refused = slack.post(path, &body, timestamp, &signature).await;
            assert_eq!(refused.status.as_u16(), 401, "{path}");
        }
    }
    let closed = Api::of(std::sync::Arc::clone(&slack.api.app));
    let request = closed.request(reqwest::Method::POST, "/slack/commands");
    assert_eq!(Answer::of(request.body(body)).await.status.as_u16(), 404);
}

#[tokio::test]
async fn the_same_request_again_is_done_once() {
    let mut slack = Door::open().await;
    let shown = slack.says("U0PRIYA001", OPEN).await;
    slack.taps("U0PRIYA001", &shown, "Send").await;
    let line = "note INC-1 Rang the supplier";
    let first = slack.says_again("U0PRIYA001", line, "the-same").await;
    let again = slack.says_again("U0PRIYA001", line, "the-same").await;
    assert_eq!(first, again);
    // Also where doing it twice would be refused, and where the words mean another time by then.
    for line in [
        "stage INC-1 fixing it",
        "mute INC-1 dana-whitlock until 45m",
    ] {
        let first = slack.says_again("U0PRIYA001", line, line).await;
        let again = slack.says_again("U0PRIYA001", line, line).await;
        assert!(text(&first).contains("INC-0001"), "{first}");
        assert_eq!(first, again);
    }
    let record = slack.agency.json("status INC-0001").await;
    let timeline = record["timeline"].as_array().expect("a timeline");
    let notes = timeline.iter().filter(|line| line["kind"] == "noted");
    assert_eq!(notes.count(), 1);
}

#[tokio::test]
async fn typed_text_mentions_nobody_and_arrives_whole() {
    let mut slack = Door::open().await;
    let shown = slack.says("U0PRIYA001", OPEN).await;
    slack.taps("U0PRIYA001", &shown, "Send").await;
    let long = format!("<!channel> <@U0TOMOKA01> & {}", "it is slow ".repeat(450));
    let shown = slack
        .says("U0PRIYA001", &format!("update INC-1 {long}"))
        .await;
    assert!(!shown.to_string().contains("<!channel>"), "{shown}");
    assert!(text(&shown).contains("@channel"), "{shown}");
    let note = slack
        .says("U0PRIYA001", &format!("note INC-1 {long}"))
        .await;
    assert!(text(&note).contains("INC-0001"), "{note}");
    let record = slack.agency.json("status INC-0001").await;
    let timeline = record["timeline"].as_array().expect("a timeline");
    let last = timeline.last().expect("a note")["text"].as_str().unwrap();
    // Who was mentioned is named; all else is as it was typed.
    let read = long
        .replace("<@U0TOMOKA01>", "Tom Okafor")
        .replace("<!channel>", "@channel");
    assert!(last.contains(read.trim()), "{last}");
}

#[tokio::test]
async fn one_tap_answers_a_prompt_and_a_stale_one_says_what_happened() {
    let mut slack = Door::open().await;
    let shown = slack.says("U0PRIYA001", OPEN).await;
    slack.taps("U0PRIYA001", &shown, "Send").await;
    // No prompt stands, so nothing goes out unseen.
    let seen = slack.taps_value("U0PRIYA001", "nochange:INC-0001:1").await;
    assert!(text(&seen).starts_with("Nothing was sent: "), "{seen}");
    let first = slack.taps("U0PRIYA001", &seen, "Send").await;
    assert!(text(&first).contains("On its way to "), "{first}");
    let kept = slack.taps("U0PRIYA001", &seen, "Do not send").await;
    assert!(text(&kept).starts_with("It was sent already."), "{kept}");
    let sent = slack.agency.send_log("INC-0001").await.len();
    let second = slack.taps_value("U0TOMOKA01", "nochange:INC-0001:1").await;
    assert!(text(&second).contains("Priya Shah"), "{second}");
    let snoozed = slack.taps_value("U0TOMOKA01", "snooze:INC-0001:1").await;
    assert!(text(&snoozed).contains("Priya Shah"), "{snoozed}");
    assert_eq!(slack.agency.send_log("INC-0001").await.len(), sent);
}

#[tokio::test]
async fn an_incident_is_declared_from_a_form_that_keeps_what_was_filled_in() {
    let mut slack = Door::open().await;
    let form = slack
        .says("U0PRIYA001", "open Providers cannot sign in")
        .await;
    let blocks = form["blocks"].as_array().expect("blocks");
    let input = |id: &str| {
        blocks
            .iter()
            .find(|it| it["block_id"] == id)
            .expect("an input")
    };
    assert_eq!(
        input("title")["element"]["initial_value"],
        "Providers cannot sign in"
    );
    assert_eq!(input("services")["element"]["type"], "multi_static_select");
    let act = button(&form, "Go on");

    let typed = |text: &str| json!({ "type": "plain_text_input", "value": text });
    let mut inputs = json!({
        "title": { "title": typed("Providers cannot sign in") },
        "priority": { "priority": {
            "type": "static_select", "selected_option": { "value": "P1" },
        } },
        "services": { "services": {
            "type": "multi_static_select",
            "selected_options": [{ "value": "register-trainees" }, { "value": "find-courses" }],
        } },
        "effect": { "effect": typed("I do not know yet") },
        "started": { "started": typed("the other day") },
    });
    let again = slack.hands_in("U0PRIYA001", &act, &inputs).await;
    assert!(text(&again).contains("is not a time"), "{again}");
    assert!(text(&again).contains("I do not know yet"), "{again}");

    inputs["started"]["started"]["value"] = Value::Null;
    let shown = slack.hands_in("U0PRIYA001", &act, &inputs).await;
    let sent = slack.taps("U0PRIYA001", &shown, "Send").await;
    assert!(text(&sent).contains("On its way to "), "{sent}");
    let record = slack.agency.json("status INC-0001").await;
    assert_eq!(record["services"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn a_channel_knows_its_incident_and_leads_get_buttons() {
    let directory = with_slack(DIRECTORY).replace(
        "  - id: incidents-slack\n",
        "  - id: incident-channel\n    name: The channel of incidents\n    channel: slack\n    \
         address: C0INCIDENTS\n  - id: incidents-slack\n",
    );
    let mut slack = Door::with_app_and(directory).await;
    slack.agency.done(DECLARE).await;
    let lead = slack
        .says("U0PRIYA001", "leads INC-1 comms priya-shah")
        .await;
    slack.taps("U0PRIYA001", &lead, "Send").await;
    let none = slack.says("U0PRIYA001", "status").await;
    assert!(
        text(&none).contains("I do not know which incident"),
        "{none}"
    );

    // From now on its channel hears of it.
    let add = "add INC-1 incident-channel: where we talk";
    let added = slack.says("U0PRIYA001", add).await;
    slack.taps("U0PRIYA001", &added, "Send").await;
    deliver(&slack.api.app).await;
    let posts = slack.real().posts();
    assert!(
        posts.iter().any(|post| post.channel == "C0INCIDENTS"),
        "{posts:?}"
    );
    let status = slack.says("U0PRIYA001", "status").await;
    assert!(text(&status).starts_with("INC-0001: "), "{status}");
    let help = slack.says("U0TOMOKA01", "help").await;
    assert!(text(&help).contains("This place: INC-0001, P1"), "{help}");
}

#[tokio::test]
async fn whoever_has_a_role_in_a_service_says_by_a_tap_whether_it_is_affected() {
    let directory = with_slack(DIRECTORY).replace(
        "{service: northshire-sign-in, role: tech-lead, person: aisha-karim}",
        "{service: northshire-sign-in, role: tech-lead, person: tom-okafor}",
    );
    let mut slack = Door::with("", directory).await;
    let shown = slack.says("U0PRIYA001", OPEN).await;
    slack.taps("U0PRIYA001", &shown, "Send").await;
    let ask = slack
        .says("U0PRIYA001", "ask INC-1 northshire-sign-in")
        .await;
    slack.taps("U0PRIYA001", &ask, "Send").await;

    let checking = slack
        .taps_value("U0TOMOKA01", "affected:checking:INC-0001")
        .await;
    assert!(
        text(&checking).contains("northshire-sign-in is being checked"),
        "{checking}"
    );
    let yes = slack
        .taps_value("U0TOMOKA01", "affected:yes:INC-0001")
        .await;
    let shown = slack.taps("U0TOMOKA01", &yes, "Add to incident").await;
    assert!(text(&shown).starts_with("Send to "), "{shown}");
    let record = slack.agency.json("status INC-0001").await;
    assert_eq!(record["affected"]["northshire-sign-in"], "yes");

    let nobody = slack.taps_value("U0PRIYA001", "affected:no:INC-0001").await;
    assert!(
        text(&nobody).contains("asks nothing about a service"),
        "{nobody}"
    );
}

#[tokio::test]
async fn an_address_of_two_people_speaks_for_neither() {
    let directory = with_slack(DIRECTORY).replace("slack: U0TOMOKA01", "slack: U0PRIYA001");
    let mut slack = Door::with("", directory).await;
    let answer = slack.says("U0PRIYA001", "list").await;
    assert!(text(&answer).contains("more than one person"), "{answer}");
}

#[tokio::test]
async fn somebody_of_ours_is_known_by_the_mail_address_that_slack_has_of_them() {
    let mut slack = Door::with_app().await;
    let dana = "dana.whitlock@northshire.example";
    for (user, more) in [
        ("U0DANAW001", json!({})),
        ("U0STRANGE1", json!({ "team_id": "T0ANOTHER1" })),
        ("U0GUEST001", json!({ "is_restricted": true })),
        ("U0GUEST002", json!({ "is_ultra_restricted": true })),
        ("U0LEFTUS01", json!({ "deleted": true })),
        ("U0ROBOT001", json!({ "is_bot": true })),
        ("U0CLAIMS01", json!({ "is_email_confirmed": false })),
    ] {
        slack.real().lists(user, dana, &more);
    }
    let known = slack.says("U0DANAW001", "list").await;
    assert_eq!(text(&known), "No incident is open.");
    for user in [
        "U0STRANGE1",
        "U0GUEST001",
        "U0GUEST002",
        "U0LEFTUS01",
        "U0ROBOT001",
        "U0CLAIMS01",
    ] {
        let answer = slack.says(user, "list").await;
        assert!(
            text(&answer).contains("names no mail address of yours"),
            "{user}: {answer}"
        );
        assert!(!answer.to_string().contains(dana));
    }
    slack
        .real()
        .lists("U0OTHER001", "somebody@northshire.example", &json!({}));
    let answer = slack.says("U0OTHER001", "list").await;
    assert!(
        text(&answer).contains("nobody in the directory"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_permission_that_the_app_lacks_to_know_people_is_named_to_them_and_by_the_doctor() {
    let mut slack = Door::with_app().await;
    let dana = "dana.whitlock@northshire.example";
    slack.real().lists("U0DANAW001", dana, &json!({}));
    slack
        .real()
        .grants(&["app_mentions:read", "commands", "users:read"]);
    let answer = slack.says("U0DANAW001", "list").await;
    let said = text(&answer);
    assert!(
        said.contains("I cannot tell who you are.")
            && said.contains("lacks the permission users:read.email"),
        "{answer}"
    );
    let missing = json!({ "ok": false, "error": "missing_scope", "needed": "users:read" });
    slack.real().refuses("users.info", &missing);
    slack.real().lists("U0OTHER001", dana, &json!({}));
    let answer = slack.says("U0OTHER001", "list").await;
    assert!(
        text(&answer).contains("lacks the permission users:read."),
        "{answer}"
    );
    let doctor = slack.agency.oyez("doctor").await.exits(4);
    assert!(
        doctor
            .out
            .contains("FIX   Chat in Slack: The Slack app lacks the permission users:read.email, "),
        "{doctor}"
    );
}
