//! What went wrong with a mail, and at which step: a silence is told here, a refusal in
//! [`refusal`](super::refusal).

use super::{refusal::refusal, settings::Settings};
use crate::domain::delivery::{Class, Outcome};

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
            reply: settings.fit_for_record(reply, recipient),
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
