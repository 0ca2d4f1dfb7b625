//! What arrived, read by a parser that is not the program's own.

use std::collections::BTreeMap;

use mailparse::{MailHeaderMap, ParsedMail};

use crate::support::smtp::Taken;

/// A mail that arrived.
pub(super) struct Mail {
    pub(super) subject: String,
    /// The name beside the address in `To`.
    pub(super) name: String,
    pub(super) id: String,
    pub(super) answers: Option<String>,
    pub(super) follows: Option<String>,
    /// The reason lines, of the text and of the HTML.
    pub(super) reasons: Vec<String>,
}

/// The mails by whom they reached: exactly one for each address, and in each mail the one recipient
/// of the envelope.
pub(super) fn by_reader(taken: &[Taken]) -> BTreeMap<String, Mail> {
    let mut readers = BTreeMap::new();
    for taken in taken {
        let [address] = &taken.to[..] else {
            panic!("one recipient a mail: {:?}", taken.to)
        };
        let parsed = mailparse::parse_mail(&taken.bytes).unwrap();
        let to = parsed.headers.get_all_headers("To");
        let to = mailparse::addrparse_header(to[0]).unwrap();
        let to = to.extract_single_info().expect("one recipient in To");
        assert_eq!(to.addr, *address);
        for hidden in ["Cc", "Bcc"] {
            assert_eq!(parsed.headers.get_first_value(hidden), None);
        }
        let mail = read(&parsed, to.display_name.unwrap_or_default());
        let twice = readers.insert(address.clone(), mail).is_some();
        assert!(!twice, "{address} got it twice");
    }
    readers
}

fn read(mail: &ParsedMail<'_>, name: String) -> Mail {
    let header = |name| mail.headers.get_first_value(name);
    let types: Vec<&str> = mail
        .subparts
        .iter()
        .map(|part| &*part.ctype.mimetype)
        .collect();
    assert_eq!(types, ["text/plain", "text/html"]);
    let bodies = mail.subparts.iter().map(|part| part.get_body().unwrap());
    Mail {
        subject: header("Subject").unwrap(),
        name,
        id: header("Message-ID").unwrap(),
        answers: header("In-Reply-To"),
        follows: header("References"),
        reasons: bodies.flat_map(|body| reasons(&body)).collect(),
    }
}

/// Every sentence that says why somebody gets this, up to the end of its line or paragraph.
fn reasons(body: &str) -> Vec<String> {
    const BEGINNING: &str = "You get this because";
    body.match_indices(BEGINNING)
        .map(|(at, _)| {
            let rest = &body[at..];
            let end = rest.find(['\r', '\n', '<']).unwrap_or(rest.len());
            rest[..end].to_owned()
        })
        .collect()
}
