//! Who gets which message, and that the last word reaches everyone.

mod standing;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use proptest::prelude::*;

use super::*;
use crate::domain::{
    Time,
    directory::{BadAddress, Destination},
    fixture::{self, Log, at, declared, id},
    incident::LeadRole,
    policy::{By, Rule},
    resolution::{Choice, Reason, Recipient, Standing, Withheld, WithheldBecause},
};

const DUE: &str = "2026-11-23T14:40:00Z";

fn now() -> Time {
    at(DUE) - Duration::minutes(30)
}

fn who(name: &str) -> RecipientId {
    RecipientId::Person(id(name))
}

fn recipient(name: &str, audience: Audience) -> Recipient {
    Recipient {
        who: who(name),
        name: name.into(),
        audience,
        choices: vec![Choice {
            channel: id("email"),
            address: Address::new(&format!("{name}@northshire.example")),
            fallbacks: vec![(id("teams"), Address::new(name))],
        }],
        reasons: [Reason {
            standing: Standing::Affected,
            rule: Some(id("a-rule")),
            service: None,
            text: "the service owner of Register trainees".into(),
            says: "".into(),
        }]
        .into(),
    }
}

fn resolution(people: &[(&str, Audience)]) -> Resolution {
    Resolution {
        recipients: people
            .iter()
            .map(|(name, audience)| recipient(name, *audience))
            .collect(),
        withheld: Vec::new(),
    }
}

fn told(name: &str, audience: Audience, moment: Moment, seq: u32) -> Told {
    Told {
        who: who(name),
        name: name.into(),
        audience,
        channel: id("email"),
        address: Address::new(&format!("{name}@northshire.example")),
        moment,
        seq,
        waiting: false,
        awaits_word: false,
        stands_in: false,
    }
}

/// Everything around a question, so that a test states only what it is about.
struct Case {
    log: Log,
    event: Event,
    resolution: Resolution,
    unchanged: Option<Resolution>,
    told: Vec<Told>,
    policy: Policy,
    directory: Directory,
    bad: Vec<BadAddress>,
}

impl Case {
    fn new(event: Event, people: &[(&str, Audience)]) -> Self {
        let mut log = Log::default();
        log.write(now() - Duration::minutes(30), declared(at(DUE)));
        Self {
            log,
            event,
            resolution: resolution(people),
            unchanged: None,
            told: Vec::new(),
            policy: fixture::policy(),
            directory: fixture::directory(),
            bad: Vec::new(),
        }
    }

    fn plan(&self) -> Plan {
        let before = self.log.incident();
        let mut log = self.log.clone();
        log.write(now(), self.event.clone());
        let live = BTreeSet::from([id("email"), id("teams")]);
        let chat = BTreeSet::from([id("teams")]);
        plan(&Question {
            event: &self.event,
            before: Some(&before),
            after: &log.incident(),
            resolution: &self.resolution,
            unchanged: self.unchanged.as_ref(),
            told: &self.told,
            policy: &self.policy,
            directory: &self.directory,
            ways: Ways {
                grave: false,
                live: &live,
                chat: &chat,
                bad: &self.bad,
            },
            now: now(),
        })
    }

    #[track_caller]
    fn check(&self, expected: &[(&str, Moment)]) {
        assert_eq!(moments(&self.plan()), *expected);
    }
}

/// Each recipient with what they are told, by name.
fn moments(plan: &Plan) -> Vec<(&str, Moment)> {
    let mut all: Vec<(&str, Moment)> = plan
        .deliveries
        .iter()
        .flat_map(|delivery| {
            let recipients = delivery.recipients.iter();
            recipients.map(|person| (person.who.as_str(), delivery.moment))
        })
        .collect();
    all.sort_unstable();
    all
}

fn update() -> Event {
    Event::Updated {
        text: "Some can sign in again.".to_owned(),
        facts: Default::default(),
        stage: None,
        promised: Audience::ALL
            .map(|audience| (audience, at(DUE) + Duration::hours(1)))
            .into(),
    }
}

fn resolved() -> Event {
    Event::Resolved {
        at: now(),
        text: "It works.".to_owned(),
        lost: None,
        still_stuck: None,
    }
}

fn no_change(audiences: &[Audience]) -> Event {
    Event::NothingChanged {
        audiences: audiences.iter().copied().collect(),
        promised: BTreeMap::new(),
        holding_line: false,
    }
}

