//! What a person reads when a server refuses, breaks off or says nothing, step by step.

use oyez::domain::delivery::Class;

use super::{FROM, check, plain, send, send_to};
use crate::support::{
    channels::{live, with},
    smtp::{Act, Script, SmtpStandIn},
};

#[tokio::test]
async fn a_server_that_is_down_got_nothing() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let keys = format!(
        "host = \"127.0.0.1\"\nport = {}\n{FROM}tls = \"none\"\n",
        free.port()
    );
    let channel = live("email", with("email", &keys));
    check(
        &send(&*channel).await,
        Class::NotSent,
        "could not be reached. Check that the mail server runs",
    );
    let probe = channel.probe().await.unwrap_err();
    assert!(
        probe.contains("Change channels.email.port; most servers use 25."),
        "{probe}"
    );
}

#[tokio::test]
async fn a_refusal_for_now_at_each_step_is_tried_again() {
    for (step, said, class, says) in [
        (
            "greeting",
            "421 4.3.2 busy",
            Class::NotSent,
            "not available just now (421)",
        ),
        (
            "greeting",
            "421 4.7.0 too many connections",
            Class::Throttled { after_ms: None },
            "go slower (421)",
        ),
        (
            "EHLO",
            "451 4.3.0 later",
            Class::NotSent,
            "not available just now (451)",
        ),
        (
            "MAIL",
            "451 4.3.0 later",
            Class::RemoteTemporary,
            "cannot take the mail just now (451)",
        ),
        (
            "MAIL",
            "421 4.3.2 shutting down",
            Class::NotSent,
            "not available just now (421)",
        ),
        (
            "MAIL",
            "432 4.3.2 Concurrent connections limit exceeded",
            Class::Throttled { after_ms: None },
            "go slower (432)",
        ),
        (
            "RCPT",
            "450 4.2.1 mailbox busy",
            Class::RemoteTemporary,
            "cannot take the mail just now (450)",
        ),
        (
            "RCPT",
            "451 4.7.1 Greylisted, try again later",
            Class::RemoteTemporary,
            "cannot take the mail just now (451)",
        ),
        (
            "RCPT",
            "451 4.7.1 rate limit",
            Class::Throttled { after_ms: None },
            "go slower (451)",
        ),
        (
            "DATA",
            "452 4.3.1 no space",
            Class::RemoteTemporary,
            "cannot take the mail just now (452)",
        ),
        (
            ".",
            "451 4.3.0 later",
            Class::RemoteTemporary,
            "cannot take the mail just now (451)",
        ),
        (
            ".",
            "421 4.3.2 shutting down",
            Class::RemoteTemporary,
            "cannot take the mail just now (421)",
        ),
    ] {
        for pipelining in [false, true] {
            let mut script = Script::plain().on(step, Act::Say(said));
            if pipelining {
                script = script.offering("PIPELINING");
            }
            let (outcome, server) = send_to(script).await;
            check(&outcome, class, says);
            assert!(server.taken().is_empty(), "{step}: {said}");
        }
    }
}

