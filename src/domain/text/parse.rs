//! Typed text to blocks.

use super::clean;

/// A piece of a text that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Lines that belong together; a line break inside is kept.
    Paragraph(Vec<Line>),
    /// The items of a `- ` list.
    List(Vec<Line>),
}

/// One line: words and links in turn. Never empty.
pub type Line = Vec<Span>;

/// A run within a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Literal characters.
    Words(String),
    /// A bare https link, as typed; printable ASCII only.
    Link(String),
}

/// Reads typed text. Blank lines end a paragraph, lines that begin with `- ` are list items.
pub fn parse(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open = false;
    for line in clean(text).lines().map(str::trim) {
        if line.is_empty() {
            open = false;
            continue;
        }
        match line.strip_prefix("- ").map(str::trim) {
            Some(item) if !item.is_empty() => match blocks.last_mut() {
                Some(Block::List(items)) if open => items.push(spans(item)),
                _ => blocks.push(Block::List(vec![spans(item)])),
            },
            _ => match blocks.last_mut() {
                Some(Block::Paragraph(lines)) if open => lines.push(spans(line)),
                _ => blocks.push(Block::Paragraph(vec![spans(line)])),
            },
        }
        open = true;
    }
    blocks
}

/// Texts as the items of one list, each on one line.
pub fn list<T: AsRef<str>>(items: &[T]) -> Vec<Block> {
    let items: Vec<Line> = items
        .iter()
        .map(|item| spans(&one_line(item.as_ref())))
        .filter(|item| !item.is_empty())
        .collect();
    if items.is_empty() {
        Vec::new()
    } else {
        vec![Block::List(items)]
    }
}

/// The whole text as one line: every run of white space becomes one space.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in clean(text).split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

const SCHEME: &str = "https://";

/// Words and links of one clean line.
pub(super) fn spans(line: &str) -> Line {
    let mut spans = Vec::new();
    let mut words = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(SCHEME) {
        let (before, from) = rest.split_at(at);
        words.push_str(before);
        let length = link_length(from);
        // A letter or digit right before the scheme makes it part of a longer word.
        let stands_alone = !words.chars().next_back().is_some_and(char::is_alphanumeric);
        if length > SCHEME.len() && stands_alone {
            if !words.is_empty() {
                spans.push(Span::Words(std::mem::take(&mut words)));
            }
            spans.push(Span::Link(from[..length].to_owned()));
            rest = &from[length..];
        } else {
            words.push_str(SCHEME);
            rest = &from[SCHEME.len()..];
        }
    }
    words.push_str(rest);
    if !words.is_empty() {
        spans.push(Span::Words(words));
    }
    spans
}

/// Bytes of the link at the start of `text`, without the punctuation that ends a sentence.
fn link_length(text: &str) -> usize {
    let allowed = |b: u8| b.is_ascii_graphic() && !b"<>\"'`\\^{}|*".contains(&b);
    let mut length = text.bytes().take_while(|b| allowed(*b)).count();
    if !text[SCHEME.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return 0;
    }
    // Whatever stands before an @ is no host, though it looks like one: "https://northshire.example@…".
    let after_scheme = &text[SCHEME.len()..length];
    let authority = after_scheme.split(['/', '?', '#']).next();
    if authority.is_some_and(|authority| authority.contains('@')) {
        return 0;
    }
    loop {
        let link = &text[..length];
        let unbalanced = link.ends_with(')')
            && link.matches(')').count() > link.matches('(').count()
            || link.ends_with(']') && link.matches(']').count() > link.matches('[').count();
        if unbalanced || link.ends_with(['.', ',', ';', ':', '!', '?']) {
            length -= 1;
        } else {
            return length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Span {
        Span::Words(text.to_owned())
    }

    fn link(text: &str) -> Span {
        Span::Link(text.to_owned())
    }

    #[test]
    fn blank_lines_part_paragraphs_and_hyphens_make_lists() {
        assert_eq!(
            parse("One.\nStill one.\n\nTwo:\n- a\n- b\n\nThree - not a list\n-nor this"),
            vec![
                Block::Paragraph(vec![vec![words("One.")], vec![words("Still one.")]]),
                Block::Paragraph(vec![vec![words("Two:")]]),
                Block::List(vec![vec![words("a")], vec![words("b")]]),
                Block::Paragraph(vec![
                    vec![words("Three - not a list")],
                    vec![words("-nor this")],
                ]),
            ]
        );
    }

    #[test]
    fn a_link_ends_before_the_punctuation_of_its_sentence() {
        let check = |text: &str, expected: Vec<Span>| {
            assert_eq!(
                parse(text),
                vec![Block::Paragraph(vec![expected])],
                "{text}"
            );
        };
        check(
            "See https://a.example/x?y=1, then (https://b.example/c_(d)).",
            vec![
                words("See "),
                link("https://a.example/x?y=1"),
                words(", then ("),
                link("https://b.example/c_(d)"),
                words(")."),
            ],
        );
        check(
            "https:// and xhttps://c.example",
            vec![words("https:// and xhttps://c.example")],
        );
        check(
            "https://northshire.example@evil.example/x and https://a:b@c.example",
            vec![words(
                "https://northshire.example@evil.example/x and https://a:b@c.example",
            )],
        );
        check(
            "https://f.example/@priya?to=a@b.example",
            vec![link("https://f.example/@priya?to=a@b.example")],
        );
        check("http://d.example", vec![words("http://d.example")]);
        check("javascript:alert(1)", vec![words("javascript:alert(1)")]);
        check(
            "https://e.example/\"onmouseover=1",
            vec![link("https://e.example/"), words("\"onmouseover=1")],
        );
    }

    #[test]
    fn nothing_but_space_is_no_block() {
        assert_eq!(parse(" \n\t\n\r\n"), vec![]);
        assert_eq!(one_line(" a\r\nb\tc "), "a b c");
    }
}
