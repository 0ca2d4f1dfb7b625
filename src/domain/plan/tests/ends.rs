//! Words that go to those who were told before, whoever matches now.

use super::*;

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
    case.check(&[
        ("amara-nwosu", Moment::Correction),
        ("tom-okafor", Moment::Correction),
    ]);
    let plan = case.plan();
    assert_eq!(plan.cancels, BTreeSet::from([2]));
    let outside = &plan.deliveries[1];
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