fn priority_changed() -> Event {
    Event::PriorityChanged {
        from: id("P2"),
        to: id("P1"),
        factors: BTreeSet::new(),
        triage: Vec::new(),
        why: "All providers are affected.".to_owned(),
        promised: BTreeMap::new(),
    }
}

use Audience::{External, Owners, Responders, Users};

#[test]
fn an_update_catches_up_those_who_are_new_and_stands_down_those_whom_a_change_dropped() {
    let mut case = Case::new(
        update(),
        &[("priya-shah", Responders), ("tom-okafor", Owners)],
    );
    case.told = vec![
        told("priya-shah", Responders, Moment::Declared, 1),
        told("mei-lin", Owners, Moment::Declared, 1),
        told("olu-ade", Owners, Moment::Declared, 1),
    ];
    case.unchanged = Some(resolution(&[
        ("priya-shah", Responders),
        ("mei-lin", Owners),
    ]));
    // Olu matches neither way: the hour or the policy dropped him, and nothing is said.
    case.check(&[
        ("mei-lin", Moment::StandDown),
        ("priya-shah", Moment::Update),
        ("tom-okafor", Moment::CatchUp),
    ]);
}

#[test]
fn nobody_is_stood_down_twice_and_who_comes_back_is_caught_up() {
    let mut case = Case::new(update(), &[("tom-okafor", Owners)]);
    case.told = vec![
        told("tom-okafor", Owners, Moment::Declared, 1),
        told("tom-okafor", Owners, Moment::StandDown, 2),
        told("mei-lin", Owners, Moment::Declared, 1),
        told("mei-lin", Owners, Moment::StandDown, 2),
    ];
    case.unchanged = Some(resolution(&[("mei-lin", Owners)]));
    case.check(&[("tom-okafor", Moment::CatchUp)]);
}

#[test]
fn a_message_that_still_waits_is_not_told_again_as_a_catch_up() {
    let mut case = Case::new(update(), &[("priya-shah", Responders)]);
    let mut waiting = told("priya-shah", Responders, Moment::Declared, 1);
    waiting.waiting = true;
    case.told = vec![waiting];
    case.check(&[("priya-shah", Moment::Update)]);
}

#[test]
fn a_prompt_does_not_make_a_lead_a_follower() {
    let mut case = Case::new(update(), &[("priya-shah", Responders)]);
    case.told = vec![told("priya-shah", Responders, Moment::Prompt, 2)];
    case.check(&[("priya-shah", Moment::CatchUp)]);
}

#[test]
fn no_change_reaches_outsiders_only_when_they_are_named() {
    let people = [("priya-shah", Responders), ("amara-nwosu", External)];
    let mut case = Case::new(no_change(&[Responders, Owners]), &people);
    case.told = vec![
        told("priya-shah", Responders, Moment::Declared, 1),
        told("amara-nwosu", External, Moment::Declared, 1),
    ];
    case.check(&[("priya-shah", Moment::NoChange)]);
    case.event = no_change(&[Responders, Owners, External]);
    case.check(&[
        ("amara-nwosu", Moment::NoChange),
        ("priya-shah", Moment::NoChange),
    ]);
}

#[test]
fn a_pure_change_of_priority_is_kept_from_outsiders_who_know_of_the_incident() {
    let people = [
        ("priya-shah", Responders),
        ("amara-nwosu", External),
        ("dana-whitlock", Owners),
    ];
    let mut case = Case::new(priority_changed(), &people);
    case.told = vec![
        told("priya-shah", Responders, Moment::Declared, 1),
        told("amara-nwosu", External, Moment::Declared, 1),
    ];
    case.check(&[
        ("dana-whitlock", Moment::CatchUp),
        ("priya-shah", Moment::PriorityChange),
    ]);
}

