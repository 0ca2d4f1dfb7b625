use lettre::message::Mailbox;
use mailparse::{MailHeaderMap, ParsedMail};
use proptest::prelude::*;

use super::{
    check_address,
    message::{Blank, Common, Recipient, whole_for_tests},
    queue_id,
    thread::Thread,
};
use crate::domain::{
    IncidentId,
    ask::{Ask, AskLine},
    channel::{ASK_MARK, Format, REASON_MARK},
    text::{clean, escape},
    time::Time,
};

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn from() -> Mailbox {
    "Incident updates <incidents@northshire.example>"
        .parse()
        .unwrap()
}

fn common<'a>(from: &'a Mailbox, subject: &'a str, text: &'a str, html: &'a str) -> Common<'a> {
    Common {
        from,
        reply_to: Some(from),
        subject,
        text,
        html: Some(html),
        thread: Some(Thread::of(IncidentId(42), &"the install secret".into())),
        urgent: true,
        message: "01JDM4T9Q0000000000000000M",
    }
}

fn recipient<'a>(name: &'a str, reason: &'a str, first: bool) -> Recipient<'a> {
    Recipient {
        address: "dee.olu@northshire.example".parse().unwrap(),
        name,
        date: at("2026-11-03T09:05:00Z"),
        message_id: "<01JDM4T9Q0000000000000000D@northshire.example>".to_owned(),
        root: (!first).then(|| "<inc-0042.0123456789abcdef@northshire.example>".to_owned()),
        reason,
        ask: None,
    }
}

fn body(mail: &ParsedMail<'_>, part: usize) -> String {
    mail.subparts[part]
        .get_body()
        .unwrap()
        .replace("\r\n", "\n")
}

#[test]
fn a_mail_reads_as_it_should() {
    let from = from();
    let text = format!("Sign-in fails.\n\n{REASON_MARK}\n");
    let html = format!("<p>Sign-in fails.</p><p>{REASON_MARK}</p>");
    let blank = Blank::build(&common(
        &from,
        "P1 declared: Register trainees (INC-0042)",
        &text,
        &html,
    ))
    .unwrap();
    let mail = blank.fill(&recipient(
        "Dee Olu",
        "You own Register trainees & more.",
        false,
    ));
    insta::assert_snapshot!(String::from_utf8(mail).unwrap().replace("\r\n", "\n"));
}

#[test]
fn a_mail_without_html_is_plain_text() {
    let from = from();
    let text = format!("Sign-in fails.\n\n{REASON_MARK}\n");
    let common = Common {
        html: None,
        ..common(&from, "Sign-in fails", &text, "")
    };
    let recipient = recipient("Dee Olu", "You own Register trainees.", true);
    let mail = Blank::build(&common).unwrap().fill(&recipient);
    assert_eq!(mail, whole_for_tests(&common, &recipient).unwrap());
    let parsed = mailparse::parse_mail(&mail).unwrap();
    assert_eq!(parsed.ctype.mimetype, "text/plain");
    assert_eq!(
        parsed.get_body().unwrap().replace("\r\n", "\n").trim_end(),
        "Sign-in fails.\n\nYou own Register trainees."
    );
}

#[test]
fn a_header_cannot_be_injected() {
    let from = from();
    let hostile = "x\r\nBcc: all@northshire.example\r\n\r\nbody";
    let blank = Blank::build(&common(&from, hostile, "text", "<p>text</p>")).unwrap();
    let mail = blank.fill(&recipient(hostile, hostile, true));
    let parsed = mailparse::parse_mail(&mail).unwrap();
    assert_eq!(parsed.headers.get_first_value("Bcc"), None);
    assert_eq!(parsed.subparts.len(), 2);
    assert_eq!(
        parsed.headers.get_first_value("Subject").unwrap(),
        "x Bcc: all@northshire.example body"
    );
}

#[test]
fn addresses_are_checked_and_put_into_lower_case() {
    let good = |text: &str| check_address(text).unwrap().as_str().to_owned();
    assert_eq!(
        good(" Dee.Olu@Northshire.example "),
        "dee.olu@northshire.example"
    );
    for bad in [
        "",
        "dee",
        "dee@",
        "@northshire.example",
        "dee@northshire.example\r\nRCPT TO:<x@y.example>",
        "Dee <dee@northshire.example>",
        "a@b@c.example",
        "déé@northshire.example",
    ] {
        assert!(check_address(bad).is_err(), "{bad:?}");
    }
    let long = format!("dee@{}.example", "a.".repeat(130));
    assert!(check_address(&long).is_err());
}

#[test]
fn the_queue_id_is_found_where_there_is_one() {
    assert_eq!(
        queue_id("2.0.0 Ok: queued as 981D79B0B11").as_deref(),
        Some("981D79B0B11")
    );
    assert_eq!(queue_id("2.6.0 Queued mail for delivery"), None);
}

