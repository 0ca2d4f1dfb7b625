//! What a refusal or a silence of a mail server means.
//!
//! One table by the step at which it came and the reply code. The enhanced code and the words
//! decide only where servers use one code for two things.

use super::settings::Settings;
use crate::domain::{
    delivery::{Class, Outcome},
    redact::redact,
};

/// How far a mail got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Making the connection.
    Connect,
    /// Greeting, EHLO and STARTTLS.
    Hello,
    /// Signing in.
    SignIn,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA.
    Data,
    /// The message and the reply to its final dot.
    Content,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// The server said no.
    Reply {
        /// The reply code.
        code: u16,
        /// All its lines.
        text: String,
    },
    /// The step's time was up.
    TimedOut,
    /// The connection broke, or what came makes no sense.
    Broken(String),
    /// Settled where it happened.
    Settled(Class, String),
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Which.
    pub(super) step: Step,
    /// Why.
    pub(super) cause: Cause,
    /// Whether the end of the message had been sent.
    pub(super) dot_sent: bool,
}

impl Trouble {
    pub(super) fn new(step: Step, cause: Cause) -> Self {
        Self {
            step,
            cause,
            dot_sent: false,
        }
    }

    /// Whether the connection cannot be used any more.
    pub(super) fn ends_connection(&self) -> bool {
        !matches!(self.cause, Cause::Reply { code, .. } if code != 421)
    }

    /// A fault of the pool itself.
    pub(super) fn pool(what: &str) -> Self {
        Self::new(Step::Connect, Cause::Broken(what.to_owned()))
    }

    /// Whether the connection ended at the first command, so that nothing of the mail was taken.
    pub(super) fn is_before_anything(&self) -> bool {
        self.step == Step::Sender
            && matches!(
                self.cause,
                Cause::Broken(_) | Cause::Reply { code: 421, .. }
            )
    }

    /// The outcome for a delivery.
    pub(super) fn outcome(self, settings: &Settings, recipient: &str) -> Outcome {
        let (class, sentence) = match &self.cause {
            Cause::Reply { code, text } => refusal(self.step, *code, text, settings),
            Cause::Settled(class, sentence) => (*class, sentence.clone()),
            Cause::TimedOut | Cause::Broken(_) => self.silence(settings),
        };
        let (code, reply) = match &self.cause {
            Cause::Reply { code, text } => (Some(*code), text.as_str()),
            Cause::Broken(text) => (None, text.as_str()),
            Cause::TimedOut | Cause::Settled(..) => (None, ""),
        };
        Outcome {
            class,
            code,
            reply: redact(reply, &[recipient]),
            sentence,
            provider_id: None,
        }
    }

    /// The sentence for whoever sets the channel up: which setting to change.
    pub(super) fn for_setting_up(self, settings: &Settings) -> String {
        let silent = matches!(self.cause, Cause::TimedOut | Cause::Broken(_));
        if self.step != Step::Connect || !silent {
            return self.outcome(settings, "").sentence;
        }
        let (host, port) = (&settings.host, settings.port);
        let usual = settings.tls.usual_port();
        let what_to_do = if port == usual {
            format!(
                "Check {} and {}, that the mail server runs, and that a firewall lets this machine through.",
                settings.key("host"),
                settings.key("port")
            )
        } else {
            format!("Change {}; most servers use {usual}.", settings.key("port"))
        };
        format!("cannot connect to {host} on port {port}. {what_to_do}")
    }

    fn silence(&self, settings: &Settings) -> (Class, String) {
        let server = format!("{}:{}", settings.host, settings.port);
        if self.dot_sent {
            let sentence = format!(
                "The connection to {server} ended after the mail was sent and before the server said whether it took it. The same mail is recognised by its Message-ID if it is sent again."
            );
            return (Class::Uncertain, sentence);
        }
        let what = match (self.step, &self.cause) {
            (Step::Connect, Cause::TimedOut) => format!(
                "{server} did not answer the connection in time. Check {} and {}, and that a firewall lets this machine through.",
                settings.key("host"),
                settings.key("port")
            ),
            (Step::Connect, _) => format!(
                "{server} could not be reached. Check that the mail server runs, and {} and {}.",
                settings.key("host"),
                settings.key("port")
            ),
            (Step::Hello, Cause::TimedOut) => format!(
                "{server} took the connection and said nothing. Check {} and {}: starttls goes with port 587, implicit with 465.",
                settings.key("port"),
                settings.key("tls")
            ),
            (_, Cause::TimedOut) => format!(
                "{server} did not answer in time. If it goes on, ask the people who run the mail server."
            ),
            _ => format!(
                "{server} ended the connection before it took the mail. If it goes on, ask the people who run the mail server."
            ),
        };
        (Class::NotSent, what)
    }
}

