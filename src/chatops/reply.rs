//! An answer in chat, before it is a card or blocks.
//!
//! Every text is literal: what people typed stays as typed, and mentions nobody.

use std::borrow::Cow;

use super::form::Field;
use crate::domain::{IncidentId, event::AffectedAnswer, verbs::Verb};

/// What is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// What it is, in a few words.
    pub heading: String,
    /// The rest, in reading order.
    pub pieces: Vec<Piece>,
    /// What can be done about it; four at most.
    pub buttons: Vec<Button>,
    /// Why it is a no, by the code of the refusal; `None` if it is none.
    pub refused: Option<String>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A paragraph.
    Text(String),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// Short lines.
    List(Vec<String>),
    /// Exact words, set apart from what is said about them.
    Words {
        /// Whose or what they are.
        label: String,
        /// The words.
        text: String,
    },
    /// Something to fill in.
    Field(Field),
}

/// Something to tap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// 14 characters at most, so that it is whole on a phone.
    pub label: Cow<'static, str>,
    /// What it does.
    pub act: Act,
    /// Whether it is the one that most people want.
    pub main: bool,
}

/// What a tap does. What comes back from a client is read as if anybody had typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Sends what was shown, by the id under which it is kept.
    Send(String),
    /// Throws away what was shown.
    Drop(String),
    /// Opens what was shown as a form, to put it otherwise.
    Edit(String),
    /// Stops those messages of this event that still wait.
    Undo(IncidentId, u32),
    /// Says a line, as if it had been typed.
    Say(String),
    /// Hands in the form of a verb, about an incident or a new one.
    Fill(Verb, Option<IncidentId>),
    /// Says for the speaker's services whether they are affected, too.
    Affected(AffectedAnswer, IncidentId),
    /// Says that the speaker has seen it.
    Seen(IncidentId),
    /// Looks how an incident stands, as a client does by itself for whom a card names.
    Look(IncidentId),
    /// Answers a prompt, which showed this revision of this incident.
    Answer(Answer, IncidentId, u32),
}

/// The answers to a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Sends the words that the prompt showed.
    NoChange,
    /// Silences the prompts for a while.
    Snooze,
}

impl Answer {
    const ALL: [Self; 2] = [Self::NoChange, Self::Snooze];

    fn as_str(self) -> &'static str {
        match self {
            Self::NoChange => "nochange",
            Self::Snooze => "snooze",
        }
    }
}

impl Act {
    /// As a client carries it.
    pub fn to_value(&self) -> String {
        match self {
            Self::Send(id) => format!("send:{id}"),
            Self::Drop(id) => format!("drop:{id}"),
            Self::Edit(id) => format!("edit:{id}"),
            Self::Undo(incident, event) => format!("undo:{incident}:{event}"),
            Self::Say(line) => format!("say:{line}"),
            Self::Fill(verb, incident) => {
                let incident = incident.map_or_else(String::new, |id| id.to_string());
                format!("fill:{}:{incident}", verb.entry().chat)
            }
            Self::Affected(answer, incident) => format!("affected:{}:{incident}", word(*answer)),
            Self::Seen(incident) => format!("seen:{incident}"),
            Self::Look(incident) => format!("look:{incident}"),
            Self::Answer(answer, incident, revision) => {
                format!("{}:{incident}:{revision}", answer.as_str())
            }
        }
    }

    /// Reads what a client carried; `None` if it is nothing of ours.
    pub fn from_value(value: &str) -> Option<Self> {
        let (name, value) = value.split_once(':')?;
        match name {
            "send" => Some(Self::Send(value.to_owned())),
            "drop" => Some(Self::Drop(value.to_owned())),
            "edit" => Some(Self::Edit(value.to_owned())),
            "undo" => {
                let (incident, event) = value.split_once(':')?;
                Some(Self::Undo(incident.parse().ok()?, event.parse().ok()?))
            }
            "say" => Some(Self::Say(value.to_owned())),
            "affected" => {
                let (said, incident) = value.split_once(':')?;
                let mut answers = AFFECTED.into_iter();
                let answer = answers.find(|answer| word(*answer) == said)?;
                Some(Self::Affected(answer, incident.parse().ok()?))
            }
            "seen" => Some(Self::Seen(value.parse().ok()?)),
            "look" => Some(Self::Look(value.parse().ok()?)),
            "fill" => {
                let (verb, incident) = value.split_once(':')?;
                let verb = Verb::find(verb).ok()?;
                match incident {
                    "" => (verb == Verb::Open).then_some(Self::Fill(verb, None)),
                    incident => Some(Self::Fill(verb, Some(incident.parse().ok()?))),
                }
            }
            _ => {
                let mut answers = Answer::ALL.into_iter();
                let answer = answers.find(|answer| answer.as_str() == name)?;
                let (incident, revision) = value.split_once(':')?;
                Some(Self::Answer(
                    answer,
                    incident.parse().ok()?,
                    revision.parse().ok()?,
                ))
            }
        }
    }
}