/// Text with everything that encodings stumble over.
fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z ]{0,30}",
        2 => any::<char>().prop_map(String::from),
        3 => prop::sample::select(vec!["\n", "\r\n", "\n\n", ".\n", "\n.", "=", "=\n", "=20", " \n", "\t", "é", "—", "😀", "From ", "--=_", "<b>", "&", "\u{202E}"])
            .prop_map(str::to_owned),
        1 => Just("x".repeat(80)),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

/// Typed text is cleaned before it comes into a part, so parts hold no mark but the real one.
fn part() -> impl Strategy<Value = String> {
    prop::collection::vec(words(), 1..4).prop_map(|pieces| {
        pieces
            .into_iter()
            .map(|piece| clean(&piece))
            .collect::<Vec<_>>()
            .join(REASON_MARK)
    })
}

#[test]
fn what_is_asked_stands_before_the_reason_with_a_link_of_its_own() {
    let from = from();
    let text = format!("Sign-in fails.\n\n{ASK_MARK}{REASON_MARK}\n");
    let html = format!("<p>Sign-in fails.</p>\n{ASK_MARK}\n<p>{REASON_MARK}</p>");
    let common = common(&from, "Sign-in fails", &text, &html);
    let blank = Blank::build(&common).unwrap();
    let asked = |link: Option<&'static str>| Recipient {
        ask: Some(AskLine {
            ask: Ask::Seen,
            link,
        }),
        ..recipient("Dee Olu", "You own Register trainees.", true)
    };
    let with_link = asked(Some("https://oyez.northshire.example/a/AYuY2gAAAA"));
    let mail = blank.fill(&with_link);
    assert_eq!(mail, whole_for_tests(&common, &with_link).unwrap());
    assert_eq!(mail, Blank::build(&common).unwrap().fill(&with_link));
    let parsed = mailparse::parse_mail(&mail).unwrap();
    assert_eq!(
        body(&parsed, 0).trim_end(),
        "Sign-in fails.\n\nTell us that you have seen this: \
         https://oyez.northshire.example/a/AYuY2gAAAA\n\nYou own Register trainees."
    );
    let link = "<a href=\"https://oyez.northshire.example/a/AYuY2gAAAA\">";
    assert!(body(&parsed, 1).contains(link), "{}", body(&parsed, 1));

    // Whoever is not asked reads nothing of it, in a mail made from the same blank.
    let others = recipient("Dee Olu", "You own Register trainees.", true);
    let mail = blank.fill(&others);
    let parsed = mailparse::parse_mail(&mail).unwrap();
    assert_eq!(
        body(&parsed, 0).trim_end(),
        "Sign-in fails.\n\nYou own Register trainees."
    );
    assert!(!body(&parsed, 1).contains("Tell us"));
    let mail = blank.fill(&asked(None));
    let parsed = mailparse::parse_mail(&mail).unwrap();
    assert!(body(&parsed, 0).contains("reply to this email"));
}

proptest! {
    #[test]
    fn the_finished_mail_is_the_one_that_lettre_builds(
        subject in words(), text in part(), html in part(), name in words(), reason in words(), first: bool,
    ) {
        let from = from();
        let common = common(&from, &subject, &text, &html);
        let recipient = recipient(&name, &reason, first);
        let blank = Blank::build(&common).unwrap();
        let spliced = blank.fill(&recipient);
        // The headers, the structure and the boundary are lettre's own.
        prop_assert_eq!(&spliced, &whole_for_tests(&common, &recipient).unwrap());
        // A repeat is the same bytes.
        prop_assert_eq!(&spliced, &Blank::build(&common).unwrap().fill(&recipient));

        // An independent reader finds the words, with the reason in them, in lines of lawful length.
        let parsed = mailparse::parse_mail(&spliced).unwrap();
        prop_assert_eq!(parsed.subparts.len(), 2);
        for (at, (words, format)) in [(&text, Format::Plain), (&html, Format::Html)].into_iter().enumerate() {
            let expected = words.replace(REASON_MARK, &escape(&reason, format));
            let found = body(&parsed, at);
            // Where a part ends, a reader may see one line end more or less.
            prop_assert_eq!(found.trim_end_matches('\n'), expected.trim_end_matches('\n'));
        }
        prop_assert!(spliced.is_ascii());
        let encoded = spliced.split(|byte| *byte == b'\n').skip_while(|line| *line != b"\r");
        for line in encoded {
            prop_assert!(line.len() <= 77, "{}", String::from_utf8_lossy(line));
        }
        let date = parsed.headers.get_first_value("Date").unwrap();
        prop_assert_eq!(mailparse::dateparse(&date).unwrap(), recipient.date.timestamp());
    }
}
