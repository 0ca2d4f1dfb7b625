//! What a provider said, made fit for the record: no secrets, no addresses, no control characters.
//!
//! Whoever repeats what we sent may write it in another way: in base64, alone or behind a name, with the
//! escapes of a web page, of JSON or of a link, in other capitals, or cut off in the middle.

use std::collections::HashSet;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

/// Most bytes of a reply that are kept.
pub const REPLY_MAX: usize = 4096;

/// Shorter pieces of a secret address are words that say nothing ("invoke", "manual").
const PIECE_MIN: usize = 8;
/// Shorter texts are no secrets, but words.
const SECRET_MIN: usize = 4;
/// So many characters of a secret in a row, and a word that holds them is cut: what was cut off is no
/// less a secret.
const TRACE: usize = 12;
/// Shorter texts in base64 stand in words by chance.
const ENCODED_MIN: usize = 8;

/// Cleans and cuts a provider's reply.
///
/// Taken out are the `secrets` themselves in whatever form, the telling pieces of those that are web
/// addresses (a reply may quote them with other escapes), every mailbox, and the path of every link.
pub fn redact(text: &str, secrets: &[&str]) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    // More is never kept, however much is taken out on the way.
    let mut text = text[..text.floor_char_boundary(4 * REPLY_MAX)].to_owned();
    let secrets = || {
        let long = |secret: &&&str| secret.len() >= SECRET_MIN;
        secrets.iter().filter(long)
    };
    let mut betraying = Vec::new();
    for secret in secrets() {
        for written in ways_to_write(secret) {
            betraying.extend(traces(secret, &written));
            text = cut(&text, &written);
        }
        for piece in pieces(secret) {
            text = cut(&text, piece);
        }
    }
    let text = cut_words(&text, &betraying);
    let text = cut_links(&text);
    let text = hide_mailboxes(&text);
    let text: String = text
        .chars()
        .filter(|c| !is_direction_control(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let text = text.trim();
    text[..text.floor_char_boundary(REPLY_MAX)].to_owned()
}

/// What stands where something was taken out.
const REMOVED: &str = "[removed]";

/// Takes a text out wherever it stands, in whatever capitals.
fn cut(text: &str, secret: &str) -> String {
    let (plain, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for (at, found) in plain.match_indices(&secret) {
        out.push_str(&text[end..at]);
        out.push_str(REMOVED);
        end = at + found.len();
    }
    out.push_str(&text[end..]);
    out
}

/// A secret as it stands, and with the escapes of web pages, JSON and links.
fn ways_to_write(secret: &str) -> Vec<String> {
    let mut ways = vec![secret.to_owned()];
    if secret.contains("://") {
        return ways; // Its pieces are looked for, and they need no escapes.
    }
    let page = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    ways.push(page.replace('"', "&quot;").replace('\'', "&#39;"));
    ways.push(page.replace('"', "&#34;").replace('\'', "&#x27;"));
    ways.push(page);
    let json = secret.replace('\\', "\\\\").replace('"', "\\\"");
    ways.push(json.replace('/', "\\/"));
    ways.push(json);
    // Links and forms leave different characters as they are.
    ways.push(percent_encoded(secret, b"-._~"));
    ways.push(percent_encoded(secret, b"*-._ ").replace(' ', "+"));
    ways.push(percent_encoded(secret, b""));
    let mut seen = HashSet::new();
    ways.retain(|way| seen.insert(way.clone()));
    ways
}

fn percent_encoded(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(3 * text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What of a secret betrays it, wherever in a word it stands: the secret itself if it is one word that
/// nobody is called by, and its base64 at each of the three places in a group where it may begin.
fn traces(secret: &str, written: &str) -> Vec<String> {
    let is_name = secret.contains("://") || secret.contains('@');
    let plain = (!is_name && written.len() >= TRACE).then(|| written.to_owned());
    let encoded = [(0, 0), (1, 2), (2, 3)]
        .into_iter()
        .flat_map(|(before, skip)| {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(written.as_bytes());
            let encoded = BASE64_STANDARD_NO_PAD.encode(&bytes);
            // The last character also holds bits of what follows.
            let own = encoded.get(skip..bytes.len() * 8 / 6).unwrap_or_default();
            let in_links = own.replace('+', "-").replace('/', "_");
            [own.to_owned(), in_links]
        });
    let encoded = encoded.filter(|own| own.len() >= ENCODED_MIN);
    plain.into_iter().chain(encoded).collect()
}

/// Takes out each word that holds a trace.
fn cut_words(text: &str, traces: &[String]) -> String {
    let traces: Vec<String> = traces.iter().map(|it| it.to_ascii_lowercase()).collect();
    let mut looked_for: HashSet<&[u8]> = HashSet::new();
    let mut lengths: Vec<usize> = Vec::new();
    for trace in &traces {
        let length = trace.len().min(TRACE);
        looked_for.extend(trace.as_bytes().windows(length));
        if !lengths.contains(&length) {
            lengths.push(length);
        }
    }
    let betrays = |word: &str| {
        let word = word.to_ascii_lowercase();
        let mut windows = lengths
            .iter()
            .flat_map(|length| word.as_bytes().windows(*length));
        windows.any(|window| looked_for.contains(window))
    };
    in_words(
        text,
        is_of_word,
        |word| {
            if betrays(word) { REMOVED } else { word }
        },
    )
}

/// What secrets are made of, encoded or not; a word ends at quotes, brackets and commas.
fn is_of_word(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"\"'<>(){}[],;".contains(c)
}

/// The text with each of its words put otherwise.
fn in_words<'a>(
    text: &'a str,
    is_of_word: impl Fn(char) -> bool,
    put: impl Fn(&'a str) -> &'a str,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(&is_of_word) {
        let (before, word_on) = rest.split_at(start);
        out.push_str(before);
        let end = word_on.find(|c| !is_of_word(c)).unwrap_or(word_on.len());
        let (word, tail) = word_on.split_at(end);
        out.push_str(put(word));
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// The parts of a web address that could be its secret: what is long enough behind the host.
fn pieces(secret: &str) -> impl Iterator<Item = &str> {
    let behind_host = secret
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or("", |(_, path)| path);
    behind_host
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
        .filter(|piece| piece.len() >= PIECE_MIN)
}

/// Keeps scheme and host of each link: enough to know whose page it was.
fn cut_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || "\"'<>\\)]}".contains(c))
            .unwrap_or(after.len());
        let (link, tail) = after.split_at(end);
        // A user name or password before the host is not kept either.
        let host_end = link.find(['/', '?', '#']).unwrap_or(link.len());
        let host = &link[..host_end];
        out.push_str(host.rsplit_once('@').map_or(host, |(_, host)| host));
        if host_end < link.len() {
            out.push_str("/…");
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn hide_mailboxes(text: &str) -> String {
    let is_mailbox = |c: char| c.is_alphanumeric() || "._%+-=!#$&'*/?^`{|}~@".contains(c);
    in_words(text, is_mailbox, |word| {
        if word.trim_matches('@').contains('@') {
            "[address]"
        } else {
            word
        }
    })
}

/// Whether a character turns the direction of text, so that a line reads as what it is not.
fn is_direction_control(c: char) -> bool {
    matches!(
        c,
        '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, secrets: &[&str], expected: &str) {
        assert_eq!(redact(text, secrets), expected);
    }

    #[test]
    fn mailboxes_are_taken_out_and_the_rest_is_kept() {
        check(
            "5.1.1 <Dee.Olu@northshire.example>: Recipient address rejected",
            &[],
            "5.1.1 <[address]>: Recipient address rejected",
        );
        check(
            "sent to a+b@x.example, thanks",
            &[],
            "sent to [address], thanks",
        );
        check("@here is no mailbox", &[], "@here is no mailbox");
    }

    #[test]
    fn links_keep_their_host_only() {
        check(
            "see https://support.mail.example/help?p=NoSuchUser and try again",
            &[],
            "see https://support.mail.example/… and try again",
        );
        check(
            "http://user:pass@host.example/x",
            &[],
            "http://host.example/…",
        );
    }

    #[test]
    fn a_secret_is_found_whole_and_in_pieces() {
        let url = "https://hooks.slack.com/services/T00000001/B00000002/abcdefgh12345678";
        check(
            "no such hook abcdefgh12345678",
            &[url],
            "no such hook [removed]",
        );
        check(
            r"https:\/\/hooks.slack.com\/services\/T00000001\/B00000002\/abcdefgh12345678",
            &[url],
            r"https:\/\/hooks.slack.com\/[removed]\/[removed]\/[removed]\/[removed]",
        );
        check(
            "key hunter2hunter2 is wrong",
            &["hunter2hunter2"],
            "key [removed] is wrong",
        );
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let secret = "correct \"horse\"/staple&7";
        for written in [
            r#"correct "horse"/staple&7"#,
            r#"CORRECT "Horse"/STAPLE&7"#,
            "correct &quot;horse&quot;/staple&amp;7",
            r#"correct \"horse\"\/staple&7"#,
            "correct%20%22horse%22%2Fstaple%267",
            "correct+%22horse%22%2fstaple%267",
        ] {
            check(
                &format!("you sent {written}, which is wrong"),
                &[secret],
                "you sent [removed], which is wrong",
            );
        }
    }

    #[test]
    fn a_secret_is_found_in_base64_wherever_in_it_it_stands() {
        let encode = |text: &str| BASE64_STANDARD_NO_PAD.encode(text);
        for before in ["", "a", "ab", "abc", "\0dee\0", "user=dee\u{1}auth=Bearer "] {
            for after in ["", "x", "xy", "\u{1}\u{1}"] {
                let word = encode(&format!("{before}hunter2!{after}"));
                for word in [word.clone(), format!("{word}=="), word.to_lowercase()] {
                    check(
                        &format!("502 what is \"AUTH PLAIN {word}\"?"),
                        &["hunter2!"],
                        "502 what is \"AUTH PLAIN [removed]\"?",
                    );
                }
            }
        }
    }

    #[test]
    fn what_was_cut_off_is_no_less_a_secret() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.c2lnbmF0dXJl";
        for part in [&token[..20], &token[30..]] {
            check(&format!("bad: {part}"), &[token], "bad: [removed]");
        }
        let encoded = BASE64_STANDARD_NO_PAD.encode(format!("user=x{token}"));
        check(
            &format!("bad: {}", &encoded[..40]),
            &[token],
            "bad: [removed]",
        );
    }

    #[test]
    fn words_that_are_no_secret_stay() {
        let said = "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for \
                    the Tenant. [LO4P123CA0123.GBRP123.PROD.EXAMPLE 2026-11-23T13:20:00.000Z]";
        check(
            said,
            &["hunter2!", "dee.olu@northshire.example", "C0123456789"],
            said,
        );
        check(
            "northshire.example is not a domain of ours",
            &["dee.olu@northshire.example"],
            "northshire.example is not a domain of ours",
        );
    }

    #[test]
    fn controls_vanish_and_long_replies_are_cut_between_characters() {
        check("a\r\nb\u{202E}c\0", &[], "a  bc");
        let long = "é".repeat(REPLY_MAX);
        assert_eq!(redact(&long, &[]).len(), REPLY_MAX);
    }
}