#[test]
fn the_last_word_reaches_everyone_told_muted_stood_down_or_unmatched() {
    let mut case = Case::new(resolved(), &[("priya-shah", Responders)]);
    case.told = vec![
        told("tom-okafor", Owners, Moment::Declared, 1),
        told("mei-lin", Owners, Moment::StandDown, 2),
        told("olu-ade", Responders, Moment::Overdue, 3),
        told("left-long-ago", Owners, Moment::Declared, 1),
    ];
    case.resolution.withheld = ["mei-lin", "dana-whitlock"]
        .map(|name| Withheld {
            who: who(name),
            name: name.into(),
            audience: Owners,
            reasons: Vec::new(),
            because: WithheldBecause::Muted,
            sentence: "Muted until Friday".to_owned(),
        })
        .into();
    case.check(&[
        ("mei-lin", Moment::Resolved),
        ("olu-ade", Moment::Resolved),
        ("priya-shah", Moment::Resolved),
        ("tom-okafor", Moment::Resolved),
    ]);
    let plan = case.plan();
    assert!(plan.is_last_word);
    assert!(
        plan.deliveries
            .iter()
            .all(|it| it.deliver_by == now() + Duration::hours(72))
    );
    let withheld: Vec<(&str, &str)> = plan
        .withheld
        .iter()
        .map(|it| (it.recipient.who.as_str(), it.sentence.as_str()))
        .collect();
    assert_eq!(
        withheld,
        [
            ("dana-whitlock", "Muted until Friday"),
            ("left-long-ago", "No longer in the directory"),
        ]
    );
}

#[test]
fn the_last_word_goes_to_the_address_that_the_directory_has_now() {
    let mut case = Case::new(resolved(), &[]);
    let mut old = told("tom-okafor", Owners, Moment::Declared, 1);
    old.address = Address::new("tom.old@northshire.example");
    case.told = vec![old];
    let plan = case.plan();
    assert_eq!(
        plan.deliveries[0].address.as_str(),
        "tom-okafor@northshire.example"
    );
    case.bad = vec![BadAddress {
        channel: id("email"),
        address: Address::new("tom-okafor@northshire.example"),
        since: now(),
        sentence: "It does not exist.".to_owned(),
        helps: String::new(),
    }];
    let plan = case.plan();
    assert!(plan.deliveries.is_empty());
    assert_eq!(
        plan.withheld[0].sentence,
        "No usable address on any channel"
    );
}

#[test]
fn a_duplicate_closed_before_its_fix_is_the_last_word_too() {
    let close = |duplicate_of| Event::Closed {
        duplicate_of,
        text: None,
        report: None,
        review_at: None,
        actions: Vec::new(),
    };
    let people = [("priya-shah", Responders), ("amara-nwosu", External)];
    let mut case = Case::new(close(Some(id("INC-0007"))), &people);
    case.told = vec![
        told("priya-shah", Responders, Moment::Declared, 1),
        told("amara-nwosu", External, Moment::Declared, 1),
    ];
    case.check(&[
        ("amara-nwosu", Moment::Closed),
        ("priya-shah", Moment::Closed),
    ]);
    case.log.write(now(), resolved());
    case.event = close(None);
    case.check(&[("priya-shah", Moment::Closed)]);
}

#[test]
fn a_correction_goes_exactly_where_the_wrong_words_went() {
    let corrected = Event::Corrected {
        events: [2].into(),
        wrong: "Nothing was lost".to_owned(),
        right: "Some trainees were not saved.".to_owned(),
        facts: Default::default(),
        title: None,
        holding_line: None,
    };
    let mut case = Case::new(
        corrected,
        &[("priya-shah", Responders), ("tom-okafor", Owners)],
    );
    let mut old = told("amara-nwosu", External, Moment::Update, 2);
    old.address = Address::new("amara.old@larkfield.example");
    let mut waiting = told("mei-lin", Owners, Moment::Update, 2);
    waiting.waiting = true;
    case.told = vec![
        told("tom-okafor", Owners, Moment::Update, 2),
        told("tom-okafor", Owners, Moment::StandDown, 3),
        told("priya-shah", Responders, Moment::Declared, 1),
        old,
        waiting,
    ];
    // Who waits for the wrong words gets the right ones as that message.
    case.check(&[
        ("amara-nwosu", Moment::Correction),
        ("mei-lin", Moment::Update),
        ("tom-okafor", Moment::Correction),
    ]);
    let plan = case.plan();
    assert_eq!(plan.cancels, BTreeSet::from([2]));
    assert_eq!(plan.says_again(Moment::Update, Owners), Some(2));
    assert_eq!(plan.says_again(Moment::Correction, Owners), None);
    let outside = plan.deliveries.last().unwrap();
    assert_eq!(outside.address.as_str(), "amara.old@larkfield.example");
    assert_eq!(outside.not_before, Some(now() + Duration::seconds(10)));
}

