//! How each format writes the pieces of which shared words are made: a paragraph, a labelled fact,
//! a list.
//!
//! In the formats of cards and blocks each piece is one or two elements of a JSON array with a
//! comma behind, so a layout puts at least one element after the words.

use crate::domain::{
    channel::Format,
    text::{self, Block},
};

/// A paragraph. `content` is already written for the format.
pub(super) fn paragraph(content: &str, format: Format) -> String {
    match format {
        Format::Line => format!("{content} "),
        Format::Plain | Format::Slack => format!("{content}\n\n"),
        Format::Html => format!("<p style=\"margin:0 0 15px\">{content}</p>\n"),
        Format::CardJson => text_block(content, ""),
        Format::SlackJson => section(content),
        Format::Json => format!("{content}\\n\\n"),
    }
}

/// Text as typed, on its own.
pub(super) fn blocks(blocks: &[Block], format: Format) -> String {
    let written = text::write(blocks, format);
    match format {
        _ if written.is_empty() => String::new(),
        Format::Html => format!("{written}\n"),
        _ => paragraph(&written, format),
    }
}

/// Text as typed under a label of ours.
pub(super) fn labelled(label: &str, value: &str, format: Format) -> String {
    let parsed = text::parse(value);
    let written = text::write(&parsed, format);
    let label = text::escape(label, format);
    // A single paragraph goes on behind its label; anything longer begins below it.
    let gap = match parsed.as_slice() {
        [Block::Paragraph(_)] => " ",
        _ if matches!(format, Format::SlackJson | Format::Json) => "\\n",
        _ => "\n",
    };
    match format {
        Format::Line => format!("{label}: {written} "),
        Format::Plain => format!("{label}:{gap}{written}\n\n"),
        Format::Html => format!(
            "<h2 style=\"margin:0 0 5px;font-size:19px;line-height:1.3\">{label}</h2>\n{written}\n"
        ),
        Format::CardJson => format!(
            "{}{}",
            text_block(&label, ",\"weight\":\"bolder\""),
            text_block(&written, ",\"spacing\":\"none\"")
        ),
        Format::Slack => format!("*{label}:*{gap}{written}\n\n"),
        Format::SlackJson => section(&format!("*{label}:*{gap}{written}")),
        Format::Json => format!("{label}:{gap}{written}\\n\\n"),
    }
}

fn text_block(text: &str, more: &str) -> String {
    format!("{{\"type\":\"TextBlock\",\"text\":\"{text}\",\"wrap\":true{more}}},\n")
}

fn section(text: &str) -> String {
    format!(
        "{{\"type\":\"section\",\"text\":{{\"type\":\"mrkdwn\",\"text\":\"{text}\",\
         \"verbatim\":true}}}},\n"
    )
}
