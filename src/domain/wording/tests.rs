//! What the facts of a message are, and what they never hold.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::{
    Time,
    directory::Directory,
    event::{Actor, Door, Event, Frozen, Record, RungKind},
    facts::Facts,
    fixture::{at, directory, id, policy},
    incident::{Incident, Kind as IncidentKind, LeadRole, Stage},
    policy::Policy,
    saying::Links,
    situation::Relation,
    variant::Variant,
};

struct Story {
    log: Vec<Record>,
    directory: Directory,
    policy: Policy,
    links: Links,
    abroad: bool,
    exercise: bool,
}

fn typed(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl Story {
    /// A P1 declared at 1:25pm with every field filled in.
    fn new(title: &str, exercise: bool) -> Self {
        let mut story = Self {
            log: Vec::new(),
            directory: directory(),
            policy: policy(),
            links: Links {
                incidents: typed("https://oyez.northshire.example/incidents/"),
                status: typed("https://status.northshire.example"),
                team_mailbox: typed("help@northshire.example"),
            },
            abroad: false,
            exercise,
        };
        story.happens(
            "2026-11-23T13:25:00Z",
            Event::Declared {
                title: title.to_owned(),
                priority: id("P1"),
                factors: BTreeSet::new(),
                triage: Vec::new(),
                kind: IncidentKind::Technical,
                restricted: false,
                exercise,
                services: BTreeMap::from([(id("register-trainees"), Relation::Affected)]),
                facts: Facts {
                    effect: typed("Providers cannot sign in. Trainees can."),
                    who: typed("All 214 providers."),
                    what_to_do: typed("You do not need to do anything."),
                    doing: typed("DOING the certificate."),
                    decision: typed("DECISION none."),
                    theory: typed("THEORY the certificate ran out."),
                },
                started_at: at("2026-11-23T13:20:00Z"),
                leads: BTreeMap::from([
                    (LeadRole::Comms, id("priya-shah")),
                    (LeadRole::Tech, id("tom-okafor")),
                ]),
                promised: BTreeMap::new(),
                holding_line: typed("We are still looking into it"),
                references: Vec::new(),
                unrestricted_because: None,
            },
        );
        story
    }

    fn happens(&mut self, when: &str, event: Event) -> &mut Self {
        self.log.push(Record {
            seq: u32::try_from(self.log.len()).unwrap() + 1,
            at: at(when),
            actor: Actor {
                id: "cli:priya".to_owned(),
                person: None,
                name: "Priya Shah".to_owned(),
                door: Door::Cli,
            },
            request_key: String::new(),
            event,
            said: None,
        });
        self
    }

    fn updated(&mut self, when: &str, text: &str) -> &mut Self {
        self.happens(
            when,
            Event::Updated {
                text: text.to_owned(),
                facts: Facts::default(),
                stage: Some(Stage::Identified),
                promised: BTreeMap::new(),
            },
        )
    }

    fn said<T>(
        &self,
        moment: Moment,
        audience: Audience,
        next: Option<Time>,
        read: impl Fn(&Saying<'_>) -> T,
    ) -> T {
        let incident = Incident::from_log(id("INC-0042"), &self.log).unwrap();
        assert_eq!(incident.exercise, self.exercise);
        let event = self.log.last().unwrap();
        read(&Saying {
            incident: &incident,
            log: &self.log,
            event,
            moment,
            audience,
            variant: Variant::Follows,
            directory: &self.directory,
            policy: &self.policy,
            next_update: next,
            people_told: 42,
            readers_abroad: self.abroad,
            before: None,
            links: &self.links,
            now: event.at,
        })
    }

    fn view(&self, moment: Moment, audience: Audience) -> View {
        let next = Some(at("2026-11-23T14:40:00Z"));
        self.said(moment, audience, next, view)
    }
}

fn signing_in() -> Story {
    Story::new("Providers cannot sign in", false)
}

#[test]
fn every_declared_fact_has_words_at_every_moment_for_every_audience() {
    let unknown = {
        let mut story = signing_in();
        if let Event::Declared {
            facts,
            leads,
            services,
            ..
        } = &mut story.log[0].event
        {
            *facts = Facts::default();
            leads.clear();
            services.clear();
        }
        story.links = Links::default();
        story
    };
    for story in [signing_in(), unknown] {
        for moment in Moment::ALL {
            for audience in Audience::ALL {
                let view = story.view(moment, audience);
                let declared: Vec<_> = declared_facts(moment, audience).collect();
                assert_eq!(
                    view.names().count(),
                    declared.len(),
                    "{moment} {audience}: doubled"
                );
                for fact in declared {
                    let blank = match view.get(fact.name).unwrap() {
                        Value::Text(text) => text.trim().is_empty(),
                        Value::List(items) => items.is_empty(),
                        Value::Flag(_) => false,
                    };
                    assert!(
                        !blank || fact.optional,
                        "{moment} {audience}: {} is blank",
                        fact.name
                    );
                }
            }
        }
    }
}

#[test]
fn each_audience_gets_only_what_it_may_see() {
    let mut story = signing_in();
    story.happens(
        "2026-11-23T13:40:00Z",
        Event::PriorityChanged {
            from: id("P2"),
            to: id("P1"),
            factors: BTreeSet::new(),
            triage: Vec::new(),
            why: "WHY P1".to_owned(),
            promised: BTreeMap::new(),
        },
    );
    for moment in Moment::ALL {
        let seen = |audience| serde_json::to_string(&story.view(moment, audience)).unwrap();
        for audience in [Audience::External, Audience::Users] {
            let seen = seen(audience);
            for inside in [
                "THEORY",
                "DOING",
                "DECISION",
                "P1",
                "priya",
                "tom",
                "WHY",
                "42 people",
                "oyez.northshire",
                "\"register trainees\"",
                "register trainees:",
            ] {
                // A lead reads how many wait, whoever the lead is.
                let is_lead = moment.is_for_leads() && inside == "42 people";
                assert!(
                    !seen.contains(inside) || is_lead,
                    "{moment} {audience}: {inside} in {seen}"
                );
            }
        }
        assert!(!seen(Audience::Owners).contains("THEORY"), "{moment}");
        assert!(!seen(Audience::Responders).contains("DECISION"), "{moment}");
        assert!(
            !seen(Audience::Users).contains("INC-") || moment.is_for_leads(),
            "{moment}"
        );
    }
    let declared = |audience| story.view(Moment::Declared, audience);
    assert_eq!(
        declared(Audience::Responders).text("theory"),
        "THEORY the certificate ran out."
    );
    assert_eq!(
        declared(Audience::Owners).text("decision"),
        "DECISION none."
    );
    assert_eq!(
        declared(Audience::External).text("service"),
        "Register trainee teachers"
    );
}

#[test]
fn the_subject_keeps_its_stem_and_its_length() {
    let mut story = Story::new("providers cannot sign in", false);
    let check = |story: &Story, moment, audience, expected: &str| {
        assert_eq!(story.view(moment, audience).text("subject"), expected);
    };
    let owners = Audience::Owners;
    let stem = "register trainees: providers cannot sign in (INC-0042)";
    check(
        &story,
        Moment::Declared,
        owners,
        &format!("P1 declared: {stem}"),
    );
    check(
        &story,
        Moment::Declared,
        Audience::External,
        "Problem: Register trainee teachers: providers cannot sign in (INC-0042)",
    );
    check(
        &story,
        Moment::Resolved,
        Audience::Users,
        "Fixed: Register trainee teachers: providers cannot sign in",
    );
    story.updated("2026-11-23T13:40:00Z", "One.");
    story.happens(
        "2026-11-23T13:41:00Z",
        Event::ServicesChanged {
            added: BTreeMap::from([(id("sign-in"), Relation::Affected)]),
            removed: BTreeSet::new(),
            text: "Sign-in is affected too.".to_owned(),
            promised: BTreeMap::new(),
        },
    );
    check(&story, Moment::Update, owners, &format!("Update 2: {stem}"));
    assert_eq!(
        story.view(Moment::Update, owners).text("service"),
        "register trainees and sign in"
    );

    let long = "providers in the north and east cannot sign in since the certificate was renewed";
    let story = Story::new(long, true);
    let mut stems = BTreeSet::new();
    for moment in Moment::ALL
        .into_iter()
        .filter(|moment| *moment != Moment::Test)
    {
        let view = story.view(moment, owners);
        let subject = view.text("subject").strip_suffix(" (INC-0042)").unwrap();
        assert!(subject.chars().count() <= SUBJECT_CHARS, "{subject}");
        assert!(subject.starts_with("Exercise: "), "{subject}");
        assert!(
            view.text("headline").ends_with(long),
            "{}",
            view.text("headline")
        );
        assert_eq!(view.get("headline_is_cut"), Some(&Value::Flag(true)));
        stems.insert(subject[subject.find("register").unwrap()..].to_owned());
    }
    assert_eq!(stems.len(), 1, "{stems:?}");
}

#[test]
fn no_change_says_since_when_and_what_is_still_wrong() {
    let mut story = signing_in();
    story.updated("2026-11-23T13:40:00Z", "About 1 in 4 still cannot.");
    story.log.push(Record {
        seq: 3,
        at: at("2026-11-23T14:31:00Z"),
        ..story.log[1].clone()
    });
    story.log[2].event = Event::NothingChanged {
        audiences: BTreeSet::from([Audience::Owners]),
        promised: BTreeMap::new(),
        holding_line: false,
    };
    let next = Some(at("2026-11-23T15:40:00Z"));
    let said = |audience| story.said(Moment::NoChange, audience, next, no_change_words);
    assert_eq!(
        said(Audience::Owners),
        "Nothing has changed since 1:40pm. Providers cannot sign in. The team is still working on \
         it. Next update by 3:40pm."
    );
    let view = story.said(Moment::NoChange, Audience::External, next, view);
    assert_eq!(
        view.text("no_change"),
        "Nothing has changed since 1:40pm. Providers cannot sign in. We are still working on it."
    );
    assert_eq!(view.text("next_update"), "by 3:40pm");
}

#[test]
fn no_change_sends_the_words_that_the_prompt_showed() {
    let next = at("2026-11-23T15:40:00Z");
    let mut story = signing_in();
    let prompted = |next| Event::Prompted {
        due: at("2026-11-23T14:40:00Z"),
        to: BTreeSet::new(),
        frozen: Frozen {
            revision: 1,
            words: BTreeMap::from([(
                Audience::Owners,
                "FROZEN. Next update by 3:40pm.".to_owned(),
            )]),
            promised: BTreeMap::from([(Audience::Owners, next)]),
        },
        rung: RungKind::PromptLead,
        round: 0,
    };
    story.happens("2026-11-23T14:30:00Z", prompted(next));
    assert_eq!(
        story
            .view(Moment::Prompt, Audience::Responders)
            .get("would_send"),
        Some(&Value::List(vec![
            "To owners: FROZEN. Next update by 3:40pm.".to_owned()
        ]))
    );
    let answer = |promised| Event::NothingChanged {
        audiences: BTreeSet::from([Audience::Owners]),
        promised: BTreeMap::from([(Audience::Owners, promised)]),
        holding_line: false,
    };
    story.happens("2026-11-23T14:31:00Z", answer(next));
    let said = |story: &Story| {
        let view = story.said(Moment::NoChange, Audience::Owners, Some(next), view);
        view.text("no_change").to_owned()
    };
    assert_eq!(said(&story), "FROZEN.");
    story.log.last_mut().unwrap().event = answer(at("2026-11-23T16:00:00Z"));
    assert!(
        said(&story).starts_with("Nothing has changed"),
        "{}",
        said(&story)
    );
}

#[test]
fn a_prompt_of_before_midnight_that_is_answered_after_it_prints_its_promise_once() {
    let next = at("2026-11-24T00:45:00Z");
    let promised = BTreeMap::from([(Audience::Owners, next)]);
    let mut story = signing_in();
    let prompted = |words| Event::Prompted {
        due: at("2026-11-23T23:50:00Z"),
        to: BTreeSet::new(),
        frozen: Frozen {
            revision: 1,
            words,
            promised: promised.clone(),
        },
        rung: RungKind::PromptLead,
        round: 0,
    };
    story.happens("2026-11-23T23:45:00Z", prompted(BTreeMap::new()));
    let shown = story.said(
        Moment::NoChange,
        Audience::Owners,
        Some(next),
        no_change_words,
    );
    assert!(
        shown.ends_with(" Next update by 12:45am tomorrow (24 November 2026)."),
        "{shown}"
    );
    let words = BTreeMap::from([(Audience::Owners, shown)]);
    story.log.last_mut().unwrap().event = prompted(words);
    story.happens(
        "2026-11-24T00:05:00Z",
        Event::NothingChanged {
            audiences: BTreeSet::from([Audience::Owners]),
            promised: promised.clone(),
            holding_line: false,
        },
    );
    let view = story.said(Moment::NoChange, Audience::Owners, Some(next), view);
    let said = view.text("no_change");
    assert!(said.ends_with("The team is still working on it."), "{said}");
    assert_eq!(
        view.text("next_update_words"),
        "Next update by 12:45am, even if nothing has changed."
    );
}

#[test]
fn how_late_an_update_is_is_said_in_days_and_hours() {
    let mut story = signing_in();
    story.happens(
        "2026-11-26T14:10:00Z",
        Event::Overdue {
            due: at("2026-11-23T14:40:00Z"),
            minutes_late: 4290,
            to: BTreeSet::new(),
            rung: RungKind::Overdue,
        },
    );
    let late = story.view(Moment::Overdue, Audience::Responders);
    assert_eq!(late.text("late_by"), "2 days 23 hours");
    let said = crate::domain::timeline::sentence(story.log.last().unwrap(), &story.directory);
    assert_eq!(said, "An update is 2 days 23 hours late. Told nobody");
}

#[test]
fn the_holding_line_goes_out_as_it_was_approved() {
    let mut story = signing_in();
    story.happens(
        "2026-11-23T14:55:00Z",
        Event::NothingChanged {
            audiences: BTreeSet::from([Audience::Owners]),
            promised: BTreeMap::new(),
            holding_line: true,
        },
    );
    assert_eq!(
        story
            .view(Moment::NoChange, Audience::Owners)
            .text("no_change"),
        "We are still looking into it."
    );
}

#[test]
fn a_catch_up_tells_the_story_in_three_lines_without_what_was_wrong() {
    let mut story = signing_in();
    story
        .updated("2026-11-23T13:40:00Z", "First. More.")
        .updated("2026-11-23T13:50:00Z", "WRONG.")
        .updated("2026-11-23T14:00:00Z", "Some can sign in again.")
        .happens(
            "2026-11-23T14:10:00Z",
            Event::Corrected {
                events: BTreeSet::from([3]),
                wrong: "WRONG".to_owned(),
                right: "Nothing was lost".to_owned(),
                facts: Facts::default(),
                title: None,
                holding_line: None,
            },
        );
    let lines = |audience| match story.view(Moment::CatchUp, audience).get("story") {
        Some(Value::List(lines)) => lines.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        lines(Audience::Owners),
        [
            "1:25pm: P1 declared. Providers cannot sign in.",
            "2pm: Some can sign in again.",
            "2:10pm: Correction: Nothing was lost.",
        ]
    );
    assert_eq!(
        lines(Audience::External)[0],
        "1:25pm: Providers cannot sign in."
    );
}

#[test]
fn a_correction_says_what_was_said_and_when() {
    let mut story = signing_in();
    story
        .updated("2026-11-23T15:52:00Z", "Nothing you saved was lost.")
        .happens(
            "2026-11-24T09:10:00Z",
            Event::Corrected {
                events: BTreeSet::from([2]),
                wrong: "Nothing you saved was lost".to_owned(),
                right: "Some trainees were not saved.".to_owned(),
                facts: Facts::default(),
                title: None,
                holding_line: None,
            },
        );
    let view = story.view(Moment::Correction, Audience::External);
    assert_eq!(view.text("said_at"), "3:52pm yesterday (23 November 2026)");
    assert_eq!(view.text("wrong"), "Nothing you saved was lost");
    assert_eq!(view.text("right"), "Some trainees were not saved.");
}

#[test]
fn resolved_says_how_long_it_took_and_that_nothing_was_lost() {
    let mut story = signing_in();
    story.happens(
        "2026-11-23T15:55:00Z",
        Event::Resolved {
            at: at("2026-11-23T15:52:00Z"),
            text: "You can sign in again.".to_owned(),
            lost: None,
            still_stuck: None,
        },
    );
    let view = story.view(Moment::Resolved, Audience::Users);
    assert_eq!(view.text("fixed_at"), "3:52pm");
    assert_eq!(view.text("duration"), "2 hours 32 minutes");
    assert_eq!(view.text("lost"), "Nothing was lost.");
    assert_eq!(view.text("next_update"), "");
}

#[test]
fn times_name_the_zone_when_a_reader_is_abroad() {
    let mut story = signing_in();
    story.abroad = true;
    assert_eq!(
        story
            .view(Moment::Declared, Audience::External)
            .text("next_update_words"),
        "Next update by 2:40pm UK time, even if nothing has changed."
    );
}

#[test]
fn cutting_keeps_whole_sentences_and_says_where_the_rest_is() {
    let mut story = signing_in();
    if let Event::Declared { facts, .. } = &mut story.log[0].event {
        facts.effect = Some("One sentence here. ".repeat(50));
    }
    let whole = story.view(Moment::Declared, Audience::Owners);
    let cut = whole.cut(100, false);
    let effect = cut.text("effect");
    assert!(effect.starts_with("One sentence here. One"), "{effect}");
    assert!(
        effect.ends_with(
            "here.\n\nRead the rest at https://oyez.northshire.example/incidents/INC-0042"
        ),
        "{effect}"
    );
    assert_eq!(cut.text("who"), "All 214 providers.");
    let short = whole.cut(100, true);
    let effect = short.text("effect");
    assert!(
        effect.ends_with("here."),
        "it names the page elsewhere: {effect}"
    );
}

#[test]
fn a_test_message_is_about_no_incident() {
    for audience in Audience::ALL {
        let view = test_view(&policy(), audience, at("2026-11-23T14:00:00Z"));
        for fact in declared_facts(Moment::Test, audience) {
            let blank = matches!(view.get(fact.name), Some(Value::Text(text)) if text.is_empty());
            assert!(!blank || fact.optional, "{}", fact.name);
        }
        assert_eq!(view.text("sent_at"), "2pm today (23 November 2026)");
    }
}

#[test]
fn a_stand_down_says_its_cause_and_that_it_is_not_fixed() {
    let mut story = Story::new("providers cannot sign in", false);
    story.happens(
        "2026-11-23T14:05:00Z",
        Event::PriorityChanged {
            from: id("P1"),
            to: id("P3"),
            factors: BTreeSet::new(),
            triage: Vec::new(),
            why: "Only two providers are affected.".to_owned(),
            promised: BTreeMap::new(),
        },
    );
    let said = |variant, audience, name: &str| {
        let view = story.said(Moment::StandDown, audience, None, |saying| {
            view(&Saying { variant, ..*saying })
        });
        view.text(name).to_owned()
    };
    let (inside, outside) = (Audience::Owners, Audience::External);
    assert_eq!(
        said(Variant::LessSerious, inside, "change"),
        "Now P3, was P1: Only two providers are affected. It is not fixed."
    );
    let to_others = said(Variant::LessSerious, outside, "change");
    assert!(to_others.starts_with("The problem with Register trainee teachers is not fixed."));
    assert!(!to_others.contains("P3"), "outsiders see no priority");
    assert!(said(Variant::LessSerious, outside, "last_said").starts_with("What we last said, at "));
    assert!(said(Variant::LessSerious, outside, "subject").starts_with("Not fixed: "));
    assert!(said(Variant::ServiceLeft, outside, "subject").starts_with("No more updates: "));
    for variant in Variant::ALL {
        let change = said(variant, outside, "change");
        assert!(!change.contains("no longer expect"), "{change}");
    }
}

#[test]
fn who_hears_only_of_the_fix_is_promised_no_update() {
    let story = Story::new("providers cannot sign in", false);
    let next = Some(at("2026-11-23T14:40:00Z"));
    let promised = |variant| {
        let view = story.said(Moment::Declared, Audience::Owners, next, |saying| {
            view(&Saying { variant, ..*saying })
        });
        let (time, words) = (view.text("next_update"), view.text("next_update_words"));
        (time.to_owned(), words.to_owned())
    };
    let (time, words) = promised(Variant::UntilFixed);
    assert_eq!(
        (time.as_str(), words.as_str()),
        ("", "We will tell you when it is fixed.")
    );
    assert!(promised(Variant::Follows).1.starts_with("Next update by"));
}