#[test]
fn reopened_goes_to_everyone_who_was_told_that_it_was_fixed() {
    let reopened = Event::Reopened {
        why: "It is back.".to_owned(),
        promised: BTreeMap::new(),
    };
    let mut case = Case::new(
        reopened,
        &[("priya-shah", Responders), ("dana-whitlock", Owners)],
    );
    case.told = vec![
        told("priya-shah", Responders, Moment::Resolved, 4),
        told("tom-okafor", Owners, Moment::Resolved, 4),
        told("mei-lin", Owners, Moment::Declared, 1),
    ];
    case.check(&[
        ("dana-whitlock", Moment::CatchUp),
        ("priya-shah", Moment::Reopened),
        ("tom-okafor", Moment::Reopened),
    ]);
}

#[test]
fn users_hear_the_declaration_or_the_story_once_somebody_decides_so() {
    let decided = Event::UsersContactDecided {
        contact: true,
        reason: "It will take long.".to_owned(),
        promised: BTreeMap::new(),
    };
    let mut case = Case::new(
        decided,
        &[("amara-nwosu", Users), ("priya-shah", Responders)],
    );
    case.check(&[("amara-nwosu", Moment::Declared)]);
    case.log.write(now(), update());
    case.check(&[("amara-nwosu", Moment::CatchUp)]);
}

#[test]
fn a_hand_over_tells_the_new_lead_alone_on_the_way_they_prefer() {
    let appointed = Event::LeadAppointed {
        role: LeadRole::Comms,
        person: id("dana-whitlock"),
        from: Some(id("priya-shah")),
        note: None,
    };
    let case = Case::new(appointed, &[("priya-shah", Responders)]);
    let plan = case.plan();
    assert_eq!(moments(&plan), [("dana-whitlock", Moment::RoleAssigned)]);
    assert_eq!(
        plan.deliveries[0].reason,
        "You get this because you are now the comms lead and this is a P1."
    );
}

#[test]
fn a_prompt_is_worth_nothing_once_it_cannot_be_answered() {
    let prompted = Event::Prompted {
        due: at(DUE),
        to: [id("priya-shah")].into(),
        frozen: Default::default(),
        rung: Default::default(),
        round: 0,
    };
    let plan = Case::new(prompted, &[]).plan();
    assert_eq!(
        plan.deliveries[0].deliver_by,
        at(DUE) + Duration::minutes(10)
    );
}

#[test]
fn a_shared_address_gets_one_message_that_names_both() {
    let mut case = Case::new(
        update(),
        &[("priya-shah", Responders), ("tom-okafor", Owners)],
    );
    case.resolution.recipients[1].choices[0].address =
        Address::new("PRIYA-SHAH@northshire.example");
    case.told = vec![told("priya-shah", Responders, Moment::Declared, 1)];
    let plan = case.plan();
    assert_eq!(plan.deliveries.len(), 1);
    let one = &plan.deliveries[0];
    assert_eq!((one.moment, one.audience), (Moment::Update, Responders));
    assert_eq!(one.recipients.len(), 2);
    assert_eq!(plan.totals().people, 2);
    assert_eq!(plan.totals().messages, 1);
    // An outsider who reads the same mailbox must not see what insiders may.
    case.resolution.recipients[1].audience = External;
    assert_eq!(case.plan().deliveries[0].audience, External);
}

#[test]
fn outsiders_are_held_for_a_moment_and_chat_is_tried_for_a_quarter_of_the_time() {
    let people = [("priya-shah", Responders), ("amara-nwosu", External)];
    let mut case = Case::new(declared(at(DUE)), &people);
    case.policy.second_person = [External].into();
    let plan = case.plan();
    let [inside, outside] = plan.deliveries.as_slice() else {
        panic!("{plan:?}");
    };
    assert_eq!(inside.not_before, None);
    assert_eq!(outside.not_before, Some(now() + Duration::seconds(10)));
    assert!(!inside.needs_second_person && outside.needs_second_person);
    assert_eq!(inside.deliver_by, now() + Duration::hours(4));
    assert_eq!(inside.fallbacks[0].deliver_by, now() + Duration::hours(1));
    assert!(plan.messages().contains(&MessageKey {
        moment: Moment::Declared,
        audience: Responders,
        channel: id("teams"),
        variant: Variant::Follows,
    }));
    case.policy.outside_hold = Duration::zero();
    assert!(
        case.plan()
            .deliveries
            .iter()
            .all(|it| it.not_before.is_none())
    );
}

