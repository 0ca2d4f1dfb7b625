//! The built-in templates are sound, an organisation's are refused where they are not, and a
//! message is rendered whatever happens.

use std::{fs, path::Path};

use super::*;
use crate::domain::{
    channel::{Format, REASON_MARK},
    fixture::id,
    wording::{self, Value},
};

const EMAIL: &[Part] = &[
    part("subject", Format::Line, 300),
    part("text", Format::Plain, 100_000),
    part("html", Format::Html, 200_000),
];
const TEAMS: &[Part] = &[
    part("card", Format::CardJson, 27_000),
    part("summary", Format::Plain, 500),
];
const SLACK: &[Part] = &[
    part("text", Format::Slack, 4_000),
    part("blocks", Format::SlackJson, 30_000),
];
const WEBHOOK: &[Part] = &[part("body", Format::Json, 64 * 1024)];

const fn part(name: &'static str, format: Format, max_bytes: usize) -> Part {
    Part {
        name,
        format,
        max_bytes,
    }
}

fn channels() -> Vec<(ChannelName, &'static [Part])> {
    vec![
        (id("email"), EMAIL),
        (id("teams_workflow"), TEAMS),
        (id("slack_webhook"), SLACK),
        (id("webhook"), WEBHOOK),
    ]
}

fn built_in() -> Renderer {
    let (renderer, faults) = Renderer::load(None, &channels());
    assert_eq!(faults, []);
    renderer
}

/// A renderer with one file of an organisation's own, and what was wrong with it.
fn with_own(name: &str, text: &str) -> (Renderer, Vec<Fault>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), name, text);
    let (renderer, faults) = Renderer::load(Some(folder.path()), &channels());
    (renderer, faults, folder)
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn sample(moment: Moment, audience: Audience) -> View {
    wording::sample(moment, audience, false)
}

fn subject(renderer: &Renderer, moment: Moment, audience: Audience) -> Rendered {
    let view = sample(moment, audience);
    renderer.render(&id("email"), EMAIL, moment, audience, &view)
}

