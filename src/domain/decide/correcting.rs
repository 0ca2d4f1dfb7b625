//! Corrections, and what stands in the facts of an incident: words that were wrong must not be said
//! again by the next message.

use std::{collections::BTreeSet, ops::Range};

use super::{At, saying::and_list, typed};
use crate::domain::{
    command::{Refusal, Standing},
    event::Event,
};

/// Fewer words than these are in too many sentences to say that one repeats the other.
const WORDS: usize = 2;

impl At<'_> {
    /// Something that was said was wrong. The facts, title and holding line are those that are given with
    /// the correction.
    pub(super) fn correct(
        &self,
        events: &BTreeSet<u32>,
        wrong: &str,
        right: &str,
        given: &Standing,
    ) -> Result<Event, Refusal> {
        if events.is_empty() {
            return Err(Refusal::new(
                "empty",
                "It is not said which message was wrong.",
                format!("See the timeline with `oyez status {}`.", self.incident.id),
            ));
        }
        for seq in events {
            let said = self
                .context
                .log
                .iter()
                .any(|record| record.seq == *seq && record.event.says_something());
            if !said {
                return Err(Refusal::new(
                    "nothing-said",
                    format!("Entry {seq} of the timeline told nobody anything."),
                    format!(
                        "Find the entry that did with `oyez status {}`.",
                        self.incident.id
                    ),
                ));
            }
        }
        let wrong = typed::text("What was wrong", wrong)?;
        let right = typed::text("What is right", right)?;
        let given = Standing {
            title: given.title.as_deref().map(typed::title).transpose()?,
            facts: typed::facts(&given.facts)?,
            holding_line: typed::optional_text("The holding line", given.holding_line.as_deref())?,
        };
        let standing = self.correct_facts(given, &wrong, &right)?;
        Ok(Event::Corrected {
            events: events.clone(),
            wrong,
            right,
            facts: standing.facts,
            title: standing.title,
            holding_line: standing.holding_line,
        })
    }

    /// What later messages say from now on: as it was given, else with what is right in the place of
    /// the wrong words. Asks where it cannot know what that would be.
    fn correct_facts(
        &self,
        given: Standing,
        wrong: &str,
        right: &str,
    ) -> Result<Standing, Refusal> {
        let incident = self.incident;
        let have = &incident.facts;
        let mut after = given;
        let mut asks = Vec::new();
        if after.title.is_none() {
            match said_in(&incident.title, wrong, right) {
                Said::Nowhere => {}
                Said::Now(new) if fits_as_title(&new, &incident.title).is_some() => {
                    after.title = fits_as_title(&new, &incident.title);
                }
                Said::Now(_) | Said::InPart => asks.push("the title (--title)"),
            }
        }
        let facts = &mut after.facts;
        for (name, have, given) in [
            ("the effect (--effect)", &have.effect, &mut facts.effect),
            ("who is affected (--affects)", &have.who, &mut facts.who),
            (
                "what to do (--what-to-do)",
                &have.what_to_do,
                &mut facts.what_to_do,
            ),
            ("what we are doing (--doing)", &have.doing, &mut facts.doing),
            (
                "the decision needed (--decision)",
                &have.decision,
                &mut facts.decision,
            ),
            (
                "the working theory (--theory)",
                &have.theory,
                &mut facts.theory,
            ),
            (
                "the holding line (--holding-line)",
                &incident.holding_line,
                &mut after.holding_line,
            ),
        ] {
            let Some(have) = have.as_ref().filter(|_| given.is_none()) else {
                continue;
            };
            match said_in(have, wrong, right) {
                Said::Nowhere => {}
                Said::Now(new) if typed::text(name, &new).is_ok() => *given = Some(new),
                Said::Now(_) | Said::InPart => asks.push(name),
            }
        }
        if asks.is_empty() {
            return Ok(after);
        }
        Err(Refusal::new(
            "stands-in-facts",
            format!(
                "The wrong words, or part of them, stand in {} as well: the next messages would say \
                 them again.",
                and_list(&asks)
            ),
            "Send the correction with the whole of it as it is now. What is right as it stands is \
             given as it is.",
        ))
    }
}

/// A title in which words were replaced, without a full stop if it had none; `None` if that is no title.
fn fits_as_title(new: &str, old: &str) -> Option<String> {
    let new = match old.ends_with('.') {
        true => new,
        false => new.trim_end_matches('.'),
    };
    let fits = !new.contains('\n');
    typed::title(new).ok().filter(|_| fits)
}

/// Whether wrong words stand in a text.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// They do not.
    Nowhere,
    /// They are whole sentences of it: the text with what is right in their place.
    Now(String),
    /// Some of them stand there, or they are part of a sentence: what is right then, only people know.
    InPart,
}

