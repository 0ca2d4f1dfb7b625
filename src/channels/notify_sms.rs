//! Text messages through GOV.UK Notify.
//!
//! The words travel as one placeholder of a template in Notify. Notify does not recognise a repeat,
//! but lists what it took by our reference, which is the delivery, so a message in doubt is looked
//! up there before it is sent again.
//!
//! Each call carries a JSON Web Token that is good for 30 seconds: two fixed fields under
//! HMAC-SHA-256, which we have. Nothing is read here, so no library for tokens is needed.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderMap},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    BoxFuture, Channel, Kind, LookUp, OnUncertain, Outgoing, Pace, Wire,
    build::{Refusal, Setup},
    hook::{Hook, asked_in_vain},
    ids::{UUID, is_uuid},
    signing::{fingerprint, hmac_sha256},
    words,
};
use crate::{
    domain::{
        Address,
        channel::{Format, Part},
        delivery::{Class, Look, Outcome},
        shown::Secrecy,
    },
    http_client::{Repeats, Reply, secret_header},
    section::Section,
};

/// What the settings call it.
pub(super) static KIND: Kind = Kind {
    name: "notify_sms",
    label: "text message",
    parts: &PARTS,
    addresses: Secrecy::Contact,
    build,
};

/// The whole message. Phones put four text messages together to one of 612 characters.
const TEXT: Part = Part {
    name: "text",
    format: Format::Plain,
    max_bytes: 612,
};
static PARTS: [Part; 1] = [TEXT];

/// What sentences call the other side.
const SERVICE: &str = "GOV.UK Notify";
const BASE_URL: &str = "https://api.notifications.service.gov.uk";
/// The placeholder of the template in Notify.
const PLACEHOLDER: &str = "body";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    api_key: Option<SecretString>,
    template_id: Option<String>,
    sms_sender_id: Option<String>,
    base_url: Option<String>,
}

struct NotifySms {
    label: String,
    key: ApiKey,
    template: String,
    sender: Option<String>,
    base: Url,
    hook: Hook,
}

/// An API key of Notify, taken apart: a name, the service and the secret, each a UUID.
struct ApiKey {
    service: String,
    secret: SecretString,
}

fn build(setup: Setup<'_>) -> Result<Box<dyn Channel>, Refusal> {
    let config: Config = setup.section.read()?;
    let section = &setup.section;
    let hook = Hook::new(SERVICE, "notify", Repeats::Shown, exceptions, setup.context);
    let mut faults = Vec::new();
    let base = config.base_url.as_deref().unwrap_or(BASE_URL);
    let base = hook.http().check_url(base).map_err(|sentence| {
        let message = format!("{} cannot be called.", section.full("base_url"));
        faults.push(section.fault("base_url", message, format!("{sentence}.")));
    });
    for (name, id) in [
        ("template_id", &config.template_id),
        ("sms_sender_id", &config.sms_sender_id),
    ] {
        if id.as_deref().is_some_and(|id| !is_uuid(id.trim())) {
            faults.push(not_an_id(section, name));
        }
    }
    let key = config.api_key.as_ref().map(ApiKey::read);
    if matches!(key, Some(None)) {
        faults.push(section.fault(
            "api_key",
            format!("{} is not an API key of Notify.", section.full("api_key")),
            "Paste the whole key: its name and two ids, with hyphens between them.",
        ));
    }
    let Ok(base) = base else {
        return Err(faults.into());
    };
    if !faults.is_empty() {
        return Err(faults.into());
    }
    match (key.flatten(), config.template_id) {
        (Some(key), Some(template)) => Ok(Box::new(NotifySms {
            label: setup.label,
            key,
            template: template.trim().to_owned(),
            sender: config.sms_sender_id.map(|id| id.trim().to_owned()),
            base,
            hook,
        })),
        (None, None) => Err(Refusal::Missing(vec!["api_key", "template_id"])),
        (None, Some(_)) => Err(Refusal::Missing(vec!["api_key"])),
        (Some(_), None) => Err(Refusal::Missing(vec!["template_id"])),
    }
}