#[test]
fn the_built_in_templates_have_no_fault() {
    let faults: Vec<String> = built_in().check().iter().map(Fault::to_string).collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn every_part_of_every_message_renders() {
    let renderer = built_in();
    for (channel, parts) in channels() {
        for moment in Moment::ALL {
            for audience in Audience::ALL {
                let view = sample(moment, audience);
                let rendered = renderer.render(&channel, parts, moment, audience, &view);
                assert_eq!(rendered.fault, None, "{channel} {moment} {audience}");
                assert_eq!(rendered.parts.len(), parts.len());
            }
        }
    }
}

#[test]
fn an_own_template_takes_the_place_of_the_built_in_one() {
    let (renderer, faults, _folder) =
        with_own("email/declared.owners.subject.hbs", "Own: {{title}}");
    assert_eq!(faults, []);
    let check = |moment, audience, expected: &str| {
        let rendered = subject(&renderer, moment, audience);
        assert_eq!(rendered.parts["subject"], expected);
    };
    check(Moment::Declared, Audience::Owners, "Own: title");
    check(Moment::Declared, Audience::External, "subject");
    check(Moment::Update, Audience::Owners, "subject");
    assert_ne!(renderer.version(), built_in().version());
    assert_eq!(renderer.check(), []);
}

#[test]
fn a_channel_of_another_name_takes_the_templates_of_its_kind() {
    let channel: ChannelName = id("ops_chat");
    let (renderer, faults) = Renderer::load(None, &[(channel.clone(), SLACK)]);
    assert_eq!(faults, []);
    let view = sample(Moment::Declared, Audience::Owners);
    let rendered = renderer.render(&channel, SLACK, view.moment, view.audience, &view);
    assert_eq!(rendered.fault, None);
    assert!(rendered.parts["text"].contains("*headline*"));
}

#[test]
fn a_broken_own_template_is_named_and_the_built_in_one_stays() {
    let check = |name: &str, text: &str, line: usize, message: &str, fix: &str| {
        let (renderer, faults, folder) = with_own(name, text);
        let file = folder.path().join(name).display().to_string();
        let fault = faults.first().unwrap_or_else(|| panic!("{text} is taken"));
        assert_eq!(fault.file.as_ref(), Some(&file), "{fault}");
        assert_eq!(fault.line, (line > 0).then_some(line), "{fault}");
        assert!(fault.message.contains(message), "{fault}");
        assert!(fault.fix.contains(fix), "{fault}");
        assert_eq!(renderer.version(), built_in().version());
    };
    let subject = "email/declared.owners.subject.hbs";
    check(
        subject,
        "{{subject}}\n{{titel}}",
        2,
        "no fact \"titel\"",
        "title",
    );
    check(
        subject,
        "{{#if titel}}x{{/if}}",
        1,
        "no fact \"titel\"",
        "title",
    );
    check(subject, "{{#if title}}x", 1, "not a template", "Close");
    check(subject, "{{{title}}}", 1, "without escaping", "two braces");
    check(subject, "{{theory}}", 1, "no fact \"theory\"", "");
    check(subject, "{{link}}", 1, "may be empty", "{{#if link}}");
    check(subject, "{{shout title}}", 1, "no helper \"shout\"", "");
    check(
        subject,
        "{{> partials/standing/owner}}",
        1,
        "no partial",
        "standing/owners",
    );
    check(
        subject,
        "{{exercise}}",
        1,
        "cannot be written like this",
        "with if",
    );
    check(
        "email/declared.owner.subject.hbs",
        "x",
        0,
        "no audience \"owner\"",
        "owners",
    );
    check(
        "email/declare.subject.hbs",
        "x",
        0,
        "no moment \"declare\"",
        "declared",
    );
    check(
        "email/declared.subjects.hbs",
        "x",
        0,
        "no part \"subjects\"",
        "subject",
    );
    check(
        "mail/declared.subject.hbs",
        "x",
        0,
        "no channel \"mail\"",
        "email",
    );
    check(
        "declared.subject.hbs",
        "x",
        0,
        "folder of its channel",
        "email/",
    );
    check(
        "teams_workflow/declared.card.hbs",
        "{\"a\": 1,}",
        0,
        "not JSON",
        "comma",
    );
    check(
        "words/declared.owners.hbs",
        "{{> words/declared.owners}}",
        1,
        "includes itself",
        "",
    );
}

#[test]
fn a_message_that_leaves_out_what_it_must_say_is_told() {
    let (renderer, faults, _folder) = with_own("words/update.owners.hbs", "{{text who}}");
    assert_eq!(faults, []);
    let faults = renderer.check();
    assert!(
        faults.iter().any(|fault| fault.message
            == "On email, the fact \"change\" is never used (in update to owners)."),
        "{faults:?}"
    );
}

#[test]
fn a_template_that_nobody_uses_is_told() {
    let (renderer, faults, _folder) = with_own("partials/signature.hbs", "Yours");
    assert_eq!(faults, []);
    let unused = renderer.check();
    assert_eq!(unused.len(), 1, "{unused:?}");
    assert_eq!(unused[0].message, "No message uses this template.");
}

#[test]
fn every_broken_file_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "email/declared.subject.hbs", "{{nothing}}");
    write(folder.path(), "email/update.subject.hbs", "{{/if}}");
    write(
        folder.path(),
        "email/resolved.subject.hbs",
        "Fine: {{title}}",
    );
    let (renderer, faults) = Renderer::load(Some(folder.path()), &channels());
    let files: BTreeSet<_> = faults
        .iter()
        .filter_map(|fault| fault.file.clone())
        .collect();
    assert_eq!(files.len(), 2, "{faults:?}");
    let fine = subject(&renderer, Moment::Resolved, Audience::Owners);
    assert_eq!(fine.parts["subject"], "Fine: title");
}

#[test]
fn a_preview_fails_loudly_where_a_message_falls_back() {
    // A view that lacks a fact stands for any failure at the moment of sending.
    let renderer = built_in();
    let (moment, audience) = (Moment::Declared, Audience::Owners);
    let view = sample(Moment::Test, audience);
    let rendered = renderer.render(&id("email"), EMAIL, moment, audience, &view);
    assert_eq!(rendered.parts["subject"], "subject");
    let view = sample(Moment::Test, Audience::External);
    let none = Renderer::load(None, &[]).0;
    let rendered = none.render(&id("email"), EMAIL, moment, audience, &view);
    assert!(rendered.fault.is_some());
    assert_eq!(rendered.parts["subject"], "subject");
    assert!(rendered.parts["html"].contains("<p>subject</p>"));
    let preview = none.preview(&id("email"), EMAIL, moment, audience, &view);
    assert!(preview.is_err());
    let view = sample(moment, audience);
    assert!(
        renderer
            .preview(&id("email"), EMAIL, moment, audience, &view)
            .is_ok()
    );
}