const AFFECTED: [AffectedAnswer; 3] = [
    AffectedAnswer::Yes,
    AffectedAnswer::No,
    AffectedAnswer::Checking,
];

fn word(answer: AffectedAnswer) -> &'static str {
    match answer {
        AffectedAnswer::Yes => "yes",
        AffectedAnswer::No => "no",
        AffectedAnswer::Checking => "checking",
    }
}

impl Reply {
    /// An answer of one sentence or a few.
    pub fn text(heading: impl Into<String>, sentences: impl IntoIterator<Item = String>) -> Self {
        let text: Vec<String> = sentences
            .into_iter()
            .filter(|sentence| !sentence.is_empty())
            .collect();
        Self {
            heading: heading.into(),
            pieces: text.into_iter().map(Piece::Text).collect(),
            ..Self::default()
        }
    }

    /// With one more piece, unless there is nothing in it.
    #[must_use]
    pub fn and(mut self, piece: Piece) -> Self {
        let is_empty = match &piece {
            Piece::Text(text) => text.is_empty(),
            Piece::Facts(facts) => facts.is_empty(),
            Piece::List(lines) => lines.is_empty(),
            Piece::Words { text, .. } => text.is_empty(),
            Piece::Field(_) => false,
        };
        if !is_empty {
            self.pieces.push(piece);
        }
        self
    }

    /// With a list under a line that says what it is, unless there is nothing in it.
    #[must_use]
    pub fn and_list(self, label: &str, lines: Vec<String>) -> Self {
        match lines.is_empty() {
            true => self,
            false => self
                .and(Piece::Text(label.to_owned()))
                .and(Piece::List(lines)),
        }
    }

    /// Only what is to be filled in.
    pub fn fields(self) -> impl Iterator<Item = Piece> {
        let pieces = self.pieces.into_iter();
        pieces.filter(|piece| matches!(piece, Piece::Field(_)))
    }

    /// With one more button.
    #[must_use]
    pub fn button(mut self, label: impl Into<Cow<'static, str>>, act: Act) -> Self {
        let main = self.buttons.is_empty();
        let label = label.into();
        self.buttons.push(Button { label, act, main });
        self
    }

    /// All of it as lines of text, for screen readers and for the telephone's lock screen.
    pub fn plain(&self) -> String {
        let mut lines = vec![self.heading.clone()];
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => lines.push(text.clone()),
                Piece::Facts(facts) => {
                    lines.extend(facts.iter().map(|(name, value)| format!("{name}: {value}")));
                }
                Piece::List(entries) => {
                    lines.extend(entries.iter().map(|entry| format!("- {entry}")));
                }
                Piece::Words { label, text } => {
                    lines.push(label.clone());
                    lines.push(text.clone());
                }
                Piece::Field(field) if field.value.is_empty() => lines.push(field.label.to_owned()),
                Piece::Field(field) => lines.push(format!("{}: {}", field.label, field.value)),
            }
        }
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_says_all_that_the_pieces_do() {
        let reply = Reply::text("INC-0042", ["It is open.".to_owned()])
            .and(Piece::Facts(vec![("State".into(), "Fixing it".into())]))
            .and(Piece::List(vec!["One".into()]))
            .and(Piece::Words {
                label: "To owners".into(),
                text: "Half are back.".into(),
            })
            .and(Piece::Text(String::new()));
        assert_eq!(
            reply.plain(),
            "INC-0042\nIt is open.\nState: Fixing it\n- One\nTo owners\nHalf are back."
        );
    }

    proptest! {
        #[test]
        fn what_a_button_carries_comes_back(
            text in "\\PC{0,60}",
            kind in 0..11_usize,
            incident in 1..10_000_u32,
            revision in 0..100_u32,
        ) {
            let act = match kind {
                0 => Act::Send(text),
                1 => Act::Drop(text),
                2 => Act::Say(text),
                4 => Act::Affected(AffectedAnswer::Checking, IncidentId(incident)),
                5 => Act::Fill(Verb::Open, None),
                9 => Act::Seen(IncidentId(incident)),
                6 => Act::Fill(Verb::Update, Some(IncidentId(incident))),
                7 => Act::Edit(text),
                8 => Act::Undo(IncidentId(incident), revision),
                3 => Act::Answer(Answer::NoChange, IncidentId(incident), revision),
                _ => Act::Answer(Answer::Snooze, IncidentId(incident), revision),
            };
            prop_assert_eq!(Act::from_value(&act.to_value()), Some(act));
        }
    }
}
