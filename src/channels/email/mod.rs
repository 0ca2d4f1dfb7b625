//! Mail over SMTP.
//!
//! [`message`] makes the bytes, [`pool`] keeps the connections that [`connect`] opens, [`session`]
//! sends, [`trouble`] says what went wrong and [`refusal`] whom a refusal is about; what servers say is
//! read by [`reply`]. One recipient a mail, never Bcc. A mail is accepted when the server says yes to its
//! final dot, in whatever way, uncertain only when the dot was sent and no answer came.

mod connect;
mod message;
mod pool;
mod refusal;
mod reply;
mod session;
mod settings;
mod sign_in;
mod stream;
mod thread;
mod tls;
mod trouble;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::SecretString;

use super::{
    BoxFuture, Channel, Kind, OnUncertain, Outgoing, Pace, Wire,
    build::{Refusal, Setup},
    signing::fingerprint,
    words,
};
use crate::domain::{
    Address,
    channel::{Format, Part},
    delivery::{Class, Outcome},
    redact::redact,
    shown::Secrecy,
};
use message::{Blank, Common, Recipient};
use pool::Pool;
use settings::Settings;
use thread::Thread;

/// What the settings call it.
pub(super) static KIND: Kind = Kind {
    name: "email",
    label: "email",
    parts: &PARTS,
    addresses: Secrecy::Contact,
    build,
};

const SUBJECT: Part = Part {
    name: "subject",
    format: Format::Line,
    max_bytes: 300,
};
static TEXT: Part = Part {
    name: "text",
    format: Format::Plain,
    max_bytes: 100_000,
};
static HTML: Part = Part {
    name: "html",
    format: Format::Html,
    max_bytes: 200_000,
};
static PARTS: [Part; 3] = [SUBJECT, TEXT, HTML];

/// So many messages are on their way at once, at most, in the ordinary run of things.
const KEPT: usize = 32;

struct Email {
    label: String,
    settings: Arc<Settings>,
    install_secret: SecretString,
    pool: Pool,
    /// The latest messages, built but for their recipients.
    blanks: Mutex<VecDeque<(String, Arc<Blank>)>>,
}

fn build(setup: Setup<'_>) -> Result<Box<dyn Channel>, Refusal> {
    let settings = Arc::new(Settings::read(&setup.section)?);
    let Some(pool) = Pool::new(&settings) else {
        let fault = setup.section.fault(
            "pool",
            format!("{} cannot be used.", settings.key("pool")),
            "Correct pool.size.",
        );
        return Err(Refusal::Faults(vec![fault]));
    };
    Ok(Box::new(Email {
        label: setup.label,
        settings,
        install_secret: setup.context.install_secret.clone(),
        pool,
        blanks: Mutex::default(),
    }))
}

impl Email {
    fn mail(&self, outgoing: &Outgoing<'_>) -> Result<(lettre::Address, Vec<u8>), Outcome> {
        let address: lettre::Address = outgoing.address.as_str().parse().map_err(|_| Outcome {
            class: Class::BadDestination,
            ..words::bad_payload(
                "The address is not a mailbox. Correct it in the directory.".to_owned(),
            )
        })?;
        let (message_id, root) = self.thread(outgoing);
        let recipient = Recipient {
            address: address.clone(),
            name: outgoing.name,
            date: outgoing.date,
            message_id,
            root,
            reason: outgoing.reason,
            ask: outgoing.ask,
        };
        Ok((address, self.blank(outgoing)?.fill(&recipient)))
    }

    /// The mail's own id, and the id of the one that it answers. The root's id can be made again
    /// at any time, so a thread holds although nothing about earlier mails is looked up.
    fn thread(&self, outgoing: &Outgoing<'_>) -> (String, Option<String>) {
        let domain = &self.settings.message_id_domain;
        let own = format!("<{}@{domain}>", outgoing.delivery);
        let Some(incident) = outgoing.incident else {
            return (own, None);
        };
        let incident = incident.to_string();
        let address = outgoing.address.as_str().to_lowercase();
        let print = fingerprint(&self.install_secret, &["thread", &incident, &address]);
        let root = format!("<{}.{print}@{domain}>", incident.to_lowercase());
        if outgoing.first {
            (root, None)
        } else {
            (own, Some(root))
        }
    }

