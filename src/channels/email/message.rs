//! The mail itself: built once for a message, finished for each recipient.
//!
//! Ten thousand people read the same words. lettre builds the mail once, with a stand-in for the
//! recipient's headers, for what is asked of them and for the reason line; for each recipient only
//! those are written, by lettre's own types. The same delivery always gives the same bytes, so that a repeat can be
//! recognised: date, ids and boundary come from what is stored.

use std::time::SystemTime;

use lettre::{
    Message,
    address::Address,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{
            ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue, Headers,
            InReplyTo, MessageId, References, To,
        },
    },
};

use super::{HTML, TEXT, thread::Thread};
use crate::domain::{
    ask::AskLine,
    channel::{ASK_MARK, Part, REASON_MARK},
    text::{clean, escape, one_line},
    time::Time,
};

/// What all recipients of a message share.
pub(super) struct Common<'a> {
    pub(super) from: &'a Mailbox,
    pub(super) reply_to: Option<&'a Mailbox>,
    pub(super) subject: &'a str,
    pub(super) text: &'a str,
    /// Left out when a server refused the mail with it.
    pub(super) html: Option<&'a str>,
    /// What the mails of an incident have in common.
    pub(super) thread: Option<Thread>,
    pub(super) urgent: bool,
    /// Makes the boundary: the message's own id.
    pub(super) message: &'a str,
}

/// What is one recipient's own.
pub(super) struct Recipient<'a> {
    pub(super) address: Address,
    pub(super) name: &'a str,
    pub(super) date: Time,
    pub(super) message_id: String,
    /// The mail that the thread hangs on, if it is not this one.
    pub(super) root: Option<String>,
    pub(super) reason: &'a str,
    pub(super) ask: Option<AskLine<'a>>,
}

/// A mail that lacks only its recipient.
pub(super) struct Blank {
    pieces: Vec<Piece>,
    bytes: usize,
}

enum Piece {
    /// The same for everyone.
    Common(Vec<u8>),
    /// To, Date, Message-ID and the thread.
    Headers,
    /// What is the recipient's own.
    Own(Own),
}

/// Something in the words that is one recipient's own, in the part that it stands in.
#[derive(Debug, Clone, Copy)]
struct Own {
    /// What stands there in the rendered part.
    mark: &'static str,
    /// What stands there in the encoded one. No encoded text holds it: `=` is followed by two digits
    /// or a line end there.
    stand_in: &'static str,
    part: &'static Part,
}

static OWN: [Own; 4] = [
    own(REASON_MARK, "=[reason-text]", &TEXT),
    own(REASON_MARK, "=[reason-html]", &HTML),
    own(ASK_MARK, "=[ask-text]", &TEXT),
    own(ASK_MARK, "=[ask-html]", &HTML),
];

const fn own(mark: &'static str, stand_in: &'static str, part: &'static Part) -> Own {
    Own {
        mark,
        stand_in,
        part,
    }
}

impl Blank {
    /// Builds the mail with stand-ins. The error is lettre's, for the operator.
    pub(super) fn build(common: &Common<'_>) -> Result<Self, String> {
        let stand_in = Recipient {
            address: Address::new("recipient", "stand-in.invalid").map_err(|e| e.to_string())?,
            name: "",
            date: Time::UNIX_EPOCH,
            message_id: "<message@stand-in.invalid>".to_owned(),
            root: Some("<root@stand-in.invalid>".to_owned()),
            reason: "",
            ask: None,
        };
        let text = encode_around(common.text, &TEXT);
        let html = common.html.map(|html| encode_around(html, &HTML));
        let whole = whole(common, &stand_in, text, html)?;
        let mut pieces = Vec::new();
        let rest = match split_once(&whole, stand_in.headers().as_bytes()) {
            Some((before, after)) => {
                pieces.push(Piece::Common(before.to_vec()));
                pieces.push(Piece::Headers);
                after
            }
            None => return Err("the recipient's headers are not in one place".to_owned()),
        };
        let mut rest = rest;
        while let Some((own, before, after)) = next_own(rest) {
            pieces.push(Piece::Common(before.to_vec()));
            pieces.push(Piece::Own(own));
            rest = after;
        }
        pieces.push(Piece::Common(rest.to_vec()));
        Ok(Self {
            pieces,
            bytes: whole.len(),
        })
    }

    /// The finished mail.
    pub(super) fn fill(&self, recipient: &Recipient<'_>) -> Vec<u8> {
        let mut mail = Vec::with_capacity(self.bytes + 1024);
        for piece in &self.pieces {
            match piece {
                Piece::Common(bytes) => mail.extend_from_slice(bytes),
                Piece::Headers => mail.extend_from_slice(recipient.headers().as_bytes()),
                Piece::Own(own) => mail.extend_from_slice(&recipient.encoded(own)),
            }
        }
        mail
    }
}

impl Recipient<'_> {
    fn mailbox(&self) -> Mailbox {
        let name = one_line(&clean(self.name));
        Mailbox::new((!name.is_empty()).then_some(name), self.address.clone())
    }

    /// What is the recipient's own, on encoded lines of its own; nothing where nothing is said.
    fn encoded(&self, own: &Own) -> Vec<u8> {
        let words = if own.mark == REASON_MARK {
            escape(self.reason, own.part.format)
        } else {
            let ask = self.ask.map(|ask| ask.written(own.part));
            match ask {
                Some(words) if !words.is_empty() => words,
                _ => return Vec::new(),
            }
        };
        let mut encoded = encode(&words);
        soft_break(&mut encoded);
        encoded
    }

    fn headers(&self) -> String {
        let mut headers = Headers::new();
        headers.set(To::from(lettre::message::Mailboxes::from(self.mailbox())));
        headers.set(Date::new(SystemTime::from(self.date)));
        headers.set(MessageId::from(self.message_id.clone()));
        if let Some(root) = &self.root {
            headers.set(InReplyTo::from(root.clone()));
            headers.set(References::from(root.clone()));
        }
        headers.to_string()
    }
}

