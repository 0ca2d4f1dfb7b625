//! Answers as JSON, with the times of the zone that the terminal is in, and with nothing in them that the
//! terminal would obey.

use std::{fmt::Display, io};

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::domain::text::printable_json;

/// The JSON of an answer, indented. Every time in it is RFC 3339 with the offset that `zone` has
/// at that time.
pub fn pretty<T: Serialize>(value: &T, zone: impl TimeZone<Offset: Display>) -> io::Result<String> {
    let mut bytes = Vec::new();
    let printer = Printer {
        zone,
        layout: PrettyFormatter::new(),
    };
    value.serialize(&mut Serializer::with_formatter(&mut bytes, printer))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// Lays out as usual, but for strings that are a time as answers write it.
struct Printer<Z> {
    zone: Z,
    layout: PrettyFormatter<'static>,
}

impl<Z: TimeZone<Offset: Display>> Formatter for Printer<Z> {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        match time(fragment) {
            Some(time) => {
                let here = time.with_timezone(&self.zone);
                writer.write_all(
                    here.to_rfc3339_opts(SecondsFormat::AutoSi, false)
                        .as_bytes(),
                )
            }
            None => writer.write_all(printable_json(fragment).as_bytes()),
        }
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.layout.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.layout.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.layout.end_object_value(writer)
    }
}

/// A time as answers write it: in UTC, to the second or finer.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let is_like_one = text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    let parsed = is_like_one.then(|| DateTime::parse_from_rfc3339(text).ok())?;
    parsed.map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::London;
    use serde_json::json;

    use super::*;

    #[test]
    fn times_have_the_offset_of_their_day_and_other_texts_stay() {
        let value = json!([
            "2026-07-01T13:20:00Z",
            "2026-11-23T13:20:00.5Z",
            "At 2026-07-01T13:20:00Z it failed",
            "",
        ]);
        let read: serde_json::Value =
            serde_json::from_str(&pretty(&value, London).unwrap()).unwrap();
        assert_eq!(
            read,
            json!([
                "2026-07-01T14:20:00+01:00",
                "2026-11-23T13:20:00.500+00:00",
                "At 2026-07-01T13:20:00Z it failed",
                "",
            ])
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_in_names_and_values() {
        let hostile = "\u{1b}[31m\u{9b}31m\u{7f}\u{202e}\u{e0041}";
        let value = json!({ hostile: [hostile] });
        let text = pretty(&value, Utc).unwrap();
        assert!(
            text.is_ascii() && !text.contains(['\u{1b}', '\u{7f}']),
            "{text}"
        );
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn the_layout_is_the_usual_one() {
        let value = json!({ "a": [1, 2, {}], "b": { "c": null, "d": "\"x\"\n" }, "e": [] });
        assert_eq!(
            pretty(&value, Utc).unwrap(),
            serde_json::to_string_pretty(&value).unwrap()
        );
    }
}
