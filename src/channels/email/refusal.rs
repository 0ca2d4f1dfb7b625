//! Whom a refusal of a mail server is about: the address, us, or this mail.
//!
//! One table by the step at which it came and the reply code. Servers use one code for many things,
//! so the enhanced code and the words decide between them. Only what is plainly about the address
//! says so, because an address that was refused is left out from then on; what is about us
//! stops the lane until it is repaired, and a refusal that says neither ends this mail alone.

use super::{settings::Settings, trouble::Step};
use crate::domain::delivery::Class;

/// What a reply says, made ready to be looked at.
struct Said {
    code: u16,
    /// The enhanced code, as in `5.1.1 no such user`.
    enhanced: Option<(u8, u16, u16)>,
    /// In lower case, without mail addresses: their owners choose what is in them.
    words: String,
    /// Whether it repeats what another server said of this recipient.
    is_quoted: bool,
}

impl Said {
    fn read(code: u16, text: &str) -> Self {
        let bare = |token: &str| {
            let token = token.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            enhanced(token).filter(|(class, ..)| u16::from(*class) == code / 100)
        };
        let tokens = || text.split_whitespace();
        let words: Vec<&str> = tokens().filter(|token| !token.contains('@')).collect();
        let words = words.join(" ").to_lowercase();
        Self {
            code,
            enhanced: tokens().find_map(bare),
            is_quoted: words.contains(" said: "),
            words,
        }
    }

    fn says(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.words.contains(phrase))
    }

    /// The same for short words, which stand in longer ones by chance.
    fn says_word(&self, wanted: &[&str]) -> bool {
        let mut words = self.words.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| wanted.contains(&word))
    }

    fn enhanced(&self) -> (u16, u16) {
        match self.enhanced {
            Some((_, subject, detail)) => (subject, detail),
            None => (0, 0),
        }
    }

    /// So many a day, or an hour, and no more. With a code that is for now, most of these words are
    /// about a connection.
    fn is_quota(&self) -> bool {
        let for_good = self.code >= 500
            && (self.enhanced() == (4, 5)
                || self.says(&[
                    "sending limit",
                    "sending quota",
                    "daily limit",
                    "daily quota",
                    "hourly limit",
                    "message limit",
                ]));
        for_good || self.says(&["submissionquotaexceeded", "submission quota"])
    }

    /// No such mailbox, said plainly.
    fn is_about_the_address(&self) -> bool {
        let by_code = match self.enhanced() {
            (1, 0) => !self.says_word(&["sender"]),
            // These two are about the sender.
            (1, 7 | 8) => false,
            (1, _) | (2, 1) | (4, 4) => true,
            // What Exchange Online says of a mailbox that it does not have.
            (4, 1) => self.says(&["recipient address rejected"]),
            _ => false,
        };
        by_code
            || self.says(&[
                "no such user",
                "no such mailbox",
                "no such recipient",
                "no such address",
                "no such person",
                "no such domain",
                "user unknown",
                "unknown user",
                "user not found",
                "user not known",
                "user not local",
                "unknown recipient",
                "recipient unknown",
                "recipient not found",
                "invalid recipient",
                "unknown address",
                "address unknown",
                "unknown mailbox",
                "mailbox unknown",
                "mailbox not found",
                "mailbox disabled",
                "mailbox is disabled",
                "account disabled",
                "account is disabled",
                "account has been disabled",
                "mailbox does not exist",
                "address does not exist",
                "account does not exist",
                "account that you tried to reach does not exist",
                "recipient does not exist",
                "user does not exist",
                "user doesn't exist",
                "not a valid mailbox",
                "not a valid user",
                "unrouteable address",
                "unroutable address",
            ])
    }

    /// A rule about who may write to this recipient: a group for its own members, for example.
    fn is_a_rule_of_the_recipient(&self) -> bool {
        matches!(self.enhanced(), (7, 2 | 120..=136))
            || self.says(&[
                "resolver.rst",
                "senders to this group",
                "send to this group",
                "send to this recipient",
                "send to this list",
                "restricted to",
                "mailbox blocked",
                "mailbox is blocked",
                "account blocked",
                "account is blocked",
                "user blocked",
                "user is blocked",
                "recipient blocked",
                "recipient is blocked",
            ])
    }

    fn is_mailbox_full(&self) -> bool {
        self.code == 552
            || matches!(self.enhanced(), (3, 4) | (2, 2))
            || self.says(&["mailbox full", "mailbox is full", "over quota"])
    }

    fn wants_sign_in(&self) -> bool {
        self.says(&[
            "not authenticated",
            "authentication required",
            "authentication is required",
            "must authenticate",
            "must be authenticated",
            "need to authenticate",
            "smtp auth",
        ])
    }

    fn is_no_relay(&self) -> bool {
        self.says_word(&["relay", "relaying", "rcpthosts"]) || self.says(&["not locally hosted"])
    }

    fn is_about_the_sender(&self) -> bool {
        matches!(self.enhanced(), (1, 7 | 8) | (7, 60))
            || self.says(&[
                "sendasdenied",
                "send as denied",
                "not allowed to send as",
                "not permitted to send as",
                "sender verif",
                "sender address rejected",
                "sender rejected",
                "sender denied",
                "verify sender",
            ])
    }

    /// Entries in the DNS that say which machines may send for our domain.
    fn is_about_our_domain(&self) -> bool {
        matches!(self.enhanced(), (7, 20..=27 | 509 | 515))
            || self.says_word(&["spf", "dkim", "dmarc", "ptr", "rdns"])
            || self.says(&["reverse dns", "unauthenticated email"])
    }

    /// That this machine is on somebody's list, said plainly.
    fn is_block_list(&self) -> bool {
        matches!(self.enhanced(), (7, 511 | 606..=649 | 700..=750))
            || self.says(&[
                "client host",
                "blocklist",
                "block list",
                "blacklist",
                "black list",
                "denylist",
                "spamhaus",
                "spamcop",
                "barracuda",
                "banned sending ip",
                "poor reputation",
                "bad reputation",
            ])
            || self.says_word(&["rbl", "dnsbl"])
    }

    /// The same, said in a way that at the end of a mail may be about what is in it.
    fn is_blocked(&self) -> bool {
        self.is_block_list() || self.says_word(&["blocked", "banned"])
    }
}