fn not_an_id(section: &Section, name: &str) -> crate::domain::fault::Fault {
    section.fault(
        name,
        format!("{} is not an id of Notify.", section.full(name)),
        "Copy it from Notify; it is like f33517ff-2a88-4f6e-b855-c550268ce08a.",
    )
}

impl ApiKey {
    /// The name may hold hyphens too, so a key is read from its end.
    fn read(key: &SecretString) -> Option<Self> {
        let key = key.expose_secret().trim();
        let (front, secret) = key.split_at_checked(key.len().checked_sub(UUID)?)?;
        let front = front.strip_suffix('-')?;
        let (name, service) = front.split_at_checked(front.len().checked_sub(UUID)?)?;
        (is_uuid(secret) && is_uuid(service) && name.ends_with('-')).then(|| Self {
            service: service.to_owned(),
            secret: secret.into(),
        })
    }

    /// A token for a call at `iat`, in seconds since 1970.
    fn token(&self, iat: i64) -> SecretString {
        let claims = format!(r#"{{"iss":"{}","iat":{iat}}}"#, self.service);
        let parts = [r#"{"typ":"JWT","alg":"HS256"}"#, &claims];
        let signed = parts
            .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part))
            .join(".");
        let signature = hmac_sha256(self.secret.expose_secret().as_bytes(), signed.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)).into()
    }
}

impl NotifySms {
    /// Calls Notify; what comes back holds neither the number nor the key.
    async fn call(
        &self,
        method: Method,
        url: &Url,
        body: Vec<u8>,
        number: &str,
    ) -> (Outcome, Option<Reply>) {
        let token = self.key.token(self.hook.now().timestamp());
        let bearer = format!("Bearer {}", token.expose_secret()).into();
        let mut headers = HeaderMap::new();
        // A token is letters and digits, so the header can always be made.
        if let Ok(bearer) = secret_header(&bearer) {
            headers.insert(AUTHORIZATION, bearer);
        }
        let secrets = [
            number,
            number.trim_start_matches('+'),
            self.key.secret.expose_secret(),
            token.expose_secret(),
        ];
        let (mut outcome, reply) = self.hook.call(method, url, headers, body, &secrets).await;
        // Where we call is a matter of the settings, and no fault of the number.
        if reply.is_none() && outcome.class == Class::BadDestination {
            outcome.class = Class::BadConfiguration;
        }
        (outcome, reply)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    async fn post(&self, number: &str, body: Vec<u8>) -> Outcome {
        let url = self.url("/v2/notifications/sms");
        let (outcome, reply) = self.call(Method::POST, &url, body, number).await;
        let Some(reply) = reply else { return outcome };
        if outcome.class == Class::Accepted {
            return accepted(&reply, outcome);
        }
        if is_abroad(number) && reply.status == 400 && said(&reply).0 == "BadRequestError" {
            return Outcome {
                class: Class::BadPayload,
                sentence: "GOV.UK Notify did not take a message to a number abroad. Ask there for \
                           text messages to other countries."
                    .to_owned(),
                ..outcome
            };
        }
        outcome
    }

    /// Asks for all that Notify took under our reference.
    async fn find(&self, outgoing: &Outgoing<'_>) -> Look {
        let mut url = self.url("/v2/notifications");
        url.query_pairs_mut()
            .append_pair("template_type", "sms")
            .append_pair("reference", outgoing.delivery);
        let number = outgoing.address.as_str();
        let (outcome, reply) = self.call(Method::GET, &url, Vec::new(), number).await;
        let Some(reply) = reply.filter(|_| outcome.class == Class::Accepted) else {
            return Look::Unknown(asked_in_vain(SERVICE, outcome));
        };
        match serde_json::from_str::<Listed>(&reply.body) {
            Ok(listed) => listed.look(outgoing.delivery),
            Err(error) => Look::Unknown(Outcome {
                class: Class::RemoteTemporary,
                // The parser quotes nothing; the list itself holds numbers and words.
                reply: error.to_string(),
                sentence: "GOV.UK Notify's list of messages cannot be read.".to_owned(),
                ..outcome
            }),
        }
    }
}

/// What Notify lists.
#[derive(Deserialize)]
struct Listed {
    notifications: Vec<Sent>,
}

#[derive(Deserialize)]
struct Sent {
    id: String,
    reference: Option<String>,
    status: String,
}

impl Listed {
    /// What became of the message with our reference; the best, should it be there twice.
    fn look(self, reference: &str) -> Look {
        let rank = |class| match class {
            Class::Delivered => 2,
            Class::Accepted => 1,
            _ => 0,
        };
        self.notifications
            .into_iter()
            .filter(|sent| sent.reference.as_deref() == Some(reference))
            .filter_map(Sent::outcome)
            .max_by_key(|outcome| rank(outcome.class))
            .map_or(Look::Missing, Look::Found)
    }
}

impl Sent {
    /// `None`: Notify gave up before it reached a network, so it is as if it had never been sent.
    fn outcome(self) -> Option<Outcome> {
        let (class, sentence) = match self.status.as_str() {
            "technical-failure" => return None,
            "delivered" => (Class::Delivered, "GOV.UK Notify delivered the message."),
            "permanent-failure" => (Class::BadDestination, NO_SUCH_NUMBER),
            _ => (Class::Accepted, "GOV.UK Notify took the message."),
        };
        Some(Outcome {
            class,
            code: None,
            reply: String::new(),
            sentence: sentence.to_owned(),
            provider_id: Some(self.id),
        })
    }
}

const NO_SUCH_NUMBER: &str =
    "GOV.UK Notify says that the phone number does not work. Correct it in the directory.";

impl Channel for NotifySms {
    fn label(&self) -> &str {
        &self.label
    }

