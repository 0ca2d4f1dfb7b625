//! The mail that arrives.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use mailparse::MailHeaderMap;
use oyez::{
    channels::Channel,
    domain::{IncidentId, delivery::Class, notification::Moment},
};

use super::{FROM, check, letter, plain, send};
use crate::support::{
    channels::{Letter, live, with},
    smtp::{Script, SmtpStandIn},
};

#[tokio::test]
async fn a_mail_arrives_once_with_one_recipient_and_the_bytes_of_the_wire() {
    for pipelining in [false, true] {
        let mut script = Script::plain();
        if pipelining {
            script = script.offering("PIPELINING");
        }
        let server = SmtpStandIn::start(script).await;
        let channel = plain(&server);
        let outcome = send(&*channel).await;
        check(&outcome, Class::Accepted, "127.0.0.1 took the mail.");
        assert_eq!(outcome.code, Some(250));
        assert_eq!(outcome.provider_id.as_deref(), Some("981D79B0B11"));
        let taken = server.taken();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].from, "incidents@northshire.example");
        assert_eq!(taken[0].to, ["dee.olu@northshire.example"]);
        let wire = channel.wire(&letter(&*channel).outgoing()).unwrap();
        assert_eq!(wire.extension, "eml");
        // lettre ends every message with one line end more.
        assert_eq!(taken[0].bytes, [&wire.bytes[..], b"\r\n"].concat());
        let mail = mailparse::parse_mail(&taken[0].bytes).unwrap();
        let text = mail.subparts[0].get_body().unwrap();
        assert!(
            text.starts_with(
                "Providers cannot sign in.\r\n.\r\n..dots\r\n\r\nYou get this because"
            ),
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn mails_of_one_incident_hang_on_the_first() {
    let server = SmtpStandIn::start(Script::plain()).await;
    let channel = plain(&server);
    let header = |letter: &Letter, name: &str| {
        let wire = channel.wire(&letter.outgoing()).unwrap();
        mailparse::parse_mail(&wire.bytes)
            .unwrap()
            .headers
            .get_first_value(name)
    };
    let first = letter(&*channel);
    let root = header(&first, "Message-ID").unwrap();
    assert!(
        root.starts_with("<inc-0042.") && root.ends_with("@northshire.example>"),
        "{root}"
    );
    assert_eq!(header(&first, "References"), None);

    let mut later = letter(&*channel);
    later.first = false;
    later.delivery = "01JDM4T9Q0000000000000000E".to_owned();
    later.message = "01JDM4T9Q0000000000000000N".to_owned();
    assert_eq!(
        header(&later, "Message-ID").unwrap(),
        "<01JDM4T9Q0000000000000000E@northshire.example>"
    );
    assert_eq!(header(&later, "In-Reply-To").unwrap(), root);
    assert_eq!(header(&later, "References").unwrap(), root);

    let mut other = letter(&*channel);
    other.address = channel.check_address("tom@northshire.example").unwrap();
    assert_ne!(
        header(&other, "Message-ID").unwrap(),
        root,
        "a thread is one address's own"
    );

    let mut test = letter(&*channel);
    test.incident = None;
    assert_eq!(
        header(&test, "Message-ID").unwrap(),
        "<01JDM4T9Q0000000000000000D@northshire.example>"
    );
}

#[tokio::test]
async fn mails_of_one_incident_are_one_conversation_in_outlook() {
    let server = SmtpStandIn::start(Script::plain()).await;
    let channel = plain(&server);
    let headers = |letter: &Letter| {
        let wire = channel.wire(&letter.outgoing()).unwrap();
        let mail = mailparse::parse_mail(&wire.bytes).unwrap();
        let names = mail.headers.iter().map(mailparse::MailHeader::get_key);
        let names: Vec<String> = names.collect();
        let at = |name: &str| names.iter().position(|it| it == name);
        // Exchange takes the topic from whichever of the two comes first.
        assert!(at("Thread-Topic") < at("Subject"), "{names:?}");
        ["Thread-Topic", "Thread-Index"].map(|name| mail.headers.get_first_value(name))
    };
    let first = letter(&*channel);
    let [topic, index] = headers(&first);
    assert_eq!(topic.as_deref(), Some("INC-0042"));
    // [MS-OXOMSG] 2.2.1.3: one byte 1, five of the time, sixteen of the conversation.
    let block = BASE64_STANDARD.decode(index.as_deref().unwrap()).unwrap();
    assert_eq!((block.len(), block[0]), (22, 1));

    let mut later = letter(&*channel);
    later.first = false;
    later.message = "01JDM4T9Q0000000000000000N".to_owned();
    later.address = channel.check_address("tom@northshire.example").unwrap();
    later.moment = Moment::Resolved;
    later
        .parts
        .insert("subject".to_owned(), "Fixed: something else".to_owned());
    assert_eq!(headers(&later), headers(&first));

    let mut other = letter(&*channel);
    other.message = "01JDM4T9Q0000000000000000P".to_owned();
    other.incident = Some(IncidentId(43));
    assert_ne!(headers(&other)[1], headers(&first)[1]);

    let mut test = letter(&*channel);
    test.message = "01JDM4T9Q0000000000000000Q".to_owned();
    test.incident = None;
    assert_eq!(headers(&test), [None, None]);
}

#[tokio::test]
async fn a_mail_is_important_where_its_reader_should_look_at_once() {
    let server = SmtpStandIn::start(Script::plain()).await;
    let channel = plain(&server);
    let can_wait = [
        Moment::NoChange,
        Moment::StandDown,
        Moment::Closed,
        Moment::Reminder,
    ];
    for (number, moment) in Moment::ALL.into_iter().enumerate() {
        for urgent in [true, false] {
            let mut letter = letter(&*channel);
            letter.message = format!("01JDM4T9Q0000000000000{number:02}{urgent}");
            letter.moment = moment;
            letter.urgent = urgent;
            let wire = channel.wire(&letter.outgoing()).unwrap();
            let mail = mailparse::parse_mail(&wire.bytes).unwrap();
            let important = urgent && !can_wait.contains(&moment);
            for (name, value) in [("Importance", "high"), ("X-Priority", "1")] {
                assert_eq!(
                    mail.headers.get_first_value(name).as_deref(),
                    important.then_some(value),
                    "{moment}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_repeat_is_byte_for_byte_the_same_also_after_a_restart() {
    let server = SmtpStandIn::start(Script::plain()).await;
    let first = plain(&server);
    let second = plain(&server);
    let one = first.wire(&letter(&*first).outgoing()).unwrap();
    assert_eq!(one, first.wire(&letter(&*first).outgoing()).unwrap());
    assert_eq!(one, second.wire(&letter(&*second).outgoing()).unwrap());
}

#[tokio::test]
async fn a_mail_in_practice_is_a_file_that_reads_as_the_mail() {
    let server = SmtpStandIn::start(Script::plain()).await;
    let folder = tempfile::tempdir().unwrap();
    let channel = plain(&server);
    let practice = oyez::channels::Capture::new(
        Arc::clone(&channel),
        "email".parse().unwrap(),
        folder.path().to_owned(),
        &[],
    );
    let letter = letter(&*channel);
    assert_eq!(
        practice.send(&letter.outgoing()).await.class,
        Class::Accepted
    );
    let mail = std::fs::read(folder.path().join("01JDM4T9Q0000000000000000D.eml")).unwrap();
    assert_eq!(mail, channel.wire(&letter.outgoing()).unwrap().bytes);
    assert!(
        folder
            .path()
            .join("01JDM4T9Q0000000000000000D.json")
            .exists()
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn hostile_words_stay_words() {
    let channel = live(
        "email",
        with(
            "email",
            &format!("host = \"localhost\"\ntls = \"none\"\n{FROM}"),
        ),
    );
    let hostile = "x\r\nBcc: all@northshire.example\r\n.\r\nMAIL FROM:<a@b.example>\r\n<script>\u{202E}\"{{x}}";
    let mut letter = letter(&*channel);
    letter.name = hostile.to_owned();
    letter.reason = hostile.to_owned();
    letter
        .parts
        .insert("subject".to_owned(), hostile.to_owned());
    let wire = channel.wire(&letter.outgoing()).unwrap();
    let mail = mailparse::parse_mail(&wire.bytes).unwrap();
    assert_eq!(mail.headers.get_first_value("Bcc"), None);
    assert_eq!(mail.subparts.len(), 2);
    let html = mail.subparts[1].get_body().unwrap();
    assert!(
        html.contains("&lt;script&gt;") && !html.contains("<script>"),
        "{html}"
    );
    let to = mail.headers.get_all_values("To");
    assert_eq!(to.len(), 1);
    assert!(to[0].ends_with("<dee.olu@northshire.example>"), "{to:?}");
}
