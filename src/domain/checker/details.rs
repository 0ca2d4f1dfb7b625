//! What has no place in a message: gaps that were never filled, machine talk, ways to reach people.

use super::{
    Draft, Report,
    scan::{Word, Words},
};

/// Words that stand for something still to be written.
const GAPS: &[&str] = &[
    "tbc",
    "tbd",
    "todo",
    "fixme",
    "xxx",
    "xx",
    "xx:xx",
    "lorem ipsum",
    "insert here",
];

/// Words that come with a stack trace or an error.
const MACHINE_TALK: &[&str] = &[
    "traceback",
    "stack trace",
    "stacktrace",
    "null pointer",
    "nullpointerexception",
    "panicked at",
    "segmentation fault",
    "core dump",
    "error code",
    "exit code",
    "status code",
];

/// Gaps that were never filled.
pub(super) fn placeholders(words: &Words<'_>, report: &mut Report<'_>) {
    let mut stop = |quoted: &str| {
        report.stop(
            "placeholder",
            quoted,
            "This placeholder was not filled in.",
            "Write what it stands for, or take it out.",
        );
    };
    for (open, close) in [("{{", "}}"), ("${", "}"), ("[", "]"), ("<", ">")] {
        let mut rest = words.text;
        while let Some(from) = rest.find(open) {
            let inside = &rest[from + open.len()..];
            let Some(length) = inside.find(close) else {
                break;
            };
            // Brackets around words are a gap; around anything else they are a person's own.
            let is_words = inside[..length]
                .chars()
                .all(|c| c.is_alphanumeric() || " _-'.".contains(c))
                && (open.len() > 1 || inside.starts_with(char::is_alphabetic));
            if length > 0 && length <= 60 && is_words {
                stop(&rest[from..from + open.len() + length + close.len()]);
            }
            rest = &inside[length..];
        }
    }
    for gap in GAPS {
        words.phrase(gap).into_iter().for_each(&mut stop);
    }
    for word in &words.words {
        let blank = word.raw.trim_matches(|c: char| c != '_');
        if blank.len() >= 3 && blank.chars().all(|c| c == '_') {
            stop(blank);
        }
    }
}

/// Machine talk and ways to reach people.
pub(super) fn check(words: &Words<'_>, draft: &Draft<'_>, report: &mut Report<'_>) {
    let mut machine = |quoted: &str, what: &str| {
        report.warn(
            "machine-talk",
            quoted,
            &format!("This is {what}, which readers cannot use and attackers can."),
            "Say what people see, in plain words.",
        );
    };
    for phrase in MACHINE_TALK {
        for quoted in words.phrase(phrase) {
            machine(quoted, "part of an error report");
        }
    }
    for (at, word) in words.words.iter().enumerate() {
        if word.raw.contains("://") {
            continue;
        }
        if is_ip(word.core) {
            machine(word.core, "the address of a machine");
        } else if is_host(word) {
            machine(word.core, "the name of a machine");
        } else if is_path(word.raw) {
            machine(word.core, "the path of a file");
        } else if is_long_hex(word.core) {
            machine(word.core, "a long code");
        } else if is_error_number(words, at) {
            machine(words.quote(at - 1, at), "an error code");
        }
    }
    if words
        .words
        .iter()
        .any(|word| word.lower.ends_with("exception") && word.core.len() > 9)
    {
        for word in words
            .words
            .iter()
            .filter(|word| word.lower.ends_with("exception"))
        {
            machine(word.core, "part of an error report");
        }
    }
    contacts(words, draft, report);
}

fn contacts(words: &Words<'_>, draft: &Draft<'_>, report: &mut Report<'_>) {
    let fix = if draft.audience.is_outside() {
        "Take it out; people can reply to the message."
    } else {
        "Take it out; people find each other in the directory."
    };
    for word in &words.words {
        if is_email(word.core) {
            report.warn("email-address", word.core, "This is an email address.", fix);
        }
    }
    let mut at = 0;
    while at < words.words.len() {
        let run = phone_words(&words.words[at..]);
        if run > 0 {
            let quoted = words.quote(at, at + run - 1);
            report.warn("phone-number", quoted, "This is a phone number.", fix);
        }
        at += run.max(1);
    }
}

fn is_ip(text: &str) -> bool {
    let host = text.split(['/', ':']).next().unwrap_or_default();
    let numbers: Vec<&str> = host.split('.').collect();
    let is_v4 = numbers.len() == 4 && numbers.iter().all(|part| part.parse::<u8>().is_ok());
    let is_v6 = text.matches(':').count() >= 3 && text.parse::<core::net::Ipv6Addr>().is_ok();
    is_v4 || is_v6
}

/// At least two labels, of which the last is letters and the first is not the end of a sentence
/// that lacks its blank ("again.Some").
fn is_host(word: &Word<'_>) -> bool {
    let core = word.core.split(['/', ':']).next().unwrap_or_default();
    let labels: Vec<&str> = core.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last = labels.last().copied().unwrap_or_default();
    labels.len() >= 2
        && !core.contains('@')
        && labels.iter().all(is_label)
        && last.len() >= 2
        && last.bytes().all(|b| b.is_ascii_lowercase())
        && labels[0].len() >= 2
        && core.bytes().any(|b| b.is_ascii_lowercase())
        && !["e.g", "i.e", "a.m", "p.m"].contains(&core)
}

fn is_path(raw: &str) -> bool {
    let raw = raw.trim_matches(|c: char| "\"'()[],;:“”".contains(c));
    let segments = raw.split('/').filter(|part| !part.is_empty()).count();
    let is_unix = raw.starts_with('/') && segments >= 2;
    let mut start = raw.chars();
    let is_windows = start.next().is_some_and(|c| c.is_ascii_alphabetic())
        && start.next() == Some(':')
        && start.next() == Some('\\');
    is_unix || is_windows || raw.starts_with("\\\\")
}

fn is_long_hex(core: &str) -> bool {
    let digits = core.trim_start_matches("0x").replace('-', "");
    digits.len() >= 12
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().any(|b| b.is_ascii_alphabetic())
}

/// "error 500", "HTTP 503".
fn is_error_number(words: &Words<'_>, at: usize) -> bool {
    let is_number = |text: &str| text.len() >= 3 && text.bytes().all(|b| b.is_ascii_digit());
    at > 0
        && is_number(words.words[at].core)
        && ["error", "http", "code", "errno", "status"]
            .contains(&words.words[at - 1].lower.as_str())
}

fn is_email(core: &str) -> bool {
    core.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && domain.contains('.')
            && domain.starts_with(|c: char| c.is_alphanumeric())
    })
}

/// How many words from here on make a phone number: digits that begin with 0 or +, ten or more.
fn phone_words(words: &[Word<'_>]) -> usize {
    let is_piece = |word: &&Word<'_>| {
        let digits = word.core.bytes().filter(u8::is_ascii_digit).count();
        digits > 0
            && word
                .core
                .bytes()
                .all(|b| b.is_ascii_digit() || b"+-().".contains(&b))
    };
    let begins = words
        .first()
        .is_some_and(|word| word.core.trim_start_matches('(').starts_with(['0', '+']));
    if !begins {
        return 0;
    }
    let mut digits = 0;
    let mut length = 0;
    for word in words.iter().take_while(is_piece) {
        digits += word.core.bytes().filter(u8::is_ascii_digit).count();
        length += 1;
        // The number ends where its sentence or clause does.
        if word.raw.ends_with([',', '.', ';']) {
            break;
        }
    }
    if digits >= 9 { length } else { 0 }
}
