//! How connections are kept, shared and given up.

use std::{sync::Arc, time::Duration};

use oyez::domain::delivery::Class;

use super::{channel_with, check, plain, send};
use crate::support::smtp::{Act, Script, SmtpStandIn};

#[tokio::test]
async fn a_refused_mail_does_not_harm_the_next_on_the_same_connection() {
    for pipelining in [false, true] {
        let mut script = Script::plain()
            .on("RCPT", Act::Say("550 5.1.1 no such user"))
            .on("RCPT", Act::Say("250 ok"))
            .on("RCPT", Act::Say("451 4.3.0 later"))
            .on(".", Act::Say("250 2.0.0 ok"))
            .on(".", Act::Say("552 5.3.4 too big"));
        if pipelining {
            script = script.offering("PIPELINING");
        }
        let server = SmtpStandIn::start(script).await;
        let channel = plain(&server);
        let mut classes = Vec::new();
        for _ in 0..5 {
            classes.push(send(&*channel).await.class);
        }
        let expected = [
            Class::BadDestination,
            Class::Accepted,
            Class::RemoteTemporary,
            Class::BadPayload,
            Class::Accepted,
        ];
        assert_eq!(classes, expected, "pipelining: {pipelining}");
        assert_eq!(server.connections(), 1);
        assert_eq!(server.taken().len(), 2);
        assert_eq!(
            server
                .commands()
                .iter()
                .filter(|line| *line == "RSET")
                .count(),
            3
        );
    }
}

#[tokio::test]
async fn a_server_that_wants_a_message_for_nobody_gets_an_empty_one() {
    // With commands in a row a server may say 354 although it refused the recipient.
    let script = Script::plain()
        .offering("PIPELINING")
        .on("RCPT", Act::Say("550 5.1.1 no such user"))
        .on("DATA", Act::Say("354 go on"))
        .on(".", Act::Say("554 5.5.1 no valid recipients"));
    let server = SmtpStandIn::start(script).await;
    let channel = plain(&server);
    check(
        &send(&*channel).await,
        Class::BadDestination,
        "does not take mail (550)",
    );
    assert_eq!(send(&*channel).await.class, Class::Accepted);
    assert_eq!((server.connections(), server.taken().len()), (1, 1));
}

#[tokio::test]
async fn a_server_that_wants_a_message_from_a_refused_sender_gets_none() {
    let script = Script::plain()
        .offering("PIPELINING")
        .on(
            "MAIL",
            Act::Say("550 5.7.60 not permitted to send as this sender"),
        )
        .on("RCPT", Act::Say("250 ok"))
        .on("DATA", Act::Say("354 go on"));
    let server = SmtpStandIn::start(script).await;
    let channel = plain(&server);
    check(
        &send(&*channel).await,
        Class::BadConfiguration,
        "Set channels.email.from",
    );
    assert_eq!(send(&*channel).await.class, Class::Accepted);
    assert_eq!((server.connections(), server.taken().len()), (2, 1));
}

#[tokio::test]
async fn a_resting_connection_that_the_server_closed_costs_no_attempt() {
    for act in [Act::Close, Act::SayAndClose("421 4.4.2 timeout exceeded")] {
        let server = SmtpStandIn::start(
            Script::plain()
                .on("MAIL", Act::Say("250 ok"))
                .on("MAIL", act),
        )
        .await;
        let channel = plain(&server);
        assert_eq!(send(&*channel).await.class, Class::Accepted);
        assert_eq!(send(&*channel).await.class, Class::Accepted);
        assert_eq!((server.connections(), server.taken().len()), (2, 2));
    }
}

#[tokio::test]
async fn a_connection_carries_so_many_mails_and_no_more() {
    let server = SmtpStandIn::start(Script::plain()).await;
    let channel = channel_with(&server, "tls = \"none\"\npool = { size = 1, mails = 2 }\n");
    for _ in 0..5 {
        assert_eq!(send(&*channel).await.class, Class::Accepted);
    }
    let on: Vec<usize> = server.taken().iter().map(|mail| mail.connection).collect();
    assert_eq!(on, [1, 1, 2, 2, 3]);
    assert_eq!(
        server
            .commands()
            .iter()
            .filter(|line| *line == "QUIT")
            .count(),
        2
    );
}

#[tokio::test]
async fn no_more_connections_are_open_than_the_pool_has() {
    let server = SmtpStandIn::start(Script::plain().offering("PIPELINING")).await;
    let channel = channel_with(&server, "tls = \"none\"\npool = { size = 3 }\n");
    let sends = (0..20).map(|_| {
        let channel = Arc::clone(&channel);
        tokio::spawn(async move { send(&*channel).await.class })
    });
    for done in sends.collect::<Vec<_>>() {
        assert_eq!(done.await.unwrap(), Class::Accepted);
    }
    assert_eq!(server.taken().len(), 20);
    assert!(
        server.most_open() <= 3,
        "{} connections",
        server.most_open()
    );
    assert_eq!(channel.pace().concurrency, 3);
    assert!(!channel.is_chat(), "a mail is worth trying for longer");
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_given_up_half_way_leaves_no_connection_behind() {
    let server = SmtpStandIn::start(Script::plain().on("DATA", Act::Hang)).await;
    let channel = channel_with(&server, "tls = \"none\"\npool = { size = 1 }\n");
    let given_up = tokio::time::timeout(Duration::from_secs(5), send(&*channel)).await;
    assert!(given_up.is_err());
    assert_eq!(send(&*channel).await.class, Class::Accepted);
    assert_eq!((server.connections(), server.taken().len()), (2, 1));
}