/// Looks for wrong words in a text, whatever their case, spacing and marks.
fn said_in(text: &str, wrong: &str, right: &str) -> Said {
    let wanted: Vec<Vec<String>> = sentences(wrong)
        .into_iter()
        .map(|range| words(&wrong[range]))
        .filter(|sentence| !sentence.is_empty())
        .collect();
    let phrase: Vec<String> = wanted.concat();
    if phrase.is_empty() {
        return Said::Nowhere;
    }
    let have: Vec<(Range<usize>, Vec<String>)> = sentences(text)
        .into_iter()
        .map(|range| (range.clone(), words(&text[range])))
        .filter(|(_, sentence)| !sentence.is_empty())
        .collect();
    let mut replaced = Vec::new();
    let mut kept: Vec<Vec<String>> = vec![Vec::new()];
    let mut at = 0;
    while at < have.len() {
        let next = have.get(at..at + wanted.len());
        let is_said = |next: &[(Range<usize>, Vec<String>)]| {
            next.iter()
                .zip(&wanted)
                .all(|((_, have), wanted)| have == wanted)
        };
        match next {
            Some(next) if is_said(next) => {
                replaced.push(next[0].0.start..next[next.len() - 1].0.end);
                kept.push(Vec::new());
                at += wanted.len();
            }
            _ => {
                let (_, sentence) = &have[at];
                let repeats = sentence.len() >= WORDS && is_within(sentence, &phrase);
                if repeats || wanted.contains(sentence) {
                    return Said::InPart;
                }
                if let Some(run) = kept.last_mut() {
                    run.extend(sentence.iter().cloned());
                }
                at += 1;
            }
        }
    }
    if kept.iter().any(|run| is_within(&phrase, run)) {
        return Said::InPart;
    }
    if replaced.is_empty() {
        return Said::Nowhere;
    }
    let mut now = text.to_owned();
    for range in replaced.into_iter().rev() {
        let ended = text[range.clone()].ends_with(is_end);
        let end = if ended && !right.ends_with(is_end) {
            "."
        } else {
            ""
        };
        now.replace_range(range, &format!("{right}{end}"));
    }
    Said::Now(now)
}

/// Where the sentences of a text are: they end with a mark that white space follows, or with their line.
fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut add = |range: Range<usize>| {
        let part = &text[range.clone()];
        let begin = part
            .trim_start()
            .strip_prefix("- ")
            .unwrap_or(part)
            .trim_start();
        let start = range.end - begin.len();
        let end = start + begin.trim_end().len();
        if end > start {
            found.push(start..end);
        }
    };
    for (at, character) in text.char_indices() {
        let next = at + character.len_utf8();
        let ends = is_end(character) && text[next..].starts_with(char::is_whitespace);
        if ends || character == '\n' {
            add(start..next);
            start = next;
        }
    }
    add(start..text.len());
    found
}

fn is_end(character: char) -> bool {
    matches!(character, '.' | '!' | '?')
}

/// The words of a text in lower case, without the marks between them.
fn words(text: &str) -> Vec<String> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether words follow each other somewhere in others.
fn is_within(words: &[String], others: &[String]) -> bool {
    !words.is_empty() && others.windows(words.len()).any(|some| some == words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(text: &str) -> Said {
        Said::Now(text.to_owned())
    }

    #[test]
    fn whole_sentences_are_replaced_whatever_their_case_spacing_and_marks() {
        let (wrong, right) = ("All trainees are affected", "Only half");
        for (text, then) in [
            ("All trainees are affected", "Only half"),
            ("all  trainees are\u{a0}AFFECTED.", "Only half."),
            (
                "Since 1pm nobody can sign in. All trainees are affected! Wait.",
                "Since 1pm nobody can sign in. Only half. Wait.",
            ),
            (
                "- Nobody can sign in\n- All trainees are affected\n- Wait",
                "- Nobody can sign in\n- Only half\n- Wait",
            ),
        ] {
            assert_eq!(said_in(text, wrong, right), now(then), "{text}");
        }
        // Those that quote what was wrong with its marks, or two sentences of it.
        assert_eq!(
            said_in(
                "It\u{2019}s all lost",
                "\"It's all lost.\"",
                "Nothing is lost."
            ),
            now("Nothing is lost.")
        );
        assert_eq!(
            said_in("One. Two. Three four. Five.", "two\n\nthree FOUR", "Six."),
            now("One. Six. Five.")
        );
        // What is right may hold the wrong words.
        assert_eq!(
            said_in(
                "All are affected.",
                "All are affected",
                "All are affected in Leeds"
            ),
            now("All are affected in Leeds.")
        );
    }

    #[test]
    fn where_only_people_know_what_is_right_it_is_asked() {
        for (text, wrong) in [
            ("It began at 3pm for all.", "3pm"),
            (
                "All trainees are affected, and all schools.",
                "All trainees are affected",
            ),
            ("All trainees", "All trainees are affected"),
            ("Nobody can sign in.", "Nobody can sign in. All is lost."),
            ("It is lost. More. We think that it is lost.", "It is lost"),
        ] {
            assert_eq!(said_in(text, wrong, "Otherwise"), Said::InPart, "{text}");
        }
    }

    #[test]
    fn what_only_looks_alike_is_left_as_it_is() {
        for (text, wrong) in [
            ("Some trainees are affected.", "All trainees are affected"),
            ("It began at 13pm.", "3pm"),
            ("None", "None of it is lost"),
            ("", "All"),
            ("Anything", "..."),
        ] {
            assert_eq!(said_in(text, wrong, "Otherwise"), Said::Nowhere, "{text}");
        }
    }

    #[test]
    fn a_title_keeps_its_form() {
        assert_eq!(
            fits_as_title("Only half.", "All"),
            Some("Only half".to_owned())
        );
        assert_eq!(
            fits_as_title("Only half.", "All."),
            Some("Only half.".to_owned())
        );
        assert_eq!(fits_as_title("Only\nhalf", "All"), None);
        assert_eq!(fits_as_title(&"x".repeat(200), "All"), None);
    }
}
