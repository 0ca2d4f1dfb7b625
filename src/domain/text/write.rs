//! Blocks to a format.

use crate::domain::channel::Format;

use super::{
    escape::{card, html, json, slack},
    parse::{Block, Line, Span, one_line, parse, spans},
};

/// Writes typed text with its paragraphs, lists and links; the same as [`parse`], then [`write()`].
pub fn write_text(text: &str, format: Format) -> String {
    write(&parse(text), format)
}

/// Writes typed text as one line, links included: for a sentence, or the item of a list.
pub fn write_inline(text: &str, format: Format) -> String {
    let line = spans(&one_line(text));
    match format {
        Format::Line | Format::Plain => joined(&line, &str::to_owned, &plain_link),
        Format::Html => joined(&line, &html, &html_link),
        Format::CardJson => json(&joined(&line, &card, &card_link)),
        Format::Slack => joined(&line, &slack, &slack_link),
        Format::SlackJson => json(&joined(&line, &slack, &slack_link)),
        Format::Json => json(&joined(&line, &str::to_owned, &plain_link)),
    }
}

/// Writes blocks so that everything appears as typed.
///
/// [`Format::Html`] gives `<p>` and `<ul>` elements, so it never stands inside a `<p>`; the JSON
/// formats give what stands between the quotes of a JSON string; [`Format::Line`] gives one line.
pub fn write(blocks: &[Block], format: Format) -> String {
    match format {
        Format::Line => lines(blocks, " ", "", &|line| {
            joined(line, &str::to_owned, &plain_link)
        }),
        Format::Plain => plain(blocks),
        Format::Html => blocks.iter().map(html_block).collect(),
        Format::CardJson => json(&card_text(blocks)),
        Format::Slack => slack_text(blocks),
        Format::SlackJson => json(&slack_text(blocks)),
        Format::Json => json(&plain(blocks)),
    }
}

fn plain(blocks: &[Block]) -> String {
    lines(blocks, "\n", "- ", &|line| {
        joined(line, &str::to_owned, &plain_link)
    })
}

fn card_text(blocks: &[Block]) -> String {
    let line = |line: &Line| joined(line, &card, &card_link);
    let mut text = String::new();
    for block in blocks {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        match block {
            // A single line break means nothing in card Markdown, so lines become paragraphs.
            Block::Paragraph(each) => {
                text.push_str(&each.iter().map(line).collect::<Vec<_>>().join("\n\n"));
            }
            Block::List(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| format!("- {}", line(item)))
                    .collect();
                text.push_str(&items.join("\n"));
            }
        }
    }
    text
}

fn slack_text(blocks: &[Block]) -> String {
    lines(blocks, "\n", "• ", &|line| {
        joined(line, &slack, &slack_link)
    })
}

fn html_block(block: &Block) -> String {
    let line = |line: &Line| joined(line, &html, &html_link);
    match block {
        Block::Paragraph(each) => {
            let each: Vec<_> = each.iter().map(line).collect();
            format!("<p style=\"margin:0 0 15px\">{}</p>", each.join("<br>"))
        }
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|item| format!("<li style=\"margin:0 0 5px\">{}</li>", line(item)))
                .collect();
            format!("<ul style=\"margin:0 0 15px;padding:0 0 0 24px\">{items}</ul>")
        }
    }
}

/// Blocks as lines: `between` parts lines, twice that parts blocks, `bullet` begins an item.
fn lines(
    blocks: &[Block],
    between: &str,
    bullet: &str,
    write_line: &dyn Fn(&Line) -> String,
) -> String {
    let gap = if between == "\n" { "\n\n" } else { between };
    let mut text = String::new();
    for block in blocks {
        if !text.is_empty() {
            text.push_str(gap);
        }
        let (each, before) = match block {
            Block::Paragraph(each) => (each, ""),
            Block::List(items) => (items, bullet),
        };
        let each: Vec<_> = each
            .iter()
            .map(|line| format!("{before}{}", write_line(line)))
            .collect();
        text.push_str(&each.join(between));
    }
    text
}

fn joined(line: &Line, words: &dyn Fn(&str) -> String, link: &dyn Fn(&str) -> String) -> String {
    line.iter()
        .map(|span| match span {
            Span::Words(text) => words(text),
            Span::Link(text) => link(text),
        })
        .collect()
}

fn plain_link(link: &str) -> String {
    link.to_owned()
}

fn html_link(link: &str) -> String {
    let link = html(link);
    format!("<a href=\"{link}\">{link}</a>")
}

fn card_link(link: &str) -> String {
    let target = link.replace('(', "%28").replace(')', "%29");
    format!("[{}]({target})", card(link))
}

fn slack_link(link: &str) -> String {
    format!("<{}>", link.replace('&', "&amp;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPED: &str = "Use *this*:\n\n- one\n- see https://a.example/b_c?d=1&e=2\n\nEnd <b>.";

    #[test]
    fn every_format_keeps_paragraphs_lists_and_links() {
        let check = |format, expected: &str| assert_eq!(write_text(TYPED, format), expected);
        check(
            Format::Line,
            "Use *this*: one see https://a.example/b_c?d=1&e=2 End <b>.",
        );
        check(Format::Plain, TYPED);
        check(
            Format::Html,
            "<p style=\"margin:0 0 15px\">Use *this*:</p>\
             <ul style=\"margin:0 0 15px;padding:0 0 0 24px\"><li style=\"margin:0 0 5px\">one</li>\
             <li style=\"margin:0 0 5px\">see <a href=\"https://a.example/b_c?d=1&amp;e=2\">\
             https://a.example/b_c?d=1&amp;e=2</a></li></ul>\
             <p style=\"margin:0 0 15px\">End &lt;b&gt;.</p>",
        );
        check(
            Format::CardJson,
            "Use \\\\*this\\\\*:\\n\\n- one\\n- see [https://a.example/b\\\\_c?d=1&amp;e=2]\
             (https://a.example/b_c?d=1&e=2)\\n\\nEnd &lt;b>.",
        );
        check(
            Format::Slack,
            "Use *\u{200B}this*\u{200B}:\n\n• one\n• see <https://a.example/b_c?d=1&amp;e=2>\n\n\
             End &lt;b&gt;.",
        );
        check(
            Format::Json,
            "Use *this*:\\n\\n- one\\n- see https://a.example/b_c?d=1&e=2\\n\\nEnd <b>.",
        );
    }
}
