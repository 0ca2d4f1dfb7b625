//! What goes where.

use oyez::{
    channels::{OnUncertain, Outgoing},
    domain::{channel::Conversation, delivery::Class, notification::Moment},
};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{APP, CHANNEL, CHAT, Microsoft, PERSON, TENANT, error};

const ROOT: &str = "19:incidents_1@thread.tacv2;messageid=1795410184094|1795410184094";
const INTO_ROOT: &str = "/teams/v3/conversations/19%3Aincidents_1%40thread.tacv2%3Bmessageid%3D1795410184094/activities";
const CONVERSATIONS: &str = "/teams/v3/conversations";

fn activity() -> Value {
    json!({
        "type": "message",
        "summary": "Sign-in fails",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard", "version": "1.5", "body": [],
                "fallbackText": "Sign-in fails",
            },
        }],
    })
}

fn root() -> Value {
    json!({
        "isGroup": true,
        "bot": { "id": format!("28:{APP}") },
        "tenantId": TENANT,
        "channelData": { "channel": { "id": CHANNEL }, "tenant": { "id": TENANT } },
        "activity": activity(),
    })
}

#[tokio::test]
async fn the_first_message_in_a_channel_begins_a_thread_and_later_ones_are_replies() {
    let microsoft = Microsoft::start().await;
    assert!(microsoft.bot.threads());
    let mut letter = microsoft.letter(CHANNEL);
    let first = microsoft.send(&letter).await;
    assert_eq!(first.class, Class::Delivered, "{first:?}");
    assert_eq!(first.provider_id.as_deref(), Some(ROOT));
    assert_eq!(first.reply, "");

    (letter.first, letter.thread) = (false, first.provider_id);
    let second = microsoft.send(&letter).await;
    assert_eq!(second.class, Class::Delivered, "{second:?}");
    let id = "19:incidents_1@thread.tacv2;messageid=1795410184094|1795410184095";
    assert_eq!(second.provider_id.as_deref(), Some(id));
    let calls = microsoft.calls().await;
    let expected = [(CONVERSATIONS, root()), (INTO_ROOT, activity())];
    assert_eq!(calls, expected.map(|(path, body)| (path.to_owned(), body)));
    let asked = microsoft.server.received_requests().await.unwrap();
    assert_eq!(asked[1].headers["authorization"], "Bearer token-1");
}

#[tokio::test]
async fn each_message_brings_the_first_post_up_to_date_before_it_is_posted() {
    let microsoft = Microsoft::start().await;
    let mut letter = microsoft.letter(CHANNEL);
    let standing = r#"{"type":"AdaptiveCard","version":"1.5","body":[],"lang":"en"}"#;
    letter.parts.insert("incident".into(), standing.into());
    let first = microsoft.send(&letter).await;
    letter.thread = first.provider_id;
    // It may fail; what is said goes out all the same.
    let answers = [error(404, "ActivityNotFoundInConversation", "gone")];
    microsoft.teams_answers(answers);
    for _ in 0..2 {
        assert_eq!(microsoft.send(&letter).await.class, Class::Delivered);
    }
    // To a person there is no thread, and at a prompt no news.
    let mut to_person = microsoft.letter(PERSON);
    to_person.parts = letter.parts.clone();
    assert_eq!(microsoft.send(&to_person).await.class, Class::Delivered);
    letter.moment = Moment::Prompt;
    assert_eq!(microsoft.send(&letter).await.class, Class::Delivered);

    let mut edited = activity();
    edited["attachments"][0]["content"]["lang"] = "en".into();
    let mut begun = root();
    begun["activity"] = edited.clone();
    edited["id"] = "1795410184094".into();
    let edit = format!("{INTO_ROOT}/1795410184094");
    let calls = microsoft.calls().await;
    assert_eq!(calls[0], (CONVERSATIONS.to_owned(), begun));
    for at in [1, 3] {
        assert_eq!(calls[at], (edit.clone(), edited.clone()));
        assert_eq!(calls[at + 1], (INTO_ROOT.to_owned(), activity()));
    }
    let rest: Vec<&str> = calls[5..].iter().map(|call| call.0.as_str()).collect();
    let chat = "/teams/v3/conversations/a%3A1Priya/activities";
    assert_eq!(rest, [CONVERSATIONS, chat, INTO_ROOT]);
    let asked = microsoft.server.received_requests().await.unwrap();
    let edits = asked.iter().filter(|request| request.method == "PUT");
    assert_eq!(edits.count(), 2);
    // Asked to wait, it waits with all of it.
    letter.moment = Moment::Update;
    microsoft.teams_answers([ResponseTemplate::new(429).insert_header("Retry-After", "7")]);
    let after_ms = Some(7_000);
    let outcome = microsoft.send(&letter).await;
    assert_eq!(outcome.class, Class::Throttled { after_ms });
    assert_eq!(microsoft.calls().await.len(), 9);
}