#[test]
fn what_was_promised_to_an_audience_without_listeners_is_released() {
    let mut case = Case::new(update(), &[("priya-shah", Responders)]);
    case.told = vec![
        told("priya-shah", Responders, Moment::Declared, 1),
        told("amara-nwosu", External, Moment::Declared, 1),
    ];
    case.unchanged = Some(resolution(&[("amara-nwosu", External)]));
    let plan = case.plan();
    let mut event = case.event.clone();
    let released = plan.settle(&mut event, &case.log.incident());
    assert_eq!(released, BTreeSet::from([Owners, External]));
    assert_eq!(
        event.promised().unwrap().keys().collect::<Vec<_>>(),
        [&Responders]
    );
    // Whom no rule names hears that it is fixed, and no update before.
    case.unchanged = None;
    assert!(!case.plan().audiences.contains(&External));
    // Who asked for silence hears updates again.
    case.resolution.withheld = vec![Withheld {
        who: who("amara-nwosu"),
        name: "amara-nwosu".into(),
        audience: External,
        reasons: Vec::new(),
        because: WithheldBecause::Muted,
        sentence: "Muted".to_owned(),
    }];
    assert!(case.plan().audiences.contains(&External));
}

#[test]
fn what_tells_nobody_has_an_empty_plan() {
    let noted = Event::Noted {
        text: "x".to_owned(),
    };
    let plan = Case::new(noted, &[("priya-shah", Responders)]).plan();
    assert!(plan.is_empty() && plan.withheld.is_empty());
}

const PEOPLE: [&str; 6] = [
    "priya-shah",
    "tom-okafor",
    "mei-lin",
    "olu-ade",
    "dana-whitlock",
    "amara-nwosu",
];

/// One notification: what happens, who matches then (audience by person), and what becomes of the
/// deliveries: 0 and 1 out, 2 waiting, 3 failed.
type Act = (u8, Vec<Option<u8>>, Vec<u8>);

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let audience = proptest::option::weighted(0.6, 0u8..4);
    proptest::collection::vec(
        (
            0u8..7,
            proptest::collection::vec(audience, PEOPLE.len()),
            proptest::collection::vec(0u8..4, 12),
        ),
        1..8,
    )
}

fn act_event(kind: u8) -> Event {
    match kind {
        0 | 1 => update(),
        2 => no_change(&[Responders, Owners]),
        3 => priority_changed(),
        4 => Event::Overdue {
            due: at(DUE),
            minutes_late: 0,
            to: [id("olu-ade"), id("priya-shah")].into(),
            rung: crate::domain::event::RungKind::Overdue,
        },
        5 => Event::PersonAdded {
            by_hand: crate::domain::situation::ByHand {
                who: who("tom-okafor"),
                audience: Owners,
                channels: Vec::new(),
                note: String::new(),
                by: String::new(),
            },
            promised: BTreeMap::new(),
        },
        _ => no_change(&Audience::ALL),
    }
}

