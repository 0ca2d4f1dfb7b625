//! What was said, as it should have been said: for those who still wait for words that were wrong.
//!
//! A correction quotes the wrong words. Where they stand in a text as it was typed, whatever the case
//! of its letters and the spaces between its words, what is right takes their place. Where they do not,
//! what is right is the text. [`plan`](super::plan) picks who gets this, `wording` makes words of it.

use super::{
    event::{Event, Record},
    facts::Facts,
    incident::Incident,
};

/// The incident and its log as if the event `seq` had been put right by the last record of the log
/// before it was said, and that event. `None` if the last record is no correction, or `seq` is not in
/// the log.
pub fn put_right(
    incident: &Incident,
    log: &[Record],
    seq: u32,
) -> Option<(Incident, Vec<Record>, Record)> {
    let Event::Corrected {
        events,
        wrong,
        right,
        facts,
        ..
    } = &log.last()?.event
    else {
        return None;
    };
    let words = Words { wrong, right };
    let mut incident = incident.clone();
    let in_a_fact = words.put_right_in(&mut incident.facts);
    if facts.is_empty() && !in_a_fact && has_no_words_of_its_own(log, seq) {
        // Its readers read the facts alone, so what is right stands with the first of them.
        let effect = incident.facts.effect.get_or_insert_default();
        *effect = format!("{effect}\n\n{right}").trim_start().to_owned();
    }
    let log: Vec<Record> = log
        .iter()
        .map(|record| match events.contains(&record.seq) {
            true => Record {
                event: words.in_event(&record.event),
                ..record.clone()
            },
            false => record.clone(),
        })
        .collect();
    let record = log.iter().find(|record| record.seq == seq)?.clone();
    Some((incident, log, record))
}

/// Whether its messages are made of what is known of the incident.
fn has_no_words_of_its_own(log: &[Record], seq: u32) -> bool {
    let event = log.iter().find(|record| record.seq == seq);
    !event.is_some_and(|record| {
        matches!(
            record.event,
            Event::Updated { .. }
                | Event::ServicesChanged { .. }
                | Event::NothingChanged { .. }
                | Event::PriorityChanged { .. }
                | Event::Resolved { .. }
                | Event::Reopened { .. }
                | Event::Cancelled { .. }
                | Event::Corrected { .. }
        )
    })
}

/// The words of a correction.
struct Words<'a> {
    wrong: &'a str,
    right: &'a str,
}

impl Words<'_> {
    /// The event with what is right in it. One that said that nothing changed, or how grave it is, is an
    /// update then.
    fn in_event(&self, event: &Event) -> Event {
        let mut event = event.clone();
        match &mut event {
            Event::Updated { text, facts, .. } => {
                self.put_right_in(facts);
                self.replace(text);
            }
            Event::ServicesChanged { text, .. } => self.replace(text),
            Event::NothingChanged { promised, .. } => {
                let promised = std::mem::take(promised);
                return update(self.right.to_owned(), promised);
            }
            Event::PriorityChanged { why, promised, .. } => {
                self.replace(why);
                return update(std::mem::take(why), std::mem::take(promised));
            }
            Event::Resolved {
                text,
                lost,
                still_stuck,
                ..
            } => {
                let others = [lost.as_mut(), still_stuck.as_mut()];
                let mut found = false;
                for other in others.into_iter().flatten() {
                    found |= self.replace_quoted(other);
                }
                if !self.replace_quoted(text) && !found {
                    self.right.clone_into(text);
                }
            }
            Event::Closed {
                text: Some(text), ..
            } => self.replace(text),
            Event::Corrected { right, .. } => self.replace(right),
            Event::Reopened { why, .. } | Event::Cancelled { why } => self.replace(why),
            Event::Declared { facts, .. } => {
                self.put_right_in(facts);
            }
            _ => {}
        }
        event
    }

    /// Puts what is right in the place of the wrong words, or of the whole text.
    fn replace(&self, text: &mut String) {
        if !self.replace_quoted(text) {
            self.right.clone_into(text);
        }
    }

    /// Puts what is right in the place of the wrong words, and says whether they were there.
    fn replace_quoted(&self, text: &mut String) -> bool {
        match replaced(text, self.wrong, self.right) {
            Some(new) => {
                *text = new;
                true
            }
            None => false,
        }
    }

    fn put_right_in(&self, facts: &mut Facts) -> bool {
        let texts = [
            &mut facts.effect,
            &mut facts.who,
            &mut facts.what_to_do,
            &mut facts.doing,
            &mut facts.decision,
            &mut facts.theory,
        ];
        let mut found = false;
        for text in texts.into_iter().flatten() {
            found |= self.replace_quoted(text);
        }
        found
    }
}

fn update(
    text: String,
    promised: std::collections::BTreeMap<super::Audience, super::Time>,
) -> Event {
    Event::Updated {
        text,
        facts: Facts::default(),
        stage: None,
        promised,
    }
}

/// A text with what is right wherever the wrong words stand in it, as whole words; `None` if they do not.
pub fn replaced(text: &str, wrong: &str, right: &str) -> Option<String> {
    let wrong: Vec<String> = words_of(wrong).map(|(_, word)| folded(word)).collect();
    if wrong.is_empty() {
        return None;
    }
    let words: Vec<(usize, &str)> = words_of(text).collect();
    let mut new = String::new();
    let (mut from, mut at) = (0, 0);
    while at + wrong.len() <= words.len() {
        let here = &words[at..at + wrong.len()];
        let is_it = here
            .iter()
            .zip(&wrong)
            .all(|((_, word), wrong)| folded(word) == *wrong);
        if !is_it {
            at += 1;
            continue;
        }
        let (start, _) = here[0];
        let end = here
            .last()
            .map_or(start, |(start, word)| start + word.len());
        new.push_str(&text[from..start]);
        // The stop that follows in the text ends what is right too.
        let ends = text[end..].starts_with(['.', '!', '?', ',', ';', ':']);
        new.push_str(if ends {
            right.trim().trim_end_matches('.')
        } else {
            right.trim()
        });
        from = end;
        at += wrong.len();
    }
    if from == 0 {
        return None;
    }
    new.push_str(&text[from..]);
    Some(new)
}

/// The words of a text without the marks around them, each with its place in bytes.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '\u{2019}')
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

fn folded(word: &str) -> String {
    word.to_lowercase().replace('\u{2019}', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wrong: &str, expected: Option<&str>) {
        let found = replaced(text, wrong, "Only half are.");
        assert_eq!(found.as_deref(), expected, "{wrong} in {text}");
    }

    #[test]
    fn wrong_words_are_found_whatever_their_case_and_spaces() {
        check(
            "All trainees are affected. Wait.",
            "all  trainees are affected.",
            Some("Only half are. Wait."),
        );
        check(
            "First.\nAll\ntrainees are affected",
            "All trainees are affected",
            Some("First.\nOnly half are."),
        );
    }

    #[test]
    fn a_part_of_a_word_is_not_the_word() {
        check("Overall trainees are fine", "all trainees", None);
        check("All trainees", "", None);
        check("", "all", None);
    }

    #[test]
    fn each_place_is_put_right() {
        check("None. None.", "none", Some("Only half are. Only half are."));
    }
}