#[tokio::test]
async fn a_thread_without_its_first_post_begins_anew() {
    let microsoft = Microsoft::start().await;
    let mut letter = microsoft.letter(CHANNEL);
    letter.thread = Some(ROOT.to_owned());
    microsoft.teams_answers([error(404, "ConversationNotFound", "gone")]);
    let outcome = microsoft.send(&letter).await;
    assert_eq!(outcome.class, Class::Delivered);
    let paths: Vec<String> = microsoft
        .calls()
        .await
        .into_iter()
        .map(|call| call.0)
        .collect();
    assert_eq!(paths, [INTO_ROOT, CONVERSATIONS]);

    // If the channel is gone too, that is all there is to say.
    let gone = || error(404, "ConversationNotFound", "gone");
    microsoft.teams_answers([gone(), gone()]);
    assert_eq!(microsoft.send(&letter).await.class, Class::BadDestination);
    assert_eq!(microsoft.calls().await.len(), 4);
}

#[tokio::test]
async fn a_thread_of_another_place_is_not_posted_into() {
    let microsoft = Microsoft::start().await;
    let mut letter = microsoft.letter(CHANNEL);
    letter.thread = Some("19:other@thread.tacv2;messageid=1|1".to_owned());
    assert_eq!(microsoft.send(&letter).await.class, Class::Delivered);
    assert_eq!(
        microsoft.calls().await,
        [(CONVERSATIONS.to_owned(), root())]
    );
}

#[tokio::test]
async fn a_person_is_written_to_in_their_chat_with_the_bot() {
    let microsoft = Microsoft::start().await;
    let outcome = microsoft.send_to(&PERSON.to_uppercase()).await;
    assert_eq!(outcome.class, Class::Delivered, "{outcome:?}");
    assert_eq!(
        outcome.provider_id.as_deref(),
        Some("a:1Priya|1795410184095")
    );
    let open = json!({
        "isGroup": false,
        "bot": { "id": format!("28:{APP}") },
        "tenantId": TENANT,
        "members": [{ "id": PERSON }],
        "channelData": { "tenant": { "id": TENANT } },
    });
    let into = "/teams/v3/conversations/a%3A1Priya/activities".to_owned();
    let calls = microsoft.calls().await;
    assert_eq!(
        calls,
        [(CONVERSATIONS.to_owned(), open), (into, activity())]
    );
}

/// Where a person met the bot, as a call vouched for it.
fn met(service_url: &str) -> Option<Conversation> {
    Some(Conversation {
        id: "a:1Met".to_owned(),
        service_url: service_url.to_owned(),
        kind: "personal".to_owned(),
        member: None,
    })
}

