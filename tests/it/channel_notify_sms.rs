//! What text messages through GOV.UK Notify have of their own.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use oyez::{
    channels::{Channel, OnUncertain},
    domain::{
        Audience,
        delivery::{Class, Look},
        notification::Moment,
    },
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, query_param},
};

use crate::{
    support::{
        channels::{Letter, build, lines, live, now, with},
        stand_in::{answering, requests},
    },
    words::{all, kinds, rendered, renderer, story::Story},
};

const SERVICE: &str = "26785a09-ab16-4eb0-8407-a37497a57506";
const SECRET: &str = "3d844edf-8d35-48ac-975b-e847b4f122b0";
const TEMPLATE: &str = "f33517ff-2a88-4f6e-b855-c550268ce08a";
const DELIVERY: &str = "01JDM4T9Q0000000000000000D";

fn notify(stand_in: &str, more: &str) -> Arc<dyn Channel> {
    let keys = format!(
        "api_key = \"oyez-live-{SERVICE}-{SECRET}\"\ntemplate_id = \"{TEMPLATE}\"\n\
         base_url = \"{stand_in}\"\n{more}"
    );
    live("notify_sms", with("notify_sms", &keys))
}

fn letter(channel: &dyn Channel, number: &str) -> Letter {
    let address = channel.check_address(number).expect("a number");
    Letter::new(address, &[("text", "Providers cannot sign in (INC-0042)")])
}