fn refusal(step: Step, code: u16, text: &str, settings: &Settings) -> (Class, String) {
    let words = text.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    let host = &settings.host;
    let enhanced = enhanced(text);

    if says(&["submissionquotaexceeded", "submission quota"]) {
        return (
            Class::Throttled {
                after_ms: Some(3_600_000),
            },
            format!(
                "{host} takes no more mails today: its daily limit is reached. Send the rest another way, or ask for a higher limit."
            ),
        );
    }
    if (400..500).contains(&code) {
        // Greylisting asks for patience with one recipient, whatever its enhanced code.
        let greylisted = says(&["greylist", "graylist"]);
        let too_fast = code == 432
            || matches!(enhanced, Some((4, 7, _)))
            || says(&[
                "rate limit",
                "too many",
                "too fast",
                "throttl",
                "concurrent connection",
                "limit exceeded",
            ]);
        if too_fast && !greylisted && step != Step::SignIn {
            return (
                Class::Throttled { after_ms: None },
                format!("{host} asks us to go slower ({code})."),
            );
        }
        if step <= Step::SignIn || (code == 421 && step < Step::Content) {
            return (
                Class::NotSent,
                format!(
                    "{host} is not available just now ({code}). If it goes on, ask the people who run the mail server."
                ),
            );
        }
        return (
            Class::RemoteTemporary,
            format!(
                "{host} cannot take the mail just now ({code}). If it goes on, ask the people who run the mail server."
            ),
        );
    }
    if matches!(code, 530 | 534 | 535 | 538) || step == Step::SignIn {
        let sentence = match &settings.login {
            Some(_) => format!(
                "{host} did not accept our name and password ({code}). Check {} and {}, and that the mailbox may send by SMTP.",
                settings.key("username"),
                settings.key("password")
            ),
            None => format!(
                "{host} wants a name and password ({code}). Set {} and {}.",
                settings.key("username"),
                settings.key("password")
            ),
        };
        return (Class::BadConfiguration, sentence);
    }
    match step {
        Step::Connect | Step::Hello | Step::SignIn => (
            Class::BadConfiguration,
            format!(
                "{host} refuses to talk to us ({code}). Ask the people who run the mail server to let this machine send."
            ),
        ),
        _ if code == 552 || matches!(enhanced, Some((5, 3, 4))) => (
            Class::BadPayload,
            format!(
                "{host} says that the mail is too big or the mailbox is full ({code}). Shorten the message, or tell the person another way."
            ),
        ),
        _ if says(&["sendasdenied", "send as denied", "not allowed to send as"]) => {
            sender_refused(code, settings)
        }
        Step::Sender => sender_refused(code, settings),
        Step::Recipient if says(&["relay"]) => (
            Class::BadConfiguration,
            format!(
                "{host} does not pass mail on for us ({code}). Ask the people who run the mail server to let this machine send, or set {}.",
                settings.key("username")
            ),
        ),
        Step::Recipient => (
            Class::BadDestination,
            format!(
                "The mail server says that this address does not take mail ({code}). Correct the address in the directory."
            ),
        ),
        Step::Content if matches!(enhanced, Some((5, 1, _))) => (
            Class::BadDestination,
            format!(
                "The mail server says that this address does not take mail ({code}). Correct the address in the directory."
            ),
        ),
        Step::Data | Step::Content => (
            Class::BadPayload,
            format!(
                "{host} refused the mail because of what is in it ({code}). Ask the people who run the mail server why."
            ),
        ),
    }
}

fn sender_refused(code: u16, settings: &Settings) -> (Class, String) {
    let sentence = format!(
        "{} does not let us send as {} ({code}). Set {} to a mailbox that we may send from, or ask the people who run the mail server.",
        settings.host,
        settings.from.email.domain(),
        settings.key("from")
    );
    (Class::BadConfiguration, sentence)
}

/// The enhanced code at the start of a reply, as in `5.1.1 no such user`.
fn enhanced(text: &str) -> Option<(u8, u16, u16)> {
    let mut numbers = text.split_whitespace().next()?.splitn(3, '.');
    Some((
        numbers.next()?.parse().ok()?,
        numbers.next()?.parse().ok()?,
        numbers.next()?.parse().ok()?,
    ))
}