#[tokio::test]
async fn a_refusal_for_good_at_each_step_says_whose_matter_it_is() {
    for (step, said, class, says) in [
        (
            "greeting",
            "554 5.7.1 go away",
            Class::BadConfiguration,
            "refuses to talk to us (554)",
        ),
        (
            "EHLO",
            "550 5.7.1 go away",
            Class::BadConfiguration,
            "refuses to talk to us (550)",
        ),
        (
            "MAIL",
            "530 5.7.0 Authentication required",
            Class::BadConfiguration,
            "wants a name and password (530). Set channels.email.username",
        ),
        (
            "MAIL",
            "550 5.7.60 not permitted to send as this sender",
            Class::BadConfiguration,
            "Set channels.email.from",
        ),
        (
            "MAIL",
            "552 5.3.4 too big",
            Class::BadPayload,
            "too big or the mailbox is full (552)",
        ),
        (
            "RCPT",
            "550 5.1.1 <dee.olu@northshire.example>: no such user",
            Class::BadDestination,
            "does not take mail (550). Correct the address",
        ),
        (
            "RCPT",
            "550 5.7.133 only known senders",
            Class::Refused,
            "The address may be right",
        ),
        (
            "RCPT",
            "554 5.7.1 <dee.olu@northshire.example>: Relay access denied",
            Class::BadConfiguration,
            "does not pass mail on for us (554)",
        ),
        (
            "RCPT",
            "552 5.2.2 mailbox full",
            Class::BadPayload,
            "mailbox is full (552)",
        ),
        (
            "DATA",
            "554 5.5.1 no",
            Class::BadPayload,
            "because of what is in it (554)",
        ),
        (
            ".",
            "554 5.7.1 spam",
            Class::BadPayload,
            "because of what is in it (554)",
        ),
        (
            ".",
            "550 5.1.1 no such user",
            Class::BadDestination,
            "does not take mail (550)",
        ),
        (".", "552 5.3.4 too big", Class::BadPayload, "too big"),
        (
            ".",
            "554 5.2.252 SendAsDenied",
            Class::BadConfiguration,
            "Set channels.email.from",
        ),
        (
            ".",
            "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
            Class::Throttled {
                after_ms: Some(3_600_000),
            },
            "daily limit",
        ),
    ] {
        for pipelining in [false, true] {
            let mut script = Script::plain().on(step, Act::Say(said));
            if pipelining {
                script = script.offering("PIPELINING");
            }
            let (outcome, server) = send_to(script).await;
            check(&outcome, class, says);
            assert_eq!(outcome.code, said[..3].parse().ok());
            assert!(server.taken().is_empty(), "{step}: {said}");
        }
    }
}