    fn parts(&self) -> &'static [Part] {
        &PARTS
    }

    fn check_address(&self, text: &str) -> Result<Address, String> {
        phone_number(text).map(|number| Address::new(&number))
    }

    fn lane(&self, _: &Address) -> String {
        let of = [self.base.as_str(), &self.key.service, &self.template];
        format!("notify:{}", fingerprint(self.hook.install_secret(), &of))
    }

    fn is_chat(&self) -> bool {
        false
    }

    fn pace(&self) -> Pace {
        // Notify takes 3,000 in any minute; with the burst this stays below.
        Pace {
            concurrency: 10,
            per_second: Some(48.0),
            burst: 48,
        }
    }

    fn on_uncertain(&self) -> OnUncertain {
        OnUncertain::Reconcile
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self)
    }

    fn wire(&self, outgoing: &Outgoing<'_>) -> Result<Wire, Outcome> {
        let text = words::part(outgoing, &TEXT)?;
        if text.len() > TEXT.max_bytes {
            return Err(words::too_long(SERVICE, text.len(), TEXT.max_bytes));
        }
        let mut body = json!({
            "phone_number": outgoing.address.as_str(),
            "template_id": self.template,
            "personalisation": { PLACEHOLDER: text },
            "reference": outgoing.delivery,
        });
        if let Some(sender) = &self.sender {
            body["sms_sender_id"] = sender.as_str().into();
        }
        Ok(Wire {
            extension: "json",
            bytes: body.to_string().into_bytes(),
        })
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match self.wire(outgoing) {
                Ok(wire) => self.post(outgoing.address.as_str(), wire.bytes).await,
                Err(outcome) => outcome,
            }
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, String>> {
        Box::pin(async {
            let url = self.url(&format!("/v2/template/{}", self.template));
            let (outcome, reply) = self.call(Method::GET, &url, Vec::new(), "").await;
            let Some(reply) = reply.filter(|_| outcome.class == Class::Accepted) else {
                return Err(outcome.sentence);
            };
            let template: Json = serde_json::from_str(&reply.body).unwrap_or_default();
            let placeholder = format!("(({PLACEHOLDER}))");
            let takes_words = template["body"]
                .as_str()
                .is_some_and(|body| body.contains(&placeholder));
            if template["type"] == "sms" && takes_words {
                Ok("GOV.UK Notify knows the key and the template".to_owned())
            } else {
                Err(format!(
                    "The template in GOV.UK Notify has to be for text messages, with {placeholder} \
                     as its message. Correct it there, or set another template_id."
                ))
            }
        })
    }
}

