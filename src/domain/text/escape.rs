//! Single lines: which characters go, and how the rest is written in each format.

use crate::domain::channel::Format;

use super::one_line;

/// Takes out what nobody can see and some can abuse: control characters, private-use characters
/// (so that nobody can type a [mark](crate::domain::channel::REASON_MARK)), non-characters and bidirectional controls. Line
/// breaks of every kind become `\n`, tabs become spaces.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {
                if characters.peek() != Some(&'\n') {
                    cleaned.push('\n');
                }
            }
            '\n' => cleaned.push('\n'),
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{0B}' | '\u{0C}' => cleaned.push('\n'),
            '\t' => cleaned.push(' '),
            c if is_hidden(c) => {}
            c => cleaned.push(c),
        }
    }
    cleaned
}

fn is_hidden(c: char) -> bool {
    let point = u32::from(c);
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}')
        || matches!(c, '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FDD0}'..='\u{FDEF}')
        || matches!(point, 0xE000..=0xF8FF | 0xF_0000..)
        || point & 0xFFFE == 0xFFFE
}

/// Writes one line of typed text so that it appears as typed; line breaks become spaces.
///
/// For the JSON formats the result stands between the quotes of a JSON string.
pub fn escape(text: &str, format: Format) -> String {
    let line = one_line(text);
    match format {
        Format::Line | Format::Plain => line,
        Format::Html => html(&line),
        Format::CardJson => json(&card(&line)),
        Format::Slack => slack(&line),
        Format::SlackJson => json(&slack(&line)),
        Format::Json => json(&line),
    }
}

/// Escapes for HTML text and quoted attributes.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Escapes for the inside of a JSON string.
pub(super) fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Escapes one line of Adaptive Card Markdown.
///
/// Only what would start syntax is escaped, because older clients show a backslash that stands
/// before anything else.
pub(super) fn card(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len() + 16);
    let mut at_start = true;
    let mut only_digits = true;
    for (at, c) in line.char_indices() {
        let rest = &line[at + c.len_utf8()..];
        match c {
            '\\' | '*' | '_' | '[' | ']' | '`' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '<' => escaped.push_str("&lt;"),
            // An ampersand is literal unless it would begin an entity such as `&lt;`.
            '&' if rest.starts_with(|n: char| n == '#' || n.is_ascii_alphabetic()) => {
                escaped.push_str("&amp;");
            }
            '-' | '+' | '#' | '>' | '=' if at_start => {
                escaped.push('\\');
                escaped.push(c);
            }
            '.' | ')' if only_digits && !at_start => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
        only_digits &= c.is_ascii_digit();
        at_start = false;
    }
    escaped
}

/// Invisible, and enough to keep Slack from reading the character before it as markup.
const ZERO_WIDTH_SPACE: char = '\u{200B}';

/// Escapes one line of Slack mrkdwn.
///
/// `&`, `<` and `>` have escapes, which also disarms `<!channel>` and `<@U1>`. The other markup has
/// none, so a zero-width space parts it from its text.
pub(super) fn slack(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len() + 16);
    for (at, c) in line.char_indices() {
        let rest = &line[at + c.len_utf8()..];
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => {
                // An escaped `>` still begins a quotation where it begins a line.
                if line[..at].trim().is_empty() {
                    escaped.push(ZERO_WIDTH_SPACE);
                }
                escaped.push_str("&gt;");
            }
            '*' | '_' | '~' | '`' => {
                escaped.push(c);
                escaped.push(ZERO_WIDTH_SPACE);
            }
            ':' if starts_emoji(rest) => {
                escaped.push(c);
                escaped.push(ZERO_WIDTH_SPACE);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// Whether what follows a colon makes an emoji name of it, as in `:smile:`.
fn starts_emoji(rest: &str) -> bool {
    rest.find(':').is_some_and(|end| {
        end > 0
            && rest[..end]
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_+-'".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_shows_the_same_line() {
        let check = |format, expected: &str| {
            assert_eq!(
                escape("1. *a*\n<!channel> \"b\" & &lt; c_d", format),
                expected
            );
        };
        check(Format::Line, "1. *a* <!channel> \"b\" & &lt; c_d");
        check(Format::Plain, "1. *a* <!channel> \"b\" & &lt; c_d");
        check(
            Format::Html,
            "1. *a* &lt;!channel&gt; &quot;b&quot; &amp; &amp;lt; c_d",
        );
        check(
            Format::CardJson,
            "1\\\\. \\\\*a\\\\* &lt;!channel> \\\"b\\\" & &amp;lt; c\\\\_d",
        );
        check(
            Format::Slack,
            "1. *\u{200B}a*\u{200B} &lt;!channel&gt; \"b\" &amp; &amp;lt; c_\u{200B}d",
        );
        check(Format::Json, "1. *a* <!channel> \\\"b\\\" & &lt; c_d");
    }

    #[test]
    fn hidden_characters_go_and_line_breaks_agree() {
        assert_eq!(
            clean("a\r\nb\rc\u{2028}d\u{202E}e\u{E000}reason\u{E001}f\u{0}g\u{10FFFF}"),
            "a\nb\nc\ndereasonfg"
        );
        assert_eq!(clean("Zoë 👩‍💻 naïve"), "Zoë 👩‍💻 naïve");
    }

    #[test]
    fn slack_reads_no_emoji_quotation_or_mention_in_typed_text() {
        assert_eq!(
            escape("> :tada: at 10:20", Format::Slack),
            "\u{200B}&gt; :\u{200B}tada: at 10:20"
        );
    }
}