/// The whole mail, built by lettre from encoded bodies.
fn whole(
    common: &Common<'_>,
    recipient: &Recipient<'_>,
    text: Vec<u8>,
    html: Option<Vec<u8>>,
) -> Result<Vec<u8>, String> {
    let mut builder = Message::builder();
    // Before the subject: where that comes first, Exchange takes the topic from it.
    if let Some(thread) = &common.thread {
        builder = builder
            .raw_header(raw("Thread-Topic", &thread.topic))
            .raw_header(raw("Thread-Index", &thread.index));
    }
    builder = builder.from(common.from.clone());
    if let Some(reply_to) = common.reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    builder = builder
        .subject(one_line(&clean(&common.subject.replace(REASON_MARK, ""))))
        .to(recipient.mailbox())
        .date(SystemTime::from(recipient.date))
        .message_id(Some(recipient.message_id.clone()));
    if let Some(root) = &recipient.root {
        builder = builder.in_reply_to(root.clone()).references(root.clone());
    }
    // Keeps holiday replies and receipts away.
    builder = builder
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Auto-Response-Suppress", "All"));
    if let Some(thread) = &common.thread {
        // Filters look for it.
        builder = builder.raw_header(raw("X-Incident-Id", &thread.topic));
    }
    if common.urgent {
        builder = builder
            .raw_header(raw("Importance", "high"))
            .raw_header(raw("X-Priority", "1"));
    }
    let part = |kind: ContentType, encoded: Vec<u8>| {
        let body = Body::dangerous_pre_encoded(encoded, ContentTransferEncoding::QuotedPrintable);
        SinglePart::builder().header(kind).body(body)
    };
    let text = part(ContentType::TEXT_PLAIN, text);
    let message = match html {
        None => builder.singlepart(text),
        Some(html) => builder.multipart(
            MultiPart::alternative()
                // "=_" cannot stand in an encoded body.
                .boundary(format!("=_{}", common.message))
                .singlepart(text)
                .singlepart(part(ContentType::TEXT_HTML, html)),
        ),
    }
    .map_err(|error| error.to_string())?;
    Ok(message.formatted())
}

/// The mail of one recipient built by lettre as a whole, which [`Blank`] must equal.
#[cfg(test)]
pub(super) fn whole_for_tests(
    common: &Common<'_>,
    recipient: &Recipient<'_>,
) -> Result<Vec<u8>, String> {
    let with_own = |words: &str, part: &'static Part| {
        let encoded = String::from_utf8(encode_around(words, part)).unwrap_or_default();
        let of_this = OWN.iter().filter(|own| own.part.name == part.name);
        of_this
            .fold(encoded, |encoded, own| {
                let words = String::from_utf8(recipient.encoded(own)).unwrap_or_default();
                encoded.replace(own.stand_in, &words)
            })
            .into_bytes()
    };
    let text = with_own(common.text, &TEXT);
    let html = common.html.map(|html| with_own(html, &HTML));
    whole(common, recipient, text, html)
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Encodes a part so that what is a recipient's own stands on encoded lines of its own.
fn encode_around(words: &str, part: &'static Part) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(words.len() * 2);
    let mut rest = words;
    loop {
        let next = OWN
            .iter()
            .filter(|own| own.part.name == part.name)
            .filter_map(|own| Some((rest.find(own.mark)?, own)))
            .min_by_key(|(at, _)| *at);
        let Some((at, own)) = next else {
            encoded.extend_from_slice(&encode(rest));
            return encoded;
        };
        let mut piece = encode(&rest[..at]);
        soft_break(&mut piece);
        encoded.extend_from_slice(&piece);
        encoded.extend_from_slice(own.stand_in.as_bytes());
        rest = &rest[at + own.mark.len()..];
    }
}

/// The first stand-in, with what is before and after it.
fn next_own(bytes: &[u8]) -> Option<(Own, &[u8], &[u8])> {
    let begins = bytes
        .windows(2)
        .enumerate()
        .filter(|(_, two)| *two == b"=[");
    let (at, own) = begins.map(|(at, _)| at).find_map(|at| {
        let is_it = |own: &&Own| bytes[at..].starts_with(own.stand_in.as_bytes());
        Some((at, OWN.iter().find(is_it)?))
    })?;
    Some((*own, &bytes[..at], &bytes[at + own.stand_in.len()..]))
}

/// Quoted-printable, always: which encoding is shortest would depend on the recipient.
fn encode(words: &str) -> Vec<u8> {
    match Body::new_with_encoding(words.to_owned(), ContentTransferEncoding::QuotedPrintable) {
        Ok(body) => body.into_vec(),
        // Only encodings that cannot hold every text are ever refused.
        Err(_) => Vec::new(),
    }
}

/// Ends the present line without ending the reader's.
fn soft_break(encoded: &mut Vec<u8>) {
    const LINE_MAX: usize = 76;
    let line = encoded
        .rsplit(|byte| *byte == b'\n')
        .next()
        .map_or(0, <[u8]>::len);
    if line == LINE_MAX {
        // No room for the sign of a soft break: put it before the last character.
        let end = encoded.len();
        let last = if encoded[end - 3] == b'=' {
            end - 3
        } else {
            end - 1
        };
        encoded.splice(last..last, *b"=\r\n");
    }
    encoded.extend_from_slice(b"=\r\n");
}

fn split_once<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes
        .windows(mark.len())
        .position(|window| window == mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}
