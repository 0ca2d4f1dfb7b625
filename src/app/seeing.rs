//! Who was asked to say that they have seen an incident, and who has.

use super::answers::{SeenAnswer, SeenPerson};
use crate::domain::{directory::Directory, incident::Incident};

/// So many names are said; the rest are counted.
const NAMED: usize = 10;

/// Who was asked, and who has said so; `None` if nobody was asked.
pub(super) fn seen(incident: &Incident, directory: &Directory) -> Option<SeenAnswer> {
    if incident.seen.is_empty() {
        return None;
    }
    let mut people: Vec<SeenPerson> = incident
        .seen
        .iter()
        .map(|(id, asked)| SeenPerson {
            id: id.to_string(),
            name: directory
                .people
                .get(id)
                .map_or_else(|| id.to_string(), |person| person.name.clone()),
            asked_at: asked.at,
            seen_at: asked.said_at,
        })
        .collect();
    people.sort_by(|a, b| {
        (a.seen_at.is_some(), &a.name, &a.id).cmp(&(b.seen_at.is_some(), &b.name, &b.id))
    });
    let not_yet: Vec<&str> = people
        .iter()
        .filter(|person| person.seen_at.is_none())
        .map(|person| person.name.as_str())
        .collect();
    let (asked, seen) = (people.len(), people.len() - not_yet.len());
    Some(SeenAnswer {
        asked,
        seen,
        words: words(asked, seen, &not_yet),
        people,
    })
}

/// "Seen by 3 of 5. Not yet: Dana Whitlock, Tom Okafor"
fn words(asked: usize, seen: usize, not_yet: &[&str]) -> String {
    let mut words = if not_yet.is_empty() {
        return match asked {
            1 => "Seen by the one who was asked".to_owned(),
            all => format!("Seen by all {all}"),
        };
    } else {
        format!("Seen by {seen} of {asked}. Not yet: ")
    };
    let named = &not_yet[..not_yet.len().min(NAMED)];
    words.push_str(&named.join(", "));
    match not_yet.len() - named.len() {
        0 => {}
        more => words.push_str(&format!(" and {more} more")),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn people_read_who_has_not_said_so() {
        assert_eq!(words(2, 1, &["Dana"]), "Seen by 1 of 2. Not yet: Dana");
        assert_eq!(words(5, 5, &[]), "Seen by all 5");
        let names = ["x"; 12];
        assert!(words(12, 0, &names).ends_with("x and 2 more"));
    }
}