impl LookUp for NotifySms {
    fn look<'a>(&'a self, outgoing: &'a Outgoing<'a>) -> BoxFuture<'a, Look> {
        Box::pin(self.find(outgoing))
    }
}

/// The id under which Notify took it. Its answer repeats the words, which are on the record.
fn accepted(reply: &Reply, outcome: Outcome) -> Outcome {
    let answer: Json = serde_json::from_str(&reply.body).unwrap_or_default();
    match answer["id"].as_str() {
        Some(id) => Outcome {
            provider_id: Some(id.to_owned()),
            reply: String::new(),
            ..outcome
        },
        None => Outcome {
            class: Class::Uncertain,
            sentence: "GOV.UK Notify's answer names no message. Check that no proxy stands \
                       between."
                .to_owned(),
            ..outcome
        },
    }
}

/// The first error of an answer: its name, and its message. Some answers are the list alone.
fn said(reply: &Reply) -> (String, String) {
    let body: Json = serde_json::from_str(&reply.body).unwrap_or_default();
    let first = body.pointer("/errors/0").or(body.get(0));
    let text = |key| {
        let text = first.and_then(|error| error.get(key)?.as_str());
        text.unwrap_or_default().to_owned()
    };
    (text("error"), text("message"))
}

/// Notify names its errors; for one that a field is wrong, the message begins with the field.
fn exceptions(reply: &Reply) -> Option<(Class, String)> {
    let (error, message) = said(reply);
    let field = message.split(' ').next().unwrap_or_default();
    let (class, sentence) = match (reply.status, error.as_str()) {
        (300..=399 | 404 | 405 | 410, _) => (
            Class::BadConfiguration,
            "What answers at base_url is not GOV.UK Notify. Correct base_url in the settings.",
        ),
        (400, "ValidationError") if field == "phone_number" => {
            (Class::BadDestination, NO_SUCH_NUMBER)
        }
        (400, "ValidationError") if matches!(field, "template_id" | "sms_sender_id") => (
            Class::BadConfiguration,
            "GOV.UK Notify does not know the template or the sender. Correct template_id and \
             sms_sender_id in the settings.",
        ),
        (400, "BadRequestError") => (
            Class::BadConfiguration,
            "GOV.UK Notify does not let this service send so. Check that it is live, that the API \
             key is a live one, and that the template's message is ((body)).",
        ),
        (401 | 403, _) => (
            Class::BadConfiguration,
            "GOV.UK Notify does not accept the API key. Check that it was not revoked, and that \
             the clock of this machine is right to 30 seconds.",
        ),
        (429, "TooManyRequestsError") => (
            Class::BadConfiguration,
            "GOV.UK Notify says that this service has sent too many messages. If that is the limit \
             of the day, it ends at midnight UTC: use another channel, or ask for a higher limit.",
        ),
        _ => return None,
    };
    Some((class, sentence.to_owned()))
}

/// Fewest and most digits of a number with its country code, by E.164.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// The number as `+`, country code and digits. UK mobile numbers may be written as at home.
///
/// Whether a number abroad is a mobile one is left to Notify: the plans of all countries are a
/// large library that ages.
fn phone_number(text: &str) -> Result<String, String> {
    let text = text.trim().replace("(0)", "");
    let is_gap =
        |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2015}');
    let bare: String = text.chars().filter(|c| !is_gap(*c)).collect();
    let digits = bare
        .strip_prefix('+')
        .or(bare.strip_prefix("00"))
        .unwrap_or(&bare);
    if is_shortened(&bare) {
        return Err(
            "A spreadsheet has shortened this number, and some of its digits are lost: type it again \
             as text"
                .to_owned(),
        );
    }
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return Err("This is not a phone number: write it like +44 7700 900123".to_owned());
    }
    let number = match digits.strip_prefix('0') {
        Some(at_home) if digits.len() == bare.len() => format!("44{at_home}"),
        // What a spreadsheet leaves of a number that it takes for a sum.
        _ if digits.len() == bare.len() && digits.len() == 10 && digits.starts_with('7') => {
            return Err("Did a leading zero get lost? Write it like 07700 900123".to_owned());
        }
        _ if digits.len() == bare.len() && !digits.starts_with("44") => {
            return Err(
                "The phone number has no country code: write a UK mobile number like 07700 900123, \
                 and any other like +353 85 012 3456"
                    .to_owned(),
            );
        }
        _ => digits.to_owned(),
    };
    if number.starts_with("44") && !is_uk_mobile(&number) {
        return Err(
            "This is not a UK mobile number, which has 11 digits and starts with 07".to_owned(),
        );
    }
    if number.starts_with('0') || !DIGITS.contains(&number.len()) {
        return Err(
            "The phone number is too long, too short or has no country code: write it like \
             +353 85 012 3456"
                .to_owned(),
        );
    }
    Ok(format!("+{number}"))
}

