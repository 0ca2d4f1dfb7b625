//! How the readers of a message stand, and why some are told no more.

use super::*;
use crate::domain::{
    incident::Stage,
    policy::{Hours, Test, When},
};

/// A rule with these conditions, by which everybody of a case is told.
fn limited(when: When) -> Rule {
    Rule {
        id: id("a-rule"),
        says: String::new(),
        when,
        tell: Vec::new(),
        audience: Owners,
        by: By::FirstOf(vec![id("email")]),
        overrides_mute: false,
        acknowledge: false,
    }
}

fn only<T>(any: T) -> Test<T> {
    Test {
        any: vec![any],
        none: Vec::new(),
    }
}

#[test]
fn who_is_told_by_limited_rules_alone_is_promised_no_update() {
    let limits = [
        When {
            moment: only(Moment::Declared),
            ..When::default()
        },
        When {
            hours: Some(Hours::Outside),
            ..When::default()
        },
    ];
    for when in limits {
        let mut case = Case::new(declared(at(DUE)), &[("dana-whitlock", Owners)]);
        case.policy.rules = vec![limited(when)];
        let plan = case.plan();
        assert_eq!(plan.deliveries[0].variant, Variant::UntilFixed);
        assert_eq!(
            plan.audiences,
            BTreeSet::new(),
            "nobody waits for an update"
        );
    }
    let mut case = Case::new(declared(at(DUE)), &[("dana-whitlock", Owners)]);
    case.policy.rules = vec![limited(When::default())];
    let plan = case.plan();
    assert_eq!(plan.deliveries[0].variant, Variant::Follows);
    assert_eq!(plan.audiences, BTreeSet::from([Owners]));
}

#[test]
fn a_stand_down_knows_its_cause() {
    let causes = [
        (When::default(), Variant::ServiceLeft),
        (
            When {
                priority: only(id("P2")),
                ..When::default()
            },
            Variant::LessSerious,
        ),
        (
            When {
                stage: only(Stage::Closed),
                ..When::default()
            },
            Variant::OtherStage,
        ),
    ];
    for (when, cause) in causes {
        let mut case = Case::new(update(), &[]);
        case.policy.rules = vec![limited(when)];
        case.told = vec![told("dana-whitlock", Owners, Moment::Declared, 1)];
        case.unchanged = Some(resolution(&[("dana-whitlock", Owners)]));
        let plan = case.plan();
        assert_eq!(plan.deliveries[0].moment, Moment::StandDown);
        assert_eq!(plan.deliveries[0].variant, cause);
    }
}

#[test]
fn whom_no_way_of_the_rules_reaches_any_more_is_stood_down_where_they_were_told() {
    let mut case = Case::new(update(), &[]);
    case.told = vec![told("dana-whitlock", Owners, Moment::Declared, 1)];
    case.unchanged = Some(resolution(&[("dana-whitlock", Owners)]));
    let withheld = |because| Withheld {
        who: who("dana-whitlock"),
        name: "dana-whitlock".into(),
        audience: Owners,
        reasons: Vec::new(),
        because,
        sentence: "No usable address on teams".to_owned(),
    };
    case.resolution.withheld = vec![withheld(WithheldBecause::Unreachable)];
    let plan = case.plan();
    assert_eq!(plan.deliveries[0].moment, Moment::StandDown);
    assert_eq!(plan.deliveries[0].variant, Variant::OutOfReach);
    // They asked for silence.
    case.resolution.withheld = vec![withheld(WithheldBecause::Muted)];
    assert!(case.plan().is_empty());
}

#[test]
fn who_heard_nothing_before_the_end_gets_words_of_their_own() {
    let mut case = Case::new(
        resolved(),
        &[("dana-whitlock", Owners), ("priya-shah", Owners)],
    );
    case.told = vec![told("priya-shah", Owners, Moment::Declared, 1)];
    let plan = case.plan();
    let variants: Vec<Variant> = plan.deliveries.iter().map(|it| it.variant).collect();
    assert_eq!(variants, [Variant::Alone, Variant::Follows]);
}
