//! What a message asks of its own recipient, beside what it tells everyone.
//!
//! The words of a message are the same for all its recipients. Only two things in it are one
//! recipient's own: the reason line, and what is asked of them with the link under which they
//! answer.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    PersonId, RuleId,
    channel::{Format, Part, SHORT_ASK_BYTES},
    delivery::ToldPerson,
    notification::Moment,
    policy::Policy,
    situation::RecipientId,
    text,
};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// To say that they have seen it.
    Seen,
    /// To say whether their service is affected.
    Affected,
}

impl Ask {
    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Affected => "affected",
        }
    }
}

impl FromStr for Ask {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Seen, Self::Affected]
            .into_iter()
            .find(|ask| ask.as_str() == text)
            .ok_or_else(|| format!("{text} is nothing that is asked"))
    }
}

/// Moments at which people are asked to say that they have seen it: when they first hear of it, and
/// when it becomes graver or less grave. To answer every update is asked of nobody.
pub fn may_ask_for_seen(moment: Moment) -> bool {
    matches!(
        moment,
        Moment::Declared | Moment::CatchUp | Moment::PriorityChange
    )
}

/// The rules whose people say "seen".
pub fn asking_rules(policy: &Policy) -> BTreeSet<&RuleId> {
    policy
        .rules
        .iter()
        .filter(|rule| rule.acknowledge)
        .map(|rule| &rule.id)
        .collect()
}

/// The person whom one of these rules asks, if that is why they are told.
pub fn asked<'a>(rules: &BTreeSet<&RuleId>, told: &'a ToldPerson) -> Option<&'a PersonId> {
    let RecipientId::Person(person) = &told.who else {
        return None;
    };
    let asks = |rule: Option<&RuleId>| rule.is_some_and(|rule| rules.contains(rule));
    told.reasons
        .iter()
        .any(|reason| asks(reason.rule.as_ref()))
        .then_some(person)
}

/// What is asked of one recipient, and the page on which they answer, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskLine<'a> {
    /// What is asked.
    pub ask: Ask,
    /// The page that is theirs alone; `None` where this server has no address outside.
    pub link: Option<&'a str>,
}

impl AskLine<'_> {
    /// As it stands in a part, with whatever parts it from what follows; empty where there is
    /// nothing to say.
    pub fn written(&self, part: &Part) -> String {
        let (before, link) = match (self.ask, self.link) {
            (Ask::Seen, Some(link)) => ("Tell us that you have seen this:", link),
            (Ask::Affected, Some(link)) => ("Or answer on this page:", link),
            // Only a mail can be replied to.
            (Ask::Seen, None) if is_mail(part) => {
                ("Tell us that you have seen this: reply to this email.", "")
            }
            _ => return String::new(),
        };
        let line = format!("{before} {link}");
        match part.format {
            Format::Line => String::new(),
            Format::Html => {
                let (before, link) = (
                    text::escape(before, part.format),
                    text::escape(link, part.format),
                );
                let anchor = match link.as_str() {
                    "" => String::new(),
                    link => format!(" <a href=\"{link}\">{link}</a>"),
                };
                format!("<p style=\"margin:0 0 15px\">{before}{anchor}</p>")
            }
            Format::Plain if part.is_short() && line.len() > SHORT_ASK_BYTES => String::new(),
            Format::Plain if part.is_short() => format!("{}\n", line.trim_end()),
            Format::Plain | Format::Slack => {
                format!("{}\n\n", text::write_inline(line.trim_end(), part.format))
            }
            Format::CardJson if !link.is_empty() => {
                let before = text::escape(before.trim_end_matches(':'), part.format);
                format!("[{before}]({link})")
            }
            Format::CardJson | Format::SlackJson | Format::Json => {
                text::write_inline(line.trim_end(), part.format)
            }
        }
    }
}

fn is_mail(part: &Part) -> bool {
    !part.is_short() && matches!(part.format, Format::Plain | Format::Html)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn part(format: Format, max_bytes: usize) -> Part {
        Part {
            name: "part",
            format,
            max_bytes,
        }
    }

    #[test]
    fn the_link_is_written_where_it_can_be_followed() {
        let ask = AskLine {
            ask: Ask::Seen,
            link: Some("https://oyez.northshire.example/a/x"),
        };
        let check = |part: Part, expected: &str| assert_eq!(ask.written(&part), expected);
        check(
            part(Format::Plain, 100_000),
            "Tell us that you have seen this: https://oyez.northshire.example/a/x\n\n",
        );
        check(
            part(Format::Plain, 612),
            "Tell us that you have seen this: https://oyez.northshire.example/a/x\n",
        );
        check(
            part(Format::Html, 100_000),
            "<p style=\"margin:0 0 15px\">Tell us that you have seen this: \
             <a href=\"https://oyez.northshire.example/a/x\">https://oyez.northshire.example/a/x</a></p>",
        );
        check(
            part(Format::CardJson, 28_000),
            "[Tell us that you have seen this](https://oyez.northshire.example/a/x)",
        );
        check(part(Format::Line, 300), "");
    }

    #[test]
    fn without_a_page_a_mail_says_what_to_do_instead_and_a_text_message_nothing() {
        let ask = AskLine {
            ask: Ask::Seen,
            link: None,
        };
        let written = ask.written(&part(Format::Plain, 100_000));
        assert_eq!(
            written,
            "Tell us that you have seen this: reply to this email.\n\n"
        );
        assert_eq!(ask.written(&part(Format::Plain, 612)), "");
        assert_eq!(ask.written(&part(Format::SlackJson, 30_000)), "");
        let affected = AskLine {
            ask: Ask::Affected,
            link: None,
        };
        // The words of the message say whom to tell.
        assert_eq!(affected.written(&part(Format::Html, 100_000)), "");
    }
}
