//! YAML to rows.

use std::borrow::Cow;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, StrInput};

use super::super::{
    columns::{self, Column},
    intake::Intake,
    plan::Unreadable,
    record::{Record, Value},
};
use crate::domain::{
    directory::{Kind, merge::Place},
    nearest::fix_for,
};

/// Reads one file into the intake.
pub(in crate::files) fn read(
    intake: &mut Intake<'_>,
    at: &Place,
    bytes: &[u8],
) -> Result<(), Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable {
        row: 0,
        message: "The file is not in UTF-8.".to_owned(),
        fix: "Save it again in UTF-8.".to_owned(),
    })?;
    let mut yaml = Yaml {
        parser: Parser::new_from_str(text),
        line: 1,
    };
    let at = |row: u32| Place {
        row,
        is_line: true,
        ..at.clone()
    };
    match yaml.next()? {
        Some(Event::MappingStart(..)) => {}
        None => {
            return Err(yaml.stop(
                "The file is empty.",
                "Write at least one list, for example people.",
            ));
        }
        Some(_) => {
            return Err(yaml.stop(
                "The file does not begin with the name of a list.",
                "Begin it with organisations:, people: or another list, as in the example.",
            ));
        }
    }
    let mut seen: Vec<Kind> = Vec::new();
    loop {
        let key = match yaml.next()? {
            Some(Event::Scalar(key, ..)) => key.into_owned(),
            Some(Event::MappingEnd) => break,
            _ => return Err(yaml.stop("A list has no name.", "Write its name and a colon.")),
        };
        let line = yaml.line;
        let key = intake.heading(&at(line), &key);
        let kind: Option<Kind> = key.parse().ok();
        let Some(kind) = kind.filter(|kind| !seen.contains(kind)) else {
            let (message, fix) = if kind.is_some() {
                (
                    format!("The list {key} is there twice."),
                    "Make it one list.".to_owned(),
                )
            } else {
                let names = Kind::ALL.map(Kind::as_str);
                (
                    format!("There is no list \"{key}\"."),
                    fix_for(&key, names, "Delete it."),
                )
            };
            intake.refuse(at(line), None, message, fix);
            yaml.skip_value()?;
            continue;
        };
        seen.push(kind);
        intake.begin(kind);
        read_list(&mut yaml, intake, kind, &at)?;
    }
    match yaml.next()? {
        None => Ok(()),
        Some(_) => Err(yaml.stop(
            "The file holds a second document.",
            "Delete the line --- and what follows it, or make it a file of its own.",
        )),
    }
}

fn read_list(
    yaml: &mut Yaml<'_>,
    intake: &mut Intake<'_>,
    kind: Kind,
    at: &dyn Fn(u32) -> Place,
) -> Result<(), Unreadable> {
    match yaml.next()? {
        Some(Event::SequenceStart(..)) => {}
        Some(Event::Scalar(text, style, ..)) if is_null(&text, style) => return Ok(()),
        _ => {
            let message = format!("What stands under {kind} is not a list.");
            return Err(yaml.stop(&message, "Begin each entry with a hyphen."));
        }
    }
    loop {
        let Some(event) = yaml.next()? else {
            return Ok(());
        };
        if event == Event::SequenceEnd {
            return Ok(());
        }
        let line = yaml.line;
        let Node::Map(fields) = yaml.node(event, 0)? else {
            let message = "The entry is not made of names and values.";
            intake.refuse(at(line), Some(kind), message, "Write it as in the example.");
            continue;
        };
        take(intake, kind, at, line, fields);
    }
}

fn take(
    intake: &mut Intake<'_>,
    kind: Kind,
    at: &dyn Fn(u32) -> Place,
    line: u32,
    fields: Vec<(u32, String, Node)>,
) {
    let mut cells: Vec<(Column, Value)> = Vec::new();
    let mut good = true;
    for (line, key, node) in fields {
        let key = intake.heading(&at(line), &key);
        let column = match columns::find(kind, &key, &intake.channels) {
            Ok(column) => column,
            Err(fix) => {
                let message = format!("The list of {kind} has no \"{key}\".");
                intake.refuse(at(line), Some(kind), message, fix);
                good = false;
                continue;
            }
        };
        let value = match node.into_value() {
            Some(value) if !cells.iter().any(|(have, _)| *have == column) => value,
            Some(_) => {
                let message = format!("{key} is there twice in one entry.");
                intake.refuse(at(line), Some(kind), message, "Keep one of them.");
                good = false;
                continue;
            }
            None => {
                let message = format!("{key} is neither a text nor a list of texts.");
                intake.refuse(at(line), Some(kind), message, "Write it as in the example.");
                good = false;
                continue;
            }
        };
        cells.push((column, value));
    }
    if good {
        intake.take(&Record {
            kind,
            at: at(line),
            cells,
        });
    }
}