#[tokio::test]
async fn a_person_is_written_to_where_they_met_the_bot() {
    let microsoft = Microsoft::start().await;
    let mut letter = microsoft.letter(PERSON);
    letter.conversation = met(&format!("{}/emea/", microsoft.server.uri()));
    let outcome = microsoft.send(&letter).await;
    assert_eq!(outcome.provider_id.as_deref(), Some("a:1Met|1795410184095"));
    let into = "/emea/v3/conversations/a%3A1Met/activities".to_owned();
    assert_eq!(microsoft.calls().await, [(into, activity())]);
    let met = letter.conversation.unwrap();
    assert!(!microsoft.bot.is_gone(&met, &outcome));
    assert!(microsoft.bot.keeps_conversations());

    // In a channel it is the web address that counts.
    let mut letter = microsoft.letter(CHANNEL);
    letter.conversation = Some(Conversation {
        id: CHANNEL.to_owned(),
        kind: "channel".to_owned(),
        ..met
    });
    let outcome = microsoft.send(&letter).await;
    let (path, _) = microsoft.calls().await.pop().unwrap();
    assert_eq!(path, "/emea/v3/conversations");
    assert!(
        !microsoft
            .bot
            .is_gone(&letter.conversation.unwrap(), &outcome)
    );
}

#[tokio::test]
async fn a_chat_that_is_no_more_is_made_again_or_the_person_cannot_be_reached() {
    let microsoft = Microsoft::start().await;
    let mut letter = microsoft.letter(PERSON);
    letter.conversation = met(&format!("{}/teams/", microsoft.server.uri()));
    let met = letter.conversation.clone().unwrap();
    microsoft.teams_answers([error(404, "ConversationNotFound", "no")]);
    let outcome = microsoft.send(&letter).await;
    assert_eq!(
        outcome.provider_id.as_deref(),
        Some("a:1Priya|1795410184095")
    );
    assert!(microsoft.bot.is_gone(&met, &outcome));

    let roster = || error(403, "BotNotInConversationRoster", "no");
    microsoft.teams_answers([roster(), error(403, "ForbiddenOperationException", "no")]);
    let outcome = microsoft.send(&letter).await;
    assert_eq!(outcome.class, Class::BadDestination);
    assert!(
        outcome.sentence.contains("Install it for them"),
        "{}",
        outcome.sentence
    );
    assert!(microsoft.bot.is_gone(&met, &outcome));

    // Whatever else goes wrong says nothing about the chat.
    microsoft.teams_answers([error(429, "Throttled", "no")]);
    let outcome = microsoft.send(&letter).await;
    assert!(!microsoft.bot.is_gone(&met, &outcome), "{outcome:?}");
}

#[tokio::test]
async fn a_web_address_that_the_settings_do_not_allow_is_passed_over() {
    let microsoft = Microsoft::start().await;
    for foreign in ["https://evil.example/teams/", "nonsense", ""] {
        let mut letter = microsoft.letter(PERSON);
        letter.conversation = met(foreign);
        let outcome = microsoft.send(&letter).await;
        assert_eq!(outcome.class, Class::Delivered, "{foreign}");
        let (path, _) = microsoft.calls().await.pop().unwrap();
        assert_eq!(path, "/teams/v3/conversations/a%3A1Met/activities");
    }
}

#[tokio::test]
async fn a_chat_is_posted_into_and_has_no_threads() {
    let microsoft = Microsoft::start().await;
    for address in [CHAT, "a:1Priya"] {
        let mut letter = microsoft.letter(address);
        letter.thread = Some(format!("{address}|1"));
        let outcome = microsoft.send(&letter).await;
        assert_eq!(
            outcome.provider_id,
            Some(format!("{address}|1795410184095"))
        );
    }
    let paths: Vec<String> = microsoft
        .calls()
        .await
        .into_iter()
        .map(|call| call.0)
        .collect();
    let chat = "/teams/v3/conversations/19%3Ameeting_Zm9v%40thread.v2/activities";
    assert_eq!(
        paths,
        [chat, "/teams/v3/conversations/a%3A1Priya/activities"]
    );
}