    fn blank(&self, outgoing: &Outgoing<'_>) -> Result<Arc<Blank>, Outcome> {
        let html = outgoing.parts.get(HTML.name).map(String::as_str);
        // A server that refused the whole mail gets one without HTML, of its own making.
        let key = format!(
            "{}{}",
            outgoing.message,
            if html.is_some() { "" } else { " plain" }
        );
        if let Some(blank) = self.kept(&key) {
            return Ok(blank);
        }
        let words = |part: &Part| {
            outgoing
                .parts
                .get(part.name)
                .map(String::as_str)
                .ok_or_else(|| words::missing(part))
        };
        let common = Common {
            from: &self.settings.from,
            reply_to: self.settings.reply_to.as_ref(),
            subject: words(&SUBJECT)?,
            text: words(&TEXT)?,
            html,
            thread: outgoing
                .incident
                .map(|incident| Thread::of(incident, &self.install_secret)),
            urgent: outgoing.is_urgent(),
            message: outgoing.message,
        };
        let blank = Blank::build(&common).map_err(|why| Outcome {
            reply: redact(&why, &[outgoing.address.as_str()]),
            ..words::bad_payload(
                "The mail cannot be made. Check its templates with: oyez template check".to_owned(),
            )
        })?;
        let blank = Arc::new(blank);
        let mut blanks = self.blanks.lock().unwrap_or_else(PoisonError::into_inner);
        if blanks.len() == KEPT {
            blanks.pop_back();
        }
        blanks.push_front((key, Arc::clone(&blank)));
        Ok(blank)
    }

    fn kept(&self, message: &str) -> Option<Arc<Blank>> {
        let blanks = self.blanks.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, blank) = blanks.iter().find(|(id, _)| id == message)?;
        Some(Arc::clone(blank))
    }

    async fn deliver(&self, outgoing: &Outgoing<'_>) -> Outcome {
        let (to, mail) = match self.mail(outgoing) {
            Ok(made) => made,
            Err(outcome) => return outcome,
        };
        match self.pool.mail(&self.settings.from.email, &to, &mail).await {
            Ok(reply) => {
                let code = u16::from(reply.code());
                let said = reply.message().collect::<Vec<_>>().join("\n");
                let address = outgoing.address.as_str();
                let reply = self.settings.fit_for_record(&said, address);
                Outcome {
                    class: Class::Accepted,
                    code: Some(code),
                    provider_id: queue_id(&reply),
                    reply,
                    sentence: format!("{} took the mail.", self.settings.host),
                }
            }
            Err(trouble) => trouble.outcome(&self.settings, outgoing.address.as_str()),
        }
    }
}

/// Under which id the server queued it, where it says so: `2.0.0 Ok: queued as 981D79B0B11`.
fn queue_id(reply: &str) -> Option<String> {
    let (_, id) = reply.split_once("queued as ")?;
    let id: String = id
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .take(64)
        .collect();
    (!id.is_empty()).then_some(id)
}

impl Channel for Email {
    fn label(&self) -> &str {
        &self.label
    }

    fn system(&self) -> &str {
        "mail"
    }

    fn parts(&self) -> &'static [Part] {
        &PARTS
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        check_address(text)
    }

    fn lane(&self, _: &Address) -> String {
        format!("smtp:{}:{}", self.settings.host, self.settings.port)
    }

    fn is_chat(&self) -> bool {
        false
    }

    fn pace(&self) -> Pace {
        let concurrency = self.settings.pool.size;
        Pace {
            concurrency,
            per_second: None,
            burst: u32::try_from(concurrency).unwrap_or(1),
        }
    }

    fn on_uncertain(&self) -> OnUncertain {
        OnUncertain::Resend
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        let (_, bytes) = self.mail(outgoing)?;
        Ok(Wire {
            extension: "eml",
            bytes,
        })
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.deliver(outgoing))
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        Box::pin(async {
            let settings = &self.settings;
            match self.pool.check(&settings.from.email).await {
                Ok(()) => {
                    let encrypted = match settings.tls {
                        settings::Tls::None => "unencrypted, on this machine",
                        _ => "encrypted",
                    };
                    let signed_in = match settings.login {
                        Some(_) => "signed in",
                        None => "without signing in",
                    };
                    Ok(format!(
                        "{}:{} answers, {encrypted}, {signed_in}, and takes mail from {}",
                        settings.host, settings.port, settings.from.email
                    ))
                }
                Err(trouble) => Err(trouble.for_setting_up(settings)),
            }
        })
    }
}

/// A mailbox in lower case: nobody tells two mailboxes apart by case, and people do write one
/// address in two ways.
fn check_address(text: &str) -> Result<Address, String> {
    let text = text.trim();
    if !text.is_ascii() {
        return Err("The address holds letters outside a to z, which many mail servers refuse: write the domain in its xn-- form, or give another address".to_owned());
    }
    match text.parse::<lettre::Address>() {
        Ok(_) if text.len() <= 254 => Ok(Address::new(&text.to_lowercase())),
        _ => Err("This is not a mailbox: write it as dee.olu@northshire.example".to_owned()),
    }
}

#[cfg(test)]
mod tests;