/// A value, with lines where problems may need them.
enum Node {
    Text(String),
    List(Vec<(u32, Node)>),
    Map(Vec<(u32, String, Node)>),
}

impl Node {
    /// As the value of a column; `None` if it is nested too deep for one.
    fn into_value(self) -> Option<Value> {
        match self {
            Self::Text(text) => Some(Value::Text(text)),
            Self::List(items) => items
                .into_iter()
                .map(|(line, item)| Some((line, item.into_item()?)))
                .collect::<Option<_>>()
                .map(Value::List),
            Self::Map(_) => None,
        }
    }

    /// As one of several; `email: x` is what YAML takes for a map.
    fn into_item(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Map(fields) => match <[_; 1]>::try_from(fields) {
                Ok([(_, key, Self::Text(text))]) => Some(format!("{key}: {text}")),
                _ => None,
            },
            Self::List(_) => None,
        }
    }
}

struct Yaml<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// Of the last event, from 1.
    line: u32,
}

/// Deepest nesting that is read; the format needs two.
const DEEPEST: u32 = 16;

impl<'t> Yaml<'t> {
    /// The next event that says something; `None` at the end.
    fn next(&mut self) -> Result<Option<Event<'t>>, Unreadable> {
        loop {
            let Some(next) = self.parser.next_event() else {
                return Ok(None);
            };
            let (event, span) = next.map_err(|error| Unreadable {
                row: u32::try_from(error.marker().line()).unwrap_or(0),
                message: "The file is not well-formed YAML here.".to_owned(),
                fix: format!("Correct the line: {}.", error.info()),
            })?;
            self.line = u32::try_from(span.start.line()).unwrap_or(u32::MAX);
            match event {
                Event::StreamStart | Event::StreamEnd => {}
                Event::DocumentStart(..) | Event::DocumentEnd | Event::Comment(..) => {}
                Event::Alias(_) => {
                    let fix = "Write the value out where it is needed.";
                    return Err(self.stop("The file uses an alias, which is not read.", fix));
                }
                event => return Ok(Some(event)),
            }
        }
    }

    fn stop(&self, message: &str, fix: &str) -> Unreadable {
        Unreadable {
            row: self.line,
            message: message.to_owned(),
            fix: fix.to_owned(),
        }
    }

    /// The value that begins with this event.
    fn node(&mut self, event: Event<'t>, depth: u32) -> Result<Node, Unreadable> {
        if depth > DEEPEST {
            return Err(self.stop(
                "The entry is nested too deep.",
                "Write it as in the example.",
            ));
        }
        match event {
            Event::Scalar(text, style, ..) if is_null(&text, style) => {
                Ok(Node::Text(String::new()))
            }
            Event::Scalar(text, ..) => Ok(Node::Text(trimmed(text))),
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                while let Some(event) = self.next()? {
                    if event == Event::SequenceEnd {
                        break;
                    }
                    let line = self.line;
                    items.push((line, self.node(event, depth + 1)?));
                }
                Ok(Node::List(items))
            }
            Event::MappingStart(..) => {
                let mut fields = Vec::new();
                while let Some(event) = self.next()? {
                    if event == Event::MappingEnd {
                        break;
                    }
                    let line = self.line;
                    let Node::Text(key) = self.node(event, depth + 1)? else {
                        return Err(self.stop("A name is not a text.", "Write a name and a colon."));
                    };
                    let Some(event) = self.next()? else { break };
                    fields.push((line, key, self.node(event, depth + 1)?));
                }
                Ok(Node::Map(fields))
            }
            _ => Err(self.stop(
                "The entry cannot be understood.",
                "Write it as in the example.",
            )),
        }
    }

    fn skip_value(&mut self) -> Result<(), Unreadable> {
        match self.next()? {
            Some(event) => self.node(event, 0).map(|_| ()),
            None => Ok(()),
        }
    }
}

fn is_null(text: &str, style: ScalarStyle) -> bool {
    style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn trimmed(text: Cow<'_, str>) -> String {
    text.trim().to_owned()
}