/// What Notify takes, stricter than its description: nothing that it does not know, and numbers
/// in one form.
fn our_rules() -> Value {
    let uuid =
        json!({ "type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });
    json!({
        "type": "object",
        "required": ["phone_number", "template_id", "personalisation", "reference"],
        "additionalProperties": false,
        "properties": {
            "phone_number": { "type": "string", "pattern": "^\\+[1-9][0-9]{7,14}$" },
            "template_id": uuid,
            "sms_sender_id": uuid,
            "reference": { "type": "string", "minLength": 26, "maxLength": 26 },
            "personalisation": {
                "type": "object",
                "required": ["body"],
                "additionalProperties": false,
                "properties": { "body": { "type": "string", "minLength": 1, "maxLength": 612 } },
            },
        },
    })
}

#[tokio::test]
async fn a_message_goes_where_notify_takes_it_under_a_token_of_now() {
    let server = MockServer::start().await;
    let answer = json!({ "id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": DELIVERY,
        "content": { "body": "Providers cannot sign in (INC-0042)", "from_number": "GOVUK" } });
    Mock::given(method("POST"))
        .and(path("/v2/notifications/sms"))
        .respond_with(ResponseTemplate::new(201).set_body_json(answer))
        .mount(&server)
        .await;
    let sender = "sms_sender_id = \"8e222534-7f05-4972-86e3-17c5d9f894e2\"\n";
    let channel = notify(&server.uri(), sender);
    let outcome = channel
        .send(&letter(&*channel, "07700 900123").outgoing())
        .await;
    assert_eq!(outcome.class, Class::Accepted, "{outcome:?}");
    let id = "740e5834-3a29-46b4-9a6f-16142fde533a";
    assert_eq!(outcome.provider_id.as_deref(), Some(id));
    assert_eq!(outcome.reply, "", "the words are on the record already");

    let asked = requests(&server).await;
    let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
    let rules = jsonschema::validator_for(&our_rules()).unwrap();
    let faults: Vec<_> = rules.iter_errors(&body).map(|f| f.to_string()).collect();
    assert_eq!(faults, [""; 0]);
    assert_eq!(body["phone_number"], "+447700900123");
    assert_eq!(body["reference"], DELIVERY);
    assert_eq!(
        body["sms_sender_id"],
        "8e222534-7f05-4972-86e3-17c5d9f894e2"
    );

    let header = asked[0].headers["authorization"].to_str().unwrap();
    let token = header.strip_prefix("Bearer ").unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims, json!({ "iss": SERVICE, "iat": now().timestamp() }));
    assert!(!header.contains(SECRET));
}

#[tokio::test]
async fn each_error_of_notify_has_its_class() {
    let invalid = |message| ("ValidationError", message);
    let refused = |message| ("BadRequestError", message);
    let cases = [
        (
            400,
            invalid("phone_number Not enough digits"),
            "07700 900123",
            Class::BadDestination,
        ),
        (
            400,
            invalid("template_id is not a valid UUID"),
            "07700 900123",
            Class::BadConfiguration,
        ),
        (
            400,
            invalid("personalisation is wrong"),
            "07700 900123",
            Class::BadPayload,
        ),
        (
            400,
            refused("Missing personalisation: body"),
            "07700 900123",
            Class::BadConfiguration,
        ),
        (
            400,
            refused("Cannot send to international mobile numbers"),
            "+353 85 012 3456",
            Class::BadPayload,
        ),
        (
            403,
            refused("Invalid token: API key not found"),
            "07700 900123",
            Class::BadConfiguration,
        ),
        (
            429,
            ("RateLimitError", "Exceeded rate limit"),
            "07700 900123",
            Class::Throttled { after_ms: None },
        ),
        (
            429,
            ("TooManyRequestsError", "Exceeded send limits"),
            "07700 900123",
            Class::BadConfiguration,
        ),
        (
            404,
            ("NoResultFound", "No result found"),
            "07700 900123",
            Class::BadConfiguration,
        ),
        (
            500,
            ("Exception", "Internal server error"),
            "07700 900123",
            Class::Uncertain,
        ),
    ];
    for (status, (error, message), number, class) in cases {
        let errors = json!([{ "error": error, "message": message }]);
        // A fault of Notify's own may be the list alone.
        let whole = json!({ "status_code": status, "errors": errors });
        for body in [&whole, &errors] {
            let server = answering(ResponseTemplate::new(status).set_body_json(body)).await;
            let channel = notify(&server.uri(), "");
            let outcome = channel.send(&letter(&*channel, number).outgoing()).await;
            assert_eq!(outcome.class, class, "{status} {error} {message}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_names_no_message_leaves_it_in_doubt() {
    let server = answering(ResponseTemplate::new(201).set_body_string("{}")).await;
    let channel = notify(&server.uri(), "");
    let outcome = channel
        .send(&letter(&*channel, "07700 900123").outgoing())
        .await;
    assert_eq!(outcome.class, Class::Uncertain);
    assert_eq!(channel.on_uncertain(), OnUncertain::Reconcile);
}

/// What a look finds when Notify lists messages with these references and statuses.
async fn look(listed: &[(&str, &str)]) -> Look {
    let server = MockServer::start().await;
    let notifications: Vec<Value> = listed
        .iter()
        .map(|(reference, status)| {
            json!({ "id": format!("id-{status}"), "reference": reference, "status": status,
                "phone_number": "+447700900123", "body": "Providers cannot sign in" })
        })
        .collect();
    let answer = json!({ "notifications": notifications, "links": { "current": "" } });
    Mock::given(method("GET"))
        .and(path("/v2/notifications"))
        .and(query_param("template_type", "sms"))
        .and(query_param("reference", DELIVERY))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&server)
        .await;
    let channel = notify(&server.uri(), "");
    let letter = letter(&*channel, "07700 900123");
    let can = channel.look_up().expect("it can be asked");
    can.look(&letter.outgoing()).await
}

#[tokio::test]
async fn what_is_in_doubt_is_found_by_its_reference() {
    let found = |look: Look| match look {
        Look::Found(outcome) => {
            assert!(
                outcome.reply.is_empty(),
                "no number and no words: {outcome:?}"
            );
            Some((outcome.class, outcome.provider_id.unwrap()))
        }
        Look::Missing => None,
        Look::Unknown(outcome) => panic!("it could not be asked: {outcome:?}"),
    };
    let accepted = Some((Class::Accepted, "id-sending".to_owned()));
    let delivered = Some((Class::Delivered, "id-delivered".to_owned()));
    let ours = |status| (DELIVERY, status);
    assert_eq!(found(look(&[]).await), None);
    assert_eq!(found(look(&[("another", "delivered")]).await), None);
    assert_eq!(found(look(&[ours("sending")]).await), accepted);
    assert_eq!(
        found(look(&[ours("sending"), ours("delivered")]).await),
        delivered
    );
    let gone = Some((Class::BadDestination, "id-permanent-failure".to_owned()));
    assert_eq!(found(look(&[ours("permanent-failure")]).await), gone);
    assert_eq!(
        found(look(&[ours("technical-failure")]).await),
        None,
        "it never left Notify"
    );
}

#[tokio::test]
async fn a_list_that_cannot_be_had_says_nothing() {
    for answer in [
        ResponseTemplate::new(503),
        ResponseTemplate::new(403),
        ResponseTemplate::new(200).set_body_string("[]"),
    ] {
        let server = answering(answer).await;
        let channel = notify(&server.uri(), "");
        let letter = letter(&*channel, "07700 900123");
        let look = channel.look_up().unwrap().look(&letter.outgoing()).await;
        assert!(matches!(look, Look::Unknown(_)), "{look:?}");
    }
}

#[tokio::test]
async fn a_probe_finds_a_template_that_cannot_hold_the_words() {
    let probe = async |body: Value| {
        let server = MockServer::start().await;
        Mock::given(path(format!("/v2/template/{TEMPLATE}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
        notify(&server.uri(), "").probe().await
    };
    assert!(
        probe(json!({ "type": "sms", "body": "((body))" }))
            .await
            .is_ok()
    );
    for wrong in [
        json!({ "type": "email", "body": "((body))" }),
        json!({ "type": "sms", "body": "Hello" }),
    ] {
        let sentence = probe(wrong).await.unwrap_err();
        assert!(sentence.contains("((body))"), "{sentence}");
    }
}

#[test]
fn settings_that_notify_would_refuse_are_refused_together() {
    let keys = "api_key = \"hunter2\"\ntemplate_id = \"welcome\"\nsms_sender_id = \"GOVUK\"\n\
                base_url = \"ftp://hunter2.example\"\n";
    let faults = lines(&build("notify_sms", with("notify_sms", keys)).unwrap_err());
    for key in ["api_key", "template_id", "sms_sender_id", "base_url"] {
        assert!(
            faults.contains(&format!("channels.notify_sms.{key} ")),
            "{faults}"
        );
    }
    assert!(!faults.contains("hunter2"), "{faults}");
}

#[test]
fn usual_words_are_whole_and_end_with_where_to_read_on() {
    let renderer = renderer();
    let kind = kinds()
        .into_iter()
        .find(|(kind, _)| kind.as_str() == "notify_sms");
    let kind = kind.expect("a kind of channel");
    for (moment, audience) in all().filter(|(moment, _)| *moment != Moment::Test) {
        let view = Story::up_to(moment).view(moment, audience);
        let text = &rendered(&renderer, &kind, &view)["text"];
        for typed in ["change", "no_change", "how_fixed", "right"] {
            let typed = view.text(typed);
            assert!(
                text.contains(typed),
                "{moment} {audience}: {typed} in {text}"
            );
        }
        let page = view.text("link");
        assert!(
            !page.is_empty() && text.ends_with(page),
            "{moment} {audience}: {text}"
        );
        let named = text.contains("INC-0042");
        assert!(
            named || audience == Audience::Users,
            "{moment} {audience}: {text}"
        );
    }
}
