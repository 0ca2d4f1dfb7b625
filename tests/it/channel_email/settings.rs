//! Settings that do not fit together.

use oyez::channels::Built;

use super::FROM;
use crate::support::channels::{build, lines, with};

#[test]
fn settings_that_do_not_fit_are_refused_together() {
    let refused = |keys: &str| lines(&build("email", with("email", keys)).unwrap_err());
    let host = format!("host = \"smtp.northshire.example\"\n{FROM}");
    for (keys, says) in [
        (
            "tls = \"none\"\nusername = \"a\"\npassword = \"hunter2\"\n",
            "channels.email.tls is none, so a password would be sent unprotected",
        ),
        (
            "username = \"a\"\n",
            "channels.email.username is set without password",
        ),
        (
            "password = \"hunter2\"\n",
            "channels.email.password is set without username",
        ),
        (
            "username = \"a\"\npassword = \"hunter2\"\ntoken = \"hunter2\"\n",
            "channels.email.password is not used with xoauth2",
        ),
        (
            "auth = \"plain\"\ntoken = \"hunter2\"\n",
            "channels.email.token is used with xoauth2 only",
        ),
        (
            "auth = \"login\"\n",
            "channels.email.auth is set without username",
        ),
        (
            "reply_to = \"nobody\"\n",
            "channels.email.reply_to is not a mailbox",
        ),
        (
            "hello = \"a b\"\n",
            "channels.email.hello is not a domain name",
        ),
        (
            "message_id_domain = \"a>b\"\n",
            "channels.email.message_id_domain is not a domain name",
        ),
        (
            "pool = { size = 0 }\n",
            "channels.email.pool must have a size from 1 to 20",
        ),
        ("pool = { mails = 0 }\n", "must allow 1 or more mails"),
        (
            "ca = \"not PEM\"\n",
            "channels.email.ca holds no certificate",
        ),
        ("port = 0\n", "channels.email.port must be"),
        (
            "port = 123456\n",
            "channels.email.port must be a whole number from 0 to 65535",
        ),
        (
            "tls = \"ssl\"\n",
            "channels.email.tls must be none, starttls or implicit",
        ),
    ] {
        let said = refused(&format!("{host}{keys}"));
        assert!(said.contains(says), "{says:?} is not in\n{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let remote = format!("host = \"10.0.0.1\"\n{FROM}tls = \"none\"\n");
    assert!(refused(&remote).contains("may be none only for a server on this machine"));
    let many = format!("{host}reply_to = \"x\"\nhello = \"a b\"\nport = 0\nusername = \"a\"\n");
    assert_eq!(refused(&many).lines().count(), 4, "{}", refused(&many));
    assert!(refused("enabled = true\n").contains("channels.email.host is missing"));
    let off = build("email", with("email", FROM)).unwrap();
    assert!(matches!(off, Built::Off(reason) if reason == "channels.email.host is not set"));
}