/// What a refusal means, and what a person reads.
pub(super) fn refusal(step: Step, code: u16, text: &str, settings: &Settings) -> (Class, String) {
    let said = Said::read(code, text);
    let host = &settings.host;
    if said.is_quota() {
        return (
            Class::Throttled {
                after_ms: Some(3_600_000),
            },
            format!(
                "{host} takes no more mails for now: its daily limit is reached. Send the rest another way, or ask for a higher limit."
            ),
        );
    }
    if (400..500).contains(&code) {
        return for_now(step, &said, host);
    }
    if matches!(code, 530 | 534 | 535 | 538) || step == Step::SignIn {
        return sign_in(code, settings);
    }
    match step {
        Step::Connect | Step::Hello | Step::SignIn => (
            Class::BadConfiguration,
            format!(
                "{host} refuses to talk to us ({code}). Ask the people who run the mail server to let this machine send."
            ),
        ),
        _ if said.is_mailbox_full() => (
            Class::BadPayload,
            format!(
                "{host} says that the mail is too big or the mailbox is full ({code}). Shorten the message, or tell the person another way."
            ),
        ),
        Step::Sender => of_us(step, &said, settings).unwrap_or_else(|| sender(code, settings)),
        Step::Recipient => of_recipient(&said, settings),
        Step::Data | Step::Content if said.is_about_the_address() && said.enhanced().0 == 1 => {
            no_mailbox(code)
        }
        Step::Data | Step::Content => of_us(step, &said, settings).unwrap_or_else(|| {
            (
                Class::BadPayload,
                format!(
                    "{host} refused the mail because of what is in it ({code}). Ask the people who run the mail server why."
                ),
            )
        }),
    }
}

fn of_recipient(said: &Said, settings: &Settings) -> (Class, String) {
    if said.is_a_rule_of_the_recipient() {
        return a_rule_there(said.code, settings);
    }
    if said.is_quoted && (said.is_block_list() || said.is_about_our_domain()) {
        return a_rule_there(said.code, settings);
    }
    if said.is_about_the_address() {
        return no_mailbox(said.code);
    }
    of_us(Step::Recipient, said, settings).unwrap_or_else(|| a_rule_there(said.code, settings))
}

/// What is wrong with us, if that is what it says.
fn of_us(step: Step, said: &Said, settings: &Settings) -> Option<(Class, String)> {
    let (host, code) = (&settings.host, said.code);
    if said.is_about_the_sender() {
        return Some(sender(code, settings));
    }
    if said.wants_sign_in() {
        return Some(sign_in(code, settings));
    }
    let sentence = if said.is_no_relay() {
        format!(
            "{host} does not pass mail on for us ({code}). Ask the people who run the mail server to let this machine send, or set {}.",
            settings.key("username")
        )
    } else if said.is_about_our_domain() {
        let domain = settings.from.email.domain();
        format!(
            "{host} does not believe that mail from {domain} comes from us ({code}). Ask the people who run {domain} to name the mail server in its DNS entries: SPF, DKIM, DMARC, and the name of the machine."
        )
    } else if said.is_block_list() || (step < Step::Data && said.is_blocked()) {
        format!(
            "{host} has blocked mail from us ({code}). Ask the people who run the mail server why, and to take us off their list."
        )
    } else {
        return None;
    };
    Some((Class::BadConfiguration, sentence))
}

fn for_now(step: Step, said: &Said, host: &str) -> (Class, String) {
    let code = said.code;
    // Greylisting asks for patience with one recipient, whatever its enhanced code.
    let greylisted = said.says(&["greylist", "graylist"]);
    let too_fast = code == 432
        || matches!(said.enhanced, Some((4, 7, _)))
        || said.says(&[
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
    (
        Class::RemoteTemporary,
        format!(
            "{host} cannot take the mail just now ({code}). If it goes on, ask the people who run the mail server."
        ),
    )
}

fn no_mailbox(code: u16) -> (Class, String) {
    (
        Class::BadDestination,
        format!(
            "The mail server says that this address does not take mail ({code}). Correct the address in the directory."
        ),
    )
}

fn a_rule_there(code: u16, settings: &Settings) -> (Class, String) {
    (
        Class::Refused,
        format!(
            "{} does not take this mail from us ({code}). The address may be right: ask the people who run the mail server which rule of theirs it is, or tell the person another way.",
            settings.host
        ),
    )
}

fn sign_in(code: u16, settings: &Settings) -> (Class, String) {
    let host = &settings.host;
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
    (Class::BadConfiguration, sentence)
}

fn sender(code: u16, settings: &Settings) -> (Class, String) {
    let sentence = format!(
        "{} does not let us send as {} ({code}). Set {} to a mailbox that we may send from, or ask the people who run the mail server.",
        settings.host,
        settings.from.email.domain(),
        settings.key("from")
    );
    (Class::BadConfiguration, sentence)
}

fn enhanced(token: &str) -> Option<(u8, u16, u16)> {
    let mut numbers = token.splitn(3, '.');
    Some((
        numbers.next()?.parse().ok()?,
        numbers.next()?.parse().ok()?,
        numbers.next()?.parse().ok()?,
    ))
}
