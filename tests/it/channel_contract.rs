//! What every channel keeps to, whoever wrote it.
//!
//! The tests walk `config/default.toml`: a channel is tested from the day its table is there, and
//! fails until `fixtures/channels/<name>.toml` says how to reach a stand-in for its provider.

use std::{collections::BTreeMap, sync::Arc};

use oyez::{
    channels::{Built, Channel, kinds},
    domain::{
        Address,
        delivery::{Class, Outcome},
    },
    section::Section,
};
use serde::Deserialize;
use wiremock::ResponseTemplate;

use crate::support::{
    channels::{Letter, build, lines, live, stanza, stanzas, with},
    stand_in::{answering, requests},
};

/// How to reach a stand-in for a channel's provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    address: String,
    accepts: Answer,
    /// Whether the provider knows a repeat: "recognised" or "shown".
    repeats: String,
    #[serde(default)]
    settings: toml::Table,
    parts: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    body: String,
}

/// A channel that talks to a stand-in, and a letter for it.
struct Bench {
    name: String,
    channel: Arc<dyn Channel>,
    letter: Letter,
    accepts: ResponseTemplate,
    recognised: bool,
}

/// A word that stands in each secret of the fixtures.
const SECRET: &str = "s3cr3t";

/// The channels that speak HTTP; mail has a file of its own.
fn http_channels() -> Vec<String> {
    stanzas()
        .into_keys()
        .filter(|name| name != "email")
        .collect()
}

fn bench(name: &str, stand_in: &str) -> Bench {
    let path = format!(
        "{}/tests/it/fixtures/channels/{name}.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| {
        panic!("a channel needs a fixture: write tests/it/fixtures/channels/{name}.toml")
    });
    let text = text.replace("{stand_in}", stand_in);
    let fixture: Fixture = toml::from_str(&text).expect("a fixture");
    let channel = live(name, with(name, &fixture.settings.to_string()));
    let address = channel.check_address(&fixture.address).expect("an address");
    let parts: Vec<(&str, &str)> = fixture
        .parts
        .iter()
        .map(|(name, words)| (name.as_str(), words.as_str()))
        .collect();
    Bench {
        name: name.to_owned(),
        letter: Letter::new(address, &parts),
        channel,
        accepts: ResponseTemplate::new(fixture.accepts.status)
            .set_body_string(fixture.accepts.body),
        recognised: fixture.repeats == "recognised",
    }
}

impl Bench {
    async fn send(&self) -> Outcome {
        let outcome = self.channel.send(&self.letter.outgoing()).await;
        self.check(&outcome);
        outcome
    }

    /// What holds for every outcome.
    fn check(&self, outcome: &Outcome) {
        let name = &self.name;
        let shown = format!("{outcome:?}");
        assert!(!shown.contains(SECRET), "{name} lets a secret out: {shown}");
        assert!(
            !shown.contains("127.0.0.1"),
            "{name} lets the address out: {shown}"
        );
        assert!(outcome.reply.len() <= 4096);
        let sentence = &outcome.sentence;
        assert!(
            sentence.ends_with('.') || sentence.ends_with("oyez template check"),
            "{name}: {sentence}"
        );
        assert!(
            !sentence.contains('!') && !sentence.contains("n't"),
            "{name}: {sentence}"
        );
    }

    /// What an answer means that leaves open whether the message is out.
    fn ambiguous(&self) -> Class {
        if self.recognised {
            Class::RemoteTemporary
        } else {
            Class::Uncertain
        }
    }
}

/// Sends through every channel to a stand-in that answers so.
async fn each(answer: ResponseTemplate, check: impl Fn(&Bench, Outcome)) {
    for name in http_channels() {
        let server = answering(answer.clone()).await;
        let bench = bench(&name, &server.uri());
        let outcome = bench.send().await;
        assert!(!requests(&server).await.is_empty(), "{name} asked nothing");
        check(&bench, outcome);
    }
}

