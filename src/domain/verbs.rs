//! The verbs of incident work: one table for every door.
//!
//! The command line and chat speak of the same things; where people in chat say it otherwise
//! (`open` for `declare`), the other spelling is an alias here and nowhere else.

use super::{command::Refusal, nearest, text::bare};

/// Something that people ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Declare an incident.
    Open,
    /// A line that tells nobody.
    Note,
    /// Tell people what changed.
    Update,
    /// Keep the promise: nothing changed.
    NoChange,
    /// Make it graver or less grave.
    Priority,
    /// Change the stage and tell nobody.
    Stage,
    /// Add or remove services.
    Services,
    /// See or appoint the leads.
    Leads,
    /// Give a lead to somebody else.
    Handover,
    /// Tell somebody from now on.
    Add,
    /// Do not tell somebody for a while.
    Mute,
    /// Who is told, and why.
    Who,
    /// Why somebody is told, or is not.
    Why,
    /// How an incident stands.
    Status,
    /// The open incidents.
    List,
    /// Decide whether users are contacted.
    Decide,
    /// Record a playbook step.
    Step,
    /// Ask other services whether they are affected.
    Ask,
    /// The service is back.
    Resolve,
    /// The paperwork is done.
    Close,
    /// Put right what was wrong.
    Correct,
    /// It was not fixed after all.
    Reopen,
    /// Declared by mistake.
    Cancel,
    /// What one can say.
    Help,
}

/// What the table says of a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The verb.
    pub verb: Verb,
    /// How chat spells it.
    pub chat: &'static str,
    /// How the command line spells it; `None` where chat alone has it.
    pub cli: Option<&'static str>,
    /// Other spellings that chat takes.
    pub also: &'static [&'static str],
    /// What may follow it.
    pub takes: &'static str,
    /// What it does, as a short sentence without its full stop.
    pub does: &'static str,
    /// Whether it is among those used most, which chat offers by itself.
    pub offered: bool,
}

const fn entry(
    verb: Verb,
    chat: &'static str,
    cli: Option<&'static str>,
    also: &'static [&'static str],
    takes: &'static str,
    does: &'static str,
) -> Entry {
    Entry {
        verb,
        chat,
        cli,
        also,
        takes,
        does,
        offered: false,
    }
}

const fn offered(entry: Entry) -> Entry {
    Entry {
        offered: true,
        ..entry
    }
}

