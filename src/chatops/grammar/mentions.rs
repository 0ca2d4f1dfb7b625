//! People and channels that were mentioned in a line rather than written out.
//!
//! A door hands a mention on as `<@ADDRESS>` or `<@ADDRESS|NAME>`, a channel with `#` for `@`: as
//! Slack writes it, and as the door of Teams writes it for us. Where the directory gives the
//! address to one entry, the entry's name takes its place, so that every verb reads it as if it had
//! been written out. Otherwise `@` and what is known of it stay, which no verb takes for a name
//! without saying why.

use crate::domain::{Address, directory::Directory};

/// No address and no name is longer.
const LONGEST: usize = 128;

/// The line with names for mentions, and bare addresses for links of Slack's kind.
pub(super) fn written_out(line: &str, directory: &Directory) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, begun)) = rest.split_once('<') {
        text.push_str(before);
        match begun.split_once('>').and_then(|(token, after)| {
            let words = read(token, directory)?;
            Some((words, after))
        }) {
            Some((words, after)) => {
                text.push_str(&words);
                rest = after;
            }
            None => {
                text.push('<');
                rest = begun;
            }
        }
    }
    text.push_str(rest);
    text
}

fn read(token: &str, directory: &Directory) -> Option<String> {
    let (target, label) = token.split_once('|').unwrap_or((token, ""));
    if target.starts_with("https://") || target.starts_with("http://") {
        return Some(target.to_owned());
    }
    let address = target.strip_prefix(['@', '#'])?;
    let label = label.trim();
    let is_address = (1..=LONGEST).contains(&address.len())
        && address
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":_.@-".contains(&byte));
    if !is_address || label.chars().count() > LONGEST {
        return None;
    }
    let found = if target.starts_with('@') {
        person(address, directory)
    } else {
        destination(address, directory)
    };
    Some(match found {
        Found::One(name) => name,
        // The name may be written as the directory has it.
        Found::None if !label.is_empty() => format!("@{label}"),
        Found::None | Found::Several => format!("@{address}"),
    })
}

enum Found {
    None,
    One(String),
    Several,
}

fn person(address: &str, directory: &Directory) -> Found {
    let has_it = |known: &Address| known.as_str().eq_ignore_ascii_case(address);
    let mut people = directory
        .people
        .values()
        .filter(|person| person.addresses.iter().any(|own| has_it(&own.address)));
    match (people.next(), people.next()) {
        (None, _) => Found::None,
        (Some(_), Some(_)) => Found::Several,
        (Some(person), None) => {
            let namesakes = directory
                .people
                .values()
                .filter(|other| other.name.eq_ignore_ascii_case(&person.name))
                .count();
            Found::One(if namesakes == 1 && is_safe(&person.name) {
                person.name.clone()
            } else {
                person.id.to_string()
            })
        }
    }
}

fn destination(address: &str, directory: &Directory) -> Found {
    let mut known = directory
        .destinations
        .values()
        .filter(|one| one.address.as_str().eq_ignore_ascii_case(address));
    match (known.next(), known.next()) {
        (None, _) => Found::None,
        (Some(_), Some(_)) => Found::Several,
        (Some(one), None) => Found::One(one.id.to_string()),
    }
}

/// Whether a name can stand in a line without ending a part of it.
fn is_safe(name: &str) -> bool {
    let lower = name.to_lowercase();
    !name.contains([',', ':'])
        && !["and", "as", "until", "to"]
            .iter()
            .any(|word| lower.split_whitespace().any(|part| part == *word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        Address,
        directory::{Destination, PersonAddress},
        fixture::{self, id},
    };

    fn agency() -> Directory {
        let mut directory = fixture::directory();
        for (person, address) in [("dana-whitlock", "U1"), ("mei-lin", "29:1ab-C_d")] {
            let person = directory.people.get_mut(&id(person)).unwrap();
            person.addresses.push(PersonAddress {
                channel: id("slack"),
                address: Address::new(address),
            });
        }
        for shared in ["olu-ade", "tom-okafor"] {
            let person = directory.people.get_mut(&id(shared)).unwrap();
            person.addresses.push(PersonAddress {
                channel: id("slack"),
                address: Address::new("U2"),
            });
        }
        directory.destinations.insert(
            id("incidents"),
            Destination {
                id: id("incidents"),
                name: "Incidents".to_owned(),
                channel: id("slack"),
                address: Address::new("C1"),
                organisation: None,
            },
        );
        directory
    }

    #[test]
    fn a_mention_reads_as_the_name_that_the_directory_has() {
        for (typed, read) in [
            (
                "handover comms <@U1|dana>: hello",
                "handover comms dana whitlock: hello",
            ),
            (
                "add <#C1|incidents>: we talk there",
                "add incidents: we talk there",
            ),
            ("mute <@29:1ab-C_d|Mei> until 5pm", "mute mei lin until 5pm"),
            ("add <@U9|Mei Lin>: asked", "add @Mei Lin: asked"),
            ("add <@U9>: asked", "add @U9: asked"),
            ("why <@U2|olu>", "why @U2"),
            (
                "note <https://northshire.example/a|northshire.example> < 5 <b>",
                "note https://northshire.example/a < 5 <b>",
            ),
            ("note <@a/b> is a path", "note <@a/b> is a path"),
            ("note <!channel> <@> <@ x>", "note <!channel> <@> <@ x>"),
        ] {
            assert_eq!(written_out(typed, &agency()), read, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn a_line_without_mentions_stays_as_it_is(line in "[^<]{0,60}") {
            prop_assert_eq!(written_out(&line, &fixture::directory()), line);
        }

        #[test]
        fn nothing_breaks_it(line in "(<@U1>|<#|[|>@<]|\\PC){0,30}") {
            let text = written_out(&line, &agency());
            prop_assert!(text.len() <= line.len() * "dana whitlock".len());
            prop_assert_eq!(written_out("<@U1>", &agency()), "dana whitlock");
        }
    }
}
