//! Rust source as text that can be searched: without comments, and without what is in quotes.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// One source file.
pub(crate) struct Source {
    /// From the root of the repository, with forward slashes.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// Comments and the insides of quotes blanked out; lines and columns are the same.
    pub(crate) code: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file in these folders, in the order of their paths.
pub(crate) fn sources(folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut paths);
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap();
            Source {
                path: path.to_str().unwrap().replace('\\', "/"),
                code: blank(&text),
                text,
            }
        })
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

impl Source {
    /// The top-level module of the library that it belongs to; `None` outside of `src/`.
    pub(crate) fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let name = inside.split('/').next()?;
        Some(name.strip_suffix(".rs").unwrap_or(name))
    }

    /// Whether all of it is tests.
    pub(crate) fn is_tests(&self) -> bool {
        self.path.ends_with("tests.rs")
            || self.path.starts_with("tests/")
            || self.path.contains("/tests/")
    }

    /// How many modules deep it is: 1 for `src/clock.rs` and `src/store/mod.rs`.
    fn depth(&self) -> usize {
        let steps = self.path.split('/').count() - 1;
        if self.path.ends_with("/mod.rs") {
            steps - 1
        } else {
            steps
        }
    }

    /// The line, from 1, of a byte of `code`.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Top-level modules of the library that it names, with the line of each mention.
    pub(crate) fn named_modules(&self) -> Vec<(String, usize)> {
        let mut named = Vec::new();
        let climb = "super::".repeat(self.depth());
        for start in ["crate::", &climb] {
            for (at, _) in self.code.match_indices(start) {
                let before = self.code[..at].chars().next_back();
                if before.is_some_and(|c| is_word(c) || c == ':') {
                    continue;
                }
                let rest = &self.code[at + start.len()..];
                for name in first_names(rest) {
                    named.push((name, self.line(at)));
                }
            }
        }
        named
    }

    /// Lines on which a word stands as a name.
    pub(crate) fn lines_with(&self, word: &str) -> Vec<usize> {
        self.code
            .match_indices(word)
            .filter(|(at, _)| {
                let before = self.code[..*at].chars().next_back();
                let after = self.code[at + word.len()..].chars().next();
                let begins = word.starts_with(is_word) && before.is_some_and(is_word);
                let goes_on = word.ends_with(is_word) && after.is_some_and(is_word);
                !begins && !goes_on
            })
            .map(|(at, _)| self.line(at))
            .collect()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first name of a path, or of each path of a group in braces.
fn first_names(rest: &str) -> Vec<String> {
    let word = |text: &str| -> String { text.chars().take_while(|c| is_word(*c)).collect() };
    let Some(group) = rest.strip_prefix('{') else {
        return vec![word(rest)];
    };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut from = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                names.push(word(group[from..at].trim()));
                from = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The same text with blanks for comments and for what is in quotes.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let hidden = hidden_length(rest, out.chars().next_back());
        if hidden == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        // One blank for a byte keeps every later byte where it was.
        out.extend(
            rest.bytes()
                .take(hidden)
                .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
        );
        rest = &rest[hidden..];
    }
    out
}

/// How many bytes from here are comment or quoted; 0 if it is code.
fn hidden_length(rest: &str, before: Option<char>) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    if !before.is_some_and(is_word) {
        let raw = rest.strip_prefix('b').unwrap_or(rest);
        if let Some(after) = raw.strip_prefix('r') {
            let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
            if after[hashes..].starts_with('"') {
                let end = format!("\"{}", "#".repeat(hashes));
                let begun = rest.len() - after.len() + hashes + 1;
                let length = rest[begun..].find(&end).unwrap_or(rest.len() - begun);
                return (begun + length + end.len()).min(rest.len());
            }
        }
    }
    if let Some(after) = rest.strip_prefix('"') {
        return 1 + quoted_length(after, '"');
    }
    if let Some(after) = rest.strip_prefix('\'') {
        // A lifetime has no quote behind its first character; a character has.
        let mut chars = after.chars();
        let first = chars.next();
        if first == Some('\\') || chars.next() == Some('\'') {
            return 1 + quoted_length(after, '\'');
        }
    }
    0
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Bytes up to and with the closing quote.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn comments_and_quotes_are_not_code() {
    let text =
        "a // crate::b\n/* x /* y */ z */ c \"crate::\\\"d\" r#\"crate::\"e\"# '\"' '\\'' 'l f";
    let code = blank(text);
    assert_eq!(code.len(), text.len());
    let words: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(words, ["a", "c", "'l", "f"]);
}

#[test]
fn every_way_of_naming_a_module_is_seen() {
    let code = "use crate::{a::{b, c}, d, e as f};\nuse super::super::g::h;\nlet x = crate::i::j();\nmycrate::k();";
    let source = Source {
        path: "src/store/rows.rs".to_owned(),
        text: code.to_owned(),
        code: code.to_owned(),
    };
    let named = source.named_modules();
    let expected = [("a", 1), ("d", 1), ("e", 1), ("i", 3), ("g", 2)];
    assert_eq!(named, expected.map(|(name, line)| (name.to_owned(), line)));
}