#[tokio::test]
async fn only_a_refusal_about_the_address_itself_marks_it() {
    use Class::{BadConfiguration, BadDestination, BadPayload, Refused};
    const DAY: Class = Class::Throttled {
        after_ms: Some(3_600_000),
    };
    for (said, class, says) in [
        (
            "550 5.1.1 no such user",
            BadDestination,
            "does not take mail",
        ),
        (
            "550 5.1.10 RecipientNotFound",
            BadDestination,
            "does not take mail",
        ),
        (
            "550 5.2.1 mailbox disabled",
            BadDestination,
            "does not take mail",
        ),
        ("550 User unknown", BadDestination, "does not take mail"),
        (
            "550 5.7.1 No such user here",
            BadDestination,
            "does not take mail",
        ),
        (
            "550 5.4.1 Recipient address rejected: Access denied",
            BadDestination,
            "does not take mail",
        ),
        (
            "550 <relay@northshire.example>: no such mailbox",
            BadDestination,
            "does not take mail",
        ),
        (
            "550 5.7.1 Client host blocked",
            BadConfiguration,
            "has blocked mail from us",
        ),
        (
            "550 5.7.606 Access denied, banned sending IP [192.0.2.1]",
            BadConfiguration,
            "has blocked mail from us",
        ),
        ("550 Blocked", BadConfiguration, "has blocked mail from us"),
        (
            "554 5.7.1 Service unavailable; listed at zen.spamhaus.org",
            BadConfiguration,
            "has blocked mail from us",
        ),
        (
            "550 5.7.23 SPF validation failed",
            BadConfiguration,
            "name the mail server in its DNS entries",
        ),
        (
            "550 5.7.26 Unauthenticated email is not accepted, see DMARC",
            BadConfiguration,
            "DNS entries",
        ),
        (
            "550 5.7.60 SMTP; not permitted",
            BadConfiguration,
            "Set channels.email.from",
        ),
        (
            "550 Sender verify failed",
            BadConfiguration,
            "Set channels.email.from",
        ),
        (
            "550 5.1.8 Sender domain not found",
            BadConfiguration,
            "Set channels.email.from",
        ),
        (
            "550 Client was not authenticated",
            BadConfiguration,
            "wants a name and password (550). Set channels.email.username",
        ),
        (
            "553 sorry, that domain is not in my list of allowed rcpthosts",
            BadConfiguration,
            "does not pass mail on for us",
        ),
        (
            "550 5.4.5 Daily user sending limit exceeded",
            DAY,
            "daily limit",
        ),
        ("550 5.2.2 mailbox full", BadPayload, "mailbox is full"),
        (
            "550 5.7.1 message refused by policy",
            Refused,
            "The address may be right",
        ),
        (
            "550 5.7.129 RESOLVER.RST.Restricted",
            Refused,
            "The address may be right",
        ),
        ("550 no", Refused, "The address may be right"),
        // What another server said to this one is about that recipient alone.
        (
            "550 5.7.1 host mx.elsewhere.example said: 550 5.7.1 Client host blocked",
            Refused,
            "The address may be right",
        ),
    ] {
        for pipelining in [false, true] {
            let mut script = Script::plain().on("RCPT", Act::Say(said));
            if pipelining {
                script = script.offering("PIPELINING");
            }
            let (outcome, _server) = send_to(script).await;
            check(&outcome, class, says);
        }
    }
    for (said, class) in [
        ("550 5.7.26 This mail fails DMARC", BadConfiguration),
        ("554 5.7.1 Message blocked: looks like spam", BadPayload),
        (
            "550 5.1.8 Access denied, bad outbound sender",
            BadConfiguration,
        ),
    ] {
        let (outcome, _server) = send_to(Script::plain().on(".", Act::Say(said))).await;
        check(&outcome, class, "");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_end_of_the_mail_sent_nothing() {
    for step in ["greeting", "EHLO", "MAIL", "RCPT", "DATA"] {
        for act in [
            Act::Close,
            Act::SayAndClose("this is no reply"),
            Act::Say("259 what"),
        ] {
            if matches!(act, Act::Say("259 what")) && matches!(step, "greeting" | "EHLO") {
                continue; // Any 2xx will do for these.
            }
            let (outcome, server) = send_to(Script::plain().on(step, act.clone())).await;
            check(&outcome, Class::NotSent, "127.0.0.1:");
            assert!(server.taken().is_empty(), "{step}: {act:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_final_dot_leaves_the_mail_in_doubt() {
    for pipelining in [false, true] {
        let mut script = Script::plain().on(".", Act::Close);
        if pipelining {
            script = script.offering("PIPELINING");
        }
        let (outcome, _server) = send_to(script).await;
        check(
            &outcome,
            Class::Uncertain,
            "before the server said whether it took it",
        );
    }
    let (outcome, _server) = send_to(Script::plain().on(".", Act::Say("354 perhaps"))).await;
    check(
        &outcome,
        Class::Uncertain,
        "before the server said whether it took it",
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the runtime's own clock, which this test holds still"
)]
#[tokio::test(start_paused = true)]
async fn silence_at_each_step_ends_after_its_own_time() {
    for (step, class, says, seconds) in [
        (
            "greeting",
            Class::NotSent,
            "took the connection and said nothing",
            60,
        ),
        (
            "EHLO",
            Class::NotSent,
            "said nothing. Check channels.email.port",
            60,
        ),
        ("MAIL", Class::NotSent, "did not answer in time", 60),
        ("RCPT", Class::NotSent, "did not answer in time", 60),
        ("DATA", Class::NotSent, "did not answer in time", 120),
        (
            ".",
            Class::Uncertain,
            "before the server said whether it took it",
            600,
        ),
    ] {
        let server = SmtpStandIn::start(Script::plain().on(step, Act::Hang)).await;
        let channel = plain(&server);
        let start = tokio::time::Instant::now();
        let outcome = send(&*channel).await;
        check(&outcome, class, says);
        let waited = start.elapsed().as_secs();
        assert!(
            (seconds..seconds + 5).contains(&waited),
            "{step}: {waited} s"
        );
        // The connection is not used again; the next mail goes through on another.
        assert_eq!(send(&*channel).await.class, Class::Accepted);
        assert_eq!(server.connections(), 2);
    }
}
