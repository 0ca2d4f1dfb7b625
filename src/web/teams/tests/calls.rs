//! Each way in which a call can be wrong.

use hmac::{Hmac, KeyInit, Mac};
use rsa::{
    pkcs1v15::SigningKey,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use super::connector::{
    APP, Answers, Connector, OTHER, OURS, SERVICE_URL, TENANT, activity, header, published, signed,
    unsigned, with_signature,
};
use crate::web::teams::{
    keys::NoKey,
    token::{Reason, Refused, Vouched},
};

fn with(mut value: Value, key: &str, to: Value) -> Value {
    value[key] = to;
    value
}

fn without(mut value: Value, key: &str) -> Value {
    value.as_object_mut().unwrap().remove(key);
    value
}

#[tokio::test]
async fn a_call_of_the_connector_is_let_in_and_its_service_url_vouched_for() {
    let connector = Connector::start().await;
    let vouched = Vouched {
        app_id: APP.to_owned(),
        service_url: SERVICE_URL.trim_end_matches('/').to_owned(),
    };
    assert_eq!(connector.call("one", &OURS).await, Ok(vouched.clone()));

    let token = signed(&header("one"), &connector.claims(), &OURS);
    let lower = format!("bearer {token}");
    let admitted = connector.gate.admit(Some(&lower), &activity()).await;
    assert_eq!(admitted, Ok(vouched));
}

#[tokio::test]
async fn each_wrong_claim_is_found() {
    let connector = Connector::start().await;
    let right = connector.claims();
    let now = right["exp"].as_i64().unwrap() - 3_600;
    let set = |key, to: Value| with(right.clone(), key, to);
    let cases = [
        (set("aud", json!("another-app")), Reason::Audience),
        (set("aud", json!([APP])), Reason::Unreadable),
        (set("aud", json!([APP, "another-app"])), Reason::Unreadable),
        (without(right.clone(), "aud"), Reason::Unreadable),
        (
            set("iss", json!("https://sts.windows.net/x/")),
            Reason::Issuer,
        ),
        (
            set("iss", json!(["https://api.botframework.com"])),
            Reason::Unreadable,
        ),
        (without(right.clone(), "iss"), Reason::Unreadable),
        (without(right.clone(), "exp"), Reason::NoEnd),
        (set("exp", json!("soon")), Reason::Unreadable),
        (set("exp", json!(now - 300)), Reason::Ended),
        (set("exp", json!(i64::MIN)), Reason::Ended),
        (set("nbf", json!(now + 301)), Reason::NotYet),
        (set("nbf", json!(i64::MAX)), Reason::NotYet),
        (without(right.clone(), "serviceurl"), Reason::ServiceUrl),
        (set("serviceurl", json!("")), Reason::ServiceUrl),
        (
            set("serviceurl", json!("https://evil.example/emea/northshire/")),
            Reason::ServiceUrl,
        ),
        (
            set("serviceurl", json!("https://smba.trafficmanager.net/amer/")),
            Reason::ServiceUrl,
        ),
        (
            set("serviceurl", json!(format!("{SERVICE_URL}/"))),
            Reason::ServiceUrl,
        ),
    ];
    for (claims, reason) in cases {
        let token = signed(&header("one"), &claims, &OURS);
        assert_eq!(connector.send(&token).await, Err(reason), "{claims}");
    }
    // What differs by no more than clocks do, or by the slash at the end, is right.
    for claims in [
        set("exp", json!(now - 299)),
        set("nbf", json!(now + 300)),
        without(right.clone(), "nbf"),
        set("serviceurl", json!(SERVICE_URL.trim_end_matches('/'))),
    ] {
        let token = signed(&header("one"), &claims, &OURS);
        assert!(connector.send(&token).await.is_ok(), "{claims}");
    }
}

#[tokio::test]
async fn a_signature_counts_only_by_the_published_key_and_by_rs256() {
    let connector = Connector::start().await;
    let claims = connector.claims();
    let alg = |alg: &str| with(header("one"), "alg", json!(alg));

    let other_key = signed(&header("one"), &claims, &OTHER);
    assert_eq!(connector.send(&other_key).await, Err(Reason::Signature));

    let none = format!("{}.", unsigned(&alg("none"), &claims));
    assert_eq!(connector.send(&none).await, Err(Reason::Unreadable));
    let unsigned_rs256 = format!("{}.", unsigned(&header("one"), &claims));
    assert_eq!(
        connector.send(&unsigned_rs256).await,
        Err(Reason::Signature)
    );

    // Signed with what everybody can read: the key as the list has it.
    let message = unsigned(&alg("HS256"), &claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(&OURS.n_bytes()).unwrap();
    mac.update(message.as_bytes());
    let by_public_key = with_signature(&message, &mac.finalize().into_bytes());
    assert_eq!(connector.send(&by_public_key).await, Err(Reason::Algorithm));

    let message = unsigned(&alg("RS512"), &claims);
    let signature = SigningKey::<Sha512>::new(OURS.clone()).sign(message.as_bytes());
    let rs512 = with_signature(&message, &signature.to_vec());
    assert_eq!(connector.send(&rs512).await, Err(Reason::Algorithm));

    let extended = with(header("one"), "crit", json!(["b64"]));
    let extended = signed(&extended, &claims, &OURS);
    assert_eq!(connector.send(&extended).await, Err(Reason::Algorithm));
}

#[tokio::test]
async fn what_was_signed_cannot_be_changed() {
    let connector = Connector::start().await;
    let token = signed(&header("one"), &connector.claims(), &OURS);
    let (_, signature) = token.rsplit_once('.').unwrap();
    let later = with(connector.claims(), "exp", json!(4_000_000_000_i64));
    let changed = format!("{}.{signature}", unsigned(&header("one"), &later));
    assert_eq!(connector.send(&changed).await, Err(Reason::Signature));
    let cut = &token[..token.len() - 2];
    assert_eq!(connector.send(cut).await, Err(Reason::Signature));
}

#[tokio::test]
async fn a_token_must_name_a_key_that_is_published_and_may_speak_for_teams() {
    let connector = Connector::start().await;
    let claims = connector.claims();
    let nameless = signed(&without(header("one"), "kid"), &claims, &OURS);
    assert_eq!(connector.send(&nameless).await, Err(Reason::NoKeyId));

    let not_for_teams = with(published("web", &OURS), "endorsements", json!(["webchat"]));
    let unendorsed = without(published("bare", &OURS), "endorsements");
    let encrypting = with(published("enc", &OURS), "use", json!("enc"));
    let keys = vec![
        published("one", &OURS),
        not_for_teams,
        unendorsed,
        encrypting,
    ];
    connector.answers(Answers::Keys(keys));
    assert_eq!(connector.call("web", &OURS).await, Err(Reason::NotEndorsed));
    assert_eq!(
        connector.call("bare", &OURS).await,
        Err(Reason::NotEndorsed)
    );
    let unknown = Err(Reason::Key(NoKey::Unknown));
    assert_eq!(connector.call("enc", &OURS).await, unknown);
    assert_eq!(connector.call("two", &OURS).await, unknown);
}

#[tokio::test]
async fn the_header_is_bearer_and_one_token() {
    let connector = Connector::start().await;
    let token = signed(&header("one"), &connector.claims(), &OURS);
    let cases = [
        (None, Reason::NoToken),
        (Some(String::new()), Reason::NoToken),
        (Some("Bearer".to_owned()), Reason::NoToken),
        (Some("Bearer ".to_owned()), Reason::NoToken),
        (Some(token.clone()), Reason::NoToken),
        (Some(format!("Basic {token}")), Reason::NoToken),
        (Some(format!("Bearer  {token}")), Reason::NoToken),
        (Some(format!("Bearer {token} more")), Reason::NoToken),
        (Some("Bearer a.b".to_owned()), Reason::Unreadable),
        (Some("Bearer é.é.é".to_owned()), Reason::Unreadable),
        (Some(format!("Bearer {token}.more")), Reason::Unreadable),
        (
            Some(format!("Bearer {}", "a".repeat(8_193))),
            Reason::TooLong,
        ),
        (
            Some(format!("Bearer {}", "a".repeat(10_000_000))),
            Reason::TooLong,
        ),
    ];
    for (header, reason) in cases {
        let checked = connector.gate.check(header.as_deref(), &activity()).await;
        assert_eq!(checked, Err(reason), "{:.60}", header.unwrap_or_default());
    }
    assert_eq!(connector.asked().await, 0, "no key was needed to see that");
}

#[tokio::test]
async fn the_body_must_be_of_teams_of_an_allowed_tenant_and_answer_where_the_token_says() {
    let connector = Connector::start().await;
    let token = signed(&header("one"), &connector.claims(), &OURS);
    let bearer = format!("Bearer {token}");
    let tenant = |conversation: Value, channel: Value| {
        let body = with(
            activity(),
            "conversation",
            json!({ "tenantId": conversation }),
        );
        with(body, "channelData", json!({ "tenant": { "id": channel } }))
    };
    let bare = without(without(activity(), "conversation"), "channelData");
    let url = |to: &str| with(activity(), "serviceUrl", json!(to));
    for (body, reason) in [
        (
            with(activity(), "channelId", json!("webchat")),
            Reason::Channel,
        ),
        (without(activity(), "channelId"), Reason::Channel),
        (without(activity(), "serviceUrl"), Reason::ServiceUrl),
        (
            url("https://evil.example/emea/northshire/"),
            Reason::ServiceUrl,
        ),
        (
            url("https://smba.trafficmanager.net/emea/"),
            Reason::ServiceUrl,
        ),
        (
            url("https://smba.trafficmanager.net/emea/northshire//"),
            Reason::ServiceUrl,
        ),
        (tenant(json!("another"), json!(TENANT)), Reason::Tenant),
        (tenant(json!(TENANT), json!("another")), Reason::Tenant),
        (tenant(json!(TENANT), json!(null)), Reason::Tenant),
        (bare.clone(), Reason::Tenant),
        (json!([]), Reason::ServiceUrl),
        (json!(null), Reason::ServiceUrl),
    ] {
        let checked = connector.gate.check(Some(&bearer), &body).await;
        assert_eq!(checked, Err(reason), "{body}");
    }
    let one_place = with(
        bare,
        "conversation",
        json!({ "tenantId": TENANT.to_uppercase() }),
    );
    for body in [one_place, url(SERVICE_URL.trim_end_matches('/'))] {
        assert!(
            connector.gate.check(Some(&bearer), &body).await.is_ok(),
            "{body}"
        );
    }
}

#[tokio::test]
async fn who_is_refused_is_not_told_why() {
    let connector = Connector::start().await;
    let token = signed(&header("one"), &connector.claims(), &OTHER);
    let refused = connector
        .gate
        .admit(Some(&format!("Bearer {token}")), &activity())
        .await;
    assert_eq!(refused, Err(Refused));
    assert_eq!(refused, connector.gate.admit(None, &activity()).await);
    assert_eq!(Refused.to_string(), "This call is not allowed.");
}
