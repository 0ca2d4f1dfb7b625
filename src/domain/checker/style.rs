//! How it is said: length, tone, and words that promise or explain too much.

use crate::domain::directory::Service;

use super::{Draft, Report, scan::Words};

const SENTENCE_WORDS: usize = 25;

/// Words that promise a time nobody confirmed.
const ESTIMATES: &[&str] = &[
    "soon",
    "shortly",
    "imminently",
    "asap",
    "eta",
    "hopefully",
    "any minute",
    "any moment",
    "before long",
    "in no time",
    "momentarily",
];

/// Words that name a cause.
const CAUSES: &[&str] = &[
    "caused by",
    "due to",
    "because of",
    "as a result of",
    "root cause",
    "down to a",
    "triggered by",
    "the fault of",
];

/// Words that say little, each with what to say instead.
const EMPTY_WORDS: &[(&str, &str)] = &[
    ("impact", "Say who is affected and how."),
    ("impacts", "Say who is affected and how."),
    ("impacted", "Say \"affected\"."),
    ("impacting", "Say who is affected and how."),
    ("key", "Say \"important\", or leave it out."),
    ("utilise", "Say \"use\"."),
    ("utilising", "Say \"using\"."),
    ("facilitate", "Say what you do."),
    ("robust", "Leave it out."),
    ("leverage", "Say \"use\"."),
    ("leveraging", "Say \"using\"."),
    ("going forward", "Say \"from now on\", or leave it out."),
    ("technical difficulties", "Say what people cannot do."),
    ("technical issues", "Say what people cannot do."),
    ("any inconvenience", "Say sorry for what happened to them."),
    ("maintenance", "Say what people cannot do."),
    ("as soon as possible", "Say by when the next update comes."),
    ("please", "Say what to do without it."),
];

pub(super) fn check(words: &Words<'_>, draft: &Draft<'_>, report: &mut Report<'_>) {
    long_sentences(words, report);
    estimates(words, report);
    contractions(words, report);
    capitals(words, draft, report);
    for (phrase, fix) in EMPTY_WORDS {
        for quoted in words.phrase(phrase) {
            report.warn(
                "empty-words",
                quoted,
                "These words tell readers little.",
                fix,
            );
        }
    }
    for phrase in &draft.policy.discouraged_words {
        for quoted in words.phrase(&phrase.to_lowercase()) {
            report.warn(
                "discouraged-words",
                quoted,
                "Your organisation avoids these words.",
                "Say it in other words.",
            );
        }
    }
    if draft.audience.is_outside() {
        for phrase in CAUSES {
            for quoted in words.phrase(phrase) {
                report.warn(
                    "cause",
                    quoted,
                    "This names a cause to people outside.",
                    "Say what people cannot do; leave causes to the report.",
                );
            }
        }
        inside_names(words, draft, report);
    }
}

fn long_sentences(words: &Words<'_>, report: &mut Report<'_>) {
    for (from, to) in words.sentences() {
        let length = to + 1 - from;
        if length > SENTENCE_WORDS {
            report.warn(
                "long-sentence",
                words.quote_raw(from, to),
                &format!("This sentence has {length} words; {SENTENCE_WORDS} are enough."),
                "Make two sentences of it.",
            );
        }
    }
}