#[tokio::test]
async fn the_gravest_is_urgent_and_a_prompt_raises_an_alert() {
    let microsoft = Microsoft::start().await;
    let mut letter = microsoft.letter(CHAT);
    letter.urgent = true;
    microsoft.send(&letter).await;
    letter.urgent = false;
    let prompt = Outgoing {
        moment: Moment::Prompt,
        ..letter.outgoing()
    };
    microsoft.bot.send(&prompt).await;
    let [(_, urgent), (_, prompt)]: [_; 2] = microsoft.calls().await.try_into().unwrap();
    assert_eq!(
        (&urgent["importance"], &urgent["channelData"]),
        (&json!("urgent"), &Value::Null)
    );
    assert_eq!(prompt["importance"], Value::Null);
    assert_eq!(
        prompt["channelData"],
        json!({ "notification": { "alert": true } })
    );
}

#[tokio::test]
async fn what_is_longer_in_utf_16_than_teams_takes_is_not_sent() {
    let microsoft = Microsoft::start().await;
    // A character of four bytes is four bytes in UTF-16, too; a letter grows from one to two.
    for (text, fits) in [("x", 40_000), ("\u{1F4A5}", 20_000)] {
        for (count, class) in [(fits, Class::Delivered), (fits + 1_000, Class::BadPayload)] {
            let mut letter = microsoft.letter(CHAT);
            let card = json!({ "type": "AdaptiveCard", "body": [], "speak": text.repeat(count) });
            letter.parts.insert("card".to_owned(), card.to_string());
            let outcome = microsoft.send(&letter).await;
            assert_eq!(outcome.class, class, "{count}: {}", outcome.sentence);
            assert!(class == Class::Delivered || outcome.sentence.contains("Teams takes 81920"));
        }
    }
    assert_eq!(microsoft.calls().await.len(), 2);
}

#[tokio::test]
async fn a_post_that_was_taken_without_an_id_is_accepted_without_a_handle() {
    let microsoft = Microsoft::start().await;
    for said in ["", "{}", "ok", r#"{"id":null}"#] {
        for status in [200, 201, 202] {
            let taken = || ResponseTemplate::new(status).set_body_string(said);
            microsoft.teams_answers([taken(), taken()]);
            for address in [CHANNEL, CHAT] {
                let outcome = microsoft.send_to(address).await;
                assert_eq!(outcome.class, Class::Accepted, "{outcome:?}");
                assert_eq!(outcome.provider_id, None);
                assert!(outcome.sentence.contains("did not say under which id"));
            }
        }
    }
    assert_eq!(microsoft.bot.on_uncertain(), OnUncertain::HoldUnlessUrgent);
    let empty = || ResponseTemplate::new(201).set_body_string("{}");

    // Nothing was posted yet when the chat cannot be read.
    microsoft.teams_answers([empty()]);
    assert_eq!(
        microsoft.send_to(PERSON).await.class,
        Class::RemoteTemporary
    );

    // Without the activity's id, the thread's holds it.
    let thread = json!({ "id": format!("{CHANNEL};messageid=7") });
    microsoft.teams_answers([ResponseTemplate::new(201).set_body_json(thread)]);
    let outcome = microsoft.send_to(CHANNEL).await;
    assert_eq!(
        outcome.provider_id,
        Some(format!("{CHANNEL};messageid=7|7"))
    );
}

#[tokio::test]
async fn each_conversation_has_its_lane_within_what_teams_takes() {
    let microsoft = Microsoft::start().await;
    let lane = |text: &str| {
        microsoft
            .bot
            .lane(&microsoft.bot.check_address(text).unwrap())
    };
    let lanes = [CHANNEL, CHAT, PERSON].map(lane);
    assert!(lanes[0] != lanes[1] && lanes[1] != lanes[2]);
    assert_eq!(lanes[2], lane(&PERSON.to_uppercase()));
    let pace = microsoft.bot.pace();
    assert_eq!(pace.concurrency, 1);
    for (seconds, most) in [(1.0, 7.0), (2.0, 8.0), (30.0, 60.0), (3_600.0, 1_800.0)] {
        let sent = f64::from(pace.burst) + pace.per_second.unwrap() * seconds;
        assert!(sent <= most, "{sent} in {seconds} seconds");
    }
}
