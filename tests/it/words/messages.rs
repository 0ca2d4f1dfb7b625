//! Every message, as people read it, and what holds for all of them.

use oyez::domain::{Audience, notification::Moment, text};

use super::{all, kinds, rendered, renderer, story::Story};

/// One snapshot for each channel and moment, with all audiences and parts.
#[test]
fn every_message_reads_as_it_should() {
    let renderer = renderer();
    for kind in kinds() {
        for moment in Moment::ALL {
            let story = Story::up_to(moment);
            let mut read = String::new();
            for audience in Audience::ALL {
                let parts = rendered(&renderer, &kind, &story.view(moment, audience));
                for part in kind.1 {
                    // The first post of a thread says the same and how things stand: once is enough.
                    if part.name == "incident" && moment != Moment::NoChange {
                        continue;
                    }
                    let words = &parts[part.name];
                    let words = if text::is_json(part.format) {
                        let json: serde_json::Value =
                            serde_json::from_str(words).expect("JSON parts are JSON");
                        serde_json::to_string_pretty(&json).expect("JSON")
                    } else {
                        words.clone()
                    };
                    read.push_str(&format!("===== {audience}: {}\n{words}\n\n", part.name));
                }
            }
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(format!("{}__{moment}", kind.0), read);
            });
        }
    }
}

/// What a reader sees of a mail's text part.
fn mail(moment: Moment, audience: Audience) -> String {
    let email = ("email".parse().expect("a channel"), kind_parts("email"));
    rendered(
        &renderer(),
        &email,
        &Story::up_to(moment).view(moment, audience),
    )["text"]
        .clone()
}

fn kind_parts(name: &str) -> &'static [oyez::domain::channel::Part] {
    let kind = kinds().into_iter().find(|(kind, _)| kind.as_str() == name);
    kind.expect("a kind of channel").1
}

#[test]
fn every_message_repeats_what_it_is_about() {
    for (moment, audience) in all() {
        if moment == Moment::Test {
            continue;
        }
        let read = mail(moment, audience);
        let mut wanted = vec!["providers cannot sign in", "Register trainees", "State: "];
        if audience != Audience::Users {
            wanted.push("INC-0042");
        }
        if matches!(moment, Moment::Declared | Moment::Update | Moment::NoChange) {
            wanted.push("Next update by ");
        }
        for wanted in wanted {
            assert!(
                read.contains(wanted),
                "{moment} {audience}: {wanted} in {read}"
            );
        }
    }
}

/// Words that we write, not those that people type, which here are short as well.
#[test]
fn sentences_are_short_and_plain() {
    for (moment, audience) in all() {
        let read = mail(moment, audience);
        for line in read.lines().filter(|line| !line.contains("https://")) {
            for sentence in line.split_inclusive(['.', '?']) {
                let words = sentence.split_whitespace().count();
                assert!(
                    words <= 25,
                    "{moment} {audience}: {words} words in {sentence:?}"
                );
            }
            let lower = format!(" {} ", line.to_lowercase());
            for bad in [
                "n't ",
                " please ",
                "!",
                " midnight",
                "inconvenience",
                " impact ",
                "click here",
            ] {
                assert!(
                    !lower.contains(bad),
                    "{moment} {audience}: {bad:?} in {line:?}"
                );
            }
        }
    }
}

#[test]
fn messages_are_as_short_as_their_readers_need() {
    for (moment, audience) in all() {
        if moment.is_for_leads() {
            continue;
        }
        let read = mail(moment, audience);
        let most = match audience {
            Audience::Responders | Audience::Owners => 160,
            Audience::External => 140,
            Audience::Users => 100,
        };
        // The subject and the lines about the message come on top of the words; the reason line is
        // the reader's own.
        let ours = read
            .lines()
            .filter(|line| !line.starts_with("You get this because"));
        let words = ours.flat_map(str::split_whitespace).count();
        assert!(words <= most, "{moment} {audience}: {words} words\n{read}");
    }
}

#[test]
fn an_exercise_is_marked_in_every_part_that_people_read() {
    let renderer = renderer();
    let changes = serde_json::json!({ "exercise": true });
    for (moment, audience) in all().filter(|(moment, _)| *moment != Moment::Test) {
        let mut story = Story::up_to(moment);
        let declared = Story::declared(&changes);
        story.log[0] = declared.log[0].clone();
        let view = story.view(moment, audience);
        for kind in kinds() {
            for (part, words) in rendered(&renderer, &kind, &view) {
                let marked = words.contains("Exercise: ") || words.contains("This is an exercise.");
                assert!(marked, "{} {moment} {audience} {part}: {words}", kind.0);
            }
        }
    }
}

#[test]
fn every_mail_says_why_somebody_gets_it() {
    for (moment, audience) in all() {
        let read = mail(moment, audience);
        assert!(
            read.contains("You get this because"),
            "{moment} {audience}: {read}"
        );
    }
}

#[test]
fn a_prompt_shows_the_exact_words_and_the_command_that_sends_them() {
    let read = mail(Moment::Prompt, Audience::Responders);
    assert!(read.contains("oyez no-change INC-0042"), "{read}");
    assert!(
        read.contains(
            "- To owners: Nothing has changed since 2:31pm. About 1 in 4 training providers cannot \
             sign in to Register trainees. The team is still working on it. Next update by 4:40pm."
        ),
        "{read}"
    );
}
