//! Hostile text through the API ends up as typed, in mails that an independent parser reads back
//! and in the bodies that chats get.

use std::collections::BTreeSet;

use mailparse::{MailHeaderMap, ParsedMail};
use serde_json::{Value, json};

use crate::support::{
    agency::{Agency, deliver},
    api::Api,
};

/// Attacks on headers, HTML, templates, chats and the direction of reading.
const HOSTILE: &str = "Sign-in\r\nBcc: all@northshire.example\r\n\r\n<img src=x onerror=alert(1)> \
    {{> partials/closed}} {{#each x}} <!channel> <@U1> <https://evil.example|x> *b* \
    \u{202E}txet\u{202C} \u{0}\u{7}";

/// The same as it is kept and read: what shows nothing, or turns the reading, is gone.
const TEXT: &str = "Sign-in\nBcc: all@northshire.example\n\n<img src=x onerror=alert(1)> \
    {{> partials/closed}} {{#each x}} <!channel> <@U1> <https://evil.example|x> *b* txet";

/// What a text reads as once it was wrapped and put on paper.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of an HTML part as a reader sees it.
fn seen(html: &str) -> String {
    let body = html.split_once("</head>").map_or(html, |(_, body)| body);
    let mut text = String::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = after.split_once('>').expect("a tag ends");
        if matches!(
            tag.trim_start_matches('/').split(' ').next(),
            Some("p" | "br" | "li" | "h1")
        ) {
            text.push(' ');
        }
        rest = after;
    }
    text.push_str(rest);
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    words(&plain)
}

fn check(mail: &ParsedMail<'_>, to: &str) {
    let names: Vec<String> = mail
        .headers
        .iter()
        .map(|h| h.get_key().to_lowercase())
        .collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(
        unique.len(),
        names.len(),
        "a header is there twice: {names:?}"
    );
    for forbidden in ["bcc", "cc"] {
        assert!(!names.iter().any(|name| name == forbidden), "{names:?}");
    }
    let sent_to = mail.headers.get_first_value("To").expect("a recipient");
    assert!(
        sent_to.contains(to) && sent_to.matches('@').count() == 1,
        "{sent_to}"
    );
    assert_eq!(mail.subparts.len(), 2);
    for part in &mail.subparts {
        let body = part.get_body().expect("text");
        assert!(!body.contains('\u{202E}') && !body.contains('\0'), "{body}");
        let read = match part.ctype.mimetype.as_str() {
            "text/plain" => words(&body),
            "text/html" => {
                assert!(!body.contains("<img"), "{body}");
                seen(&body)
            }
            other => panic!("no part of ours: {other}"),
        };
        assert!(
            read.contains(&words(TEXT)),
            "{}: {read}",
            part.ctype.mimetype
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_is_read_as_typed_and_does_nothing() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["respond"]).await;
    let hostile = Value::from(HOSTILE);
    let declare = json!({
        "title": "Sign-in\r\nBcc: a@b.example <b/> {{> x}}",
        "priority": "P1",
        "services": {"register-trainees": "affected"},
        "facts": {"effect": hostile, "who": hostile, "doing": hostile, "what_to_do": hostile,
            "decision": hostile, "theory": hostile},
        "references": [hostile],
    });
    api.post("/api/v1/incidents", &key, &declare).await.is(201);
    deliver(&api.app).await;
    let status = api.get("/api/v1/incidents/INC-0001", &key).await.is(200);
    assert_eq!(status["facts"]["effect"], TEXT);
    assert_eq!(status["title"], "Sign-in Bcc: a@b.example <b/> {{> x}}");
    let declared = agency.mail.taken().len();

    let update = json!({"command": "update", "text": HOSTILE});
    api.post("/api/v1/incidents/INC-0001/commands", &key, &update)
        .await
        .is(200);
    deliver(&api.app).await;
    let mails = agency.mail.taken();
    assert!(mails.len() > declared && declared > 0);
    for taken in &mails {
        let mail = mailparse::parse_mail(&taken.bytes).expect("a mail");
        let subject = mail.headers.get_first_value("Subject").expect("a subject");
        assert!(
            subject.contains("Sign-in Bcc: a@b.example <b/> {{> x}}")
                || subject.ends_with("… (INC-0001)"),
            "{subject}"
        );
        check(&mail, &taken.to[0]);
    }

    for post in agency.hooks.received_requests().await.expect("posts") {
        let body: Value = serde_json::from_slice(&post.body).expect("JSON");
        let text = body.to_string();
        for control in [
            "<!channel>",
            "<@U1>",
            "<https://evil.example|",
            "\u{202E}",
            "<img",
        ] {
            assert!(!text.contains(control), "{control}: {text}");
        }
        assert!(
            words(&text.replace("\\n", " ").replace("&gt;", ">")).contains("{{> partials/closed}}"),
            "{text}"
        );
    }
    // Where people look things up it is the same text; a line is a line.
    let shown = agency.done("status INC-0001").await;
    assert!(
        !shown.out.contains('\0') && !shown.out.contains('\u{202E}'),
        "{shown}"
    );
    let references = agency.json("report INC-0001").await;
    let report = references.as_str().expect("a text");
    assert!(!report.replace("\\<", "").contains("<img"), "{report}");
    assert!(
        words(report).contains("Bcc: all@northshire.example"),
        "{report}"
    );
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_that_was_never_filled_stops_the_sending_and_is_quoted() {
    let agency = Agency::open().await;
    let api = Api::start(&agency).await;
    let key = api.key(&["respond"]).await;
    let declare = json!({"title": "Sign-in", "priority": "P1",
        "services": {"register-trainees": "affected"}, "facts": {"effect": "Hello {{name}}."}});
    let answer = api.post("/api/v1/incidents", &key, &declare).await;
    let problem = answer.is_problem(422, "not-sendable");
    assert!(problem.to_string().contains("{{name}}"), "{problem}");
    let listed = api.get("/api/v1/incidents", &key).await.is(200);
    assert_eq!(listed["items"], json!([]));
    api.stop().await;
}
