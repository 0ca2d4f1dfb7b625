//! Encryption and signing in: nothing is said to a server that is not the right one.

use oyez::domain::delivery::Class;

use super::{FROM, check, encrypted, send};
use crate::support::{
    channels::{live, with},
    smtp::{Act, Encryption, Script, SmtpStandIn},
};

#[tokio::test]
async fn mail_goes_encrypted_and_signed_in_both_ways() {
    for (encryption, tls) in [
        (Encryption::Starttls, "starttls"),
        (Encryption::Implicit, "implicit"),
    ] {
        for (offer, auth, command) in [
            ("AUTH PLAIN LOGIN", "", "AUTH PLAIN AGRlZQBodW50ZXIyIQ=="),
            (
                "AUTH LOGIN PLAIN",
                "auth = \"plain\"\n",
                "AUTH PLAIN AGRlZQBodW50ZXIyIQ==",
            ),
        ] {
            let server = SmtpStandIn::start(Script::encrypted(encryption).offering(offer)).await;
            let keys =
                format!("tls = \"{tls}\"\nusername = \"dee\"\npassword = \"hunter2!\"\n{auth}");
            let channel = encrypted(&server, &keys);
            check(&send(&*channel).await, Class::Accepted, "took the mail");
            let commands = server.commands();
            assert!(commands.iter().any(|line| line == command), "{commands:?}");
            assert_eq!(server.taken().len(), 1);
            let probe = channel.probe().await.unwrap();
            assert!(probe.contains("encrypted, signed in"), "{probe}");
        }
    }
}

#[tokio::test]
async fn a_token_signs_in_as_the_standard_says() {
    let server =
        SmtpStandIn::start(Script::encrypted(Encryption::Implicit).offering("AUTH XOAUTH2")).await;
    let keys = "tls = \"implicit\"\nauth = \"xoauth2\"\nusername = \"test@contoso.onmicrosoft.com\"\ntoken = \"EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA\"\n";
    assert_eq!(
        send(&*encrypted(&server, keys)).await.class,
        Class::Accepted
    );
    let expected = "AUTH XOAUTH2 dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ==";
    assert!(server.commands().iter().any(|line| line == expected));
}

#[tokio::test]
async fn a_sign_in_that_fails_names_the_settings() {
    let password = "tls = \"implicit\"\nusername = \"dee\"\npassword = \"hunter2!\"\n";
    let token = "tls = \"implicit\"\nusername = \"dee\"\ntoken = \"hunter2!\"\n";
    for (offer, said, keys, class, says) in [
        (
            "AUTH PLAIN",
            Act::Say("535 5.7.8 bad credentials"),
            password,
            Class::BadConfiguration,
            "did not accept our name and password (535). Check channels.email.username and channels.email.password",
        ),
        (
            "AUTH PLAIN",
            Act::Say("535 5.7.139 SmtpClientAuthentication is disabled"),
            password,
            Class::BadConfiguration,
            "may send by SMTP",
        ),
        (
            "AUTH PLAIN",
            Act::Say("454 4.7.0 temporary"),
            password,
            Class::NotSent,
            "not available just now (454)",
        ),
        (
            "AUTH CRAM-MD5",
            Act::Say("250 unused"),
            password,
            Class::BadConfiguration,
            "offers no way to sign in that channels.email.auth allows",
        ),
        (
            "AUTH XOAUTH2",
            Act::Say("334 eyJzdGF0dXMiOiI0MDEifQ=="),
            token,
            Class::BadConfiguration,
            "did not accept our sign-in",
        ),
        (
            "AUTH PLAIN",
            Act::Close,
            password,
            Class::NotSent,
            "ended the connection",
        ),
    ] {
        let server = SmtpStandIn::start(
            Script::encrypted(Encryption::Implicit)
                .offering(offer)
                .on("AUTH", said),
        )
        .await;
        let outcome = send(&*encrypted(&server, keys)).await;
        check(&outcome, class, says);
        assert!(server.taken().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_is_not_who_it_should_be_gets_nothing() {
    for (encryption, tls) in [
        (Encryption::Starttls, "starttls"),
        (Encryption::Implicit, "implicit"),
    ] {
        let wrong_name = Script::encrypted(encryption).certified_for("other.northshire.example");
        let server = SmtpStandIn::start(wrong_name).await;
        let channel = encrypted(&server, &format!("tls = \"{tls}\"\n"));
        check(
            &send(&*channel).await,
            Class::BadConfiguration,
            "The certificate of the mail server is not for localhost. Set channels.email.host",
        );

        let server = SmtpStandIn::start(Script::encrypted(encryption)).await;
        let stranger = SmtpStandIn::start(Script::plain()).await;
        let keys = format!(
            "host = \"localhost\"\nport = {}\n{FROM}ca = '''{}'''\ntls = \"{tls}\"\n",
            server.port, stranger.ca
        );
        let outcome = send(&*live("email", with("email", &keys))).await;
        check(
            &outcome,
            Class::BadConfiguration,
            "signed by nobody whom this machine trusts. Name the file",
        );
        assert!(outcome.sentence.contains("channels.email.ca_file"));
        assert!(
            server
                .commands()
                .iter()
                .all(|line| !line.starts_with("MAIL"))
        );
    }
}

#[tokio::test]
async fn mail_is_never_sent_unencrypted_because_a_server_offers_no_more() {
    let server = SmtpStandIn::start(Script::plain()).await;
    let channel = encrypted(&server, "tls = \"starttls\"\n");
    check(
        &send(&*channel).await,
        Class::BadConfiguration,
        "offers no STARTTLS on port",
    );

    let script = Script::encrypted(Encryption::Starttls)
        .on("STARTTLS", Act::Say("454 4.7.0 TLS not available"));
    let server = SmtpStandIn::start(script).await;
    let channel = encrypted(&server, "tls = \"starttls\"\n");
    check(
        &send(&*channel).await,
        Class::Throttled { after_ms: None },
        "(454)",
    );
    assert!(
        server
            .commands()
            .iter()
            .all(|line| !line.starts_with("MAIL"))
    );

    let server = SmtpStandIn::start(Script::plain()).await;
    let channel = encrypted(&server, "tls = \"implicit\"\n");
    check(
        &send(&*channel).await,
        Class::BadConfiguration,
        "does not speak TLS on port",
    );
}

#[tokio::test]
async fn what_comes_in_plain_text_behind_starttls_is_never_believed() {
    let script = Script::encrypted(Encryption::Starttls).on(
        "STARTTLS",
        Act::Say("220 go ahead\r\n250-evil.example\r\n250 AUTH PLAIN"),
    );
    let server = SmtpStandIn::start(script).await;
    let keys = "tls = \"starttls\"\nusername = \"dee\"\npassword = \"hunter2!\"\n";
    check(
        &send(&*encrypted(&server, keys)).await,
        Class::BadConfiguration,
        "sent more than was asked before the connection was encrypted",
    );
    assert!(
        server
            .commands()
            .iter()
            .all(|line| !line.starts_with("AUTH"))
    );
}