#[test]
fn the_last_resort_is_valid_in_every_format() {
    for (_, parts) in channels() {
        for part in parts {
            let view = sample(Moment::Declared, Audience::Owners);
            let words = last_resort::part(part, &view);
            assert!(words.contains("subject"), "{words}");
            if crate::domain::text::is_json(part.format) {
                serde_json::from_str::<serde_json::Value>(&words).unwrap();
            }
            if part.format != Format::Line && !part.is_short() {
                assert!(words.contains(REASON_MARK), "{words}");
            }
        }
    }
}

const SHORT: &[Part] = &[part("text", Format::Plain, 400)];

/// A channel with room for the gist only, and what is wrong with its one template.
fn short_channel(template: &str) -> (Renderer, Vec<Fault>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "pager/update.text.hbs", template);
    let (renderer, faults) = Renderer::load(Some(folder.path()), &[(id("pager"), SHORT)]);
    assert_eq!(faults, []);
    let of_this = |fault: &Fault| fault.message.contains("(in update to ");
    let faults = renderer.check().into_iter().filter(of_this).collect();
    (renderer, faults, folder)
}

#[test]
fn a_short_message_owes_the_gist_and_where_to_read_the_rest() {
    let rest = "{{#if next_update_words}}{{next_update_words}}{{/if}}{{#if link}}{{link}}{{/if}}";
    let (_, faults, _folder) = short_channel(&format!("{{{{subject}}}} {{{{change}}}} {rest}"));
    assert_eq!(faults, []);
    let (_, faults, _folder) = short_channel("{{headline}}");
    let silent: Vec<&str> = faults
        .iter()
        .filter_map(|fault| fault.message.split('"').nth(1))
        .collect();
    assert_eq!(
        silent,
        [
            "change",
            "link",
            "next_update",
            "next_update_words",
            "reference"
        ]
    );
}

#[test]
fn a_short_message_is_cut_at_a_sentence() {
    let (renderer, _, _folder) =
        short_channel("{{subject}}\n{{text change}}\n{{#if link}}{{link}}{{/if}}");
    let (moment, audience) = (Moment::Update, Audience::Owners);
    let long = Value::Text("One sentence of some length. ".repeat(40));
    let view = sample(moment, audience).with("change", long);
    let rendered = renderer.render(&id("pager"), SHORT, moment, audience, &view);
    assert_eq!(rendered.fault, None);
    let text = &rendered.parts["text"];
    assert!(text.len() <= 400, "{text}");
    let end = "length.\n\nThere is more than fits here.\n\nhttps://link.example";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn the_last_resort_fits_into_a_short_part() {
    for audience in Audience::ALL {
        let long = || Value::Text("One sentence of some length. ".repeat(400));
        let view = sample(Moment::Update, audience);
        let view = view.with("effect", long()).with("change", long());
        let words = last_resort::part(&SHORT[0], &view);
        assert!(words.len() <= 400, "{words}");
        assert!(words.starts_with("subject") && words.contains("https://link.example"));
    }
}

#[test]
fn a_short_part_is_cut_at_the_facts_and_stays_whole() {
    const SHORT: &[Part] = &[part("card", Format::CardJson, 4_500)];
    let renderer = built_in();
    let (moment, audience) = (Moment::Declared, Audience::Owners);
    let view = wording::sample(moment, audience, false);
    let long = view.with(
        "effect",
        Value::Text("One sentence of some length. ".repeat(400)),
    );
    let rendered = renderer.render(&id("teams_workflow"), SHORT, moment, audience, &long);
    assert_eq!(rendered.fault, None);
    let card = &rendered.parts["card"];
    assert!(card.len() <= 4_500, "{}", card.len());
    assert!(card.contains("There is more than fits here."), "{card}");
    serde_json::from_str::<serde_json::Value>(card).unwrap();
}
