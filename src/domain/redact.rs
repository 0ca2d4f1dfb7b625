//! What a provider said, made fit for the record: no secrets, no addresses, no control characters.

/// Most bytes of a reply that are kept.
pub const REPLY_MAX: usize = 4096;

/// Shorter pieces of a secret address are words that say nothing ("invoke", "manual").
const PIECE_MIN: usize = 8;

/// Cleans and cuts a provider's reply.
///
/// Taken out are the `secrets` themselves, the telling pieces of those that are web addresses
/// (a reply may quote them with other escapes), every mailbox, and the path of every link.
pub fn redact(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        text = text.replace(secret, "[removed]");
        for piece in pieces(secret) {
            text = text.replace(piece, "[removed]");
        }
    }
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
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_mailbox) {
        let (before, word_on) = rest.split_at(start);
        out.push_str(before);
        let end = word_on.find(|c| !is_mailbox(c)).unwrap_or(word_on.len());
        let (word, tail) = word_on.split_at(end);
        out.push_str(if word.trim_matches('@').contains('@') {
            "[address]"
        } else {
            word
        });
        rest = tail;
    }
    out.push_str(rest);
    out
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
    fn controls_vanish_and_long_replies_are_cut_between_characters() {
        check("a\r\nb\u{202E}c\0", &[], "a  bc");
        let long = "é".repeat(REPLY_MAX);
        assert_eq!(redact(&long, &[]).len(), REPLY_MAX);
    }
}