/// Every verb, in the order in which people read about them.
#[rustfmt::skip]
pub static VERBS: [Entry; 24] = [
    offered(entry(Verb::Open, "open", Some("declare"), &["declare", "new", "start"],
        "P1 register-trainees: Providers cannot sign in", "start an incident")),
    offered(entry(Verb::Update, "update", Some("update"), &[],
        "We have found the fault", "tell everyone told so far")),
    offered(entry(Verb::NoChange, "nochange", Some("no-change"), &["no-change", "nothing"],
        "[by 3:40pm]", "nothing new; keep the promise")),
    offered(entry(Verb::Priority, "priority", Some("priority"), &[],
        "P2 because half of them can sign in", "make it graver or less grave")),
    offered(entry(Verb::Leads, "leads", Some("leads"), &["lead"],
        "[comms Priya Shah, tech Tom Okafor]", "see or appoint the leads")),
    offered(entry(Verb::Who, "who", Some("who"), &[],
        "[P1 register-trainees]", "who is told, and why")),
    offered(entry(Verb::Status, "status", Some("status"), &[],
        "", "how it stands, and what is left to do")),
    offered(entry(Verb::Resolve, "resolve", Some("resolve"), &["resolved", "fixed"],
        "Providers can sign in again", "it is fixed")),
    offered(entry(Verb::Close, "close", Some("close"), &[],
        "[duplicate of INC-0007]", "the paperwork is done")),
    offered(entry(Verb::Note, "note", Some("note"), &[],
        "Rang the supplier", "a line that tells nobody")),
    offered(entry(Verb::List, "list", Some("list"), &[],
        "", "the open incidents")),
    offered(entry(Verb::Help, "help", None, &["?"],
        "[verb]", "what you can say")),
    entry(Verb::Stage, "stage", Some("stage"), &[],
        "fixing it", "change the stage and tell nobody"),
    entry(Verb::Services, "services", Some("services"), &["service"],
        "add find-courses, remove data-hub", "add or remove services"),
    entry(Verb::Handover, "handover", None, &["hand-over"],
        "comms to Mei Lin: providers expect news at 4pm", "give a lead to somebody else"),
    entry(Verb::Add, "add", Some("add"), &[],
        "Dana Whitlock: asked to be told", "tell somebody from now on"),
    entry(Verb::Mute, "mute", Some("mute"), &[],
        "Dana Whitlock until 5pm: on leave", "do not tell somebody for a while"),
    entry(Verb::Why, "why", None, &[],
        "Dana Whitlock", "why somebody is told, or is not"),
    entry(Verb::Decide, "decide", Some("decide"), &[],
        "yes because support is filling up", "decide whether users are contacted"),
    entry(Verb::Step, "step", Some("step"), &[],
        "start-report done", "record a playbook step"),
    entry(Verb::Ask, "ask", Some("ask"), &[],
        "[find-courses]", "ask other services whether they are affected"),
    entry(Verb::Correct, "correct", Some("correct"), &["correction"],
        "", "put right what was wrong"),
    entry(Verb::Reopen, "reopen", Some("reopen"), &["re-open"],
        "Providers are locked out again", "it was not fixed after all"),
    entry(Verb::Cancel, "cancel", Some("cancel"), &[],
        "It was a test that ran late", "declared by mistake"),
];

impl Verb {
    /// What the table says of it.
    pub fn entry(self) -> &'static Entry {
        VERBS
            .iter()
            .find(|entry| entry.verb == self)
            .unwrap_or(&VERBS[0])
    }

    /// The verb that a word means in chat. The refusal offers the nearest.
    pub fn find(word: &str) -> Result<Self, Refusal> {
        let lower = bare(word).to_lowercase();
        let lower = match lower
            .trim_start_matches('/')
            .trim_end_matches(['.', ',', ':'])
        {
            "" => lower.as_str(),
            said => said,
        };
        let is_it = |entry: &&Entry| entry.chat == lower || entry.also.contains(&lower);
        VERBS
            .iter()
            .find(is_it)
            .map(|entry| entry.verb)
            .ok_or_else(|| {
                let names = VERBS.iter().map(|entry| entry.chat);
                Refusal::new(
                    "unknown-verb",
                    format!("I do not know the word \"{word}\"."),
                    nearest::fix_for(lower, names, "Say help to see what you can say."),
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_verb_is_in_the_table_once_and_no_spelling_means_two() {
        let verbs: BTreeSet<Verb> = VERBS.iter().map(|entry| entry.verb).collect();
        assert_eq!(verbs.len(), VERBS.len());
        let mut spellings = BTreeSet::new();
        for entry in &VERBS {
            assert_eq!(entry.verb.entry(), entry);
            for spelling in entry.also.iter().chain([&entry.chat]) {
                assert!(spellings.insert(spelling), "{spelling}");
                assert_eq!(Verb::find(&spelling.to_uppercase()), Ok(entry.verb));
            }
        }
    }

    #[test]
    fn chat_offers_the_twelve_used_most() {
        assert_eq!(VERBS.iter().filter(|entry| entry.offered).count(), 12);
    }

    #[test]
    fn a_slip_of_the_finger_gets_a_suggestion() {
        let refusal = Verb::find("nochnge").unwrap_err();
        assert_eq!(refusal.fix, "Did you mean nochange?");
        let refusal = Verb::find("xyzzy").unwrap_err();
        assert_eq!(refusal.fix, "Say help to see what you can say.");
    }
}