/// Whether a number is what a spreadsheet shows of a long one: `4.47701E+11`.
fn is_shortened(bare: &str) -> bool {
    let Some((digits, zeros)) = bare.split_once(['E', 'e']) else {
        return false;
    };
    let are_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    are_digits(digits) && are_digits(zeros.trim_start_matches('+'))
}

fn is_uk_mobile(number: &str) -> bool {
    number.len() == 12 && number.starts_with("447")
}

fn is_abroad(number: &str) -> bool {
    !number.starts_with("+44")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_the_one_that_the_documentation_of_notify_makes() {
        let service = "26785a09-ab16-4eb0-8407-a37497a57506";
        let secret = "3d844edf-8d35-48ac-975b-e847b4f122b0";
        let key = ApiKey::read(&format!("my-test_key-{service}-{secret}").into()).unwrap();
        assert_eq!(
            key.token(1_568_818_578).expose_secret(),
            "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiIyNjc4NWEwOS1hYjE2LTRlYjAtODQwNy1hMzc0\
             OTdhNTc1MDYiLCJpYXQiOjE1Njg4MTg1Nzh9.YT_aQYNif0l3HaPwy62Cj9g0qsYzjnj1K5pLwkELiFw"
        );
    }

    #[test]
    fn a_key_that_lacks_a_piece_is_none() {
        let service = "26785a09-ab16-4eb0-8407-a37497a57506";
        for key in [
            "",
            "live",
            service,
            &format!("live-{service}"),
            "é".repeat(40).as_str(),
        ] {
            assert!(ApiKey::read(&key.into()).is_none(), "{key}");
        }
    }

    #[test]
    fn numbers_are_brought_to_one_form() {
        for (typed, number) in [
            ("07700 900123", "+447700900123"),
            ("+44 7700 900123", "+447700900123"),
            ("+44 (0)7700 900-123", "+447700900123"),
            ("0044 7700 900123", "+447700900123"),
            ("447700900123", "+447700900123"),
            ("07700\u{2013}900\u{2011}123", "+447700900123"),
            ("+353 85 012 3456", "+353850123456"),
            ("00 1 (202) 555.0147", "+12025550147"),
        ] {
            assert_eq!(phone_number(typed).as_deref(), Ok(number), "{typed}");
            assert_eq!(phone_number(number).as_deref(), Ok(number));
        }
    }

    #[test]
    fn what_is_no_mobile_number_is_refused_with_the_fix_and_not_repeated() {
        for (typed, says) in [
            ("", "write it like"),
            ("+", "write it like"),
            ("0800 EXAMPLE", "write it like"),
            ("+44 +7700 900123", "write it like"),
            ("٠٧٧٠٠٩٠٠١٢٣", "write it like"),
            ("020 7946 0123", "not a UK mobile"),
            ("07700 90012", "not a UK mobile"),
            ("+44 7700 9001234", "not a UK mobile"),
            ("2025550147", "no country code"),
            ("7700900124", "Did a leading zero get lost?"),
            ("7700 900 124", "Did a leading zero get lost?"),
            ("4.47701E+11", "A spreadsheet has shortened"),
            ("7.7E9", "A spreadsheet has shortened"),
            ("+0 7700 900123", "too long, too short"),
            ("+1234", "too long, too short"),
            ("+1234567890123456", "too long, too short"),
        ] {
            let sentence = phone_number(typed).unwrap_err();
            assert!(sentence.contains(says), "{typed}: {sentence}");
            assert!(typed.len() < 2 || !sentence.contains(typed), "{sentence}");
        }
    }
}