fn act_resolution(matches: &[Option<u8>]) -> Resolution {
    let people: Vec<(&str, Audience)> = PEOPLE
        .iter()
        .zip(matches)
        .filter_map(|(name, audience)| Some((*name, Audience::ALL[usize::from((*audience)?)])))
        .collect();
    let mut resolution = resolution(&people);
    // Two of them read one mailbox.
    for recipient in &mut resolution.recipients {
        if matches!(recipient.who.as_str(), "mei-lin" | "olu-ade") {
            recipient.choices[0].address = Address::new("desk@northshire.example");
        }
    }
    resolution
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Laws 2 and 5: whatever happened, nobody gets two messages of one notification on a channel,
    /// and the last word reaches everyone who was ever told.
    #[test]
    fn the_last_word_reaches_everyone_whatever_happened_before(
        acts in acts(),
        at_last in proptest::collection::vec(proptest::option::weighted(0.3, 0u8..4), PEOPLE.len()),
        removed in 0usize..PEOPLE.len(),
    ) {
        let mut case = Case::new(declared(at(DUE)), &[]);
        let mut unchanged = None;
        for (kind, matches, fates) in acts {
            case.event = act_event(kind);
            case.unchanged = unchanged.take();
            case.resolution = act_resolution(&matches);
            let plan = case.plan();
            let mut addresses = BTreeSet::new();
            for delivery in &plan.deliveries {
                let lower = delivery.address.as_str().to_lowercase();
                prop_assert!(addresses.insert((delivery.channel.clone(), lower)));
                prop_assert!(!delivery.recipients.is_empty());
                prop_assert!(delivery.recipients.iter().all(|it| !it.reasons.is_empty()));
            }
            case.log.write(now(), case.event.clone());
            let seq = case.log.0.last().unwrap().seq;
            for (delivery, fate) in plan.deliveries.iter().zip(fates.iter().cycle()) {
                for person in delivery.recipients.iter().filter(|_| *fate < 3) {
                    case.told.push(Told {
                        who: person.who.clone(),
                        name: person.name.clone(),
                        audience: delivery.audience,
                        channel: delivery.channel.clone(),
                        address: delivery.address.clone(),
                        moment: delivery.moment,
                        seq,
                        waiting: *fate == 2,
                        awaits_word: false,
                        stands_in: false,
                    });
                }
            }
            unchanged = Some(case.resolution.clone());
        }
        case.directory.people.remove(&id(PEOPLE[removed]));
        case.directory.destinations.insert(id("unused"), Destination {
            id: id("unused"),
            name: "Unused".to_owned(),
            channel: id("email"),
            address: Address::new("unused@northshire.example"),
            organisation: None,
        });
        case.event = resolved();
        case.unchanged = None;
        case.resolution = act_resolution(&at_last);
        let plan = case.plan();
        let reached: BTreeSet<&str> = moments(&plan).into_iter().map(|(name, _)| name).collect();
        let gone: BTreeSet<&str> =
            plan.withheld.iter().map(|it| it.recipient.who.as_str()).collect();
        for row in case.told.iter().filter(|row| !row.waiting) {
            let name = row.who.as_str();
            prop_assert!(
                reached.contains(name) || (gone.contains(name) && name == PEOPLE[removed]),
                "{} was told and does not hear the end", name
            );
        }
        for recipient in &case.resolution.recipients {
            prop_assert!(reached.contains(recipient.who.as_str()));
        }
        prop_assert!(moments(&plan).iter().all(|(_, moment)| *moment == Moment::Resolved));
    }
}

#[test]
fn those_whose_rule_asks_are_asked_when_they_first_hear_and_when_the_priority_changes() {
    let asking = Rule {
        id: id("a-rule"),
        says: String::new(),
        when: Default::default(),
        tell: Vec::new(),
        audience: Audience::Owners,
        by: By::All(Vec::new()),
        overrides_mute: false,
        acknowledge: true,
    };
    let priority = Event::PriorityChanged {
        from: id("P1"),
        to: id("P2"),
        factors: BTreeSet::new(),
        triage: Vec::new(),
        why: "Half can sign in.".to_owned(),
        promised: BTreeMap::new(),
    };
    let asked = |event: Event, asking: &Rule, told: Vec<Told>| {
        let mut case = Case::new(event, &[("dana", Audience::Owners)]);
        // Told by two rules: asked once.
        let mut twice = case.resolution.recipients[0].reasons.to_vec();
        twice.extend(twice.clone());
        case.resolution.recipients[0].reasons = twice.into();
        case.policy.rules = vec![asking.clone()];
        case.told = told;
        let plan = case.plan();
        let asks: Vec<Option<Ask>> = plan.deliveries.iter().map(|it| it.asks).collect();
        (plan.asked, asks)
    };
    let dana = (BTreeSet::from([id("dana")]), vec![Some(Ask::Seen)]);
    let nobody = (BTreeSet::new(), vec![None]);
    let heard = || vec![told("dana", Audience::Owners, Moment::Declared, 1)];
    // Who hears of it only now is told the story so far, and asked.
    assert_eq!(asked(update(), &asking, Vec::new()), dana);
    assert_eq!(asked(update(), &asking, heard()), nobody);
    assert_eq!(asked(priority.clone(), &asking, heard()), dana);
    let silent = Rule {
        acknowledge: false,
        ..asking.clone()
    };
    assert_eq!(asked(priority.clone(), &silent, heard()), nobody);
    let other = Rule {
        id: id("another-rule"),
        ..asking
    };
    assert_eq!(asked(priority, &other, heard()), nobody);
}