fn estimates(words: &Words<'_>, report: &mut Report<'_>) {
    let mut warn = |quoted: &str| {
        report.warn(
            "estimate",
            quoted,
            "This estimates a time.",
            "Give a time only if the tech lead confirmed it, as a clock time.",
        );
    };
    for phrase in ESTIMATES {
        words.phrase(phrase).into_iter().for_each(&mut warn);
    }
    const FILLERS: &[&str] = &[
        "about",
        "around",
        "approximately",
        "the",
        "next",
        "another",
        "roughly",
    ];
    const COUNTS: &[&str] = &[
        "a", "an", "one", "two", "three", "few", "couple", "half", "several",
    ];
    const UNITS: &[&str] = &[
        "minute", "minutes", "min", "mins", "hour", "hours", "hrs", "day", "days",
    ];
    for at in 0..words.words.len() {
        if !["in", "within"].contains(&words.words[at].lower.as_str()) {
            continue;
        }
        let mut to = at + 1;
        let word = |at: usize| words.words.get(at).map_or("", |word| word.lower.as_str());
        while FILLERS.contains(&word(to)) {
            to += 1;
        }
        let counted = |text: &str| {
            COUNTS.contains(&text) || text == "of" || text.starts_with(|c: char| c.is_ascii_digit())
        };
        while counted(word(to)) {
            to += 1;
        }
        let joined = word(to.saturating_sub(1)).trim_start_matches(|c: char| c.is_ascii_digit());
        let last = if UNITS.contains(&word(to)) && to > at + 1 {
            to
        } else if to > at + 1 && UNITS.contains(&joined) {
            to - 1
        } else {
            continue;
        };
        let from = if at > 0 && ["back", "again", "fixed", "working"].contains(&word(at - 1)) {
            at - 1
        } else {
            at
        };
        warn(words.quote(from, last));
    }
}

fn contractions(words: &Words<'_>, report: &mut Report<'_>) {
    for word in words
        .words
        .iter()
        .filter(|word| word.lower.ends_with("n't"))
    {
        let whole = match word.lower.as_str() {
            "can't" => "cannot".to_owned(),
            "won't" => "will not".to_owned(),
            "shan't" => "shall not".to_owned(),
            other => format!("{} not", other.trim_end_matches("n't")),
        };
        report.warn(
            "contraction",
            word.core,
            "The \"not\" in this word is easy to miss.",
            &format!("Write \"{whole}\"."),
        );
    }
}

/// Two words in a row, or one long one, in capitals. Names that the directory writes so are names.
fn capitals(words: &Words<'_>, draft: &Draft<'_>, report: &mut Report<'_>) {
    let shouts = |text: &str| {
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        letters >= 2 && text.chars().all(|c| !c.is_lowercase())
    };
    let names = || draft.directory.services.values();
    let is_name = |text: &str| {
        names().any(|service| {
            service.name.contains(text) || service.name_for_outsiders().contains(text)
        })
    };
    let mut at = 0;
    while at < words.words.len() {
        let run = words.words[at..]
            .iter()
            .take_while(|word| shouts(word.core))
            .count();
        let quoted = words.quote(at, at + run.max(1) - 1);
        let long = run == 1 && quoted.chars().count() >= 6 && !quoted.contains(['.', '-', '/']);
        if (run >= 2 || long) && !is_name(quoted) {
            report.warn(
                "capitals",
                quoted,
                "Capitals read like shouting, and are harder to read.",
                "Write it in sentence case.",
            );
        }
        at += run.max(1);
    }
}

fn inside_names(words: &Words<'_>, draft: &Draft<'_>, report: &mut Report<'_>) {
    for priority in &draft.policy.priorities {
        for quoted in words.phrase(&priority.id.as_str().to_lowercase()) {
            report.warn(
                "priority-outside",
                quoted,
                "People outside do not know our priorities.",
                "Say who is affected and how.",
            );
        }
    }
    for service in draft.directory.services.values() {
        let outside = service.name_for_outsiders();
        for name in names_inside(service) {
            for quoted in words.phrase(&name.to_lowercase()) {
                report.warn(
                    "inside-name",
                    quoted,
                    "This is our own name for a service.",
                    &format!("Write \"{outside}\"."),
                );
            }
        }
    }
}

/// Names of a service that its users do not use: the inside name, and an id that is no word.
fn names_inside(service: &Service) -> impl Iterator<Item = &str> {
    let outside = service
        .name_for_outsiders()
        .to_lowercase()
        .replace('-', " ");
    let id = service.id.as_str();
    let is_other = move |name: &&str| !outside.contains(&name.to_lowercase().replace('-', " "));
    std::iter::once(service.name.as_str())
        .chain(id.contains('-').then_some(id))
        .filter(is_other)
}
