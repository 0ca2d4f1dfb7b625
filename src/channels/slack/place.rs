//! Where a message goes: a channel, a person, or below the message that began a thread.

use crate::{channels::Outgoing, domain::notification::Moment};

/// Fewest and most characters of an id. Slack promises no length; those there are have 9 to 13.
const LENGTH: std::ops::RangeInclusive<usize> = 9..=24;

/// A thread, by what our record calls the message that began it: `<channel>/<ts>`.
pub(super) struct Thread<'a> {
    pub(super) channel: &'a str,
    pub(super) ts: &'a str,
}

/// The thread in which a message belongs.
pub(super) fn thread<'a>(outgoing: &Outgoing<'a>) -> Option<Thread<'a>> {
    let (channel, ts) = outgoing.thread?.split_once('/')?;
    let is_id = channel.chars().all(|c| c.is_ascii_alphanumeric());
    let is_ts = ts.chars().all(|c| c.is_ascii_digit() || c == '.');
    (is_id && is_ts && !channel.is_empty() && !ts.is_empty()).then_some(Thread { channel, ts })
}

/// Whether a reply is shown in the channel as well. Only those who follow a thread hear of what is
/// said in it, and nobody may miss that things are graver or better than they think, that we said
/// something wrong, or that something is asked of them.
pub(super) fn is_for_all(moment: Moment) -> bool {
    match moment {
        Moment::PriorityChange | Moment::Resolved | Moment::Reopened | Moment::Correction => true,
        Moment::AreYouAffected => true,
        _ => moment.is_for_leads(),
    }
}

/// The id of a channel or a person, as Slack writes it.
pub(super) fn id(text: &str) -> Result<String, String> {
    let text = text.trim();
    // Names are lower case; an id that was copied in lower case has digits, as a rule.
    let is_name = text.contains(|c: char| c.is_ascii_lowercase())
        && !text.contains(|c: char| c.is_ascii_digit());
    let id = text.to_ascii_uppercase();
    let is_id = id.starts_with(['C', 'G', 'U', 'W'])
        && LENGTH.contains(&id.len())
        && id
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if is_id && !is_name {
        Ok(id)
    } else {
        Err(
            "This is not the id of a Slack channel or person, which is like C024BE91L or U2CERLKJA: \
             copy it from the details of the channel or from the profile of the person"
                .to_owned(),
        )
    }
}

/// Whether an address is a person's.
pub(super) fn is_person(address: &str) -> bool {
    address.starts_with(['U', 'W'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_brought_to_one_form_and_stay_as_they_are() {
        for (typed, expected) in [
            ("C024BE91L", "C024BE91L"),
            (" c024be91l\n", "C024BE91L"),
            ("G8PSS9T3V", "G8PSS9T3V"),
            ("U2CERLKJA", "U2CERLKJA"),
            ("W012A3CDE", "W012A3CDE"),
            ("CDNPNDCBX", "CDNPNDCBX"),
        ] {
            assert_eq!(id(typed).as_deref(), Ok(expected), "{typed}");
            assert_eq!(id(expected).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_fix_and_not_repeated() {
        for typed in [
            "",
            "#incidents",
            "customers",
            "@priya.shah",
            "C1",
            "T1DC2JH3J",
            "D024BE91L",
            "C024BE91L/x",
            "<#C024BE91L|incidents>",
            "C024BE91É",
            "https://northshire.slack.com/archives/C024BE91L",
            "C0123456789012345678901234567890",
        ] {
            let sentence = id(typed).unwrap_err();
            assert!(sentence.contains("copy it from"), "{sentence}");
            assert!(typed.is_empty() || !sentence.contains(typed), "{sentence}");
        }
    }
}
