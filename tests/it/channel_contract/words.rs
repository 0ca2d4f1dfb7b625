//! What goes out, also of hostile words, also in practice.

use std::sync::Arc;

use oyez::{
    channels::Channel,
    domain::{
        ChannelName,
        channel::{Format, Part},
        delivery::Class,
        shown::Secrecy,
    },
};
use wiremock::ResponseTemplate;

use super::{bench, http_channels};
use crate::support::stand_in::{answering, requests};

#[tokio::test]
async fn hostile_text_changes_nothing_but_the_words() {
    let hostile = "\"}]}<!channel> <script>x</script> *b* {{title}} \r\nBcc: x \u{202E}\u{E000}reason\u{E001} \\";
    for name in http_channels() {
        let server = wiremock::MockServer::start().await;
        let mut bench = bench(&name, &server.uri());
        let calm = bench.channel.wire(&bench.letter.outgoing()).unwrap();
        bench.letter.reason = hostile.to_owned();
        bench.letter.name = hostile.to_owned();
        let wire = bench
            .channel
            .wire(&bench.letter.outgoing())
            .expect("a wire form");
        let shape = |bytes: &[u8]| shape(&serde_json::from_slice(bytes).expect("JSON"));
        assert_eq!(shape(&wire.bytes), shape(&calm.bytes), "{name}");
        let text = String::from_utf8(wire.bytes).unwrap();
        assert!(
            !text.contains("<!channel>") || !name.starts_with("slack"),
            "{text}"
        );
        assert!(
            !text.contains('\u{202E}') && !text.contains('\u{E000}'),
            "{text}"
        );
    }
}

/// A JSON value without its texts.
fn shape(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(_) => Value::from(""),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), shape(value)))
            .collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn what_was_refused_can_go_again_without_markup() {
    let is_text = |part: &Part| matches!(part.format, Format::Plain | Format::Slack);
    let mut tested = 0;
    for name in http_channels() {
        let server = answering(ResponseTemplate::new(200)).await;
        let mut bench = bench(&name, &server.uri());
        let parts = bench.channel.parts();
        let Some(text) = parts.iter().find(|part| is_text(part)) else {
            continue;
        };
        let words = bench.letter.parts[text.name].clone();
        bench.letter.parts.clear();
        bench.letter.parts.insert(text.name.to_owned(), words);
        let wire = bench.channel.wire(&bench.letter.outgoing());
        let wire = wire.unwrap_or_else(|outcome| panic!("{name}: {}", outcome.sentence));
        serde_json::from_slice::<serde_json::Value>(&wire.bytes).expect("JSON");
        tested += 1;
    }
    assert!(tested >= 2);
}

#[tokio::test]
async fn a_message_without_its_parts_is_refused_with_the_fix_and_nothing_is_sent() {
    for name in http_channels() {
        let server = answering(ResponseTemplate::new(200)).await;
        let mut bench = bench(&name, &server.uri());
        bench.letter.parts.clear();
        let outcome = bench.send().await;
        assert_eq!(outcome.class, Class::BadPayload, "{name}");
        assert!(outcome.sentence.contains("oyez template check"));
        assert!(requests(&server).await.is_empty());
    }
}

#[tokio::test]
async fn a_captured_message_is_written_down_and_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    for name in http_channels() {
        let server = answering(ResponseTemplate::new(200)).await;
        let bench = bench(&name, &server.uri());
        let target = folder.path().join(&name);
        let mut kinds = oyez::channels::kinds().iter();
        let kind = *kinds
            .find(|kind| kind.name == name)
            .expect("a kind of that name");
        let channel: ChannelName = name.parse().unwrap();
        let disclosure = oyez::channels::disclosure([(&channel, kind)], "");
        let capture = |allow: &[String]| {
            oyez::channels::Capture::new(
                Arc::clone(&bench.channel),
                name.parse().unwrap(),
                target.clone(),
                allow,
            )
            .showing(disclosure.clone())
        };
        let practice = capture(&[]);
        let outgoing = bench.letter.outgoing();
        assert_eq!(practice.send(&outgoing).await.class, Class::Accepted);
        assert!(requests(&server).await.is_empty(), "{name} sent");
        let file = target.join("01JDM4T9Q0000000000000000D.json");
        let record: serde_json::Value =
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        // A credential is not written down, not even on this machine.
        let is_whole = record["address"] == bench.letter.address.as_str();
        assert_eq!(is_whole, kind.addresses == Secrecy::Contact, "{name}");
        assert_eq!(record["incident"], "INC-0042");
        let body: serde_json::Value =
            serde_json::from_slice(&practice.wire(&outgoing).unwrap().bytes).unwrap();
        assert_eq!(record["body"], body);
        assert_eq!(
            practice.lane(&bench.letter.address),
            bench.channel.lane(&bench.letter.address)
        );
        assert_eq!(practice.threads(), bench.channel.threads());

        let allowed = capture(&[bench.letter.address.as_str().to_owned()]);
        allowed.send(&outgoing).await;
        assert!(
            !requests(&server).await.is_empty(),
            "{name} did not send to an address of the list"
        );
    }
}