#[tokio::test]
async fn an_accepted_message_went_out_once_as_it_is_on_the_wire() {
    for name in http_channels() {
        let server = wiremock::MockServer::start().await;
        let bench = bench(&name, &server.uri());
        wiremock::Mock::given(wiremock::matchers::method("POST"))
            .respond_with(bench.accepts.clone())
            .mount(&server)
            .await;
        let outcome = bench.send().await;
        assert_eq!(outcome.class, Class::Accepted, "{name}: {outcome:?}");
        let asked = requests(&server).await;
        assert_eq!(asked.len(), 1, "{name}");
        let wire = bench
            .channel
            .wire(&bench.letter.outgoing())
            .expect("a wire form");
        assert_eq!(asked[0].body, wire.bytes, "{name}");
        assert!(
            asked[0].headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("application/json")
        );
        let body = String::from_utf8(wire.bytes).unwrap();
        assert!(
            body.contains("service owner of Register trainees"),
            "{name}: {body}"
        );
        assert!(
            !body.contains('\u{E000}'),
            "{name} leaves the mark in: {body}"
        );
    }
}

#[tokio::test]
async fn every_status_has_its_state_on_every_channel() {
    for (status, expected) in [
        (301, Some(Class::BadDestination)),
        (307, Some(Class::BadDestination)),
        (400, None),
        (401, Some(Class::BadConfiguration)),
        (403, Some(Class::BadConfiguration)),
        (404, Some(Class::BadDestination)),
        (410, Some(Class::BadDestination)),
        (413, Some(Class::BadPayload)),
        (429, Some(Class::Throttled { after_ms: None })),
    ] {
        each(ResponseTemplate::new(status), |bench, outcome| {
            let name = &bench.name;
            assert_eq!(outcome.code, Some(status), "{name}");
            match expected {
                Some(expected) => assert_eq!(outcome.class, expected, "{name} at {status}"),
                // Which of the two depends on what the provider checks.
                None => assert!(
                    matches!(outcome.class, Class::BadPayload | Class::BadDestination),
                    "{name}: {outcome:?}"
                ),
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_fault_of_the_provider_is_uncertain_unless_it_knows_repeats() {
    for status in [408, 500, 502, 503, 504] {
        each(ResponseTemplate::new(status), |bench, outcome| {
            assert_eq!(
                outcome.class,
                bench.ambiguous(),
                "{} at {status}",
                bench.name
            );
        })
        .await;
    }
}

#[tokio::test]
async fn the_wait_that_a_provider_asks_for_is_read_in_seconds_and_as_a_date() {
    for wait in ["30", "Mon, 23 Nov 2026 13:20:30 GMT"] {
        let answer = ResponseTemplate::new(429).insert_header("retry-after", wait);
        each(answer, |bench, outcome| {
            let expected = Class::Throttled {
                after_ms: Some(30_000),
            };
            assert_eq!(outcome.class, expected, "{}", bench.name);
            assert!(
                outcome.sentence.contains("wait 30 seconds"),
                "{}",
                outcome.sentence
            );
        })
        .await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for name in http_channels() {
        let elsewhere = answering(ResponseTemplate::new(200).set_body_string("ok")).await;
        let answer = ResponseTemplate::new(302).insert_header("location", elsewhere.uri());
        let server = answering(answer).await;
        let outcome = bench(&name, &server.uri()).send().await;
        assert_eq!(outcome.class, Class::BadDestination, "{name}");
        assert!(
            requests(&elsewhere).await.is_empty(),
            "{name} followed the redirect"
        );
    }
}

#[tokio::test]
async fn a_web_page_is_no_acceptance() {
    let page = "<!DOCTYPE html><title>Sign in</title>";
    for status in [200, 202] {
        let answer = ResponseTemplate::new(status).set_body_raw(page, "text/html");
        each(answer, |bench, outcome| {
            assert_eq!(
                outcome.class,
                Class::RemoteTemporary,
                "{} at {status}",
                bench.name
            );
            assert!(outcome.sentence.contains("proxy"), "{}", outcome.sentence);
        })
        .await;
    }
}

#[tokio::test]
async fn what_a_provider_says_is_kept_without_secrets_and_cut() {
    for name in http_channels() {
        let server = wiremock::MockServer::start().await;
        let bench = bench(&name, &server.uri());
        let quoted = format!(
            "no such hook {} for dee.olu@northshire.example {}",
            bench.letter.address.as_str(),
            "x".repeat(100_000)
        );
        wiremock::Mock::given(wiremock::matchers::any())
            .respond_with(ResponseTemplate::new(404).set_body_string(quoted))
            .mount(&server)
            .await;
        let outcome = bench.send().await;
        assert!(
            !outcome.reply.contains("dee.olu"),
            "{name}: {}",
            outcome.reply
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_down_got_nothing() {
    for name in http_channels() {
        // Bound and let go again, so that nobody listens there.
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let outcome = bench(&name, &format!("http://{free}")).send().await;
        assert_eq!(outcome.class, Class::NotSent, "{name}: {outcome:?}");
        assert!(
            outcome.sentence.contains("could not be reached"),
            "{}",
            outcome.sentence
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_answer_leaves_the_message_in_doubt() {
    for name in http_channels() {
        // It takes connections and bytes and says nothing; the 30 seconds pass at once.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let silent = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                open.push(connection);
            }
        });
        let bench = bench(&name, &format!("http://{address}"));
        let outcome = bench.send().await;
        silent.abort();
        assert_eq!(outcome.class, bench.ambiguous(), "{name}: {outcome:?}");
        assert!(
            outcome.sentence.contains("did not answer in time"),
            "{}",
            outcome.sentence
        );
    }
}

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

#[test]
fn a_lane_and_a_wrong_address_do_not_show_the_secret() {
    for name in http_channels() {
        let bench = bench(&name, "http://127.0.0.1:9");
        let lane = bench.channel.lane(&bench.letter.address);
        assert!(
            !lane.contains(SECRET) && !lane.contains("127.0.0.1"),
            "{lane}"
        );
        assert_eq!(lane, bench.channel.lane(&bench.letter.address));
        for wrong in [
            "",
            "not an address",
            "ftp://s3cr3t.example/",
            "https://user:s3cr3t@host.example/",
            "https://10.0.0.1/s3cr3t",
            "https://[::1]/s3cr3t",
            "https://0x0a.1/s3cr3t",
        ] {
            let Err(sentence) = bench.channel.check_address(wrong) else {
                panic!("{name} takes {wrong:?}");
            };
            assert!(!sentence.contains(SECRET), "{name}: {sentence}");
        }
    }
}

#[test]
fn an_address_that_was_checked_stays_the_same_when_checked_again() {
    for name in http_channels() {
        let bench = bench(&name, "http://127.0.0.1:9");
        let again = bench
            .channel
            .check_address(bench.letter.address.as_str())
            .unwrap();
        assert_eq!(again.as_str(), bench.letter.address.as_str(), "{name}");
        assert!(!format!("{:?}", bench.letter.address).contains(SECRET));
    }
}

#[tokio::test]
async fn nothing_private_is_called_even_if_the_address_came_past_the_check() {
    for name in http_channels() {
        let mut bench = bench(&name, "http://127.0.0.1:9");
        if bench.letter.address.as_str().contains("://") {
            bench.letter.address = Address::new("https://169.254.169.254/s3cr3t");
            let outcome = bench.send().await;
            assert_eq!(outcome.class, Class::BadDestination, "{name}");
            assert!(
                outcome.sentence.contains("http.allow_private"),
                "{}",
                outcome.sentence
            );
        }
    }
}

#[test]
fn the_settings_that_ship_are_sound_and_switch_on_nothing_that_needs_more() {
    for (name, section) in stanzas() {
        match build(&name, section) {
            Ok(Built::Live(channel)) => assert!(!channel.parts().is_empty()),
            Ok(Built::Off(reason)) => {
                assert!(reason.contains(&format!("channels.{name}.")), "{reason}")
            }
            Err(faults) => panic!("{name}: {}", lines(&faults)),
        }
    }
}

#[test]
fn the_settings_that_ship_explain_every_key_of_every_channel() {
    let text = include_str!("../../config/default.toml");
    for name in stanzas().into_keys() {
        let faults = build(&name, with(&name, "qqqqqq = 1\n")).unwrap_err();
        let fault = lines(&faults);
        let (_, rest) = text.split_once(&format!("[channels.{name}]\n")).unwrap();
        let own = rest.split("\n[").next().unwrap();
        let (_, keys) = fault.split_once("Use ").unwrap_or(("", ""));
        let shared = ["enabled", "kind", "label", "on_uncertain", "pace"];
        let keys = keys.trim_end_matches('.').replace(" or ", ", ");
        for key in keys
            .split(", ")
            .filter(|key| !key.is_empty() && !shared.contains(key))
        {
            let explained = ["\n", "\n# "].iter().any(|start| {
                own.contains(&format!("{start}{key} = "))
                    || own.contains(&format!("{start}{key}_file = "))
            });
            assert!(
                explained,
                "config/default.toml does not explain channels.{name}.{key}"
            );
        }
        // What is explained behind a # is a key that there is.
        let shown = own.replace("\n# ", "\n");
        let lines_of_keys: String = shown
            .lines()
            .filter(|line| is_setting(line))
            .map(|line| format!("{}\n", line.replace("_file =", " =")))
            .collect();
        let mut section: Section = stanza(&name);
        section.overlay(with(&name, &dedup(&lines_of_keys)));
        if let Err(faults) = build(&name, section) {
            assert!(
                !lines(&faults).contains("There is no setting"),
                "{}",
                lines(&faults)
            );
        }
    }
}

fn is_setting(line: &str) -> bool {
    line.split_once(" = ")
        .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

/// The last of several lines for one key.
fn dedup(text: &str) -> String {
    let lines = text
        .lines()
        .filter_map(|line| Some((line.split_once(" = ")?.0, line)));
    lines
        .collect::<BTreeMap<_, _>>()
        .into_values()
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn every_kind_has_a_table_in_the_settings_that_ship() {
    let names: Vec<String> = stanzas().into_keys().collect();
    for kind in kinds() {
        assert!(
            names.iter().any(|name| name == kind.name),
            "{} has no table",
            kind.name
        );
        assert!(!kind.label.is_empty() && !kind.parts.is_empty());
    }
}

#[test]
fn shared_keys_work_on_every_channel_and_their_faults_come_together() {
    for name in http_channels() {
        let keys = "label = \"Other\"\npace = { concurrency = 2, per_second = 0.25, burst = 9 }\non_uncertain = \"resend\"\n";
        let path = format!(
            "{}/tests/it/fixtures/channels/{name}.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        let fixture: Fixture = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let settings = fixture
            .settings
            .to_string()
            .replace("{stand_in}", "http://127.0.0.1:9");
        let channel = live(&name, with(&name, &format!("{keys}{settings}")));
        assert_eq!(channel.label(), "Other");
        let pace = channel.pace();
        assert_eq!(
            (pace.concurrency, pace.per_second, pace.burst),
            (2, Some(0.25), 9)
        );
        assert_eq!(channel.on_uncertain(), oyez::channels::OnUncertain::Resend);

        let wrong = "enabled = \"perhaps\"\npace = { burst = 0, per_secnd = 1 }\non_uncertain = \"drop\"\nqq = 1\n";
        let faults = lines(&build(&name, with(&name, wrong)).unwrap_err());
        for expected in [
            "enabled must be true or false",
            "per_secnd",
            "on_uncertain must be",
            ".qq",
        ] {
            assert!(
                faults.contains(expected),
                "{name}: {expected} is not in\n{faults}"
            );
        }
        let off = build(&name, with(&name, &format!("enabled = false\n{settings}"))).unwrap();
        assert!(matches!(off, Built::Off(reason) if reason.contains("enabled is false")));
    }
}

#[test]
fn an_unknown_kind_is_refused_with_the_nearest() {
    let faults = build("email", with("email", "kind = \"emial\"\n")).unwrap_err();
    assert!(
        lines(&faults).contains("Did you mean email?"),
        "{}",
        lines(&faults)
    );
}

#[tokio::test]
async fn a_captured_message_is_written_down_and_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    for name in http_channels() {
        let server = answering(ResponseTemplate::new(200)).await;
        let bench = bench(&name, &server.uri());
        let target = folder.path().join(&name);
        let capture = |allow: &[String]| {
            oyez::channels::Capture::new(
                Arc::clone(&bench.channel),
                name.parse().unwrap(),
                target.clone(),
                allow,
            )
        };
        let practice = capture(&[]);
        let outgoing = bench.letter.outgoing();
        assert_eq!(practice.send(&outgoing).await.class, Class::Accepted);
        assert!(requests(&server).await.is_empty(), "{name} sent");
        let file = target.join("01JDM4T9Q0000000000000000D.json");
        let record: serde_json::Value =
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(record["address"], bench.letter.address.as_str());
        assert_eq!(record["incident"], "INC-0042");
        let body: serde_json::Value =
            serde_json::from_slice(&practice.wire(&outgoing).unwrap().bytes).unwrap();
        assert_eq!(record["body"], body);
        assert_eq!(
            practice.lane(&bench.letter.address),
            bench.channel.lane(&bench.letter.address)
        );

        let allowed = capture(&[bench.letter.address.as_str().to_owned()]);
        allowed.send(&outgoing).await;
        assert!(
            !requests(&server).await.is_empty(),
            "{name} did not send to an address of the list"
        );
    }
}
